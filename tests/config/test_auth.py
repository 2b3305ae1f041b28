"""Who may do what: every operation of every route, for everybody."""

import io
import re
from datetime import timedelta
from time import monotonic, sleep
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from config.auth import RecentTokens, recent_tokens
from quotes.models import LastFiling, Quote
from sources.identity import merging
from tests.conftest import API, fresh, make_client, make_filing, ok, problem
from tests.records import (
    make_affiliation,
    make_article,
    make_fact,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
    make_webhook,
)

pytestmark = pytest.mark.django_db

# The table

EVERYBODY = {"nobody", "reader", "contributor", "curator"}
OPEN = EVERYBODY
READ = {"reader", "contributor", "curator"}  # and anonymous users, if reading is public
FILE = {"contributor", "curator"}
FILER = {"contributor"}  # who filed this very quote
CURATE = {"curator"}
FULL_TEXT = {"curator"}
OWN = ("reader", "contributor", "curator")  # also if reading is public
OWNER = ("reader",)  # of this very record, which does not exist for others

OPERATIONS = {
    ("GET", ""): OPEN,
    ("GET", "articles/"): READ,
    ("POST", "articles/"): FILE,
    ("POST", "articles/batch/"): FILE,
    ("POST", "articles/propose/"): FILE,
    ("GET", "articles/export/"): READ,
    ("GET", "articles/<uuid:pk>/"): READ,
    ("PATCH", "articles/<uuid:pk>/"): CURATE,
    ("GET", "articles/<uuid:pk>/revisions/"): READ,
    ("POST", "articles/<uuid:pk>/withdraw/"): CURATE,
    ("POST", "articles/<uuid:pk>/reinstate/"): CURATE,
    ("POST", "articles/<uuid:pk>/merge/"): CURATE,
    ("POST", "articles/<uuid:pk>/unmerge/"): CURATE,
    ("GET", "articles/<uuid:article>/snapshots/"): READ,
    ("POST", "articles/<uuid:article>/snapshots/"): FILE,
    ("GET", "snapshots/<str:sha256>/"): FULL_TEXT,
    ("POST", "quotes/check/"): READ,
    ("POST", "quotes/steps/"): FILE,  # each step needs its own permission
    ("GET", "quotes/"): READ,
    ("POST", "quotes/"): FILE,
    ("GET", "quotes/export/"): READ,
    ("GET", "quotes/<uuid:pk>/"): READ,
    ("PATCH", "quotes/<uuid:pk>/"): CURATE,
    ("POST", "quotes/<uuid:pk>/publish/"): CURATE,
    ("POST", "quotes/<uuid:pk>/reject/"): CURATE,
    ("POST", "quotes/<uuid:pk>/withdraw/"): FILER,
    ("POST", "quotes/<uuid:pk>/reopen/"): CURATE,
    ("POST", "quotes/<uuid:pk>/keep/"): CURATE,
    ("POST", "quotes/<uuid:pk>/dispute/"): CURATE,
    ("POST", "quotes/<uuid:pk>/settle/"): CURATE,
    ("POST", "quotes/<uuid:pk>/correct/"): CURATE,
    ("POST", "quotes/<uuid:pk>/retract/"): CURATE,
    ("GET", "quotes/<uuid:pk>/verify/"): READ,
    ("GET", "quotes/facets/"): READ,
    ("GET", "quotes/timeline/"): READ,
    ("GET", "quotes/<uuid:pk>/revisions/"): READ,
    ("GET", "speakers/"): READ,
    ("POST", "speakers/"): CURATE,
    ("GET", "speakers/export/"): READ,
    ("GET", "speakers/<uuid:pk>/"): READ,
    ("PATCH", "speakers/<uuid:pk>/"): CURATE,
    ("GET", "speakers/<uuid:pk>/revisions/"): READ,
    ("POST", "speakers/<uuid:pk>/merge/"): CURATE,
    ("POST", "speakers/<uuid:pk>/unmerge/"): CURATE,
    ("POST", "speakers/<uuid:pk>/distinguish/"): CURATE,
    ("POST", "speakers/<uuid:pk>/undistinguish/"): CURATE,
    ("POST", "speakers/<uuid:pk>/reattribute/"): CURATE,
    ("GET", "organisations/"): READ,
    ("POST", "organisations/"): CURATE,
    ("GET", "organisations/<uuid:pk>/"): READ,
    ("PATCH", "organisations/<uuid:pk>/"): CURATE,
    ("GET", "organisations/<uuid:pk>/revisions/"): READ,
    ("POST", "organisations/<uuid:pk>/merge/"): CURATE,
    ("POST", "organisations/<uuid:pk>/unmerge/"): CURATE,
    ("POST", "organisations/<uuid:pk>/distinguish/"): CURATE,
    ("POST", "organisations/<uuid:pk>/undistinguish/"): CURATE,
    ("GET", "outlets/"): READ,
    ("POST", "outlets/"): CURATE,
    ("GET", "outlets/<uuid:pk>/"): READ,
    ("PATCH", "outlets/<uuid:pk>/"): CURATE,
    ("GET", "outlets/<uuid:pk>/revisions/"): READ,
    ("POST", "outlets/<uuid:pk>/merge/"): CURATE,
    ("POST", "outlets/<uuid:pk>/unmerge/"): CURATE,
    ("POST", "outlets/<uuid:pk>/distinguish/"): CURATE,
    ("POST", "outlets/<uuid:pk>/undistinguish/"): CURATE,
    ("GET", "affiliations/"): READ,
    ("GET", "affiliations/export/"): READ,
    ("GET", "utterances/export/"): READ,
    ("POST", "affiliations/"): CURATE,
    ("GET", "affiliations/<uuid:pk>/"): READ,
    ("PATCH", "affiliations/<uuid:pk>/"): CURATE,
    ("GET", "affiliations/<uuid:pk>/revisions/"): READ,
    ("GET", "facts/"): READ,
    ("POST", "facts/"): CURATE,
    ("GET", "facts/<uuid:pk>/"): READ,
    ("PATCH", "facts/<uuid:pk>/"): CURATE,
    ("GET", "facts/<uuid:pk>/revisions/"): READ,
    ("GET", "utterances/<uuid:pk>/"): READ,
    ("GET", "changes/"): READ,
    ("GET", "webhooks/"): OWN,
    ("POST", "webhooks/"): OWN,
    ("GET", "webhooks/<uuid:pk>/"): OWNER,
    ("PATCH", "webhooks/<uuid:pk>/"): OWNER,
    ("DELETE", "webhooks/<uuid:pk>/"): OWNER,
    ("POST", "webhooks/<uuid:pk>/rotate/"): OWNER,
    ("POST", "webhooks/<uuid:pk>/replay/"): OWNER,
    ("POST", "webhooks/<uuid:pk>/test/"): OWNER,
    ("GET", "webhooks/<uuid:webhook>/deliveries/"): OWNER,
    ("GET", "schema/"): OPEN,
    ("GET", "docs/"): OPEN,
}

# A verb of a quote: the status it leaves, and a good body.
STEPS = {
    "publish": ("proposed", {}),
    "reject": ("proposed", {"reason": "Unsaid."}),
    "reopen": ("rejected", {}),
    "keep": ("published", {"flags": ["filing_differs"]}),
    "dispute": ("published", {"reason": "Denied."}),
    "settle": ("disputed", {}),
    "correct": ("published", {"note": "A fragment.", "kind": "partial"}),
    "retract": ("published", {"reason": "Made up."}),
}

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"}
EVERYWHERE = {"HEAD", "OPTIONS"}  # allowed as GET is, of the same route


def patterns(resolver, prefix: str = ""):
    """Each route of the URLconf with its view."""
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from patterns(pattern, route)


def operations() -> set[tuple[str, str]]:
    """Each method and route below the API, as the URLconf has them."""
    found = set()
    for route, view in patterns(get_resolver()):
        if not route.startswith("api/"):
            continue
        methods = getattr(view, "actions", None) or [
            method for method in view.cls.http_method_names if hasattr(view.cls, method)
        ]
        found |= {(method.upper(), route.removeprefix("api/v1/")) for method in methods}
    return {(method, route) for method, route in found if method not in EVERYWHERE}


def test_the_table_has_exactly_the_operations_of_the_urlconf():
    assert operations() == set(OPERATIONS)


@pytest.fixture
def routes():
    """A path and, where one is needed, a good body for each operation."""
    text = "One. Two. Three."
    article = make_article(text, outlet=make_outlet(), published="2026")
    speaker, organisation = make_speaker(), make_organisation()
    held = make_affiliation(speaker=speaker, organisation=organisation)
    quote = make_quote("One", article=article, speaker=speaker, utterance=make_utterance())
    noted = {"language": "en", "note": "It is English."}
    records = {
        "articles": (article, make_filing(), {"headline": "Other"}),
        "quotes": (quote, {"article": str(article.pk), "text": "Two"}, noted),
        "speakers": (speaker, {"name": "Bo Ek"}, {"name": "Mara Quill-Ek"}),
        "organisations": (organisation, {"name": "Mill"}, {"name": "Board"}),
        "outlets": (article.outlet, {"name": "Radio"}, {"name": "The Post"}),
        "affiliations": (
            held,
            {"speaker": str(speaker.pk), "organisation": str(organisation.pk), "role": "clerk"},
            {"role": "mistress"},
        ),
        "facts": (
            make_fact(speaker=speaker),
            {"speaker": str(speaker.pk), "key": "gender", "value": None, "source": "Asked."},
            {"to": "2026"},
        ),
    }
    routes = {
        "": ("", {}),
        "schema/": ("schema/", {}),
        "changes/": ("changes/", {}),
        "quotes/facets/": ("quotes/facets/?by=speaker", {}),
        "quotes/timeline/": ("quotes/timeline/", {}),
        "docs/": ("docs/", {}),
        "articles/batch/": ("articles/batch/", {"POST": make_filing()}),
        "articles/propose/": ("articles/propose/", {"POST": {"text": text, "language": "en"}}),
        "quotes/check/": ("quotes/check/", {"POST": {"text": text, "language": "en"}}),
        "quotes/steps/": (
            "quotes/steps/",
            {"POST": {"steps": [{"quote": str(quote.pk), "step": "settle", "version": 1}]}},
        ),
        **{
            f"{name}/export/": (f"{name}/export/?format=ndjson", {})
            for name in ("quotes", "speakers", "articles", "affiliations", "utterances")
        },
        "snapshots/<str:sha256>/": (f"snapshots/{article.snapshot.sha256}/", {}),
        "quotes/<uuid:pk>/verify/": (f"quotes/{quote.pk}/verify/", {}),
        "articles/<uuid:article>/snapshots/": (
            f"articles/{article.pk}/snapshots/",
            {"POST": {"text": f"{text} Four."}},
        ),
    }
    for verb in ("withdraw", "reinstate"):
        taken = make_article()
        if verb == "reinstate":
            taken.withdraw("A hoax.", now=timezone.now())
        path = f"articles/{taken.pk}/{verb}/"
        routes[f"articles/<uuid:pk>/{verb}/"] = (path, {"POST": {"reason": "A hoax."}})
    filer = make_client("Contributors").user
    LastFiling.objects.create(article=article, user=filer, is_first=True)
    own = make_quote("To withdraw", status="proposed", filed_by=filer)
    routes["quotes/<uuid:pk>/withdraw/"] = (f"quotes/{own.pk}/withdraw/", {"POST": {}})
    for verb, (leaves, body) in STEPS.items():
        taken = make_quote(f"To {verb}", status=leaves, flags=["filing_differs"])
        routes[f"quotes/<uuid:pk>/{verb}/"] = (f"quotes/{taken.pk}/{verb}/", {"POST": body})
    for name, (record, made, changed) in records.items():
        routes[f"{name}/"] = (f"{name}/", {"POST": made})
        routes[f"{name}/<uuid:pk>/"] = (f"{name}/{record.pk}/", {"PATCH": changed})
        routes[f"{name}/<uuid:pk>/revisions/"] = (f"{name}/{record.pk}/revisions/", {})
    one, other, merged = (make_article(headline=f"Article {number}") for number in range(3))
    merging.merge(merged, one)
    for verb, record, body in (("merge", one, {"into": str(other.pk)}), ("unmerge", merged, {})):
        path = f"articles/{record.pk}/{verb}/"
        routes[f"articles/<uuid:pk>/{verb}/"] = (path, {"POST": body})
    for name, make in (
        ("speakers", make_speaker),
        ("organisations", make_organisation),
        ("outlets", make_outlet),
    ):
        one, other, third, merged = (make(f"{name} {number}") for number in range(4))
        merging.merge(merged, one)
        merging.mark_distinct(one, third)
        verbs = {
            "merge": (one, {"into": str(other.pk)}),
            "unmerge": (merged, {}),
            "distinguish": (one, {"from": str(other.pk)}),
            "undistinguish": (one, {"from": str(third.pk)}),
        }
        for verb, (record, body) in verbs.items():
            path = f"{name}/{record.pk}/{verb}/"
            routes[f"{name}/<uuid:pk>/{verb}/"] = (path, {"POST": body})
    hook = make_webhook(make_client("Readers").user)
    routes["webhooks/"] = ("webhooks/", {"POST": {"url": "https://cms.example/hook"}})
    routes["webhooks/<uuid:pk>/"] = (f"webhooks/{hook.pk}/", {"PATCH": {"active": False}})
    routes["webhooks/<uuid:pk>/rotate/"] = (f"webhooks/{hook.pk}/rotate/", {"POST": {}})
    routes["webhooks/<uuid:pk>/test/"] = (f"webhooks/{hook.pk}/test/", {"POST": {}})
    since = {"POST": {"since": timezone.now().isoformat()}}
    routes["webhooks/<uuid:pk>/replay/"] = (f"webhooks/{hook.pk}/replay/", since)
    routes["webhooks/<uuid:webhook>/deliveries/"] = (f"webhooks/{hook.pk}/deliveries/", {})
    routes["utterances/<uuid:pk>/"] = (f"utterances/{quote.utterance_id}/", {})
    to = make_speaker("Bo Berg")
    routes["speakers/<uuid:pk>/reattribute/"] = (
        f"speakers/{speaker.pk}/reattribute/",
        {"POST": {"to": str(to.pk), "quotes": [str(quote.pk)], "reason": "Her deputy said it."}},
    )
    return routes


def status_of(client, routes, method: str, route: str) -> int:
    path, bodies = routes[route]
    headers = {"If-Match": "*"} if method != "GET" else {}
    response = client.generic(
        method,
        f"{API}{path}",
        client._encode_data(bodies[method], "json")[0] if method in bodies else b"",
        content_type="application/x-ndjson" if "batch" in route else "application/json",
        headers=headers,
    )
    if response.status_code >= 400:
        problem(response, response.status_code)
    read_to_its_end(response)
    return response.status_code


def test_options_say_in_the_words_of_the_document_what_each_path_is_for(curator, routes):
    document = ok(curator.get(f"{API}schema/", headers={"accept": "application/json"}))
    for route, (path, _) in routes.items():
        response = curator.options(f"{API}{path.partition('?')[0]}")
        if not (documented := document["paths"].get(documented_path(route))):
            assert route in ("schema/", "docs/")
            problem(response, 405)
            continue
        told = ok(response)
        summaries = [f"{operation['summary']}." for operation in documented.values()]
        assert told["description"] == " ".join(summaries), route
        tags = {tag for operation in documented.values() for tag in operation["tags"]}
        assert {told["name"].lower()} == tags, route


def documented_path(route: str) -> str:
    return API + re.sub(r"<\w+:(\w+)>", r"{\1}", route).replace("{pk}", "{id}")


def read_to_its_end(response) -> None:
    """As a client does; what is streamed keeps its transaction open until then."""
    if response.streaming:
        b"".join(response)


def clients() -> dict[str, APIClient]:
    return {
        "nobody": make_client(None),
        "reader": make_client("Readers"),
        "contributor": make_client("Contributors"),
        "curator": make_client("Curators"),
    }


@pytest.fixture(params=[False, True], ids=["private", "public"])
def public(request, settings) -> bool:
    """Whether everybody may read."""
    settings.ONRECORD_PUBLIC_READ = request.param
    return request.param


def test_each_operation_is_open_only_to_the_groups_in_the_table(routes, public):
    everyone = clients()
    for (method, route), allowed in OPERATIONS.items():
        if public and allowed is READ:
            allowed = EVERYBODY
        with transaction.atomic():
            for who, client in everyone.items():
                status = status_of(client, routes, method, route)
                refusal = 404 if allowed is OWNER else 403
                if who in allowed:
                    good = (204,) if method == "DELETE" else (200, 201)
                    assert status in good, (method, route, who)
                else:
                    assert status == (401 if who == "nobody" else refusal), (method, route, who)
            transaction.set_rollback(True)  # the next operation finds the same records


def test_everybody_is_refused_a_method_that_a_route_does_not_have(routes, public):
    everyone = clients()
    for route in routes:
        known = {method for method, of in OPERATIONS if of == route} | EVERYWHERE
        for who, client in everyone.items():
            for method in METHODS - known:
                status = status_of(client, routes, method, route)
                # Only users who might use a method learn whether it exists.
                assert status in (401, 403, 405), (who, method, route)
                if who == "curator" and method in ("PUT", "DELETE", "TRACE"):
                    assert status == 405, (method, route)


def test_head_is_allowed_where_get_is_and_has_no_body(routes):
    for who, client in clients().items():
        for method, route in OPERATIONS:
            if method == "GET":
                path = f"{API}{routes[route][0]}"
                get = client.get(path)
                read_to_its_end(get)
                head = client.head(path)
                assert head.status_code == get.status_code, (who, route)
                assert b"".join(head) == b""
                if get.streaming:
                    assert not head.has_header("Content-Length")


def test_options_needs_permission_to_read_and_reveals_no_record(routes):
    everyone = clients()
    for path, _ in routes.values():
        if path in ("", "schema/", "docs/"):
            continue
        assert everyone["nobody"].options(f"{API}{path}").status_code == 401
        for who in READ:
            content = everyone[who].options(f"{API}{path}").content.decode()
            for secret in ("Mara", "Harbour", "One", "token"):
                assert secret not in content


def test_a_user_in_no_group_is_refused_everything(routes):
    client = tokened(get_user_model().objects.create(username="stranger"))
    for method, route in OPERATIONS:
        expected = 200 if OPERATIONS[method, route] is OPEN else 403
        assert status_of(client, routes, method, route) == expected, (method, route)


def test_public_reading_works_with_a_token_too(routes, settings):
    settings.ONRECORD_PUBLIC_READ = True
    client = tokened(get_user_model().objects.create(username="stranger"))
    for method, route in OPERATIONS:
        reads = OPERATIONS[method, route] in (READ, OPEN)
        assert status_of(client, routes, method, route) == (200 if reads else 403)


# What each may see


@pytest.mark.parametrize("status", ["proposed", "rejected"])
def test_readers_and_contributors_cannot_see_quotes_that_are_not_public(
    reader, contributor, nobody, curator, settings, status
):
    settings.ONRECORD_PUBLIC_READ = True
    hidden = make_quote("Hidden words", status=status, speaker=make_speaker("Ada"))
    shown = make_quote("Public words")
    for client in (reader, contributor, nobody):
        there = problem(client.get(f"{API}quotes/{hidden.pk}/"), 404)
        absent = problem(client.get(f"{API}quotes/{make_utterance().pk}/"), 404)
        assert there == absent
        body = ok(client.get(f"{API}quotes/", {"count": "true"}))
        assert [row["id"] for row in body["results"]] == [str(shown.pk)]
        assert body["count"]["value"] == 1
        for query in ({"speaker_name": "Ada"}, {"status": status}, {"article": hidden.article_id}):
            body = ok(client.get(f"{API}quotes/", {**query, "count": "true"}))
            assert body["results"] == []
            assert body["count"]["value"] == 0
        assert "Hidden" not in client.options(f"{API}quotes/{hidden.pk}/").content.decode()
    assert ok(curator.get(f"{API}quotes/{hidden.pk}/"))["status"] == status


def test_only_a_snapshot_contains_the_full_text_of_an_article(reader, curator):
    secret = "Nobody may copy this sentence, which goes on for quite a while in order to be long."
    article = make_article(f"“We had no choice” she said. {secret}")
    make_quote(article=article)
    paths = ["quotes/", "articles/", f"articles/{article.pk}/", f"articles/{article.pk}/snapshots/"]
    for path in paths:
        assert secret not in reader.get(f"{API}{path}").content.decode()
    path = f"{API}snapshots/{article.snapshot.sha256}/"
    assert "text" not in problem(reader.get(path), 403)
    assert ok(curator.get(path))["text"].endswith(secret)


def test_the_permission_to_read_full_text_can_be_given_to_a_reader(reader):
    article = make_article("Words.")
    permission = Permission.objects.get(codename="read_full_text")
    reader.user.user_permissions.add(permission)
    shown = ok(reader.get(f"{API}snapshots/{article.snapshot.sha256}/"))
    assert shown["text"] == "Words."
    assert shown["characters"] == 6
    assert shown["articles"] == [str(article.pk)]


def test_an_unknown_snapshot_is_404_for_users_who_may_read_snapshots(curator, reader):
    for digest in ("0" * 64, "abc", "a%00b", "A" * 64, "é"):
        problem(curator.get(f"{API}snapshots/{digest}/"), 404)
        problem(reader.get(f"{API}snapshots/{digest}/"), 403)


# What each may change


def test_a_contributor_files_proposals_and_may_not_publish(contributor):
    filing = make_filing()
    filing["quotes"][0]["status"] = "published"
    problem(contributor.post(f"{API}articles/", filing), 403)
    assert not Quote.objects.exists()
    filing["quotes"][0]["status"] = "proposed"
    filed = ok(contributor.post(f"{API}articles/", filing), 201)
    assert filed["quotes"][0]["status"] == "proposed"


def test_a_contributor_may_not_publish_a_single_quote(contributor):
    article = make_article("One. Two.")
    quote = {"article": str(article.pk), "text": "One", "status": "published"}
    problem(contributor.post(f"{API}quotes/", quote), 403)
    assert not Quote.objects.exists()


def test_a_curator_files_proposals_unless_asked_to_publish(curator):
    filed = ok(curator.post(f"{API}articles/", make_filing()), 201)
    assert filed["quotes"][0]["status"] == "proposed"


@pytest.mark.parametrize("who", ["reader", "contributor"])
def test_a_refused_change_changes_nothing_and_reveals_nothing(who, request):
    client = request.getfixturevalue(who)
    quote = make_quote(status="proposed")
    there = client.patch(f"{API}quotes/{quote.pk}/", {"language": "xx"}, headers={"If-Match": "*"})
    absent = client.patch(
        f"{API}quotes/{make_utterance().pk}/", {"language": "xx"}, headers={"If-Match": "*"}
    )
    assert problem(there, 403) == problem(absent, 403)
    assert fresh(quote).language is None


# Tokens


def tokened(user, expiry=timedelta(days=1)) -> APIClient:
    _, token = AuthToken.objects.create(user=user, expiry=expiry)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def unauthorised(response) -> str:
    detail = problem(response, 401)["detail"]
    schemes = 'Token realm="On Record", Bearer realm="On Record"'
    assert response.headers["WWW-Authenticate"] == schemes
    return detail


def test_without_a_token_the_response_names_the_scheme(nobody):
    unauthorised(nobody.get(f"{API}quotes/"))


@pytest.mark.parametrize(
    "header",
    [
        "Token",
        "Token ",
        "Token a b",
        "Token nonsense",
        "Token " + "0" * 64,
        "Token é€",
        "Token ' OR 1=1 --",
        "Token \\x00",
        "Token " + "f" * 10_000,
        "token nonsense",
    ],
)
def test_an_invalid_token_is_refused_even_if_reading_is_public(nobody, public, header):
    raw = header.encode().decode("latin-1")  # as WSGI passes on a header sent in UTF-8
    unauthorised(nobody.get(f"{API}quotes/", HTTP_AUTHORIZATION=raw))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token"])
def test_a_token_is_accepted_by_either_scheme_in_any_case(nobody, reader, scheme):
    token = reader._credentials["HTTP_AUTHORIZATION"].removeprefix("Token ")
    ok(nobody.get(f"{API}quotes/", headers={"Authorization": f"{scheme} {token}"}))
    unauthorised(nobody.get(f"{API}quotes/", headers={"Authorization": f"{scheme} {token}x"}))


@pytest.mark.parametrize("header", ["Basic bWU6bWU=", "Bearer abc", "Negotiate", "abc"])
def test_another_authentication_scheme_is_refused_even_if_reading_is_public(nobody, public, header):
    unauthorised(nobody.get(f"{API}quotes/", HTTP_AUTHORIZATION=header))


def test_an_expired_token_is_refused_with_that_reason(reader):
    user = reader.user
    assert ok(tokened(user).get(f"{API}quotes/"))
    client = tokened(user)
    AuthToken.objects.filter(user=user).update(expiry=timezone.now() - timedelta(seconds=1))
    assert "expired" in unauthorised(client.get(f"{API}quotes/"))


def test_the_token_of_an_inactive_user_is_refused(curator):
    get_user_model().objects.filter(pk=curator.user.pk).update(is_active=False)
    unauthorised(curator.get(f"{API}quotes/"))
    unauthorised(curator.post(f"{API}outlets/", {"name": "Post"}))


@pytest.fixture
def five_seconds_later(monkeypatch):
    """Time as the memory of tokens knows it goes on when this is called."""

    def wait():
        monkeypatch.setattr(recent_tokens, "clock", lambda: monotonic() + recent_tokens.SECONDS)

    assert recent_tokens.SECONDS <= 5
    return wait


def test_a_deleted_token_is_refused_within_five_seconds(reader, five_seconds_later):
    ok(reader.get(f"{API}quotes/"))
    AuthToken.objects.filter(user=reader.user).delete()
    five_seconds_later()
    unauthorised(reader.get(f"{API}quotes/"))


def test_a_token_in_use_is_looked_up_again_every_five_seconds(reader, five_seconds_later):
    """Asking again and again does not keep a revoked token alive."""
    tokens = RecentTokens(clock=lambda: 0)
    token = AuthToken.objects.get(user=reader.user)
    tokens.add(token)
    times = iter([1, 4, 4.99, 5, 9])
    tokens.clock = lambda: next(times)
    assert [tokens.get(token.digest) is token for _ in range(5)] == [True] * 3 + [False] * 2


def test_a_cached_token_expires_to_the_second(reader):
    client = tokened(reader.user, expiry=timedelta(seconds=1))
    ok(client.get(f"{API}quotes/"))
    sleep(1)
    assert "expired" in unauthorised(client.get(f"{API}quotes/"))


def test_the_cache_of_tokens_is_bounded(reader, monkeypatch):
    monkeypatch.setattr(RecentTokens, "MAX_TOKENS", 2)
    tokens = RecentTokens()
    for _ in range(5):
        tokened(reader.user)
    for token in AuthToken.objects.all():
        tokens.add(token)
        assert tokens.get(token.digest) is token
        assert len(tokens.found) <= 2


def test_leaving_a_group_removes_its_permissions_within_five_seconds(reader, five_seconds_later):
    ok(reader.get(f"{API}quotes/"))
    reader.user.groups.clear()
    five_seconds_later()
    problem(reader.get(f"{API}quotes/"), 403)


def test_authenticating_a_recent_client_takes_no_query(reader, django_assert_num_queries):
    ok(reader.get(f"{API}quotes/"))
    with django_assert_num_queries(1):
        ok(reader.get(f"{API}quotes/"))


def test_a_session_of_the_admin_does_not_authenticate_at_the_api(curator):
    browser = Client()
    browser.force_login(curator.user)
    assert browser.get(f"{API}quotes/").status_code == 401


def test_tokens_are_stored_as_digests_only(reader):
    token = reader._credentials["HTTP_AUTHORIZATION"].removeprefix("Token ")
    stored = AuthToken.objects.get(user=reader.user)
    assert token not in (stored.digest, stored.token_key)
    assert len(stored.token_key) < 20


# issue_token


def issue(*arguments) -> str:
    out = io.StringIO()
    call_command("issue_token", *arguments, stdout=out)
    return out.getvalue()


def test_issue_token_prints_a_token_that_works_and_nothing_else():
    printed = issue("wire", "--group", "Contributors")
    token = printed.removesuffix("\n")
    assert token.isascii()
    assert token.isalnum()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    ok(client.get(f"{API}quotes/"))
    ok(client.post(f"{API}articles/", make_filing(), format="json"), 201)
    problem(client.post(f"{API}outlets/", {"name": "x"}, format="json"), 403)


def test_a_second_token_leaves_the_first_alone():
    for token in (issue("wire", "--group", "Readers"), issue("wire")):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token.strip()}")
        ok(client.get(f"{API}quotes/"))
    assert AuthToken.objects.count() == 2


def test_a_token_lasts_for_the_requested_number_of_days(settings):
    issue("wire", "--group", "Readers", "--days", "7")
    issue("other", "--group", "Readers")
    for name, days in (("wire", 7), ("other", settings.ONRECORD_TOKEN_DAYS)):
        left = AuthToken.objects.get(user__username=name).expiry - timezone.now()
        assert timedelta(days=days, minutes=-5) < left <= timedelta(days=days)


def test_the_user_of_a_token_cannot_log_in_with_a_password():
    issue("wire", "--group", "Curators")
    user = get_user_model().objects.get(username="wire")
    assert not user.has_usable_password()
    assert not user.is_staff


@pytest.mark.parametrize(
    "arguments",
    [
        ("wire", "--group", "Editors"),
        ("wire", "--group", "curators"),
        ("wire", "--group", "Readers", "--days", "0"),
        ("wire", "--group", "Readers", "--days", "-1"),
        ("wire", "--group", "Readers", "--days", "3651"),
        ("wire", "--group", "Readers", "--days", "soon"),
        ("wire", "--group", "Readers", "--days", "9" * 30),
        ("wire",),
        ("", "--group", "Readers"),
        ("a b", "--group", "Readers"),
        ("n" * 151, "--group", "Readers"),
    ],
)
def test_issue_token_refuses_invalid_arguments_and_creates_nothing(arguments):
    with pytest.raises(CommandError):
        issue(*arguments)
    assert not AuthToken.objects.exists()
    assert not get_user_model().objects.exists()


def test_issue_token_refuses_a_user_who_is_not_active(reader):
    get_user_model().objects.filter(pk=reader.user.pk).update(is_active=False)
    with pytest.raises(CommandError, match="not active"):
        issue(reader.user.username, "--group", "Readers")


# The admin


OPEN_PAGES = re.compile("/admin/(login/|logout/|(password_)?reset/.*)")


def test_every_page_of_the_admin_redirects_anonymous_users_to_the_login(curator):
    token_only = Client(headers={"Authorization": curator._credentials["HTTP_AUTHORIZATION"]})
    not_staff = Client()
    not_staff.force_login(curator.user)
    keys = {"<path:object_id>": "1", "<path:url>": "x", "<uuid:key>": str(UUID(int=1))}
    pages = {
        "/" + re.sub("<[a-z]+:[a-z_]+>", lambda key: keys.get(key[0], key[0]), route)
        for route, _ in patterns(get_resolver())
        if route.startswith("admin/") and "<int:" not in route and "(?P" not in route
    }
    # To log in, and to choose a new password, one need not be logged in.
    pages = {page for page in pages if not OPEN_PAGES.fullmatch(page)}
    assert len(pages) > 20
    for page in pages:
        for browser in (Client(), token_only, not_staff):
            response = browser.get(page)
            assert response.status_code == 302, page
            assert response.headers["Location"].startswith("/admin/login/"), page
