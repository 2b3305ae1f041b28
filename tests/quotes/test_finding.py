"""A page is found by another road where PostgreSQL would walk far, and is the same page."""

from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import quotes.finding
from quotes.finding import answered_by_an_index, found
from quotes.generating import generate
from quotes.models import Quote
from quotes.views import Quotes
from sources.models import Speaker
from tests.bench.filters import lists, values
from tests.conftest import ok

pytestmark = pytest.mark.django_db

ORDERINGS = [f"{sign}{name}" for name, sign in product(Quotes.orderings, ("-", ""))]
QUOTES = "/api/v1/quotes/"


@pytest.fixture
def archive(groups):
    generate(1_500)


def page(*conditions, ordering: str = "-published_day", **asked):
    sign = "-" if ordering.startswith("-") else ""
    return Quote.objects.filter(*conditions, **asked).order_by(ordering, f"{sign}id")[:11]


@pytest.mark.parametrize("near", [3, 30, 300, 10**6])
def test_whatever_the_road_the_page_is_the_same(archive, reader, monkeypatch, near):
    known = values()
    asked = [each.query for each in lists(known, 1, ORDERINGS)][::7]
    expected = []
    monkeypatch.setattr("quotes.views.found", lambda page: page)
    for query in asked:
        expected.append(ok(reader.get(QUOTES, {**query, "limit": 7, "fields": "id"})))
    monkeypatch.setattr("quotes.views.found", found)
    monkeypatch.setattr(quotes.finding, "NEAR", near)
    for query, plainly in zip(asked, expected, strict=True):
        assert ok(reader.get(QUOTES, {**query, "limit": 7, "fields": "id"})) == plainly, query


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_a_walk_by_any_road_meets_every_quote_once(archive, reader, monkeypatch, ordering):
    monkeypatch.setattr(quotes.finding, "NEAR", 25)
    url, query, met = QUOTES, {"kind": "mixed", "limit": 9, "ordering": ordering}, []
    while url:
        shown = ok(reader.get(url, query))
        met += [quote["id"] for quote in shown["results"]]
        url, query = shown["next"], None
    wanted = Quote.objects.filter(kind="mixed", status__in=["published", "disputed"])
    assert len(met) == len(set(met)) == wanted.count()
    backwards, url = [], shown["previous"]
    while url:
        shown = ok(reader.get(url))
        backwards = [quote["id"] for quote in shown["results"]] + backwards
        url = shown["previous"]
    assert backwards == met[: len(backwards)]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"speaker": "0198f000-0000-7000-8000-000000000000"},
        {"speaker": "0198f000-0000-7000-8000-000000000000", "published_before": "2026"},
        {"published_after": "2020", "published_before": "2021-03"},
        {"said_after": "2020", "ordering": "said"},
        {"created_after": "2020-01-01", "ordering": "-created"},
        {"language": "cy", "kind": "direct"},
        {"article": "0198f000-0000-7000-8000-000000000000", "kind": "direct"},
    ],
)
def test_what_one_index_answers_takes_one_statement(reader, asked):
    with CaptureQueriesContext(connection) as captured:
        ok(reader.get(QUOTES, asked))
    made = [query["sql"] for query in captured.captured_queries if "quotes_quote" in query["sql"]]
    made = [sql for sql in made if "RECURSIVE" not in sql]  # which languages there are
    assert len(made) == (0 if "language" in asked else 1)


def test_conditions_of_one_index_and_its_order_are_told_from_others():
    speaker = Speaker.objects.create(name="Mara Quill")
    assert answered_by_an_index(page(speaker=speaker)) is None
    assert answered_by_an_index(page(status__in=["published", "disputed"])) is None
    assert answered_by_an_index(page(speaker=speaker, kind="direct")) is not None
    assert answered_by_an_index(page(speaker=speaker, ordering="created")) is not None
    assert answered_by_an_index(page(speaker__kind="person")) is not None
    assert answered_by_an_index(page(text__contains="quay", kind="direct")) is None
    assert answered_by_an_index(page(kind="direct", ordering="kind")) is None
    narrowed = answered_by_an_index(
        page(speaker=speaker, kind="direct", published_day="2026-01-01")
    )
    told = str(narrowed.query)
    assert "speaker_id" in told.partition("WHERE")[2]
    assert "published_day" in told.partition("WHERE")[2]
    assert "kind" not in told.partition("WHERE")[2]
