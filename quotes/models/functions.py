"""SQL expressions that only quotes need."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import lookups

from sources.dates import UNKNOWN_DAY
from sources.models.facts import Fact
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


class HasFact(models.Func):
    """Whether a fact about the speaker may have held when the words were said, else printed.

    The fact has this key and one of these folded values, or no value was known, if that counts
    (`or_unknown`). As everywhere, an imprecise day may be any of its range; on an unknown one only
    facts without dates hold.
    """

    output_field = models.BooleanField()

    def __init__(self, key: str, folded: list[str], *, or_unknown: bool = False):
        self.key, self.folded, self.or_unknown = key, folded, or_unknown
        super().__init__(*map(models.F, ("speaker", "said", "published")))

    def as_sql(self, compiler, connection, **context):
        columns = [compiler.compile(part)[0] for part in self.get_source_expressions()]
        speaker, day = columns[0], f"coalesce({', '.join(columns[1:])})"
        held = f"""
            FROM sources_fact fact
            WHERE fact.speaker_id = {speaker} AND fact.is_public AND fact.key = %s
              AND fact.value_folded IS NOT NULL
              AND (fact.start IS NULL OR lower(fact.start) < upper({day}))
              AND (fact."end" IS NULL OR upper(fact."end") > lower({day}))
        """
        if self.or_unknown:  # none is NULL
            sql = f"((SELECT bool_or(fact.value_folded = ANY (%s)) {held}) IS NOT FALSE)"
            return sql, (self.folded, self.key)
        return f"(EXISTS (SELECT {held} AND fact.value_folded = ANY (%s)))", (self.key, self.folded)

    def whenever(self) -> lookups.In:
        """Whether the speaker ever had a fact with such a value: these speakers can be found first.

        Not for `or_unknown`, which speakers without a fact meet as well.
        """
        facts = Fact.objects.filter(key=self.key, is_public=True, value_folded__in=self.folded)
        return lookups.In(self.get_source_expressions()[0], facts.values("speaker").query)


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
