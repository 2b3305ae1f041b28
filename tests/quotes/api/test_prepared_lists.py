"""Lists by a prepared statement equal those that are compiled again."""

from datetime import date
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from quotes.api import prepared_lists
from quotes.management.synthetic.archive import generate
from quotes.models import Quote
from sources.database.prepared import Parameter, Statement, Statements
from sources.identity.merging import merge
from tests.bench.filters import lists, values
from tests.conftest import API, ok
from tests.records import make_quote, make_speaker

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"


def shown(client, **asked) -> list[str]:
    return [row["id"] for row in ok(client.get(QUOTES, asked))["results"]]


def ids(*quotes: Quote) -> list[str]:
    return [str(quote.pk) for quote in quotes]


@pytest.fixture
def unprepared(monkeypatch):
    """Have each request build its statement itself."""

    def refrain():
        monkeypatch.setattr(prepared_lists.statements, "get", lambda shape, make: None)

    return refrain


def test_a_prepared_list_equals_one_that_is_compiled_anew(curator, unprepared):
    generate(600)
    orderings = ["-published", "published", "said", "-created"]
    asked = [each.query for each in lists(values(), 1, orderings)][::9]
    asked += [{**query, "fields": "text,speaker", "limit": 3} for query in asked[::7]]
    prepared = [ok(curator.get(QUOTES, query)) for query in asked]
    assert any(prepared_lists.statements.known.values())
    unprepared()
    for query, answer in zip(asked, prepared, strict=True):
        assert ok(curator.get(QUOTES, query)) == answer, query


@pytest.mark.parametrize("ordering", ["-published", "said"])
def test_prepared_pages_are_the_same_in_both_directions(curator, ordering):
    generate(200)
    prepared_lists.statements.known.clear()
    pages, url, query = [], QUOTES, {"limit": 30, "ordering": ordering}
    while url:
        pages.append(page := ok(curator.get(url, query)))
        url, query = page["next"], None
    for before, after in pairwise(pages):
        assert ok(curator.get(after["previous"]))["results"] == before["results"]
    met = [row["id"] for page in pages for row in page["results"]]
    assert sorted(met) == sorted(map(str, Quote.objects.listed().values_list("pk", flat=True)))


def test_requests_that_differ_by_values_share_a_statement_and_get_their_own_quotes(reader):
    ada, bo = make_speaker("Ada"), make_speaker("Bo")
    old, new = make_quote(speaker=ada, published="2020"), make_quote(speaker=bo, published="2024")
    prepared_lists.statements.known.clear()
    assert shown(reader, speaker=ada.pk, published_before="2021-05") == ids(old)
    assert shown(reader, speaker=bo.pk, published_before="2025") == ids(new)
    assert shown(reader, speaker=bo.pk, published_before="2021-05-05") == []
    assert len(prepared_lists.statements.known) == 1


def test_users_who_see_more_have_statements_of_their_own(reader, curator):
    quote = make_quote(speaker=(ada := make_speaker("Ada")), status="proposed")
    for _ in range(2):
        assert shown(reader, speaker=ada.pk) == []
        assert shown(curator, speaker=ada.pk) == ids(quote)


def test_each_choice_of_a_filter_has_its_own_quotes(curator):
    ada = make_speaker("Ada")
    by_status = {
        status: make_quote(speaker=ada, status=status) for status in ("published", "proposed")
    }
    for status, quote in (*by_status.items(), *by_status.items()):
        assert shown(curator, speaker=ada.pk, status=status) == ids(quote)


def test_a_prepared_list_follows_a_record_that_was_merged_since(reader):
    ada, also = make_speaker("Ada"), make_speaker("Ada L.")
    quote = make_quote(speaker=ada)
    assert shown(reader, speaker=also.pk) == []
    merge(also, into=ada)
    for _ in range(2):
        assert shown(reader, speaker=also.pk) == ids(quote)
        assert shown(reader, speaker=ada.pk) == ids(quote)


def test_a_prepared_list_takes_one_statement(reader):
    ada = make_speaker("Ada")
    quote = make_quote(speaker=ada, published="2024-05")
    asked = {"speaker": ada.pk, "published_after": "2020"}
    assert shown(reader, **asked) == ids(quote)
    with CaptureQueriesContext(connection) as captured:
        ok(reader.get(QUOTES, asked))
    known = [query["sql"] for query in captured if "sources_speaker" in query["sql"]]
    assert len(known) == len([query for query in captured if "quote" in query["sql"]]) == 1


def kept() -> list[int]:
    """How often PostgreSQL executed each list that it keeps a plan of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE '%%quotes_json%%' AND NOT from_sql"
        )
        return [number for (number,) in cursor.fetchall()]


@pytest.fixture
def connected(db):
    """A connection that keeps no plan yet."""
    connection.connection._prepared.clear()
    connection.cursor().execute("DEALLOCATE ALL")


def test_postgresql_keeps_one_plan_for_lists_that_differ_by_values(reader, connected):
    ada, bo = make_speaker("Ada"), make_speaker("Bo")
    quotes = {speaker: make_quote(speaker=speaker) for speaker in (ada, bo)}
    for number, speaker in enumerate((ada, bo, ada), 1):
        assert shown(reader, speaker=speaker.pk) == ids(quotes[speaker])
        assert kept() == [number]


def test_postgresql_keeps_no_plan_behind_a_pooler_of_transactions(reader, connected, settings):
    settings.ONRECORD_PREPARED_STATEMENTS = False
    quote = make_quote(speaker=(ada := make_speaker("Ada")))
    for _ in range(2):
        assert shown(reader, speaker=ada.pk) == ids(quote)
    assert kept() == []


def test_no_other_statement_is_counted_or_kept(reader, connected):
    shown(reader)
    assert connection.connection.prepare_threshold is None


def test_links_lead_to_the_host_that_was_asked(reader, settings):
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]
    quote = make_quote()
    for host in ("one.example", "two.example"):
        (row,) = ok(reader.get(QUOTES, headers={"host": host}))["results"]
        assert row["url"] == f"http://{host}{QUOTES}{quote.pk}/"


# Statements


def test_a_statement_takes_values_by_number_and_keeps_its_constants():
    day, constant = date(2026, 2, 11), "50% o'clock, %s"
    params = [Parameter(1), constant, day, Parameter(1)]
    statement = Statement("SELECT %s, %s, %s, %s, 7 %% 4", params)
    with connection.cursor() as cursor:
        for values in (("a", "b"), (1, 2)):
            cursor.execute(*statement.with_values(values))
            assert cursor.fetchone() == (values[1], constant, day, values[1], 3)


def test_at_most_the_given_number_of_statements_is_kept():
    statements = Statements(most=2)
    for number in range(5):
        assert statements.get(number, lambda: Statement("SELECT 1", [])).sql == "SELECT 1"
        assert len(statements.known) <= 2
