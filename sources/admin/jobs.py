"""The page of a job: its progress and its report. Users see their own jobs."""

from collections.abc import Iterable, Iterator
from itertools import batched, islice

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.views.decorators.http import require_POST
from procrastinate.contrib.django.models import ProcrastinateJob

from sources.admin.base import BaseModelAdmin, ReadOnlyAdmin
from sources.admin.html import link
from sources.history.summaries import summarise
from sources.jobs.models import JOB_KINDS, PART_ROWS, Job, worker_is_there
from sources.spreadsheets.files import csv_lines

MAX_REPORT_LINES = 100  # on the page; the CSV report has all

CSV = "text/csv; charset=utf-8"
COLUMNS = ("row", "id", "record", "outcome", "column", "why")

OUTCOMES = {"made": "New", "changed": "Changed", "unchanged": "Unchanged", "refused": "Refused"}

admin.site.unregister(ProcrastinateJob)  # the queue beneath; people follow `Job` instead


def page_of(job: Job) -> str:
    return reverse("admin:sources_job_change", args=[job.pk])


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin, BaseModelAdmin):
    """A user's own jobs; all jobs with the permission to view them."""

    list_display = ("what", "asked_by", "asked", "state", "numbers")
    list_select_related = ("asked_by",)
    list_filter = ("state",)
    search_fields = ("asked_by__username",)
    search_help_text = "Username of the person who started the job."
    sortable_by = ()
    ordering = ("-id",)

    def get_queryset(self, request):
        every = super().get_queryset(request).exclude(state=Job.State.DRAFT)
        return every if request.user.has_perm("sources.view_job") else every.of(request.user)

    def search(self, request, queryset, term):
        return queryset.filter(asked_by__username=term)

    def has_view_permission(self, request, obj=None) -> bool:
        """Anyone who may start some kind of job has a list of their own."""
        user = request.user
        if user.has_perm("sources.view_job"):
            return True
        return any(user.has_perm(work.permission) for work in JOB_KINDS.values())

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    @admin.display(description="job")
    def what(self, job):
        return str(job)

    @admin.display(description="progress")
    def numbers(self, job):
        refused = f", {job.refused:,} refused" if job.refused else ""
        return f"{job.done:,} of {job.total:,}{refused}"

    # Pages of one job

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path(
                "<uuid:key>/cancel/",
                wrap(require_POST(self.cancel_view)),
                name="sources_job_cancel",
            ),
            path(
                "<uuid:key>/again/", wrap(require_POST(self.again_view)), name="sources_job_again"
            ),
            path("<uuid:key>/report.csv", wrap(self.report_view), name="sources_job_report"),
            *super().get_urls(),
        ]

    def job_of(self, request, key, *, to_change: bool = False) -> Job:
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = get_object_or_404(self.get_queryset(request), pk=key)
        if to_change and not (job.asked_by == request.user or request.user.is_superuser):
            raise PermissionDenied
        return job

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method != "GET":
            raise PermissionDenied
        if (found := self.get_object(request, object_id)) is None:
            if not self.has_view_permission(request):
                raise PermissionDenied
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        job = self.job_of(request, found.pk)
        lines = [
            {**line, "page": _page(job, line), "label": OUTCOMES[line["outcome"]]}
            for line in _named(job, islice(job.told, MAX_REPORT_LINES), request.user)
        ]
        changed = [] if job.is_dry_run else _changed(job, request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": str(job),
            "opts": self.opts,
            "job": job,
            "media": self.media,
            "lines": lines,
            "more": len(lines) == MAX_REPORT_LINES,
            "columns": [name for name in COLUMNS if any(name in line for line in lines)],
            "changed": changed,
            "more_changed": len(changed) == MAX_REPORT_LINES,
            "is_mine": job.asked_by == request.user or request.user.is_superuser,
            "confirm": job.state == Job.State.CHECKED
            and reverse(f"{job.kind.confirm}_confirm", args=[job.pk]),
            "undo": job.asked_by == request.user
            and job.work in JOB_KINDS
            and job.kind.undo
            and job.changed
            and not (job.is_open or job.is_dry_run)
            and reverse(job.kind.undo, args=[job.pk]),
            "has_no_worker": job.state == Job.State.WAITING and not worker_is_there(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/sources/job/progress.html", context)

    def history_view(self, request, object_id, extra_context=None):
        raise Http404  # jobs have no revisions

    def cancel_view(self, request, key):
        job = self.job_of(request, key, to_change=True)
        job.cancel()
        self.message_user(request, "Cancelled. Changes already made are kept.", messages.WARNING)
        return HttpResponseRedirect(page_of(job))

    def again_view(self, request, key):
        """Resume a job that stopped."""
        job = self.job_of(request, key, to_change=True)
        if job.state == Job.State.FAILED:
            job.start()
        return HttpResponseRedirect(page_of(job))

    def report_view(self, request, key):
        job = self.job_of(request, key)
        lines = _named(job, job.told, request.user)
        rows = ([str(line.get(name, "")) for name in COLUMNS] for line in lines)
        answer = StreamingHttpResponse(csv_lines(COLUMNS, rows), content_type=CSV)
        answer["Content-Disposition"] = f'attachment; filename="job-{job.pk}.csv"'
        return answer


def _about(job: Job, line: dict) -> str:
    return line.get("about") or (JOB_KINDS[job.work].about if job.work in JOB_KINDS else "")


def _named(job: Job, lines: Iterable[dict], user) -> Iterator[dict]:
    """Lines with the `record`, in words, that each is about; a query a kind for many lines."""
    for some in batched(lines, PART_ROWS, strict=False):
        ids: dict[str, set] = {}
        for line in some:
            if "id" in line and (about := _about(job, line)):
                ids.setdefault(about, set()).add(line["id"])
        known = {
            (about, str(record.pk)): str(record)
            for about, keys in ids.items()
            for record in _visible(apps.get_model(about), user).filter(pk__in=keys)
        }
        for line in some:
            words = known.get((_about(job, line), line.get("id")))
            yield {**line, "record": words} if words else line


def _visible(model: type[models.Model], user) -> models.QuerySet:
    records = model._default_manager.all()
    return records.visible_to(user) if hasattr(records, "visible_to") else records


def _changed(job: Job, user) -> list[tuple[str, str]]:
    """Links to the first records that a job changed, with what it did to each; two queries."""
    if not (job.work in JOB_KINDS and job.kind.about):
        return []
    model = apps.get_model(job.kind.about)
    made = job.revisions.filter(subject_type=model._meta.model_name).order_by("time", "id")
    made = list(made.defer("salt", "hash", "reason_hash", "link")[:MAX_REPORT_LINES])
    records = _visible(model, user).in_bulk({revision.subject_id for revision in made})
    return [
        (link(records[revision.subject_id], page="history"), summarise(model, revision))
        for revision in made
        if revision.subject_id in records
    ]


def _page(job: Job, line: dict) -> str | None:
    if not (about := _about(job, line)) or "id" not in line:
        return None
    try:
        return reverse(f"admin:{about.replace('.', '_')}_change", args=[line["id"]])
    except NoReverseMatch:
        return None
