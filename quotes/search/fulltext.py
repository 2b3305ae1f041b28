"""`q`: words in any form and order, stemmed by the language of each quote, accents ignored.

A query is stemmed once for each language of quotes. Stems are prefixed by their language
(`en/gift`), so one look-up in the index serves all languages.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models import Q, Value

from quotes.search.phrase import Unusable

MAX_QUERY_WORDS = 32

ASKED = """
SELECT tag, config::text, quotes_stemmed_as(tag), asked::text, querytree(asked)
FROM unnest(%s::text[]) tag, quotes_search_config(tag) config,
     websearch_to_tsquery(config, translate(%s, '/<>&', '    ')) asked
"""
"""Markup and slashes are read as in `quotes_search_words`."""


ANYTHING = "T"
"""The querytree of a query that the index cannot answer."""


class Query(models.Func):
    """A tsquery as PostgreSQL has written it."""

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


class LikelyTrue(models.Func):
    """Whether a condition is true. PostgreSQL expects nearly all rows to match."""

    template = "((%(expressions)s)::int <> 0)"
    output_field = models.BooleanField()


class Rank(models.Func):
    """Rank by the distance between the words and by the length of the text, in millionths."""

    template = "(ts_rank_cd(%(expressions)s, 1) * 1000000)::bigint"
    output_field = models.BigIntegerField()

    def __init__(self, asked: str):
        super().__init__("search_words", Query(asked))


WORD = re.compile(r"'((?:[^']|'')*)'")
"""A word in the text of a tsquery."""

MAX_WORD_BYTES = 2_000
"""Longer words are not prefixed; `quotes_search_words` has the same limit."""


def contradicts_itself(asked: str) -> bool:
    """Whether a word must and must not occur: PostgreSQL would scan all quotes."""
    words = re.findall(rf"(!?)({WORD.pattern})", asked)
    refused = {word for sign, word, _ in words if sign}
    return "|" not in asked and any(word in refused for sign, word, _ in words if not sign)


def of_words_in(language: str, asked: str) -> str:
    """The query with each word prefixed by a language."""

    def apart(word: re.Match) -> str:
        is_kept = len(word[1].encode()) <= MAX_WORD_BYTES
        return f"'{language}/{word[1]}'" if is_kept else word[0]

    return WORD.sub(apart, asked)


def written_in(tags: list[str | None]) -> Q:
    """Quotes of these languages; None is a quote without one."""
    known = [tag for tag in tags if tag is not None]
    written = Q(language__in=known) if known else Q(pk__in=())
    return written | Q(language__isnull=True) if None in tags else written


@dataclass
class Stems:
    """A query, stemmed for each language (`arms`: tsquery → languages of quotes)."""

    arms: dict[str, list[str | None]]
    to_mark: dict[str, str]  # text search configuration → query, without the excluded words
    is_looked_up: bool  # whether the index can answer: not if all a quote needs is to lack a word

    @classmethod
    def read(cls, text: str, tags: list[str | None]) -> "Stems":
        """Parse a query for quotes of these languages.

        Raises Unusable if nothing is left of it, or it has more than `MAX_QUERY_WORDS` words.
        """
        with connection.cursor() as cursor:
            # PostgreSQL gives up at some tens of signs in a row.
            cursor.execute(ASKED, [tags or [None], re.sub(r"-[-\s]*-", "-", text)])
            rows = [row for row in cursor.fetchall() if row[-2]]
        if not rows:
            raise Unusable(
                "Holds no word to search for: only words that stand in nearly every text, or none. "
                "Use phrase for these very words."
            )
        arms, to_mark = {}, {}
        for tag, configuration, language, asked, positive in rows:
            if len(WORD.findall(asked)) > MAX_QUERY_WORDS:
                fault = f"Holds more than {MAX_QUERY_WORDS} words. Use like for a whole passage."
                raise Unusable(fault)
            arms.setdefault(of_words_in(language, asked), []).append(tag)
            to_mark[configuration] = positive if positive != ANYTHING else ""
        return cls(arms, to_mark, is_looked_up=all(row[-1] != ANYTHING for row in rows))

    @property
    def condition(self) -> Q:
        arms = {asked: tags for asked, tags in self.arms.items() if not contradicts_itself(asked)}
        if not arms:
            return Q(pk__in=())
        if self.is_looked_up:
            return Q(Matches(any_of(arms)))
        asked = [models.When(written_in(tags), then=Matches(arm)) for arm, tags in arms.items()]
        tags = [tag for tags in arms.values() for tag in tags]
        return written_in(tags) & Q(LikelyTrue(models.Case(*asked, default=False)))

    @property
    def rank(self) -> models.Expression:
        return Rank(any_of(self.arms))


def any_of(arms: Iterable[str]) -> str:
    return " | ".join(f"({asked})" for asked in arms)
