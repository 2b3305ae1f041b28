"""The ranges of a text that a search matches, in code points."""

import json
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from quotes.representations.json import QuoteJson
from quotes.search.query import Search
from quotes.search.similar import common, near_words
from quotes.search.tokens import learn_letters, tokens_of

Ranges = list[list[int]]

START, STOP = "\ue000", "\ue001"
"""Marks around matches. In a text that has them itself they are read as spaces."""

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
"""The name of the field."""


def add_matches(rows: list[QuoteJson], search: Search) -> None:
    """Add the field `matches` to each quote of a page."""
    found = matches_in(search, [row.pk for row in rows])
    for row in rows:
        comma = "" if row.json == "{}" else ","
        row.json = f'{row.json[:-1]}{comma}"{MATCHES}":{json.dumps(found[row.pk])}}}'


def matches_in(search: Search, quotes: Iterable[UUID]) -> dict[UUID, Ranges]:
    """Return for each quote half-open ranges `[start, end]` of its text, in order.

    For `q` each word that matches, for `phrase` the whole phrase, for `like` each word in common;
    overlapping ranges are joined. One query, and another when there are new letters.
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
    """The ranges between marks, as positions in the text without marks."""
    at = start = 0
    for letter in headline:
        if letter == START:
            start = at
        elif letter == STOP:
            yield start, at
        else:
            at += 1


def by_word(search: Search, text: str) -> Iterable[tuple[int, int]]:
    tokens = tokens_of(text)
    words = [each.word for each in tokens]
    if search.phrase:
        for first, last in search.phrase.places_in(words):
            yield tokens[first].start, tokens[last - 1].end
    if search.like:
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
