"""These very words, one after the other: stop words, forms and order count.

Case, accents, marks and white space do not. An index holds hashes of each two words in a row of
every quote; all pairs of a phrase are looked up in it together, and what has all of them is
compared as a whole.
"""

from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q, Value

from quotes.models import Grams


class Unusable(ValueError):
    """Why these words cannot be searched for, and what to do."""


class HasGrams(models.Func):
    """A quote has all of these grams; `any_of`: at least one of them."""

    template = "(%(expressions)s)"
    output_field = models.BooleanField()

    def __init__(self, grams: list[int], *, any_of: bool = False):
        wanted = Value(grams, ArrayField(models.IntegerField()))
        super().__init__(Grams("bare"), wanted, arg_joiner=" && " if any_of else " @> ")


class Within(models.Func):
    """Whether the bare text has these words in a row.

    Written so that PostgreSQL takes it to be true of nearly all rows: those with the grams.
    """

    template = "(strpos(%(expressions)s) <> 0)"
    output_field = models.BooleanField()

    def __init__(self, words: list[str]):
        super().__init__("bare", Value(f" {' '.join(words)} "))


@dataclass
class Phrase:
    words: list[str]
    grams: list[int]  # of the only word, or of each two in a row

    @classmethod
    def read(cls, text: str) -> "Phrase":
        """Raises Unusable where there is no word."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT bare, quotes_grams(bare) FROM quotes_bare(%s) bare", [text])
            bare, grams = cursor.fetchone()
        if not (words := bare.split()):
            raise Unusable("Holds no word.")
        return cls(words, grams[2::2] or grams)

    @property
    def condition(self) -> Q:
        return Q(HasGrams(self.grams)) & Q(Within(self.words))

    def places_in(self, words: list[str]) -> list[tuple[int, int]]:
        """Ranges of these words that are the phrase, those that overlap as well."""
        size = len(self.words)
        return [
            (at, at + size)
            for at in range(len(words) - size + 1)
            if words[at : at + size] == self.words
        ]
