"""Join the passages of one quote: split by its attribution, or opened again in the next paragraph.

In: attributions in order. Out: groups of them, each one quote, with its kind and text. Fragments
in a reporter's sentence stay quotes of their own.
"""

import itertools

from quotes.extraction.attribution import Attribution
from quotes.extraction.marks import Passage

DIRECT, PARTIAL = "direct", "partial"
MAX_INTERRUPTION = (
    300  # code points: the longest that filing takes for an attribution between parts
)
MIN_DIRECT_WORDS = 3  # a capital and fewer words are a name or an exclamation
PAUSES = frozenset(",:;-–—")  # before the second part of a split quote
OWN_SENTENCE = frozenset(
    [
        "colon paragraph",
        "same paragraph",
        "sentence before",
        "previous paragraph",
        "sentence after",
        "subject only",
        "name after a dash",
        "reopened",
        "quote, cue, name",
        "quote, name, cue",
    ]
)


def kind_of(text: str, attribution: Attribution) -> str:
    """`direct` for whole sentences set off as speech, `partial` for a fragment."""
    passage = attribution.passage
    words = text[passage.start : passage.end]
    if passage.dash or passage.turn:
        return DIRECT
    first = next((c for c in words if c.isalnum()), "a")
    opens = first.isupper() or first.isdigit()
    size = words.count(" ") + 1
    set_off = attribution.rule in OWN_SENTENCE or _set_off(text, passage)
    closed = words[-1] in ".?!,…" or text[passage.close : passage.close + 1] == ","
    if opens and set_off and (size >= MIN_DIRECT_WORDS or closed):
        return DIRECT
    return PARTIAL


def _set_off(text: str, passage: Passage) -> bool:
    before = text[max(0, passage.open - 3) : passage.open].rstrip()
    return before[-1:] in (":", ",", "")


def groups(text: str, attributions: list[Attribution]) -> list[tuple[list[Attribution], str]]:
    """Group attributions in order into quotes, each with its kind."""
    grouped: list[tuple[list[Attribution], str]] = []
    for attribution in attributions:
        kind = kind_of(text, attribution)
        if grouped:
            group, before = grouped[-1]
            if _continues(text, group[-1], before, attribution):
                group.append(attribution)
                continue
        grouped.append(([attribution], kind))
    return grouped


def _continues(text: str, last: Attribution, kind: str, attribution: Attribution) -> bool:
    a, b = last.passage, attribution.passage
    if b.level or a.level:
        return False
    taken_over = attribution.source is not None or last.source is attribution
    if b.reopened and a.unclosed and taken_over:
        return True
    if kind != DIRECT or b.open - a.close > MAX_INTERRUPTION:
        return False
    between = text[a.close : b.open]
    if "\n" in between:
        return False
    if attribution.sentence is last.sentence:
        same = last.cue is not None and last.cue is attribution.cue
        return same and text[a.end - 1] in ",?!-–—…" and between.rstrip()[-1:] in PAUSES
    if attribution.rule == "same paragraph" and attribution.source is last:
        return last.rule in ("quote, cue, name", "quote, name, cue") or not between.strip()
    return False


def text_of(text: str, group: list[Attribution]) -> str:
    """The words of a quote, its parts joined as filing joins them."""
    parts = [text[group[0].passage.start : group[0].passage.end]]
    for before, attribution in itertools.pairwise(group):
        joint = (
            "\n"
            if "\n" in text[before.passage.close : attribution.passage.open]
            or attribution.passage.reopened
            else " "
        )
        parts.append(joint + text[attribution.passage.start : attribution.passage.end])
    return "".join(parts)
