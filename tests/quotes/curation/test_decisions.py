"""What a curator decided, by the ledger, and where they continue."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from quotes.curation import bulk
from quotes.curation.decisions import decided_since, last_decisions, where_to_continue
from quotes.models import Claim, Quote
from sources.ledger.actor import audit_context
from tests.conftest import staff
from tests.quotes.admin.test_review import make_waiting, take
from tests.records import make_quote, make_speaker

pytestmark = pytest.mark.django_db


def told(user, number: int = 9) -> list[tuple[str, str]]:
    return [(each.verb, str(each.quote)) for each in last_decisions(user, number)]


def test_the_last_decisions_say_what_was_done_to_which_quote(curator_at_desk):
    first, second = make_waiting()
    take(curator_at_desk, first, "assign", speaker=make_speaker("Ben Okri").pk)
    take(curator_at_desk, first, "publish")
    take(curator_at_desk, second, "reject", reason="Not said.")
    make_quote("Not theirs")
    user = curator_at_desk.user
    assert told(user) == [
        ("Rejected", "It was late,"),
        ("Published", "We had no choice,"),
        ("Reassigned", "We had no choice,"),
    ]
    assert told(user, 1) == told(user)[:1]
    (last,) = last_decisions(user, 1)
    assert curator_at_desk.get(last.url).context["chosen"] == second
    assert told(staff("Curators", "ben").user) == []


def test_many_quotes_changed_at_once_are_one_decision(curator_at_desk):
    user, quotes = curator_at_desk.user, make_waiting()
    (alone,) = make_waiting("It was late,")
    take(curator_at_desk, alone, "publish")
    with audit_context(channel="admin", actor=user.get_username()):
        bulk.take("publish", [(quote.pk, 1) for quote in quotes], user=user)
    last, before = last_decisions(user, 2)
    assert (last.verb, last.others) == ("Published", 1)
    assert (before.verb, before.others, before.quote) == ("Published", 0, alone)


def test_what_was_undone_is_no_decision(curator_at_desk):
    first, second = make_waiting()
    take(curator_at_desk, first, "publish")
    take(curator_at_desk, second, "publish")
    curator_at_desk.post(reverse("admin:quotes_review_undo", args=[first.article_id]))
    user = curator_at_desk.user
    assert told(user) == [("Published", "We had no choice,")]
    since = timezone.now() - timedelta(hours=1)
    assert decided_since(user, since) == {"Published": 1}
    assert decided_since(user, timezone.now()) == {}


def test_a_curator_continues_with_the_article_that_was_open_last(curator_at_desk):
    user = curator_at_desk.user
    assert where_to_continue(user) is None
    (oldest,), (other,) = make_waiting("It was late,"), make_waiting("It was late,")

    def page(quote: Quote) -> str:
        return reverse("admin:quotes_review_article", args=[quote.article_id])

    assert where_to_continue(user) == page(oldest)
    curator_at_desk.get(page(oldest))
    curator_at_desk.get(page(other))
    assert where_to_continue(user) == page(other)
    take(curator_at_desk, other, "publish")
    assert where_to_continue(user) == page(oldest)
    colleague = staff("Curators", "ben").user
    assert where_to_continue(colleague) is None
    Claim.objects.update(until=timezone.now())
    assert where_to_continue(colleague) == page(oldest)
