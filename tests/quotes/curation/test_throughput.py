"""Quotes decided each day: by whom, and after what wait."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from quotes.admin.dashboard_charts import _in_words
from quotes.curation import throughput
from quotes.curation.throughput import decided_days
from quotes.models import Quote
from sources.ledger.actor import audit_context
from tests.records import make_quote

pytestmark = pytest.mark.django_db


def decide(actor: str, step: str, text: str, waited: timedelta | None = None) -> Quote:
    """Let an actor publish or reject a quote that was filed this long ago."""
    quote = make_quote(text, status="proposed")
    if waited:
        Quote.objects.filter(pk=quote.pk).update(created=timezone.now() - waited)
    with audit_context(channel="admin", actor=actor):
        quote.publish() if step == "publish" else quote.reject("No.")
    return quote


def test_decisions_are_counted_by_who_made_them_with_the_median_wait(django_assert_num_queries):
    decide("ada", "publish", "One", timedelta(hours=1))
    decide("ada", "reject", "Two", timedelta(hours=3))
    decide("ben", "publish", "Three", timedelta(hours=5))
    with audit_context(channel="admin", actor="ada"):
        make_quote("Filed as published")
        make_quote("Disputed later").dispute("He denies it.")
    with django_assert_num_queries(1):
        days = decided_days(timezone.now().date())
    assert len(days) == throughput.DAYS
    assert not any(day.by for day in days[:-1])
    assert days[-1].by == {"ada": 2, "ben": 1}
    assert round(days[-1].median_wait / timedelta(hours=1)) == 3


def test_a_quote_counts_once_a_day_by_its_last_decision():
    quote = decide("ada", "reject", "One")
    with audit_context(channel="admin", actor="ben"):
        quote.reopen()
        quote.publish()
    assert decided_days(timezone.now().date())[-1].by == {"ben": 1}


def test_of_too_many_decisions_whole_days_are_left_out(monkeypatch):
    monkeypatch.setattr(throughput, "MAX_DECISIONS", 1)
    for text in ("One", "Two"):
        decide("ada", "publish", text)
    today = timezone.now().date()
    assert [day.day for day in decided_days(today)] == [today]


def test_a_day_without_decisions_has_no_wait():
    (*_, last) = decided_days(date(2026, 11, 25))
    assert last.median_wait is None
    assert last.day == datetime(2026, 11, 25, tzinfo=UTC).date()


def test_a_change_without_an_actor_is_told_by_its_channel():
    quote = make_quote("One", status="proposed")
    with audit_context(channel="command:import"):
        quote.publish()
    assert decided_days(timezone.now().date())[-1].by == {"command:import": 1}


def test_the_dashboard_shows_curators_who_reviewed_how_much(curator_at_desk, reader_at_desk):
    for number in range(7):
        decide(f"reviewer {number}", "publish", f"Quote {number}", timedelta(hours=4))
    page = curator_at_desk.get("/admin/").text
    chart = page.split('id="chart-quotes-reviewed-per-day-by-reviewer"')[1].split("</figure>")[0]
    assert "<bdi>2 others</bdi>" in chart
    assert "total 7, largest 7" in chart
    assert "<td>4 hours</td>" in chart
    assert "Half of these had waited less than 4 hours." in chart
    assert "reviewer 1" not in reader_at_desk.get("/admin/").text


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "a minute"), (1, "1 minute"), (119, "119 minutes"), (120, "2 hours"), (2880, "2 days")],
)
def test_a_wait_is_said_in_words(minutes, said):
    assert _in_words(timedelta(minutes=minutes)) == said
