"""Fixtures and helpers of all tests: API clients of each group, filings, checked responses."""

import io
import json
import os
import sys
import time
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, TransactionTestCase, override_settings
from hypothesis import Phase
from hypothesis import settings as hypothesis_settings
from knox.models import AuthToken
from rest_framework.test import APIClient

from config.auth import recent_tokens
from config.monitoring.readiness import readiness
from quotes.models import second_look
from quotes.search import word_frequencies
from sources.history.feed import LedgerPosition, last_settled
from sources.models import Revision, functions

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus" / "articles.ndjson"

# Some images forbid it; then each of the many processes that tests start compiles every module.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

hypothesis_settings.register_profile("same", derandomize=True)
hypothesis_settings.register_profile("other", derandomize=False)
hypothesis_settings.register_profile(
    "first", derandomize=True, deadline=None, phases=(Phase.explicit, Phase.generate)
)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
"""Every run draws the same examples, so that a fault is the change's; `other` draws new ones.

`first` stops at the first failure, looks for no smaller one, and lets examples take their time.
"""

API = "/api/v1/"


FILLED_BY_MIGRATIONS = (
    "django_content_type",
    "django_migrations",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
)
"""Tables that every test finds as migrations left them: a test that commits leaves them alone."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Tell `--dist loadgroup` the groups of tests, each of which runs in one worker.

    pytest-xdist 3.8 adds the group to a copy of the id that pytest 9.2 no longer reads, and then
    ignores all groups: https://github.com/pytest-dev/pytest-xdist/issues/1386
    """
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        if mark and not item.nodeid.endswith(f"@{mark.args[0]}"):
            item._id = type(item._id).parse(f"{item.nodeid}@{mark.args[0]}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """Close the streamed responses of a test, as a server does.

    One that is left open holds a savepoint. The garbage collector would roll it back at any time:
    in another test, or within another statement, which then waits for itself.
    """
    streams, request = [], Client.request

    def keeping(self, **asked):
        response = request(self, **asked)
        if response.streaming:
            streams.append(response.streaming_content)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", keeping)
        try:
            return (yield)
        finally:
            for stream in reversed(streams):
                for _ in stream:
                    pass


@pytest.fixture(scope="session", autouse=True)
def _cheap_settings():
    """Spare each login half a second, and each new test client a search for all static files."""
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(PASSWORD_HASHERS=[hasher], WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Clean up after tests that commit: leave what migrations left. Django's flush takes longer."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('DELETE FROM %%I;', tablename), '') FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename != ALL(%s)",
            [list(FILLED_BY_MIGRATIONS)],
        )
        (deletions,) = cursor.fetchone()
        # A commit need not wait for the disk: nobody needs this database after a crash.
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    with django_db_blocker.unblock():
        connection.close()
        connection.close_pool()  # new connections have it

    def clean_up(test):
        with transaction.atomic(), connection.cursor() as cursor:
            # Without the triggers that refuse it, and without foreign keys: all tables are emptied.
            cursor.execute(f"SET LOCAL session_replication_role = replica; {deletions}")
        call_command("begin_era", stdout=io.StringIO())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", clean_up)
        yield


@pytest.fixture(autouse=True)
def _no_second_looks(monkeypatch):
    """Draw nothing at random, but where a test asks for it."""
    monkeypatch.setattr(second_look, "SHARE", 0.0)


@pytest.fixture(autouse=True)
def _empty_caches():
    """Forget request rates, recent tokens and names, estimates, and the last look at readiness."""
    cache.clear()
    readiness.forget()
    functions.remembered.clear()
    recent_tokens.clear()
    word_frequencies.memory.known.clear()


@pytest.fixture
def corpus() -> list[dict]:
    """Real articles with their quotes marked by hand; skips the test if they are absent."""
    if not CORPUS.exists():
        pytest.skip(f"the corpus is not at {CORPUS}")
    return [json.loads(line) for line in CORPUS.read_text().splitlines()]


def make_client(group: str | None, name: str | None = None) -> APIClient:
    """An API client with a token of a user in this group; None: without a token."""
    client = APIClient()
    client.default_format = "json"
    if group:
        user, _ = get_user_model().objects.get_or_create(username=name or group.lower())
        user.groups.add(Group.objects.get(name=group))
        _, token = AuthToken.objects.create(user=user)
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        client.user = user
    return client


def staff(group: str | None = None, name: str | None = None, *, permissions=()) -> Client:
    """A browser at the admin, logged in as a user of this group or with these permissions."""
    name = name or f"{group or 'somebody'}-at-desk".lower()
    user = get_user_model().objects.create_user(name, is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def nobody(db):
    return make_client(None)


@pytest.fixture
def reader(db):
    return make_client("Readers")


@pytest.fixture
def contributor(db):
    return make_client("Contributors")


@pytest.fixture
def curator(db):
    return make_client("Curators")


@pytest.fixture
def visitor(settings, db) -> Client:
    """A browser without a login, where anyone may read."""
    settings.ONRECORD_PUBLIC_READ = True
    return Client()


@pytest.fixture
def curator_at_desk(db):
    return staff("Curators")


@pytest.fixture
def reader_at_desk(db):
    return staff("Readers")


def make_filing(**overrides) -> dict:
    """A small filing: one article, one direct quote."""
    return {
        "outlet": "The Harbour Post",
        "url": "https://harbourpost.example/2026/quay",
        "headline": "Quay to close",
        "byline": ["Ada Lund"],
        "published": "2026-03-14",
        "language": "en",
        "text": "The quay will close. “We had no choice,” said Mara Quill, harbour master.",
        "quotes": [
            {
                "text": "We had no choice,",
                "kind": "direct",
                "speaker": "Mara Quill",
                "role": "harbour master",
                "attribution": {"speaker": "Mara Quill", "cue": "said"},
            }
        ],
    } | overrides


def publish(filing: dict) -> dict:
    """The same filing, with its quotes published."""
    quotes = [{**quote, "status": "published"} for quote in filing.get("quotes", [])]
    return {**filing, "quotes": quotes}


def ok(response, status: int = 200):
    """Return the JSON body of a response, which must have this status."""
    assert response.status_code == status, (response.status_code, response.content[:2000])
    return response.json()


def problem(response, status: int) -> dict:
    """Return the body of a problem (RFC 9457), which must have this status."""
    assert response.headers["Content-Type"] == "application/problem+json", response.content[:500]
    body = ok(response, status)
    assert {"type", "title", "status", "detail"} <= body.keys()
    assert body["status"] == status
    return body


def fresh(record):
    """The record as the database has it now."""
    record.refresh_from_db()
    return record


def sql(statement: str, parameters=None) -> list[tuple]:
    """Run a statement as it is; return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def settle(seconds: float = 120) -> None:
    """Wait until the change feed shows everything committed so far.

    Open transactions of tests in other databases of the cluster hold it back.
    """
    newest = Revision.objects.order_by("era", "transaction", "id").last()
    until = time.monotonic() + seconds
    while newest and last_settled() < LedgerPosition(newest.era, newest.transaction, newest.id):
        assert time.monotonic() < until, "A transaction stays open somewhere."
        time.sleep(0.05)
