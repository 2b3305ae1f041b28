"""A snapshot's text, prepared for finding quotes in it."""

from collections.abc import Callable, Collection, Sequence
from functools import cached_property

from rapidfuzz import fuzz

from quotes.anchoring.normalization import INVISIBLE, WHITE, Blocks, bare_skeleton, same_words
from quotes.anchoring.results import (
    SHOWN,
    AnchoringError,
    BadSpans,
    Following,
    Nearest,
    NotInText,
    NoWords,
    Place,
    SeveralPlaces,
    Span,
    WordsDiffer,
)
from quotes.anchoring.similarity import best_fit, difference_of, likely_windows
from quotes.anchoring.split_quotes import Gap, SplitSearch, gaps_of

CONTEXT = 32
"""Code points of prefix and suffix kept on each side of a span."""

ALTERED = 0.75
"""How alike (0 to 1) a passage must be to count as the quote with its words changed."""

WORTH_SHOWING = 0.6
"""Two unrelated English sentences are about 0.5 alike; a nearest passage must be clearly above."""

COUNTED = 1_000
"""How many places are counted before giving up on the exact number."""

LOOKED_THROUGH = 20_000_000
"""How many code points a page goes through in search of likenesses, all its quotes together."""


class Page:
    """A snapshot's text, prepared for finding quotes in it.

    The skeleton is worked out once, when first needed: some 0.2 s for two million code points.
    """

    def __init__(self, text: str):
        self.text = text
        self._left = LOOKED_THROUGH

    @cached_property
    def _blocks(self) -> Blocks:
        return Blocks(self.text)

    @cached_property
    def _gaps(self) -> list[Gap]:
        return gaps_of(self._blocks.shape)

    def text_at(self, spans: Sequence[tuple[int, int]]) -> str:
        """The words at spans, in the page's own wording.

        Several are joined by one blank, or by a newline where a line break lies between them.
        """
        pieces, before = [], None
        for start, end in spans:
            if before is not None:
                gap = self.text[before:start]
                pieces.append("\n" if any(c in gap for c in "\n\r\u2029") else " ")
            pieces.append(self.text[start:end])
            before = end
        return "".join(pieces)

    def context(self, span: tuple[int, int]) -> tuple[str, str]:
        """The up to 32 code points before a span and after it, as they are in the text."""
        start, end = span
        return self.text[max(0, start - CONTEXT) : start], self.text[end : end + CONTEXT]

    def find(self, words: str) -> tuple[Span, ...]:
        """Where these words stand, typographic differences allowed.

        One span, or several for a quote that is broken by its attribution or runs over paragraphs.
        Raises NoWords, NotInText, or SeveralPlaces when nothing but a guess could tell them apart.
        """
        if not (needle := bare_skeleton(words)):
            raise NoWords
        places, complete = self._places(words, needle, COUNTED)
        if len(places) > 1 or (places and not complete):
            verbatim, sure = self._verbatim(words, 2)
            if len(verbatim) == 1 and sure:
                return tuple(verbatim)
            shown = [self._place(spans) for spans in places[:SHOWN]]
            raise SeveralPlaces(shown, len(places), complete=complete)
        if not places:
            is_sought = self._left > 0
            raise NotInText(self.nearest(words), is_sought=is_sought)
        return places[0]

    def at(self, spans: Sequence[Sequence[int]], words: str | None = None) -> tuple[Span, ...]:
        """These spans, if they are places in this text and hold these words (when given).

        Raises BadSpans, or WordsDiffer when the difference is more than typography.
        """
        checked = []
        for index, span in enumerate(spans):
            checked.append(self._checked(index, span, checked[-1] if checked else None))
        if not checked:
            raise BadSpans(None, "are empty")
        if words is not None:
            found = self.text_at(checked)
            if not same_words(words, found):
                raise WordsDiffer(found, difference_of(words, found))
        return tuple(checked)

    def nearest(self, words: str) -> Nearest | None:
        """The passage most like these words, or None when nothing is clearly like them.

        None too once the page has been searched so often that `LOOKED_THROUGH` is used up.
        """
        needle, skeleton = bare_skeleton(words), self._blocks.skeleton
        if not needle or not skeleton or self._left <= 0:
            return None
        self._left -= len(skeleton)
        best = max(
            (best_fit(needle, skeleton, at) for at in likely_windows(needle, skeleton)),
            key=lambda candidate: candidate[0],
        )
        span = self._outward(*best[1:])
        if span is None:
            return None
        text = self.text[span.start : span.end]
        score = fuzz.ratio(needle, bare_skeleton(text)) / 100
        if score < WORTH_SHOWING:
            return None
        return Nearest(span.start, span.end, text, score, difference_of(words, text))

    def follow(
        self,
        words: str,
        spans: Sequence[tuple[int, int]],
        prefix: str = "",
        suffix: str = "",
        taken: Collection[tuple[Span, ...]] = (),
    ) -> Following:
        """What became of a quote, now that its article's text is this page.

        ``words``, ``spans``, ``prefix`` (before the first span) and ``suffix`` (after the last) are
        the quote's in the text before; ``taken`` are places that other quotes have. Of several
        places the surroundings tell which it is, even when the same words stand where they stood.
        """
        spans = tuple(Span(*span) for span in spans)
        stands = self._stand_at(words, spans) and spans not in taken
        if stands and self._place(spans)[1:] == (prefix, suffix):
            return Following("exact", spans, None)
        places = self._shifted(words, spans)
        if not places and (needle := bare_skeleton(words)):
            places, _ = self._places(words, needle, COUNTED * 10)
        if stands and spans not in places:
            places.append(spans)
        if free := [place for place in places if place not in taken]:
            best = self._best_placed(free, spans, prefix, suffix)
            return Following("exact" if best == spans else "moved", best, None)
        nearest = None if places else self.nearest(words)
        if nearest and nearest.score >= ALTERED:
            return Following("altered", None, nearest)
        return Following("missing", None, None)

    # Finding

    def _places(self, words: str, needle: str, limit: int) -> tuple[list[tuple[Span, ...]], bool]:
        """Every place these words could stand, and whether that is all of them."""
        spans, complete = self._occurrences(needle, limit)
        if not spans and complete:
            # Words cut out of a run of dashes or from between invisible characters.
            spans, complete = self._verbatim(words, limit)
        if spans:
            return [(span,) for span in spans], complete
        return self._split_places(needle)

    def _occurrences(self, needle: str, limit: int) -> tuple[list[Span], bool]:
        """Places where the skeleton has the needle, overlapping ones too; whether these are all."""
        return _occurrences(self._blocks.skeleton, needle, self._span, limit)

    def _verbatim(self, words: str, limit: int) -> tuple[list[Span], bool]:
        """Places where the text has the words code point for code point; whether these are all."""

        def whole(start: int, end: int) -> Span | None:
            breaks = self._blocks.is_break
            return Span(start, end) if breaks(start) and breaks(end) else None

        bare = words.strip(WHITE + INVISIBLE)
        # A blank or an invisible character that carried a mark is no edge to cut off.
        bare = bare if same_words(bare, words) else words
        return _occurrences(self.text, bare, whole, limit)

    def _split_places(self, needle: str) -> tuple[list[tuple[Span, ...]], bool]:
        if " " not in needle or not self._gaps:
            return [], True
        search = SplitSearch(self._blocks.skeleton, needle, self._gaps)
        places = []
        for reading in search.readings(SHOWN + 1):
            spans = tuple(self._span(start, end) for start, end in reading)
            if all(spans):
                places.append(spans)
        return sorted(places), len(places) <= SHOWN and not search.exhausted

    def _span(self, start: int, end: int) -> Span | None:
        """The text's span for a stretch of the skeleton; None where it would split a cluster."""
        span = Span(self._blocks.start_of(start), self._blocks.end_of(end - 1))
        return span if span.start >= 0 and span.end >= 0 else None

    def _outward(self, start: int, end: int) -> Span | None:
        """The smallest span that covers a stretch of the skeleton and splits no cluster."""
        blocks, reach = self._blocks, 1_000
        starts = map(blocks.start_of, range(start, max(-1, start - reach), -1))
        ends = map(blocks.end_of, range(end - 1, min(len(blocks.skeleton), end + reach)))
        first, last = next((i for i in starts if i >= 0), -1), next((i for i in ends if i >= 0), -1)
        return Span(first, last) if 0 <= first < last else None

    def _place(self, spans: tuple[Span, ...]) -> Place:
        return Place(spans, self.context(spans[0])[0], self.context(spans[-1])[1])

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
            raise BadSpans(index, f"[{start}, {end}) is outside the text, which ends at {length}")
        if start >= end:
            fault = "is empty" if start == end else "is reversed"
            raise BadSpans(index, f"[{start}, {end}) {fault}")
        if before and start <= before.end:
            fault = (
                "is out of order" if end <= before.start else "overlaps or touches the one before"
            )
            raise BadSpans(index, f"[{start}, {end}) {fault}")
        for offset in (start, end):
            if not self._blocks.is_break(offset):
                raise BadSpans(
                    index, f"[{start}, {end}) splits a character (grapheme cluster) at {offset}"
                )
        if not bare_skeleton(self.text[start:end]):
            raise BadSpans(index, f"[{start}, {end}) holds only white space")
        return Span(start, end)

    def _stand_at(self, words: str, spans: tuple[Span, ...]) -> bool:
        try:
            self.at(spans, words)
        except AnchoringError:
            return False
        return True

    # Following

    def _shifted(self, words: str, spans: tuple[Span, ...]) -> list[tuple[Span, ...]]:
        """Places where all the pieces of a several-span quote stand as far apart as they did."""
        if len(spans) < 2:
            return []
        first = words[: spans[0].end - spans[0].start]
        if not bare_skeleton(first):
            return []
        places = []
        for place in self._occurrences(bare_skeleton(first), COUNTED)[0]:
            by = place.start - spans[0].start
            moved = tuple(Span(s + by, e + by) for s, e in spans)
            if self._stand_at(words, moved):
                places.append(moved)
        return places

    def _best_placed(
        self, places: list[tuple[Span, ...]], old: tuple[Span, ...], prefix: str, suffix: str
    ) -> tuple[Span, ...]:
        """The place whose surroundings agree best with the old ones; of equals, the nearest."""

        def agreement(spans: tuple[Span, ...]) -> tuple[float, int]:
            place = self._place(spans)
            alike = fuzz.ratio(prefix, place.prefix) + fuzz.ratio(suffix, place.suffix)
            return alike, -abs(spans[0].start - old[0].start)

        return max(places, key=agreement)


_COMPARISONS = 500_000_000
_PLACE_COST = 2_500


def _occurrences(
    text: str, words: str, span_of: Callable[[int, int], Span | None], limit: int
) -> tuple[list[Span], bool]:
    """Up to ``limit`` spans of all that ``text`` has of ``words``, and whether these are all.

    The work is bounded: ever so many places may have the words and be refused by ``span_of``.
    """
    spans, comparisons = [], 0
    at = text.find(words)
    while at >= 0:
        if len(spans) == limit or comparisons > _COMPARISONS:
            return spans, False
        span = span_of(at, at + len(words))
        if span:
            spans.append(span)
        comparisons += _PLACE_COST + len(words)
        at = text.find(words, at + 1)
    return spans, True
