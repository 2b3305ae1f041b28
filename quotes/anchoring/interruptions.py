"""Passages without quote marks that a split quote may skip: attributions in dialogue, and notes.

« Nous tenons, a-t-elle dit, et nous gagnons » · – Vi stänger, säger Lund, och det blir i maj · We
have closed [00:12:03] the quay. `quotes.anchoring.seams` decides what each of them is.
"""

from collections.abc import Iterator

import regex

from quotes.anchoring.attributions import is_cue
from quotes.anchoring.budget import Budget
from quotes.anchoring.split_quotes import Gap
from quotes.anchoring.words import folded, tokens, words

MAX_WORDS = 8
"""Words of an attribution within dialogue."""

_DIALOGUE = regex.compile(r"(?:^|[\n\u2029])- ?\w|«|„")
_BETWEEN_COMMAS = regex.compile(
    r"(?:(?<=[,.!?])|(?<=\w)(?=,| -))(?:,?(?: ?-)?) ?"
    r"(?P<core>[^,.!?;:\n\u2029\"“”«»„‟()\[\]-]{2,80})"
    r"(?:-[,.]?|[,.](?: -)?| -) "
)
_INVERTED = regex.compile(
    r"(?:(?<=[,.!?])|(?<=\w)(?=,)),? "
    r"(?P<core>(?:\w+ )?\w+-(?:t-)?(?:il|elle|on|ils|elles)(?: \w+)?)[,.] "
)
_BRACKETS = regex.compile(r"[ \n\u2029]*[\[(](?P<note>[^()\[\]]{1,100})[\])][ \n\u2029]+")
_TIME = regex.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?: ?(?:-|-->) ?\d{1,2}:\d\d(?::\d\d)?)?")


def interruptions(punctuated: str, budget: Budget) -> Iterator[Gap]:
    """Gaps that hold an attribution between commas or dashes, a time code, or a note."""
    if _DIALOGUE.search(punctuated):
        for pattern in (_BETWEEN_COMMAS, _INVERTED):
            for match in pattern.finditer(punctuated, overlapped=True):
                budget.read(8 * len(match["core"]))
                found = tokens(match["core"])
                if len(found) <= MAX_WORDS and any(is_cue(token[0]) for token in found):
                    yield Gap(match.start(), match.end())
    for match in _BRACKETS.finditer(punctuated):
        budget.read(8 * len(match["note"]))
        note = match["note"].strip()
        noted = not words("noted").isdisjoint(folded(token[0]) for token in tokens(note))
        if noted or _TIME.fullmatch(note):
            yield Gap(match.start(), match.end())
