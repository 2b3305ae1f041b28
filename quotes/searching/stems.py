"""Words in any form and order, stemmed by the language of each quote, accents set aside.

What is asked is stemmed once for each language that quotes are in. Where two languages make the
same of it they are asked together; where all do, the language is no matter.
"""

import re
from dataclasses import dataclass

from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models import Q, Value

from quotes.searching.phrases import Unusable

MOST_WORDS = 32

ASKED = """
SELECT tag, config::text, asked::text, querytree(asked)
FROM unnest(%s::text[]) tag, quotes_search_config(tag) config,
     websearch_to_tsquery(config, translate(%s, '/<>&', '    ')) asked
"""
"""Markup and either/or are taken as in `quotes_search_words`."""


class Query(models.Func):
    """A tsquery that PostgreSQL wrote before."""

    template = "%(expressions)s::tsquery"
    output_field = SearchVectorField()

    def __init__(self, asked: str):
        super().__init__(Value(asked))


class Matches(models.Func):
    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()

    def __init__(self, asked: str):
        super().__init__("search_words", Query(asked))


class Mostly(models.Func):
    """Whether the first of some cases that applies is true.

    Written so that PostgreSQL takes it to be true of nearly all rows, and asks no index.
    """

    template = "((%(expressions)s)::int <> 0)"
    output_field = models.BooleanField()

    def __init__(self, *cases: models.When):
        super().__init__(models.Case(*cases, default=False, output_field=models.BooleanField()))


class Rank(models.Func):
    """How near the words stand to each other, and how many of all they are, in millionths."""

    template = "(ts_rank_cd(%(expressions)s, 1) * 1000000)::bigint"
    output_field = models.BigIntegerField()

    def __init__(self, asked: str):
        super().__init__("search_words", Query(asked))


def contradicts_itself(asked: str) -> bool:
    """Whether a word must be there and not be there: PostgreSQL would look through all quotes."""
    words = re.findall(r"(!?)('(?:[^']|'')*')", asked)
    refused = {word for sign, word in words if sign}
    return "|" not in asked and any(word in refused for sign, word in words if not sign)


@dataclass
class Stems:
    """`arms`: what is asked of which languages; None is a quote without one."""

    arms: dict[str, list[str | None]]
    to_mark: dict[str, str]  # by configuration: what is asked, without what must not be there
    is_one: bool  # the same of all languages

    @classmethod
    def read(cls, text: str, tags: list[str | None]) -> "Stems":
        """What `text` asks for among quotes of these languages.

        Raises Unusable where nothing is left of it, or too much.
        """
        with connection.cursor() as cursor:
            # PostgreSQL gives up at some tens of signs in a row.
            cursor.execute(ASKED, [tags or [None], re.sub(r"-[-\s]*-", "-", text)])
            rows = cursor.fetchall()
        arms, to_mark = {}, {}
        for tag, configuration, asked, positive in rows:
            if asked:
                arms.setdefault(asked, []).append(tag)
                to_mark[configuration] = positive if positive != "T" else ""
        if not arms:
            raise Unusable(
                "Holds no word to search for: only words that stand in nearly every text, or none. "
                "Use phrase for these very words."
            )
        if any(len(re.findall(r"'(?:[^']|'')*'", asked)) > MOST_WORDS for asked in arms):
            raise Unusable(f"Holds more than {MOST_WORDS} words. Use like for a whole passage.")
        return cls(arms, to_mark, is_one=len(arms) == 1 and len(rows) == len(*arms.values()))

    def in_language(self, tags: list[str | None]) -> Q:
        if self.is_one:
            return Q()
        written = [tag for tag in tags if tag is not None]
        spoken = Q(language__in=written) if written else Q(pk__in=())
        return spoken | Q(language__isnull=True) if None in tags else spoken

    @property
    def condition(self) -> Q:
        arms = {asked: tags for asked, tags in self.arms.items() if not contradicts_itself(asked)}
        if self.is_one or not arms:
            return Q(Matches(*arms)) if arms else Q(pk__in=())
        # One look into the index finds what any language asks for; the language is told by the row.
        any_of = " | ".join(f"({asked})" for asked in arms)
        by_language = [
            models.When(self.in_language(tags), then=Matches(asked)) for asked, tags in arms.items()
        ]
        return Q(Matches(any_of)) & Q(Mostly(*by_language))

    @property
    def rank(self) -> models.Expression:
        if self.is_one:
            return Rank(*self.arms)
        ranks = [
            models.When(self.in_language(tags), then=Rank(asked))
            for asked, tags in self.arms.items()
        ]
        return models.Case(*ranks, default=0, output_field=models.BigIntegerField())
