"""Errors outside the API's views: a page for people, a problem for programs."""

import json
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from config.error_pages import server_error, when_the_database_fails
from quotes.models import Quote
from tests.conftest import staff
from tests.quotes.admin.test_admin import changelist

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
UNREADABLE = "The server cannot read this"
PROBLEM = "application/problem+json"


def is_page(answer, status: int, title: str) -> str:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{title}</h1>" in answer.text
    assert 'lang="en"' in answer.text
    for way in ("/admin/", "/guides/"):
        assert f'href="{way}"' in answer.text
    return answer.text


@pytest.mark.parametrize("accept", [BROWSER, "text/html", "*/*", "image/png"])
def test_an_unknown_address_is_a_page_with_ways_on(client, accept):
    page = is_page(client.get("/no<b>where", headers={"accept": accept}), 404, "Page not found")
    assert "<b>" not in page


@pytest.mark.parametrize("accept", [PROBLEM, "application/json", f"{PROBLEM}, text/html;q=0.5"])
def test_who_prefers_json_gets_a_problem(client, accept):
    answer = client.get("/nowhere", headers={"accept": accept})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == PROBLEM
    assert json.loads(answer.content)["status"] == 404


@pytest.mark.parametrize("accept", [BROWSER, "text/html"])
def test_below_the_api_a_browser_gets_problems_too(client, accept):
    answer = client.get("/api/v1/nowhere/", headers={"accept": accept})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == PROBLEM


def test_an_unknown_address_in_the_admin_keeps_the_users_menu(curator_at_desk):
    page = is_page(curator_at_desk.get("/admin/nowhere/"), 404, "Page not found")
    assert "curators-at-desk" in page
    assert 'href="/admin/quotes/quote/"' in page


def test_a_missing_record_is_told_of_in_words_and_leads_to_its_list(curator_at_desk):
    for page in ("change", "history"):
        answer = curator_at_desk.get(f"/admin/quotes/quote/{(key := uuid4())}/{page}/")
        text = is_page(answer, 404, "Page not found")
        assert f"There is no quote “{key}”" in text
        assert "Records are never deleted" in text
        assert 'href="/admin/quotes/quote/">Search the list' in text


def test_a_filter_that_makes_no_sense_is_named_and_the_others_are_not(curator_at_desk):
    query = {"month": "2026-13", "q": "quay", "status__exact": "published"}
    page = is_page(curator_at_desk.get(changelist(Quote), query), 400, "Filter not understood")
    assert "makes no sense: month=2026-13</p>" in page
    assert 'href="/admin/quotes/quote/">Show the whole list' in page
    page = curator_at_desk.get(changelist(Quote), {"colour": "red", "flag": "altered"}).text
    assert "makes no sense: colour=red</p>" in page


def test_a_page_that_may_not_be_seen_says_who_is_logged_in(db):
    reader = staff("Readers")
    answer = reader.get("/admin/sources/snapshot/add/")
    page = is_page(answer, 403, "You may not do this")
    assert "You are logged in as readers-at-desk." in page


def test_a_form_without_its_token_is_told_what_to_do(db):
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "mara"})
    page = is_page(answer, 403, "The form was not accepted")
    assert "reload the page" in page
    assert "Content-Security-Policy" in answer.headers


def test_an_address_that_only_takes_a_form_is_a_page_with_ways_on(curator_at_desk):
    answer = curator_at_desk.get(f"/admin/sources/job/{uuid4()}/cancel/")
    is_page(answer, 405, "This is not a page")
    assert answer.headers["Allow"] == "POST"
    is_page(Client().post("/guides/"), 405, "This is not a page")


def test_an_unknown_host_is_refused_with_a_page(client):
    is_page(client.get("/", headers={"host": "evil.example"}), 400, UNREADABLE)
    is_page(client.get("/admin/", headers={"host": "a.example"}), 400, UNREADABLE)


# Tests without the `db` fixture may not use the database.


@pytest.mark.parametrize("path", ["/admin/quotes/quote/", "/guides/"])
def test_a_failure_of_the_server_is_a_page_that_needs_no_database(path):
    is_page(server_error(RequestFactory().get(path)), 500, "Something went wrong")
    answer = server_error(RequestFactory().get(path, headers={"accept": "application/json"}))
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize("accept", [BROWSER, PROBLEM])
def test_without_the_database_it_is_said_when_to_try_again(accept):
    middleware = when_the_database_fails(None)
    request = RequestFactory().get("/admin/", headers={"accept": accept})
    answer = middleware.process_exception(request, OperationalError())
    assert answer.headers["Retry-After"] == "5"
    if accept == BROWSER:
        is_page(answer, 503, "Not available just now")
    else:
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == PROBLEM
