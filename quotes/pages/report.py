"""“Report a mistake”: a form on a page of its own, for whoever may read the quote."""

import math
from http import HTTPStatus
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods
from rest_framework.throttling import SimpleRateThrottle

from quotes.api.views import Quotes
from quotes.curation.mistakes import report_mistake
from quotes.models import Quote
from quotes.models.mistake_report import MAX_REPORT_CHARACTERS
from quotes.pages.answers import Unanswered, ask
from quotes.pages.frame import Page, show
from quotes.pages.results import Shown
from sources.history.remembered import faults_of


class ReportRate(SimpleRateThrottle):
    """Limits the reports of a user, or of an address without a login."""

    rate = "10/hour"

    def get_cache_key(self, request, view) -> str:
        who = request.user.pk if request.user.is_authenticated else self.get_ident(request)
        return f"mistake-report:{who}"


class ReportForm(forms.Form):
    text = forms.CharField(
        label="What is wrong?",
        max_length=MAX_REPORT_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="The words, the speaker, the role, the date, … If you can, say how you know.",
        error_messages={"required": "Say what is wrong."},
    )
    email = forms.EmailField(
        label="Your email address, if you want an answer",
        required=False,
        max_length=254,
        help_text="We use it for the answer only, and then delete it.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not settings.MAILERS:
            del self.fields["email"]

    def clean_text(self) -> str:
        text = self.cleaned_data["text"]
        if fault := faults_of({"text": text}).get("text"):
            raise ValidationError(fault)
        return text


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form, what it refuses, and thanks; nothing that was reported is ever shown."""
    try:
        quote = Shown(ask(request, Quotes, "retrieve", pk=pk))
    except Unanswered as refusal:
        return refusal.response(request)
    if quote.status not in Quote.PUBLIC:  # seen by its filer and by curators, who have the desk
        return redirect("pages:quote", pk=pk)
    if request.method != "POST":
        return shown(request, quote, ReportForm(), is_sent="sent" in request.GET)
    form, rate = ReportForm(request.POST), ReportRate()
    if not form.is_valid():
        return shown(request, quote, form, status=HTTPStatus.BAD_REQUEST)
    if not rate.allow_request(request, None):
        wait = math.ceil(rate.wait() or 1)
        minutes = math.ceil(wait / 60)
        form.add_error(None, f"You sent many reports. Try again in {minutes} minutes.")
        answer = shown(request, quote, form, status=HTTPStatus.TOO_MANY_REQUESTS)
        answer["Retry-After"] = str(wait)
        return answer
    try:
        given = form.cleaned_data
        report_mistake(Quote.objects.get(pk=pk), given["text"], given.get("email"))
    except ValidationError as error:
        form.add_error(None, error)
        return shown(request, quote, form, status=HTTPStatus.BAD_REQUEST)
    return redirect(f"{reverse('pages:report', args=[pk])}?sent=yes")


def shown(
    request: HttpRequest,
    quote: Shown,
    form: ReportForm,
    *,
    is_sent: bool = False,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    title = "Thank you" if is_sent else "Report a mistake"
    page = Page(title, is_indexed=False)
    context = {"quote": quote, "form": form, "is_sent": is_sent}
    return show(request, "pages/report.html", page, context, status=status)
