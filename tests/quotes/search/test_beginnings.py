"""Where lists begin that are in the order of one time and ask for another."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from quotes.api.views import Quotes
from quotes.management.synthetic.archive import generate
from quotes.models import Quote
from quotes.models.indexes import IS_AHEAD
from quotes.search import planner
from tests.conftest import ok
from tests.quotes.search.test_planner import QUOTES, is_gather
from tests.records import make_quote

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("asked", "ordering"),
    [
        ("created_before", "-published"),
        ("updated_before", "-said"),
        ("updated_before", "-created"),
        ("published_before", "-said"),
        ("published_after", "created"),
        ("said_after", "created"),
        ("said_after", "published"),
        ("created_after", "published"),
        ("published_after", "said"),
        ("created_after", "said"),
    ],
)
def test_a_list_begins_where_other_times_tell(reader, monkeypatch, asked, ordering):
    generate(1_500)
    monkeypatch.setattr(planner, "ROW_COST", 1e6)  # a scan is too costly for a second one
    monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", 300 * 10**6)
    time = "2022-07-01"
    with CaptureQueriesContext(connection) as captured:
        shown = ok(reader.get(QUOTES, {asked: time, "ordering": ordering, "limit": 5}))["results"]
    assert len(shown) == 5
    made = [query["sql"] for query in captured.captured_queries]
    assert not any(map(is_gather, made))
    [scan] = [sql for sql in made if "LIMIT 300" in sql]
    column = Quotes.orderings[ordering.lstrip("-")]
    sign = "<=" if ordering.startswith("-") else ">="
    begins = rf'"{column}"\)? {sign} |"{column}", "quotes_quote"."id"\) {sign} '
    assert re.search(begins, scan.partition("ORDER BY")[0])


@pytest.mark.parametrize("days", [30, 33])
def test_a_quote_dated_ahead_is_found_by_when_it_was_filed(reader, days):
    today = timezone.now().date()
    late = make_quote(published=str(today + timedelta(days)))
    make_quote(published=str(today))
    assert Quote.objects.filter(IS_AHEAD).exists() is (days > 31)
    asked = {"created_before": str(today + timedelta(1)), "ordering": "-published"}
    assert ok(reader.get(QUOTES, asked))["results"][0]["id"] == str(late.pk)


@pytest.mark.parametrize(
    ("asked", "ordering"),
    [
        ({"created_before": "2026-03-01"}, "-published"),
        ({"published_before": "2024"}, "-said"),
        ({"updated_before": "2026-03-01"}, "-created"),
        ({"published_after": "2026"}, "said"),
        ({"created_after": "2026-03-01"}, "published"),
        ({"said_after": "2026-03"}, "created"),
    ],
)
def test_following_the_links_of_such_a_list_meets_every_quote_once(
    reader, monkeypatch, asked, ordering
):
    generate(1_500)
    monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", 25)
    url, query, met = QUOTES, {**asked, "limit": 40, "ordering": ordering}, []
    while url and len(met) < 200:
        shown = ok(reader.get(url, query))
        met += [quote["id"] for quote in shown["results"]]
        url, query = shown["next"], None
    monkeypatch.setattr("quotes.api.views.find_page", lambda page: page)
    plainly = ok(reader.get(QUOTES, {**asked, "limit": len(met), "ordering": ordering}))["results"]
    assert len(met) > 40
    assert met == [quote["id"] for quote in plainly]
    while url := shown["previous"]:
        shown = ok(reader.get(url))
        assert all(quote["id"] in met for quote in shown["results"])


LATER = "created = created + '400 days', updated = updated + '400 days'"


@pytest.mark.parametrize(
    ("published", "wrong", "asked", "days", "ordering"),
    [
        (
            -500,
            "said = daterange(current_date, current_date + 1)",
            "published_before",
            -500,
            "-said",
        ),
        (
            None,
            "said = daterange(current_date + 40, current_date + 41)",
            "created_before",
            1,
            "-said",
        ),
        (40, "said = NULL", "created_before", 1, "-published"),
        (0, "created = created + '20 days'", "updated_before", 1, "-created"),
        (0, LATER, "created_after", 300, "said"),
        (None, LATER, "created_after", 300, "published"),
    ],
)
def test_a_quote_with_unlikely_times_is_found_by_each(
    reader, published, wrong, asked, days, ordering
):
    today = timezone.now().date()
    day = None if published is None else str(today + timedelta(published))
    unlikely = make_quote(published=day)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # past the ledger
        cursor.execute(f"UPDATE quotes_quote SET {wrong}")
    given = {asked: str(today + timedelta(days)), "ordering": ordering}
    assert [each["id"] for each in ok(reader.get(QUOTES, given))["results"]] == [str(unlikely.pk)]


@pytest.mark.parametrize("printed", ["2024-12-31", "2024-12", "2024"])
def test_a_list_begins_with_the_last_quote_whose_times_are_likely(reader, printed):
    """31 days after the end of what it was printed in, which is the end of the year asked for."""
    last = make_quote(published=printed, said="2025-02-01")
    assert not Quote.objects.filter(IS_AHEAD).exists()
    given = {"published_before": "2024", "ordering": "-said"}
    assert [each["id"] for each in ok(reader.get(QUOTES, given))["results"]] == [str(last.pk)]


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_times_at_the_ends_of_the_calendar_are_no_fault(reader, time):
    for name, ordering in (("created_before", "-published"), ("updated_before", "-created")):
        ok(reader.get(QUOTES, {name: time, "ordering": ordering}))
