"""Everything that matches a query, as one file: `quotes/export/`.

`rows` says what a row is in each form, `reading` reads the rows of one state of the database,
`formats` and `parquet` make files of them, `coding` compresses, `endpoint` answers.
"""

from quotes.exports.views import Export

__all__ = ["Export"]
