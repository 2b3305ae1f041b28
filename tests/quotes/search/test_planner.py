"""A page is found by another road where PostgreSQL would walk far, and is the same page."""

import re
from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

import quotes.search.planner as quotes_finding
from quotes.api.filters import QuoteFilters
from quotes.api.views import Quotes
from quotes.management.synthetic.archive import generate
from quotes.models import Quote
from quotes.search.planner import (
    TO_GATHER,
    Way,
    columns_of,
    contradicts_itself,
    dated,
    found,
    ids_of,
)
from sources.database.keyset import ComparesRows
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


@pytest.mark.parametrize("near", [3, 300, 10**6])
def test_whatever_the_road_the_page_is_the_same(archive, reader, monkeypatch, near):
    known = values()
    asked = [each.query for each in lists(known, 1, ORDERINGS)][::7]
    expected = []
    monkeypatch.setattr("quotes.api.views.found", lambda page: page)
    for query in asked:
        expected.append(ok(reader.get(QUOTES, {**query, "limit": 7, "fields": "id"})))
    monkeypatch.setattr("quotes.api.views.found", found)
    monkeypatch.setattr(quotes_finding, "NEAR", near)
    for query, plainly in zip(asked, expected, strict=True):
        assert ok(reader.get(QUOTES, {**query, "limit": 7, "fields": "id"})) == plainly, query


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_a_walk_by_any_road_meets_every_quote_once(archive, reader, monkeypatch, ordering):
    monkeypatch.setattr(quotes_finding, "NEAR", 25)
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
    assert Way.of(page(speaker=speaker)) is None
    assert Way.of(page(status__in=["published", "disputed"])) is None
    assert Way.of(page(speaker=speaker, kind="direct")) is not None
    assert Way.of(page(speaker=speaker, ordering="created")) is not None
    assert Way.of(page(speaker__kind="person")) is not None
    assert Way.of(page(article__url_key="https://quay.example/", kind="direct")) is None
    way = Way.of(page(speaker=speaker, kind="direct", published_day="2026-01-01"))
    assert [columns_of(part) for part in way.narrowed] == [{"speaker"}, {"published_day"}]


def test_a_page_that_begins_after_a_place_is_found_as_the_first_one_is(archive):
    one = Quote.objects.order_by("created", "id")[700]
    place = ComparesRows(["created", "pk"], [one.created, one.pk], ">")
    way = Way.of(page(place, kind="mixed", ordering="created"))
    assert [columns_of(part) for part in way.narrowed] == [{"created", "id"}]
    assert way.is_left_after(20)
    assert len(way.ahead.query.where.children) == 1
    assert Way.of(page(place, ordering="created")) is None


def test_rows_that_have_to_be_read_are_told_from_those_that_an_index_holds():
    held = Way.of(page(kind="direct", anchor="exact", ordering="created"))
    assert held.row < Way.of(page(kind="direct", attribution_cue="said", ordering="created")).row
    assert held.row == Way.of(page(speaker__kind="person", ordering="said_day")).row


def test_asking_for_what_one_may_not_see_is_known_to_find_nothing(reader):
    assert contradicts_itself(page(Q(status__in=["published"]), status__in=["proposed"]))
    assert contradicts_itself(Quote.objects.listed().filter(status__in=["retracted"]))
    assert not contradicts_itself(page(Q(status__in=["published", "retracted"])))
    assert not contradicts_itself(Quote.objects.listed().filter(status__in=["proposed"]))
    with CaptureQueriesContext(connection) as captured:
        assert ok(reader.get(QUOTES, {"status": "proposed"}))["results"] == []
    assert not any("quotes_quote" in query["sql"] for query in captured.captured_queries)


def drawn(known: dict[str, dict[str, str]], data) -> dict[str, str]:
    """Some filters with some of their values."""
    names = data.draw(st.sets(st.sampled_from([*known]), min_size=1, max_size=3))
    asked = {name: data.draw(st.sampled_from([*known[name].values()])) for name in sorted(names)}
    return asked | ({"one_per_utterance": "true"} if data.draw(st.booleans()) else {})


def test_a_page_is_that_of_the_plain_query_whatever_is_asked(archive, monkeypatch):
    known = values()

    @settings(max_examples=150, deadline=None)
    @given(data=st.data())
    def holds(data):
        asked = drawn(known, data)
        filters = QuoteFilters(asked, Quote.objects.visible_to(AnonymousUser()))
        if not filters.is_valid():
            return  # a range that ends before it begins
        column = data.draw(st.sampled_from([*Quotes.orderings.values()]))
        sign, comparison = data.draw(st.sampled_from([("-", "<"), ("", ">")]))
        monkeypatch.setattr("quotes.models.querysets.FEW", data.draw(st.sampled_from([0, 500])))
        quotes = filters.qs.order_by(f"{sign}{column}", f"{sign}pk")
        if at := data.draw(st.none() | st.integers(0, 1_500)):
            place = Quote.objects.order_by("pk").values_list(column, "pk")[at : at + 1].first()
            quotes = quotes.filter(ComparesRows([column, "pk"], place or (None, None), comparison))
        plainly = quotes[: data.draw(st.integers(1, 30))]
        for name, least, most in (
            ("NEAR", 1, 300),
            ("FARTHEST", 1, 2_000),
            ("MUCH", 0, 2_000),
            ("LOOK_UP", 0, 1),
            ("DEAR", 0, 2_000),
            ("NONE_LEFT", 0, 5),
            ("SPARE", 1, 3),
        ):
            monkeypatch.setattr(quotes_finding, name, data.draw(st.integers(least, most)))
        row = data.draw(st.sampled_from([0.06, 1e-6]))  # next to nothing: it is walked on and on
        monkeypatch.setattr(quotes_finding, "ROW", row)
        ids = [quote.pk for quote in found(plainly)]
        assert ids == [quote.pk for quote in plainly], asked

    holds()


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        ({"published_after": "2020"}, ["2020-01-01"]),
        ({"published_after": "2020-03"}, ["2020-03-01", "2020-01-01"]),
        ({"said_after": "2020-03-05"}, ["2020-03-05", "2020-01-01", "2020-03-01"]),
        ({"said_before": "2020-03-05"}, [None]),
        ({"said_after": "2019", "published_after": "2020-03"}, ["2020-03-01", "2020-01-01"]),
    ],
)
def test_what_is_after_a_day_begins_then_or_with_its_month_or_year(asked, begins):
    quotes = QuoteFilters(asked, Quote.objects.order_by("created", "pk")).qs
    parts = dated(quotes, quotes.query.where.children)
    days = [[*re.findall(r"_day\" (?:>?=) ([-0-9]{10})", str(part.query))] for part in parts]
    assert [each[-1] if each else None for each in days] == begins


def made_for(asked_page) -> list[str]:
    """The statements that find a page, but for those that only ask what others would cost."""
    with CaptureQueriesContext(connection) as captured:
        Way.of(asked_page).found()
    return [query["sql"] for query in captured.captured_queries if "EXPLAIN" not in query["sql"]]


@pytest.mark.parametrize("ordering", ["created", "-published_day"])
def test_it_is_walked_on_from_where_it_was_left(archive, monkeypatch, ordering):
    monkeypatch.setattr(quotes_finding, "NEAR", 40)
    monkeypatch.setattr(quotes_finding, "ROW", 1e-6)
    asked = page(kind="mixed", anchor="exact", ordering=ordering)
    made = made_for(asked)
    walks, left = made[::2], made[1::2]
    assert len(walks) > 1
    assert not any("SET LOCAL" in sql for sql in made)  # nothing was gathered
    assert all(f'("quotes_quote"."{ordering.lstrip("-")}", ' in sql for sql in walks[1:])
    assert len({*left}) == len(walks) - 1
    looked_at = [int(re.search(r"LIMIT (\d+)\)", sql)[1]) for sql in walks]
    assert looked_at[0] == 40


def test_where_nearly_all_is_met_one_looks_a_bit_further(archive, monkeypatch):
    asked = {"kind": "mixed", "anchor": "exact"}
    newest = Quote.objects.order_by("-published_day", "-id").values(*asked)
    places = [at for at, quote in enumerate(newest, 1) if quote == asked]
    monkeypatch.setattr(quotes_finding, "NEAR", places[9])  # one is left to be met
    made = made_for(page(**asked))
    assert len([sql for sql in made if "LIMIT" in sql]) > 1
    assert not any("SET LOCAL" in sql for sql in made)  # nothing was gathered


@pytest.mark.parametrize(("ordering", "end"), [("-published_day", "gte"), ("published_day", "lte")])
def test_what_is_ahead_is_bounded_at_its_end_only(archive, ordering, end):
    days = {"published_day__gte": "2005-01-01", "published_day__lte": "2100-01-01"}
    way = Way.of(page(kind="mixed", ordering=ordering, **days))
    whole = [*way.ahead[:50]]
    assert way.is_left_after(20)
    (place,) = (
        part for part in way.ahead.query.where.children if isinstance(part.lhs, ComparesRows)
    )
    bounds = [part.lookup_name for part in way.ahead.query.where.children if part is not place]
    assert bounds == [end]
    assert [*way.ahead[:30]] == whole[20:]


def test_where_all_that_is_ahead_was_looked_at_nothing_is_gathered(archive):
    speaker = Quote.objects.filter(kind="direct").exclude(speaker=None).first().speaker_id
    made = made_for(page(speaker=speaker, kind="direct"))
    assert not any("SET LOCAL" in sql for sql in made)


def test_whether_a_report_is_the_first_is_asked_of_what_meets_all_else(archive):
    quotes = Quote.objects.filter(kind="mixed").one_per_utterance().order_by("created", "pk")
    walk = made_for(quotes[:11])[0]
    asked_first, _, asked_last = walk.partition("LIMIT 4000)")[2].partition("NOT EXISTS")
    assert '"kind"' in asked_first.partition(")")[0]
    assert '"kind"' in asked_last  # of the other reports


def test_names_to_be_folded_are_told_from_other_columns():
    by_name = Quote.objects.said_by_name("Mara Quill").order_by("created", "id")[:11]
    by_cue = page(attribution_cue="said", ordering="created")
    assert Way.of(by_name).row > Way.of(by_cue).row


def test_a_quote_that_was_taken_back_meanwhile_is_not_shown(archive):
    way = Way.of(page(kind="direct", status="published", ordering="created"))
    ids = way.found()
    Quote.objects.get(pk=ids[3]).retract("Nobody said so.")
    shown = [quote.pk for quote in way.again(ids)]
    assert shown == [key for key in ids if key != ids[3]]


def test_settings_of_a_gathering_end_with_it(archive):
    def now() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('enable_seqscan'), current_setting('jit')")
            return cursor.fetchone()

    before = now()
    way = Way.of(page(kind="mixed", anchor="exact", ordering="created"))
    assert ids_of(way.gathering(way.conditions, None), TO_GATHER)
    assert now() == before
