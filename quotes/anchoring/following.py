"""Follow a quote into the changed text of its article."""

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Self

from rapidfuzz import fuzz

from quotes.anchoring.attributions import Speaker
from quotes.anchoring.normalization import DASHES, MARKS, normalise
from quotes.anchoring.results import Nearest, Reanchoring, Span
from quotes.anchoring.similarity import difference_of
from quotes.anchoring.surroundings import MAX_PARAGRAPH, REACH, Surroundings

MIN_ALTERED_SIMILARITY = 0.75
"""Similarity (0 to 1) from which a passage counts as the quote with its words changed."""

MIN_RECASED_BLANKS = 2
"""Of words that are found in capitals or out of them: fewer may be a name or an abbreviation."""

MAX_FOLLOWED = 1_000
"""Places whose surroundings are compared."""


class Following:
    """The part of a `Page` that follows quotes."""

    def reanchor(
        self,
        words: str,
        spans: Sequence[tuple[int, int]],
        prefix: str = "",
        suffix: str = "",
        taken: Collection[tuple[Span, ...]] = (),
        before: Surroundings | None = None,
    ) -> Reanchoring:
        """Re-anchor a quote in this page, the changed text of its article.

        ``words``, ``spans``, ``prefix`` (before the first span) and ``suffix`` (after the last) are
        those in the earlier text; ``taken`` are spans that other quotes have. Of several matches
        the context decides, even if the words still occur at the old spans. With the surroundings
        ``before``, words that are elsewhere in other ones are ``altered``.
        """
        spans = tuple(Span(*span) for span in spans)
        unmoved = self._is_at(words, spans) and spans not in taken
        if unmoved and self._position(spans)[1:] == (prefix, suffix):
            return Reanchoring("exact", spans, None)
        matches = self._shifted(words, spans)
        if not matches and normalise(words):
            matches, _ = self._everywhere(words)
            matches = matches or self._recased(words)
        if unmoved and spans not in matches:
            matches.append(spans)
        if free := [match for match in matches if match not in taken]:
            same = free if before is None else self._in_same_surroundings(free, before)
            if not same and len(matches) == 1 and self._may_be_same(free[0], before):
                same = free
            if not same and not unmoved:
                near = self._best_in_context(free, spans, prefix, suffix)
                return Reanchoring("altered", None, self._elsewhere(words, near))
            best = self._best_in_context(same or [spans], spans, prefix, suffix)
            return Reanchoring("exact" if best == spans else "moved", best, None)
        nearest = None if matches else self.nearest(words)
        if nearest and nearest.score >= MIN_ALTERED_SIMILARITY:
            return Reanchoring("altered", None, nearest)
        return Reanchoring("missing", None, None)

    def surroundings(self, spans: Sequence[tuple[int, int]], speaker: Speaker) -> Surroundings:
        found = Surroundings(self.text, spans, speaker)
        self.budget.read(10 * (REACH + len(found.lead) + len(found.trail)))
        around = self.text[max(0, found.start - MAX_PARAGRAPH) : found.start]
        around += self.text[found.end : found.end + MAX_PARAGRAPH]
        self.budget.spend(2 * sum(map(around.count, MARKS + DASHES)))
        return found

    def _in_same_surroundings(
        self, matches: list[tuple[Span, ...]], before: Surroundings
    ) -> list[tuple[Span, ...]]:
        self.budget.read(4 * MAX_PARAGRAPH * min(len(matches) - 1, MAX_FOLLOWED))
        return [
            match
            for match in matches[:MAX_FOLLOWED]
            if self.surroundings(match, before.speaker).is_same(before)
        ]

    def _may_be_same(self, match: tuple[Span, ...], before: Surroundings) -> bool:
        """Whether nothing tells whose words these are, then as now, in the only place of them."""
        now = self.surroundings(match, before.speaker)
        is_silent = now.attributed_to is None is before.attributed_to
        is_silent &= not (now.is_attributed or before.is_attributed) and now.names <= before.names
        is_marked = now.is_quoted or not before.is_quoted
        return is_silent and is_marked and not now.is_denied_since(before)

    def _elsewhere(self, words: str, spans: tuple[Span, ...]) -> Nearest:
        """The same words in other surroundings, as the nearest passage."""
        start, end = spans[0].start, spans[-1].end
        text = self.text[start:end]
        score = fuzz.ratio(normalise(words), normalise(text)) / 100
        return Nearest(start, end, text, score, difference_of(words, text))

    @cached_property
    def _lower(self) -> Self | None:
        """The text in lower case, if all offsets stay."""
        lower = self.text.lower()
        return type(self)(lower, self.budget) if len(lower) == len(self.text) else None

    def _recased(self, words: str) -> list[tuple[Span, ...]]:
        """Places of these words where they or the text are in capitals, as a wire's lead is."""
        if words.count(" ") < MIN_RECASED_BLANKS or not self._lower:
            return []
        found, _ = self._lower._everywhere(words.lower())
        return [
            spans
            for spans in found
            if words.isupper() or all(self.text[start:end].isupper() for start, end in spans)
        ]

    def _shifted(self, words: str, spans: tuple[Span, ...]) -> list[tuple[Span, ...]]:
        """Matches of a quote of several spans that all moved by the same distance."""
        if len(spans) < 2:
            return []
        first = normalise(words[: spans[0].end - spans[0].start])
        if not first:
            return []
        matches = []
        for span in self._occurrences(first, MAX_FOLLOWED)[0]:
            by = span.start - spans[0].start
            moved = tuple(Span(s + by, e + by) for s, e in spans)
            if self._is_at(words, moved):
                matches.append(moved)
        return matches

    def _best_in_context(
        self, matches: list[tuple[Span, ...]], old: tuple[Span, ...], prefix: str, suffix: str
    ) -> tuple[Span, ...]:
        """The match whose context is most similar to the old one; of equals, the nearest."""

        def agreement(spans: tuple[Span, ...]) -> tuple[float, int]:
            _, before, after = self._position(spans)
            alike = fuzz.ratio(prefix, before) + fuzz.ratio(suffix, after)
            return alike, -abs(spans[0].start - old[0].start)

        self.budget.spend(2 * len(matches))
        return max(matches, key=agreement)
