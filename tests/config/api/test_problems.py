"""Refusals: strict parameters, and one form for every error, on every path."""

import json
import re

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.throttling import SimpleRateThrottle

from quotes.api.filters import QuoteFilters
from sources.api.endpoints import Endpoint
from tests.conftest import API, make_client, make_filing, ok, problem
from tests.records import (
    LIST_PATHS,
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
)

pytestmark = pytest.mark.django_db

NOWHERE = "01890000-0000-7000-8000-000000000000"


def send(client, method: str, path: str, body: bytes | str = b"", content_type="application/json"):
    headers = {"If-Match": "*"} if method == "PATCH" else {}
    return client.generic(method, f"{API}{path}", body, content_type=content_type, headers=headers)


def named(response, status: int = 400) -> dict[str, str]:
    """Parameter → message."""
    return {e["parameter"]: e["message"] for e in problem(response, status)["errors"]}


@pytest.fixture
def details() -> list[str]:
    """The path of a record of each kind, in the order of `LIST_PATHS`."""
    held = make_affiliation()
    article = make_article("“We had no choice”", outlet=make_outlet())
    quote = make_quote(article=article)
    fact = make_fact(speaker=held.speaker)
    records = [article, quote, held.speaker, held.organisation, article.outlet, held, fact]
    return [f"{path}{record.pk}/" for path, record in zip(LIST_PATHS, records, strict=True)]


# Parameters


@pytest.mark.parametrize(
    ("path", "parameter", "nearest"),
    [
        ("quotes/", "speker", "speaker"),
        ("quotes/", "Speaker", "speaker"),
        ("quotes/", "publishedafter", "published_after"),
        ("articles/", "outlets", "outlet"),
        ("speakers/", "names", "name"),
        ("organisations/", "parents", "parent"),
        ("outlets/", "slugs", "slug"),
        ("affiliations/", "roles", "role"),
        ("facts/", "keys", "key"),
    ],
)
def test_an_unknown_parameter_is_named_with_the_nearest_known_one(reader, path, parameter, nearest):
    message = named(reader.get(f"{API}{path}", {parameter: "x"}))[parameter]
    assert f"Did you mean “{nearest}”?" in message


def test_an_unknown_parameter_like_no_other_is_answered_with_the_list_of_all(reader):
    message = named(reader.get(f"{API}outlets/", {"xyzzy": "1"}))["xyzzy"]
    for known in ("name", "slug", "limit", "cursor", "fields"):
        assert known in message


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        ("limit=1&limit=2", "limit", "more than once"),
        ("limit=", "limit", "Empty"),
        ("fields=%20%20", "fields", "Empty"),
        ("cursor=a%00b", "cursor", "NUL"),
        ("page=2", "page", "Unknown parameter"),
        ("formats=xml", "formats", "Unknown parameter"),
        ("=1", "", "Unknown parameter"),
    ],
)
def test_every_list_refuses_repeated_empty_unknown_and_nul(reader, query, name, message):
    for path in LIST_PATHS:
        assert message in named(reader.get(f"{API}{path}?{query}"))[name], path


@pytest.mark.parametrize("name", ["speaker_name", "role", "outlet", "url", "said_after", "status"])
@pytest.mark.parametrize("value", ["", "%20", "%00", "a%00b"])
def test_an_empty_filter_or_one_with_nul_is_refused(reader, name, value):
    assert set(named(reader.get(f"{API}quotes/?{name}={value}"))) == {name}


def test_detail_pages_accept_only_the_parameter_fields(reader, details):
    for path in details:
        ok(reader.get(f"{API}{path}", {"fields": "id"}))
        for parameter in ("limit", "count", "speaker", "field"):
            assert set(named(reader.get(f"{API}{path}", {parameter: "1"}))) == {parameter}
        assert "Did you mean “fields”?" in named(reader.get(f"{API}{path}?field=id"))["field"]


def test_writes_take_no_parameters(curator, details):
    for path in details:
        assert set(named(send(curator, "PATCH", f"{path}?fields=id", b"{}"))) == {"fields"}
    for path in LIST_PATHS:
        assert set(named(send(curator, "POST", f"{path}?draft=1", b"{}"))) == {"draft"}


def test_other_paths_refuse_unknown_parameters_too(curator, reader):
    article = make_article("Words.")
    snapshots = f"{API}articles/{article.pk}/snapshots/"
    assert set(named(reader.get(snapshots, {"name": "x"}))) == {"name"}
    assert set(named(reader.get(snapshots, {"fields": "text"}))) == {"fields"}
    assert ok(reader.get(snapshots, {"fields": "characters"}))["results"] == [{"characters": 6}]
    snapshot = f"{API}snapshots/{article.snapshot.sha256}/"
    assert ok(curator.get(snapshot, {"fields": "text"})) == {"text": "Words."}
    assert set(named(curator.get(snapshot, {"limit": "1"}))) == {"limit"}
    assert set(named(curator.options(f"{API}quotes/?x=1"))) == {"x"}
    assert curator.head(f"{API}quotes/?x=1").status_code == 400


def test_no_query_string_causes_a_server_error(reader):
    make_quote(speaker=make_speaker(), outlet=make_outlet(), published="2026")
    reader.raise_request_exception = False
    names = st.sampled_from(sorted([*QuoteFilters.base_filters, *Endpoint.list_parameters]))
    values = st.text(st.characters(codec="utf-8"), max_size=30) | st.from_regex(
        r"[0-9]{1,5}(-[0-9]{1,3}){0,2}(T[0-9:]{1,9}[Z+-]?)?", fullmatch=True
    )

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.dictionaries(names, values, max_size=2))
    def check(query):
        response = reader.get(f"{API}quotes/", query)
        if response.status_code != 200:
            assert set(named(response)) <= set(query)

    check()


# The form of a problem


def test_a_problem_has_the_members_of_rfc_9457(reader):
    body = problem(reader.get(f"{API}quotes/", {"speker": "x", "limit": "0"}), 400)
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["type"] == "urn:on-record:problem:parameter"
    assert body["title"] == "Bad Request"
    assert body["status"] == 400
    (error,) = [e for e in body["errors"] if e["parameter"] == "speker"]
    assert error["pointer"] == "/speker"
    assert set(error) == {"pointer", "parameter", "message"}


def test_faults_of_a_body_have_json_pointers(curator):
    filing = make_filing(byline=["A", ""], published="2026-02-30")
    filing["quotes"][0] |= {"kind": "loud", "attribution": {"speaker": 7, "a/b~c": "x"}}
    errors = problem(curator.post(f"{API}articles/", filing), 400)["errors"]
    pointers = {error["pointer"] for error in errors}
    assert {"/byline/1", "/published", "/quotes/0/kind"} <= pointers
    assert "/quotes/0/attribution/a~1b~0c" in pointers
    assert all(error["message"] for error in errors)


def test_faults_of_a_single_quote_have_pointers_relative_to_it(curator):
    article = make_article("One. Two.")
    for body, pointer in [
        ({"text": "Three"}, "/text"),
        ({"text": "One", "speaker": NOWHERE}, "/speaker"),
    ]:
        response = curator.post(f"{API}quotes/", {"article": str(article.pk), **body})
        assert [error["pointer"] for error in problem(response, 400)["errors"]] == [pointer]


# 400


@pytest.mark.parametrize("path", ["outlets/", "articles/", "quotes/"])
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'name': 1}",
        b'{"name": "x",}',
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b'{"name": Infinity}',
        b'{"name": 1e999}',
        b'{"name": -1e999}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        '{"name": "é"}'.encode("latin-1"),
        '{"name": "é"}'.encode("utf-16"),
        b"[" * 10_000,
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000,
        b'{"name": ' + b"[" * 1_500 + b"]" * 1_500 + b"}",
        b"\0",
        b'{"name": "a\0b"}',
    ],
    ids=range(18),
)
def test_a_body_that_is_not_json_in_utf_8_is_refused(curator, path, body):
    detail = problem(send(curator, "POST", path, body), 400)["detail"]
    assert "The body is n" in detail


def test_json_may_begin_with_a_byte_order_mark(curator):
    body = b'\xef\xbb\xbf{"name": "Radio"}'
    assert ok(send(curator, "POST", "outlets/", body), 201)["name"] == "Radio"


@pytest.mark.parametrize("body", [b"null", b"[]", b"1", b'"x"', b"true", b"[{}]"])
def test_json_that_is_not_an_object_is_refused(curator, details, body):
    for path in LIST_PATHS:
        assert problem(send(curator, "POST", path, body), 400)["errors"][0]["pointer"] == ""
    for path in details:
        assert problem(send(curator, "PATCH", path, body), 400)["errors"][0]["pointer"] == ""


UNSTORABLE = ["a\\u0000b", "a\\ud800b", "\\udfff"]


@pytest.mark.parametrize("text", UNSTORABLE)
@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("outlets/", '{"name": "%s"}', "/name"),
        ("outlets/", '{"name": "x", "aliases": ["y", "%s"]}', "/aliases/1"),
        ("outlets/", '{"name": "x", "slug": "%s"}', "/slug"),
        ("organisations/", '{"name": "x", "parent": "%s"}', "/parent"),
        ("organisations/", '{"name": "x", "identifiers": {"viaf": "%s"}}', "/identifiers/viaf"),
        ("speakers/", '{"name": "x", "kind": "%s"}', "/kind"),
        ("affiliations/", '{"speaker": "%s", "organisation": "x", "role": "y"}', "/speaker"),
        ("affiliations/", '{"speaker": "x", "organisation": "y", "from": "%s"}', "/from"),
        ("articles/", '{"text": null, "outlet": "%s"}', "/outlet"),
        ("articles/", '{"text": null, "url": "%s"}', "/url"),
        ("articles/", '{"text": "%s"}', "/text"),
        (
            "articles/",
            '{"text": "x", "quotes": [{"via": [{"name": "%s"}]}]}',
            "/quotes/0/via/0/name",
        ),
        ("quotes/", '{"article": "%s", "text": "x"}', "/article"),
    ],
)
def test_nul_and_lone_surrogates_are_refused_in_any_string(curator, path, body, pointer, text):
    errors = problem(send(curator, "POST", path, body % text), 400)["errors"]
    assert pointer in {error["pointer"] for error in errors}


@pytest.mark.parametrize("text", UNSTORABLE)
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("outlets/", '{"name": "x", "%s": "y"}'),
        ("speakers/", '{"name": "x", "identifiers": {"%s": "y"}}'),
        ("articles/", '{"text": "x", "quotes": [{"text": "x", "%s": 1}]}'),
    ],
)
def test_nul_and_lone_surrogates_are_refused_in_names_of_members(curator, path, body, text):
    assert problem(send(curator, "POST", path, body % text), 400)["errors"]


FIELDS = ["name", "aliases", "slug", "url", "kind", "organisation", "parent", "identifiers"]
FIELDS += ["speaker", "role", "from", "to", "text", "headline", "byline", "published", "language"]
FIELDS += ["quotes", "article", "spans", "said", "via", "affiliation", "external_id", "utterance"]


def test_no_body_causes_a_server_error(curator, details):
    curator.raise_request_exception = False
    fields = st.sampled_from(FIELDS)
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=3),
        max_leaves=6,
    )
    targets = [("POST", path) for path in LIST_PATHS] + [("PATCH", path) for path in details]

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(targets), st.dictionaries(fields, values, max_size=4))
    def check(target, body):
        response = send(curator, *target, json.dumps(body))
        assert response.status_code in (200, 201, 400, 409), response.content
        if response.status_code >= 400:
            problem(response, response.status_code)

    check()


def test_too_many_parameters_are_refused(reader):
    query = "&".join(f"a{index}=1" for index in range(10_001))
    problem(reader.get(f"{API}quotes/?{query}"), 400)


def test_an_unknown_host_is_refused(reader):
    problem(reader.get(f"{API}quotes/", headers={"host": "evil.example"}), 400)


# 404 (401 and 403 are in test_auth, 412 and 428 in test_etags)


@pytest.mark.parametrize("path", ["nowhere/", "quotes/7/", "quotes/x/y/", "../v2/", "quotes/%00/"])
def test_an_unknown_path_is_a_problem_document_for_everybody(curator, nobody, path):
    for client in (curator, nobody):
        for method in ("GET", "POST", "DELETE"):
            problem(send(client, method, path), 404)


@pytest.mark.parametrize("path", ["quotes", "articles", f"quotes/{NOWHERE}", "schema"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_a_path_without_its_final_slash_is_redirected(nobody, method, path):
    response = nobody.generic(method, f"{API}{path}", QUERY_STRING="limit=5&q=a%20b")
    assert response.status_code == 301
    assert response.headers["Location"] == f"{API}{path}/?limit=5&q=a%20b"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_change_to_a_path_without_its_final_slash_is_404_with_a_hint(curator, method):
    response = send(curator, method, "articles", b"{}")
    assert "end with a slash" in problem(response, 404)["detail"]


def test_parameters_that_count_pages_are_answered_with_how_to_page(reader, details):
    for path in (*LIST_PATHS, f"{details[1]}revisions/"):
        for name in ("page", "offset"):
            assert "“next”" in named(reader.get(f"{API}{path}", {name: "2"}))[name], path
    assert "“next”" in named(reader.get(f"{API}changes/", {"page": "2"}))["page"]
    whole = ("quotes/facets/", "quotes/timeline/", "quotes/export/", "speakers/export/")
    for path in (details[1], *whole):
        assert "“next”" not in named(reader.get(f"{API}{path}", {"page": "2"}))["page"], path


def test_an_unknown_id_is_404_to_read_and_to_change(curator):
    for path in LIST_PATHS:
        problem(curator.get(f"{API}{path}{NOWHERE}/"), 404)
        problem(send(curator, "PATCH", f"{path}{NOWHERE}/", b"{}"), 404)


@pytest.mark.parametrize("key", ["7", "x" * 36, NOWHERE.replace("-", ""), f"{NOWHERE}0", "%7B%7D"])
def test_a_malformed_id_is_404(curator, key):
    for path in LIST_PATHS:
        problem(curator.get(f"{API}{path}{key}/"), 404)


def test_the_snapshots_of_an_unknown_article_are_404(curator):
    problem(curator.get(f"{API}articles/{NOWHERE}/snapshots/"), 404)
    problem(send(curator, "POST", f"articles/{NOWHERE}/snapshots/", b'{"text": "x"}'), 404)


# 405, 406


def test_405_lists_the_allowed_methods(curator, details):
    for path in details:
        for method in ("PUT", "DELETE", "POST"):
            response = send(curator, method, path, b"{}")
            problem(response, 405)
            assert set(re.split(", *", response.headers["Allow"])) == {
                "GET", "PATCH", "HEAD", "OPTIONS",
            }  # fmt: skip


@pytest.mark.parametrize("path", ["quotes/", "changes/", "schema/"])
@pytest.mark.parametrize("accept", ["text/css", "application/xml", "nonsense"])
def test_an_unavailable_media_type_is_406(reader, path, accept):
    problem(reader.get(f"{API}{path}", headers={"accept": accept}), 406)


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json, text/html;q=0.5"])
def test_json_is_sent_to_every_client_that_accepts_it(reader, accept):
    response = reader.get(f"{API}quotes/", headers={"accept": accept})
    assert ok(response)["results"] == []
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_problem_is_json_even_where_yaml_is_available(client):
    problem(client.post(f"{API}schema/"), 405)


# 413, 415


def test_a_body_of_more_than_1_mib_is_413_and_of_5_mib_for_a_filing(curator):
    mebi = 1024 * 1024
    for path, most in (("outlets/", mebi), ("quotes/", mebi), ("articles/", 5 * mebi)):
        fits = b'{"x": "' + b"y" * (most - 9) + b'"}'
        assert len(fits) == most
        problem(send(curator, "POST", path, fits), 400)
        problem(send(curator, "POST", path, fits + b" "), 413)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"name=Radio"),
        ("multipart/form-data; boundary=x", b'--x\r\ncontent-disposition: form-data; name="name"'),
        ("text/plain", b'{"name": "Radio"}'),
        ("application/xml", b"<name>Radio</name>"),
        ("nonsense", b"{}"),
    ],
)
def test_a_body_that_does_not_say_it_is_json_is_415(curator, details, content_type, body):
    for path in LIST_PATHS:
        problem(send(curator, "POST", path, body, content_type), 415)
    for path in details:
        problem(send(curator, "PATCH", path, body, content_type), 415)


# 422


def test_an_idempotency_key_with_another_body_is_422(curator):
    headers = {"Idempotency-Key": "k1"}
    first = ok(curator.post(f"{API}outlets/", {"name": "Radio"}, headers=headers), 201)
    again = curator.post(f"{API}outlets/", {"name": "Radio"}, headers=headers)
    assert ok(again, 201) == first
    assert again.headers["Idempotency-Replayed"] == "true"
    problem(curator.post(f"{API}outlets/", {"name": "Other"}, headers=headers), 422)
    problem(curator.post(f"{API}speakers/", {"name": "Radio"}, headers=headers), 422)


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb", "a\x7fb"])
def test_an_invalid_idempotency_key_is_refused(curator, key):
    response = curator.post(f"{API}outlets/", {"name": "x"}, headers={"Idempotency-Key": key})
    assert problem(response, 400)["errors"][0]["pointer"] == "/Idempotency-Key"


# 429


@pytest.fixture
def two_a_minute(monkeypatch):
    for scope in ("anon", "user"):
        monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, scope, "2/min")


def test_too_many_requests_are_429_with_retry_after(reader, two_a_minute):
    for _ in range(2):
        ok(reader.get(f"{API}quotes/"))
    response = reader.get(f"{API}quotes/")
    problem(response, 429)
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    ok(make_client("Readers", "another").get(f"{API}quotes/"))


def test_a_checked_draft_counts_as_several_requests(reader, monkeypatch):
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "45/min")
    for _ in range(2):
        ok(reader.post(f"{API}quotes/check/", {"text": "Nobody spoke."}))
    problem(reader.post(f"{API}quotes/check/", {"text": "Nobody spoke."}), 429)
    ok(reader.get(f"{API}quotes/"))


def test_forged_forwarded_addresses_do_not_evade_the_rate_limit(nobody, two_a_minute, settings):
    settings.ONRECORD_PUBLIC_READ = True
    statuses = [
        nobody.get(f"{API}quotes/", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code
        for n in range(3)
    ]
    assert statuses == [200, 200, 429]


# Headers


def test_input_of_a_client_is_not_reflected_in_headers(curator):
    browser = Client()
    for path in ("quotes/?x=%0d%0aSet-Cookie:a=b", "%0d%0aSet-Cookie:a=b/", "schema/?a=%0d%0ab:c"):
        response = browser.get(f"{API}{path}")
        assert "Set-Cookie" not in response.headers
    made = curator.post(
        f"{API}articles/", make_filing(), headers={"Idempotency-Key": "abc", "X-Id": "q"}
    )
    assert made.headers["Location"].startswith(f"http://testserver{API}articles/")
    assert "Idempotency-Replayed" not in made.headers


def test_the_api_sets_no_cookie(curator, reader):
    for response in (reader.get(f"{API}quotes/"), curator.post(f"{API}outlets/", {"name": "x"})):
        assert not response.cookies


def test_a_new_record_has_a_location(curator):
    held = {"speaker": str(make_speaker().pk), "organisation": str(make_organisation().pk)}
    article = make_article("One.")
    bodies = {
        "articles/": make_filing(),
        "quotes/": {"article": str(article.pk), "text": "One"},
        "speakers/": {"name": "Bo Ek"},
        "organisations/": {"name": "Mill"},
        "outlets/": {"name": "Radio"},
        "affiliations/": {**held, "role": "clerk"},
        "facts/": {"speaker": held["speaker"], "key": "gender", "value": None, "source": "Asked."},
    }
    for path, body in bodies.items():
        response = curator.post(f"{API}{path}", body)
        key = ok(response, 201)["id"]
        assert response.headers["Location"] == f"http://testserver{API}{path}{key}/", path
