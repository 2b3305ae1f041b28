"""The ranges of a text that a search matches, in code points."""

import json
from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from quotes.representations.json import QuoteJson
from quotes.search.fulltext import OMISSION_PLACES, Lexeme, Row
from quotes.search.query import Search
from quotes.search.similar import common, near_words
from sources.models.tokens import Token, learn_letters, tokens_of
from sources.models.words import SEAM

Ranges = list[list[int]]

TEXTS = "SELECT id, text FROM quotes_quote WHERE id = ANY (%s)"

PLACES = """
SELECT q.id, found.lexeme, found.positions
FROM quotes_quote q, unnest(q.search_words) found
WHERE q.id = ANY (%s) AND (found.lexeme = ANY (%s) OR found.lexeme ^@ ANY (%s))
"""

LAST_PLACE = 16_383
"""The place of all words from here on: PostgreSQL counts no further."""


MATCHES = "matches"
"""The name of the field."""


def add_matches(rows: list[QuoteJson], search: Search) -> None:
    """Add the field `matches` to each quote of a page."""
    found = matches_in(search, [row.pk for row in rows])
    for row in rows:
        comma = "" if row.json == "{}" else ","
        row.json = f'{row.json[:-1]}{comma}"{MATCHES}":{json.dumps(found[row.pk])}}}'


def matches_in(search: Search, quotes: Iterable[UUID]) -> dict[UUID, Ranges]:
    """Return for each quote half-open ranges `[start, end]` of its text, in order.

    For `q` each word that matches, or all words that were asked for side by side; for `phrase` the
    whole phrase, for `like` each word in common; overlapping ranges are joined. One query, another
    for `q`, and another when there are new letters.
    """
    quotes = list(quotes)
    rows = search.stems.rows if search.stems else []
    places: dict[UUID, dict[str, list[int]]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(TEXTS, [quotes])
        texts = dict(cursor.fetchall())
        if rows:
            whole = [each.text for row in rows for each in row if not each.is_prefix]
            begun = [each.text for row in rows for each in row if each.is_prefix]
            cursor.execute(PLACES, [quotes, whole, begun])
            for key, lexeme, positions in cursor.fetchall():
                places[key][lexeme] = positions
    learn_letters(texts.values())
    found = {}
    for key, text in texts.items():
        tokens = tokens_of(text)
        ranges = [*by_row(rows, places[key], tokens), *by_word(search, tokens)]
        found[key] = joined(ranges)
    return found


def by_row(
    rows: list[Row], places: dict[str, list[int]], tokens: list[Token]
) -> Iterable[tuple[int, int]]:
    """The ranges of lexemes that stand side by side."""
    if not places:
        return
    by_place, at = {}, 0
    for token in tokens:
        at += 1 + OMISSION_PLACES * (token.word == SEAM)
        by_place[at] = token
    for first, *others in rows:
        last = others[-1] if others else first
        for start in places_of(first, places):
            if all(start + each.place - first.place in places_of(each, places) for each in others):
                end = start + last.place - first.place + last.size - 1
                yield by_place[start].start, by_place[end].end


def places_of(lexeme: Lexeme, places: dict[str, list[int]]) -> set[int]:
    if lexeme.is_prefix:
        found = {at for text, some in places.items() if text.startswith(lexeme.text) for at in some}
    else:
        found = {*places.get(lexeme.text, ())}
    return found - {LAST_PLACE}


def by_word(search: Search, tokens: list[Token]) -> Iterable[tuple[int, int]]:
    words = [each.word for each in tokens]
    if search.phrase:
        for first, last in search.phrase.places_in(words):
            yield tokens[first].start, tokens[last - 1].end
    if search.like:
        tokens = [each for each in tokens if each.word != SEAM]
        words = [each.word for each in tokens]
        near = near_words(search.like.words, words)
        for _, at, _ in common(search.like.words, words, near):
            yield tokens[at].start, tokens[at].end


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    found: Ranges = []
    for start, end in sorted(ranges):
        if found and start < found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return found
