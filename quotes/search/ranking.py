"""The order of relevance, best first.

Matches of `like` have scores already, and all are ranked. Of the matches of `q` the newest
`RANKED_QUOTES` are ranked, by the distance between the words and the length of the text. The rest
follow by id, newest first, because ranking hundreds of thousands takes seconds. The lowest ranked
id (`fence`) is found for the first page, and its cursors carry it on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value

from quotes.search.conditions import OneOf
from quotes.search.pages import first_of

RANKED_QUOTES = 1_000

UNRANKED = -1
"""The relevance of the rest, below any other."""

ALL = UUID(int=0)


class ScoreOf(models.Func):
    """The score of a quote, from an array of ids and one of scores."""

    template = "(%(numbers)s)[array_position(%(expressions)s)]"
    output_field = models.BigIntegerField()

    def __init__(self, scores: dict[UUID, int]):
        super().__init__(Value(list(scores), ArrayField(models.UUIDField())), "pk")
        self.numbers = Value(list(scores.values()), ArrayField(models.BigIntegerField()))

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
        """Rank the matches from a fence on, or the newest `RANKED_QUOTES`."""
        search = quotes.search
        if search.like:
            return cls(quotes, search.scores, ALL)
        if fence is not None:
            newest = quotes.filter(pk__gte=fence)
        else:
            ids = first_of(quotes.order_by("-pk")[: RANKED_QUOTES + 1])
            fence = ids[RANKED_QUOTES - 1] if len(ids) > RANKED_QUOTES else ALL
            newest = quotes.filter(Q(OneOf("pk", ids[:RANKED_QUOTES])))
        ranks = newest.annotate(rank=search.stems.rank).order_by().values_list("pk", "rank")
        return cls(quotes, dict(ranks), fence)

    def parts(self, cursor: dict | None, wanted: int) -> Iterator[models.QuerySet]:
        """Up to `wanted` ranked quotes after a cursor, then the rest."""
        if cursor is None:
            yield self.ranked(self.order()[:wanted])
            yield self.rest()
            return
        key, backwards = (int(cursor["key"][0]), UUID(cursor["key"][1])), cursor["back"]
        is_ranked, rest = key[0] > UNRANKED, self.rest()
        if not is_ranked:
            # So that PostgreSQL starts at the cursor in the index of ids
            rest = rest.filter(pk__gt=key[1]) if backwards else rest.filter(pk__lt=key[1])
        if backwards:
            if not is_ranked:
                yield rest
            yield self.ranked([each for each in self.order()[::-1] if each > key][:wanted])
        else:
            if is_ranked:
                yield self.ranked([each for each in self.order() if each < key][:wanted])
            yield rest

    def order(self) -> list[tuple[int, UUID]]:
        return sorted(((score, key) for key, score in self.scores.items()), reverse=True)

    def ranked(self, some: list[tuple[int, UUID]]) -> models.QuerySet:
        scores = {key: score for score, key in some}
        return self.quotes.filter(Q(OneOf("pk", list(scores)))).annotate(relevance=ScoreOf(scores))

    def rest(self) -> models.QuerySet:
        rest = self.quotes.filter(pk__lt=self.fence)
        return rest.annotate(relevance=Value(UNRANKED, models.BigIntegerField()))
