"""Undo on the review page: step after step, across articles, and only where it works."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from quotes.admin.review.undo_stack import MAX_ENTRIES, STEPS_DONE
from quotes.curation.undo import UNDO_WITHIN
from quotes.history.erasure import erase
from quotes.models import Quote, Utterance
from sources.identity.merging import merge
from sources.ledger.actor import audit_context
from tests.conftest import fresh, staff
from tests.quotes.admin.test_review import (  # noqa: F401 (a fixture)
    make_waiting,
    review_of,
    take,
    time_machine_of,
    undo,
)
from tests.records import make_article, make_quote, make_quotes, make_speaker

pytestmark = pytest.mark.django_db

PARTS = ("gate", "lock", "quay", "pier", "dock")


def messages_of(page) -> str:
    return " ".join(str(message) for message in page.context["messages"])


def offered(client: Client, quote: Quote) -> dict | None:
    return client.get(review_of(quote)).context["last"]


def test_twenty_steps_over_four_articles_are_undone_one_by_one(curator_at_desk):
    quotes = []
    for number in range(4):
        sayings = [f"The {part} was closed at {number}." for part in PARTS]
        article = make_article(" ".join(sayings))
        quotes += [make_quote(said, article=article, status="proposed") for said in sayings]
    for number, quote in enumerate(quotes):
        step, said = ("reject", {"reason": "No."}) if number % 3 else ("publish", {})
        take(curator_at_desk, quote, step, **said)
    assert not Quote.objects.proposed().exists()
    for number, quote in reversed(list(enumerate(quotes))):
        last = offered(curator_at_desk, quotes[0])
        assert (last["done"], last["quote"]) == (
            "Rejected" if number % 3 else "Published",
            f"“{quote.text}”",
        )
        page = undo(curator_at_desk, quotes[0], entry=last["id"])
        assert page.context["chosen"] == quote
        assert f"Undone: <bdi>“{quote.text}”</bdi> is waiting" in messages_of(page)
    assert Quote.objects.proposed().count() == 20
    assert offered(curator_at_desk, quotes[0]) is None


def test_all_steps_with_one_quote_are_undone_in_turn(curator_at_desk):
    was, rob = make_speaker("Ann Jones"), make_speaker("Rob Jones")
    quote, _ = make_waiting(speaker=was, flags=["ambiguous_speaker"])
    take(curator_at_desk, quote, "assign", speaker=rob.pk)
    take(curator_at_desk, quote, "publish")
    undo(curator_at_desk, quote)
    assert (fresh(quote).status, quote.speaker) == ("proposed", rob)
    undo(curator_at_desk, quote)
    assert (fresh(quote).speaker, quote.flags) == (was, ["ambiguous_speaker"])
    take(curator_at_desk, quote, "reject", reason="No.")
    take(curator_at_desk, quote, "reopen")
    assert (fresh(quote).status, quote.reason) == ("proposed", None)
    undo(curator_at_desk, quote)
    assert (fresh(quote).status, quote.reason) == ("rejected", "No.")
    undo(curator_at_desk, quote)
    assert (fresh(quote).status, quote.speaker, quote.version) == ("proposed", was, 9)
    assert "There is nothing to undo." in undo(curator_at_desk, quote).text


def test_an_undone_reassignment_brings_the_quote_back_to_its_utterance(curator_at_desk):
    speaker = make_speaker("Ann Jones")
    quote, other = make_waiting(speaker=speaker)
    utterance = Utterance.join([quote, other])
    take(curator_at_desk, quote, "assign", name="Rob Jones")
    assert fresh(quote).utterance is None
    undo(curator_at_desk, quote)
    assert (fresh(quote).speaker, quote.utterance) == (speaker, utterance)


def test_a_step_on_a_public_quote_is_not_offered_and_stops_undo_once(curator_at_desk):
    first, second = make_waiting()
    public = make_waiting(status="published")[0]
    take(curator_at_desk, first, "publish")
    take(curator_at_desk, public, "dispute", reason="She denies it.")
    assert offered(curator_at_desk, second)["quote"] == "“We had no choice,”"
    refused = messages_of(undo(curator_at_desk, second))
    assert "Not undone: disputed “We had no choice,”. This quote is public." in refused
    assert "The next undo takes back: published “We had no choice,”." in refused
    assert (fresh(first).status, fresh(public).status) == ("published", "disputed")
    undo(curator_at_desk, second)
    assert (fresh(first).status, fresh(public).status) == ("proposed", "disputed")


def test_what_a_colleague_has_changed_since_is_passed_over_and_the_rest_undone():
    client, other = staff("Curators"), staff("Curators", "ada")
    first, second = make_waiting()
    take(client, first, "publish")
    take(client, second, "publish")
    take(other, second, "dispute", reason="He denies it.")
    assert offered(client, first)["quote"] == "“We had no choice,”"
    refused = messages_of(undo(client, first))
    assert "Not undone: published “It was late,”. This has changed since" in refused
    assert (fresh(first).status, fresh(second).status) == ("published", "disputed")
    undo(client, first)
    assert (fresh(first).status, fresh(second).status) == ("proposed", "disputed")


def test_an_older_page_does_not_undo_a_step_that_it_does_not_show(curator_at_desk):
    first, second = make_waiting()
    take(curator_at_desk, first, "publish")
    shown = offered(curator_at_desk, first)["id"]
    take(curator_at_desk, second, "publish")
    assert "You have done more since" in messages_of(undo(curator_at_desk, first, entry=shown))
    assert Quote.objects.filter(status="published").count() == 2


def test_steps_older_than_ten_minutes_are_not_offered(curator_at_desk, time_machine_of):  # noqa: F811
    quote, _ = make_waiting()
    take(curator_at_desk, quote, "publish")
    time_machine_of(UNDO_WITHIN + timedelta(seconds=1))
    assert offered(curator_at_desk, quote) is None


def test_the_last_fifty_steps_are_kept(curator_at_desk):
    for quote in make_quotes(MAX_ENTRIES + 2, make_article(), status="proposed"):
        take(curator_at_desk, quote, "reject", reason="No.")
    assert len(curator_at_desk.session[STEPS_DONE]) == MAX_ENTRIES


def test_another_session_has_nothing_to_undo():
    quote, _ = make_waiting()
    take(staff("Curators"), quote, "publish")
    other = staff("Curators", "ada")
    assert offered(other, quote) is None
    assert "There is nothing to undo." in undo(other, quote).text
    assert fresh(quote).status == "published"


def test_a_step_that_changes_nothing_is_not_undone_for_what_was_done_before(curator_at_desk):
    rob = make_speaker("Rob Jones")
    quote, _ = make_waiting(speaker=make_speaker("Ann Jones"))
    name = curator_at_desk.user.get_username()
    with audit_context(channel="admin", actor=name, request="of the quote's own page"):
        quote.revise(speaker=rob)
    take(curator_at_desk, quote, "assign", speaker=rob.pk)
    assert offered(curator_at_desk, quote) is None
    assert "There is nothing to undo." in messages_of(undo(curator_at_desk, quote))
    assert fresh(quote).speaker == rob


def test_what_another_tab_has_undone_is_not_undone_again(curator_at_desk):
    first, second = make_waiting()
    take(curator_at_desk, first, "publish")
    take(curator_at_desk, second, "publish")
    shown = offered(curator_at_desk, first)["id"]
    undo(curator_at_desk, first, entry=shown)
    refused = messages_of(undo(curator_at_desk, first, entry=shown))
    assert "That was undone already. The next is: published “We had no choice,”." in refused
    assert [fresh(quote).status for quote in (first, second)] == ["published", "proposed"]


def test_the_session_keeps_no_words_that_an_erasure_would_miss(curator_at_desk):
    quote, _ = make_waiting(speaker=make_speaker("Ann Jones"))
    take(curator_at_desk, quote, "publish")
    assert "no choice" not in str(dict(curator_at_desk.session.items()))


def test_a_speaker_that_was_merged_since_does_not_come_back(curator_at_desk):
    jones, harold = make_speaker("Mr Jones"), make_speaker("Harold Jones")
    (quote,) = make_waiting("It was late,", speaker=jones)
    take(curator_at_desk, quote, "assign", speaker=harold.pk)
    take(curator_at_desk, quote, "alias")
    assert fresh(jones).merged_into == harold
    refused = messages_of(undo(curator_at_desk, quote))
    assert "The speaker it had before was merged into the present one." in refused
    assert "Undone" not in refused
    assert (fresh(quote).speaker, quote.version) == (harold, 2)


@pytest.mark.django_db(transaction=True)
def test_a_speaker_that_was_erased_since_does_not_come_back_and_undo_goes_on(curator_at_desk):
    ann, rob = make_speaker("Ann Lund"), make_speaker("Rob Jones")
    first, second = make_waiting(speaker=ann)
    take(curator_at_desk, second, "assign", speaker=rob.pk)
    take(curator_at_desk, first, "assign", speaker=rob.pk)
    take(curator_at_desk, second, "publish")
    take(curator_at_desk, first, "publish")
    erase("speaker", [ann.pk], "She asked for it.")
    undo(curator_at_desk, first)
    undo(curator_at_desk, first)
    refused = messages_of(undo(curator_at_desk, first))
    assert "What the quote was before no longer fits the record." in refused
    assert [fresh(quote).speaker for quote in (first, second)] == [rob, rob]
    assert [quote.status for quote in (first, second)] == ["proposed", "proposed"]
    call_command("verify", "--all", verbosity=0)


def test_who_may_no_longer_publish_takes_nothing_back_from_readers(curator_at_desk):
    quote, _ = make_waiting()
    take(curator_at_desk, quote, "publish")
    curator_at_desk.user.groups.clear()
    left = Permission.objects.filter(codename__in=["review_quote", "change_quote"])
    curator_at_desk.user.user_permissions.set(left)
    assert "You no longer have the permission" in messages_of(undo(curator_at_desk, quote))
    assert fresh(quote).status == "published"


def test_undoing_a_kept_speaker_leaves_it_to_be_checked_again(curator_at_desk):
    ann = make_speaker("Ann Jones")
    quote, _ = make_waiting(speaker=ann, flags=["check_speaker"])
    take(curator_at_desk, quote, "keep")
    assert (fresh(quote).flags, fresh(ann).is_one) == ([], True)
    undo(curator_at_desk, quote)
    assert (fresh(quote).flags, fresh(ann).is_one) == (["check_speaker"], False)


def test_undoing_a_new_namesake_restores_every_doubt_and_offers_to_merge_the_record(
    curator_at_desk,
):
    ann, other = make_speaker("Ann Jones"), make_speaker("Ann Jones")
    make_quote(speaker=ann)
    quote, doubted = make_waiting(speaker=ann, flags=["ambiguous_speaker"])
    take(curator_at_desk, quote, "namesake")
    new = fresh(quote).speaker
    assert {ann.pk, other.pk} == set(new.distinct_from)
    said = messages_of(undo(curator_at_desk, quote))
    assert f"/speaker/{new.pk}/merge/?into={ann.pk}" in said
    assert (fresh(quote).speaker, quote.flags) == (ann, ["ambiguous_speaker"])
    assert fresh(doubted).flags == ["ambiguous_speaker"]
    assert [fresh(one).distinct_from for one in (new, ann, other)] == [[], [], []]
    merge(new, ann)


def test_undoing_that_a_filed_speaker_is_another_namesake_restores_every_doubt(curator_at_desk):
    ann, other = make_speaker("Ann Jones"), make_speaker("Ann Jones")
    quote, doubted = make_waiting(speaker=ann, flags=["ambiguous_speaker"])
    take(curator_at_desk, quote, "namesake")
    assert fresh(quote).speaker == ann
    assert [fresh(one).distinct_from for one in (ann, other)] == [[other.pk], [ann.pk]]
    undo(curator_at_desk, quote)
    assert [fresh(one).distinct_from for one in (ann, other)] == [[], []]
    assert [fresh(one).flags for one in (quote, doubted)] == [["ambiguous_speaker"]] * 2


def test_the_label_of_an_undo_isolates_the_words_of_the_quote(curator_at_desk):
    quote, _ = make_waiting()
    take(curator_at_desk, quote, "publish")
    page = curator_at_desk.get(reverse("admin:quotes_review_changelist")).text
    assert '<span class="what">published <bdi>“We had no choice,”</bdi>' in page
