"""Bulk work: a job is cut into parts, and each part is one transaction.

A part keeps what it is to work on, and then what became of it; the job counts. Both are stored in
the transaction that does the work, so a worker that is killed leaves whole parts behind, and the
next one goes on with the first that is not done. Procrastinate only carries the id of the job (see
`sources.jobs.tasks`). The ledger records the changes as those of the user who asked.

A job holds ids, versions and numbers where it can. Where it cannot (the rows of a file, a reason,
a message that repeats a cell) it keeps them no longer than it must: rows go when the job ends, the
job itself goes after `KEPT`, and erasure looks through both (`sources.history.erasure`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models import F
from django.db.models.functions import UUID7, Now
from django.utils import timezone
from procrastinate.contrib.django import app

from sources.ledger.actor import audit_context

AT_ONCE = 100
"""Up to so many are done while the curator waits; more become a job."""

MOST = 100_000
PART = 500

DRAFTS_KEPT = timedelta(days=1)
KEPT = timedelta(days=30)


# What can be done


@dataclass
class Outcome:
    """What became of one part: numbers, and in `told` a line for each that needs one.

    A line is a dict of `outcome` and, as far as they are known, `id`, `row`, `column`, `why`.
    """

    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    told: list[dict] = field(default_factory=list)
    stop: str = ""  # why the rest is not to be done

    def refuse(self, why: str, **where) -> None:
        self.refused += 1
        self.told.append({"outcome": "refused", "why": why, **where})


@dataclass(frozen=True)
class JobKind:
    """One kind of work: what it is called, who may have it done, and how a part of it is done.

    `about` is the model its ids are of, "app.model". `confirm` is the URL name of the page that
    confirms a dry run (`Job.is_trial`); empty for work without one.
    """

    name: str
    permission: str
    title: Callable[["Job"], str]
    do: Callable[["Job", list], Outcome]
    about: str = ""
    at_once: int = AT_ONCE
    confirm: str = ""


JOB_KINDS: dict[str, JobKind] = {}


def register_job_kind(work: JobKind) -> JobKind:
    JOB_KINDS[work.name] = work
    return work


# What was asked


class NotAllowed(Exception):
    """Whoever asked for the work may not do it any more."""


class JobQuerySet(models.QuerySet):
    def of(self, user):
        """Those that this user asked for."""
        return self.filter(asked_by=user)

    def open(self):
        """Those that are waited for."""
        return self.filter(state__in=Job.OPEN)


class Job(models.Model):
    """Some bulk work that somebody asked for, how far it is, and what came of it.

    It is a draft until it was confirmed. `given` is what was asked for beside the rows. A trial
    changes nothing; once it is through, the job is checked, and waits to be confirmed again.
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
    def is_trial(self) -> bool:
        return bool(self.given.get("trial"))

    @property
    def told(self) -> Iterator[dict]:
        """The lines of its report, in order; read part by part."""
        for lines in self.parts.exclude(told=[]).values_list("told", flat=True).iterator(20):
            yield from lines

    # Its life

    def start(self, **given) -> None:
        """Have a draft done: at once if it is small, else by a worker."""
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
            if self.total > self.kind.at_once:
                app.configure_task("sources.jobs.tasks.run").defer(job=str(self.pk))
        if self.total <= self.kind.at_once:
            run(self.pk)
        self.refresh_from_db()

    def cancel(self) -> None:
        """Stop after the part that is being done; what is done stays done."""
        Job.objects.open().filter(pk=self.pk).update(state=Job.State.CANCELLED, ended=Now())
        self._forget_rows()
        self.refresh_from_db()

    def fail(self, why: str) -> None:
        """Stop; it can be started again where it stopped."""
        Job.objects.open().filter(pk=self.pk).update(state=Job.State.FAILED, ended=Now(), fault=why)

    def _end(self) -> None:
        self.state = Job.State.CHECKED if self.is_trial else Job.State.DONE
        self.ended = Now()
        self.save(update_fields=["state", "ended"])
        if not self.is_trial:
            self._forget_rows()

    def _forget_rows(self) -> None:
        self.parts.exclude(rows=[]).update(rows=[])


class Part(models.Model):
    """What one transaction of a job works on: `rows`, and then what it `told`."""

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


# Asking


class TooMany(Exception):
    """More than `MOST`: the remedy is a narrower choice."""

    def __init__(self):
        super().__init__(
            f"More than {MOST:,} match. Narrow the list by its filters or a search, and do it in "
            "several goes."
        )


@transaction.atomic
def draft(work: str, user, *, of: models.QuerySet, **given) -> Job:
    """A draft that works on these records as they are now: their ids and versions are kept.

    One statement, whatever their number. Raises `TooMany`.
    """
    job = Job.objects.create(work=work, asked_by=user, given=given)
    chosen = of.order_by("pk").values_list("pk", "version")[: MOST + 1]
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
            [job.pk, PART, *values],
        )
        job.total = sum(number for (number,) in cursor.fetchall())
    if job.total > MOST:
        raise TooMany
    job.save(update_fields=["total"])
    return job


def draft_of_rows(work: str, user, parts: Iterable[list], *, total: int, **given) -> Job:
    """A draft that works on rows of its own, already in parts."""
    with transaction.atomic():
        job = Job.objects.create(work=work, asked_by=user, given=given, total=total)
        Part.objects.bulk_create(
            Part(job=job, number=number, rows=rows) for number, rows in enumerate(parts)
        )
    return job


class Chosen(models.expressions.RawSQL):
    """The ids that a draft keeps, for `pk__in`."""

    def __init__(self, job: Job):
        super().__init__(
            f"SELECT (r ->> 0)::uuid FROM {Part._meta.db_table}, jsonb_array_elements(rows) r"
            " WHERE job_id = %s",
            [job.pk],
        )


# Doing


def run(key: UUID | str, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Do what is left of a job, part by part; whether nothing is left."""
    while not stopping():
        try:
            if not _do_a_part(key):
                return True
        except NotAllowed as refusal:
            Job.objects.get(pk=key).fail(str(refusal))
            return True
    return False


@transaction.atomic
def _do_a_part(key: UUID | str) -> bool:
    # Locked to the end: of two workers on one job, one waits and then does the next part.
    locked = Job.objects.open().filter(pk=key).select_for_update(of=("self",))
    if (job := locked.select_related("asked_by").first()) is None:
        return False
    if (part := job.parts.filter(done=False).first()) is None:
        job._end()
        return False
    user = job.asked_by
    if not (user.is_active and user.has_perm(job.kind.permission)):
        raise NotAllowed(f"{user} may not do this any more.")
    with audit_context(channel="admin", actor=user.get_username(), request=f"job {job.pk}"):
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


# Keeping order


def forget_old() -> None:
    """What nobody confirmed, and reports that were kept long enough; a file goes with its job."""
    now = timezone.now()
    unconfirmed = Job.objects.filter(state__in=(Job.State.DRAFT, Job.State.CHECKED))
    unconfirmed.filter(asked__lt=now - DRAFTS_KEPT).delete()
    failed = Job.objects.filter(state=Job.State.FAILED, ended__lt=now - DRAFTS_KEPT)
    Part.objects.filter(job__in=failed).exclude(rows=[]).update(rows=[])
    failed.update(state=Job.State.CANCELLED)
    Job.objects.filter(ended__lt=now - KEPT).delete()


def fail_abandoned() -> None:
    """Jobs that no worker will come back to: whoever asked may start them again."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {Job._meta.db_table} j SET state = 'failed', ended = now(),
                fault = 'It was given up after several attempts. See the worker''s log.'
            WHERE state IN ('waiting', 'running') AND asked < now() - interval '1 minute'
              AND NOT EXISTS (
                  SELECT FROM procrastinate_jobs p
                  WHERE p.status IN ('todo', 'doing') AND p.args ->> 'job' = j.id::text
              )
            """
        )


def worker_is_there() -> bool:
    """Whether a worker said within the last minute that it lives."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM procrastinate_workers"
            " WHERE last_heartbeat > now() - interval '1 minute')"
        )
        return cursor.fetchone()[0]
