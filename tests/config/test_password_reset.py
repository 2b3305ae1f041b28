"""A forgotten password: a link by mail, which tells nobody who has an account."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings as own
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.config.test_login import LIMIT, QUICK, fail, log_in
from tests.jobs import work_off

PASSWORD = "a long trial password"
NEW = "another long password of hers"
ASK = "/admin/password_reset/"


@pytest.fixture
def mara(db, settings):
    settings.PASSWORD_HASHERS = [QUICK]
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    return get_user_model().objects.create_user(
        "mara", "Mara@quotes.example", PASSWORD, is_staff=True
    )


def ask(email: str, address: str = "192.0.2.1"):
    return Client(REMOTE_ADDR=address).post(ASK, {"email": email})


def choose_by(link: str):
    browser = Client()
    page = browser.get(link, follow=True)
    form = {"new_password1": NEW, "new_password2": NEW}
    return page, browser.post(page.redirect_chain[-1][0], form, follow=True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
def test_the_link_in_the_mail_sets_a_new_password_and_ends_the_lock(mara):
    fail(LIMIT)
    assert log_in(password=PASSWORD).status_code == 429
    assert ask("mara@quotes.example").url == reverse("password_reset_done")
    work_off()
    (sent,) = mail.outbox
    assert sent.to == ["Mara@quotes.example"]
    assert sent.from_email == own.DEFAULT_FROM_EMAIL
    assert sent.subject == "New password for On Record at testserver"
    assert "Your user name is mara." in sent.body
    link = re.search(r"http://testserver(/admin/reset/\S+)", sent.body)[1]
    page, done = choose_by(link)
    assert link.split("/")[-2] not in page.redirect_chain[-1][0]
    assert "Password reset complete" in done.text
    assert log_in(password=NEW).status_code == 302
    assert "Password reset unsuccessful" in Client().get(link, follow=True).text


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
def test_an_unknown_address_is_answered_alike_and_gets_no_mail(mara):
    known, unknown = ask("mara@quotes.example"), ask("nobody@quotes.example")
    assert (unknown.status_code, unknown.url) == (known.status_code, known.url)
    work_off()
    assert [sent.to for sent in mail.outbox] == [["Mara@quotes.example"]]


def test_the_sixth_request_of_a_client_within_the_hour_is_refused(mara):
    for number in range(5):
        assert ask(f"guess-{number}@quotes.example").status_code == 302
    refused = ask("mara@quotes.example")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 3601
    assert "Too many links were asked for. Try again in" in refused.text
    assert ask("mara@quotes.example", "192.0.2.2").status_code == 302


def test_the_sixth_request_for_an_address_is_refused_whether_or_not_anybody_has_it(mara):
    for email in ("mara@quotes.example", "nobody@quotes.example"):
        answers = [ask(email, f"192.0.2.{number}").status_code for number in range(6)]
        assert answers == [302] * 5 + [429], email


@pytest.mark.parametrize(
    ("sent_to", "leads_to"),
    [
        ("evil.example", "quotes.example"),
        ("quotes.example:8080", "quotes.example"),
        ("desk.example", "desk.example"),
    ],
)
def test_the_link_leads_to_a_trusted_origin_whatever_host_the_client_says(
    mara, settings, sent_to, leads_to
):
    settings.ALLOWED_HOSTS = ["*"]
    settings.CSRF_TRUSTED_ORIGINS = [
        *("https://*.example", "https://quotes.example", "https://desk.example")
    ]
    Client(HTTP_HOST=sent_to).post(ASK, {"email": "mara@quotes.example"})
    assert ProcrastinateJob.objects.get().args["domain"] == leads_to


def test_the_login_page_leads_to_it(mara):
    assert f'href="{ASK}"' in Client().get("/admin/login/").text
    page = Client().get(ASK)
    assert "Email address" in page.text
    assert "Content-Security-Policy" in page.headers


@pytest.mark.django_db
def test_without_mail_the_page_says_so(settings):
    settings.MAILERS = {}
    page = Client().get(ASK)
    assert "This server cannot send mail. Ask an administrator" in page.text
    assert "<form" not in page.text.partition('id="content"')[2]
    assert ask("mara@quotes.example").status_code == 503


def read_settings(**variables) -> subprocess.CompletedProcess:
    show = "from config import settings; print(settings.MAILERS, settings.DEFAULT_FROM_EMAIL)"
    return subprocess.run(
        [sys.executable, "-c", show],
        check=False,
        cwd=own.BASE_DIR,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables},
    )


def test_a_mail_server_is_read_from_its_address():
    read = read_settings(
        EMAIL_URL="smtp+tls://onrecord:s%40cret@mail.example",
        DEFAULT_FROM_EMAIL="On Record <desk@quotes.example>",
    )
    assert read.returncode == 0, read.stderr
    for part in (
        "'host': 'mail.example'",
        "'port': 587",
        "'password': 's@cret'",
        "'use_tls': True",
    ):
        assert part in read.stdout
    assert "On Record <desk@quotes.example>" in read.stdout


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"EMAIL_URL": "smtp+tls://user:secret-word@"}, "EMAIL_URL: write"),
        ({"EMAIL_URL": "smtp://user:secret-word@mail.example:many"}, "EMAIL_URL: write"),
        ({"EMAIL_URL": "imap://user:secret-word@mail.example"}, "EMAIL_URL: write"),
        ({"EMAIL_URL": "smtp://user:secret-word@mail.example"}, "EMAIL_URL needs it"),
        ({"DEFAULT_FROM_EMAIL": "On Record"}, "DEFAULT_FROM_EMAIL=On Record"),
    ],
)
def test_mail_settings_that_make_no_sense_are_refused_without_telling_a_password(variables, told):
    read = read_settings(**variables)
    assert read.returncode == 1
    assert told in read.stderr
    assert "secret-word" not in read.stderr


def test_production_without_a_mail_server_is_complete():
    place = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--fail-level", "WARNING"],
        check=False,
        cwd=own.BASE_DIR,
        capture_output=True,
        text=True,
        env=place | {"DATABASE_URL": "postgres://a:b@db.example/c", "SECRET_KEY": "for a test"},
    )
    assert checked.returncode == 0, checked.stderr
