"""Functions of the database that models use, made by the first migration."""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models import F


class Fold(models.Func):
    """A name as it is compared: `sources_fold` in PostgreSQL."""

    function = "sources_fold"
    output_field = models.TextField()


class FoldNames(models.Func):
    """A name and its aliases, folded, each once."""

    function = "sources_fold_names"
    output_field = ArrayField(models.TextField())


class WordsOf(models.Func):
    """The words of a role, folded, unstemmed: `sources_words`."""

    function = "sources_words"
    output_field = SearchVectorField()


class TextWords(models.Func):
    """The words of what somebody wrote or said, without accents: `sources_text_words`."""

    function = "sources_text_words"
    output_field = SearchVectorField()


class AllNames(models.Func):
    """A list of folded names as one text, for an index on what stands in them."""

    function = "sources_all_names"
    output_field = models.TextField()


class UrlKey(models.Func):
    """A URL as it is compared: scheme and host in lower case, no default port, no fragment."""

    function = "sources_url_key"
    output_field = models.TextField()


class ShortName(models.Func):
    """Of a speaker's kind and name: a person's last name and first initial, else the whole name."""

    function = "sources_short_name"
    output_field = models.TextField()


class GivenNames(models.Func):
    """Of a speaker's kind and name: a person's first name, and the initial of a middle one."""

    function = "sources_given_names"
    output_field = models.TextField()


class HasWords(models.Func):
    """A column of words (`sources_words`) holds all the words asked for."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()

    def __init__(self, column: str, words: str):
        super().__init__(F(column), models.Func(models.Value(words), function="sources_all_words"))


class Mentions(models.Func):
    """A text (`sources_text_words`) holds all words asked for, and one that the last begins."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()

    def __init__(self, text: str, words: str, *, whole: bool = False):
        asked = models.Func(models.Value(words), models.Value(whole), function="sources_text_query")
        super().__init__(TextWords(text), asked)


def fold_all(values: Iterable[str]) -> dict[str, str]:
    """Each value with its folded form; one query."""
    return _each_through(Fold, values)


def url_keys(urls: Iterable[str]) -> dict[str, str]:
    """Each URL with the form it is compared by; one query."""
    return _each_through(UrlKey, urls)


def _each_through(function: type[models.Func], values: Iterable[str]) -> dict[str, str]:
    if not (values := list(set(values))):
        return {}
    applied = f"SELECT v, {function.function}(v) FROM unnest(%s::text[]) v"
    with connection.cursor() as cursor:
        cursor.execute(applied, [values])
        return dict(cursor.fetchall())
