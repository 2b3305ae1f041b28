"""Articles with a text and without any quote, and their number as the worker counts it."""

from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from procrastinate.contrib.django import app

from quotes.models import Quote
from sources.models import Article, StoredCount
from sources.models.base import Tally

MAX_COUNTED = 1_000

NAME = "articles without quotes"


def without_quotes(articles: QuerySet[Article]) -> QuerySet[Article]:
    """Those of the articles that have a text and no quote."""
    any_quote = Quote.objects.filter(article=OuterRef("pk"))
    standing = articles.filter(snapshot__isnull=False, merged_into=None, withdrawn__isnull=True)
    return standing.filter(~Exists(any_quote))


def count() -> Tally:
    """Count them up to `MAX_COUNTED` + 1: a second with 500,000 articles."""
    some = without_quotes(Article.objects.order_by()).values("created")[: MAX_COUNTED + 1]
    return tuple(some.aggregate(number=Count("*"), since=Min("created")).values())


def stored_count() -> Tally:
    """The number as last counted, and since when the oldest exists."""
    return StoredCount.last(NAME, count)


@app.periodic(cron="*/5 * * * *")
@app.task(name="quotes.curation.empty_articles.store", queueing_lock="count_empty_articles")
def store_count(timestamp: int) -> None:
    StoredCount.store(NAME, count())
