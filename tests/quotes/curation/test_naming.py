"""What is put on record of a quote's speaker by one key: roles, aliases, namesakes, merges."""

import threading

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from quotes.curation.naming import merge_away, record_role, role_to_record
from quotes.models import Quote
from sources.exceptions import Conflict
from sources.identity import merging
from sources.models import Affiliation, Organisation, Revision, Speaker
from tests.conftest import fresh, staff
from tests.quotes.admin.test_review import make_waiting, review_of, take
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_quote,
    make_speaker,
)

pytestmark = pytest.mark.django_db


def offered(client, quote: Quote) -> dict[str, str]:
    """The button of each such step on the review page."""
    page = client.get(review_of(quote), {"quote": quote.pk})
    return {one.step.name: one.label for one in page.context["panel"].naming}


def make_master(**values) -> Quote:
    """A quote of Mara Quill, harbour master of the Harbour Board, whose role is not on record."""
    values = {
        "attribution_speaker": "Mara Quill",
        "attribution_role": "harbour master",
        **values,
    }
    if "speaker" not in values:
        values["speaker"] = make_speaker("Mara Quill")
    if "organisation" not in values:
        values["organisation"] = make_organisation("Harbour Board")
    (quote,) = make_waiting("We had no choice,", published="2026-03-14", **values)
    return quote


# Roles


def test_a_role_goes_on_record_as_of_the_day_of_the_quote(curator_at_desk):
    quote = make_master()
    assert (
        "harbour master, Harbour Board, as of 2026-03-14" in offered(curator_at_desk, quote)["role"]
    )
    take(curator_at_desk, quote, "role")
    held = fresh(quote).affiliation
    assert (held.role, held.organisation.name) == ("harbour master", "Harbour Board")
    assert (held.speaker, str(held.start), held.end) == (quote.speaker, "2026-03-14", None)
    assert Revision.objects.of(held).last().reason.startswith("As printed in “Of ")
    assert offered(curator_at_desk, quote) == {}
    assert not held.is_public
    take(curator_at_desk, quote, "publish")
    assert fresh(held).is_public


def test_an_affiliation_on_record_is_used_and_begins_earlier_if_it_has_to(curator_at_desk):
    quote = make_master()
    known = {"speaker": quote.speaker, "organisation": quote.organisation}
    make_affiliation(**known, role="pilot")
    later = make_affiliation(**known, role="Harbour Master", start="2026-05")
    take(curator_at_desk, quote, "role")
    assert fresh(quote).affiliation == later
    assert str(fresh(later).start) == "2026-03-14"
    assert Affiliation.objects.count() == 2


def test_a_role_that_ended_before_is_held_again(curator_at_desk):
    quote = make_master()
    known = {"speaker": quote.speaker, "organisation": quote.organisation}
    make_affiliation(**known, role="harbour master", end="2010")
    take(curator_at_desk, quote, "role")
    assert str(fresh(quote).affiliation.start) == "2026-03-14"


def test_a_printed_organisation_becomes_one_on_record(curator_at_desk):
    quote = make_master(organisation=None, attribution_organisation="Pilots Guild")
    take(curator_at_desk, quote, "role")
    assert fresh(quote).organisation == Organisation.objects.get(name="Pilots Guild")
    assert quote.affiliation.organisation == quote.organisation


@pytest.mark.django_db(transaction=True)
def test_a_role_recorded_twice_at_once_makes_one_organisation_and_one_affiliation():
    """Each has read that the organisation is not on record, before either makes it."""
    speaker = make_speaker("Ann Lund")
    printed = {"organisation": None, "attribution_organisation": "Pilots Guild"}
    quotes = [make_master(speaker=speaker, **printed) for _ in range(2)]
    both_read, made = threading.Barrier(2), []

    def record(quote):
        try:
            with transaction.atomic():
                role_to_record(quote)
                both_read.wait(20)
                made.append(record_role(quote, now=timezone.now()).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=record, args=[quote]) for quote in quotes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert (Organisation.objects.count(), Affiliation.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "missing",
    [
        {"attribution_role": None},
        {"organisation": None},
        {"speaker": None},
        {"status": "rejected"},
    ],
)
def test_a_role_is_not_offered_where_there_is_nothing_to_record(curator_at_desk, missing):
    quote = make_master(**missing)
    assert "role" not in offered(curator_at_desk, quote)
    refused = take(curator_at_desk, quote, "role")
    assert "There is no role to put on record" in refused.text
    assert not Affiliation.objects.exists()


def test_a_name_that_identifies_nobody_gets_no_role(curator_at_desk):
    quote = make_master()
    Quote.objects.update(speaker=make_speaker("Ms Quill", article=quote.article))
    assert "role" not in offered(curator_at_desk, quote)


def test_a_role_of_a_public_quote_is_recorded_with_a_note_that_is_filled_in(curator_at_desk):
    quote = make_master(status="published")
    page = curator_at_desk.get(review_of(quote), {"quote": quote.pk})
    (step,) = page.context["panel"].naming
    note = step.form["note"].value()
    assert note == "The role is on record now: harbour master, Harbour Board, as of 2026-03-14."
    take(curator_at_desk, quote, "role", note=note)
    assert fresh(quote).corrections[0]["note"] == note
    assert quote.affiliation.is_public


def test_undo_takes_the_role_off_the_quote_and_leaves_it_on_record(curator_at_desk):
    quote = make_master()
    take(curator_at_desk, quote, "role")
    curator_at_desk.post(f"{review_of(quote)}undo/")
    assert fresh(quote).affiliation is None
    assert Affiliation.objects.count() == 1


# Other names


def test_a_printed_name_becomes_an_alias_of_the_speaker(curator_at_desk):
    quote = make_master(attribution_speaker="Mara Quill-Orr")
    assert "Mara Quill-Orr" in offered(curator_at_desk, quote)["alias"]
    answer = take(curator_at_desk, quote, "alias")
    assert f"quote={quote.pk}" in answer.headers["Location"]
    assert fresh(quote.speaker).aliases == ["Mara Quill-Orr"]
    assert Revision.objects.of(quote.speaker).last().reason.startswith("As printed in")
    assert "alias" not in offered(curator_at_desk, quote)
    assert fresh(quote).version == 1


@pytest.mark.parametrize("printed", ["she", "Ms Quill", "the harbour master", "Mara Quill", None])
def test_what_identifies_nobody_is_no_alias(curator_at_desk, printed):
    quote = make_master(attribution_speaker=printed)
    assert "alias" not in offered(curator_at_desk, quote)
    take(curator_at_desk, quote, "alias")
    assert fresh(quote.speaker).aliases == []


@pytest.mark.parametrize("step", ["role", "alias", "namesake", "original"])
def test_nothing_is_put_on_record_of_nobody(curator_at_desk, step):
    quote = make_master(speaker=None, attribution_speaker="Ada Lund")
    refused = take(curator_at_desk, quote, step)
    assert (refused.status_code, len(refused.context["errors"])) == (200, 1)
    assert not Speaker.objects.exists()


def test_the_name_of_somebody_else_is_no_alias(curator_at_desk):
    make_speaker("Mara Quill-Orr")
    quote = make_master(attribution_speaker="Mara Quill-Orr")
    assert "alias" not in offered(curator_at_desk, quote)


@pytest.fixture
def jones(curator_at_desk):
    """A quote that was “Mr Jones's” until it was given to Harold Jones."""
    harold = make_speaker("Harold Jones")
    quote, _ = make_waiting()
    own = make_speaker("Mr Jones", article=quote.article)
    Quote.objects.filter(pk=quote.pk).update(speaker=own, attribution_speaker="Mr Jones")
    take(curator_at_desk, quote, "assign", speaker=harold.pk)
    return fresh(quote), own


def test_what_a_reassigned_quote_left_behind_is_merged_away(curator_at_desk, jones):
    quote, own = jones
    assert "Mr Jones" in offered(curator_at_desk, quote)["alias"]
    answer = take(curator_at_desk, quote, "alias")
    page = curator_at_desk.get(answer.headers["Location"])
    assert "<bdi>Mr Jones</bdi> was merged into <bdi>Harold Jones</bdi>." in page.text
    assert f"/admin/sources/speaker/{own.pk}/unmerge/" in page.text
    assert fresh(own).merged_into == quote.speaker
    merging.unmerge(own)
    assert fresh(quote.speaker).aliases == []


def test_a_queue_that_the_quote_leaves_says_what_it_left_behind(curator_at_desk):
    harold = make_speaker("Harold Jones")
    (quote,) = make_waiting("It was late,", flags=["unresolved_speaker"])
    own = make_speaker("Mr Jones", article=quote.article)
    Quote.objects.filter(pk=quote.pk).update(speaker=own)
    step = reverse("admin:quotes_review_step", args=[quote.article_id, quote.pk, "assign"])
    sent = {"assign-version": fresh(quote).version, "assign-speaker": str(harold.pk)}
    page = curator_at_desk.post(f"{step}?queue=unresolved_speaker", sent, follow=True)
    merge = reverse("admin:sources_speaker_merge", args=[own.pk])
    assert (
        f'<bdi>Mr Jones</bdi> has no other quotes. <a href="{merge}?into={harold.pk}">' in page.text
    )


def test_what_has_other_quotes_or_is_somebody_else_is_not_merged_away(curator_at_desk, jones):
    quote, own = jones
    make_quote("It was dark", speaker=own)
    assert "alias" not in offered(curator_at_desk, quote)
    take(curator_at_desk, quote, "alias")
    assert fresh(own).merged_into is None
    other = make_speaker("Ada Lund")
    take(curator_at_desk, quote, "assign", speaker=other.pk)
    take(curator_at_desk, quote, "assign", speaker=make_speaker("Bo Ek").pk)
    assert "alias" not in offered(curator_at_desk, fresh(quote))


# Namesakes


def test_a_namesake_is_somebody_new_with_the_printed_role_and_distinct_from_all(curator_at_desk):
    known = [make_speaker("Mara Quill"), make_speaker("Mara Quill")]
    make_quote("It was dark", speaker=known[0])
    quote = make_master(speaker=known[0], flags=["ambiguous_speaker"])
    assert "Mara Quill" in offered(curator_at_desk, quote)["namesake"]
    take(curator_at_desk, quote, "namesake")
    new = fresh(quote).speaker
    assert (new.name, quote.flags, new.is_public) == ("Mara Quill", [], False)
    assert new not in known
    assert set(fresh(new).distinct_from) == {one.pk for one in known}
    assert quote.affiliation.role == "harbour master"
    assert quote.version == 2
    assert offered(curator_at_desk, quote) == {}
    curator_at_desk.post(f"{review_of(quote)}undo/")
    assert (fresh(quote).speaker, quote.affiliation) == (known[0], None)


def test_the_speaker_that_the_filing_made_is_the_namesake(curator_at_desk):
    other = make_speaker("Mara Quill")
    quote = make_master(flags=["ambiguous_speaker"])
    own = quote.speaker
    take(curator_at_desk, quote, "namesake")
    assert (fresh(quote).speaker, quote.flags) == (own, [])
    assert fresh(own).distinct_from == [other.pk]
    assert Speaker.objects.count() == 2


def test_the_namesake_of_several_quotes_of_an_article_is_told_apart_once(curator_at_desk):
    other = make_speaker("Mara Quill")
    quote = make_master(flags=["ambiguous_speaker"])
    said = {"article": quote.article, "speaker": quote.speaker, "flags": ["ambiguous_speaker"]}
    second = make_quote("none at all.", **said)
    assert "a different person" in offered(curator_at_desk, quote)["namesake"]
    take(curator_at_desk, quote, "namesake")
    for each in (quote, second):
        assert (fresh(each).speaker, each.flags) == (quote.speaker, [])
    assert fresh(quote.speaker).distinct_from == [other.pk]
    assert Speaker.objects.count() == 2


def test_a_namesake_who_is_quoted_elsewhere_is_somebody_else(curator_at_desk):
    make_speaker("Mara Quill")
    quote = make_master(flags=["ambiguous_speaker"])
    make_quote("None at all.", speaker=quote.speaker)
    former = quote.speaker
    assert "none of these" in offered(curator_at_desk, quote)["namesake"]
    take(curator_at_desk, quote, "namesake")
    assert fresh(quote).speaker != former


def test_without_a_namesake_or_a_doubt_there_is_no_new_person(curator_at_desk):
    quote = make_master()
    assert "namesake" not in offered(curator_at_desk, quote)
    take(curator_at_desk, quote, "namesake")
    assert Speaker.objects.count() == 1


def test_who_may_only_change_quotes_puts_nothing_else_on_record():
    quote = make_master(attribution_speaker="Mara Quill-Orr", flags=["check_speaker"])
    client = staff(permissions=["review_quote", "change_quote"])
    assert offered(client, quote) == {}
    for step in ("role", "alias", "namesake"):
        assert take(client, quote, step).status_code == 403


def test_a_record_without_quotes_is_refused_by_the_verb_itself():
    quote = make_quote(article=make_article("We had no choice"))
    with pytest.raises(Conflict):
        merge_away(quote)
