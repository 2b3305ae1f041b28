"""Bulk work: a job is cut into parts, and each part is one transaction.

The rows of a part, its report and the job's counts are stored in the transaction that does the
work. A killed worker leaves whole parts behind, and the next one resumes with the first that is not
done. Procrastinate only carries the job's id (`sources.jobs.tasks`). The ledger records the changes
under the user who asked.

Text that other people wrote (rows of a file, reasons, messages that repeat a cell) is deleted
early: rows when the job ends, the job after `JOBS_KEPT`. Erasure searches both
(`sources.history.erasure`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models import F
from django.db.models.functions import UUID7, Now
from django.utils import timezone
from procrastinate.contrib.django import app

from sources.ledger.actor import audit_context
from sources.ledger.revisions import Revision

INLINE_ROWS = 100  # up to this many are done in the request; more go to the worker
PART_ROWS = 500  # per transaction of the worker
MAX_ROWS = 100_000  # per job

DRAFTS_KEPT = timedelta(days=1)
JOBS_KEPT = timedelta(days=30)


# Kinds of jobs


@dataclass
class Outcome:
    """Result of one part: counts, and `told`, the lines of the report.

    A line is a dict of `outcome` and, if known, `id`, `row`, `column` and `why`.
    """

    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    told: list[dict] = field(default_factory=list)
    stop: str = ""  # why the rest of the job must not run

    def refuse(self, why: str, **where) -> None:
        self.refused += 1
        self.told.append({"outcome": "refused", "why": why, **where})


@dataclass(frozen=True)
class JobKind:
    """A kind of job: its name, the permission it needs, and the function that does one part.

    `about` is the model its ids are of, "app.model". `done` is the past participle of what becomes
    of a record, for counts. `confirm` is the URL name of the page that confirms a dry run
    (`Job.is_dry_run`); `undo` that of the view that drafts a job to undo it. Empty without one.
    """

    name: str
    permission: str
    title: Callable[["Job"], str]
    do: Callable[["Job", list], Outcome]
    about: str = ""
    done: str = "changed"
    inline_rows: int = INLINE_ROWS
    confirm: str = ""
    undo: str = ""


JOB_KINDS: dict[str, JobKind] = {}


def register_job_kind(work: JobKind) -> JobKind:
    JOB_KINDS[work.name] = work
    return work


# Jobs


class NotAllowed(Exception):
    """The user who started the job has lost the permission since."""


class JobQuerySet(models.QuerySet):
    def of(self, user):
        """Jobs that this user started."""
        return self.filter(asked_by=user)

    def open(self):
        return self.filter(state__in=Job.OPEN)


class Job(models.Model):
    """Bulk work that a user asked for, its progress and its result.

    A job is a draft until it is confirmed. `given` holds its parameters. A dry run changes nothing;
    when it ends the job is `CHECKED`, and waits for a second confirmation.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        CHECKED = "checked"
        CANCELLED = "cancelled"
        FAILED = "failed"

    OPEN = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    work = models.CharField(max_length=40)
    given = models.JSONField(default=dict)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    asked = models.DateTimeField(db_default=Now())
    started = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    state = models.CharField(max_length=9, choices=State, default=State.DRAFT)
    total = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    fault = models.TextField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["asked_by", "-id"], name="job_by_asker"),
            models.Index(fields=["state", "asked"], name="job_by_state"),
        ]

    def __str__(self) -> str:
        kind = JOB_KINDS.get(self.work)
        return kind.title(self) if kind else self.work

    @property
    def kind(self) -> JobKind:
        return JOB_KINDS[self.work]

    @property
    def done(self) -> int:
        return self.changed + self.unchanged + self.refused

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_dry_run(self) -> bool:
        return bool(self.given.get("dry_run"))

    @property
    def result(self) -> str:
        """What came of it: “2 published, 1 refused”."""
        done = self.kind.done if self.work in JOB_KINDS else "changed"
        counts = [(self.changed, done), (self.unchanged, "unchanged"), (self.refused, "refused")]
        named = [f"{number:,} {word}" for number, word in counts if number]
        return ", ".join(named) or f"0 {done}"

    @property
    def request(self) -> str:
        """The request id of its changes in the ledger."""
        return f"job {self.pk}"

    @property
    def revisions(self) -> models.QuerySet:
        """The changes that it made, by record; the index on what a user did finds them."""
        drafted = datetime.fromtimestamp((self.pk.int >> 80) / 1000, UTC)  # of the UUIDv7
        made = Revision.objects.filter(
            channel="admin", actor=self.asked_by.get_username(), time__gte=drafted
        )
        made = made.filter(time__lte=self.ended) if self.ended else made
        return made.filter(request=self.request)

    @property
    def told(self) -> Iterator[dict]:
        """The lines of the report, in order; read 20 parts at a time."""
        for lines in self.parts.exclude(told=[]).values_list("told", flat=True).iterator(20):
            yield from lines

    # States

    def start(self, **given) -> None:
        """Confirm a draft: run it now if it is small, else queue it."""
        with transaction.atomic():
            self.refresh_from_db(from_queryset=Job.objects.select_for_update(of=("self",)))
            if self.is_open or self.state in (Job.State.DONE, Job.State.CANCELLED):
                return
            if self.state == Job.State.CHECKED:
                self.parts.update(done=False, told=[])
                self.changed = self.unchanged = self.refused = 0
            self.given |= given
            self.state, self.asked, self.ended, self.fault = Job.State.WAITING, Now(), None, None
            self.save()
            if self.total > self.kind.inline_rows:
                app.configure_task("sources.jobs.tasks.run").defer(job=str(self.pk))
        if self.total <= self.kind.inline_rows:
            run_job(self.pk)
        self.refresh_from_db()

    def cancel(self) -> None:
        """Stop after the current part; changes already made are kept."""
        Job.objects.open().filter(pk=self.pk).update(state=Job.State.CANCELLED, ended=Now())
        self._forget_rows()
        self.refresh_from_db()

    def fail(self, why: str) -> None:
        """Stop; `start` resumes it."""
        Job.objects.open().filter(pk=self.pk).update(state=Job.State.FAILED, ended=Now(), fault=why)

    def _end(self) -> None:
        self.state = Job.State.CHECKED if self.is_dry_run else Job.State.DONE
        self.ended = Now()
        self.save(update_fields=["state", "ended"])
        if not self.is_dry_run:
            self._forget_rows()

    def _forget_rows(self) -> None:
        self.parts.exclude(rows=[]).update(rows=[])


class Part(models.Model):
    """What one transaction of a job works on: its `rows`, then its report lines (`told`)."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    rows = models.JSONField(default=list)
    done = models.BooleanField(default=False)
    told = models.JSONField(default=list)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="part_once_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}, {self.number}"


# Creating jobs


class TooManyRecords(Exception):
    """More than `MAX_ROWS` were selected."""

    def __init__(self):
        super().__init__(
            f"A job is limited to {MAX_ROWS:,} records. Use a filter or a search first."
        )


@transaction.atomic
def draft(work: str, user, *, of: models.QuerySet, **given) -> Job:
    """A draft job on these records and their versions; one INSERT. Raises `TooManyRecords`."""
    job = Job.objects.create(work=work, asked_by=user, given=given)
    chosen = of.order_by("pk").values_list("pk", "version")[: MAX_ROWS + 1]
    try:
        sql, values = chosen.query.sql_with_params()
    except EmptyResultSet:  # nothing can match
        return job
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Part._meta.db_table} (job_id, number, rows, done, told)
            SELECT %s, n / %s, jsonb_agg(jsonb_build_array(id, version) ORDER BY n), false, '[]'
            FROM (SELECT id, version, row_number() OVER (ORDER BY id) - 1 AS n
                  FROM ({sql}) chosen (id, version)) numbered
            GROUP BY 2
            RETURNING jsonb_array_length(rows)
            """,
            [job.pk, PART_ROWS, *values],
        )
        job.total = sum(number for (number,) in cursor.fetchall())
    if job.total > MAX_ROWS:
        raise TooManyRecords
    job.save(update_fields=["total"])
    return job


def draft_of_rows(work: str, user, parts: Iterable[list], *, total: int, **given) -> Job:
    """A draft job on rows that are not records yet, already cut into parts."""
    with transaction.atomic():
        job = Job.objects.create(work=work, asked_by=user, given=given, total=total)
        Part.objects.bulk_create(
            Part(job=job, number=number, rows=rows) for number, rows in enumerate(parts)
        )
    return job


class DraftIds(models.expressions.RawSQL):
    """The record ids of a draft, for `pk__in`."""

    def __init__(self, job: Job):
        super().__init__(
            f"SELECT (r ->> 0)::uuid FROM {Part._meta.db_table}, jsonb_array_elements(rows) r"
            " WHERE job_id = %s",
            [job.pk],
        )


# Running


def run_job(key: UUID | str, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Do the remaining parts of a job; returns whether it has ended."""
    while not stopping():
        try:
            if not _run_part(key):
                return True
        except NotAllowed as refusal:
            Job.objects.get(pk=key).fail(str(refusal))
            return True
    return False


@transaction.atomic
def _run_part(key: UUID | str) -> bool:
    # The lock lasts for the transaction: a second worker waits, then does the next part.
    locked = Job.objects.open().filter(pk=key).select_for_update(of=("self",))
    if (job := locked.select_related("asked_by").first()) is None:
        return False
    if (part := job.parts.filter(done=False).first()) is None:
        job._end()
        return False
    user = job.asked_by
    if not (user.is_active and user.has_perm(job.kind.permission)):
        raise NotAllowed(f"{user} no longer has permission for this.")
    with audit_context(channel="admin", actor=user.get_username(), request=job.request):
        outcome = job.kind.do(job, part.rows)
    part.done, part.told = True, outcome.told
    part.save(update_fields=["done", "told"])
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.RUNNING,
        started=models.functions.Coalesce("started", Now()),
        changed=F("changed") + outcome.changed,
        unchanged=F("unchanged") + outcome.unchanged,
        refused=F("refused") + outcome.refused,
    )
    if outcome.stop:
        job.fail(outcome.stop)
    return True


# Cleaning up


def delete_old() -> None:
    """Delete unconfirmed jobs after `DRAFTS_KEPT` and all others after `JOBS_KEPT`."""
    now = timezone.now()
    unconfirmed = Job.objects.filter(state__in=(Job.State.DRAFT, Job.State.CHECKED))
    unconfirmed.filter(asked__lt=now - DRAFTS_KEPT).delete()
    failed = Job.objects.filter(state=Job.State.FAILED, ended__lt=now - DRAFTS_KEPT)
    Part.objects.filter(job__in=failed).exclude(rows=[]).update(rows=[])
    failed.update(state=Job.State.CANCELLED)
    Job.objects.filter(ended__lt=now - JOBS_KEPT).delete()


def fail_abandoned() -> None:
    """Stop jobs that are no longer queued; the user can resume them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {Job._meta.db_table} j SET state = 'failed', ended = now(),
                fault = 'The job was given up after several attempts. See the worker''s log.'
            WHERE state IN ('waiting', 'running') AND asked < now() - interval '1 minute'
              AND NOT EXISTS (
                  SELECT FROM procrastinate_jobs p
                  WHERE p.status IN ('todo', 'doing') AND p.args ->> 'job' = j.id::text
              )
            """
        )


# The worker

MAX_SILENCE = 60  # seconds; a worker sends a heartbeat every 10


def heartbeat_age() -> float | None:
    """Seconds since a worker last sent a heartbeat; None if there is no worker."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM now() - max(last_heartbeat))::float8"
            " FROM procrastinate_workers"
        )
        return cursor.fetchone()[0]


def worker_is_there() -> bool:
    """Whether a worker sent a heartbeat within `MAX_SILENCE`."""
    age = heartbeat_age()
    return age is not None and age <= MAX_SILENCE


OLDEST_DUE = """
    SELECT coalesce(max(extract(epoch FROM now() - coalesce(scheduled_at, deferred)))::float8, 0)
    FROM (
        SELECT id, scheduled_at FROM procrastinate_jobs WHERE status = 'todo'
        ORDER BY priority DESC, id LIMIT 1000 -- by the index; the oldest are the first
    ) waiting
    CROSS JOIN LATERAL (
        SELECT min(at) AS deferred FROM procrastinate_events WHERE job_id = waiting.id
    ) event
    WHERE coalesce(scheduled_at, deferred) <= now()
"""


def oldest_due_age() -> float:
    """Seconds that the oldest job waits which could begin; 0 without one."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_DUE)
        return cursor.fetchone()[0]
