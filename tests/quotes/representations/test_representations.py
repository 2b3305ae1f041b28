"""Which representation of a quote is answered, to whom, and how it is kept."""

import pytest

from quotes.models import Quote
from tests.conftest import API, make_client, make_filing, ok, problem, publish
from tests.records import LIST_PATHS, make_quote, make_speaker

pytestmark = pytest.mark.django_db

ANNOTATION = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'
TYPES = {
    "json": "application/json",
    "jsonld": "application/ld+json",
    "annotation": ANNOTATION,
    "prov": "application/prov+json",
    "csl": "application/vnd.citationstyles.csl+json",
    "bibtex": "application/x-bibtex; charset=utf-8",
}
OTHERS = [name for name in TYPES if name != "json"]


@pytest.fixture
def quote() -> Quote:
    return make_quote(speaker=make_speaker())


@pytest.fixture
def path(quote) -> str:
    return f"{API}quotes/{quote.pk}/"


def answered(client, path: str, accept: str | None = None, **query) -> str:
    """The name of the representation that was answered."""
    response = client.get(path, query, headers={"accept": accept} if accept else {})
    assert response.status_code == 200, response.content
    (name,) = [name for name, kind in TYPES.items() if kind == response.headers["Content-Type"]]
    return name


# Which


@pytest.mark.parametrize("name", TYPES)
def test_a_representation_is_had_by_name_and_by_media_type(reader, path, name):
    assert answered(reader, path, format=name) == name
    assert answered(reader, path, TYPES[name].partition("; charset")[0]) == name
    body = reader.get(path, {"format": name}).content
    assert body == reader.get(path, headers={"accept": TYPES[name]}).content


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "json"),
        ("*/*", "json"),
        ("application/*", "json"),
        ("text/html;q=0.5, application/json", "json"),
        ("application/json; charset=utf-8", "json"),
        ("application/ld+json, */*", "jsonld"),
        ("application/ld+json;profile=http://www.w3.org/ns/anno.jsonld", "annotation"),
        (f"application/ld+json, {ANNOTATION}", "annotation"),
        (f"application/ld+json, {ANNOTATION};q=0.9", "jsonld"),
        (f"application/ld+json;q=0.9, {ANNOTATION}", "annotation"),
        ("application/x-bibtex;q=0.2, application/prov+json;q=0.3", "prov"),
        ("application/json;q=0, */*;q=0.1", "jsonld"),
        ("application/json;q=0.1, application/*;q=0.5", "jsonld"),
        ("APPLICATION/X-BIBTEX", "bibtex"),
        ("a/b; x*=bogus''y, application/x-bibtex", "bibtex"),
    ],
)
def test_accept_decides_by_quality_and_then_by_closeness(reader, path, accept, name):
    assert answered(reader, path, accept) == name


def test_format_goes_before_accept(reader, path):
    assert answered(reader, path, "text/html", format="bibtex") == "bibtex"
    assert answered(reader, path, "application/ld+json", format="json") == "json"


def test_plain_json_is_the_same_by_any_road(reader, path):
    plain = ok(reader.get(path))
    assert ok(reader.get(path, {"format": "json"})) == plain
    assert ok(reader.get(path, {"format": "json", "fields": "id"})) == {"id": plain["id"]}


# Refusals


@pytest.mark.parametrize(("asked", "nearest"), [("bibtx", "bibtex"), ("json-ld", "jsonld")])
def test_an_unknown_format_is_named_with_the_nearest_one(reader, path, asked, nearest):
    (fault,) = problem(reader.get(path, {"format": asked}), 400)["errors"]
    assert fault["parameter"] == "format"
    assert f"“{asked}”" in fault["message"]
    assert f"“{nearest}”" in fault["message"]


def test_a_format_like_none_lists_them_all(reader, path):
    (fault,) = problem(reader.get(path, {"format": "!"}), 400)["errors"]
    assert all(name in fault["message"] for name in TYPES)


@pytest.mark.parametrize("query", ["format=", "format=csl&format=prov", "format=CSL", "format=%00"])
def test_a_format_is_one_of_those_names(reader, path, query):
    problem(reader.get(f"{path}?{query}"), 400)


@pytest.mark.parametrize(
    "accept",
    [
        "image/png",
        "application/json;q=0",
        "application/ld+json; profile=https://other.example",
        "image/*",
        "nonsense",
        "a/b; x*=bogus''y",
    ],
)
def test_an_accept_that_nothing_satisfies_is_406_and_says_what_there_is(reader, path, accept):
    detail = problem(reader.get(path, headers={"accept": accept}), 406)["detail"]
    assert "application/x-bibtex" in detail


@pytest.mark.parametrize("name", OTHERS)
def test_fields_are_those_of_json_alone(reader, path, name):
    by_name = reader.get(path, {"format": name, "fields": "text"})
    by_type = reader.get(path, {"fields": "text"}, headers={"accept": TYPES[name]})
    for response in (by_name, by_type):
        (fault,) = problem(response, 400)["errors"]
        assert fault["parameter"] == "fields"
        assert name in fault["message"]


@pytest.mark.parametrize("name", TYPES)
def test_an_error_is_a_problem_whatever_is_accepted(reader, path, name):
    accept = {"accept": TYPES[name]}
    nowhere = f"{API}quotes/01900000-0000-7000-8000-000000000000/"
    problem(reader.get(nowhere, headers=accept), 404)
    problem(reader.get(nowhere, {"format": name}), 404)
    problem(reader.get(path, {"x": 1}, headers=accept), 400)
    problem(make_client(None).get(path, {"format": name}), 401)


@pytest.mark.parametrize("path", [path for path in LIST_PATHS if path != "quotes/"])
def test_every_other_record_is_json_alone(curator, path):
    curator.post(f"{API}articles/", publish(make_filing(outlet="Post")))
    problem(curator.get(f"{API}{path}", {"format": "json"}), 400)
    for row in ok(curator.get(f"{API}{path}"))["results"]:
        record = f"{API}{path}{row['id']}/"
        assert ok(curator.get(record, {"format": "json"})) == ok(curator.get(record))
        answer = problem(curator.get(record, {"format": "bibtex"}), 400)
        assert "There is no format “bibtex”" in answer["errors"][0]["message"]
        headers = {"accept": "application/x-bibtex"}
        problem(curator.get(record, headers=headers), 406)


def test_a_list_of_quotes_and_a_change_are_answered_in_json(curator, path):
    listed = ok(curator.get(f"{API}quotes/", {"format": "json"}))
    assert listed == ok(curator.get(f"{API}quotes/"))
    for name in ("json", "bibtex", "nonsense"):
        if name != "json":
            problem(curator.get(f"{API}quotes/", {"format": name}), 400)
        problem(curator.patch(f"{path}?format={name}", {}, headers={"If-Match": "*"}), 400)
    problem(curator.get(f"{API}quotes/", headers={"accept": "application/x-bibtex"}), 406)
    headers = {"If-Match": "*", "accept": "application/ld+json"}
    problem(curator.patch(path, {"language": "en"}, headers=headers), 406)
    assert ok(curator.get(path))["language"] is None


# Who may read it


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("status", ["proposed", "rejected"])
def test_what_a_reader_may_not_see_has_no_representation(reader, curator, name, status):
    path = f"{API}quotes/{make_quote(status=status).pk}/"
    problem(reader.get(path, {"format": name}), 404)
    assert answered(curator, path, format=name) == name


@pytest.mark.parametrize("name", OTHERS)
def test_nobody_reads_without_a_token_unless_reading_is_open(nobody, path, name, settings):
    problem(nobody.get(path, {"format": name}), 401)
    settings.ONRECORD_PUBLIC_READ = True
    assert answered(nobody, path, format=name) == name


# Keeping it


@pytest.mark.parametrize("name", TYPES)
def test_each_representation_is_read_conditionally_under_its_own_tag(reader, path, name):
    response = reader.get(path, {"format": name})
    tag = response.headers["ETag"]
    assert tag.startswith('"1-')
    assert {"Accept", "Authorization"} <= set(response.headers["Vary"].split(", "))
    for how in ({"query_params": {"format": name}}, {"headers": {"accept": TYPES[name]}}):
        headers = {**how.get("headers", {}), "If-None-Match": tag}
        answer = reader.get(path, how.get("query_params"), headers=headers)
        assert answer.status_code == 304
        assert answer.content == b""
        assert "Accept" in answer.headers["Vary"]
        head = reader.head(path, how.get("query_params"), headers=how.get("headers", {}))
        assert head.headers["ETag"] == tag
        assert head.content == b""


def test_no_two_representations_share_a_tag(reader, path):
    tags = {reader.get(path, {"format": name}).headers["ETag"] for name in TYPES}
    assert len(tags) == len(TYPES)


@pytest.mark.parametrize("name", OTHERS)
def test_a_change_changes_the_tag_of_each_representation(reader, curator, path, name):
    tag = reader.get(path, {"format": name}).headers["ETag"]
    ok(curator.patch(path, {"said": "2026", "note": "Said then."}, headers={"If-Match": "*"}))
    response = reader.get(path, {"format": name}, headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert response.headers["ETag"].startswith('"2-')


@pytest.mark.parametrize("name", OTHERS)
def test_a_tag_of_any_representation_will_do_to_change_the_quote(reader, curator, path, name):
    tag = reader.get(path, {"format": name}).headers["ETag"]
    ok(curator.patch(path, {"said": "2026", "note": "Said then."}, headers={"If-Match": tag}))
    problem(
        curator.patch(path, {"said": "2025", "note": "Said then."}, headers={"If-Match": tag}), 412
    )


@pytest.mark.parametrize("name", OTHERS)
def test_a_representation_costs_one_query_more_than_json_for_the_history(
    reader, path, name, django_assert_max_num_queries
):
    reader.get(path)
    with django_assert_max_num_queries(5):
        reader.get(path)
    with django_assert_max_num_queries(6):
        reader.get(path, {"format": name})
