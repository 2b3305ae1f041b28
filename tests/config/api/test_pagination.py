"""Lists of every kind: pages, orderings, counts and fields work alike."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.conftest import API, ok, problem
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
)

pytestmark = pytest.mark.django_db

ORDERINGS = {
    "articles/": ["published", "created"],
    "quotes/": ["published", "said", "created"],
    "speakers/": ["name", "created"],
    "organisations/": ["name", "created"],
    "outlets/": ["name", "created"],
    "affiliations/": ["from", "created"],
    "facts/": ["key", "created"],
}
NAMES = ["Ada", "ada", "Ada", "Zoë", "Öl", "an e", "Ada B"]
DATES = [None, "2025", "2026", "2026-01-01", "2026-02-11", "2026-02-11", None]

CASES = [
    (path, f"{sign}{name}")
    for path, names in ORDERINGS.items()
    for name in names
    for sign in ("", "-")
]


@pytest.fixture
def records():
    """Seven records of each kind, with ties in name and date."""
    for index, (name, when) in enumerate(zip(NAMES, DATES, strict=True)):
        outlet = make_outlet(name)
        organisation = make_organisation(name)
        speaker = make_speaker(name)
        make_affiliation(speaker=speaker, organisation=organisation, start=when, role=f"r{index}")
        make_fact(speaker=speaker, key=f"k{index % 3}")
        make_quote(outlet=outlet, published=when, said=when)


def walk(client, url: str, link: str = "next") -> list[list[str]]:
    pages = []
    while url:
        body = ok(client.get(url))
        pages.append([row["id"] for row in body["results"]])
        url = body[link]
    return pages


@pytest.mark.parametrize(("path", "ordering"), CASES)
def test_the_pages_of_every_list_and_ordering_join_to_one_order(records, reader, path, ordering):
    def url(**query):
        return f"{API}{path}?{urlencode({'ordering': ordering, **query})}"

    ((*whole,),) = walk(reader, url())
    assert len(set(whole)) == 7
    pages = walk(reader, url(limit=3))
    assert pages == [whole[:3], whole[3:6], whole[6:]]
    middle = ok(reader.get(ok(reader.get(url(limit=3)))["next"]))
    last = ok(reader.get(middle["next"]))
    assert [len(page) for page in walk(reader, last["previous"], "previous")] == [3, 3]
    assert ok(reader.get(last["previous"]))["results"] == middle["results"]


@pytest.mark.parametrize(("path", "ordering"), [case for case in CASES if case[1][0] != "-"])
def test_descending_order_is_the_reverse_of_ascending(records, reader, path, ordering):
    (up,) = walk(reader, f"{API}{path}?ordering={ordering}")
    (down,) = walk(reader, f"{API}{path}?ordering=-{ordering}")
    assert up == down[::-1]


def test_names_are_sorted_by_name_and_then_by_id(records, reader):
    rows = ok(reader.get(f"{API}speakers/"))["results"]
    assert [row["name"] for row in rows] == sorted(NAMES)
    adas = [row["id"] for row in rows if row["name"] == "Ada"]
    assert adas == sorted(adas)


def test_affiliations_are_sorted_newest_first_and_unknown_starts_last(records, reader):
    rows = ok(reader.get(f"{API}affiliations/"))["results"]
    begins = [row["from"] for row in rows]
    assert begins == ["2026-02-11", "2026-02-11", *begins[2:4], "2025", None, None]
    assert set(begins[2:4]) == {"2026", "2026-01-01"}


@pytest.mark.parametrize("path", LIST_PATHS)
def test_every_list_supports_count_limit_and_fields(records, reader, path):
    body = ok(reader.get(f"{API}{path}", {"count": "true", "limit": 2, "fields": "id,version"}))
    assert body["count"] == {"value": 7, "exact": True}
    assert [set(row) for row in body["results"]] == [{"id", "version"}] * 2
    asked = parse_qs(urlsplit(body["next"]).query)
    assert set(asked) == {"limit", "fields", "cursor"}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("ordering=text", "ordering"),
        ("count=maybe", "count"),
        ("fields=nothing", "fields"),
        ("cursor=nothing", "cursor"),
    ],
)
def test_every_list_refuses_invalid_parameters(reader, query, name):
    for path in LIST_PATHS:
        body = problem(reader.get(f"{API}{path}?{query}"), 400)
        assert [error["parameter"] for error in body["errors"]] == [name], path


def test_a_cursor_of_one_articles_snapshots_is_refused_for_another(reader):
    one, other = make_article("One"), make_article("Other")
    make_quotes(1, one)
    body = ok(reader.get(f"{API}articles/{one.pk}/snapshots/", {"limit": 1}))
    cursor = parse_qs(urlsplit(body["next"]).query)["cursor"][0]
    assert len(ok(reader.get(body["next"]))["results"]) == 1
    problem(reader.get(f"{API}articles/{other.pk}/snapshots/", {"cursor": cursor}), 400)
