"""Anchor the words of a quote in the text that printed them.

In: a text and words. Out: spans of offsets, or an error that shows the nearest passage. Pure
Python, no Django: never guess, never split a grapheme cluster (UAX #29), so "1" is not in "½".
Offsets are half-open, in Unicode code points (W3C Web Annotation, TextPositionSelector).
Words are the same if only typography differs: see `normalization`.
"""

from quotes.anchoring.budget import Budget, TooMuchWork
from quotes.anchoring.normalization import same_words
from quotes.anchoring.page import CONTEXT, Page
from quotes.anchoring.pages import HEADLINE, PAGES, TEXT, Pages, Place
from quotes.anchoring.results import (
    AmbiguousPosition,
    AnchoringError,
    BadSpans,
    Nearest,
    NotInText,
    NoWords,
    Position,
    Reanchoring,
    Span,
    WordsDiffer,
)
from quotes.anchoring.seams import OtherWords, Seams, seams_of

__all__ = [
    "CONTEXT",
    "HEADLINE",
    "PAGES",
    "TEXT",
    "AmbiguousPosition",
    "AnchoringError",
    "BadSpans",
    "Budget",
    "Nearest",
    "NoWords",
    "NotInText",
    "OtherWords",
    "Page",
    "Pages",
    "Place",
    "Position",
    "Reanchoring",
    "Seams",
    "Span",
    "TooMuchWork",
    "WordsDiffer",
    "same_words",
    "seams_of",
]
