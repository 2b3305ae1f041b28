"""Logging in to the pages and out again, for readers who are no staff."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from tests.quotes.pages.trees import opened, text_of
from tests.records import make_quote

pytestmark = pytest.mark.django_db

PASSWORD = "a long trial password"


@pytest.fixture
def mara():
    user = get_user_model().objects.create_user("mara", password=PASSWORD)
    user.groups.add(Group.objects.get(name="Readers"))
    return user


def test_a_reader_logs_in_reads_and_logs_out(mara):
    make_quote("One.")
    browser = Client()
    asked = browser.get("/", {"q": "one"}).headers["Location"]
    assert "This page is for users of this service." in text_of(opened(browser, asked), "main")
    sent = {"username": "mara", "password": PASSWORD, "next": "/?q=one"}
    answer = browser.post(asked, sent)
    assert answer.headers["Location"] == "/?q=one"
    assert text_of(opened(browser, "/?q=one"), "#number") == "1 quote"
    assert "You are logged in as mara." in text_of(opened(browser, "/logout/"), "main")
    assert browser.post("/logout/").headers["Location"] == "/"
    assert browser.get("/").status_code == 302


def test_a_wrong_password_is_said_and_logs_nobody_in(mara):
    browser = Client()
    answer = browser.post("/login/", {"username": "mara", "password": "no"})
    assert "Please enter a correct username and password." in answer.text
    assert browser.get("/").status_code == 302


def test_nobody_is_led_to_another_site_after_logging_in(mara):
    sent = {"username": "mara", "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post("/login/", sent).headers["Location"] == "/"


def test_who_may_not_read_is_told_so():
    user = get_user_model().objects.create_user("nobody")
    browser = Client()
    browser.force_login(user)
    page = browser.get("/")
    assert page.status_code == 403
    assert "You are logged in as nobody." in page.text
