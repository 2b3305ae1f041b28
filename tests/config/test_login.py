"""Logging in to the admin: too many failures lock a name, or an address, out for a while."""

import logging
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

pytestmark = pytest.mark.django_db

LIMIT = settings.AXES_FAILURE_LIMIT
PASSWORD = "a long trial password"
QUICK = "django.contrib.auth.hashers.MD5PasswordHasher"  # the real one takes half a second a try


@pytest.fixture
def mara(settings):
    settings.PASSWORD_HASHERS = [QUICK]
    return get_user_model().objects.create_user("mara", password=PASSWORD, is_staff=True)


def log_in(name: str = "mara", password: str = "wrong", address: str = "192.0.2.1", **headers):
    form = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post("/admin/login/?next=/admin/", form, headers=headers)


def fail(times: int, **how) -> None:
    for _ in range(times):
        log_in(**how)


def test_the_tenth_failure_locks_the_name_out_and_the_page_says_how_long(mara):
    fail(LIMIT - 1)
    assert log_in().status_code == 429
    answer = log_in(password=PASSWORD, address="192.0.2.2")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert "Wait 15 minutes" in answer.text
    assert "Content-Security-Policy" in answer.headers


def test_nine_failures_lock_nobody_out(mara):
    fail(LIMIT - 1)
    assert log_in(password=PASSWORD).status_code == 302


def test_an_address_is_locked_out_whatever_names_it_tries_and_others_are_not(mara):
    for number in range(LIMIT):
        log_in(f"guess-{number}")
    assert log_in(password=PASSWORD).status_code == 429
    assert log_in(password=PASSWORD, address="192.0.2.2").status_code == 302


def test_success_resets_the_count(mara):
    fail(LIMIT - 1)
    assert log_in(password=PASSWORD).status_code == 302
    assert not AccessAttempt.objects.exists()
    fail(LIMIT - 1)
    assert log_in(password=PASSWORD).status_code == 302


def test_the_lock_ends_after_fifteen_minutes_however_often_somebody_tries(mara):
    fail(LIMIT + 5)
    (attempt,) = AccessAttempt.objects.all()
    assert attempt.failures_since_start == LIMIT
    AccessAttempt.objects.update(attempt_time=attempt.attempt_time - timedelta(minutes=15))
    assert log_in(password=PASSWORD).status_code == 302


def test_a_failure_is_logged_on_one_line_without_the_password(mara, caplog):
    with caplog.at_level(logging.WARNING):
        log_in("mara\nforged line", password="my secret word")
    (message,) = [r.getMessage() for r in caplog.records if r.name.startswith("axes")]
    assert r"user 'mara\nforged line' from 192.0.2.1" in message
    assert "\n" not in message
    stored = str(list(AccessAttempt.objects.values()))
    assert "my secret word" not in caplog.text + stored


@pytest.mark.parametrize(
    ("proxies", "forwarded", "counted"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9", "198.51.100.7"),
        (1, "nonsense", "192.0.2.1"),
        (1, None, "192.0.2.1"),
    ],
)
def test_forwarded_addresses_count_only_as_far_as_proxies_are_trusted(
    mara, settings, proxies, forwarded, counted
):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    log_in(**({"X-Forwarded-For": forwarded} if forwarded else {}))
    assert AccessAttempt.objects.get().ip_address == counted


OTHER_PROCESS = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.conf import settings
from django.db import connection
from django.test import Client
_, connection.settings_dict["NAME"], hasher = sys.argv
settings.ALLOWED_HOSTS, settings.PASSWORD_HASHERS = ["testserver"], [hasher]
for password in sys.stdin:
    form = {"username": "mara", "password": password.strip()}
    print(Client().post("/admin/login/", form).status_code, flush=True)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
def test_failures_in_several_processes_are_counted_together(mara):
    with subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, connection.settings_dict["NAME"], QUICK],
        cwd=settings.BASE_DIR,
        env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:

        def log_in_there(password: str = "wrong") -> int:
            other.stdin.write(f"{password}\n")
            other.stdin.flush()
            return int(other.stdout.readline())

        fail(LIMIT - 2)
        assert log_in_there() == 200
        assert log_in_there(PASSWORD) == 302  # which resets the count for this process too
        fail(LIMIT - 1)
        assert log_in_there() == 429
        assert log_in_there(PASSWORD) == 429
        assert log_in(password=PASSWORD).status_code == 429
        other.stdin.close()
