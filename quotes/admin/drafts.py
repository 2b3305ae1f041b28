"""Two pages about what extraction finds: check a draft, and how often its proposals were right."""

from itertools import islice

from django import forms
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from quotes.admin.review.panel import about
from quotes.admin.review.text_marks import marked
from quotes.curation.extraction_report import decided, report_on
from quotes.extraction import propose
from quotes.search.draft_check import Checked, TooManyQuotations, check
from sources.admin.html import isolated, link

MAX_DRAFT_CHARACTERS = 200_000
MAX_REPORTED = 10_000
"""Decided proposals that the page reads, the newest; `manage.py extraction_report` reads all."""

VERDICTS = {
    "verbatim": "On record",
    "altered": "On record in other words",
    "misattributed": "On record, of somebody else",
    "corrected": "Corrected since",
    "disputed": "Disputed",
    "retracted": "Retracted",
    "not_on_record": "Not on record",
}


class DraftForm(forms.Form):
    text = forms.CharField(
        label="Draft",
        max_length=MAX_DRAFT_CHARACTERS,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text="Paste plain text. Nothing is stored.",
    )


class ChecksDrafts:
    """Adds both pages to the admin of quotes."""

    change_list_template = "admin/quotes/quote/list.html"

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("check/", view(self.check_view), name="quotes_quote_check"),
            path("extraction/", view(self.extraction_view), name="quotes_quote_extraction"),
            *super().get_urls(),
        ]

    def check_view(self, request):
        """Check each quotation of a pasted draft against the public quotes."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = DraftForm(request.POST or None)
        shown = {}
        if request.method == "POST" and form.is_valid():
            text = form.cleaned_data["text"]
            try:
                checked = check(propose(text))
            except TooManyQuotations as error:
                form.add_error("text", str(error))
            else:
                spans = [each.quotation.spans for each in checked]
                draft = marked(text, spans, [each.verdict for each in checked])
                shown = {"draft": draft, "results": [*map(result_of, checked)]}
        context = self.admin_site.each_context(request) | {"opts": self.opts} | shown
        context |= {"title": "Check a draft", "form": form, "is_checked": bool(shown)}
        return TemplateResponse(request, "admin/quotes/quote/check.html", context)

    def extraction_view(self, request):
        """How often the proposals of extraction were right, by what reviewers decided."""
        if not request.user.has_perm("quotes.review_quote"):
            raise PermissionDenied
        report = report_on(islice(decided().iterator(chunk_size=1_000), MAX_REPORTED))
        context = self.admin_site.each_context(request)
        context |= {
            "opts": self.opts,
            "title": "How good are proposals?",
            "rows": list(map(row_of, report.by_group())),
        }
        return TemplateResponse(request, "admin/quotes/quote/extraction.html", context)


def result_of(checked: Checked) -> dict:
    """A quotation and its verdict as the page shows them."""
    quotation = checked.quotation
    return {
        "verdict": checked.verdict,
        "label": VERDICTS[checked.verdict],
        "words": isolated(quotation.text),
        "speaker": isolated(quotation.attribution.speaker or quotation.speaker),
        "difference": [_change(change) for change in checked.difference],
        "quotes": [_on_record(compared.quote) for compared in checked.saying],
        "closest": [_on_record(compared.quote) for compared in checked.closest],
    }


def _on_record(quote) -> SafeString:
    return format_html("{} {}", link(quote, quote.text[:200]), about(quote))


CHANGES = {
    "replace": "<del>{expected}</del> is <ins>{found}</ins> on record",
    "insert": "<ins>{found}</ins> is missing",
    "delete": "<del>{expected}</del> is not on record",
}


def _change(change: dict) -> SafeString:
    """A difference: what the draft has, struck out, and what is on record."""
    words = {name: isolated(change[name]) for name in ("expected", "found")}
    return format_html(CHANGES[change["op"]], **words)


def row_of(row) -> dict:
    """A line of the report as the page shows it."""
    return {
        "group": row.group,
        "name": isolated(row.name),
        "decided": row.decided,
        "quotes": _share(row.quotes / row.decided, row.quote_interval),
        "speakers": _share(row.speakers / row.decided, row.speaker_interval),
        "is_broken": row.keeps_its_word is False,
    }


def _share(share: float, interval: tuple[float, float]) -> str:
    return f"{share:.1%} ({interval[0]:.1%}–{interval[1]:.1%})"
