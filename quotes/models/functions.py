"""SQL expressions that only quotes need."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from sources.dates import UNKNOWN_DAY
from sources.models.functions import Fold


class Exactly(models.Func):
    """Equality, written so that an expression index serves it."""

    template = "(%(expressions)s)"
    arg_joiner = " = "
    output_field = models.BooleanField()


class CalledExactly(models.Func):
    """Whether a name has the form for comparison of another: `key` is `NameKey` or `BodyKey`.

    An expression index of the key serves it. A scan first looks for the form in the folded name,
    which it is part of: that takes a fraction of the time.
    """

    output_field = models.BooleanField()

    def __init__(self, key: type[models.Func], column: str, sought: str):
        form = key(models.Value(sought))
        super().__init__(Fold(column), form, key(column), form)

    def as_sql(self, compiler, connection, **context):
        compiled = [compiler.compile(part) for part in self.get_source_expressions()]
        sql = "(strpos({}, {}) > 0 AND {} = {})".format(*(part for part, _ in compiled))
        return sql, [value for _, values in compiled for value in values]


class Grams(models.Func):
    """Hashes of each word of a bare text and of each two adjacent words."""

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
    """Fingerprint of a speaker's bare words: see `quotes.utterances.candidates`."""

    function = "quotes_speech"
    output_field = ArrayField(models.BigIntegerField())
