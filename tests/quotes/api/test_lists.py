"""Lists of quotes: pages, orderings, counts, fields and the number of queries."""

import threading
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.models import Quote
from sources.dates import PartialDate
from tests.conftest import API, make_client, ok, problem
from tests.records import (
    LIST_PATHS,
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_quotes,
    make_speaker,
    make_utterance,
)

pytestmark = pytest.mark.django_db

QUOTES = f"{API}quotes/"
DAY = date(2026, 3, 14)


def walk(client, url: str, link: str = "next"):
    """Return the ids on each page, from this one on."""
    while url:
        body = ok(client.get(url))
        yield [row["id"] for row in body["results"]]
        url = body[link]


def joined(pages) -> list[str]:
    return [key for page in pages for key in page]


def refused(response) -> dict[str, str]:
    return {e["parameter"]: e["message"] for e in problem(response, 400)["errors"]}


# The shape of a quote


def test_a_quote_has_the_documented_shape(reader):
    ministry = make_organisation("Ministry of Fish")
    held = make_affiliation(organisation=ministry, role="minister")
    outlet, agency = make_outlet("Post"), make_outlet("Agency")
    article = make_article(
        "Before “We had no choice” after.",
        outlet=outlet,
        published="2026-02-11",
        url="https://post.example/1",
        headline="Fish",
        byline=["Ada Lund"],
    )
    quote = make_quote(
        article=article,
        speaker=held.speaker,
        organisation=ministry,
        affiliation=held,
        said="2026-02",
        language="en",
        utterance=make_utterance(),
        attribution_text="Ms Quill said",
        attribution_speaker="Ms Quill",
        attribution_role="fish minister",
        attribution_cue="said",
        via=[agency, "the audit"],
    )
    shown = ok(reader.get(f"{QUOTES}{quote.pk}/"))
    assert shown.pop("created").endswith("Z")
    assert shown.pop("updated").endswith("Z")
    assert shown == {
        "id": str(quote.pk),
        "url": f"http://testserver{QUOTES}{quote.pk}/",
        "html_url": f"http://testserver/quotes/{quote.pk}/",
        "text": "We had no choice",
        "kind": "direct",
        "language": "en",
        "translated_from": None,
        "translates": None,
        "status": "published",
        "version": 1,
        "speaker": {"id": str(held.speaker.pk), "name": "Mara Quill", "kind": "person"},
        "role": "minister",
        "organisation": {"id": str(ministry.pk), "name": "Ministry of Fish"},
        "outlet": {"id": str(outlet.pk), "name": "Post", "slug": "post"},
        "said": "2026-02",
        "published": "2026-02-11",
        "attribution": {
            "text": "Ms Quill said",
            "speaker": "Ms Quill",
            "role": "fish minister",
            "organisation": None,
            "cue": "said",
        },
        "article": {
            "id": str(article.pk),
            "headline": "Fish",
            "url": "https://post.example/1",
            "byline": ["Ada Lund"],
            "rights": None,
            "license": None,
            "withdrawn": None,
        },
        "via": [
            {
                "kind": "cited",
                "name": "Agency",
                "outlet": {"id": str(agency.pk), "name": "Agency", "slug": "agency"},
                "media": None,
            },
            {"kind": "cited", "name": "the audit", "outlet": None, "media": None},
        ],
        "media": None,
        "anchor": {
            "state": "exact",
            "snapshot": article.snapshot.sha256,
            "in": "text",
            "spans": [{"start": 8, "end": 24, "prefix": "Before “", "suffix": "” after."}],
            "seams": [],
        },
        "utterance": {"id": str(quote.utterance_id), "quotes": 1},
        "flags": [],
        "origin": "filed",
        "reason": None,
        "replaced_by": None,
        "corrections": [],
    }


def test_an_unknown_value_is_null(reader):
    shown = ok(reader.get(f"{QUOTES}{make_quote(anchor='unanchored').pk}/"))
    unknown = ("speaker", "role", "organisation", "outlet", "said", "published", "utterance")
    assert [shown[name] for name in unknown] == [None] * 7
    assert shown["anchor"] == {
        "state": "unanchored", "snapshot": None, "in": None, "spans": [], "seams": [],
    }  # fmt: skip
    assert shown["via"] == []


def test_a_quote_is_the_same_in_a_list_and_alone(reader):
    quote = make_quote(via=["the audit"], said="2026", utterance=make_utterance())
    (row,) = ok(reader.get(QUOTES))["results"]
    assert row == ok(reader.get(f"{QUOTES}{quote.pk}/"))


def test_the_quote_count_of_an_utterance_counts_public_quotes(reader, curator):
    utterance = make_utterance()
    quote = make_quote(utterance=utterance)
    for status in ("disputed", "retracted", "proposed", "rejected"):
        make_quote(utterance=utterance, status=status)
    for client in (reader, curator):
        assert ok(client.get(f"{QUOTES}{quote.pk}/"))["utterance"]["quotes"] == 3


# Fields


def test_fields_limits_the_fields_of_lists_and_details(reader):
    quote = make_quote()
    (row,) = ok(reader.get(QUOTES, {"fields": "text, id"}))["results"]
    assert row == {"id": str(quote.pk), "text": quote.text}
    assert ok(reader.get(f"{QUOTES}{quote.pk}/", {"fields": "status"})) == {"status": "published"}


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ("txet", "text"),
        ("id,txet", "text"),
        ("affiliation", "There is no field"),
        ("id,", "Known here"),
    ],
)
def test_an_unknown_field_is_refused_even_if_no_row_matches(reader, fields, hint):
    assert hint in refused(reader.get(QUOTES, {"fields": fields}))["fields"]


# Pages


def make_varied() -> list[Quote]:
    """Quotes with ties, gaps and unknowns in every sort key."""
    dates = [None, "2025", "2026", "2026-01", "2026-01-01", "2026-02-11", "2026-02-11", None]
    articles = [make_article("We had no choice.", published=when) for when in dates]
    return [
        make_quote(
            article=article, said=when, created=datetime(2026, 1, 1 + index // 3, tzinfo=UTC)
        )
        for index, (article, when) in enumerate(zip(articles, reversed(dates), strict=True))
    ]


KEYS = {
    "published": lambda quote: first_day(quote.article.published),
    "said": lambda quote: first_day(quote.said),
    "created": lambda quote: quote.created,
}


def first_day(when) -> date:
    return date.min if when is None else PartialDate.parse(str(when)).first


def in_order(quotes, ordering: str) -> list[str]:
    key = KEYS[ordering.lstrip("-")]
    ordered = sorted(quotes, key=lambda quote: (key(quote), str(quote.pk)))
    if ordering.startswith("-"):
        ordered.reverse()
    return [str(quote.pk) for quote in ordered]


ORDERINGS = [f"{sign}{name}" for name in KEYS for sign in ("", "-")]


@pytest.mark.parametrize("ordering", ORDERINGS)
@pytest.mark.parametrize("limit", [1, 3, 8])
def test_pages_walk_the_whole_list_in_order_in_both_directions(reader, ordering, limit):
    expected = in_order(make_varied(), ordering)
    first = f"{QUOTES}?{urlencode({'ordering': ordering, 'limit': limit})}"
    pages = list(walk(reader, first))
    assert pages == [expected[i : i + limit] for i in range(0, 8, limit)]
    url = first
    while (body := ok(reader.get(url)))["next"]:
        url = body["next"]
    back = list(walk(reader, url, "previous"))
    assert joined(reversed(back)) == expected
    assert [len(page) for page in back] == [len(page) for page in reversed(pages)]


BOUNDED = {
    "created": {"created_after": "2026-01-02T00:00:00Z", "created_before": "2026-12-31"},
    "published": {"published_after": "2025-12-31", "published_before": "2026-02-11"},
    "said": {"said_after": "2025-12-31", "said_before": "2026-02-11"},
}


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_pages_of_a_date_range_continue_where_the_last_one_ended(reader, ordering):
    make_varied()
    name = ordering.lstrip("-")
    query = {"ordering": ordering, **BOUNDED[name]}
    whole = [row["id"] for row in ok(reader.get(QUOTES, query))["results"]]
    assert 4 <= len(whole) < 8
    for page in walk(reader, f"{QUOTES}?{urlencode({**query, 'limit': 2})}"):
        assert page == whole[: len(page)]
        whole = whole[len(page) :]
    assert not whole
    column = "created" if name == "created" else f"{name}_day"
    begins = f'"quotes_quote"."{column}" {"<" if ordering.startswith("-") else ">"}'
    first = ok(reader.get(QUOTES, {**query, "limit": 2}))
    with CaptureQueriesContext(connection) as context:
        ok(reader.get(first["next"]))
    (listed,) = (asked["sql"] for asked in context if "ORDER BY" in asked["sql"])
    # Otherwise PostgreSQL would look through all that lies between the bound and the place
    assert begins not in listed
    assert f'("quotes_quote"."{column}", "quotes_quote"."id") ' in listed


def test_newest_publication_comes_first_unless_asked_otherwise_and_unknown_last(reader):
    quotes = make_varied()
    rows = [row["id"] for row in ok(reader.get(QUOTES))["results"]]
    assert rows == in_order(quotes, "-published")
    last_two = {str(quote.pk) for quote in quotes if quote.article.published is None}
    assert set(rows[-2:]) == last_two


def test_the_first_page_has_no_previous_and_the_last_no_next(reader):
    make_varied()
    first = ok(reader.get(QUOTES, {"limit": 5}))
    last = ok(reader.get(first["next"]))
    assert first["previous"] is None
    assert last["next"] is None
    again = ok(reader.get(last["previous"]))
    assert again["previous"] is None
    assert again["results"] == first["results"]
    assert ok(reader.get(again["next"]))["results"] == last["results"]


def test_an_empty_list_is_one_empty_page(reader):
    assert ok(reader.get(QUOTES)) == {"next": None, "previous": None, "results": []}


def test_a_page_has_50_rows_unless_asked_otherwise_and_200_at_most(reader):
    make_quotes(201, make_article())
    assert len(ok(reader.get(QUOTES))["results"]) == 50
    assert len(ok(reader.get(QUOTES, {"limit": 1}))["results"]) == 1
    body = ok(reader.get(QUOTES, {"limit": 200}))
    assert len(body["results"]) == 200
    assert len(ok(reader.get(body["next"]))["results"]) == 1


@pytest.mark.parametrize(
    "limit", ["0", "201", "-1", "1.5", "ten", "1e2", "٣", "0000000000201", "9" * 5000, "+5", "5 "]
)
def test_any_other_limit_is_refused(reader, limit):
    assert refused(reader.get(QUOTES, {"limit": limit})) == {
        "limit": "A whole number from 1 to 200."
    }


def test_links_keep_the_query(reader):
    make_quotes(3, make_article(), language="en-GB")
    body = ok(reader.get(QUOTES, {"limit": 1, "language": "en", "fields": "id"}))
    asked = parse_qs(urlsplit(body["next"]).query)
    assert {name: asked[name] for name in ("limit", "language", "fields")} == {
        "limit": ["1"],
        "language": ["en"],
        "fields": ["id"],
    }
    assert len(joined(walk(reader, body["next"]))) == 2


def test_limit_and_fields_may_change_from_page_to_page(reader):
    expected = in_order(make_varied(), "-published")
    cursor = cursor_of(ok(reader.get(QUOTES, {"limit": 2})))
    body = ok(reader.get(QUOTES, {"limit": 3, "cursor": cursor, "fields": "id"}))
    assert body["results"] == [{"id": key} for key in expected[2:5]]
    body = ok(reader.get(QUOTES, {"cursor": cursor, "count": "true"}))
    assert [row["id"] for row in body["results"]] == expected[2:]
    assert body["count"] == {"value": 8, "exact": True}


def cursor_of(body: dict) -> str:
    return parse_qs(urlsplit(body["next"]).query)["cursor"][0]


@pytest.mark.parametrize("cursor", ["x", "é", "e30:AAAA", "e30", ":", "." * 50, "A" * 5000])
def test_an_invalid_cursor_is_refused(reader, cursor):
    assert "Not a cursor" in refused(reader.get(QUOTES, {"cursor": cursor}))["cursor"]


def test_a_cursor_changed_anywhere_is_refused(reader):
    make_varied()
    cursor = cursor_of(ok(reader.get(QUOTES, {"limit": 1})))
    for place in range(0, len(cursor), 7):
        other = "A" if cursor[place] != "A" else "B"
        tampered = cursor[:place] + other + cursor[place + 1 :]
        assert set(refused(reader.get(QUOTES, {"cursor": tampered}))) == {"cursor"}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("quotes/", {"ordering": "published"}),
        ("quotes/", {"ordering": "-said"}),
        ("quotes/", {"kind": "direct"}),
        ("articles/", {}),
    ],
)
def test_a_cursor_of_another_ordering_query_or_path_is_refused(reader, path, query):
    make_varied()
    cursor = cursor_of(ok(reader.get(QUOTES, {"limit": 1})))
    answer = reader.get(f"{API}{path}", {**query, "cursor": cursor})
    assert "another ordering or query" in refused(answer)["cursor"]


def test_a_curators_cursor_shows_a_reader_no_more(reader, curator):
    make_quotes(4, make_article(), status="proposed")
    body = ok(curator.get(QUOTES, {"limit": 1}))
    assert ok(reader.get(body["next"]))["results"] == []


@pytest.mark.parametrize("ordering", ["-relevance", "--said", "id", "-text", "published,said"])
def test_an_unknown_ordering_is_refused(reader, ordering):
    assert "is not an ordering" in refused(reader.get(QUOTES, {"ordering": ordering}))["ordering"]


def test_a_misspelt_ordering_is_refused_with_the_nearest_one(reader):
    message = refused(reader.get(QUOTES, {"ordering": "-publishd"}))["ordering"]
    assert "Did you mean “-published”?" in message


def test_rows_added_before_the_cursor_do_not_disturb_the_walk(reader):
    expected = in_order(make_varied(), "-published")
    body = ok(reader.get(QUOTES, {"limit": 4}))
    make_quote(published="2030")
    assert joined(walk(reader, body["next"])) == expected[4:]
    assert ok(reader.get(body["next"]))["previous"] is not None


# Counts


def test_a_count_is_given_on_request_and_is_exact(reader):
    make_quotes(7, make_article())
    make_quote(status="proposed")
    make_quote(status="retracted")
    assert "count" not in ok(reader.get(QUOTES))
    assert "count" not in ok(reader.get(QUOTES, {"count": "false"}))
    body = ok(reader.get(QUOTES, {"count": "true", "limit": 2}))
    assert body["count"] == {"value": 7, "exact": True}
    assert ok(reader.get(QUOTES, {"count": "true", "kind": "mixed"}))["count"]["value"] == 0


def test_above_the_limit_the_count_is_an_estimate_and_says_so(reader, monkeypatch):
    monkeypatch.setattr("config.api.KeysetPagination.MAX_EXACT_COUNT", 5)
    make_quotes(7, make_article())
    count = ok(reader.get(QUOTES, {"count": "true", "speaker_name": "x%sx"}))["count"]
    assert count == {"value": 0, "exact": True}
    count = ok(reader.get(QUOTES, {"count": "true", "language": "en"}))["count"]
    assert count == {"value": 0, "exact": True}
    count = ok(reader.get(QUOTES, {"count": "true"}))["count"]
    assert count["exact"] is False
    assert count["value"] >= 6


@pytest.mark.parametrize("value", ["True", "1", "yes"])
def test_any_other_count_is_refused(reader, value):
    assert set(refused(reader.get(QUOTES, {"count": value}))) == {"count"}


# Random data


def test_the_pages_of_any_data_add_up_to_the_sorted_list(reader):
    whens = [None, "2025", "2026", "2026-01", "2026-01-01", "2026-02-11"]
    articles = [make_article(published=when) for when in whens]
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    drafts = st.lists(
        st.fixed_dictionaries(
            {
                "article": st.sampled_from(articles),
                "said": st.sampled_from(whens),
                "created": st.integers(0, 3).map(lambda days: moment + timedelta(days)),
                "kind": st.sampled_from(["direct", "mixed"]),
            }
        ),
        max_size=30,
    )

    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        drafts=drafts,
        limit=st.integers(1, 12),
        ordering=st.sampled_from(ORDERINGS),
        kind=st.sampled_from([None, "direct"]),
    )
    def check(drafts, limit, ordering, kind):
        with transaction.atomic():
            quotes = Quote.objects.bulk_create(
                Quote(text="Words", anchor="unanchored", status="published", **draft)
                for draft in drafts
            )
            query = {"limit": limit, "ordering": ordering} | ({"kind": kind} if kind else {})
            expected = in_order([q for q in quotes if kind in (None, q.kind)], ordering)
            pages = list(walk(reader, f"{QUOTES}?{urlencode(query)}"))
            assert joined(pages) == expected
            assert all(len(page) == limit for page in pages[:-1])
            transaction.set_rollback(True)

    check()


# Concurrent writers


@pytest.mark.django_db(transaction=True)
def test_5000_quotes_on_one_date_are_each_read_once_while_writers_insert():
    reader = make_client("Readers")
    article = make_article(published=str(DAY))
    earlier = {str(quote.pk) for quote in make_quotes(5_000, article)}
    elsewhere = [make_article(published=when) for when in (str(DAY), "2026", "2030-01-01", None)]
    done, made = threading.Event(), []

    def write():
        try:
            while not done.wait(0.005):
                for target in elsewhere:
                    values = {"anchor": "unanchored", "kind": "direct", "status": "published"}
                    quote = Quote.objects.create(article=target, text="New", **values)
                    made.append(str(quote.pk))
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    walks = []
    try:
        while not walks or (len(made) <= 50 and all(writer.is_alive() for writer in writers)):
            walks += [
                joined(walk(reader, f"{QUOTES}?ordering={ordering}&limit=200&fields=id"))
                for ordering in ("-published", "published")
            ]
    finally:
        done.set()
        for writer in writers:
            writer.join()
    assert len(made) > 50
    for seen in walks:
        assert len(seen) == len(set(seen))
        assert earlier <= set(seen)
        assert set(seen) - earlier <= set(made)


# Number of queries


def statements_of(client, url: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        ok(client.get(url))
    return [query["sql"] for query in captured.captured_queries]


def make_much(number: int) -> None:
    """Make this many records of every kind, with all their related records."""
    agency = make_outlet("Agency")
    for index in range(number):
        outlet = make_outlet(f"Outlet {index}")
        parent = make_organisation(f"Parent {index}")
        body = make_organisation(f"Body {index}", parent=parent)
        make_speaker(f"Spokesperson {index}", kind="unnamed", organisation=body)
        held = make_affiliation(speaker=make_speaker(f"Speaker {index}"), organisation=body)
        make_fact(speaker=held.speaker)
        make_quote(
            outlet=outlet,
            speaker=held.speaker,
            organisation=body,
            affiliation=held,
            utterance=make_utterance(),
            via=[agency],
        )


def test_pages_of_1_50_and_200_rows_take_the_same_number_of_queries(reader):
    make_much(200)
    for path in LIST_PATHS:
        taken = set()
        for limit in (1, 50, 200):
            url = f"{API}{path}?limit={limit}"
            assert len(ok(reader.get(url))["results"]) == limit
            taken.add(len(statements_of(reader, url)))
        assert len(taken) == 1, (path, taken)


def test_the_snapshots_of_an_article_take_the_same_number_of_queries(reader):
    article = make_article("One.")
    url = f"{API}articles/{article.pk}/snapshots/"
    ok(reader.get(url))  # the token is cached from now on
    one = len(statements_of(reader, url))
    make_quotes(1, article)
    make_quotes(2, article)
    assert len(ok(reader.get(url))["results"]) == 3
    assert len(statements_of(reader, url)) == one


def test_no_list_reads_the_text_of_a_snapshot(reader):
    make_much(1)
    for path in ("quotes/", "articles/"):
        for statement in statements_of(reader, f"{API}{path}"):
            assert '"sources_snapshot"."text"' not in statement
