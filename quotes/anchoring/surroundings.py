"""The surroundings of a quote in its article: whose words it says they are.

A quote that stays, or moves with what is around it, is the same quote. The same words in a
correction note, in another speaker's mouth or after a negation are not.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import regex
from rapidfuzz import fuzz

from quotes.anchoring.attributions import OTHER, OWN, Speaker
from quotes.anchoring.normalization import NOT_AN_END
from quotes.anchoring.seams import is_quoted
from quotes.anchoring.words import folded, tokens, words

REACH = 64
"""Code points of context within the paragraph, on each side."""

MAX_PARAGRAPH = 2_000
"""Code points of a paragraph that are read on each side of the words."""

MIN_LIKENESS = 50
"""Percent of the context within the paragraph that has to stay, if no attribution tells."""

_LINE = regex.compile(r"[\n\r\u2029]")
_STOP = regex.compile(NOT_AN_END + r"[.!?。！？][\"'”’»)\]]*(?=\s|$)")
_INTRODUCES = regex.compile(r":\s*[“„«‘\"']?\s*$")
_NAME = regex.compile(r"\p{Lu}[\p{L}\p{M}'’-]+ (?:\p{Ll}+ )?\p{Lu}[\p{L}\p{M}'’-]+")
_OPENING = regex.compile(r"[“„«‘\"]")


class Surroundings:
    """What stands around the spans of a quote in a text."""

    def __init__(self, text: str, spans: Sequence[tuple[int, int]], speaker: Speaker):
        self.text, self.speaker = text, speaker
        self.start, self.end = spans[0][0], spans[-1][1]
        lead = text[max(0, self.start - MAX_PARAGRAPH) : self.start]
        trail = text[self.end : self.end + MAX_PARAGRAPH]
        self.lead, self.trail = _LINE.split(lead)[-1], _LINE.split(trail)[0]
        self.between = " ".join(
            text[end:start][:MAX_PARAGRAPH] for (_, end), (start, _) in pairwise(spans)
        )

    @property
    def context(self) -> tuple[str, str]:
        return self.lead[-REACH:], self.trail[:REACH]

    @cached_property
    def is_quoted(self) -> bool:
        return is_quoted(self.text, self.start)

    @cached_property
    def attributed_to(self) -> str | None:
        """`own`, `other`, or None if nothing near tells; the closest attribution decides."""
        if not self.speaker.words:
            return None
        ended = bool(_STOP.search(self.text[max(0, self.end - 3) : self.end]))
        after = "" if ended else _until_stop(self.trail)
        before = _since_stop(self.lead)
        for near in (self.between, after, before):
            if told := self._told(near):
                return told
        beside = (self.lead + " " + self.trail, *self._neighbours)
        return next((told for part in beside if (told := self._told(part))), None)

    def _told(self, text: str) -> str | None:
        found = self.speaker.attributions(text)
        if OWN in found or (OTHER not in found and self.speaker.is_in(text)):
            return OWN
        is_named = bool(_INTRODUCES.search(text)) and bool(_NAME.search(text))
        return OTHER if OTHER in found or is_named else None

    @cached_property
    def is_attributed(self) -> bool:
        """Whether the paragraph says that anybody says something, if only by a pronoun."""
        return bool(Speaker(()).attributions(f"{self.lead} {self.trail}"))

    @cached_property
    def names(self) -> set[str]:
        """What looks like a full name in the paragraph."""
        return {name[0] for name in _NAME.finditer(f"{self.lead}\n{self.trail}")}

    @property
    def is_own(self) -> bool:
        return self.attributed_to == OWN and not self.denials

    @property
    def _neighbours(self) -> tuple[str, str]:
        """The sentences beside the paragraph."""
        floor, ceiling = self.start - len(self.lead), self.end + len(self.trail)
        before = self.text[max(0, floor - MAX_PARAGRAPH) : floor].rstrip()
        after = self.text[ceiling : ceiling + MAX_PARAGRAPH].lstrip()
        sentence = _since_stop(_LINE.split(before)[-1].rstrip('.!?”"'))
        return sentence, _until_stop(_LINE.split(after)[0])

    @cached_property
    def denials(self) -> set[str]:
        """Words of a denial in the paragraph, and negations before the words in their marks."""
        found = _words_of(self.lead + " " + self.trail) & words("denials")
        clause = _OPENING.split(_since_stop(self.lead))[-1]
        return found | (_words_of(clause) & words("negations"))

    def is_denied_since(self, before: "Surroundings") -> bool:
        return bool(self.denials - before.denials)

    def likeness(self, before: "Surroundings") -> float:
        """Percent of agreement of the contexts within the paragraph, by their length."""
        pairs = [*zip(self.context, before.context, strict=True)]
        lengths = [len(one) + len(other) for one, other in pairs]
        agreed = sum(fuzz.ratio(*pair) * size for pair, size in zip(pairs, lengths, strict=True))
        return agreed / sum(lengths) if any(lengths) else 100

    def is_same(self, before: "Surroundings") -> bool:
        """Whether these are the surroundings that the words had, elsewhere in the article."""
        if before.is_quoted and not self.is_quoted:
            return False
        if self.is_denied_since(before):
            return self.likeness(before) >= NEARLY and self.attributed_to == before.attributed_to
        if before.attributed_to == OWN:
            return self.attributed_to == OWN
        if self.attributed_to == OTHER != before.attributed_to:
            return False
        return self.likeness(before) >= MIN_LIKENESS

    def is_changed(self, before: "Surroundings") -> bool:
        """Whether the words are no longer said to be the speaker's, or are denied."""
        if self.is_denied_since(before):
            return True
        is_lost = before.attributed_to == OWN != self.attributed_to
        return is_lost or self.attributed_to == OTHER != before.attributed_to


NEARLY = 80
"""Percent of the context that stays where only a negation was put in."""


def _until_stop(text: str) -> str:
    found = _STOP.search(text)
    return text[: found.end()] if found else text


def _since_stop(text: str) -> str:
    stops = [found.end() for found in _STOP.finditer(text)]
    return text[stops[-1] :] if stops else text


def _words_of(text: str) -> set[str]:
    found = {folded(token[0]) for token in tokens(text)}
    return found | {"not" for word in found if word.endswith("n't")}
