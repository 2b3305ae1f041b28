"""Help to add a quote: where to begin selecting, the kind that the marks say, and known names."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain

from quotes.extraction.languages import lexicon_for
from quotes.extraction.marks import Passage, outer, passages
from quotes.extraction.people import Cast
from quotes.extraction.words import sentences
from quotes.models import Quote
from sources.models import Affiliation, Speaker

MAX_READ_CHARACTERS = 50_000
"""Of a text, for where to begin and its language: some 10 ms. An article has 5,000."""

MAX_NAMING_CHARACTERS = 15_000
"""Of a text, for the names in it: some 10 ms."""

MAX_OFFERED_NAMES = 100
"""Names offered of one kind, so that the page of a long article stays small."""

_LEADING_PUNCTUATION = re.compile(r"\s*[,;:?!)\]}]")
"""Punctuation that belongs to what comes before it."""

_WORD = re.compile(r"\w+")


def in_marks(text: str, language: str | None) -> list[Passage]:
    """The passages in quote marks, without those inside others, in order."""
    return outer(passages(text, lexicon_for(text[:MAX_READ_CHARACTERS], language)))


def next_words(
    text: str, language: str | None, taken: Iterable[Sequence[int]], after: int
) -> tuple[int, int] | None:
    """The next passage in quote marks that no span of `taken` touches, else the next word.

    Starts again at the top after the last passage. None for a text without words.
    """
    taken = list(taken)
    free = [
        passage
        for passage in in_marks(text[:MAX_READ_CHARACTERS], language)
        if _WORD.search(text, passage.start, passage.end)
        and not any(start < passage.end and passage.start < end for start, end in taken)
    ]
    following = [passage for passage in free if passage.start >= after]
    if passage := next(chain(following, free), None):
        return _WORD.search(text, passage.start).start(), passage.end
    word = _WORD.search(text, after) or _WORD.search(text)
    return word and word.span()


def kind_of(text: str, language: str | None, spans: Iterable[Sequence[int]]) -> str:
    """The kind of a quote by the quote marks around its words."""
    found = in_marks(text, language)
    spans = list(spans)
    inside = [any(each.start <= a and b <= each.end for each in found) for a, b in spans]
    if all(inside):
        first = next((c for c in text[spans[0][0] :] if c.isalnum()), "")
        return Quote.Kind.PARTIAL if first.islower() else Quote.Kind.DIRECT
    touched = any(a < each.end and each.start < b for each in found for a, b in spans)
    return Quote.Kind.MIXED if touched else Quote.Kind.INDIRECT


def starts_with_punctuation(words: str) -> bool:
    """Whether words begin with punctuation that belongs to what comes before them."""
    return bool(_LEADING_PUNCTUATION.match(words))


def known_names(text: str, language: str | None, quotes: Sequence[Quote]) -> dict[str, list[str]]:
    """Speakers, roles and organisations to choose from: of the quotes, the text and the record.

    Three queries.
    """
    read = text[:MAX_NAMING_CHARACTERS]
    lexicon = lexicon_for(read, language)
    cast = Cast(read, sentences(read, outer(passages(read, lexicon)), lexicon), lexicon)
    people = [person.name for person in cast.people if person.full][:MAX_OFFERED_NAMES]
    on_record = Speaker.objects.active().called_any([*Speaker.keys_of(people).values()])
    speakers = {quote.speaker for quote in quotes if quote.speaker}
    speakers |= set(on_record[:MAX_OFFERED_NAMES])
    held = Affiliation.objects.filter(speaker__in=speakers).select_related("organisation")
    held = held.order_by("pk")[:MAX_OFFERED_NAMES]
    organisations = [quote.organisation for quote in quotes] + [one.organisation for one in held]
    return {
        "speakers": _distinct([*(one.name for one in speakers), *people]),
        "roles": _distinct(
            [
                *(quote.attribution_role for quote in quotes),
                *(quote.role for quote in quotes),
                *(one.role for one in held),
            ]
        ),
        "organisations": _distinct(one and one.name for one in organisations),
        "printed": _distinct(quote.attribution_speaker for quote in quotes),
    }


def _distinct(names: Iterable[str | None]) -> list[str]:
    return sorted({name for name in names if name})[:MAX_OFFERED_NAMES]
