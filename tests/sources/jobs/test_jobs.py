"""Jobs: done part by part, by a worker that may die, and told of on a page."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django import app

from quotes.models import Quote
from sources.jobs import models, tasks
from sources.jobs.models import Job
from sources.models import Revision
from tests.conftest import fresh, sql, staff
from tests.jobs import work_off, worker
from tests.quotes.curation.test_bulk import choose, confirm
from tests.records import make_article, make_quotes

pytestmark = pytest.mark.django_db(transaction=True)


def publishing(client: Client, number: int) -> Job:
    """A job that waits for a worker."""
    make_quotes(number, make_article(), status="proposed")
    return confirm(client, choose(client, "publish", across=True))


def wait_until(condition, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def published() -> int:
    return Quote.objects.filter(status="published").count()


def sweep() -> None:
    """What a worker does every minute."""
    with app.replace_connector(app.connector.get_worker_connector()):
        context = type("Context", (), {"app": app})

        async def once():
            async with app.open_async():
                await tasks.take_up_stalled(context, timestamp=0)

        async_to_sync(once)()


def test_a_job_resumes_after_its_worker_was_killed(curator_at_desk, monkeypatch):
    monkeypatch.setattr(models, "PART_ROWS", 5)
    job = publishing(curator_at_desk, 500)
    with worker() as process:
        wait_until(lambda: published() >= 25)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = published()
    job.refresh_from_db()
    assert done % 5 == 0
    assert (job.state, job.changed) == ("running", done)
    assert 25 <= done < 500
    work_off()  # another worker; what the dead one held is not taken yet
    assert published() == done
    with connection.cursor() as cursor:  # as if half a minute had gone by
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 min'")
    sweep()
    work_off()
    assert (fresh(job).state, job.changed, job.refused) == ("done", 500, 0), job.fault
    assert published() == 500
    # Nothing was done twice.
    assert Revision.objects.filter(verb="published").count() == 500
    assert not Quote.objects.exclude(version=2).exists()


def test_a_stopping_worker_leaves_the_rest_to_the_next(curator_at_desk, monkeypatch):
    monkeypatch.setattr(models, "PART_ROWS", 5)
    job = publishing(curator_at_desk, 500)
    with worker("--shutdown-graceful-timeout", "0.1") as process:
        wait_until(lambda: published() >= 20)
        process.terminate()
        process.wait(30)
    assert fresh(job).state == "running"
    assert job.changed == published() < 500
    time.sleep(1.1)  # when it may be tried again
    work_off()
    assert (fresh(job).state, job.changed, published()) == ("done", 500, 500)


def test_two_workers_on_one_job_do_nothing_twice(curator_at_desk, monkeypatch):
    monkeypatch.setattr(models, "PART_ROWS", 10)
    job = publishing(curator_at_desk, 300)

    def run(_):
        try:
            return models.run_job(job.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, range(3))) == [True] * 3
    assert (fresh(job).state, job.changed, job.refused) == ("done", 300, 0)


def test_the_rest_of_a_job_can_be_cancelled(curator_at_desk, monkeypatch):
    monkeypatch.setattr(models, "PART_ROWS", 50)
    job = publishing(curator_at_desk, 150)
    models._run_part(job.pk)
    answer = curator_at_desk.post(reverse("admin:sources_job_cancel", args=[job.pk]))
    assert answer.status_code == 302
    work_off()
    assert (fresh(job).state, job.changed, published()) == ("cancelled", 50, 50)
    assert not job.parts.exclude(rows=[]).exists()


def test_a_failed_job_says_why_and_can_be_resumed(curator_at_desk, monkeypatch):
    job = publishing(curator_at_desk, 101)
    do = models.JOB_KINDS["publish"].do
    breaks = {"publish": models.JobKind("publish", "quotes.publish_quote", str, lambda *_: 1 / 0)}
    with monkeypatch.context() as patch:
        patch.setattr(models, "JOB_KINDS", breaks)
        work_off()
    assert (fresh(job).state, published()) == ("failed", 0)
    assert job.fault == "The job stopped with ZeroDivisionError. See the worker's log."
    assert do is models.JOB_KINDS["publish"].do
    page = curator_at_desk.get(reverse("admin:sources_job_change", args=[job.pk])).text
    assert "Resume" in page
    curator_at_desk.post(reverse("admin:sources_job_again", args=[job.pk]))
    work_off()
    assert (fresh(job).state, published()) == ("done", 101)


def test_an_abandoned_job_fails(curator_at_desk):
    job = publishing(curator_at_desk, 101)
    Job.objects.update(asked=timezone.now() - timedelta(minutes=5))
    models.fail_abandoned()
    assert fresh(job).state == "waiting"
    sql("TRUNCATE procrastinate_jobs CASCADE")
    models.fail_abandoned()
    assert fresh(job).state == "failed"


def test_old_drafts_and_reports_are_deleted(curator_at_desk):
    job = publishing(curator_at_desk, 101)
    work_off()
    draft = choose(curator_at_desk, "dispute", across=True)
    assert draft.status_code == 302
    models.delete_old()
    assert Job.objects.count() == 2
    Job.objects.update(asked=timezone.now() - timedelta(days=2))
    models.delete_old()
    assert Job.objects.get() == job
    Job.objects.update(ended=timezone.now() - timedelta(days=31))
    models.delete_old()
    assert not Job.objects.exists()


def test_a_job_is_visible_to_its_user_and_to_superusers(
    curator_at_desk, reader_at_desk, admin_client
):
    job = publishing(curator_at_desk, 101)
    page, listed = reverse("admin:sources_job_change", args=[job.pk]), "/admin/sources/job/"
    other = staff("Contributors")
    assert "101 quotes" in curator_at_desk.get(listed).text
    assert "0 of 101 done" in curator_at_desk.get(page).text
    assert "0 of 101 done" in admin_client.get(page).text
    assert reader_at_desk.get(listed).status_code == 403
    assert reader_at_desk.get(page).status_code == 403
    bo = staff("Curators", "bo")
    assert "101 quotes" not in bo.get(listed).text
    for verb in ("change", "cancel", "again", "report"):
        place = reverse(f"admin:sources_job_{verb}", args=[job.pk])
        ask = bo.post if verb in ("cancel", "again") else bo.get
        assert ask(place).status_code in (302, 404)
        assert other.get(page).status_code in (403, 404)
    assert fresh(job).state == "waiting"


def test_the_job_list_costs_as_many_queries_for_fifty_as_for_one(
    curator_at_desk, django_assert_num_queries
):
    user = get_user_model().objects.get()
    for number in (1, 49):
        Job.objects.bulk_create(
            Job(work="publish", asked_by=user, state="done") for _ in range(number)
        )
        with django_assert_num_queries(6):
            curator_at_desk.get("/admin/sources/job/")


def test_a_waiting_job_says_that_no_worker_is_running(curator_at_desk):
    job = publishing(curator_at_desk, 101)
    page = reverse("admin:sources_job_change", args=[job.pk])
    assert "No background worker is running" in curator_at_desk.get(page).text
    sql("INSERT INTO procrastinate_workers DEFAULT VALUES")
    assert "No background worker is running" not in curator_at_desk.get(page).text
