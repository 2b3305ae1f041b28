"""Whether an article prints some words of an attribution: all of them, in order, in one sentence.

"stellte … fest" is printed by "stellte der Minister am Montag fest". Typography and case are
ignored, as for the words of a quote. Every way to set an attribution asks `check_attribution`.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

import regex

from quotes.anchoring.budget import Budget
from quotes.anchoring.normalization import NOT_AN_END, normalise
from quotes.anchoring.page import Page
from quotes.anchoring.results import shortened

MUST_BE_PRINTED = ("text", "speaker")
"""Parts of an attribution that the article has to print. The others are kept as filed."""

NOT_PRINTED = "The article does not print this. Send it as printed, or leave it out."

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’.][\p{L}\p{M}\p{N}]+)*")
_SENTENCE_END = regex.compile(
    NOT_AN_END + r"(?<!\b(?:No|vs|bzw))"
    r"(?<![.!?…。！？])[.!?…。！？]++[\"'”“’‘»«)\]]*+\s++(?=[\"'“‘„«(\[]*(?:\p{Lu}|\p{Lo}))|\n\s*\n"
)


class Printed:
    """The texts of an article in which attributions are looked for: its words, its headline."""

    def __init__(self, *texts: str | None, budget: Budget | None = None):
        self.texts = [text for text in texts if text]
        self.budget = budget or Budget()
        self._known: dict[str, bool] = {}

    def has(self, words: str) -> bool:
        """Whether these words are printed; the same words are looked for once."""
        if words not in self._known:
            self._known[words] = self._is_verbatim(words) or self._is_in_order(words)
        return self._known[words]

    def _is_verbatim(self, words: str) -> bool:
        for text in self.texts if words else ():
            at = text.find(words)
            self.budget.compare(at if at >= 0 else len(text))
            if at >= 0:
                return True
        return False

    def _is_in_order(self, words: str) -> bool:
        wanted = _words_of(words)
        if not wanted:
            return False
        rarest = min(wanted, key=lambda word: len(self._having.get(word, ())))
        for number in self._having.get(rarest, ()):
            self.budget.read(len(self._sentences[number]))
            if _in_order(wanted, self._sentences[number]):
                return True
        return False

    @cached_property
    def _sentences(self) -> list[list[str]]:
        self.budget.read(sum(map(len, self.texts)))
        return [_words_of(part) for text in self.texts for part in _SENTENCE_END.split(text)]

    @cached_property
    def _having(self) -> dict[str, list[int]]:
        """The numbers of the sentences that have each word."""
        having = defaultdict(list)
        for number, sentence in enumerate(self._sentences):
            for word in set(sentence):
                having[word].append(number)
        return having


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
