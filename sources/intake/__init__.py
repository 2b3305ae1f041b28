"""Convert documents, as newsrooms have them, into articles as a filing takes them.

In: the bytes of a page, of ninjs, NITF, NewsML-G2, JSON-LD, RSS or Atom, and their media type.
Out: a `Conversion`: the plain text paragraph by paragraph, and the particulars that it states.
Standards: IPTC ninjs 1 to 3, NITF 3, NewsML-G2; schema.org; RSS 2.0; Atom (RFC 4287).
Must never: guess a particular, follow an entity or the network, or need more time than it says.
"""

from sources.intake.conversion import Conversion, Document, NotConverted, Unknown
from sources.intake.formats import (
    FEEDS,
    MEDIA_TYPES,
    articles_in,
    convert,
    convert_any,
    convert_feed,
    convert_markup,
)

__all__ = [
    "FEEDS",
    "MEDIA_TYPES",
    "Conversion",
    "Document",
    "NotConverted",
    "Unknown",
    "articles_in",
    "convert",
    "convert_any",
    "convert_feed",
    "convert_markup",
]
