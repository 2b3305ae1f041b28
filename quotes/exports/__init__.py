"""Downloads of all that matches a query, of quotes and other records: CSV, NDJSON, Parquet.

`views` and `record_views` read the request; `tables` names the fields. `rows` writes the SQL of a
row in each format, and `cursor` streams the rows of one database snapshot. `formats` and `parquet`
turn them into a file, `compression` compresses it, and `export` adds the manifest (RFC 4180 CSV,
RFC 9110 codings). Memory stays flat whatever the size, and a download that breaks off is
recognisably incomplete.
"""

from quotes.exports.record_views import (
    AffiliationExport,
    ArticleExport,
    SpeakerExport,
    UtteranceExport,
)
from quotes.exports.views import QuoteExport

__all__ = [
    "AffiliationExport",
    "ArticleExport",
    "QuoteExport",
    "SpeakerExport",
    "UtteranceExport",
]
