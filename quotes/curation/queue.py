"""The review queue: articles with proposed quotes, in one of three orders.

An article's place is that of its head, the proposed quote that was filed first among those that
match the filters. Heads are found along an index of proposed quotes, so the first page costs the
same however long the queue is.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef, QuerySet

from quotes.models import Quote, QuoteQuerySet
from sources.models import Article

PAGE_ARTICLES = 50

MAX_PAGES = 200
"""Later pages are not offered: to filter the queue is quicker."""


def without_quotes(articles: QuerySet[Article]) -> QuerySet[Article]:
    """Articles with a text and without any quote."""
    any_quote = Quote.objects.filter(article=OuterRef("pk"))
    standing = articles.filter(snapshot__isnull=False, merged_into=None, withdrawn__isnull=True)
    return standing.filter(~Exists(any_quote))


@dataclass
class QueuedArticle:
    """An article, the number of its matching quotes, and how long the first has waited."""

    article: Article
    quotes: int
    since: datetime
    flags: list[str]


def _by_head(*order: str) -> Callable[[QuoteQuerySet], QuoteQuerySet]:
    def ordered(wanted: QuoteQuerySet) -> QuoteQuerySet:
        earlier = wanted.filter(article=OuterRef("article"), pk__lt=OuterRef("pk"))
        return wanted.filter(~Exists(earlier)).order_by(*order)

    return ordered


def _by_number(wanted: QuoteQuerySet) -> QuoteQuerySet:
    return wanted.values("article").annotate(number=Count("*")).order_by("-number", "article")


ORDERS = {
    "oldest": ("Waiting longest", _by_head("created", "pk")),
    "latest": (
        "Most recently published",
        _by_head(F("published_day").desc(nulls_last=True), "-pk"),
    ),
    "most": ("Most quotes waiting", _by_number),
}


def queue(wanted: QuoteQuerySet, order: str = "oldest", page: int = 1) -> tuple[list, bool]:
    """One page of the queue, and whether another follows; four queries at most.

    `wanted` are the proposed quotes that match, unordered.
    """
    begin = PAGE_ARTICLES * (page - 1)
    found = ORDERS[order][1](wanted).values_list("article", flat=True)
    keys = list(found[begin : begin + PAGE_ARTICLES + 1])
    return _queued(wanted, keys[:PAGE_ARTICLES]), len(keys) > PAGE_ARTICLES and page < MAX_PAGES


def _queued(wanted: QuoteQuerySet, articles: list[UUID]) -> list[QueuedArticle]:
    if not articles:
        return []
    quotes = wanted.filter(article__in=articles).order_by()
    counts = {
        row["article"]: row
        for row in quotes.values("article").annotate(number=Count("*"), since=Min("created"))
    }
    flagged = defaultdict(set)
    for key, flags in quotes.exclude(flags=[]).values_list("article", "flags").distinct():
        flagged[key].update(flags)
    known = Article.objects.select_related("outlet").in_bulk(articles)
    return [
        QueuedArticle(
            known[key],
            counts[key]["number"],
            counts[key]["since"],
            sorted(flagged[key]),
        )
        for key in articles
        if key in counts
    ]


def next_article(wanted: QuoteQuerySet, order: str, besides: list[UUID]) -> UUID | None:
    """The first article of the queue that is not one of these; one query."""
    found = ORDERS[order][1](wanted.exclude(article__in=besides))
    return found.values_list("article", flat=True).first()
