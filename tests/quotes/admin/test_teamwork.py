"""What reviewers arrange about a quote: assigned, set aside, noted, checked, looked at twice."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quotes.admin.review.teamwork import SnoozeForm
from quotes.curation import bulk
from quotes.curation.undo import undo
from quotes.models import Assignment, MistakeReport, Note, Quote, SecondLook, second_look
from sources.ledger.actor import audit_context
from tests.conftest import API, fresh, staff
from tests.quotes.admin.test_review import make_waiting, review_of, take
from tests.quotes.admin.test_worklist import in_queue
from tests.records import make_colleague, make_quote

pytestmark = pytest.mark.django_db

SECRET = "Tessa thinks that it was her brother"


def send(client: Client, quote: Quote, what: str, query: str = "", **sent):
    url = reverse(f"admin:quotes_review_{what}", args=[quote.article_id, quote.pk])
    return client.post(url + query, sent)


@pytest.fixture
def ada():
    return make_colleague("ada")


def test_a_quote_is_assigned_to_a_colleague_and_to_nobody_again(curator_at_desk, ada):
    quote, _ = make_waiting()
    send(curator_at_desk, quote, "hand_over", **{"hand-assignee": ada.pk})
    assert Assignment.objects.get().assignee == ada
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk})
    assert "Assigned to <bdi>ada</bdi>" in page.text
    send(curator_at_desk, quote, "hand_over", **{"hand-assignee": ""})
    assert Assignment.objects.get().assignee is None
    assert fresh(quote).version == 1


def test_a_quote_is_assigned_to_colleagues_who_review_only(curator_at_desk, reader_at_desk):
    quote, _ = make_waiting()
    page = send(curator_at_desk, quote, "hand_over", **{"hand-assignee": reader_at_desk.user.pk})
    assert "Select a valid choice" in page.text
    assert not Assignment.objects.exists()


def test_what_is_set_aside_leads_to_the_next_and_can_be_brought_back(curator_at_desk):
    first, second = make_waiting()
    answer = send(curator_at_desk, first, "later", **{"later-until": "tomorrow"})
    assert answer.headers["Location"] == f"{review_of(first)}?quote={second.pk}"
    until = Assignment.objects.get().snoozed_until
    assert until.hour == 6
    assert timezone.now() < until < timezone.now() + timedelta(days=2)
    page = curator_at_desk.get(review_of(first), {"quote": first.pk})
    assert "set aside until" in page.text
    send(curator_at_desk, first, "later", bring_back="yes")
    assert in_queue(curator_at_desk, "proposed")["number"] == 2


@pytest.mark.parametrize(
    ("until", "day", "back"),
    [
        ("today", "", datetime(2026, 11, 26, 18, tzinfo=UTC)),
        ("tomorrow", "", datetime(2026, 11, 27, 6, tzinfo=UTC)),
        ("week", "", datetime(2026, 11, 30, 6, tzinfo=UTC)),
        ("day", "2027-01-07", datetime(2027, 1, 7, 6, tzinfo=UTC)),
        ("day", "", "Choose a day."),
        ("day", "2026-11-26", "Choose a day in the future."),
        ("day", "soon", "Enter a valid date."),
        ("never", "", "Select a valid choice"),
    ],
)
def test_a_quote_is_set_aside_until_a_time(until, day, back):
    thursday = datetime(2026, 11, 26, 15, tzinfo=UTC)
    form = SnoozeForm({"until": until, "day": day}, now=thursday)
    assert form.is_valid() is isinstance(back, datetime)
    if form.is_valid():
        assert form.time == back
    else:
        assert back in str(form.errors)


def test_a_note_is_shown_to_whoever_opens_the_quote_next(curator_at_desk, ada):
    quote, other = make_waiting()
    send(curator_at_desk, quote, "note", **{"note-text": f"{SECRET}, @ada?"})
    client = Client()
    client.force_login(ada)
    page = client.get(review_of(quote), {"quote": quote.pk}).text
    assert f"{SECRET}, @ada?" in page
    assert "asks you" in page
    assert SECRET not in client.get(review_of(quote), {"quote": other.pk}).text
    assert in_queue(client, "mine")["number"] == 1
    send(client, quote, "note_read")
    assert in_queue(client, "mine")["number"] == 0


@pytest.mark.parametrize(
    ("text", "refusal"), [(" ", "This field is required"), ("Ask @nobody", "is called @nobody")]
)
def test_a_note_that_is_refused_keeps_its_words(curator_at_desk, text, refusal):
    quote, _ = make_waiting()
    page = send(curator_at_desk, quote, "note", **{"note-text": text})
    assert refusal in page.text
    assert f"{text.strip()}</textarea>" in page.text
    assert not Note.objects.exists()


def test_only_reviewers_arrange_anything(ada):
    quote, _ = make_waiting()
    for group in ("Readers", "Contributors"):
        client = staff(group)
        for what in ("hand_over", "later", "note", "note_read", "checked", "second_look"):
            assert send(client, quote, what).status_code == 403


def public_routes(client) -> list[str]:
    """Every GET of the API that takes no parameter in its path, and those of the quote."""
    quote = Quote.objects.get(text="We had no choice,")
    found = client.get(f"{API}schema/", {"format": "json"}).json()["paths"]
    routes = []
    for path, operations in found.items():
        if "get" not in operations:
            continue
        key = quote.article_id if "/articles/" in path else quote.pk
        for name in ("id", "pk", "key"):
            path = path.replace(f"{{{name}}}", str(key))
        if "{" not in path:
            routes.append(path)
    assert len(routes) > 20
    return routes


def test_no_public_route_shows_what_colleagues_write(curator, reader, curator_at_desk, ada):
    quote, _ = make_waiting(status="published")
    send(curator_at_desk, quote, "note", **{"note-text": f"{SECRET}, @ada?"})
    send(curator_at_desk, quote, "hand_over", **{"hand-assignee": ada.pk})
    SecondLook.objects.create(quote=quote, publisher=ada).find(
        "words", curator_at_desk.user, note=SECRET, now=timezone.now()
    )
    report = MistakeReport.objects.create(quote=quote, text=SECRET, email="tessa@reader.example")
    report.answer(curator_at_desk.user, reply=SECRET, now=timezone.now())
    for client in (curator, reader):
        answered = 0
        for path in public_routes(curator):
            answer = client.get(path)
            body = b"".join(answer) if answer.streaming else answer.content
            answered += answer.status_code == 200
            assert b"Tessa" not in body, path
        assert answered > 10


def test_a_checked_anchor_leaves_its_queue_and_leads_on(curator_at_desk):
    quotes = make_waiting(status="published")
    Quote.objects.update(anchor="moved")
    answer = send(curator_at_desk, quotes[0], "checked", "?queue=moved")
    assert answer.headers["Location"].endswith(f"quote={quotes[1].pk}")
    page = curator_at_desk.get(answer.headers["Location"])
    assert "Leave as it is <kbd>v" in page.text
    assert in_queue(curator_at_desk, "moved")["number"] == 1
    page = curator_at_desk.get(review_of(quotes[0]), {"quote": quotes[0].pk})
    assert "Leave as it is <kbd>v" not in page.text


# Second looks


@pytest.fixture
def drawn(monkeypatch, ada) -> list[Quote]:
    """Two quotes that Ada published at once, both drawn."""
    monkeypatch.setattr(second_look, "SHARE", 1.0)
    quotes = make_waiting()
    with audit_context(channel="admin", actor="ada"):
        bulk.take("publish", [(quote.pk, 1) for quote in quotes], user=ada)
    return quotes


def test_what_is_published_in_bulk_is_drawn_for_another_reviewer(curator_at_desk, ada, drawn):
    assert {look.publisher for look in SecondLook.objects.waiting()} == {ada}
    assert in_queue(curator_at_desk, "second_look")["number"] == 2
    publisher = Client()
    publisher.force_login(ada)
    assert in_queue(publisher, "second_look")["number"] == 0
    page = publisher.get(review_of(drawn[0]), {"quote": drawn[0].pk})
    assert "Nothing is wrong" not in page.text
    send(publisher, drawn[0], "second_look", **{"look-finding": "agree"})
    assert SecondLook.objects.waiting().count() == 2


def test_who_publishes_a_drawn_quote_again_after_an_undo_does_not_look_at_it(
    curator_at_desk, ada, drawn
):
    first, _ = drawn
    first.refresh_from_db()
    with audit_context(channel="admin", actor="ada"):
        undo(first, first.version, user=ada, now=timezone.now())
    take(curator_at_desk, first, "publish")
    assert in_queue(curator_at_desk, "second_look")["number"] == 1
    send(curator_at_desk, first, "second_look", **{"look-finding": "agree"})
    assert SecondLook.objects.waiting().count() == 2


def test_quotes_rejected_or_published_one_by_one_are_not_drawn(curator_at_desk, monkeypatch):
    monkeypatch.setattr(second_look, "SHARE", 1.0)
    first, second = make_waiting()
    take(curator_at_desk, first, "publish")
    bulk.take("reject", [(second.pk, 1)], "Not said.", user=curator_at_desk.user)
    assert not SecondLook.objects.exists()


def test_to_agree_leads_to_the_next_and_a_fault_stays_to_be_put_right(curator_at_desk, drawn):
    first, second = drawn
    page = curator_at_desk.get(review_of(first), {"queue": "second_look"})
    assert "Nothing is wrong <kbd>y" in page.text
    query = "?queue=second_look"
    answer = send(curator_at_desk, first, "second_look", query, **{"look-finding": "agree"})
    assert answer.headers["Location"].endswith(f"quote={second.pk}")
    sent = {"look-finding": "speaker", "look-note": "It was Ben."}
    answer = send(curator_at_desk, second, "second_look", query, **sent)
    assert answer.headers["Location"].endswith(f"quote={second.pk}")
    wrong = SecondLook.objects.get(quote=second)
    assert (wrong.finding, wrong.note) == ("speaker", "It was Ben.")
    assert wrong.reviewer == curator_at_desk.user
    assert in_queue(curator_at_desk, "second_look")["number"] == 0


def test_a_quote_that_is_public_no_more_needs_no_second_look(curator_at_desk, drawn):
    drawn[0].refresh_from_db()
    drawn[0].retract("Never said.")
    assert in_queue(curator_at_desk, "second_look")["number"] == 1
    make_quote("Something else")
    assert in_queue(curator_at_desk, "second_look")["number"] == 1
