"""Mistakes that readers report: in a queue until they are answered, mailed, and never public."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from quotes.curation.mistakes import answer_report, forget_addresses, report_mistake
from quotes.models import MistakeReport, Quote
from quotes.models.mistake_report import MAX_WAITING
from sources.history.verification import checks_of
from sources.models import Revision
from tests.conftest import fresh, staff
from tests.jobs import work_off
from tests.quotes.admin.test_review import make_waiting, review_of, take
from tests.quotes.admin.test_worklist import in_queue
from tests.quotes.history.test_erasure import dumped, forget_statistics, verified
from tests.records import make_colleague, make_quote

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADDRESS = "rosa@reader.example"
LOCAL_MAIL = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


def send(client, report: MistakeReport, reply: str = "", query: str = ""):
    keys = [report.quote.article_id, report.quote_id, report.pk]
    url = reverse("admin:quotes_review_answer_report", args=keys)
    return client.post(url + query, {f"answer-{report.pk}-reply": reply})


# Reports


def test_the_same_report_is_filed_once():
    quote = make_quote()
    first = report_mistake(quote, "That was his brother. ", None)
    assert report_mistake(quote, " That was his brother.", None) == first
    assert report_mistake(quote, "And in March.", None) != first


def test_more_reports_of_one_quote_than_anybody_reads_are_refused():
    quote = make_quote()
    for number in range(MAX_WAITING):
        report_mistake(quote, f"Reason {number}", None)
    with pytest.raises(ValidationError, match="Many readers have reported this quote"):
        report_mistake(quote, "One more", None)
    MistakeReport.objects.first().answer(None, reply="No.", now=NOW)
    report_mistake(quote, "One more", None)


def test_a_report_needs_words():
    with pytest.raises(IntegrityError), transaction.atomic():
        report_mistake(make_quote(), " \n", None)


def test_a_report_and_its_answer_are_in_the_ledger_without_the_address():
    report = report_mistake(make_quote(), "That was his brother.", ADDRESS)
    report.answer(make_colleague("ada"), reply="It was he.", now=NOW)
    created, answered = Revision.objects.of(report)
    assert (created.public, answered.public) == (False, False)
    assert answered.state["reply"] == "It was he."
    assert "email" not in answered.state
    assert all(check.ok for check in checks_of([report.pk]))


# Answers


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (lambda quote: quote.correct("A fragment.", now=NOW, kind="partial"), "corrected"),
        (lambda quote: quote.dispute("She denies it."), "disputed"),
        (lambda quote: quote.retract("Made up."), "retracted"),
    ],
)
def test_what_was_done_with_the_quote_since_is_the_answer(step, outcome):
    quote = make_quote()
    quote.correct("Before the report.", now=NOW, language="en")
    report = report_mistake(quote, "That was his brother.", None)
    with pytest.raises(ValidationError, match="Write a reply"):
        report.answer(None, now=NOW)
    step(fresh(quote))
    report.answer(None, now=NOW)
    assert (report.outcome, report.reply) == (outcome, None)


def test_a_report_is_answered_once():
    report = report_mistake(make_quote(), "That was his brother.", None)
    report.answer(None, reply="It was he.", now=NOW)
    with pytest.raises(ValidationError, match="answered this report already"):
        MistakeReport.objects.get().answer(None, reply="Perhaps.", now=NOW)
    assert fresh(report).reply == "It was he."


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commits")
def test_the_answer_is_mailed_to_who_left_an_address_which_is_deleted_then(settings):
    settings.MAILERS = LOCAL_MAIL
    quote = make_quote()
    for address in (ADDRESS, None):
        report = report_mistake(quote, f"Wrong: {address}", address)
        answer_report(report, None, reply="“It” was <he> & nobody else.", now=NOW)
    work_off()
    (sent,) = mail.outbox
    assert sent.to == [ADDRESS]
    assert "The quote stays as it is.\n\n“It” was <he> & nobody else." in sent.body
    assert f"/quotes/{quote.pk}/" in sent.body
    assert not MistakeReport.objects.exclude(email=None).exists()


def test_an_address_that_the_mail_server_refuses_is_deleted_after_two_days():
    old = report_mistake(make_quote(), "Wrong", ADDRESS)
    new = report_mistake(make_quote(), "Wrong", ADDRESS)
    waiting = report_mistake(make_quote(), "Wrong", ADDRESS)
    now = timezone.now()
    for report, days in ((old, 3), (new, 1)):
        report.answer(None, reply="No.", now=now - timedelta(days=days))
    forget_addresses(timestamp=0)
    assert fresh(old).email is None
    assert fresh(new).email == fresh(waiting).email == ADDRESS


def test_without_mail_the_address_is_deleted_at_once(settings):
    settings.MAILERS = {}
    report = report_mistake(make_quote(), "Wrong", ADDRESS)
    answer_report(report, None, reply="No.", now=NOW)
    assert fresh(report).email is None


# The desk


def test_a_report_is_in_its_queue_until_it_is_answered(curator_at_desk):
    first, second = make_waiting(status="published")
    reports = [report_mistake(quote, "That was his brother.", None) for quote in (first, second)]
    assert in_queue(curator_at_desk, "mistakes")["number"] == 2
    page = curator_at_desk.get(review_of(first), {"queue": "mistakes", "quote": first.pk})
    assert "<bdi>That was his brother.</bdi>" in page.text
    answer = send(curator_at_desk, reports[0], "It was he.", "?queue=mistakes")
    assert answer.headers["Location"].endswith(f"quote={second.pk}")
    report = fresh(reports[0])
    assert (report.outcome, report.answered_by) == ("replied", curator_at_desk.user)
    assert in_queue(curator_at_desk, "mistakes")["number"] == 1
    page = curator_at_desk.get(review_of(first), {"quote": first.pk})
    assert "<bdi>It was he.</bdi>" in page.text
    assert "Left as it is" in page.text


def test_a_quote_with_another_report_stays_in_sight(curator_at_desk):
    quote = make_quote()
    one = report_mistake(quote, "One", None)
    report_mistake(quote, "Another", None)
    answer = send(curator_at_desk, one, "No.", "?queue=mistakes")
    assert answer.headers["Location"].endswith(f"quote={quote.pk}")


def test_an_answer_that_is_refused_keeps_its_words_at_its_report(curator_at_desk):
    quote = make_quote()
    one = report_mistake(quote, "One", None)
    report_mistake(quote, "Another", None)
    page = send(curator_at_desk, one, " ")
    assert page.text.count("Write a reply; or dispute, correct or retract the quote first.") == 1
    assert MistakeReport.objects.waiting().count() == 2


def test_a_step_taken_at_the_desk_answers_without_a_reply(curator_at_desk):
    quote = make_quote()
    report = report_mistake(quote, "She never said so.", None)
    take(curator_at_desk, quote, "retract", reason="She never said so.")
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk, "queue": "mistakes"})
    assert "The quote was retracted since." in page.text
    send(curator_at_desk, report)
    assert fresh(report).outcome == "retracted"


def test_only_curators_answer(db):
    quote = make_quote()
    report = report_mistake(quote, "Wrong", None)
    for group in ("Readers", "Contributors"):
        assert send(staff(group), report, "No.").status_code == 403
    assert fresh(report).answered is None


def test_the_report_of_another_quote_is_not_found(curator_at_desk):
    report = report_mistake(make_quote(), "Wrong", None)
    report.quote = make_quote()
    assert send(curator_at_desk, report, "No.").status_code == 404


# Erasure


def test_a_report_is_erased_by_itself():
    forget_statistics()
    quote = make_quote()
    report = report_mistake(quote, "Quibblewick wrote to me.", "quibblewick@a.example")
    report.answer(make_colleague("ada"), reply="Tell Quibblewick: no.", now=NOW)
    out = io.StringIO()
    asked = ["mistakereport", str(report.pk), "--reason", "At the reader's wish.", "--yes"]
    call_command("erase", *asked, stdout=out, verbosity=0)
    assert "uibblewick" not in dumped()
    assert Quote.objects.get() == quote
    verified()
