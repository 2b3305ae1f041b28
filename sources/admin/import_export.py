"""Lists that go out as CSV or XLSX, and tables that come in, with a preview of every row."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse

from sources.admin.jobs import CSV, LISTED, page_of
from sources.jobs.models import MOST, Job
from sources.spreadsheets.files import MOST_BYTES, Unreadable, book, csv_lines, read
from sources.spreadsheets.importing import IMPORTS, keep, on_trial
from sources.spreadsheets.tables import Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

LONGEST_REASON = 10_000


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV or XLSX file",
        help_text=f"UTF-8, at most {MOST_BYTES >> 20} MiB, its first row the names of columns.",
        widget=forms.ClearableFileInput({"accept": ".csv,.tsv,.txt,.xlsx"}),
    )

    def __init__(self, *args, columns, **kwargs):
        super().__init__(*args, **kwargs)
        self.columns = columns

    def clean_file(self):
        file = self.cleaned_data["file"]
        try:
            if file.size > MOST_BYTES:
                read(file.name, b" " * (MOST_BYTES + 1), self.columns)
            self.rows = read(file.name, file.read(), self.columns)
        except Unreadable as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return file


class ImportExportAdmin:
    """A list that can be taken away, as it is filtered."""

    change_list_template = "admin/import_export_change_list.html"
    table: type[Table]
    imports = ""  # the name of what can be brought in here; see `sources.spreadsheets.importing`

    def get_urls(self):
        wrap, name = self.admin_site.admin_view, self._url_name
        return [
            path("export.<str:form>", wrap(self.export_view), name=name("export")),
            path("import/", wrap(self.import_view), name=name("import")),
            path("import/<uuid:key>/", wrap(self.preview_view), name=name("import_confirm")),
            *super().get_urls(),
        ]

    def _url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def changelist_view(self, request, extra_context=None):
        query = request.GET.urlencode()
        out = {
            form: reverse(f"admin:{self._url_name('export')}", args=[form])
            + (f"?{query}" if query else "")
            for form in ("csv", "xlsx")
        }
        may_import = bool(self.imports) and IMPORTS[self.imports].may(request.user)
        into = reverse(f"admin:{self._url_name('import')}") if may_import else None
        sheets = {"exports": out, "import_url": into}
        return super().changelist_view(request, sheets | (extra_context or {}))

    def export_view(self, request, form):
        if not self.has_view_permission(request) or form not in ("csv", "xlsx"):
            raise PermissionDenied
        back = reverse(f"admin:{self._url_name('changelist')}")
        try:
            chosen = self.get_changelist_instance(request).get_queryset(request)
        except admin.options.IncorrectLookupParameters:
            return HttpResponseRedirect(f"{back}?e=1")
        if chosen.order_by("pk").values("pk")[MOST : MOST + 1]:
            self.message_user(
                request,
                f"More than {MOST:,} match. Narrow the list by its filters or a search first.",
                messages.ERROR,
            )
            return HttpResponseRedirect(f"{back}?{request.GET.urlencode()}")
        table = self.table()
        header, rows = table.get_export_headers(), table.rows(chosen)
        name = f"{self.opts.verbose_name_plural}.{form}"
        if form == "xlsx":
            file = book(header, rows)
            return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)
        answer = StreamingHttpResponse(csv_lines(header, rows), content_type=CSV)
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    # What comes in

    def _kind(self, request):
        if not self.imports or not (kind := IMPORTS[self.imports]).may(request.user):
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
            job = keep(kind, request.user, form.rows)
            if job.total > job.kind.at_once:
                job.start(trial=True)
                return HttpResponseRedirect(page_of(job))
            place = reverse(f"admin:{self._url_name('import_confirm')}", args=[job.pk])
            return HttpResponseRedirect(place)
        return self._page(request, "admin/import_upload.html", form=form, kind=kind)

    def preview_view(self, request, key):
        """What would become of each row; then, confirmed, what became of it."""
        kind = self._kind(request)
        job = get_object_or_404(Job.objects.of(request.user), pk=key, work=kind.name)
        if job.state not in (Job.State.DRAFT, Job.State.CHECKED):
            return HttpResponseRedirect(page_of(job))
        if request.method == "POST":
            return self._import(request, job)
        checked = job.state == Job.State.CHECKED
        lines = [] if checked else on_trial(job)
        if checked:
            counts = {"changed": job.changed, "unchanged": job.unchanged, "refused": job.refused}
        else:
            outcomes = [line["outcome"] for line in lines]
            counts = {name: outcomes.count(name) for name in set(outcomes)}
        told = []
        for line in job.told if checked else ():
            if len(told) == LISTED:
                break
            told.append(line)
        return self._page(
            request,
            "admin/import_preview.html",
            job=job,
            lines=lines,
            told=told,
            counts=sorted(counts.items()),
            refused=counts.get("refused", 0),
            writes=sum(counts.get(name, 0) for name in ("made", "changed")),
            upload=reverse(f"admin:{self._url_name('import')}"),
        )

    def _import(self, request, job: Job):
        job.start(
            trial=False,
            skip_faulty="skip_faulty" in request.POST,
            reason=request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON],
        )
        if job.state == Job.State.DONE and not job.refused:
            self.message_user(request, f"Done: {job}.", messages.SUCCESS)
            return HttpResponseRedirect(reverse(f"admin:{self._url_name('changelist')}"))
        return HttpResponseRedirect(page_of(job))
