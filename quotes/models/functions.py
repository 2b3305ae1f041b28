"""SQL expressions that only quotes need."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sources.dates import UNKNOWN_DAY


class Exactly(models.Func):
    """Equality, written so that an expression index serves it."""

    template = "(%(expressions)s)"
    arg_joiner = " = "
    output_field = models.BooleanField()


class BareWords(models.Func):
    """The words of a text without case, accents and punctuation, as an array."""

    function = "quotes_bare_words"
    output_field = ArrayField(models.TextField())


class Grams(models.Func):
    """Hashes of each word of a normalised text and of each two adjacent words."""

    function = "quotes_grams"
    output_field = ArrayField(models.IntegerField())


class Periods(models.Func):
    """The periods in which a quote was filed and printed: see `quotes.search.periods`."""

    function = "quotes_periods"
    output_field = ArrayField(models.IntegerField())


class Deletions(models.Func):
    """Hashes that a word shares with its misspellings: see `quotes.models.vocabulary`."""

    function = "quotes_deletions"
    output_field = ArrayField(models.IntegerField())


class FoldedText(models.TextField):
    """A derived column; `sources.history.erasure` skips it because it only repeats another."""

    repeats_another = True


class PrintedBefore(models.Func):
    """One quote was printed before another, by day and id; unknown days come last."""

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
