"""What a public quote says changes only with a note for its readers, by any road."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from quotes.admin.spreadsheets import take as import_rows
from quotes.history.erasure import erase
from quotes.models import Quote, Via
from sources.identity import merging
from sources.models import Affiliation, Revision
from sources.models.ids import digest
from tests.conftest import API, ok, problem
from tests.quotes.admin.test_review import take
from tests.records import (
    make_affiliation,
    make_article,
    make_organisation,
    make_outlet,
    make_quote,
    make_speaker,
    make_utterance,
)
from tests.sources.admin.test_admin import form_of, page_of
from tests.sources.history.test_reverting import go_back

pytestmark = pytest.mark.django_db

NOTE = "The article was read wrongly."
NOW = datetime(2026, 3, 15, tzinfo=UTC)
PRINTED = ("text", "speaker", "role", "organisation", "cue")
WORDS = "We had no choice, none at all."

CLAIMS = (
    *("text", "kind", "language", "speaker", "role", "organisation", "affiliation", "said", "via"),
    *(f"attribution_{part}" for part in PRINTED),
)


def make_public(status: str = "published") -> Quote:
    """Make a public quote with a value in every column."""
    held = make_affiliation(role="harbour master")
    printed = [f"printed {part}" for part in PRINTED]
    return make_quote(
        WORDS,
        article=make_article(f"“{WORDS}” it said, and nothing {' '.join([*printed, 'changed'])}."),
        status=status,
        speaker=held.speaker,
        organisation=held.organisation,
        affiliation=held,
        role="master",
        said="2026-01",
        language="en",
        via=["Sky News"],
        **dict(zip((f"attribution_{part}" for part in PRINTED), printed, strict=True)),
    )


def another(quote: Quote, column: str):
    """A value of this column that the quote does not have."""
    match column:
        case "text":
            return "We had no choice"
        case "kind":
            return "partial"
        case "language":
            return "fr"
        case "said":
            return "2026-02"
        case "speaker":
            return make_speaker("Ivo Berg")
        case "organisation":
            return make_organisation("Port Authority")
        case "affiliation":
            return make_affiliation(
                speaker=quote.speaker, organisation=quote.organisation, role="pilot"
            )
        case _:
            return "changed"


def claims_of(quote: Quote) -> dict:
    row = Quote.objects.values(*(name for name in CLAIMS if name != "via")).get(pk=quote.pk)
    return row | {"via": [str(step) for step in Via.objects.filter(quote=quote.pk)]}


# Roads: each changes one column, with a note or without


def as_json(value):
    return str(value.pk) if hasattr(value, "pk") else value


def body_of(column: str, value) -> dict:
    if column == "via":
        return {"via": [{"kind": "cited", "name": value}]}
    if column.startswith("attribution_"):
        return {"attribution": {column.removeprefix("attribution_"): value}}
    return {column: as_json(value)}


def patch(quote, column, value, note, *, api, **clients):
    body = body_of(column, value) | ({"note": note} if note else {})
    return api.patch(f"{API}quotes/{quote.pk}/", body, HTTP_IF_MATCH="*")


def correct(quote, column, value, note, *, api, **clients):
    body = body_of(column, value) | ({"note": note} if note else {})
    return api.post(f"{API}quotes/{quote.pk}/correct/", body, HTTP_IF_MATCH="*")


def reattribute(quote, column, value, note, *, api, **clients):
    body = {"quotes": [str(quote.pk)], "to": str(value.pk)} | ({"reason": note} if note else {})
    path = f"{API}speakers/{quote.speaker_id}/reattribute/"
    return api.post(path, body, HTTP_IF_MATCH="*")


def move_page(quote, column, value, note, *, desk, **clients):
    sent = {"quote": f"{quote.pk}:{quote.version}", "to": str(value.pk), "confirmed": "yes"}
    path = reverse("admin:sources_speaker_quotes", args=[quote.speaker_id])
    return desk.post(path, sent | {"reason": note})


def bulk_edit(quote, column, value, note, *, desk, **clients):
    chosen = {"action": "revise", "_selected_action": [str(quote.pk)], "select_across": "0"}
    page = desk.post("/admin/quotes/quote/", chosen).headers["Location"]
    values = {f"set_{column}": "on", column: as_json(value), "reason": note}
    previewed = desk.post(page, values).context["previewed"]
    return desk.post(page, values | {"_do": "1", "previewed": previewed})


def quote_page(quote, column, value, note, *, desk, **clients):
    name = "via-0-name" if column == "via" else column
    path = page_of(quote)
    return desk.post(path, form_of(desk, path) | {name: as_json(value), "note": note})


def review_page(quote, column, value, note, *, desk, **clients):
    step = {"speaker": "assign", "affiliation": "assign", "text": "adjust"}.get(column, "correct")
    sent = {"note": note} if note else {}
    match column:
        case "speaker":
            return take(desk, quote, step, speaker=str(value.pk), **sent)
        case "affiliation":
            of = str(quote.speaker_id)
            return take(desk, quote, step, speaker=of, affiliation=str(value.pk), **sent)
        case "text":
            return take(
                desk, quote, step, spans="[[1, 17]]", snapshot=str(quote.snapshot_id), **sent
            )
    page = desk.get(
        reverse("admin:quotes_review_article", args=[quote.article_id]), {"quote": str(quote.pk)}
    )
    (offered,) = [one for one in page.context["steps"] if one.step.name == step]
    fields = {
        offered.fields.add_prefix(name): offered.fields.get_initial_for_field(field, name) or ""
        for name, field in offered.fields.fields.items()
    }
    fields |= {f"fields-{column}": as_json(value)}
    path = reverse("admin:quotes_review_step", args=[quote.article_id, quote.pk, step])
    version = {"correct-version": quote.version}
    return desk.post(path, fields | version | ({"correct-note": note} if note else {}))


def revert(quote, column, value, note, *, desk, **clients):
    """To the state before a noted change to this value."""
    changes = {column: [Via.of(0, "cited", value)] if column == "via" else value}
    Quote.objects.get(pk=quote.pk).revise(note="First.", now=NOW, **changes)
    return go_back(desk, quote, 1, reason=note)


def sql(quote, column, value, note, **clients):
    noted = json.dumps([{"note": note}] if note else [])
    with transaction.atomic(), connection.cursor() as cursor:
        change = {f"{column}_id" if hasattr(value, "pk") else column: as_json(value)}
        if column in ("speaker", "organisation"):
            change["affiliation_id"] = None
        if column == "text":
            change["spans"] = [[1, 17]]
        if column == "said":
            change[column] = "[2026-02-01,2026-03-01)"
        if column == "via":
            change = {"flags": []}
        columns = ", ".join(f"{name} = %s" for name in change)
        cursor.execute(
            f"UPDATE quotes_quote SET {columns}, corrections = corrections || %s WHERE id = %s",
            [*change.values(), noted, quote.pk],
        )
        if column == "via":
            cursor.execute("UPDATE quotes_via SET name = %s WHERE quote_id = %s", [value, quote.pk])


ATTRIBUTION = tuple(name for name in CLAIMS if name.startswith("attribution_"))
EDITED = ("kind", "language", "speaker", "organisation", "affiliation", "said", *ATTRIBUTION)

ROADS = {
    patch: EDITED,
    correct: (*EDITED, "text", "via"),
    reattribute: ("speaker",),
    move_page: ("speaker",),
    bulk_edit: ("kind", "language", "speaker", "organisation"),
    quote_page: (*EDITED, "via"),
    review_page: (*EDITED, "text"),
    revert: (*EDITED, "text"),
    sql: CLAIMS,
}
"""The columns that each road can change."""


@pytest.mark.parametrize(
    ("road", "column"), [(road, column) for road, columns in ROADS.items() for column in columns]
)
def test_a_public_quote_changes_only_with_a_note(curator, curator_at_desk, reader, road, column):
    quote = make_public()
    if column in ("organisation", "speaker") and road in (patch, quote_page, review_page, correct):
        # An affiliation would say which organisation it is.
        Quote.objects.get(pk=quote.pk).revise(note="None.", now=NOW, affiliation=None)
        quote.refresh_from_db()
    before, clients = claims_of(quote), {"api": curator, "desk": curator_at_desk}
    value, known = another(quote, column), len(quote.corrections)
    if road is revert:
        unchanged, known = claims_of(quote), 1  # it corrects first
    else:
        unchanged = before
    with suppress(IntegrityError), transaction.atomic():
        road(quote, column, value, "", **clients)
    quote.refresh_from_db()
    if road is revert:
        assert claims_of(quote)[column] != unchanged[column]
        before = claims_of(quote)
    else:
        assert claims_of(quote) == before
    assert len(quote.corrections) == known
    if road is revert:
        go_back(curator_at_desk, quote, 1, reason=NOTE)
    else:
        road(quote, column, value, NOTE, **clients)
    quote.refresh_from_db()
    assert claims_of(quote)[column] != before[column]
    seen = ok(reader.get(f"{API}quotes/{quote.pk}/"))["corrections"]
    assert len(seen) == known + 1
    assert seen[-1]["note"].endswith(NOTE)
    if road is sql:
        return  # it wrote the note by hand
    fields = {change["field"].replace(".", "_") for change in seen[-1]["changed"]}
    assert column in fields
    told = ok(reader.get(f"{API}quotes/{quote.pk}/revisions/"))["results"]
    (told,) = [one for one in told if (one["reason"] or "").endswith(NOTE)]
    assert told["verb"] == "corrected"


@pytest.mark.parametrize("column", CLAIMS)
@pytest.mark.parametrize("status", ["disputed", "retracted"])
def test_no_public_status_allows_a_change_without_a_note(column, status):
    quote = make_public(status)
    with pytest.raises(IntegrityError, match="use correct/"):
        sql(quote, column, another(quote, column), "")


@pytest.mark.parametrize("column", CLAIMS)
def test_a_proposed_quote_needs_no_note(column):
    quote = make_public("proposed")
    sql(quote, column, another(quote, column), "")
    quote.refresh_from_db()
    assert quote.corrections == []


def test_patch_without_a_note_names_the_road_to_take(curator):
    quote = make_quote()
    answer = curator.patch(f"{API}quotes/{quote.pk}/", {"kind": "partial"}, HTTP_IF_MATCH="*")
    body = problem(answer, 409)
    assert body["type"] == "urn:on-record:problem:note-needed"
    assert "correct/" in body["detail"]
    assert [fault["pointer"] for fault in body["errors"]] == ["/note"]


def test_patch_with_present_values_needs_no_note(curator):
    quote = make_quote()
    path = f"{API}quotes/{quote.pk}/"
    assert ok(curator.patch(path, {"kind": "direct"}, HTTP_IF_MATCH="*"))["version"] == 1
    body = {"kind": "direct", "note": NOTE}
    assert "changes nothing" in str(problem(curator.patch(path, body, HTTP_IF_MATCH="*"), 400))


def test_a_note_for_a_quote_that_is_not_public_is_refused(curator):
    quote = make_quote(status="proposed")
    body = {"kind": "partial", "note": NOTE}
    answer = curator.patch(f"{API}quotes/{quote.pk}/", body, HTTP_IF_MATCH="*")
    assert problem(answer, 409)["open_steps"] == ["publish", "reject", "withdraw", "keep"]


@pytest.mark.parametrize("road", [patch, correct, quote_page])
def test_a_retracted_quote_cannot_be_changed(curator, curator_at_desk, road):
    quote = make_public("retracted")
    before = claims_of(quote)
    for note in ("", NOTE):
        road(quote, "kind", "partial", note, api=curator, desk=curator_at_desk)
        assert claims_of(quote) == before


def test_a_retracted_quote_is_not_moved_to_another_speaker(curator):
    quote = make_public("retracted")
    body = problem(reattribute(quote, "speaker", make_speaker("Bo"), NOTE, api=curator), 409)
    assert "retracted" in body["errors"][0]["message"]


def test_corrections_are_only_added_to():
    quote = make_quote()
    quote.correct("One.", now=NOW, kind="partial")
    quote.correct("Two.", now=NOW, kind="direct")
    for forged in ([], quote.corrections[:1], quote.corrections[::-1], [{"note": "x"}] * 3):
        with pytest.raises(IntegrityError, match="use correct/"), transaction.atomic():
            Quote.objects.filter(pk=quote.pk).update(corrections=forged)


@pytest.mark.parametrize("note", ["", " \n", None])
def test_a_blank_note_is_no_note(note):
    quote = make_quote()
    with pytest.raises(IntegrityError, match="use correct/"):
        Quote.objects.filter(pk=quote.pk).update(kind="partial", corrections=[{"note": note}])


def test_a_quote_taken_back_from_readers_keeps_a_note_for_when_it_returns():
    quote = make_quote()
    with pytest.raises(IntegrityError, match="use correct/"):
        Quote.objects.filter(pk=quote.pk).update(status="proposed")


def test_an_undone_publication_leaves_a_note(curator_at_desk, reader):
    quote = make_quote(status="proposed")
    take(curator_at_desk, quote, "publish")
    curator_at_desk.post(reverse("admin:quotes_review_undo", args=[quote.article_id]))
    quote.refresh_from_db()
    quote.revise(kind="partial")
    quote.publish()
    (note,) = ok(reader.get(f"{API}quotes/{quote.pk}/"))["corrections"]
    assert note["note"] == "Published by mistake, and withdrawn for review."
    assert note["changed"] == [{"field": "status", "before": "published", "after": "proposed"}]


def test_an_undone_correction_is_refused_with_advice(curator_at_desk):
    quote = make_quote()
    assert take(curator_at_desk, quote, "assign", name="Rob Jones", note=NOTE).status_code == 302
    undo = reverse("admin:quotes_review_undo", args=[quote.article_id])
    page = curator_at_desk.post(undo, follow=True)
    assert "You can correct or retract it, but not undo." in page.text
    quote.refresh_from_db()
    assert [one["note"] for one in quote.corrections] == [NOTE]


def test_importing_a_different_filing_only_flags_a_public_quote(curator_at_desk):
    text = "“We had no choice,” said Mara Quill."
    row = {"url": "https://post.example/1", "text": text, "quote": "We had no choice,"}
    user = curator_at_desk.get(page_of(make_quote("Else"))).context["user"]
    import_rows([(1, row | {"kind": "direct", "speaker": "Mara Quill"})], user)
    quote = Quote.objects.get(text="We had no choice,")
    quote.publish()
    before = claims_of(quote)
    import_rows([(1, row | {"kind": "partial", "speaker": "Ivo Berg"})], user)
    quote.refresh_from_db()
    assert claims_of(quote) == before
    assert quote.flags == ["filing_differs"]


@pytest.mark.django_db(transaction=True)
def test_a_correction_of_an_earlier_transaction_does_not_cover_the_chain():
    quote = make_quote(via=["Sky News"])
    quote.correct(NOTE, now=NOW, kind="partial")
    for change in (
        lambda: quote.via.update(name="Sky"),
        lambda: quote.via.all().delete(),
        lambda: Via.objects.create(quote=quote, position=1, kind="cited", name="Sky"),
    ):
        with pytest.raises(IntegrityError, match="use correct/"):
            change()
    quote.via.update(name="Sky News")  # which it is
    assert [str(step) for step in quote.via.all()] == ["cited Sky News"]


def test_a_step_of_a_chain_does_not_leave_a_public_quote_silently():
    quote, proposed = make_quote(via=["Sky News"]), make_quote("No", status="proposed")
    with pytest.raises(IntegrityError, match="use correct/"):
        quote.via.update(quote=proposed)


# What is no correction


@pytest.fixture
def public() -> Quote:
    return make_public()


def assert_unnoted(quote: Quote) -> Quote:
    quote.refresh_from_db()
    assert quote.corrections == []
    assert not Revision.objects.of(quote).filter(verb="corrected").exists()
    return quote


def recapture(client, article, text: str) -> None:
    ok(client.post(f"{API}articles/{article.pk}/snapshots/", {"text": text}))


@pytest.mark.parametrize(
    "text",
    [
        "“We had no choice – none at all,” said Mara Quill.",
        "“We had no choice \u2014 none at all,” said\u00a0Mara Quill.",
        "“We had no choi\u00adce - none at all,” said Mara Quill.",
        "First. “We had no choice - none at all,” said Mara Quill.",
    ],
)
def test_following_an_edit_with_the_same_words_is_no_correction(curator, text):
    article = make_article("“We had no choice - none at all,” said Mara Quill.")
    quote = make_quote("We had no choice - none at all,", article=article)
    recapture(curator, article, text)
    quote = assert_unnoted(quote)
    assert quote.anchor in ("exact", "moved")
    assert quote.text in text


def test_letters_that_decompose_are_the_same_words(curator):
    article = make_article("“한국어 naïve ﬁt,” she said.")
    quote = make_quote("한국어 naïve ﬁt,", article=article)
    recapture(curator, article, "“\u1112\u1161\u11ab국어 nai\u0308ve fit,” she said.")
    assert assert_unnoted(quote).anchor in ("exact", "moved")


def test_other_words_of_a_new_text_are_refused():
    article = make_article("“We had no choice,” she said.")
    quote = make_quote("We had no choice,", article=article)
    text = "“We had a choice,” she said."
    other = article.snapshots.create(text=text, sha256=digest(text))
    with pytest.raises(IntegrityError, match="use correct/"):
        Quote.objects.filter(pk=quote.pk).update(
            snapshot=other, text="We had a choice,", spans=[[1, 17]]
        )


def test_a_merge_of_speakers_and_its_undo_are_no_correction(public):
    one, other = public.speaker, make_speaker("M. Quill")
    merging.merge(one, other)
    assert assert_unnoted(public).speaker == other
    one.refresh_from_db()
    merging.unmerge(one)
    assert assert_unnoted(public).speaker == one


def test_an_undone_merge_that_parts_a_quote_from_its_affiliation_is_no_correction(public):
    one, other = public.speaker, make_speaker("M. Quill")
    merging.merge(one, other)
    public.refresh_from_db()
    theirs = make_affiliation(speaker=other, organisation=public.organisation, role="pilot")
    public.revise(note=NOTE, affiliation=theirs)
    one.refresh_from_db()
    merging.unmerge(one)
    public.refresh_from_db()
    assert (public.speaker, public.affiliation) == (one, None)
    assert len(public.corrections) == 1


def test_a_merge_of_organisations_and_its_undo_are_no_correction(public):
    one, other = public.organisation, make_organisation("The Board")
    merging.merge(one, other)
    assert assert_unnoted(public).organisation == other
    one.refresh_from_db()
    merging.unmerge(one)
    assert assert_unnoted(public).organisation == one


def test_a_merge_of_outlets_in_a_chain_is_no_correction():
    one, other = make_outlet("Sky"), make_outlet("Sky News")
    quote = make_quote(via=[one])
    merging.merge(one, other)
    assert assert_unnoted(quote).via.get().outlet == other
    one.refresh_from_db()
    merging.unmerge(one)
    assert assert_unnoted(quote).via.get().outlet == one


def test_a_merge_covers_nothing_but_who_and_for_whom(public):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('onrecord.merging', 'on', true)")
    with pytest.raises(IntegrityError, match="use correct/"):
        Quote.objects.filter(pk=public.pk).update(kind="partial")


def test_erasure_of_a_speaker_is_no_correction(public):
    kept = make_quote("Something else", replaced_by=public, status="retracted")
    erase("quote", [public.pk], "By court order.")
    assert assert_unnoted(kept).replaced_by is None


def test_utterances_and_flags_are_no_correction(public):
    public.revise(utterance=make_utterance())
    Quote.objects.filter(pk=public.pk).update(flags=["filing_differs"])
    assert assert_unnoted(public).version == 3
    public.part()
    assert_unnoted(public)


def test_particulars_of_the_article_are_no_correction(public):
    public.article.outlet, public.article.published = make_outlet(), "2025"
    public.article.save()
    assert str(assert_unnoted(public).published) == "2025"


def test_edits_of_speakers_organisations_and_affiliations_are_no_correction(public):
    type(public.speaker).objects.update(name="Captain Quill")
    type(public.organisation).objects.update(name="The Board")
    Affiliation.objects.update(role="pilot")
    assert assert_unnoted(public).shown_role == "pilot"


def test_a_dispute_and_its_end_are_no_correction(public):
    public.dispute("She denies it.")
    public.settle()
    public.retract("Never said.")
    assert_unnoted(public)
