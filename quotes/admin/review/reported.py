"""Mistakes that readers reported in a quote, and the forms to answer them."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.shortcuts import get_object_or_404
from django.utils.html import format_html

from quotes.curation.mistakes import answer_report
from quotes.models import MistakeReport, Quote
from sources.admin.forms import ReasonField, few_lines
from sources.admin.html import isolated

MAX_REPLY = 5_000  # characters

MAX_LISTED = 50
"""Reports of a quote on the review page: those that wait first, then the newest."""


class AnswerForm(forms.Form):
    """The reply to one report; it may be empty if the quote was changed since."""

    reply = ReasonField(label="Reply", max_length=MAX_REPLY, widget=few_lines(3), required=False)

    def __init__(self, *args, report: MistakeReport, **kwargs):
        super().__init__(*args, prefix=f"answer-{report.pk}", **kwargs)
        self.report = report
        help_ = "Nobody left an address, so only colleagues see it."
        if report.email:
            help_ = "It is mailed to the reader."
        self.fields["reply"].help_text = help_


@dataclass(frozen=True)
class ReportedMistake:
    """A report as the review page shows it; `form` is there while it waits for an answer."""

    report: MistakeReport
    text: str
    reply: str | None
    form: AnswerForm | None
    done: str | None

    @classmethod
    def of(cls, quote: Quote, refused: AnswerForm | None) -> list["ReportedMistake"]:
        """The reports of a quote; one query, and one more for each that waits."""
        reports = MistakeReport.objects.filter(quote=quote).select_related("answered_by", "quote")
        last_first = reports.order_by(F("answered").desc(nulls_first=True), "-id")
        return [cls._shown(each, refused) for each in last_first[:MAX_LISTED]]

    @classmethod
    def _shown(cls, report: MistakeReport, refused: AnswerForm | None) -> "ReportedMistake":
        form = done = None
        if not report.answered:
            is_refused = refused is not None and refused.report.pk == report.pk
            form = refused if is_refused else AnswerForm(report=report)
            done = (since := report.done_since) and since.label.lower()
        return cls(report, isolated(report.text), isolated(report.reply), form, done)


class AnswersReports:
    """Adds the answer to a reported mistake to the review admin."""

    def report_urls(self, posted: Callable) -> list:
        route = "<uuid:article>/<uuid:quote>/answer/<uuid:report>/"
        return [posted(route, self.answer_report, "answer_report")]

    def answer_report(self, request, article, quote, report: UUID):
        """Answer a report, and go on to the next quote if no other report waits here."""
        form, page, quote = self._at(request, article, quote)
        if not request.user.has_perm("quotes.change_quote"):
            raise PermissionDenied
        report = get_object_or_404(MistakeReport, pk=report, quote=quote)
        sent = AnswerForm(request.POST, report=report)
        was_queued = page.has_queued(quote.pk)
        if sent.is_valid():
            try:
                reply = sent.cleaned_data["reply"]
                answer_report(report, request.user, reply=reply, now=form.now)
            except ValidationError as error:
                sent.add_error("reply", error.messages)
        if sent.errors:
            return self._shown(request, form, page, answer_form=sent)
        outcome = report.get_outcome_display().lower()
        words = isolated(f"“{quote}”")
        messages.success(request, format_html("Answered, {}: {}", outcome, words))
        if MistakeReport.objects.waiting().filter(quote=quote).exists():
            was_queued = False
        return self._after(request, form, page, quote, was_queued=was_queued)
