"""Whether an article prints some words of an attribution: all of them, in order, in one sentence.

"stellte … fest" is printed by "stellte der Minister am Montag fest". Typography and case are
ignored, as for the words of a quote. Every way to set an attribution asks `check_attribution`.
"""

from collections.abc import Mapping
from functools import cached_property

import regex

from quotes.anchoring.normalization import normalise
from quotes.anchoring.page import Page
from quotes.anchoring.results import shortened

MUST_BE_PRINTED = ("text", "speaker")
"""Parts of an attribution that the article has to print. The others are kept as filed."""

NOT_PRINTED = "The article does not print this. Send it as printed, or leave it out."

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’.][\p{L}\p{M}\p{N}]+)*")
_SENTENCE_END = regex.compile(
    r"(?<!\b(?:\p{Lu}|Mr|Mrs|Ms|Dr|Prof|St|Sr|Sra|Mme|Hr|Fr|Gen|Col|Sen|Rep|Rev|Hon|No|vs|bzw))"
    r"[.!?…。！？]+[\"'”“’‘»«)\]]*\s+(?=[\"'“‘„«(\[]*(?:\p{Lu}|\p{Lo}))|\n\s*\n"
)


class Printed:
    """The texts of an article in which attributions are looked for: its words, its headline."""

    def __init__(self, *texts: str | None):
        self.texts = [text for text in texts if text]

    def has(self, words: str) -> bool:
        if words and any(words in text for text in self.texts):
            return True
        wanted = _words_of(words)
        return bool(wanted) and any(_in_order(wanted, sentence) for sentence in self._sentences)

    @cached_property
    def _sentences(self) -> list[list[str]]:
        return [_words_of(part) for text in self.texts for part in _SENTENCE_END.split(text)]


def check_attribution(
    printed: Printed,
    page: Page,
    attribution: Mapping[str, str | None],
    *,
    shows_text: bool,
) -> tuple[list[str], dict[str, dict]]:
    """The parts of an attribution that are not printed, and the faults of those that have to be.

    A fault is a message and, if it `shows_text`, the nearest passage, by part. `page` is the
    article's text.
    """
    missing = [part for part, words in attribution.items() if words and not printed.has(words)]
    faults = {}
    for part in missing:
        if part in MUST_BE_PRINTED and not shows_text:
            faults[part] = {"message": NOT_PRINTED}
        elif part in MUST_BE_PRINTED:
            nearest = page.nearest(attribution[part])
            beside = f" The nearest passage is “{shortened(nearest.text)}”." if nearest else ""
            message = f"{NOT_PRINTED}{beside}"
            faults[part] = {"message": message, "nearest": nearest and nearest.as_json()}
    return missing, faults


def _words_of(text: str) -> list[str]:
    return _WORD.findall(normalise(text).casefold())


def _in_order(wanted: list[str], words: list[str]) -> bool:
    rest = iter(words)
    return all(word in rest for word in wanted)
