"""What is found by its words is looked up by several roads, and is the same."""

from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import quotes.search.candidates
import quotes.search.pages
from quotes.management.synthetic.archive import generate
from quotes.models import Quote
from quotes.search.pages import Ordered, first_of, listed
from quotes.search.query import Search
from quotes.search.ranking import Ranking
from quotes.search.word_frequencies import _known, frequencies
from tests.conftest import ok

pytestmark = pytest.mark.django_db

QUOTES = "/api/v1/quotes/"
ORDERS = ["-published_day", "published_day", "-said_day", "created", "-pk", "pk"]


@pytest.fixture
def archive(groups):
    generate(1_500)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE quotes_quote")
    _known.clear()
    yield
    _known.clear()


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


def roads(monkeypatch, road: str) -> None:
    """Have stretches, or everything at once, look cheap, or the estimates be far too low."""
    read, passed, told = {
        "stretches": (1e9, 0.0, None),
        "all at once": (0.0, 1e9, None),
        "too few expected": (10.0, 0.4, 1),
        "too many expected": (10.0, 0.001, 10**6),
    }[road]
    monkeypatch.setattr(quotes.search.pages, "READ", read)
    monkeypatch.setattr(quotes.search.pages, "PASSED", passed)
    monkeypatch.setattr(quotes.search.pages, "ASKED", 0.0)
    monkeypatch.setattr(quotes.search.pages, "SHORTEST", 20)
    monkeypatch.setattr(quotes.search.pages, "GATHERED", 5)
    if told is not None:
        monkeypatch.setattr(Ordered, "expected", lambda self: (told, 0))


ROADS = ["stretches", "all at once", "too few expected", "too many expected"]


@pytest.mark.parametrize("road", ROADS)
def test_whatever_the_road_the_first_are_the_same(archive, monkeypatch, road):
    roads(monkeypatch, road)
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


@pytest.mark.parametrize("road", ROADS)
def test_a_walk_by_any_road_meets_every_quote_once(archive, reader, monkeypatch, road):
    roads(monkeypatch, road)
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


@pytest.mark.parametrize("road", ROADS)
def test_the_newest_are_ranked_by_any_road(archive, monkeypatch, road):
    roads(monkeypatch, road)
    monkeypatch.setattr("quotes.search.ranking.RANKED", 30)
    for query in asked():
        if "q" in query:
            found = Search.read(query, []).narrow(Quote.objects.all())
            ranking = Ranking.of(found, None)
            assert set(ranking.scores) == {*plainly(found.order_by("-pk")[:30])}, query
            assert Ranking.of(found, str(ranking.fence)).scores == ranking.scores


def test_the_list_of_what_one_index_tells_keeps_no_other_condition(db):
    quotes_ = Quote.objects.filter(speaker__name="Mara Quill", kind="direct", language="en")
    told = str(listed(quotes_, "published_day").query).partition("WHERE")[2]
    assert "language" in told
    assert "kind" not in told
    assert "name" not in told
    assert not listed(quotes_, "created").query.where


def test_about_as_many_quotes_follow_an_id_as_were_asked_for(archive):
    for number in (30, 200, 900):
        key = frequencies().newest(number)
        assert number - 20 <= Quote.objects.filter(pk__gte=key).count() <= number + 40
    assert frequencies().newest(10**6) is None


def test_where_nothing_is_known_of_the_quotes_all_is_gathered(db):
    _known.clear()
    search = Search.read({"phrase": "harbour"}, [])
    assert first_of(search.narrow(Quote.objects.all()).order_by("-pk")[:3]) == []


# like


@pytest.mark.parametrize("together", [0, 10, 10**9])
def test_what_is_like_is_found_whether_its_words_are_taken_for_rare_or_common(
    archive, monkeypatch, together
):
    monkeypatch.setattr(quotes.search.candidates, "TOGETHER", together)
    texts = dict(Quote.objects.order_by("pk").values_list("pk", "text")[:1_200:20])
    first = tried = 0
    for text in texts.values():
        said = text.split()
        if len(said) >= 5:
            search = Search.read({"like": " ".join(said[:2] + said[3:])}, [])
            search.narrow(Quote.objects.all())
            closest = Quote.objects.filter(pk__in=list(search.scores)[:1]).first()
            first, tried = first + (closest is not None and closest.text == text), tried + 1
    assert tried > 20
    assert first >= 0.95 * tried


def test_of_many_that_have_all_common_words_the_newest_are_compared(archive, monkeypatch):
    monkeypatch.setattr(quotes.search.candidates, "TOGETHER", 10**9)
    monkeypatch.setattr(quotes.search.candidates, "NEWEST", 3)
    monkeypatch.setattr(quotes.search.candidates, "ROWS", 0)
    commonest = list(words())[-1]
    search = Search.read({"like": commonest}, [])
    search.narrow(Quote.objects.all())
    of_all = Search.read({"phrase": commonest}, []).narrow(Quote.objects.all())
    assert {*search.scores} <= {*plainly(of_all.order_by("-pk")[:3])}
    assert of_all.count() > 100


def test_nothing_is_looked_for_again_where_no_word_may_be_a_slip(archive, reader):
    with CaptureQueriesContext(connection) as captured:
        ok(reader.get(QUOTES, {"like": "zorgle 1999 blib"}))
    statements = [query["sql"] for query in captured.captured_queries]
    assert sum("strpos(bare" in sql for sql in statements) <= 1
