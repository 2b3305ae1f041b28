"""Mistakes that readers report: filed by a form, answered by a curator, and mailed to who asked."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from quotes.models import MistakeReport, Quote
from quotes.models.mistake_report import MAX_WAITING
from sources.api.addresses import path_of, service_url

RETRY = RetryStrategy(max_attempts=5, exponential_wait=10)
"""A mail server that is away is asked again after 10, 100, 1,000 and 10,000 seconds."""


KEPT_FOR = timedelta(days=2)
"""How long an address is kept after the answer, in case it cannot be mailed."""


def report_mistake(quote: Quote, text: str, email: str | None) -> MistakeReport:
    """File what a reader says is wrong, once. Raises ValidationError if too many reports wait."""
    waiting = MistakeReport.objects.waiting().filter(quote=quote)
    if same := waiting.filter(text=text.strip()).first():
        return same
    if waiting.count() >= MAX_WAITING:
        raise ValidationError(
            "Many readers have reported this quote, and the editors are looking at it. Please come "
            "back later if it is still wrong."
        )
    return MistakeReport.objects.create(quote=quote, text=text.strip(), email=email or None)


def answer_report(report: MistakeReport, user, *, reply: str, now: datetime) -> None:
    """Answer a report, and mail the answer if the reader left an address."""
    with transaction.atomic():
        report.answer(user, reply=reply, now=now)
        if not report.email:
            return
        if settings.MAILERS:
            send_answer.defer(report=str(report.pk))
        else:
            forget_address(report)


def forget_address(report: MistakeReport) -> None:
    report.email = None
    report.save(update_fields=["email"])


@app.task(name="quotes.curation.mistakes.send_answer", retry=RETRY)
def send_answer(*, report: str) -> None:
    """Mail the answer, and delete the address."""
    found = MistakeReport.objects.select_related("quote").filter(pk=report).first()
    if found is None or not found.email:  # erased, or sent already
        return
    place = f"{service_url()}{path_of('quote', found.quote_id)}"
    text = render_to_string("quotes/mail/mistake_answered.txt", {"report": found, "url": place})
    send_mail("The mistake that you reported", text, None, [found.email])
    forget_address(found)


@app.periodic(cron="30 4 * * *")
@app.task(name="quotes.curation.mistakes.forget_addresses", queueing_lock="forget_addresses")
def forget_addresses(timestamp: int) -> None:
    """Delete addresses that the mail server has refused for as long as an answer is tried."""
    answered = MistakeReport.objects.filter(answered__lt=timezone.now() - KEPT_FOR)
    for report in answered.exclude(email=None):
        forget_address(report)
