"""The planner finds the same page as the plain query does, whatever the filters."""

import re
from itertools import product

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from quotes.api.filters import QuoteFilters
from quotes.api.views import Quotes
from quotes.management.synthetic.archive import generate
from quotes.models import Quote
from quotes.models.indexes import IS_AHEAD
from quotes.search import planner
from quotes.search.conditions import columns_of, in_parts, split_by_date
from quotes.search.pages import find_page
from quotes.search.planner import GATHER_SETTINGS, FilterPlan, contradicts_itself, having
from quotes.search.word_frequencies import frequencies
from sources.database.estimates import rows_of
from sources.database.keyset import ComparesRows
from sources.models import Fact, Speaker
from tests.bench.filters import lists, values
from tests.conftest import ok

pytestmark = pytest.mark.django_db

ORDERINGS = [f"{sign}{name}" for name, sign in product(Quotes.orderings, ("-", ""))]
QUOTES = "/api/v1/quotes/"


@pytest.fixture
def archive(db):
    generate(1_500)
    frequencies()  # asked for once in some minutes


@pytest.fixture
def with_wrong_times(archive):
    """Some of its quotes were filed before they were printed or said, or changed before filed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SET LOCAL session_replication_role = replica; -- past the triggers of the ledger
            UPDATE quotes_quote SET created = created - interval '400 days'
                WHERE uuid_extract_timestamp(id)::time < '04:00';
            UPDATE quotes_quote SET updated = created - interval '40 days'
                WHERE uuid_extract_timestamp(id)::time BETWEEN '03:00' AND '06:00';
            UPDATE quotes_quote SET created = created + interval '400 days',
                    updated = updated + interval '500 days'
                WHERE uuid_extract_timestamp(id)::time BETWEEN '06:00' AND '07:00';
            UPDATE quotes_quote SET said = daterange(published_day + 200, published_day + 201)
                WHERE published IS NOT NULL
                    AND uuid_extract_timestamp(id)::time BETWEEN '07:00' AND '08:00';
            SET LOCAL session_replication_role = DEFAULT;
            """
        )
    assert 100 < Quote.objects.filter(IS_AHEAD).count() < 700


def page(*conditions, ordering: str = "-published_day", **asked):
    sign = "-" if ordering.startswith("-") else ""
    return Quote.objects.filter(*conditions, **asked).order_by(ordering, f"{sign}id")[:11]


@pytest.mark.parametrize("near", [4, 300, 10**6])
def test_the_planner_finds_the_page_of_the_plain_query_after_a_scan_of_any_length(
    with_wrong_times, reader, monkeypatch, near
):
    known = values()
    asked = [each.query for each in lists(known, 1, ORDERINGS)][::7]
    expected = []
    monkeypatch.setattr("quotes.api.views.find_page", lambda page: page)
    for query in asked:
        expected.append(ok(reader.get(QUOTES, {**query, "limit": 7, "fields": "id"})))
    monkeypatch.setattr("quotes.api.views.find_page", find_page)
    monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", near)
    for query, plainly in zip(asked, expected, strict=True):
        assert ok(reader.get(QUOTES, {**query, "limit": 7, "fields": "id"})) == plainly, query


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_following_the_links_of_planned_pages_meets_every_quote_once(
    archive, reader, monkeypatch, ordering
):
    monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", 25)
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
def test_a_list_that_one_index_answers_takes_one_statement(reader, asked):
    with CaptureQueriesContext(connection) as captured:
        ok(reader.get(QUOTES, asked))
    made = [query["sql"] for query in captured.captured_queries if "quotes_quote" in query["sql"]]
    made = [sql for sql in made if "RECURSIVE" not in sql]  # which languages there are
    assert len(made) == (0 if "language" in asked else 1)


def test_a_list_needs_a_plan_if_it_has_conditions_that_its_index_does_not_tell():
    speaker = Speaker.objects.create(name="Mara Quill")
    assert FilterPlan.of(page(speaker=speaker)) is None
    assert FilterPlan.of(page(status__in=["published", "disputed"])) is None
    assert FilterPlan.of(page(speaker=speaker, kind="direct")) is not None
    assert FilterPlan.of(page(speaker=speaker, ordering="created")) is not None
    assert FilterPlan.of(page(speaker__kind="person")) is not None
    assert FilterPlan.of(page(article__url_key="https://quay.example/", kind="direct")) is None
    plan = FilterPlan.of(page(speaker=speaker, kind="direct", published_day="2026-01-01"))
    assert [columns_of(part) for part in plan.narrowed] == [{"speaker"}, {"published_day"}]


def test_a_page_after_a_cursor_scans_from_there(archive):
    one = Quote.objects.order_by("created", "id")[700]
    after = ComparesRows(["created", "pk"], [one.created, one.pk], ">")
    plan = FilterPlan.of(page(after, kind="mixed", ordering="created"))
    assert [columns_of(part) for part in plan.narrowed] == [{"created", "id"}]
    assert plan.listed.first() == Quote.objects.order_by("created", "id")[701]
    assert FilterPlan.of(page(after, ordering="created")) is None


def test_a_row_costs_more_if_the_index_does_not_hold_what_is_asked():
    held = FilterPlan.of(page(kind="direct", anchor="exact", ordering="created"))
    assert (
        held.row_cost
        < FilterPlan.of(page(kind="direct", attribution_cue="said", ordering="created")).row_cost
    )
    assert (
        held.row_cost == FilterPlan.of(page(speaker__kind="person", ordering="said_day")).row_cost
    )


def test_a_list_of_what_the_user_may_not_see_is_empty_without_a_query_for_quotes(reader):
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


def test_a_page_is_that_of_the_plain_query_whatever_is_asked(with_wrong_times, monkeypatch):
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
        monkeypatch.setattr(
            "quotes.models.querysets.MAX_INLINE_IDS", data.draw(st.sampled_from([0, 500]))
        )
        quotes = filters.qs.order_by(f"{sign}{column}", f"{sign}pk")
        if at := data.draw(st.none() | st.integers(0, 1_500)):
            place = Quote.objects.order_by("pk").values_list(column, "pk")[at : at + 1].first()
            quotes = quotes.filter(ComparesRows([column, "pk"], place or (None, None), comparison))
        plainly = quotes[: data.draw(st.integers(1, 30))]
        monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", data.draw(st.integers(4, 300)))
        monkeypatch.setattr(planner, "SCAN_MARGIN", data.draw(st.integers(1, 3)))
        row = data.draw(st.sampled_from([0.06, 1e-6, 1e6]))  # scan as far as needed, or gather
        monkeypatch.setattr(planner, "ROW_COST", row)
        ids = [quote.pk for quote in find_page(plainly)]
        assert ids == [quote.pk for quote in plainly], asked

    holds()


@pytest.mark.parametrize("most", [0, 500])
def test_speakers_are_found_before_their_quotes(archive, reader, monkeypatch, most):
    monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", 1)
    monkeypatch.setattr(planner, "ROW_COST", 1e6)  # rather gather than scan
    monkeypatch.setattr("quotes.models.querysets.MAX_INLINE_IDS", most)
    one = Fact.objects.filter(speaker__kind="person", value__isnull=False).first()
    asked = {"speaker_kind": "person", "speaker_fact": f"{one.key}:{one.value}"}
    with CaptureQueriesContext(connection) as captured:
        assert ok(reader.get(QUOTES, asked))["results"]
    [gather, *_] = [query["sql"] for query in captured.captured_queries if is_gather(query["sql"])]
    assert ('"sources_speaker"."kind"' in gather) is (most == 0)
    asked["speaker_fact"] += "s and others"
    with CaptureQueriesContext(connection) as captured:
        assert ok(reader.get(QUOTES, asked))["results"] == []
    assert not any(is_gather(query["sql"]) for query in captured.captured_queries)


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
def test_a_date_after_a_day_starts_then_or_with_its_month_or_year(asked, begins):
    quotes = QuoteFilters(asked, Quote.objects.order_by("created", "pk")).qs
    parts = [having(quotes, part) for part in split_by_date(quotes.query.where.children)]
    days = [[*re.findall(r"_day\" (?:>?=) ([-0-9]{10})", str(part.query))] for part in parts]
    assert [each[-1] if each else None for each in days] == begins


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        (["speaker_name"], 2),
        (["speaker_name", "organisation_name"], 4),
        (["speaker_name", "said_after"], 6),
        (["speaker_fact", "speaker_kind"], 1),
        (["role", "outlet"], 1),
    ],
)
def test_the_parts_of_a_gather_hold_each_quote_once(archive, asked, number):
    known = values()
    filters = QuoteFilters(
        {name: known[name]["frequent"] for name in asked}, Quote.objects.order_by("pk")
    )
    quotes = filters.qs
    parts = in_parts(quotes.query.where.children)
    assert len(parts) == number
    found = [key for part in parts for key in having(quotes, part).values_list("pk", flat=True)]
    assert sorted(found) == [*quotes.values_list("pk", flat=True)]


def statements_of(asked_page) -> list[str]:
    """The statements that find a page, apart from estimates."""
    with CaptureQueriesContext(connection) as captured:
        FilterPlan.of(asked_page).find()
    return [query["sql"] for query in captured.captured_queries if "EXPLAIN" not in query["sql"]]


def lengths_of_scans(statements: list[str]) -> list[int]:
    return [int(found[1]) for sql in statements if (found := re.search(r"LIMIT (\d+)\)", sql))]


def is_gather(sql: str) -> bool:
    return "SET LOCAL" in sql


@pytest.mark.parametrize("ordering", ["created", "-published_day"])
def test_scans_grow_until_the_page_is_full_if_gathering_costs_more(archive, monkeypatch, ordering):
    monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", 40)
    monkeypatch.setattr(planner, "ROW_COST", 1e-6)
    made = statements_of(page(kind="mixed", anchor="exact", ordering=ordering))
    first, second, *_ = lengths_of_scans(made)
    assert first == 40
    assert second >= 2 * first
    assert not any(map(is_gather, made))


def test_a_scan_that_found_nothing_goes_on_for_half_of_the_cost_of_a_gather(archive, monkeypatch):
    monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", 5)
    early = Quote.objects.order_by("created")[40].created
    asked = Quote.objects.filter(created__lte=early).order_by("-created", "-pk")
    narrowed = FilterPlan(asked, 11, [], planner.ROW_COST)
    far = Quote.objects.filter(created__gt=early).count() + 11
    for row_cost, is_found in ((narrowed.gather_cost / far / 3, True), (1e6, False)):
        plan = FilterPlan(asked, 11, [], row_cost)
        with CaptureQueriesContext(connection) as captured:
            found = [key for (key,) in plan.find()]
        made = [
            query["sql"] for query in captured.captured_queries if "EXPLAIN" not in query["sql"]
        ]
        assert found == [quote.pk for quote in asked[:11]]
        assert any(map(is_gather, made)) is not is_found


def test_a_page_that_is_nearly_full_is_scanned_on(archive, monkeypatch):
    asked = {"kind": "mixed", "anchor": "exact"}
    newest = Quote.objects.order_by("-published_day", "-id").values(*asked)
    positions = [at for at, quote in enumerate(newest, 1) if quote == asked]
    monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", positions[9])  # one is missing
    made = statements_of(page(**asked))
    assert len(lengths_of_scans(made)) > 1
    assert not any(map(is_gather, made))


def test_a_list_that_was_scanned_to_its_end_is_not_gathered(archive):
    speaker = Quote.objects.filter(kind="direct").exclude(speaker=None).first().speaker_id
    made = statements_of(page(speaker=speaker, kind="direct"))
    assert not any(map(is_gather, made))


def test_a_page_that_a_scan_hardly_begins_to_fill_is_gathered(archive, monkeypatch):
    monkeypatch.setattr(planner, "NEAR_SCAN_ROWS", 5)
    monkeypatch.setattr(planner, "ROW_COST", 1e6)
    scan, gather = statements_of(page(kind="mixed", anchor="exact"))
    assert is_gather(gather)
    assert not is_gather(scan)


def test_whether_a_report_is_the_first_is_checked_after_all_else(archive):
    quotes = Quote.objects.filter(kind="mixed").one_per_utterance().order_by("created", "pk")
    scan = statements_of(quotes[:11])[0]
    checked_first, _, checked_last = scan.partition("LIMIT 4000)")[2].partition("NOT EXISTS")
    assert '"kind"' in checked_first.partition(")")[0]
    assert '"kind"' in checked_last  # of the other reports


@pytest.mark.parametrize(
    ("statuses", "is_told"), [(["published", "disputed"], False), (["retracted"], True)]
)
def test_a_gather_uses_no_index_for_a_status_that_most_quotes_have(archive, statuses, is_told):
    speaker, organisation = (
        Quote.objects.exclude(organisation=None).exclude(speaker=None)
    ).values_list("speaker", "organisation")[0]
    asked = page(speaker=speaker, organisation=organisation, status__in=statuses)
    plan = str(FilterPlan.of(asked).gather_plan)
    assert ("status" in "".join(re.findall(r"'Index Cond': (\".*?\"|'.*?')", plan))) is is_told
    assert "status" in plan


def test_a_quote_that_was_retracted_meanwhile_is_not_shown(archive):
    plan = FilterPlan.of(page(kind="direct", status="published", ordering="created"))
    ids = [key for (key,) in plan.find()]
    Quote.objects.get(pk=ids[3]).retract("Nobody said so.")
    shown = [quote.pk for quote in plan.again(ids)]
    assert shown == [key for key in ids if key != ids[3]]


def test_settings_of_a_gather_end_with_it(archive):
    def now() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('enable_seqscan'), current_setting('jit')")
            return cursor.fetchone()

    before = now()
    plan = FilterPlan.of(page(kind="mixed", anchor="exact", ordering="created"))
    assert rows_of(plan.gathering, GATHER_SETTINGS)
    assert now() == before
