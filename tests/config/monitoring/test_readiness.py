"""`/health/` and `/ready/`: what fails, what is late, and that asking often costs nothing."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from config.monitoring.readiness import Readiness, readiness
from sources.history.feed import feed_lag
from sources.jobs.models import oldest_due_age
from sources.jobs.tasks import run
from sources.models import Checkpoint, Era
from tests.conftest import settle, sql
from tests.records import make_outlet

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def working():
    """A worker that sent a heartbeat just now."""
    sql("INSERT INTO procrastinate_workers DEFAULT VALUES")


def ask() -> tuple[int, str, dict[str, dict]]:
    """Status code, status, and each check by name."""
    answer = Client().get("/ready/")
    assert answer.headers["Content-Type"] == "application/health+json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    return answer.status_code, body["status"], {k: check for k, (check,) in body["checks"].items()}


def test_when_all_is_well_every_check_passes(working):
    code, status, checks = ask()
    assert (code, status) == (200, "pass")
    assert [*checks] == [
        *("database", "migrations", "worker:heartbeat", "jobs:oldest", "changes:lag"),
        "checkpoint:age",
    ]
    assert {check["status"] for check in checks.values()} == {"pass"}
    assert checks["worker:heartbeat"] == {
        **{"status": "pass", "observedUnit": "s", "observedValue": 0.0}
    }


def test_a_worker_that_died_or_never_was_is_a_warning_and_lists_go_on():
    code, status, checks = ask()
    assert (code, status) == (200, "warn")
    assert checks["worker:heartbeat"]["output"] == "No background worker is running."
    assert "observedValue" not in checks["worker:heartbeat"]


def test_the_age_of_the_last_heartbeat_is_told():
    sql("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '2 min')")
    _, status, checks = ask()
    assert status == "warn"
    assert checks["worker:heartbeat"]["observedValue"] == 120


def test_a_job_that_waits_for_long_is_a_warning(working):
    run.defer(job="1")
    sql("UPDATE procrastinate_events SET at = now() - interval '1 hour'")
    code, status, checks = ask()
    assert (code, status) == (200, "warn")
    assert checks["jobs:oldest"]["observedValue"] == 3600


def test_a_job_is_late_from_its_time_on_and_not_before():
    run.configure(schedule_at=timezone.now() + HOUR).defer(job="1")
    sql("UPDATE procrastinate_events SET at = now() - interval '2 hours'")
    assert oldest_due_age() == 0
    sql("UPDATE procrastinate_jobs SET scheduled_at = now() - interval '5 min'")
    assert oldest_due_age() == 300


def test_without_the_migrations_of_the_code_the_service_is_not_ready(working):
    sql("DELETE FROM django_migrations WHERE (app, name) = ('quotes', '0002_initial')")
    code, status, checks = ask()
    assert (code, status) == (503, "fail")
    assert checks["migrations"]["observedValue"] == 1
    assert checks["migrations"]["output"] == "Run manage.py migrate."
    assert "jobs:oldest" not in checks


def test_a_restored_database_without_a_new_era_is_a_warning(working):
    Era.objects.create(id=30_000, cluster="another", began=timezone.now())
    code, status, checks = ask()
    assert (code, status) == (200, "warn")
    assert "begin_era" in checks["changes:lag"]["output"]


def test_a_checkpoint_is_late_only_if_something_was_recorded_since(working):
    day = timedelta(days=1)
    Checkpoint.objects.create(size=0, subtrees=b"", note="", signed=timezone.now() - 3 * day)
    assert ask()[1] == "pass"
    readiness.forget()
    make_outlet()
    code, status, checks = ask()
    assert (code, status) == (200, "warn")
    assert checks["checkpoint:age"]["observedValue"] == pytest.approx(3 * day.total_seconds(), 60)
    readiness.forget()
    Checkpoint.objects.create(size=1, subtrees=b"", note="", signed=timezone.now() + day)
    assert ask()[1] == "pass"


@pytest.mark.django_db(transaction=True)
def test_the_feed_lags_as_long_as_an_earlier_transaction_is_open():
    place = connection.settings_dict
    where = {"host": place["HOST"], "port": place["PORT"], "user": place["USER"]}
    with psycopg.connect(dbname=place["NAME"], **where) as other:
        other.execute("SELECT pg_current_xact_id()")
        make_outlet()
        assert feed_lag() > 0
        other.rollback()
        settle()
        assert feed_lag() == 0


def test_the_database_is_asked_once_a_second_whoever_asks(django_assert_num_queries):
    now = 100.0
    asked = Readiness(clock=lambda: now)
    first = asked.now()
    with django_assert_num_queries(0):
        now = 100.9
        assert asked.now() is first
    now = 101.0
    assert asked.now() is not first


def test_both_are_open_to_all_and_only_read(settings):
    settings.SECURE_SSL_REDIRECT = True
    for path in ("/health/", "/ready/"):
        assert Client().get(path).status_code == 200
        assert Client().head(path).content == b""
        assert Client().post(path).status_code == 405
