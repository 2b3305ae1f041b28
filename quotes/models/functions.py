"""Expressions in PostgreSQL that only quotes need; its functions are made by migrations."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sources.dates import UNKNOWN_DAY


class Exactly(models.Func):
    """One expression equals another, written plainly so that an expression index can serve it."""

    template = "(%(expressions)s)"
    arg_joiner = " = "
    output_field = models.BooleanField()


class BareWords(models.Func):
    """The words of a text, without case, accents and marks: `quotes_bare_words`."""

    function = "quotes_bare_words"
    output_field = ArrayField(models.TextField())


class Grams(models.Func):
    """Hashes of each word of a bare text and of each two in a row: see `quotes.search`."""

    function = "quotes_grams"
    output_field = ArrayField(models.IntegerField())


class Periods(models.Func):
    """When a quote was filed and printed: see `quotes.search.periods`."""

    function = "quotes_periods"
    output_field = ArrayField(models.IntegerField())


class Deletions(models.Func):
    """What words have in common that differ by a slip: see `quotes.models.vocabulary`."""

    function = "quotes_deletions"
    output_field = ArrayField(models.IntegerField())


class FoldedText(models.TextField):
    """A text that only says again what another column says: no place of its own to look for words.

    `sources.history.erasure` passes it over: what is found there is found in the other.
    """

    says_again = True


class PrintedBefore(models.Func):
    """One quote was printed before another, by day and id of each: unknown days come last."""

    output_field = models.BooleanField()

    def as_sql(self, compiler, connection, **context):
        day, key, others_day, others_key = (
            compiler.compile(expression)[0] for expression in self.source_expressions
        )
        unknown = f"DATE '{UNKNOWN_DAY.isoformat()}'"
        one = f"{day} = {unknown}, {day}, {key}"
        other = f"{others_day} = {unknown}, {others_day}, {others_key}"
        return f"(({one}) < ({other}))", ()


class Speech(models.Func):
    """Fingerprint of a speaker's words: see `quotes.utterances.candidates`."""

    function = "quotes_speech"
    output_field = ArrayField(models.BigIntegerField())

    def __init__(self, speaker, text):
        super().__init__(speaker, BareWords(text))
