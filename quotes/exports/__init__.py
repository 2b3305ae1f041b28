"""Downloads of every quote that matches a query (`quotes/export/`): CSV, NDJSON, Parquet.

`views` reads the request. `rows` writes the SQL of a row in each format, and `cursor` streams the
rows of one database snapshot. `formats` and `parquet` turn them into a file, `compression`
compresses it, and `export` adds the manifest (RFC 4180 CSV, RFC 9110 codings). Memory stays flat
whatever the size, and a download that breaks off is recognisably incomplete.
"""

from quotes.exports.views import QuoteExport

__all__ = ["QuoteExport"]
