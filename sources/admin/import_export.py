"""Export lists as CSV or XLSX; import files, with a preview before anything is saved."""

from itertools import islice

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse

from sources.admin.jobs import CSV, MAX_REPORT_LINES, OUTCOMES, page_of
from sources.jobs.models import MAX_ROWS, Job
from sources.spreadsheets.files import (
    MAX_BYTES,
    UnreadableFile,
    csv_lines,
    read_rows,
    xlsx_file,
)
from sources.spreadsheets.importing import IMPORT_KINDS, cells_of, create_import, dry_run
from sources.spreadsheets.tables import Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

MAX_REASON_CHARS = 10_000


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV or XLSX file",
        help_text=f"UTF-8, at most {MAX_BYTES >> 20} MiB, with column names in the first row.",
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.txt,.xlsx"}),
    )

    def __init__(self, *args, columns, **kwargs):
        super().__init__(*args, **kwargs)
        self.columns = columns

    def clean_file(self):
        file = self.cleaned_data["file"]
        try:
            self.rows = read_rows(file.name, file.read(MAX_BYTES + 1), self.columns)
        except UnreadableFile as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return file


class ImportExportAdmin:
    """A list that can be exported as it is filtered; with `imports`, records can be imported.

    `imports` is the name of an import kind (`sources.spreadsheets.importing`).
    """

    change_list_template = "admin/import_export_change_list.html"
    table: type[Table]
    imports = ""

    def get_urls(self):
        wrap, name = self.admin_site.admin_view, self._url_name
        return [
            path("export.<str:form>", wrap(self.export_view), name=name("export")),
            path("import/", wrap(self.import_view), name=name("import")),
            path("import/template.csv", wrap(self.template_view), name=name("import_template")),
            path("import/<uuid:key>/", wrap(self.preview_view), name=name("import_confirm")),
            *super().get_urls(),
        ]

    def _url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _url(self, page: str, *args) -> str:
        return reverse(f"admin:{self._url_name(page)}", args=args)

    def changelist_view(self, request, extra_context=None):
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        may_import = bool(self.imports) and IMPORT_KINDS[self.imports].may(request.user)
        urls = {
            "exports": {form: self._url("export", form) + query for form in ("csv", "xlsx")},
            "import_url": self._url("import") if may_import else None,
        }
        return super().changelist_view(request, urls | (extra_context or {}))

    def export_view(self, request, form, table: type[Table] | None = None, name: str = ""):
        if not self.has_view_permission(request) or form not in ("csv", "xlsx"):
            raise PermissionDenied
        back = self._url("changelist")
        try:
            chosen = self.get_changelist_instance(request).get_queryset(request)
        except admin.options.IncorrectLookupParameters:
            return HttpResponseRedirect(f"{back}?e=1")
        if chosen.order_by("pk").values("pk")[MAX_ROWS : MAX_ROWS + 1]:
            self.message_user(
                request,
                f"Exports are limited to {MAX_ROWS:,} rows. Use a filter or a search first.",
                messages.ERROR,
            )
            return HttpResponseRedirect(f"{back}?{request.GET.urlencode()}")
        table = (table or self.table)()
        header, rows = list(table.columns), table.rows(chosen)
        name = f"{name or self.opts.verbose_name_plural}.{form}"
        if form == "xlsx":
            file = xlsx_file(header, rows)
            return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
        answer = StreamingHttpResponse(csv_lines(header, rows), content_type=CSV)
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    # Importing

    def _kind(self, request):
        if not self.imports or not (kind := IMPORT_KINDS[self.imports]).may(request.user):
            raise PermissionDenied
        return kind

    def _page(self, request, template: str, **context):
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Import {self.opts.verbose_name_plural}",
            "media": self.media,
            **context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, template, context)

    def import_view(self, request):
        kind = self._kind(request)
        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = UploadForm(*posted, columns=kind.columns)
        if posted and form.is_valid():
            job = create_import(kind, request.user, form.rows)
            if job.total > job.kind.inline_rows:
                job.start(dry_run=True)
                return HttpResponseRedirect(page_of(job))
            return HttpResponseRedirect(self._url("import_confirm", job.pk))
        context = {"form": form, "kind": kind, "empty_file": self._url("import_template")}
        return self._page(request, "admin/import_upload.html", **context)

    def template_view(self, request):
        """A file with the column names alone."""
        kind = self._kind(request)
        answer = HttpResponse("".join(csv_lines(list(kind.columns), [])), content_type=CSV)
        answer["Content-Disposition"] = f'attachment; filename="{kind.name}.csv"'
        return answer

    def preview_view(self, request, key):
        """Show what each row would do; on POST, do it."""
        kind = self._kind(request)
        job = get_object_or_404(Job.objects.of(request.user), pk=key, work=kind.name)
        if job.state not in (Job.State.DRAFT, Job.State.CHECKED):
            return HttpResponseRedirect(page_of(job))
        if request.method == "POST":
            return self._import(request, job)
        if job.state == Job.State.CHECKED:
            lines, reported = [], list(islice(job.told, MAX_REPORT_LINES))
            errors, unchanged = job.refused, job.unchanged
        else:
            lines, reported = dry_run(job), []
            outcomes = [line["outcome"] for line in lines]
            errors, unchanged = outcomes.count("refused"), outcomes.count("unchanged")
        refused = [line["row"] for line in (*lines, *reported) if line["outcome"] == "refused"]
        cells = cells_of(job, refused[:MAX_REPORT_LINES])
        for line in (*lines, *reported):
            line["label"] = OUTCOMES[line["outcome"]]
            line["cells"] = cells.get(line["row"])
        return self._page(
            request,
            "admin/import_preview.html",
            job=job,
            lines=lines,
            reported=reported,
            ready=job.total - errors - unchanged,
            made=sum(line["outcome"] == "made" for line in lines),
            changed=sum(line["outcome"] == "changed" for line in lines),
            unchanged=unchanged,
            errors=errors,
            upload=self._url("import"),
        )

    def _import(self, request, job: Job):
        job.start(
            dry_run=False,
            skip_faulty="skip_faulty" in request.POST,
            reason=request.POST.get("reason", "").replace("\0", "").strip()[:MAX_REASON_CHARS],
        )
        if job.state == Job.State.DONE and not job.refused:
            self.message_user(request, f"{job}: {job.result}.", messages.SUCCESS)
            return HttpResponseRedirect(self._url("changelist"))
        return HttpResponseRedirect(page_of(job))
