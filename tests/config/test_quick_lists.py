"""A quick list is the answer that the view gives, byte by byte and header by header."""

import gzip

import pytest
from rest_framework.throttling import SimpleRateThrottle

from quotes.management.synthetic.archive import generate
from tests.bench.filters import lists, values
from tests.conftest import API, make_client, ok, problem
from tests.past import moment
from tests.records import make_article, make_quote, make_quotes, make_speaker

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"
QUICK = "config.quick_lists.answer_lists"

OF_THE_REQUEST = {"X-Request-ID", "RateLimit"}
"""Headers that differ between two answers to one request."""


def by_views(settings, group: str):
    """A client whose lists only views answer."""
    usual = settings.MIDDLEWARE
    settings.MIDDLEWARE = [each for each in usual if each != QUICK]
    client = make_client(group)
    client.get(QUOTES)  # its middleware is loaded now
    settings.MIDDLEWARE = usual
    return client


def is_quick(response) -> bool:
    return hasattr(response.wsgi_request, "listed")


def answer(response) -> tuple:
    told = {name: value for name, value in response.headers.items() if name not in OF_THE_REQUEST}
    assert response.headers.keys() >= OF_THE_REQUEST
    return response.status_code, response.content, told


@pytest.mark.parametrize("group", ["Readers", "Curators"])
def test_a_quick_list_is_what_the_view_answers(settings, group):
    generate(600)
    usual, quick = by_views(settings, group), make_client(group)
    ok(quick.get(QUOTES))  # from now on its token is known
    orderings = ["-published", "said"]
    asked = [each.query for each in lists(values(), 1, orderings)][::7]
    asked += [{**query, "fields": "text,speaker", "limit": 3} for query in asked[::5]]
    quickly = 0
    for query in asked:
        response = quick.get(QUOTES, query)
        assert answer(response) == answer(usual.get(QUOTES, query)), query
        quickly += is_quick(response)
    assert quickly > len(asked) / 10  # the others need the planner, or more statements


def test_the_pages_of_a_quick_list_and_their_entity_tags_are_those_of_the_view(settings):
    make_quotes(7, make_article())
    usual, quick = by_views(settings, "Readers"), make_client("Readers")
    url, met = f"{QUOTES}?limit=3", []
    while url:
        page = ok(quick.get(url))
        response = quick.get(url)
        assert is_quick(response)
        assert answer(response) == answer(usual.get(url))
        held = {"If-None-Match": response.headers["ETag"]}
        unchanged = quick.get(url, headers=held)
        assert unchanged.status_code == 304
        assert answer(unchanged) == answer(usual.get(url, headers=held))
        packed = quick.get(url, headers={"Accept-Encoding": "gzip"})
        assert gzip.decompress(packed.content) == response.content
        assert packed.headers["ETag"] == f"W/{response.headers['ETag']}"
        met += [row["id"] for row in page["results"]]
        url = page["next"]
    assert len(met) == 7


def test_a_quick_list_of_the_past_is_what_the_view_answers(settings):
    quotes, at = make_quotes(7, make_article()), moment()
    for quote in quotes[:3]:
        quote.retract("Misheard.")
    usual, quick = by_views(settings, "Readers"), make_client("Readers")
    ok(quick.get(QUOTES))
    for asked, number in (({"as_of": at}, 7), ({"as_of": at, "status": "retracted"}, 0), ({}, 4)):
        response = quick.get(QUOTES, asked)
        assert is_quick(response)
        assert len(ok(response)["results"]) == number
        assert answer(response) == answer(usual.get(QUOTES, asked))


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ({"q": "quay"}, {}, 200),
        ({"as_of": "2200-01-01"}, {}, 400),
        ({"count": "true"}, {}, 200),
        ({"limit": "0"}, {}, 400),
        ({"speaker": "nobody"}, {}, 400),
        ({"speaker": ""}, {}, 400),
        ({"colour": "red"}, {}, 400),
        ({"cursor": "x"}, {}, 400),
        ({"fields": "colour"}, {}, 400),
        ({}, {"Accept": "text/html"}, 303),
        ({}, {"Accept": "image/png"}, 406),
        ({}, {"Host": "elsewhere.example"}, 400),
    ],
)
def test_what_takes_more_or_is_wrong_is_left_to_the_view(reader, query, headers, status):
    make_quote()
    ok(reader.get(QUOTES))
    response = reader.get(QUOTES, query, headers=headers)
    assert (response.status_code, is_quick(response)) == (status, False)


@pytest.mark.parametrize("sent", ["Token x", "Basic x", "Token"])
def test_a_token_that_is_not_known_is_refused_by_the_view(reader, sent):
    ok(reader.get(QUOTES))
    reader.credentials(HTTP_AUTHORIZATION=sent)
    response = reader.get(QUOTES)
    assert (response.status_code, is_quick(response)) == (401, False)


def test_a_filer_gets_lists_by_the_view_which_knows_their_own_quotes(contributor):
    ok(contributor.get(QUOTES))
    assert not is_quick(contributor.get(QUOTES))


def test_a_first_request_with_a_token_looks_it_up_and_a_second_needs_one_statement(
    reader, django_assert_num_queries
):
    quote = make_quote(speaker=make_speaker("Ada"))
    assert not is_quick(reader.get(QUOTES, {"speaker": quote.speaker_id}))
    with django_assert_num_queries(1):
        response = reader.get(QUOTES, {"speaker": quote.speaker_id})
    assert is_quick(response)
    assert [row["id"] for row in response.json()["results"]] == [str(quote.pk)]


def test_a_quick_list_is_counted_once_and_refused_when_no_requests_are_left(reader, monkeypatch):
    ok(reader.get(QUOTES))
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "4/hour")
    for left in (3, 2, 1, 0):
        response = reader.get(QUOTES)
        assert is_quick(response)
        assert f"r={left};" in response.headers["RateLimit"]
    problem(reader.get(QUOTES), 429)


def test_a_request_id_is_repeated(reader):
    ok(reader.get(QUOTES))
    response = reader.get(QUOTES, headers={"X-Request-ID": "a-1"})
    assert is_quick(response)
    assert response.headers["X-Request-ID"] == "a-1"
