"""The review queue: articles with quotes that wait for a curator, and in which order.

An article stands where its *head* does: of its proposed quotes that are looked for, the one that
was filed first. Heads are found along an index of proposed quotes, so that the beginning of the
queue costs the same however long it is.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, Min, OuterRef

from quotes.models import QuoteQuerySet
from sources.models import Article

ARTICLES = 50
"""How many articles a page of the queue shows."""

DEEPEST = 200
"""Pages beyond are not offered: to narrow the queue is quicker than to leaf so far."""


@dataclass
class Waiting:
    """An article in the queue, with what of it is looked for and how long that has waited."""

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
    "latest": ("Published last", _by_head(F("published_day").desc(nulls_last=True), "-pk")),
    "most": ("Most quotes waiting", _by_number),
}


def queue(wanted: QuoteQuerySet, order: str = "oldest", page: int = 1) -> tuple[list, bool]:
    """A page of the queue, and whether there is a next one; four queries at most.

    `wanted` are the proposed quotes that are looked for, without an order.
    """
    begin = ARTICLES * (page - 1)
    found = ORDERS[order][1](wanted).values_list("article", flat=True)
    keys = list(found[begin : begin + ARTICLES + 1])
    return described(wanted, keys[:ARTICLES]), len(keys) > ARTICLES and page < DEEPEST


def described(wanted: QuoteQuerySet, articles: list[UUID]) -> list[Waiting]:
    """What waits in these articles, in their order."""
    if not articles:
        return []
    there = wanted.filter(article__in=articles).order_by()
    counted = {
        row["article"]: row
        for row in there.values("article").annotate(number=Count("*"), since=Min("created"))
    }
    flagged = defaultdict(set)
    for key, flags in there.exclude(flags=[]).values_list("article", "flags").distinct():
        flagged[key].update(flags)
    known = Article.objects.select_related("outlet").in_bulk(articles)
    return [
        Waiting(
            known[key],
            counted[key]["number"],
            counted[key]["since"],
            sorted(flagged[key]),
        )
        for key in articles
        if key in counted
    ]


def next_article(wanted: QuoteQuerySet, order: str, besides: list[UUID]) -> UUID | None:
    """The first article of the queue that is none of these, if one waits; one query."""
    found = ORDERS[order][1](wanted.exclude(article__in=besides))
    return found.values_list("article", flat=True).first()
