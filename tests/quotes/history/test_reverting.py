"""Taking a quote back to how it was at a version."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from quotes.history.reverting import COLUMNS, QuoteReversion, revert
from quotes.models import Quote, Via
from quotes.models.reanchoring import WORDS
from quotes.models.workflow import NoteNeeded, NotOpen
from sources.identity import merging
from sources.models import Affiliation, Revision, Speaker
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_quote,
    make_speaker,
    make_utterance,
)
from tests.sources.admin.test_admin import form_of, page_of
from tests.sources.admin.test_history import history_of, told
from tests.sources.history.test_reverting import go_back, way_back_of

pytestmark = pytest.mark.django_db


def fresh(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


def verbs(quote: Quote) -> list[str]:
    return [revision.verb for revision in Revision.objects.of(quote)]


# Attribution


def test_a_proposed_quote_is_revised_and_a_public_one_corrected():
    for status, verb in (
        ("proposed", "updated"),
        ("rejected", "updated"),
        ("disputed", "corrected"),
    ):
        quote = make_quote(status=status, attribution_cue="said", language="en")
        quote.revise(note="In French.", attribution_cue="claimed", language="fr")
        revert(quote, 1, "As printed.")
        quote = fresh(quote)
        assert (quote.attribution_cue, quote.language, quote.status) == ("said", "en", status)
        assert verbs(quote) == ["created", verb, verb]
        assert Revision.objects.of(quote).last().reason == "Back to version 1: As printed."
    _, note = quote.corrections
    assert note["note"] == "Back to version 1: As printed."
    assert {change["field"] for change in note["changed"]} == {"attribution.cue", "language"}


def test_a_retracted_quote_cannot_be_reverted():
    quote = make_quote(language="en")
    quote.revise(note="In French.", language="fr")
    quote.retract("Never said.")
    assert QuoteReversion(fresh(quote), 1).objections == ["A retracted quote cannot be changed."]
    with pytest.raises(ValidationError, match="cannot be changed"):
        revert(quote, 1, "Because.")


def test_the_page_of_a_retracted_quote_says_so(curator_at_desk):
    quote = make_quote(language="en")
    quote.revise(note="In French.", language="fr")
    quote.retract("Never said.")
    page = curator_at_desk.get(way_back_of(quote, 1)).text
    assert "A retracted quote cannot be changed." in page
    assert 'name="reason"' not in page


def test_the_status_is_never_reverted():
    quote = make_quote(status="proposed", language="en")
    quote.revise(language="fr")
    quote.publish()
    way = revert(quote, 1, "It is English.")
    assert "changes only by publish" in way.kept["status"]
    assert (fresh(quote).status, fresh(quote).language) == ("published", "en")


def test_an_affiliation_is_restored_with_its_speaker_and_organisation():
    held = make_affiliation()
    quote = make_quote(
        speaker=held.speaker, organisation=held.organisation, affiliation=held, said="2026-02"
    )
    quote.revise(note="Ms Lund.", speaker=make_speaker("Ada Lund"), organisation=None, said=None)
    assert fresh(quote).affiliation is None
    revert(quote, 1, "It was she.")
    quote = fresh(quote)
    assert (quote.affiliation, quote.speaker) == (held, held.speaker)
    assert quote.organisation == held.organisation
    assert str(quote.said) == "2026-02"


def test_an_affiliation_that_no_longer_fits_is_removed():
    held = make_affiliation()
    quote = make_quote(speaker=held.speaker, organisation=held.organisation, affiliation=held)
    quote.revise(note="Ms Lund.", speaker=make_speaker("Ada Lund"), organisation=None)
    Affiliation.objects.update(organisation=make_organisation("Port Authority"))
    way = revert(quote, 1, "It was she.")
    quote = fresh(quote)
    assert (quote.speaker, quote.affiliation) == (held.speaker, None)
    assert quote.organisation == held.organisation
    assert way.kept["affiliation"] == "That affiliation is at another organisation."


def test_the_present_affiliation_is_removed_if_the_restored_speaker_does_not_hold_it():
    held = make_affiliation()
    first = make_speaker("Ada Lund")
    quote = make_quote(speaker=first)
    quote.revise(note="Ms Quill.", speaker=held.speaker, affiliation=held)
    way = revert(quote, 1, "It was Ada.", only={"speaker"})
    assert "affiliation" in way.follows
    quote = fresh(quote)
    assert (quote.speaker, quote.affiliation) == (first, None)
    assert quote.organisation == held.organisation


def test_a_speaker_merged_since_is_restored_as_the_surviving_record():
    first, survivor = make_speaker("M. Quill"), make_speaker("Mara Quill")
    quote = make_quote(speaker=first)
    quote.revise(note="Ms Lund.", speaker=make_speaker("Ada Lund"))
    merging.merge(first, survivor)
    revert(quote, 1, "It was she.")
    assert fresh(quote).speaker == survivor


def test_flags_that_doubt_the_speaker_are_restored_with_the_speaker():
    first = make_speaker("Mara Quill")
    quote = make_quote(speaker=first, flags=["ambiguous_speaker", "filing_differs"])
    quote.revise(note="Ms Lund.", speaker=make_speaker("Ada Lund"))
    assert fresh(quote).flags == ["filing_differs"]
    revert(quote, 1, "Not she.")
    assert (fresh(quote).speaker, fresh(quote).flags) == (
        first,
        ["filing_differs", "ambiguous_speaker"],
    )
    assert verbs(quote)[1:] == ["corrected", "corrected"]


def test_an_utterance_is_restored_without_a_correction():
    utterance = make_utterance()
    quote = make_quote(utterance=utterance)
    quote.revise(utterance=None)
    revert(quote, 1, "The same speech.")
    assert fresh(quote).utterance == utterance
    assert fresh(quote).corrections == []


# Words


@pytest.fixture
def moved_words() -> Quote:
    """A published quote that was of the first words, and corrected to the last."""
    article = make_article("“We had a choice,” she said. “None at all.” We had a choice.")
    quote = make_quote("We had a choice,", article=article)
    quote.correct("Wrong words.", now=timezone.now(), text="None at all.")
    return fresh(quote)


def test_words_are_restored_at_their_old_position(moved_words):
    way = revert(moved_words, 1, "They were right.")
    quote = fresh(moved_words)
    assert (quote.text, quote.spans) == ("We had a choice,", [[1, 17]])
    assert way.follows == {"spans"}
    assert verbs(quote) == ["created", "corrected", "corrected"]


def test_words_of_a_proposed_quote_are_restored():
    article = make_article("One thing. Another thing.")
    quote = make_quote("One thing", article=article, status="proposed")
    quote.revise(text="Another thing")
    assert fresh(quote).spans == [[11, 24]]
    revert(quote, 1, "The first.")
    assert (fresh(quote).text, fresh(quote).spans) == ("One thing", [[0, 9]])
    assert verbs(quote) == ["created", "updated", "updated"]


def test_words_that_no_text_contains_are_not_restored(moved_words):
    article = moved_words.article
    later = make_article("“None at all,” she said.").snapshot
    held = article.snapshots.create(text=later.text, sha256=later.sha256)
    article.snapshot = held
    article.save()
    Quote.objects.filter(pk=moved_words.pk).update(
        snapshot=held, text="None at all,", spans=[[1, 13]]
    )
    fresh(moved_words).revise(note="In English.", language="en")
    way = QuoteReversion(fresh(moved_words), 1)
    assert "text" not in way.values
    assert way.kept.keys() >= {"text", "spans"}
    assert way.values == {"language": None}


def test_words_that_have_moved_are_restored_at_their_new_position(moved_words):
    article = moved_words.article
    text = "Now: “None at all,” and “We had a choice,” she said."
    later = make_article(text).snapshot
    article.snapshot = article.snapshots.create(text=text, sha256=later.sha256)
    article.save()
    revert(moved_words, 1, "They were right.")
    assert fresh(moved_words).spans == [[25, 41]]
    assert fresh(moved_words).snapshot == article.snapshot


def test_spans_are_restored_if_the_words_are_equal():
    quote = make_quote("a choice", article=make_article("a choice is a choice"))
    quote.correct("The second.", now=timezone.now(), spans=[[12, 20]])
    way = revert(quote, 1, "The first.")
    assert (fresh(quote).spans, way.follows) == ([[0, 8]], {"text"})


def test_the_position_of_another_quote_is_refused():
    article = make_article("One thing. Another thing.")
    quote = make_quote("One thing", article=article)
    quote.correct("Wrong one.", now=timezone.now(), text="Another thing")
    make_quote("One thing", article=article)
    way = QuoteReversion(fresh(quote), 1)
    assert way.objections == ["Another quote already has these spans."]


def test_the_words_of_a_public_quote_are_not_changed_silently():
    quote = make_quote("One thing", article=make_article("One thing. Another thing."))
    with pytest.raises(NoteNeeded, match="say in a public note"):
        quote.revise(text="Another thing")
    assert fresh(quote).text == "One thing"


# The page


def test_a_curator_reverts_a_quote_on_its_page(curator_at_desk):
    quote = make_quote(speaker=make_speaker("Mara Quill"), via=["Sky News"])
    changes = {"speaker": make_speaker("Ada Lund"), "attribution_role": "mayor of Harbour Town"}
    quote.revise(note="Ms Lund.", via=[Via.of(0, "cited", "Sky")], **changes)
    answer = curator_at_desk.get(way_back_of(quote, 1))
    assert ("Via", "Edit the reporting chain on the quote's page.") in answer.context["kept"]
    assert go_back(curator_at_desk, quote, 1, reason="It was Mara.").status_code == 302
    newest, *_ = told(curator_at_desk, quote)
    assert newest["heading"] == "Version 5: reverted to version 1"
    assert newest["reason"] == "Back to version 1: It was Mara."
    assert newest["changes"]["Speaker"] == ["Ada Lund", "Mara Quill"]
    assert newest["changes"]["Attribution role"] == ["mayor of Harbour Town", "–"]


def test_the_history_shows_chains_flags_spans_and_notes_in_words(curator_at_desk):
    quote = make_quote("a choice", article=make_article("a choice is a choice"), via=["Sky News"])
    quote.correct("The second.", now=timezone.now(), spans=[[12, 20]])
    Quote.objects.update(flags=["unresolved_speaker"])
    step = quote.via.get()
    step.name = "Sky at Ten"
    quote.revise(note="At ten.", via=[step])
    chain, _, flagged, corrected, first = told(curator_at_desk, quote)
    assert chain["changes"] == {"Via": ["[removed: cited Sky News]", "[added: cited Sky at Ten]"]}
    assert flagged["changes"] == {"Flags": ["–", "Speaker not identified"]}
    assert corrected["changes"]["Spans"] == ["[removed: 0–8]", "[added: 12–20]"]
    assert corrected["changes"]["Corrections"][1].endswith(": The second.")
    assert first["changes"]["Status"] == ["Published"]
    assert first["changes"]["Via"] == ["cited Sky News"]


def test_a_reader_sees_the_same_history_in_the_admin_and_the_api(reader_at_desk):
    quote = make_quote(status="proposed", speaker=make_speaker("Secret name"))
    quote.revise(speaker=make_speaker("Mara Quill"))
    quote.publish("Looks right.")
    quote.revise(utterance=make_utterance())
    quote.dispute("She denies it.")
    entries = told(reader_at_desk, quote)
    assert [one["heading"] for one in entries] == ["Version 5: disputed", "Version 3: published"]
    assert entries[0]["reason"] == "She denies it."
    page = reader_at_desk.get(history_of(quote)).text
    assert "Secret name" not in page
    assert "Looks right" not in page
    assert reader_at_desk.get(history_of(make_quote(status="proposed"))).status_code == 404


def test_every_reverted_column_is_one_that_curators_edit(curator_at_desk):
    fields = form_of(curator_at_desk, page_of(make_quote()))
    assert set(COLUMNS) - {*WORDS} <= fields.keys()


def test_a_history_page_takes_the_same_queries_whatever_its_length(
    curator_at_desk, django_assert_num_queries
):
    quote = make_quote()
    for number in range(30):
        quote.revise(note="Mistaken.", speaker=make_speaker(f"Mara {number}"))
    # The session, the user, two of permissions, the record; the page, what was before, the names,
    # merges that changed it.
    with django_assert_num_queries(9):
        curator_at_desk.get(history_of(quote))
    assert Speaker.objects.count() == 30


def test_a_reversion_that_needs_a_closed_step_is_refused():
    quote = make_quote(language="en")
    quote.revise(note="In French.", language="fr")
    way = QuoteReversion(fresh(quote), 1)
    quote.retract("Never said.")
    with pytest.raises(NotOpen):
        way.apply("Because.")
    assert fresh(quote).language == "fr"
