"""SQL functions as Django expressions; the first migration creates most of them."""

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models


class Fold(models.Func):
    """A text for comparison, without case, accents or typography: `sources_fold`."""

    function = "sources_fold"
    output_field = models.TextField()


class FoldNames(models.Func):
    """A name and its aliases, folded, without duplicates."""

    function = "sources_fold_names"
    output_field = ArrayField(models.TextField())


class NameKey(models.Func):
    """A speaker's name for comparison: folded, without titles and letters behind the name."""

    function = "sources_name_key"
    output_field = models.TextField()


class BodyKey(models.Func):
    """An organisation's name for comparison: folded, without article and bracketed acronym."""

    function = "sources_body_key"
    output_field = models.TextField()


class SpeakerNames(FoldNames):
    """The names of a speaker, folded, and as they are compared."""

    function = "sources_speaker_names"


class OrganisationNames(FoldNames):
    """The names of an organisation, folded, and as they are compared, and its acronyms."""

    function = "sources_organisation_names"


class Bare(models.Func):
    """The words of a text as all searches compare them: `sources_bare`."""

    function = "sources_bare"
    output_field = models.TextField()


class Words(models.Func):
    """The words of a bare text, unstemmed: `sources_words`."""

    function = "sources_words"
    output_field = SearchVectorField()


class AllNames(models.Func):
    """Folded names as one text, for a trigram index."""

    function = "sources_all_names"
    output_field = models.TextField()


class NameSlips(models.Func):
    """The words of folded names, and what is left of each without one letter; initials."""

    function = "sources_name_slips"
    output_field = ArrayField(models.TextField())


class IdentifierValues(models.Func):
    """The identifiers of a record, in lower case, without their schemes."""

    function = "sources_identifier_values"
    output_field = ArrayField(models.TextField())


class UrlKey(models.Func):
    """A URL for comparison, without what never makes another page: `sources_url_key`."""

    function = "sources_url_key"
    output_field = models.TextField()


class HasWords(models.Func):
    """Whether words have all of those asked for; with `may_go_on`, the last may be a prefix."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()

    def __init__(self, words, asked: str, *, may_go_on: bool = False):
        values = models.Value(asked), models.Value(not may_go_on)
        super().__init__(words, models.Func(*values, function="sources_words_query"))


MAX_REMEMBERED = 20_000
"""Names, URLs and roles whose forms for comparison a process remembers: some megabytes."""

remembered: dict[tuple[str, str], str] = {}
"""By function and value: news repeats its names, and PostgreSQL takes 50 µs for one."""


def fold_all(values: Iterable[str]) -> dict[str, str]:
    """Map each value to its folded form; at most one query."""
    return _each_through(Fold, values)


def keys_of(key: type[models.Func], names: Iterable[str]) -> dict[str, str]:
    """Map each name to its form for comparison; at most one query."""
    return _each_through(key, names)


def url_keys(urls: Iterable[str]) -> dict[str, str]:
    """Map each URL to its form for comparison; at most one query."""
    return _each_through(UrlKey, urls)


def _each_through(function: type[models.Func], values: Iterable[str]) -> dict[str, str]:
    name = function.function
    keys = {value: remembered.get((name, value)) for value in values}
    if missing := [value for value, key in keys.items() if key is None]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT v, {name}(v) FROM unnest(%s::text[]) v", [missing])
            found = dict(cursor.fetchall())
        if len(remembered) + len(found) > MAX_REMEMBERED:
            remembered.clear()
        remembered.update({(name, value): key for value, key in found.items()})
        keys |= found
    return keys
