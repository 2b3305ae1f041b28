"""`phrase`: these very words in a row. Stop words, forms and order count.

Case, accents, punctuation and white space do not. A phrase never goes across an omission. An index
holds a hash of each word and of each pair of adjacent words ("grams"). All pairs of a phrase are
looked up together; quotes that have all of them are compared with the whole phrase.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q, Value

from quotes.models import Grams
from quotes.models.languages import speaks
from sources.models.words import SEAM


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


HYPHEN = re.compile(r"(?<=\w)[-\u2010\u2011](?=\w)")
UMLAUT = re.compile(r"(?<![aeq])([aou])e", re.IGNORECASE)

SPELLINGS = """
SELECT bare, quotes_grams(bare), number FROM unnest(%s::text[]) WITH ORDINALITY said (text, number),
    sources_bare(said.text) bare ORDER BY number
"""


def spellings(text: str) -> list[str]:
    """A text as it is, and with its hyphenated words as one.

    Texts that were divided into lines have such words either way.
    """
    return list(dict.fromkeys([text, HYPHEN.sub("", text)]))


class Spelling(NamedTuple):
    words: list[str]
    grams: list[int]  # of the only word, or of each pair
    tags: list[str] | None  # the languages of quotes that have it; None: all


@dataclass
class Phrase:
    spellings: list[Spelling]

    @classmethod
    def read(cls, text: str, tags: list[str | None]) -> "Phrase":
        """Parse a phrase for quotes of these languages. Raises Unusable if it has no word.

        In German ones, `ue` may be `ü`.
        """
        german = [tag for tag in tags if tag and speaks(tag, ["de"])]
        texts = dict.fromkeys(spellings(text))
        if german:
            texts = {UMLAUT.sub(r"\1", each): german for each in texts} | texts
        texts = dict(sorted(texts.items(), key=lambda item: item[1] is not None))
        with connection.cursor() as cursor:
            cursor.execute(SPELLINGS, [list(texts)])
            found = [
                Spelling(bare.split(), grams[2::2] or grams, tags)
                for (bare, grams, _), tags in zip(cursor.fetchall(), texts.values(), strict=True)
            ]
        if not {*found[0].words} - {SEAM}:
            raise Unusable("Holds no word.")
        return cls(found)

    @property
    def condition(self) -> Q:
        found = Q()
        for words, grams, tags in self.spellings:
            has_words = Q(HasGrams(grams)) & Q(Within(words))
            found |= has_words if tags is None else has_words & Q(language__in=tags)
        return found

    def places_in(self, words: list[str]) -> list[tuple[int, int]]:
        """Ranges of these words that are the phrase, including overlapping ones."""
        return [
            (at, at + len(spelt))
            for spelt, *_ in self.spellings
            for at in range(len(words) - len(spelt) + 1)
            if words[at : at + len(spelt)] == spelt
        ]
