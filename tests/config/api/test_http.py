"""What every answer says in its headers, and what other sites and compressing clients get."""

import gzip
import json
import re

import pytest
from django.conf import settings as project
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ImproperlyConfigured
from rest_framework.throttling import SimpleRateThrottle

from config.environment import origins
from config.urls import router
from tests.conftest import API, make_client, ok, problem, settle, staff
from tests.records import LIST_PATHS, make_article, make_quote, make_quotes, make_speaker

pytestmark = pytest.mark.django_db

# The root


def test_the_root_lists_every_path_that_needs_no_id_and_each_can_be_followed(nobody, curator):
    root = ok(nobody.get(API))
    listed = {each["name"]: each for each in root["resources"]}
    assert listed.keys() == {p for p, _, _ in router.registry if "<" not in p} - {
        "snapshots",
        "utterances",
    }
    assert {path.strip("/") for path in LIST_PATHS} <= listed.keys()
    answers = ok(curator.get(f"{API}schema/", headers={"accept": "application/json"}))["paths"]
    for name, each in listed.items():
        assert each["url"] == f"http://testserver{API}{name}/"
        documented = answers[f"{API}{name}/"]
        assert each["methods"] == [method.upper() for method in sorted(documented)]
        summaries = [documented[method.lower()]["summary"] for method in each["methods"]]
        assert each["about"] == " ".join(f"{summary}." for summary in summaries)
    for name in ("schema", "docs", "guides"):
        assert nobody.get(root[name]).status_code == 200
    assert links(nobody.get(API)) == {"service-desc": root["schema"], "service-doc": root["docs"]}
    problem(nobody.get(API, {"x": "1"}), 400)


# Links (RFC 8288)

LINK = re.compile(r'<([A-Za-z0-9:/?#\[\]@!$&\'()*+,;=._~%-]*)>; rel="([a-z]+(?:-[a-z]+)?)"')


def links(response) -> dict[str, str]:
    """Relation → URL, of a header that is written as the RFC has it."""
    written = response.headers.get("Link", "")
    found = LINK.findall(written)
    assert ", ".join(f'<{url}>; rel="{name}"' for url, name in found) == written
    return {name: url for url, name in found}


def test_lists_link_to_the_next_and_the_previous_page(reader):
    make_quotes(5, make_article())
    make_speaker()
    for path in ("quotes/?limit=1", "quotes/?limit=1&q=w000001&ordering=relevance", "speakers/"):
        body = ok(response := reader.get(f"{API}{path}"))
        assert links(response) == ({"next": body["next"]} if body["next"] else {})
    middle = reader.get(ok(reader.get(f"{API}quotes/", {"limit": 2}))["next"])
    body = ok(middle)
    assert body["next"]
    assert body["previous"]
    assert links(middle) == {"next": body["next"], "prev": body["previous"]}


@pytest.mark.django_db(transaction=True)
def test_the_change_feed_links_to_what_follows(reader):
    make_quotes(3, make_article())
    settle()
    response = reader.get(f"{API}changes/", {"limit": 1})
    assert links(response) == {"next": ok(response)["next"]}
    assert links(reader.get(f"{API}changes/", {"after": "now"})) == {}


# Rate limits (draft-ietf-httpapi-ratelimit-headers)

POLICY = re.compile(r'"([a-z]+)";q=([0-9]+);w=([0-9]+)')
LEFT = re.compile(r'"([a-z]+)";r=([0-9]+);t=([0-9]+)')


def limit_of(response) -> tuple[str, int, int, int, int]:
    """Policy, quota, window, remaining requests, seconds until there are more."""
    policy, quota, window = POLICY.fullmatch(response.headers["RateLimit-Policy"]).groups()
    same, left, reset = LEFT.fullmatch(response.headers["RateLimit"]).groups()
    assert same == policy
    return policy, int(quota), int(window), int(left), int(reset)


def test_each_answer_says_how_many_requests_are_left(reader, nobody, settings, monkeypatch):
    settings.ONRECORD_PUBLIC_READ = True
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "anon", "3/min")
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "50/hour")
    for number in (2, 1, 0, 0):
        response = nobody.get(f"{API}quotes/")
        policy, quota, window, left, reset = limit_of(response)
        assert (policy, quota, window, left) == ("address", 3, 60, number)
        assert 1 <= reset <= 60
    problem(response, 429)
    assert int(response.headers["Retry-After"]) == reset
    assert limit_of(reader.get(f"{API}quotes/?x=1"))[:4] == ("user", 50, 3600, 49)
    assert limit_of(reader.get(f"{API}quotes/{make_speaker().pk}/"))[3] == 48
    checked = reader.post(f"{API}quotes/check/", {"text": "Nobody spoke."})
    assert limit_of(checked)[3] == 28
    assert limit_of(reader.get(f"{API}quotes/export/?format=csv"))[3] == 27


def test_requests_that_are_refused_are_counted_too(reader, nobody, settings, monkeypatch):
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "anon", "3/min")
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "2/min")
    guess = {"Authorization": "Token guessed"}
    assert limit_of(nobody.get(f"{API}quotes/"))[3] == 2
    for left in (1, 0):
        response = nobody.get(f"{API}quotes/", headers=guess)
        problem(response, 401)
        assert limit_of(response)[3] == left
    problem(nobody.get(f"{API}quotes/", headers=guess), 429)
    for left in (1, 0):
        response = reader.post(f"{API}outlets/", {"name": "x"})
        problem(response, 403)
        assert limit_of(response)[3] == left
    problem(reader.post(f"{API}outlets/", {"name": "x"}), 429)


class Forgetful(LocMemCache):
    """A cache that drops each counter as soon as it was read, as a full one may."""

    def get(self, key, *args, **kwargs):
        value = super().get(key, *args, **kwargs)
        self.delete(key)
        return value


def test_a_full_cache_that_drops_a_counter_loses_no_count(reader, monkeypatch):
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "3/min")
    monkeypatch.setattr(SimpleRateThrottle, "cache", Forgetful("forgetful", {}))
    assert [limit_of(reader.get(f"{API}outlets/"))[3] for _ in range(3)] == [2, 1, 0]
    problem(reader.get(f"{API}outlets/"), 429)


def test_an_answer_that_was_not_counted_says_nothing_of_limits(client):
    for response in (client.get("/health/"), client.get(f"{API}x/")):
        assert not response.has_header("RateLimit")


# Other sites (CORS)

SITE = "https://www.harbourpost.example"
PREFLIGHT = {
    "Origin": SITE,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization,if-match,idempotency-key,content-type",
}


@pytest.fixture
def one_site(settings):
    settings.CORS_ALLOWED_ORIGINS = [SITE]


def test_scripts_of_a_listed_site_may_call_the_api_and_read_its_headers(reader, one_site):
    response = reader.get(f"{API}quotes/", headers={"Origin": SITE})
    ok(response)
    assert response.headers["Access-Control-Allow-Origin"] == SITE
    assert "origin" in response.headers["Vary"].lower()
    assert not response.has_header("Access-Control-Allow-Credentials")
    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Link", "RateLimit", "Retry-After", "X-Request-ID"} <= {*exposed}
    failed = reader.get(f"{API}quotes/?x=1", headers={"Origin": SITE})
    assert failed.headers["Access-Control-Allow-Origin"] == SITE


def test_a_preflight_needs_no_token_and_allows_what_a_change_sends(nobody, one_site):
    response = nobody.options(f"{API}quotes/x/", headers=PREFLIGHT)
    assert response.status_code == 200
    assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
    asked = PREFLIGHT["Access-Control-Request-Headers"].split(",")
    assert {*asked} <= {*allowed}


def test_every_header_that_the_document_names_is_exposed(client):
    document = client.get(f"{API}schema/", headers={"accept": "application/json"}).json()
    named = {*document["components"]["headers"]}
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                named |= {*response.get("headers", {})}
    assert named == {*project.CORS_EXPOSE_HEADERS}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{SITE}.evil.example"])
def test_scripts_of_any_other_site_are_told_nothing(nobody, one_site, origin):
    for response in (
        nobody.get(f"{API}", headers={"Origin": origin}),
        nobody.options(f"{API}quotes/", headers={**PREFLIGHT, "Origin": origin}),
    ):
        assert not response.has_header("Access-Control-Allow-Origin")


def test_the_admin_is_closed_to_other_sites_whatever_the_setting(client, settings):
    settings.CORS_ALLOW_ALL_ORIGINS = True
    assert client.get(API, headers={"Origin": SITE}).headers["Access-Control-Allow-Origin"] == "*"
    page = client.get("/admin/login/", headers={"Origin": SITE})
    assert not page.has_header("Access-Control-Allow-Origin")


@pytest.mark.parametrize(
    "value",
    [
        "harbourpost.example",
        "https://a.example/",
        "https://a.example/x",
        "null",
        "https://*",
        "a b",
    ],
)
def test_a_setting_that_is_no_list_of_origins_is_refused(monkeypatch, value):
    monkeypatch.setenv("ONRECORD_CORS_ORIGINS", value)
    with pytest.raises(ImproperlyConfigured, match="write origins"):
        origins("ONRECORD_CORS_ORIGINS")


def test_origins_are_a_list_with_ports_or_an_asterisk(monkeypatch):
    for value in ("https://a.example,http://localhost:5173,http://[::1]:80", "*", ""):
        monkeypatch.setenv("ONRECORD_CORS_ORIGINS", value)
        assert origins("ONRECORD_CORS_ORIGINS") == [one for one in value.split(",") if one]


# Compression


@pytest.fixture
def long_list():
    make_quotes(20, make_article())
    return f"{API}quotes/"


def test_an_answer_is_compressed_for_a_client_that_asks_and_stays_conditional(reader, long_list):
    plain = reader.get(long_list)
    packed = reader.get(long_list, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert int(packed.headers["Content-Length"]) == len(packed.content) < len(plain.content) / 2
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert packed.headers["ETag"] == f"W/{plain.headers['ETag']}"
    for held in (packed.headers["ETag"], plain.headers["ETag"]):
        headers = {"If-None-Match": held, "Accept-Encoding": "gzip"}
        assert reader.get(long_list, headers=headers).status_code == 304


def test_a_change_takes_the_entity_tag_of_a_compressed_answer(curator):
    path = f"{API}quotes/{make_quote().pk}/"
    tag = curator.get(path, headers={"Accept-Encoding": "gzip"}).headers["ETag"]
    assert tag.startswith("W/")
    changed = {"language": "en", "note": "In English."}
    ok(curator.patch(path, changed, headers={"If-Match": tag}))
    problem(curator.patch(path, changed, headers={"If-Match": tag}), 412)


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "br", "gzip;q=0.1, identity"])
def test_an_answer_is_sent_plain_to_a_client_that_prefers_it(reader, long_list, accepted):
    response = reader.get(long_list, headers={"Accept-Encoding": accepted})
    assert not response.has_header("Content-Encoding")
    assert ok(response)["results"]


def test_an_answer_to_a_request_with_cookies_is_not_compressed(client):
    headers = {"Accept-Encoding": "gzip"}
    assert client.get("/guides/reference/", headers=headers).headers["Content-Encoding"] == "gzip"
    browser = staff("Curators")
    for path in ("/guides/reference/", "/admin/"):
        assert not browser.get(path, headers=headers).has_header("Content-Encoding")


def test_an_export_is_compressed_once(reader):
    make_quote()
    headers = {"Accept-Encoding": "gzip"}
    for form, coding in (("ndjson", "gzip"), ("parquet", None)):
        export = reader.get(f"{API}quotes/export/?format={form}", headers=headers)
        assert export.headers.get("Content-Encoding") == coding
        body = b"".join(export)
        if form == "ndjson":
            assert json.loads(gzip.decompress(body))["id"]
        else:
            assert body.startswith(b"PAR1")


# HEAD


@pytest.mark.parametrize("query", ["format=csv", "format=parquet", "format=csv&manifest=true"])
def test_head_of_an_export_has_the_headers_of_get(reader, query):
    make_quote()
    path = f"{API}quotes/export/?{query}"
    get = reader.get(path)
    b"".join(get)
    head = reader.head(path)
    assert b"".join(head) == b""
    differs = {"X-Export-Generated", "X-Request-ID", "Content-Disposition", "RateLimit"}
    assert get.headers.keys() == head.headers.keys()
    for name in get.headers.keys() - differs:
        assert head.headers[name] == get.headers[name], name
    named = re.compile(r'attachment; filename="quotes-[0-9TZ]+\.(csv|parquet)"')
    if "manifest" not in query:
        assert named.fullmatch(head.headers["Content-Disposition"])


def test_head_of_any_other_path_has_the_headers_of_get(reader):
    quote = make_quote()
    for path in ("quotes/", f"quotes/{quote.pk}/", "quotes/facets/?by=kind", "", "changes/"):
        get, head = reader.get(f"{API}{path}"), reader.head(f"{API}{path}")
        assert head.content == b""
        assert get.headers.keys() == head.headers.keys()
        same = {"X-Request-ID", "RateLimit"}
        for name in get.headers.keys() - same:
            assert head.headers[name] == get.headers[name], (path, name)


def test_a_client_without_a_token_is_limited_by_its_address_alone(monkeypatch, settings):
    settings.ONRECORD_PUBLIC_READ = True
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "1/min")
    client = make_client(None)
    for _ in range(3):
        ok(client.get(f"{API}quotes/"))
