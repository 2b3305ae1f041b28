"""CSL-JSON of the article that prints the quote, for reference managers.

A list of one item, as the CSL-JSON schema requires. The authors are the journalists of the byline,
each a `literal`, because the record does not say which part of a name is the family name.
"""

from datetime import UTC

from quotes.models import Quote
from quotes.representations.status_history import StatusHistory
from quotes.representations.wording import UrlOf, citation_key, note, without_empty
from sources.dates import PartialDate


def csl(quote: Quote, history: StatusHistory, url_of: UrlOf) -> list[dict]:
    article, snapshot = quote.article, quote.snapshot
    captured = snapshot and PartialDate.on(snapshot.captured.astimezone(UTC).date())
    return [
        without_empty(
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
                "note": note(quote, history, url_of),
            }
        )
    ]


def date_parts(date: PartialDate | None) -> dict | None:
    """The known parts of a date, as CSL writes them."""
    if date is None:
        return None
    return {"date-parts": [[part for part in (date.year, date.month, date.day) if part]]}
