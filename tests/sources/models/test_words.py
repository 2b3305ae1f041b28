"""Words cleaned for searches: `sources_bare`, and its first steps in Python."""

import pytest
from django.db import connection
from hypothesis import given, settings

from quotes.utterances.words import normalised_words
from sources.identity.names import MARKS
from sources.migrations import _not_seen
from sources.models.words import NOT_SEEN, cleaned, cleaned_in_place
from tests.marked_up import marked_up

pytestmark = pytest.mark.django_db


def bare(text: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sources_bare(%s)", [text])
        return cursor.fetchone()[0].strip()


READ = r"""
Hafen\u00adverwaltung light\u200bhouse \u2060lamp | hafenverwaltung lighthouse lamp
\u200eKessler\u200f \u2067נמל\u2069 \ufeffagain | kessler נמל again
می\u200cخواهم | میخواهم
our find-\nings, a well-\r\nknown min\u00ad\n  istry | our findings a wellknown ministry
Jean-\nPaul; 1990-\n1995; a – \nb | jean paul 1990 1995 a b
chairman/CEO harbour.Nobody me@post.example/x?y | chairman ceo harbour nobody me post example x y
<acting> director ~ C:/ships/log.txt -12 1.5e3 | acting director c ships log txt 12 1 5e3
AT&amp;T caf&eacute; Hafen&shy;rat &lt;b&gt; | at t cafe hafenrat b
it&#39;s&nbsp;&#x41;b R&D &bogus; | it s ab r d bogus
שָׁלוֹם לַנָּמֵל | שלום לנמל
كِتَابُنَا مُهِمٌّ الحريـــة | كتابنا مهم الحرية
अर्थव्यवस्था தமிழ்நாடு | अर्थव्यवस्था தமிழ்நாடு
Cafe\u0301 Ёлка и\u0306 Straße ﬁn ΣΊΣΥΦΟΣ | cafe елка й strasse fin σισυφοσ
出售码头 and ท่า | 出 售 码 头 and ท ่ า
灯台は부두를 | 灯 台 は 부 두 를
"""


@pytest.mark.parametrize("line", READ.strip().splitlines())
def test_words_are_what_a_reader_sees_and_would_type(line):
    text, words = line.encode("latin-1", "backslashreplace").decode("unicode_escape").split(" | ")
    assert bare(text) == words


def test_an_omission_parts_words_and_a_bar_does_not():
    assert bare("We will […] close [. . .] the | quay (...) …") == "we will | close | the quay |"


@settings(max_examples=100, deadline=None)
@given(text=marked_up())
def test_each_cleaned_character_has_its_place_in_the_text(text):
    became, places = cleaned_in_place(text)
    assert became == cleaned(text)
    assert len(places) == len(became) + 1
    assert [*places] == sorted(places)
    assert places[-1] == len(text)
    # At any other place it is the character itself.
    read = {"&", "[", "(", "|"}
    assert all(text[at] in {letter, *read} for letter, at in zip(became, places, strict=False))


def test_what_is_set_aside_is_the_same_for_words_names_and_utterances():
    assert NOT_SEEN == _not_seen.NOT_SEEN
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s, sources_bare(w) <> ' ab ', sources_fold(w) <> 'ab'"
            " FROM generate_series(128, 70000) n, LATERAL (SELECT CASE"
            " WHEN n BETWEEN 55296 AND 57343 THEN '' ELSE chr(n) END AS s) c,"
            " LATERAL (SELECT 'a' || s || 'b' AS w) w WHERE s ~ %s"
            " AND n <> 837",  # the Greek iota below, whose capital is a letter
            [f"[{NOT_SEEN}]"],
        )
        found = cursor.fetchall()
    assert len(found) > 500
    assert [row for row in found if any(row[1:])] == []
    for sign, *_ in found:
        assert normalised_words(f"a{sign}b") == ["ab"], sign
        assert MARKS.sub("", sign) == ""
