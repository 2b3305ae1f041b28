"""Whether words of a draft are on record as they are, or a part of what was said.

In: the words of a draft, and those on record. Out: how alike they are, and where they differ.
`quotes.anchoring` finds the words as it finds a quote in an article. A part of a sentence is
verbatim only if it is cut between words, and if nothing beside it changes what it says: a
negation, a condition, the rest of a number, a question mark. If in doubt, it is not.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import regex

from quotes.anchoring import AmbiguousPosition, AnchoringError, Budget, Page, Span
from quotes.anchoring.following import MIN_ALTERED_SIMILARITY
from quotes.anchoring.similarity import difference_of
from quotes.anchoring.words import changes_meaning
from quotes.utterances.wording import is_negation, is_number, without_editing

MAX_LONGER = 1.25
"""A quote on record is compared as a whole up to this many times the length of the quotation."""

NEGATED_FROM_BEHIND = 2
"""Words behind a part of a sentence that may negate it: “not”, “only if”."""

BEHIND_THE_VERB = frozenset(
    ("nicht", "nichts", "nie", "niemals", "niet", "nooit", "inte", "aldrig", "ikke", "aldri")
)
"""Negations that may end a sentence, far behind what they negate."""

DENIALS = frozenset(
    (
        "deny",
        "denies",
        "denied",
        "doubt",
        "doubts",
        "few",
        "false",
        "lie",
        "lying",
        "untrue",
        "n'",
        "n’",
    )
)
"""Words that take back the sentence that depends on them, beside the negations."""

CONDITIONS = frozenset(("if", "unless", "wenn", "falls", "si", "se", "als", "hvis", "om"))
"""Words that begin a sentence whose main clause holds only on a condition."""


class Likeness(NamedTuple):
    """How alike words are, 0 to 1, and where: `expected` in the draft, `found` on record."""

    score: float
    difference: list[dict]
    is_verbatim: bool = False


VERBATIM = Likeness(1.0, [], is_verbatim=True)
NOT_ALIKE = Likeness(0.0, [])

_OMITTED = r"…|\.(?:\s?\.){2,}|[\[(]\s*(?:…|\.(?:\s?\.){2,})\s*[\])]"
_BEGINNING = regex.compile(rf"^(?:\s|{_OMITTED})+")
_ENDING = regex.compile(rf"(?:[\s,.;:–—]|{_OMITTED})+$")
"""Signs at an end that an outlet may change: “We will,” she said; “We will …”."""

_OMISSION = regex.compile(_OMITTED)


def likeness(words: str, on_record: str) -> Likeness:
    """Compare words of a draft with a quote on record."""
    words, on_record = without_editing(words), without_editing(on_record)
    bare = _ENDING.sub("", _BEGINNING.sub("", words)) or words
    for draft, text in ((bare, on_record), (bare.casefold(), on_record.casefold())):
        page = Page(text, Budget())
        if places := _places(draft, page):
            changes = [
                list(_changed_meaning(draft, text, spans, is_asked=words.rstrip()[-1] in "?？؟"))
                for spans in places
            ]
            return _altered(draft, min(changes, key=len))
    page = Page(on_record, Budget())
    near = page.nearest(bare)
    if not near:
        return NOT_ALIKE
    is_whole = len(on_record) < len(bare) * MAX_LONGER
    return Likeness(
        near.score,
        difference_of(bare, _ENDING.sub("", on_record)) if is_whole else near.difference,
    )


def _altered(words: str, changes: list[dict]) -> Likeness:
    """Words that are on record, but for what was left out; verbatim if that is nothing."""
    if not changes:
        return VERBATIM
    left_out = sum(len(change["found"]) - len(change["expected"]) for change in changes)
    score = len(words) / (len(words) + left_out)
    return Likeness(max(score, MIN_ALTERED_SIMILARITY), changes)


def _places(words: str, page: Page) -> list[Sequence[Span]]:
    """Where the words are found; none if they are not, or hold no word."""
    try:
        spans = page.look_for(words)
    except AmbiguousPosition as error:
        return [position.spans for position in error.positions]
    except AnchoringError:
        return []
    return [spans] if spans else []


def _changed_meaning(
    words: str, text: str, spans: Sequence[Span], *, is_asked: bool
) -> Iterator[dict]:
    """What the words leave out, at these spans of the text, that changes what they say."""
    elides = _OMISSION.search(words)
    for before, after in pairwise(spans):
        gap = text[before.end : after.start]
        if changes_meaning(gap) if elides else any(map(str.isalnum, gap)):
            yield _left_out(gap)
    for start, end in spans:
        if whole := _whole_words(text, start, end):
            yield {"op": "replace", "expected": text[start:end], "found": whole}
    start, end = spans[0].start, spans[-1].end
    if negated := _negated_before(text[:start]):
        yield _left_out(negated)
    if negated := _negated_behind(text[end:]):
        yield _left_out(negated)
    if not is_asked and regex.match(r"[\s\"'”’»]*[?？؟]", text[end:]):
        yield _left_out("?")


def _left_out(words: str) -> dict:
    return {"op": "insert", "expected": "", "found": words.strip()}


# Edges

_AMOUNT_BEFORE = regex.compile(r"\S*(?:[\p{N}][.,:/]|[\p{N}\s(]?[-−‐‑–]|\p{Sc}\s?)$")
_AMOUNT_BEHIND = regex.compile(r"[.,:/\-‐‑–−]\p{N}\S*|\s?[%‰°\p{Sc}]")
_JOINED_BEFORE = regex.compile(r"\w[-‐‑]$")
_JOINED_BEHIND = regex.compile(r"[-‐‑]\w")


def _whole_words(text: str, start: int, end: int) -> str | None:
    """The words of the text that a span cuts in two, or whose number it does; else None."""
    first, last = text[start], text[end - 1]
    before, behind = text[max(0, start - 40) : start], text[end : end + 40]
    is_cut = (
        (first.isalnum() and (before[-1:].isalnum() or _JOINED_BEFORE.search(before)))
        or (last.isalnum() and (behind[:1].isalnum() or _JOINED_BEHIND.match(behind)))
        or (first.isnumeric() and _AMOUNT_BEFORE.search(before))
        or (last.isnumeric() and _AMOUNT_BEHIND.match(behind))
    )
    cut = text[start:end].split()
    earlier, later = before.split()[-1:], behind.split()[:1]
    is_cut = is_cut or (earlier and is_number(cut[0]) and is_number(earlier[0]))
    is_cut = is_cut or (later and is_number(cut[-1]) and is_number(later[0]))
    if not is_cut:
        return None
    wide = regex.search(r"\S*\s?$", before)[0], regex.match(r"\s?\S*", behind)[0]
    return f"{wide[0]}{text[start:end]}{wide[1]}".strip()


# Negations

_CLAUSE = regex.compile(r"(?:[.!?,;:…–—\n]+(?:\s|$)|\s(?:and|but|und|aber|et|mais|y|pero|ma|en)\s)")
_SENTENCE = regex.compile(r"[.!?…\n]+\s")
_TAKEN_BACK = regex.compile(r"\W*\b(not|nicht|niet|non)\s*[.!]*\s*(?:\n|$)", regex.IGNORECASE)
"""“We will close it … not.”"""

_SUBORDINATE = regex.compile(
    r"\b(?:that|if|whether|dass|daß|ob|que|che|dat|att|at|что|що)\s+$", regex.I
)


def _negated_before(before: str) -> str:
    """The words before a part of a sentence from the one that negates it; else nothing.

    Those of its clause count, and all of its sentence if it depends on that (“I deny that …”).
    """
    bounds = _SENTENCE if _SUBORDINATE.search(before) else _CLAUSE
    words = bounds.split(before)[-1].split()
    for index, word in enumerate(words):
        if is_negation(word) or word.casefold() in DENIALS:
            return " ".join(words[index:])
    sentence = _SENTENCE.split(before)[-1].split()
    is_conditional = sentence and sentence[0].casefold() in CONDITIONS
    return " ".join(sentence) if is_conditional else ""


def _negated_behind(behind: str) -> str:
    """The words behind a part of a sentence up to one that negates it; else nothing."""
    if taken_back := _TAKEN_BACK.match(behind):
        return taken_back[1]
    words = _CLAUSE.split(behind)[0].split()
    for index, word in enumerate(words):
        is_near = index < NEGATED_FROM_BEHIND and is_negation(word)
        if is_near or word.casefold() in BEHIND_THE_VERB:
            return " ".join(words[: index + 1])
    return ""
