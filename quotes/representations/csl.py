"""CSL-JSON: the article that prints the quote, as reference managers take it.

A list of one item, as the schema of CSL-JSON has it. The authors are the journalists of the
byline, each a `literal`: which part of a name is the family's is not on record.
"""

from datetime import UTC

from quotes.models import Quote
from quotes.representations.status_history import Life
from quotes.representations.wording import Address, citation_key, known, note
from sources.dates import PartialDate


def csl(quote: Quote, life: Life, address: Address) -> list[dict]:
    article, snapshot = quote.article, quote.snapshot
    captured = snapshot and PartialDate.on(snapshot.captured.astimezone(UTC).date())
    return [
        known(
            {
                "id": citation_key(quote),
                "type": "article-newspaper",
                "title": article.headline,
                "author": [{"literal": name} for name in article.byline if name.strip()],
                "container-title": article.outlet and article.outlet.name,
                "issued": date_parts(article.published),
                "accessed": article.url and date_parts(captured),
                "URL": article.url,
                "language": article.language,
                "note": note(quote, life, address),
            }
        )
    ]


def date_parts(date: PartialDate | None) -> dict | None:
    """As many parts as are known."""
    if date is None:
        return None
    return {"date-parts": [[part for part in (date.year, date.month, date.day) if part]]}
