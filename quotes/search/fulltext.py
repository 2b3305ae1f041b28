"""`q`: words in any form and order, stemmed by the language of each quote, accents ignored.

A query is stemmed once for each language of quotes. Stems are prefixed by their language
(`en/gift`), so one look-up in the index serves all languages. Words in quote marks, and words that
a mark joins (`well-known`), stand side by side. So do the characters of scripts without spaces,
which are looked up two at a time.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models import Q, Value

from quotes.search.phrase import Unusable, spellings
from sources.models.words import DIVIDED, SEAM

MAX_QUERY_WORDS = 32
"""Words to look up. Two characters of a script without spaces are one."""

OMISSION_PLACES = 32
"""How many places words on both sides of an omission are further apart in `search_words`."""

UNIT = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
"""A word, or words in quote marks, that may be excluded. Signs before it say nothing."""

TOKENS = """
SELECT said.number, token, pair, sources_paired(token || ' ' || token) <> ARRAY[token, token]
FROM unnest(%s::text[]) WITH ORDINALITY said (text, number), sources_bare(said.text) bare,
    LATERAL ROWS FROM (
        string_to_table(btrim(bare), ' '), unnest(sources_paired(bare))
    ) WITH ORDINALITY words (token, pair, place)
WHERE token <> '' ORDER BY said.number, place
"""

STEMS = """
SELECT tag, quotes_stemmed_as(tag), word, (ts_lexize(quotes_dictionary(tag), word))[1]
FROM unnest(%s::text[]) tag, unnest(%s::text[]) word
"""

MAX_WORD_BYTES = 2_000
"""Longer words are in no index; `quotes_search_words` has the same limit."""


class Query(models.Func):
    """A tsquery, of lexemes as `search_words` has them."""

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


class Lexeme(NamedTuple):
    """What `search_words` has of a word, or of two characters of a script without spaces."""

    text: str
    place: int  # from the start of the unit
    size: int  # tokens
    is_prefix: bool  # a single such character begins any pair

    def __str__(self) -> str:
        return f"'{self.text}'{':*' * self.is_prefix}"


Row = tuple[Lexeme, ...]
"""Lexemes that stand side by side."""


@dataclass(frozen=True)
class Unit:
    """Words side by side, in one language, in each of their spellings."""

    rows: tuple[Row, ...]
    is_excluded: bool

    def __str__(self) -> str:
        found = " | ".join(map(written, self.rows))
        return f"{'!' * self.is_excluded}({found})"

    def contradicts(self, other: "Unit") -> bool:
        """Whether all that has the other unit has this one, which is excluded."""
        single = {row[0].text for row in self.rows if len(row) == 1}
        return all(single & {each.text for each in row} for row in other.rows)


def written(row: Row) -> str:
    """A row as a tsquery."""
    text = str(row[0])
    for before, each in pairwise(row):
        text += f" <{each.place - before.place}> {each}"
    return text


class Token(NamedTuple):
    word: str
    pair: str  # with the next one, of a script without spaces
    is_unspaced: bool


class Asked(NamedTuple):
    """A unit of a query as it was asked, in each spelling."""

    spellings: list[list[Token]]
    is_excluded: bool

    def stemmed(self, stems: dict[str, str | None], language: str) -> "Unit | None":
        """The unit in a language; None if only stop words are left of it."""
        rows = [_row(tokens, stems, language) for tokens in self.spellings]
        rows = tuple(dict.fromkeys(row for row in rows if row))
        return Unit(rows, self.is_excluded) if rows else None


def _row(tokens: list[Token], stems: dict[str, str | None], language: str) -> Row:
    """The lexemes of tokens: of a script without spaces every second pair, and the last."""
    row, place, run = [], 0, 0
    for at, (word, pair, is_unspaced) in enumerate(tokens):
        place += 1 + OMISSION_PLACES * (word == SEAM)
        goes_on = at + 1 < len(tokens) and tokens[at + 1].is_unspaced
        run = run + 1 if is_unspaced else 0  # characters of it up to here
        if not is_unspaced:
            if word != SEAM and len(word.encode()) <= MAX_WORD_BYTES and stems[word]:
                row.append(Lexeme(f"{language}/{stems[word]}", place, 1, False))
        elif goes_on and run % 2:
            row.append(Lexeme(f"{language}/{stems[pair]}", place, 2, False))
        elif run == 1:
            row.append(Lexeme(f"{language}/{stems[word]}", place, 1, True))
        elif run % 2:  # the last of an odd number: with the one before
            before = tokens[at - 1].pair
            row.append(Lexeme(f"{language}/{stems[before]}", place - 1, 2, False))
    return tuple(row)


def units_of(text: str) -> list[list[Asked]]:
    """Alternatives, and the units that each asks for. One query."""
    alternatives: list[list[tuple[str, bool]]] = [[]]
    for sign, in_marks, word in UNIT.findall(DIVIDED.sub("", text)):
        if word.lower() == "or" and not sign:
            alternatives.append([])
        else:
            alternatives[-1].append((in_marks or word, bool(sign)))
    texts = list(
        dict.fromkeys(
            spelt for units in alternatives for said, _ in units for spelt in spellings(said)
        )
    )
    tokens = {spelt: [] for spelt in texts}
    with connection.cursor() as cursor:
        cursor.execute(TOKENS, [texts])
        for number, *token in cursor.fetchall():
            tokens[texts[number - 1]].append(Token(*token))
    return [
        [Asked([tokens[spelt] for spelt in spellings(said)], sign) for said, sign in units]
        for units in alternatives
    ]


def written_in(tags: list[str | None]) -> Q:
    """Quotes of these languages; None is a quote without one."""
    known = [tag for tag in tags if tag is not None]
    written = Q(language__in=known) if known else Q(pk__in=())
    return written | Q(language__isnull=True) if None in tags else written


@dataclass
class Stems:
    """A query, stemmed for each language (`arms`: tsquery → languages of quotes)."""

    arms: dict[str, list[str | None]]
    rows: list[Row]  # what may be there: not of excluded units
    is_looked_up: bool  # whether the index can answer: not if all a quote needs is to lack a word

    @classmethod
    def read(cls, text: str, tags: list[str | None]) -> "Stems":
        """Parse a query for quotes of these languages.

        Raises Unusable if nothing is left of it, or it has more than `MAX_QUERY_WORDS` words.
        """
        asked = units_of(text)
        arms, rows, is_looked_up, is_empty = {}, {}, True, True
        for language, (stems, of_language) in stems_of(asked, tags or [None]).items():
            alternatives = [
                [unit for each in units if (unit := each.stemmed(stems, language))]
                for units in asked
            ]
            alternatives = [units for units in alternatives if units]
            if sum(len(unit.rows[0]) for units in alternatives for unit in units) > MAX_QUERY_WORDS:
                fault = f"Holds more than {MAX_QUERY_WORDS} words. Use like for a whole passage."
                raise Unusable(fault)
            is_empty = is_empty and not alternatives
            for units in alternatives:
                wanted = [unit for unit in units if not unit.is_excluded]
                is_looked_up = is_looked_up and bool(wanted)
                rows |= dict.fromkeys(row for unit in wanted for row in unit.rows)
            alternatives = [units for units in alternatives if not contradict(units)]
            if alternatives:
                arm = any_of(" & ".join(map(str, units)) for units in alternatives)
                arms.setdefault(arm, []).extend(of_language)
        if is_empty:
            raise Unusable(
                "Holds no word to search for: only words that stand in nearly every text, or none. "
                "Use phrase for these very words."
            )
        return cls(arms, [*rows], is_looked_up)

    @property
    def condition(self) -> Q:
        if not self.arms:
            return Q(pk__in=())
        if self.is_looked_up:
            return Q(Matches(any_of(self.arms)))
        asked = [
            models.When(written_in(tags), then=Matches(arm)) for arm, tags in self.arms.items()
        ]
        tags = [tag for tags in self.arms.values() for tag in tags]
        return written_in(tags) & Q(LikelyTrue(models.Case(*asked, default=False)))

    @property
    def rank(self) -> models.Expression:
        return Rank(any_of(self.arms))


def stems_of(
    asked: list[list[Asked]], tags: list[str | None]
) -> dict[str, tuple[dict[str, str | None], list[str | None]]]:
    """The stem of each word by language, None for a stop word; and the language's tags."""
    words = {
        text
        for units in asked
        for each in units
        for tokens in each.spellings
        for token in tokens
        for text in (token.word, token.pair)
        if len(text.encode()) <= MAX_WORD_BYTES
    }
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(STEMS, [tags, [*words]])
        for tag, language, word, stem in cursor.fetchall():
            stems, of_language = found.setdefault(language, ({}, {}))
            stems[word], of_language[tag] = stem, None
    return {language: (stems, [*tags]) for language, (stems, tags) in found.items()}


def contradict(units: list[Unit]) -> bool:
    """Whether a word must and must not occur: PostgreSQL would scan all quotes."""
    excluded = [unit for unit in units if unit.is_excluded]
    return any(no.contradicts(unit) for no in excluded for unit in units if not unit.is_excluded)


def any_of(arms: Iterable[str]) -> str:
    return " | ".join(f"({asked})" for asked in arms)
