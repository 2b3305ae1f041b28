"""Logs name the request and what failed, and hold no words, tokens, passwords or paths."""

import io
import json
import logging

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.test import Client

from config.environment import choice
from config.monitoring.logs import log, logging_settings
from quotes.models import Quote
from tests.config.test_login import QUICK
from tests.conftest import API, make_filing, problem
from tests.records import make_quote

pytestmark = pytest.mark.django_db

WORDS = "Zanzibar unmentionable"


class Log(io.StringIO):
    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def of(self, request: str) -> list[dict]:
        return [line for line in self.lines if line.get("request_id") == request]


@pytest.fixture
def written():
    """The log of the settings, with a line for each request, as JSON."""
    stream = Log()
    given = dict(logging_settings(as_json=True, requests=True, whole=False)["formatters"]["line"])
    handler = logging.StreamHandler(stream)
    handler.setFormatter(given.pop("()")(**given))
    logging.getLogger().addHandler(handler)
    usual = log.level
    log.setLevel(logging.INFO)
    yield stream
    log.setLevel(usual)
    logging.getLogger().removeHandler(handler)


def test_a_request_is_one_line_with_its_id_route_status_and_time(written, curator):
    key = make_quote().pk
    curator.get(f"{API}quotes/{key}/", headers={"X-Request-ID": "r-1"})
    (line,) = written.of("r-1")
    assert line["event"] == "request"
    assert line["method"] == "GET"
    assert line["route"] == "api/v1/quotes/<uuid:pk>/"
    assert line["status"] == 200
    assert line["milliseconds"] > 0


def test_no_line_of_whatever_fails_holds_words_tokens_passwords_or_paths(
    written, curator, monkeypatch, settings
):
    settings.PASSWORD_HASHERS = [QUICK]
    get_user_model().objects.create_user("mara", password=WORDS, is_staff=True)
    browser, path = Client(raise_request_exception=False), f"{API}quotes/{make_quote().pk}/"
    curator.raise_request_exception = False
    filing = make_filing(text=f"{WORDS} said nothing.", headline=WORDS)
    curator.post(f"{API}articles/?x={WORDS}", filing)
    curator.get(f"{API}quotes/", {"q": WORDS, "limit": "x"})
    curator.get(f"{API}quotes/", headers={"Authorization": f"Token {WORDS}"})
    browser.get(f"/{WORDS}/?token={WORDS}")
    browser.get(f"/admin/reset/MQ/{WORDS}/")
    browser.post("/admin/login/", {"username": "mara", "password": f"{WORDS}!"})
    Client(enforce_csrf_checks=True).post(f"/login/?next=/{WORDS}", {"password": WORDS})
    with monkeypatch.context() as patch:
        patch.setattr(Quote, "clean", lambda self: int(WORDS))
        failed = curator.patch(path, {"language": "en"}, headers={"If-Match": "*"})
    assert failed.status_code == 500
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO sources_outlet (name) VALUES (%s)", [WORDS])
    except IntegrityError:
        logging.getLogger("quotes").exception("it was not stored")
    assert WORDS.split()[0] not in written.getvalue()
    assert curator._credentials["HTTP_AUTHORIZATION"].split()[1] not in written.getvalue()
    events = {line["event"] for line in written.lines}
    assert {"request", "Not Found", "Internal Server Error", "it was not stored"} <= events


def test_an_exception_is_told_by_type_place_and_what_postgresql_calls_it(
    written, curator, monkeypatch
):
    curator.raise_request_exception = False
    path = f"{API}quotes/{make_quote().pk}/"
    monkeypatch.setattr(Quote, "clean", lambda self: int(WORDS))
    headers = {"If-Match": "*", "X-Request-ID": "r-2"}
    problem(curator.patch(path, {"language": "en"}, headers=headers), 500)
    (line,) = [line for line in written.of("r-2") if "exceptions" in line]
    (told,) = line["exceptions"]
    assert told["type"] == "builtins.ValueError"
    assert any("quotes/" in place for place in told["places"])
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO sources_outlet (name) VALUES (%s)", [WORDS])
    except IntegrityError:
        logging.getLogger("quotes").exception("it was not stored")
    told = written.lines[-1]["exceptions"]
    assert "23502" in {each.get("sqlstate") for each in told}


def test_a_background_job_is_logged_without_its_arguments(written):
    call = f"config.password_reset.send_link[3](email='{WORDS}')"
    job = {"call_string": call, "task_name": "config.password_reset.send_link", "id": 3}
    logging.getLogger("procrastinate").error(f"Job {call} failed", extra={"job": job})
    (line,) = written.lines
    assert line["event"] == "Job config.password_reset.send_link[3] failed"


def test_a_format_that_is_not_known_is_refused(monkeypatch):
    monkeypatch.setenv("ONRECORD_LOG_FORMAT", "xml")
    with pytest.raises(ImproperlyConfigured, match="write text or json"):
        choice("ONRECORD_LOG_FORMAT", "text", "json")
