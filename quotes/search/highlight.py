"""Where in a text what was searched for stands, in code points."""

import json
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from quotes.representations.json import QuoteJson
from quotes.search.query import Search
from quotes.search.similar import common, near_words
from quotes.search.tokens import learn_letters, placed_words

Ranges = list[list[int]]

START, STOP = "\ue000", "\ue001"
"""Put around what is found; where a text has them itself, a space is read instead."""

TEXTS = """
SELECT q.id, q.text, ts_headline(
    quotes_search_config(q.language),
    translate(left(q.text, 100000), %s || '/<>&', '      '),
    asked.query::tsquery, %s
)
FROM quotes_quote q
LEFT JOIN unnest(%s::text[], %s::text[]) asked(config, query)
    ON asked.config::regconfig = quotes_search_config(q.language) AND asked.query <> ''
WHERE q.id = ANY (%s)
"""

OPTIONS = f"HighlightAll=true, StartSel={START}, StopSel={STOP}"


MATCHES = "matches"
"""What the field is called."""


def add_matches(rows: list[QuoteJson], search: Search) -> None:
    """Put into each quote of a page where it has what was searched for."""
    found = matches_in(search, [row.pk for row in rows])
    for row in rows:
        comma = "" if row.json == "{}" else ","
        row.json = f'{row.json[:-1]}{comma}"{MATCHES}":{json.dumps(found[row.pk])}}}'


def matches_in(search: Search, quotes: Iterable[UUID]) -> dict[UUID, Ranges]:
    """For each of these quotes half-open ranges `[start, end]` of its text, in order.

    Of `q` each word that was matched, of `phrase` the whole of it, of `like` each word in common;
    ranges that overlap are made one. One query, another when letters are met for the first time.
    """
    to_mark = search.stems.to_mark if search.stems else {}
    with connection.cursor() as cursor:
        cursor.execute(
            TEXTS, [START + STOP, OPTIONS, list(to_mark), list(to_mark.values()), list(quotes)]
        )
        rows = cursor.fetchall()
    if by_words := bool(search.phrase or search.like):
        learn_letters(text for _, text, _ in rows)
    found = {}
    for key, text, headline in rows:
        ranges = list(marked(headline)) if headline else []
        if by_words:
            ranges += by_word(search, text)
        found[key] = joined(ranges)
    return found


def marked(headline: str) -> Iterable[tuple[int, int]]:
    """The ranges between marks, in the text without them."""
    at = start = 0
    for letter in headline:
        if letter == START:
            start = at
        elif letter == STOP:
            yield start, at
        else:
            at += 1


def by_word(search: Search, text: str) -> Iterable[tuple[int, int]]:
    placed = placed_words(text)
    words = [each.word for each in placed]
    if search.phrase:
        for first, last in search.phrase.places_in(words):
            yield placed[first].start, placed[last - 1].end
    if search.like:
        near = near_words(search.like.words, words)
        for _, at, _ in common(search.like.words, words, near):
            yield placed[at].start, placed[at].end


def joined(ranges: Iterable[tuple[int, int]]) -> Ranges:
    found: Ranges = []
    for start, end in sorted(ranges):
        if found and start < found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return found
