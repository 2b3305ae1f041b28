"""Edit conflicts on the form of a quote and its reporting chain."""

import pytest
from django.utils.html import strip_tags

from quotes.models import Quote, Via
from sources.ledger.actor import audit_context
from tests.conftest import fresh
from tests.records import make_affiliation, make_organisation, make_quote, make_speaker
from tests.sources.admin.test_edit_conflicts import Desk, Shown, edit, lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def quote():
    return make_quote(
        via=["Sky News", "NationalWorld"], attribution_text="Mr Jones said", status="proposed"
    )


@pytest.fixture
def desk(curator_at_desk, quote):
    return Desk(curator_at_desk, quote)


def steps(quote: Quote) -> list[str]:
    return [f"{step.position} {step}" for step in quote.via.all()]


# The quote


def test_two_curators_do_not_overwrite_each_other(desk, quote):
    lund, jones = make_speaker("Ada Lund"), make_speaker("Rob Jones")
    quote.revise(speaker=lund)
    conflict = desk.shown(speaker=str(jones.pk), said="2026-02")
    assert lines(conflict.record) == {
        "Speaker": Shown("both", "–", "Ada Lund", "Rob Jones"),
        "Said": Shown("you", "–", "–", "2026-02"),
    }
    assert (fresh(quote).speaker, quote.said, quote.version) == (lund, None, 2)
    assert desk.save(take=f":{quote.pk}:speaker").status_code == 302
    assert (fresh(quote).speaker, str(quote.said), quote.version) == (lund, "2026-02", 3)


def test_read_only_fields_are_compared_too(desk, quote):
    edit(quote, status="rejected", flags=["filing_differs"])
    conflict = desk.shown(said="2026-02")
    assert lines(conflict.record) == {
        "Said": Shown("you", "–", "–", "2026-02"),
        "Status": Shown("beside", "Proposed", "Rejected", ""),
        "Flags": Shown("beside", "–", "filing_differs", ""),
    }
    assert desk.save().status_code == 302
    assert (fresh(quote).status, str(quote.said)) == ("rejected", "2026-02")


def test_two_changes_that_contradict_each_other_are_refused_when_saved(desk, quote):
    affiliation, other = make_affiliation(), make_speaker("Ada Lund")
    edit(quote, speaker=affiliation.speaker)
    desk.form = desk.form | {"speaker": str(affiliation.speaker_id)}
    desk.save(affiliation=str(affiliation.pk))
    quote.revise(speaker=other)
    desk.shown()
    assert "This affiliation is another speaker&#x27;s." in desk.save().text
    assert (fresh(quote).speaker, quote.affiliation) == (other, None)


def test_a_quote_edited_twice_at_once_stays_consistent_with_its_affiliation(desk, quote):
    affiliation = make_affiliation()
    quote.revise(speaker=affiliation.speaker, affiliation=affiliation)
    mole = make_organisation("Mole Trust")
    conflict = desk.shown(organisation=str(mole.pk))
    assert lines(conflict.record)["Organisation"].by == "both"
    assert desk.save(take=f":{quote.pk}:organisation").status_code == 302
    assert (fresh(quote).affiliation, quote.organisation) == (affiliation, affiliation.organisation)


# The reporting chain, whose changes are changes of the quote


def test_a_step_that_both_renamed_is_shown_with_the_author_of_the_change(desk, quote):
    with audit_context(channel="api", actor="ada", reason="As aired."):
        edit(quote.via.first(), name="Sky News at Ten")
    answer = desk.save(**{"via-0-name": "Sky UK"})
    assert "This has changed since you read version 1: it is now at version 2." in answer.text
    assert "Version 2: reporting chain changed by <bdi>ada</bdi>" in answer.text
    assert "As aired." in answer.text
    (row,) = answer.context["conflict"].rows
    assert lines(row) == {"Name": Shown("both", "Sky News", "Sky News at Ten", "Sky UK")}
    assert quote.via.first().name == "Sky News at Ten"
    assert desk.save(take=f"via:{quote.via.first().pk}:name").status_code == 302
    assert steps(quote) == ["0 cited Sky News at Ten", "1 cited NationalWorld"]


def test_a_step_deleted_by_one_and_changed_by_the_other_is_kept_as_a_new_one(desk, quote):
    quote.via.first().delete()
    (row,) = desk.shown(**{"via-0-name": "Sky UK"}).rows
    assert "Somebody else removed this row." in row.note
    assert lines(row)["Name"] == Shown("you", "Sky News", "–", "Sky UK")
    assert lines(row)["Kind"] == Shown("", "Cited", "–", "Cited")
    assert desk.save().status_code == 302
    assert steps(quote) == ["0 cited Sky UK", "1 cited NationalWorld"]


def test_a_step_deleted_by_one_and_unchanged_by_the_other_stays_deleted(desk, quote):
    quote.via.first().delete()
    (row,) = desk.shown(said="2026-02").rows
    assert (strip_tags(row.title), row.note) == (
        "Via: 0, Cited, Sky News",
        "Somebody else removed this row.",
    )
    assert desk.save().status_code == 302
    assert steps(quote) == ["1 cited NationalWorld"]


def test_deleting_a_step_that_the_other_changed_is_pointed_out(desk, quote):
    edit(quote.via.first(), name="Sky UK")
    (row,) = desk.shown(**{"via-0-DELETE": "on"}).rows
    assert "Clear its checkbox below" in row.note
    assert desk.form["via-0-DELETE"] == "on"
    assert quote.via.count() == 2
    del desk.form["via-0-DELETE"]
    assert desk.save().status_code == 302
    assert steps(quote) == ["0 cited Sky UK", "1 cited NationalWorld"]


def test_a_step_marked_for_deletion_is_deleted_once_both_were_shown(desk, quote):
    edit(quote.via.first(), name="Sky UK")
    desk.save(**{"via-0-DELETE": "on", "said": "2026"})
    assert desk.save().status_code == 302
    assert steps(quote) == ["1 cited NationalWorld"]


def test_a_step_that_both_deleted_is_deleted(desk, quote):
    quote.via.first().delete()
    (row,) = desk.shown(**{"via-0-DELETE": "on"}).rows
    assert row.note == "Somebody else removed this row, as you did."
    assert desk.save().status_code == 302
    assert steps(quote) == ["1 cited NationalWorld"]


def test_steps_that_both_added_are_kept_once_their_order_is_settled(desk, quote):
    Via.objects.create(quote=quote, position=2, kind="told", name="Reuters")
    added = {"position": "2", "kind": "post", "name": "BBC", "outlet": "", "quote": str(quote.pk)}
    desk.save(**{"via-TOTAL_FORMS": "3"}, **{f"via-2-{k}": v for k, v in added.items()})
    refused = desk.save()
    assert refused.context["errors"]
    assert desk.form["via-3-name"] == "BBC"
    assert desk.save(**{"via-3-position": "3"}).status_code == 302
    assert steps(quote)[2:] == ["2 told Reuters", "3 post BBC"]


def test_rows_are_compared_by_key_and_not_by_position(desk, quote):
    Via.objects.create(quote=quote, position=7, kind="told", name="Reuters")
    first, second, _ = quote.via.all()
    edit(first, position=9)
    desk.save(**{"via-0-name": "Sky UK", "via-1-name": "National World"})
    assert desk.save().status_code == 302
    assert steps(quote) == ["1 cited National World", "7 told Reuters", "9 cited Sky UK"]
    assert set(quote.via.values_list("pk", flat=True)) >= {first.pk, second.pk}


def test_a_forged_row_without_its_key_is_not_a_server_error(desk, quote):
    del desk.form["via-0-id"]
    assert desk.save(**{"via-0-name": "Sky UK"}).status_code in (200, 302)
    assert steps(quote) == ["0 cited Sky News", "1 cited NationalWorld"]
