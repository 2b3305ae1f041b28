"""A page: the text or the headline of a snapshot, where words of quotes are found and followed."""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from html import unescape
from itertools import islice, pairwise

from rapidfuzz import fuzz

from quotes.anchoring.budget import Budget
from quotes.anchoring.following import Following
from quotes.anchoring.interruptions import interruptions
from quotes.anchoring.normalization import (
    ELLIPSIS,
    INVISIBLE,
    MARKS,
    WHITE,
    NormalisedText,
    normalise,
    reduce,
    same_pieces,
    same_words,
)
from quotes.anchoring.occurrences import Occurrences
from quotes.anchoring.results import (
    MAX_LISTED,
    AmbiguousPosition,
    BadSpans,
    Nearest,
    NotInText,
    NoWords,
    Position,
    Span,
    WordsDiffer,
)
from quotes.anchoring.seams import MAX_READ, Seams, is_quoted, join, seams_of
from quotes.anchoring.similarity import best_fit, cost_of_fit, difference_of, likely_windows
from quotes.anchoring.split_quotes import Gaps, SplitSearch, gaps_of
from quotes.anchoring.variants import VariantSearch

CONTEXT = 32
"""Code points of the prefix and of the suffix of a span."""

MIN_NEAREST_SIMILARITY = 0.6
"""Similarity of a nearest passage; unrelated English sentences reach about 0.5."""

MAX_COUNTED = 1_000
"""Positions that are counted; beyond, an error says "at least"."""

MAX_WEIGHED = 50
"""Up to this many places of one wording are compared for the only one in quote marks."""

MAX_INTERRUPTIONS = 5_000
"""Attributions in dialogue and notes of a text; one with more is no article."""

MAX_ELIDED = 20
"""Parts of words between ellipses."""


class Page(Following):
    """A text in which quotes stand, normalised once when first needed: 0.2 s for 2 M code points.

    `name` is what the text is of its snapshot, `text` or `headline`. All that it does is paid from
    its budget, and raises TooMuchWork once that is spent.
    """

    def __init__(self, text: str, budget: Budget | None = None, name: str = "text"):
        self.text, self.name = text, name
        self.budget = budget or Budget()

    @cached_property
    def _normalised(self) -> NormalisedText:
        return NormalisedText(self.text, self.budget)

    @cached_property
    def _gaps(self) -> Gaps:
        punctuated = self._normalised.punctuated
        self.budget.read(len(punctuated))
        more = islice(interruptions(punctuated, self.budget), MAX_INTERRUPTIONS)
        gaps = sorted({*gaps_of(punctuated, self.budget), *more})
        return Gaps(self._normalised.text, gaps, self.budget)

    @cached_property
    def _variants(self) -> VariantSearch:
        return VariantSearch(self._normalised.punctuated, self._gaps, self.budget)

    def text_at(self, spans: Sequence[tuple[int, int]], seams: Sequence[str] | None = None) -> str:
        """Return the text at spans, joined by these seams, else by those of an unknown speaker."""
        if len(spans) == 1:
            ((start, end),) = spans
            return self.text[start:end]
        if seams is None:
            seams = seams_of(self.text, spans, checked=True).kinds
        return join(self._pieces(spans), seams)

    def seams(
        self,
        spans: Sequence[tuple[int, int]],
        names: Iterable[str | None] = (),
        titles: Iterable[str | None] = (),
        *,
        language: str | None = None,
        checked: bool = False,
    ) -> Seams:
        """Decide the seams of these spans; see `quotes.anchoring.seams.seams_of`."""
        for (_, start), (end, _) in pairwise(spans):
            self.budget.read(MAX_READ + 4 * min(MAX_READ, end - start))
            around = self.text[max(0, start - MAX_READ) : min(end, start + MAX_READ)]
            self.budget.spend(2 * sum(map(around.count, MARKS)))
        return seams_of(self.text, spans, names, titles, language=language, checked=checked)

    def _pieces(self, spans: Sequence[tuple[int, int]]) -> list[str]:
        return [self.text[start:end] for start, end in spans]

    def context(self, span: tuple[int, int]) -> tuple[str, str]:
        """Return up to 32 code points before and after a span, as printed."""
        start, end = span
        return self.text[max(0, start - CONTEXT) : start], self.text[end : end + CONTEXT]

    def find(self, words: str, prefix: str = "", suffix: str = "") -> tuple[Span, ...]:
        """Return the spans of these words, ignoring typography.

        One span, or several if an attribution or a paragraph break splits the quote, or if the
        words have an ellipsis that the text has not. Of several places, the one after `prefix` and
        before `suffix` is meant, else the only one in quote marks. Raises NoWords, NotInText, or
        AmbiguousPosition, which only a guess could resolve.
        """
        if spans := self.look_for(words, prefix, suffix):
            return spans
        raise self.absent(words)

    def absent(self, words: str) -> NotInText:
        """The refusal of words that are not here, with the nearest passage."""
        is_searched = self.budget.can_spare(self._cost_of_nearest(normalise(words)))
        return NotInText(self.nearest(words), self.name, is_searched=is_searched)

    def look_for(self, words: str, prefix: str = "", suffix: str = "") -> tuple[Span, ...] | None:
        """Return the spans of these words as `find` does, or None if they are not in the text."""
        self.budget.read(len(words))
        if not (needle := normalise(words)):
            raise NoWords
        self.budget.read(2 * len(needle))
        matches, complete = self._everywhere(words, needle)
        if not matches and "&" in words and normalise(read := unescape(words)):
            words = read
            matches, complete = self._everywhere(words)
        if len(matches) > 1 or (matches and not complete):
            if prefix or suffix:
                fitting = [each for each in matches if self._stands_in(each, prefix, suffix)]
                matches = fitting or matches
            verbatim, sure = self._verbatim(words, 2)
            if len(verbatim) == 1 and sure and (tuple(verbatim) in matches):
                return tuple(verbatim)
            if len(matches) <= MAX_WEIGHED and complete and any(map(str.isalnum, words)):
                marked = [each for each in matches if self._is_quoted(each)]
                matches = marked if len(marked) == 1 else matches
        if len(matches) > 1 or (matches and not complete):
            listed = [self._position(spans) for spans in matches[:MAX_LISTED]]
            raise AmbiguousPosition(listed, len(matches), self.name, complete=complete)
        if not matches:
            return None
        self.budget.read(matches[0][-1].end - matches[0][0].start)
        return matches[0]

    def at(self, spans: Sequence[Sequence[int]], words: str | None = None) -> tuple[Span, ...]:
        """Check that spans are valid in this text and, if given, hold these words.

        Raises BadSpans, or WordsDiffer if more than typography differs.
        """
        checked = []
        for index, span in enumerate(spans):
            checked.append(self._checked(index, span, checked[-1] if checked else None))
        if not checked:
            raise BadSpans(None, "are empty")
        if words is not None:
            pieces = self._pieces(checked)
            if not same_pieces(words, pieces):
                found = self.text_at(checked)
                self.budget.read(8 * (len(words) + len(found)))
                raise WordsDiffer(found, difference_of(words, found), self.name)
        return tuple(checked)

    def nearest(self, words: str) -> Nearest | None:
        """Return the passage most similar to these words.

        None if no passage is clearly similar, or if little of the budget would be left.
        """
        needle, normalised = normalise(words), self._normalised.text
        steps = self._cost_of_nearest(needle)
        if not needle or not normalised or not self.budget.can_spare(steps):
            return None
        self.budget.spend(steps)
        best = max(
            (best_fit(needle, normalised, at) for at in likely_windows(needle, normalised)),
            key=lambda candidate: candidate[0],
        )
        span = self._covering_span(*best[1:])
        if span is None:
            return None
        text = self.text[span.start : span.end]
        score = fuzz.ratio(needle, normalise(text)) / 100
        if score < MIN_NEAREST_SIMILARITY:
            return self._nearest_recased(words)
        return Nearest(span.start, span.end, text, score, difference_of(words, text))

    def _cost_of_nearest(self, needle: str) -> int:
        return len(self._normalised.text) // 10 + cost_of_fit(len(needle))

    def _nearest_recased(self, words: str) -> Nearest | None:
        """The passage most similar to these words whatever their capitals."""
        if words == words.lower() == self.text or not self._lower:
            return None
        if self._lower.text == self.text and words == words.lower():
            return None
        if (near := self._lower.nearest(words.lower())) is None:
            return None
        text = self.text[near.start : near.end]
        score = fuzz.ratio(normalise(words).lower(), normalise(text).lower()) / 100
        return Nearest(near.start, near.end, text, score, difference_of(words, text))

    # Finding

    def _matches(self, words: str, needle: str, limit: int) -> tuple[list[tuple[Span, ...]], bool]:
        """Up to ``limit`` matches of these words, and whether that is all of them."""
        spans, complete = self._occurrences(needle, limit)
        if not spans and complete:
            # Words cut out of a run of dashes or from between invisible characters.
            spans, complete = self._verbatim(words, limit)
        if spans:
            return [(span,) for span in spans], complete
        return self._split_matches(needle)

    def _everywhere(self, words: str, needle: str = "") -> tuple[list[tuple[Span, ...]], bool]:
        """Matches of words in their own typography, in another, or around what they leave out."""
        needle = needle or normalise(words)
        matches, complete = self._matches(words, needle, MAX_COUNTED)
        if not matches and complete:
            matches, complete = self._variant_matches(words)
            if not matches and complete and ELLIPSIS.search(needle):
                matches, complete = self._elided_matches(needle)
        return matches, complete

    def _variant_matches(self, words: str) -> tuple[list[tuple[Span, ...]], bool]:
        needle = reduce(words).strip(" \n\u2029")
        found = [[place] for place in islice(self._variants.whole(needle), MAX_COUNTED)]
        found = found or [*islice(self._variants.split(needle, MAX_LISTED + 1), MAX_LISTED + 1)]
        matches = [tuple(self._span(start, end) for start, end in pieces) for pieces in found]
        return sorted({match for match in matches if all(match)}), len(matches) <= MAX_LISTED

    def _elided_matches(self, needle: str) -> tuple[list[tuple[Span, ...]], bool]:
        """Matches of the parts of words between ellipses, each combination as close as can be."""
        first, *middle, last = ELLIPSIS.split(needle)
        parts = [first, *filter(None, middle), last]
        if not (first and last and 2 <= len(parts) <= MAX_ELIDED):
            return [], True
        *firsts, last = ([*self._part_matches(part)] for part in parts)
        chains = last
        for options in reversed(firsts):
            # Of each part, the last place before what follows
            closest: dict[tuple[Span, ...], tuple[Span, ...]] = {}
            starts = [chain[0].start for chain in chains]
            self.budget.spend(4 * (len(starts) + len(options)))
            for option in options:
                at = bisect_right(starts, option[-1].end)
                if at < len(chains) and self._is_gap(option[-1].end, starts[at]):
                    closest[chains[at]] = option + chains[at]
            chains = sorted(closest.values())
        return chains, len(chains) <= MAX_COUNTED

    def _is_gap(self, start: int, end: int) -> bool:
        """Whether whole words lie between two offsets: what an ellipsis may stand for."""
        self.budget.compare(max(0, end - start))
        beside = self.text[start : start + 1], self.text[end - 1 : end]
        if any(sign.isalnum() or unicodedata.category(sign)[0] == "M" for sign in beside if sign):
            return False
        return any(sign.isalnum() for sign in self.text[start:end])

    def _part_matches(self, part: str) -> list[tuple[Span, ...]]:
        found, _ = self._matches(part, part, MAX_COUNTED)
        return sorted(found or self._variant_matches(part)[0])

    def _stands_in(self, spans: tuple[Span, ...], prefix: str, suffix: str) -> bool:
        """Whether the text before and after spans ends and begins with these words."""
        start, end = spans[0].start, spans[-1].end
        room = 2 * CONTEXT
        self.budget.read(2 * (len(prefix) + len(suffix) + 2 * room))
        before = normalise(self.text[max(0, start - len(prefix) - room) : start])
        after = normalise(self.text[end : end + len(suffix) + room])
        return before.endswith(normalise(prefix)) and after.startswith(normalise(suffix))

    def _is_quoted(self, spans: tuple[Span, ...]) -> bool:
        self.budget.read(min(MAX_READ, spans[0].start))
        return is_quoted(self.text, spans[0].start)

    def _occurrences(self, needle: str, limit: int) -> tuple[list[Span], bool]:
        """Spans of the needle in the normalised text, also overlapping; whether these are all."""
        return self._search(self._in_normalised, needle, self._span, limit)

    @cached_property
    def _in_normalised(self) -> Occurrences:
        return Occurrences(self._normalised.text, self.budget)

    @cached_property
    def _in_source(self) -> Occurrences:
        return Occurrences(self.text, self.budget)

    def _verbatim(self, words: str, limit: int) -> tuple[list[Span], bool]:
        """Spans with the very code points of the words; whether these are all."""

        def whole(start: int, end: int) -> Span | None:
            breaks = self._normalised.is_break
            return Span(start, end) if breaks(start) and breaks(end) else None

        bare = words.strip(WHITE + INVISIBLE)
        # A blank or an invisible character that carried a mark is no edge to cut off.
        bare = bare if same_words(bare, words) else words
        return self._search(self._in_source, bare, whole, limit)

    def _search(
        self,
        text: Occurrences,
        words: str,
        span_of: Callable[[int, int], Span | None],
        limit: int,
    ) -> tuple[list[Span], bool]:
        """Up to ``limit`` spans of ``words`` in ``text``, and whether these are all."""
        spans = []
        for at in text.of(words):
            if len(spans) == limit:
                return spans, False
            self.budget.spend(2)
            if span := span_of(at, at + len(words)):
                spans.append(span)
        return spans, True

    def _split_matches(self, needle: str) -> tuple[list[tuple[Span, ...]], bool]:
        if " " not in needle or not self._gaps:
            return [], True
        search = SplitSearch(self._gaps, needle)
        matches = []
        for reading in search.readings(MAX_LISTED + 1):
            spans = tuple(self._span(start, end) for start, end in reading)
            if all(spans):
                matches.append(spans)
        return sorted(matches), len(matches) <= MAX_LISTED

    def _span(self, start: int, end: int) -> Span | None:
        """Span of a range of the normalised text; None if it would split a cluster."""
        span = Span(self._normalised.start_of(start), self._normalised.end_of(end - 1))
        return span if span.start >= 0 and span.end >= 0 else None

    def _covering_span(self, start: int, end: int) -> Span | None:
        """Smallest span that covers a range of the normalised text and splits no cluster.

        None if there is none, or if it is mostly white space.
        """
        normalised, reach = self._normalised, 1_000
        starts = map(normalised.start_of, range(start, max(-1, start - reach), -1))
        ends = map(normalised.end_of, range(end - 1, min(len(normalised.text), end + reach)))
        first, last = next((i for i in starts if i >= 0), -1), next((i for i in ends if i >= 0), -1)
        return Span(first, last) if 0 <= first < last <= first + 2 * (end - start + reach) else None

    def _position(self, spans: tuple[Span, ...]) -> Position:
        return Position(spans, self.context(spans[0])[0], self.context(spans[-1])[1])

    # Checking

    def _checked(self, index: int, span: Sequence[int], before: Span | None) -> Span:
        if (
            not isinstance(span, list | tuple)
            or len(span) != 2
            or not all(type(offset) is int for offset in span)
        ):
            raise BadSpans(index, "is not a pair of whole numbers")
        start, end = span
        length = len(self.text)
        if start < 0 or end > length:
            fault = f"[{start}, {end}) is outside the {self.name}, which ends at {length}"
            raise BadSpans(index, fault)
        if start >= end:
            fault = "is empty" if start == end else "is reversed"
            raise BadSpans(index, f"[{start}, {end}) {fault}")
        if before and start <= before.end:
            fault = (
                "is out of order" if end <= before.start else "overlaps or touches the one before"
            )
            raise BadSpans(index, f"[{start}, {end}) {fault}")
        for offset in (start, end):
            if not self._normalised.is_break(offset):
                raise BadSpans(
                    index, f"[{start}, {end}) splits a character (grapheme cluster) at {offset}"
                )
        self.budget.read(end - start)
        if not normalise(self.text[start:end]):
            raise BadSpans(index, f"[{start}, {end}) holds only white space")
        return Span(start, end)

    def _is_at(self, words: str, spans: tuple[Span, ...]) -> bool:
        try:
            checked = self.at(spans)
        except BadSpans:
            return False
        self.budget.read(len(words))
        return same_pieces(words, self._pieces(checked))
