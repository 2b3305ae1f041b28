"""`phrase`: these very words in a row. Stop words, forms and order count.

Case, accents, punctuation and white space do not. An index holds a hash of each word and of each
pair of adjacent words ("grams"). All pairs of a phrase are looked up together; quotes that have all
of them are compared with the whole phrase.
"""

from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q, Value

from quotes.models import Grams


class Unusable(ValueError):
    """These words cannot be searched for. The message says why, and what to do."""


class HasGrams(models.Func):
    """Whether a quote has all of these grams or, with `any_of`, at least one."""

    template = "(%(expressions)s)"
    output_field = models.BooleanField()

    def __init__(self, grams: list[int], *, any_of: bool = False):
        wanted = Value(grams, ArrayField(models.IntegerField()))
        super().__init__(Grams("bare"), wanted, arg_joiner=" && " if any_of else " @> ")


class Within(models.Func):
    """Whether the normalised text has these words in a row.

    Written so that PostgreSQL expects nearly all rows that have the grams to match.
    """

    template = "(strpos(%(expressions)s) <> 0)"
    output_field = models.BooleanField()

    def __init__(self, words: list[str]):
        super().__init__("bare", Value(f" {' '.join(words)} "))


@dataclass
class Phrase:
    words: list[str]
    grams: list[int]  # of the only word, or of each pair

    @classmethod
    def read(cls, text: str) -> "Phrase":
        """Parse a phrase. Raises Unusable if it has no word."""
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
        """Ranges of these words that are the phrase, including overlapping ones."""
        size = len(self.words)
        return [
            (at, at + size)
            for at in range(len(words) - size + 1)
            if words[at : at + size] == self.words
        ]
