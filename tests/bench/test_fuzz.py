"""Generated requests find what the OpenAPI document does not say. `fuzz.py` sends more of them."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.core.wsgi import get_wsgi_application
from knox.models import AuthToken

from tests.bench import fuzz
from tests.conftest import API, make_client
from tests.records import make_outlet, make_quote

ROOT = rf"^{API}$"


def found(change) -> fuzz.Found:
    """What a curator finds at the root of the service, whose answers are changed."""
    tokens = {"curator": AuthToken.objects.create(user=make_client("Curators").user)[1]}
    handler = change(get_wsgi_application())
    return fuzz.fuzz(handler, tokens, ends=lambda turn: turn > 1, seed=1, paths=ROOT)


def as_it_is(handler):
    return handler


def failing(handler):
    """The service, with 503 for all but its OpenAPI document."""

    def application(environ, start_response):
        if environ["PATH_INFO"].endswith("/schema/"):
            return handler(environ, start_response)
        answer = handler(environ, lambda status, headers: start_response("503 Away", headers))
        answer.close()
        return answer

    return application


def renaming(handler):
    """The service, with another name for a member of its answers."""

    def application(environ, start_response):
        answer = handler(environ, start_response)
        if not environ["PATH_INFO"].endswith("/schema/"):
            answer.content = answer.content.replace(b'"resources"', b'"resourcez"')
        return answer

    return application


def without_a_header(handler):
    """The service, with no id of the request."""

    def application(environ, start_response):
        def start(status, headers):
            kept = [(name, value) for name, value in headers if name != "X-Request-ID"]
            return start_response(status, kept)

        return handler(environ, start)

    return application


@pytest.mark.django_db(transaction=True)
def test_an_answer_as_documented_is_no_fault():
    everything = found(as_it_is)
    assert everything.faults == {}
    assert everything.answers["curator", 200] > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("change", "title"),
    [
        (failing, "Server error"),
        (renaming, "Response violates schema"),
        (without_a_header, "Missing required response headers"),
    ],
)
def test_an_answer_that_is_not_as_documented_is_found(change, title):
    assert title in {name for _, name in found(change).faults}


NOBODYS = [f"01977a2e-6c1f-7a30-b1d4-0c5a3e9f8b2{number:x}" for number in range(16)]


def sent(**values) -> SimpleNamespace:
    """A request to a verb of a quote, as schemathesis makes it."""
    given = {"path_parameters": {}, "query": {}, "headers": {}, "body": None} | values
    return SimpleNamespace(operation=SimpleNamespace(path=f"{API}quotes/{{id}}/publish/"), **given)


@pytest.mark.django_db
def test_most_ids_of_nobody_become_ids_of_records():
    quote, outlet = make_quote(), make_outlet("Radio")
    aim = fuzz.Aim(fuzz.ids_of_records())
    aimed = []
    for nobodys in NOBODYS:
        case = sent(
            path_parameters={"id": nobodys},
            query={"outlet": [nobodys], "wait": "9", "cursor": nobodys},
            headers={"If-Match": nobodys, "Idempotency-Key": nobodys},
            body={"quote": nobodys, "text": nobodys},
        )
        aim.correct(case)
        aimed.append(case)
        assert case.query["wait"] == 0
        assert case.body["text"] == nobodys
    ids = {str(quote.pk), *NOBODYS}
    outlets = {str(outlet.pk), str(quote.outlet_id), *NOBODYS}
    assert {case.path_parameters["id"] for case in aimed} <= ids
    assert {case.body["quote"] for case in aimed} <= ids
    assert {each for case in aimed for each in case.query["outlet"]} <= outlets
    assert sum(case.headers["If-Match"] == "*" for case in aimed) > len(aimed) / 2
    assert sum("Idempotency-Key" in case.headers for case in aimed) < len(aimed) / 2
    assert sum("cursor" in case.query for case in aimed) < len(aimed) / 2
    assert sum(case.path_parameters["id"] == str(quote.pk) for case in aimed) > len(aimed) / 2


def test_quotes_of_a_generated_filing_are_words_of_its_text():
    filing = {"text": "abc", "quotes": [{"text": "x"}, {"kind": "direct"}, 5]}
    quoted = [{"text": "a"}, {"kind": "direct", "text": "ab"}, 5]
    assert fuzz.quoting(filing) == {"text": "abc", "quotes": quoted}
    for other in ({}, {"text": " ", "quotes": [{}]}, {"text": "a", "quotes": None}):
        assert fuzz.quoting(other) == other


def test_faults_are_told_with_the_request_that_shows_them():
    one = fuzz.Found()
    one.answers.update({("reader", 200): 3, ("reader", 404): 1, ("nobody", 401): 2})
    one.faults["GET /api/v1/", "Server error"] = "curl …"
    told = "\n".join(fuzz.report(one))
    assert "reader: 4 requests, answered 3 × 200, 1 × 404" in told
    assert "GET /api/v1/: Server error\ncurl …" in told


def test_it_says_what_it_does():
    done = subprocess.run(
        [sys.executable, fuzz.__file__, "--help"], capture_output=True, text=True, timeout=60
    )
    assert "--seconds" in done.stdout


@pytest.mark.django_db(transaction=True)
def test_a_media_type_with_a_profile_is_not_taken_for_the_one_without():
    token = AuthToken.objects.create(user=make_client("Curators").user)[1]
    document = fuzz.document_of(get_wsgi_application(), rf"^{API}quotes/\{{id\}}/$")
    [operation] = [
        each
        for each in (one.ok() for one in document.get_all_operations())
        if each.method.upper() == "GET"
    ]
    found = fuzz.Found()
    for name in ("annotation", "jsonld", "json"):
        at = {"id": str(make_quote().pk)}
        case = operation.Case(method="GET", path_parameters=at, query={"format": name})
        found.send(case, "curator", token)
    assert found.answers == {("curator", 200): 3}
    assert not found.faults
