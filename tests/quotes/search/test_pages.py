"""A search finds the same quotes whether the planner scans ranges or gathers all matches."""

import re
from itertools import product

import pytest
from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext

from quotes.management.synthetic.archive import generate
from quotes.models import Quote
from quotes.search import candidates, pages, word_frequencies
from quotes.search.pages import WordPlan, first_of
from quotes.search.planner import narrowing
from quotes.search.query import Search
from quotes.search.ranking import Ranking
from tests.conftest import ok
from tests.records import make_quote

pytestmark = pytest.mark.django_db

QUOTES = "/api/v1/quotes/"
ORDERS = ["-published_day", "published_day", "-said_day", "created", "-pk", "pk"]


@pytest.fixture
def archive(db):
    generate(1_500)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE quotes_quote")
    word_frequencies.memory.known.clear()
    yield
    word_frequencies.memory.known.clear()


def words() -> dict[str, int]:
    """In how many quotes each word stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, count(DISTINCT id) FROM quotes_quote"
            " CROSS JOIN string_to_table(btrim(bare), ' ') word GROUP BY word ORDER BY 2, 1"
        )
        return dict(cursor.fetchall())


def asked() -> list[dict]:
    """Words from the rarest to the commonest, alone and two together."""
    known = list(words())
    some = [*known[:: len(known) // 12], *known[-8:]]
    searches = [{"phrase": word} for word in some]
    searches += [{"q": f"{one} or {other}"} for one, other in zip(some, some[5:], strict=False)]
    return [*searches, {"q": f"{known[-1]} -{known[-20]}"}, {"q": f"{known[-40]} {known[-41]}"}]


def plainly(page) -> list:
    return list(page.values_list("pk", flat=True))


@pytest.fixture(params=["scans", "gathers", "too few expected", "too many expected"])
def any_plan(request, monkeypatch):
    """Make scans or gathers look cheap, or the estimates be far too low or too high."""
    row_cost, expected = {
        "scans": (1e-9, None),
        "gathers": (1e9, None),
        "too few expected": (0.02, 1),
        "too many expected": (0.02, 10**6),
    }[request.param]
    monkeypatch.setattr(WordPlan, "row_cost", row_cost)
    monkeypatch.setattr(pages, "NEAR_SCAN_ROWS", 20)
    monkeypatch.setattr(pages, "MAX_GATHERED_ROWS", 5)
    if expected is not None:
        monkeypatch.setattr(WordPlan, "expected", expected)


def test_any_plan_finds_the_first_matches_of_the_plain_query(archive, any_plan):
    speaker = Quote.objects.exclude(speaker=None).order_by("speaker")[700].speaker_id
    narrowed = [Quote.objects.all(), Quote.objects.filter(speaker=speaker)]
    narrowed += [Quote.objects.filter(kind="direct", status__in=["published", "disputed"])]
    for query, order in product(asked(), ORDERS):
        search = Search.read(query, [])
        for quotes_ in narrowed:
            for number in (3, 40):
                sign = "-" if order.startswith("-") else ""
                orders = [order] if order.endswith("pk") else [order, f"{sign}pk"]
                page = search.narrow(quotes_).order_by(*orders)[:number]
                assert first_of(page) == plainly(page), (query, order, number)


def test_following_the_links_of_a_search_meets_every_quote_once(archive, reader, any_plan):
    commonest = list(words())[-1]
    url, query, met = QUOTES, {"phrase": commonest, "limit": 90, "fields": "id"}, []
    while url:
        shown = ok(reader.get(url, query))
        met += [quote["id"] for quote in shown["results"]]
        url, query = shown["next"], None
    wanted = Search.read({"phrase": commonest}, []).narrow(
        Quote.objects.filter(status__in=["published", "disputed"])
    )
    assert met == [str(key) for key in plainly(wanted.order_by("-published_day", "-pk"))]


def test_any_plan_ranks_the_newest_matches(archive, monkeypatch, any_plan):
    monkeypatch.setattr("quotes.search.ranking.RANKED_QUOTES", 30)
    for query in asked():
        if "q" in query:
            found = Search.read(query, []).narrow(Quote.objects.all())
            ranking = Ranking.of(found, None)
            assert set(ranking.scores) == {*plainly(found.order_by("-pk")[:30])}, query
            assert Ranking.of(found, str(ranking.fence)).scores == ranking.scores


def statements_of(page) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        first_of(page)
    return [each["sql"] for each in captured.captured_queries if "EXPLAIN" not in each["sql"]]


def busiest_speaker():
    counted = Quote.objects.exclude(speaker=None).values_list("speaker")
    return counted.annotate(number=Count("*")).order_by("-number", "speaker")[0][0]


def test_a_common_word_that_a_speaker_hardly_said_is_gathered_after_two_scans(archive, monkeypatch):
    monkeypatch.setattr(pages, "NEAR_SCAN_ROWS", 8)
    said = Quote.objects.filter(speaker=busiest_speaker()).order_by("-published_day", "-pk")
    newest = {word for quote in said[:8] for word in quote.bare.split()}
    common = next(word for word in reversed(words()) if word not in newest)
    found = Search.read({"phrase": common}, []).narrow(said)
    word_frequencies.frequencies()  # remembered
    *scans, gather = [sql for sql in statements_of(found[:30]) if "OFFSET" not in sql]
    assert "MATERIALIZED" in gather
    assert 1 <= len(scans) <= 2
    assert not any("MATERIALIZED" in scan for scan in scans)


def test_a_gather_that_stops_is_followed_by_a_longer_one_if_a_scan_costs_more(archive, monkeypatch):
    monkeypatch.setattr(WordPlan, "row_cost", 1e9)
    monkeypatch.setattr(pages, "NEAR_SCAN_ROWS", 20)
    monkeypatch.setattr(pages, "MAX_GATHERED_ROWS", 5)
    monkeypatch.setattr(WordPlan, "expected", 1)
    found = Search.read({"phrase": list(words())[-1]}, []).narrow(Quote.objects.order_by("-pk"))
    limits = re.findall(r"LIMIT (\d+)\)\nSELECT", "".join(statements_of(found[:500])))
    assert limits[:3] == ["6", "21", "81"]


def test_the_end_of_a_range_of_all_quotes_is_known_from_statistics(archive, monkeypatch):
    pages.ends.known.clear()
    monkeypatch.setattr(pages, "NEAR_SCAN_ROWS", 200)
    found = Search.read({"phrase": list(words())[-1]}, []).narrow(Quote.objects.order_by("-pk"))
    made = statements_of(found[:3])
    assert not any("OFFSET" in sql for sql in made)
    (end,) = pages.end_of_newest(200)
    assert 150 <= Quote.objects.filter(pk__gte=end).count() <= 250


def test_only_conditions_that_one_index_tells_narrow_a_list():
    quotes_ = Quote.objects.filter(speaker__name="Mara Quill", kind="direct", language="en")
    conditions = quotes_.query.where.children
    assert [part.lhs.target.name for part in narrowing(conditions, "published_day")] == ["language"]
    assert narrowing(conditions, "created") == []


def test_the_end_of_a_range_is_remembered(archive, django_assert_num_queries):
    pages.ends.known.clear()
    page = Search.read({"phrase": list(words())[-1]}, []).narrow(Quote.objects.all())
    page = page.order_by("-published_day", "-pk")[:3]
    with django_assert_num_queries(2):
        first_of(page)
    with django_assert_num_queries(1):
        first_of(page)


def test_a_quote_filed_after_the_end_of_a_range_was_remembered_is_found(archive):
    commonest = list(words())[-1]
    page = Search.read({"phrase": commonest}, []).narrow(Quote.objects.all()).order_by("-pk")[:3]
    first_of(page)
    new = make_quote(commonest)
    assert first_of(page)[0] == new.pk


def test_a_search_without_statistics_finds_nothing_in_an_empty_archive(db):
    word_frequencies.memory.known.clear()
    search = Search.read({"phrase": "harbour"}, [])
    assert first_of(search.narrow(Quote.objects.all()).order_by("-pk")[:3]) == []


# like


@pytest.mark.parametrize("together", [0, 10, 10**9])
def test_like_finds_a_quote_whether_its_words_are_taken_for_rare_or_common(
    archive, monkeypatch, together
):
    monkeypatch.setattr(candidates, "COOCCURRENCE", together)
    quotes_ = Quote.objects.order_by("pk").values_list("pk", "text")[:1_200:20]
    tried = 0
    for key, text in quotes_:
        said = text.split()
        if len(said) >= 5:
            search = Search.read({"like": " ".join(said[:2] + said[3:])}, [])
            search.narrow(Quote.objects.all())
            # Other outlets may have printed the same words with other marks: as good a match.
            assert search.scores[key] == max(search.scores.values())
            tried += 1
    assert tried > 20


def test_like_compares_the_newest_of_many_quotes_with_all_common_words(archive, monkeypatch):
    monkeypatch.setattr(candidates, "COOCCURRENCE", 10**9)
    monkeypatch.setattr(candidates, "NEWEST_QUOTES", 3)
    monkeypatch.setattr(candidates, "MAX_READ_ROWS", 0)
    commonest = list(words())[-1]
    search = Search.read({"like": commonest}, [])
    search.narrow(Quote.objects.all())
    of_all = Search.read({"phrase": commonest}, []).narrow(Quote.objects.all())
    assert {*search.scores} <= {*plainly(of_all.order_by("-pk")[:3])}
    assert of_all.count() > 100


def test_like_searches_once_if_no_word_can_be_a_slip(archive, reader):
    with CaptureQueriesContext(connection) as captured:
        ok(reader.get(QUOTES, {"like": "zorgle 1999 blib"}))
    statements = [query["sql"] for query in captured.captured_queries]
    assert sum("strpos(bare" in sql for sql in statements) <= 1
