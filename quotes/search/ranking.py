"""The order of relevance: the best first.

What is like has been compared one by one, and is ranked whole. Of what `q` finds the newest
`RANKED` are ranked, by how near to each other the words stand and in how long a text; the rest
follow by id, the newest first: to rank hundreds of thousands would take long. The first page says
where the ranked ones end, by the lowest of their ids, and its cursors remember it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value

from quotes.search.pages import first_with
from quotes.search.planner import OneOf

RANKED = 1_000

UNRANKED = -1
"""The relevance of the rest: below any other."""

ALL = UUID(int=0)


class Looked(models.Func):
    """The number that goes with an id, of lists of both."""

    template = "(%(numbers)s)[array_position(%(expressions)s)]"
    output_field = models.BigIntegerField()

    def __init__(self, numbers: dict[UUID, int]):
        super().__init__(Value(list(numbers), ArrayField(models.UUIDField())), "pk")
        self.numbers = Value(list(numbers.values()), ArrayField(models.BigIntegerField()))

    def as_sql(self, compiler, connection, **context):
        numbers, values = compiler.compile(self.numbers)
        sql, params = super().as_sql(compiler, connection, numbers=numbers, **context)
        return sql, (*values, *params)


@dataclass
class Ranking:
    quotes: models.QuerySet
    scores: dict[UUID, int]
    fence: UUID | str  # the lowest id that is ranked

    @classmethod
    def of(cls, quotes: models.QuerySet, fence: str | None) -> "Ranking":
        """Ranks from a fence on, or from where `RANKED` of them are."""
        search = quotes.search
        if search.like:
            return cls(quotes, search.scores, ALL)
        if fence is not None:
            ranks = quotes.filter(pk__gte=fence).annotate(rank=search.stems.rank).order_by()
            return cls(quotes, dict(ranks.values_list("pk", "rank")), fence)
        newest = first_with(quotes.order_by("-pk")[: RANKED + 1], rank=search.stems.rank)
        fence = newest[RANKED - 1][0] if len(newest) > RANKED else ALL
        return cls(quotes, dict(newest[:RANKED]), fence)

    def parts(self, place: dict | None, wanted: int) -> Iterator[models.QuerySet]:
        """Those that are ranked, from a place on as many as are wanted; and the rest."""
        if place is None:
            yield self.ranked(self.order()[:wanted])
            yield self.rest()
            return
        at, backwards = (int(place["at"][0]), UUID(place["at"][1])), place["back"]
        is_ranked, rest = at[0] > UNRANKED, self.rest()
        if not is_ranked:
            # Said again, so that the index of ids leads there.
            rest = rest.filter(pk__gt=at[1]) if backwards else rest.filter(pk__lt=at[1])
        if backwards:
            if not is_ranked:
                yield rest
            yield self.ranked([each for each in self.order()[::-1] if each > at][:wanted])
        else:
            if is_ranked:
                yield self.ranked([each for each in self.order() if each < at][:wanted])
            yield rest

    def order(self) -> list[tuple[int, UUID]]:
        return sorted(((score, key) for key, score in self.scores.items()), reverse=True)

    def ranked(self, some: list[tuple[int, UUID]]) -> models.QuerySet:
        scores = {key: score for score, key in some}
        return self.quotes.filter(Q(OneOf("pk", list(scores)))).annotate(relevance=Looked(scores))

    def rest(self) -> models.QuerySet:
        rest = self.quotes.filter(pk__lt=self.fence)
        return rest.annotate(relevance=Value(UNRANKED, models.BigIntegerField()))
