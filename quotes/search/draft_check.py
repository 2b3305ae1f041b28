"""Whether the quotations of a draft are on record: the very words, and of whom.

In: quotations as `quotes.extraction` finds them. Out: a verdict for each, and the quotes that say
so. A part of the words on record is enough; `quotes.search.verbatim` says when. Must never use a
quote that is not public.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from quotes.anchoring.following import MIN_ALTERED_SIMILARITY
from quotes.extraction import Proposal
from quotes.models import Quote
from quotes.models.languages import languages_present
from quotes.models.reanchoring import names_of
from quotes.search.phrase import Unusable
from quotes.search.similar import Like
from quotes.search.verbatim import Likeness, likeness
from quotes.utterances.wording import MIN_STATEMENT_WORDS
from sources.identity.agreement import roles_agree
from sources.identity.names import Name, NameKind, given_name_groups, parse
from sources.models import Organisation, Speaker

MAX_QUOTATIONS = 300
"""Quotations of a draft: checking them takes some six seconds."""

MAX_CANDIDATES = 40
"""Quotes on record that are read for a quotation, the most similar first."""

MAX_COMPARED = 6
"""Different wordings among them that it is compared with."""

MAX_SEARCHED = 1_000
"""Characters at the beginning of a quotation that similar quotes are searched by."""

MAX_CLOSEST = 3
MAX_QUOTES = 10
"""Quotes of an answer that say the same."""


class Verdict(StrEnum):
    """What the record says of a quotation; when several hold, the first of these."""

    RETRACTED = "retracted"
    DISPUTED = "disputed"
    CORRECTED = "corrected"  # the words on record were corrected since
    VERBATIM = "verbatim"
    MISATTRIBUTED = "misattributed"  # on record, of somebody else
    ALTERED = "altered"
    NOT_ON_RECORD = "not_on_record"


ORDER = list(Verdict)

BY_STATUS = {
    Quote.Status.RETRACTED: Verdict.RETRACTED,
    Quote.Status.DISPUTED: Verdict.DISPUTED,
    Quote.Status.PUBLISHED: Verdict.VERBATIM,
}


@dataclass(frozen=True)
class Comparison:
    """A quotation beside one quote on record. The score is 0 to 1."""

    quote: Quote
    verdict: Verdict
    score: float
    difference: list[dict]
    is_same_speaker: bool


@dataclass
class Checked:
    """A quotation of a draft, its verdict, and the quotes on record that say so."""

    quotation: Proposal
    verdict: Verdict = Verdict.NOT_ON_RECORD
    score: float | None = None
    difference: list[dict] = field(default_factory=list)
    saying: list[Comparison] = field(default_factory=list)  # the quotes on record that say so
    closest: list[Comparison] = field(default_factory=list)


class TooManyQuotations(ValueError):
    def __init__(self, number: int):
        super().__init__(
            f"{number} quotations; {MAX_QUOTATIONS} at most are checked at once. "
            "Send the draft in parts."
        )


def check(quotations: Sequence[Proposal]) -> list[Checked]:
    """Check each quotation against the public quotes, in order. Raises TooManyQuotations."""
    if len(quotations) > MAX_QUOTATIONS:
        raise TooManyQuotations(len(quotations))
    tags = languages_present()
    similar = [_similar(each.text, tags) for each in quotations]
    keys = {key for found in similar for key in found}
    known = Quote.objects.select_related(
        "speaker", "outlet", "organisation", "affiliation"
    ).in_bulk(keys)
    return [
        _verdict(quotation, [known[key] for key in found if key in known])
        for quotation, found in zip(quotations, similar, strict=True)
    ]


def _similar(text: str, tags: list[str | None]) -> list[UUID]:
    """Ids of the public quotes most similar to these words."""
    try:
        found = Like.read(text[:MAX_SEARCHED], tags).among(Quote.objects.public())
    except Unusable:
        return []
    return list(found)[:MAX_CANDIDATES]


def _verdict(quotation: Proposal, candidates: Iterable[Quote]) -> Checked:
    known: dict[str, Likeness] = {}
    compared = []
    for quote in candidates:
        if quote.text not in known:
            if len(known) == MAX_COMPARED:
                continue
            known[quote.text] = likeness(quotation.text, quote.text)
        compared.append(_compare(quotation, quote, known[quote.text]))
    compared.sort(
        key=lambda each: (
            each.verdict == Verdict.NOT_ON_RECORD,
            not each.is_same_speaker,
            ORDER.index(each.verdict),
            -each.score,
        )
    )
    checked = Checked(quotation)
    if compared and compared[0].verdict != Verdict.NOT_ON_RECORD:
        first = compared[0]
        checked.verdict, checked.score = first.verdict, first.score
        checked.difference = first.difference
        saying = [each for each in compared if each.verdict == first.verdict]
        checked.saying = saying[:MAX_QUOTES]
    by_score = sorted(compared, key=lambda each: -each.score)
    checked.closest = [each for each in by_score if each not in checked.saying][:MAX_CLOSEST]
    return checked


def _compare(quotation: Proposal, quote: Quote, alike: Likeness) -> Comparison:
    is_same = _is_same_speaker(quotation, quote)
    verdict = Verdict.NOT_ON_RECORD
    if alike.is_verbatim:
        verdict = BY_STATUS[quote.status] if is_same else Verdict.MISATTRIBUTED
    elif any(likeness(quotation.text, words).is_verbatim for words in _former_words(quote)):
        verdict = Verdict.CORRECTED if is_same else Verdict.MISATTRIBUTED
    elif alike.score >= MIN_ALTERED_SIMILARITY and (is_same or _is_statement(quotation)):
        verdict = Verdict.ALTERED
    return Comparison(quote, verdict, alike.score, alike.difference, is_same)


def _is_statement(quotation: Proposal) -> bool:
    """Whether it is long enough to be somebody's: anybody's fragments are similar to others."""
    return len(quotation.text.split()) >= MIN_STATEMENT_WORDS


def _former_words(quote: Quote) -> list[str]:
    """The words of a public quote before each correction of them."""
    return [
        change["before"]
        for correction in quote.corrections
        for change in correction["changed"]
        if change["field"] == "text" and change["before"]
    ]


# Speakers


NAMELESS = (NameKind.LABEL, NameKind.DESCRIPTION, NameKind.OFFICE)
"""Names that tell nobody from anybody else: a pronoun, “a resident”, “the mayor”."""


def _is_same_speaker(quotation: Proposal, quote: Quote) -> bool:
    """Whether a draft names the speaker on record; also where either names nobody."""
    asked = _names_in_draft(quotation)
    if not asked:
        return _is_same_office(quotation, quote)
    names = names_of(quote.speaker) if quote.speaker else []
    if quote.speaker and quote.speaker.kind == Speaker.Kind.UNNAMED and quote.organisation:
        names += _names_of_body(quote.organisation)  # its words are the organisation's
    full = [name for name in names if parse(name).identifies]
    short = [name for name in (*names, quote.attribution_speaker) if name and name not in full]
    if not (full or short):
        return True
    return all(
        any(_is_same_name(name, other) for other in full or short)
        or any(parse(name).words == parse(other).words for other in short)
        for name in asked
    )


def _names_in_draft(quotation: Proposal) -> list[str]:
    """Names that the speaker of a draft must have: the full one, and one with a title.

    “Jones” is no other Jones than the draft has, “Mrs Jones” no man; none for a pronoun.
    """
    printed, full = quotation.attribution.speaker, quotation.speaker
    printed, full = (n if n and parse(n).kind not in NAMELESS else None for n in (printed, full))
    if not (full and parse(full).identifies):
        return [printed or full] if printed or full else []
    is_titled = printed and parse(printed).kind == NameKind.TITLED
    return [full, printed] if is_titled else [full]


def _is_same_office(quotation: Proposal, quote: Quote) -> bool:
    """Whether nothing of what a draft says of a nameless speaker contradicts the record."""
    if quotation.organisation and quote.organisation:
        names = _names_of_body(quote.organisation)
        if not any(_is_same_name(quotation.organisation, name) for name in names):
            return False
    said = quotation.speaker or quotation.attribution.speaker
    held = quote.affiliation and quote.affiliation.role
    roles = [role for role in (held, quote.role, quote.attribution_role) if role]
    if not (said and roles and parse(said).kind == NameKind.OFFICE):
        return True
    return roles_agree([said], roles)


def _names_of_body(organisation: Organisation) -> list[str]:
    return [organisation.name, *organisation.aliases]


def _is_same_name(one: str, other: str) -> bool:
    """Whether two names may be one speaker's: equal, short for the other, or of one given name."""
    a, b = parse(one), parse(other)
    if not (a.words and b.words):
        return False
    if a.words == b.words or a.may_be_short_for(b) or b.may_be_short_for(a):
        return True
    if _initials(a) in b.words or _initials(b) in a.words:
        return True
    if a.kind != b.kind or a.words[-1] != b.words[-1]:
        return False
    first, second = a.words[0], b.words[0]
    groups = given_name_groups()
    if groups.get(first, frozenset()) & groups.get(second, frozenset()):
        return True
    return 1 in (len(first), len(second)) and first[0] == second[0]


def _initials(name: Name) -> str | None:
    """The acronym of a body: “nca” of the National Crime Agency."""
    return "".join(word[0] for word in name.words) if name.kind == NameKind.BODY else None
