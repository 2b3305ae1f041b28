"""Assignments, notes with mentions, and second looks: private, and in the ledger."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from quotes.models import Assignment, Note, SecondLook, second_look
from quotes.models.second_look import SHARE
from sources.history.verification import checks_of
from sources.models import Revision
from tests.records import make_colleague, make_quote, make_quotes

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def verbs(record) -> list[str]:
    return [one.verb for one in Revision.objects.of(record)]


@pytest.fixture
def ada():
    return make_colleague("ada")


@pytest.fixture
def ben():
    return make_colleague("ben.okri")


def test_a_quote_has_one_assignment_that_keeps_what_is_not_set(ada):
    quote = make_quote()
    Assignment.objects.keep(quote, assignee=ada)
    kept = Assignment.objects.keep(quote, snoozed_until=NOW)
    assert (kept.assignee, kept.snoozed_until) == (ada, NOW)
    assert Assignment.objects.count() == 1
    assert list(Assignment.objects.assigned_to(ada)) == [kept]
    assert list(Assignment.objects.snoozed(NOW)) == []


def test_a_mention_waits_until_its_user_answers_or_reads_it(ada, ben):
    quote = make_quote()
    asked = Note.objects.add(quote, ada, "Which Jones is this, @Ben.Okri?")
    assert list(Note.objects.waiting_for(ben)) == [asked]
    Note.objects.add(quote, ben, "The chief inspector, @ada. Not @ben.okri.")
    assert list(Note.objects.waiting_for(ben)) == []
    assert Note.objects.waiting_for(ada).mark_read(ada) == 1
    assert list(Note.objects.waiting_for(ada)) == []


def test_an_address_is_no_mention(ada):
    assert Note.objects.add(make_quote(), ada, "See desk@harbour.example.").waiting_for == []


@pytest.mark.parametrize("said", ["Ask @nobody.", "Ask @rita."])
def test_only_colleagues_who_review_can_be_mentioned(ada, said):
    make_colleague("rita", "Readers")
    with pytest.raises(ValidationError, match="Nobody who reviews quotes here is called @"):
        Note.objects.add(make_quote(), ada, said)
    assert not Note.objects.exists()


def test_a_note_needs_words(ada):
    with pytest.raises(IntegrityError), transaction.atomic():
        Note.objects.add(make_quote(), ada, " \n")


def test_everything_of_the_worklist_is_in_the_ledger_and_hidden_from_readers(ada, ben):
    quote = make_quote()
    note = Note.objects.add(quote, ada, "Is this right, @ben.okri?")
    Note.objects.mark_read(ben)
    assigned = Assignment.objects.keep(quote, assignee=ada)
    Assignment.objects.keep(quote, assignee=None)
    look = SecondLook.objects.create(quote=quote, publisher=ada)
    look.find("speaker", ben, note="It was his brother.", now=NOW)
    for record in (note, assigned, look):
        assert verbs(record) == ["created", "updated"]
        assert not any(one.reader_visible for one in Revision.objects.of(record))
    assert all(check.ok for check in checks_of([note.pk, assigned.pk, look.pk]))


def test_nobody_takes_a_second_look_at_what_they_published(ada):
    look = SecondLook.objects.create(quote=make_quote(), publisher=ada)
    with pytest.raises(IntegrityError, match="second_look_of_another"), transaction.atomic():
        look.find("agree", ada, now=NOW)


def test_about_a_tenth_is_drawn_for_a_second_look(ada, monkeypatch):
    monkeypatch.setattr(second_look, "SHARE", SHARE)
    quotes = make_quotes(400, make_quote().article)
    drawn = SecondLook.objects.draw([quote.pk for quote in quotes], ada)
    assert 3 < drawn < 80  # one run in a thousand million is outside
    assert SecondLook.objects.count() == drawn


def test_what_waits_for_a_second_look_is_not_drawn_again(ada, monkeypatch):
    monkeypatch.setattr(second_look, "SHARE", 1.0)
    key = make_quote().pk
    SecondLook.objects.draw([key], ada)
    SecondLook.objects.draw([key], ada)
    look = SecondLook.objects.get()
    assert list(SecondLook.objects.waiting()) == [look]
    look.find("agree", None, now=NOW)
    SecondLook.objects.draw([key], ada)
    assert SecondLook.objects.waiting().count() == 1
