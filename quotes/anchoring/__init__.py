"""Find the words of a quote in the text that printed them, and say exactly where they stand.

Nothing here knows about Django or the database: text in, offsets out.

*Offsets* are Unicode code points (Python's own string indices), half-open, as in the W3C Web
Annotation model's TextPositionSelector; ``Page.context`` gives the ``prefix`` and ``suffix`` of a
TextQuoteSelector. A quote's ``spans`` are in reading order and never touch.

*The same words* are words that differ in typography alone. To compare, text is reduced to its
**skeleton**: every quote mark or apostrophe becomes ``'`` or ``"``, every run of dashes one ``-``,
every run of white space one blank, invisible characters vanish, and the rest is put into Unicode's
NFKD form (UAX #15). Case, accents, digits, punctuation, hyphens and the blanks between words all
count. A second reduction of the same length, the **shape**, still tells which quote marks and line
breaks were printed; split quotes are recognised by it.

*Places* begin and end between whole grapheme clusters (UAX #29), so "cafe" is not found in "café"
nor "1" in "½".

The text is reduced block by block with C-speed string operations; where a skeleton's character
came from is worked out only for the blocks that matches fall into.
"""

from quotes.anchoring.normalization import same_words
from quotes.anchoring.page import CONTEXT, Page
from quotes.anchoring.results import (
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

__all__ = [
    "CONTEXT",
    "AnchoringError",
    "BadSpans",
    "Following",
    "Nearest",
    "NoWords",
    "NotInText",
    "Page",
    "Place",
    "SeveralPlaces",
    "Span",
    "WordsDiffer",
    "same_words",
]
