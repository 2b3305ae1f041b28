"""The life of a quote: its steps, who may take them, and what they leave."""

from datetime import UTC, datetime
from itertools import product

import pytest
from django.core.exceptions import ValidationError

from quotes.models import Quote
from quotes.models.workflow import STEPS, NotOpen, Status, open_steps
from sources.models import Revision
from tests.conftest import API, fresh, make_filing, ok, problem, publish
from tests.records import make_affiliation, make_organisation, make_quote, make_speaker

pytestmark = pytest.mark.django_db

TEXT = "The quay will close. “We had no choice,” said Mara Quill, harbour master."

BODIES = {
    "publish": {},
    "reject": {"reason": "Nobody said so."},
    "dispute": {"reason": "The harbour master denies it."},
    "settle": {},
    "correct": {"note": "The kind was wrong.", "kind": "partial"},
    "retract": {"reason": "Made up."},
    "withdraw": {},
    "reopen": {},
    "keep": {"flags": ["filing_differs"]},
}

# The table of section 6, written out once more: from where each step leads, and to what.
LEADS = {
    ("proposed", "publish"): "published",
    ("proposed", "reject"): "rejected",
    ("proposed", "withdraw"): "withdrawn",
    ("rejected", "reopen"): "proposed",
    ("withdrawn", "reopen"): "proposed",
    ("published", "dispute"): "disputed",
    ("published", "correct"): "published",
    ("published", "retract"): "retracted",
    ("disputed", "settle"): "published",
    ("disputed", "correct"): "disputed",
    ("disputed", "retract"): "retracted",
    ("proposed", "keep"): "proposed",
    ("published", "keep"): "published",
    ("disputed", "keep"): "disputed",
}


def take(client, quote, step: str, body: dict | None = None, **headers):
    """Post a step with the ETag of the quote as it is now, unless another is given."""
    path = f"{API}quotes/{quote.pk}/{step}/"
    if "HTTP_IF_MATCH" not in headers:
        headers["HTTP_IF_MATCH"] = client.get(f"{API}quotes/{quote.pk}/").headers.get("ETag", "*")
    return client.post(path, BODIES[step] if body is None else body, **headers)


def read(client, quote) -> dict:
    return ok(client.get(f"{API}quotes/{quote.pk}/"))


def last_revision(quote) -> Revision:
    return Revision.objects.of(quote).last()


# Which step is open


@pytest.mark.parametrize(("status", "step"), list(product(Status.values, STEPS)))
def test_each_step_is_open_only_to_the_statuses_of_the_workflow(curator, status, step):
    quote = make_quote(status=status, flags=["filing_differs"], filed_by=curator.user)
    answer = take(curator, quote, step)
    if expected := LEADS.get((status, step)):
        assert ok(answer)["status"] == expected
        assert answer.headers["ETag"].startswith('"2-')
        return
    body = problem(answer, 409)
    assert body["open_steps"] == [s for (of, s) in LEADS if of == status]
    assert status in body["detail"]
    assert step in body["detail"]
    assert (fresh(quote).status, quote.version) == (status, 1)


def test_the_model_refuses_the_same_steps_as_the_api():
    quote = make_quote(status="retracted")
    with pytest.raises(NotOpen, match="No further step is possible"):
        quote.dispute("No.")
    assert open_steps("retracted") == []
    assert open_steps("rejected") == ["reopen"]


def test_a_step_rereads_the_status_under_a_lock():
    quote = make_quote(status="proposed")
    Quote.objects.get(pk=quote.pk).reject("Unsaid.")
    with pytest.raises(NotOpen):
        quote.publish()


@pytest.mark.parametrize("step", ["reject", "dispute", "retract"])
@pytest.mark.parametrize("body", [{}, {"reason": None}, {"reason": "  "}, {"reason": ""}])
def test_rejecting_disputing_and_retracting_need_a_reason(curator, step, body):
    (status,) = [s for (s, name) in LEADS if name == step and s != "disputed"]
    quote = make_quote(status=status)
    faults = problem(take(curator, quote, step, body), 400)["errors"]
    assert [fault["pointer"] for fault in faults] == ["/reason"]
    assert read(curator, quote)["version"] == 1


@pytest.mark.parametrize("step", STEPS)
def test_an_unknown_field_of_a_step_is_refused(curator, step):
    quote = make_quote(status="proposed")
    faults = problem(take(curator, quote, step, {**BODIES[step], "resaon": "x"}), 400)["errors"]
    assert "/resaon" in [fault["pointer"] for fault in faults]


# Who may


@pytest.mark.parametrize("step", STEPS)
def test_only_curators_take_steps(reader, contributor, nobody, step):
    (status, *_) = [s for (s, name) in LEADS if name == step]
    quote = make_quote(status=status)
    assert problem(take(reader, quote, step), 403)
    assert problem(take(contributor, quote, step), 404 if step == "withdraw" else 403)
    assert problem(take(nobody, quote, step), 401)
    assert fresh(quote).version == 1


@pytest.mark.parametrize("step", STEPS)
def test_a_step_needs_the_current_etag(curator, step):
    (status, *_) = [s for (s, name) in LEADS if name == step]
    quote = make_quote(status=status)
    path, stale = f"{API}quotes/{quote.pk}/{step}/", read(curator, quote)["version"]
    Quote.objects.filter(pk=quote.pk).update(flags=["filing_differs"])
    assert problem(curator.post(path, BODIES[step]), 428)
    assert problem(curator.post(path, BODIES[step], HTTP_IF_MATCH=f'"{stale}"'), 412)
    assert (fresh(quote).status, quote.version) == (status, 2)


def test_a_step_may_be_retried(curator):
    quote = make_quote(status="proposed")
    tag = curator.get(f"{API}quotes/{quote.pk}/").headers["ETag"]
    headers = {"HTTP_IF_MATCH": tag, "HTTP_IDEMPOTENCY_KEY": "publish-1"}
    first = take(curator, quote, "publish", **headers)
    again = take(curator, quote, "publish", **headers)
    assert ok(first) == ok(again)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert read(curator, quote)["version"] == 2


def test_a_step_of_an_unknown_quote_is_404(curator, reader):
    quote = make_quote(status="proposed")
    Quote.objects.filter(pk=quote.pk).update(status="rejected")
    gone = f"{API}quotes/01900000-0000-7000-8000-000000000000/publish/"
    assert problem(curator.post(gone, {}, HTTP_IF_MATCH="*"), 404)


# What a step leaves


def test_a_disputed_quote_says_why_until_it_is_settled(curator, reader):
    quote = make_quote()
    take(curator, quote, "dispute")
    seen = read(reader, quote)
    assert (seen["status"], seen["reason"]) == ("disputed", "The harbour master denies it.")
    assert take(curator, quote, "settle", {"reason": "The tape bears it out."}).status_code == 200
    seen = read(reader, quote)
    assert (seen["status"], seen["reason"]) == ("published", None)
    assert last_revision(quote).reason == "The tape bears it out."


def test_a_rejected_quote_keeps_its_reason_for_curators(curator, reader):
    quote = make_quote(status="proposed")
    take(curator, quote, "reject")
    assert read(curator, quote)["reason"] == "Nobody said so."
    assert problem(reader.get(f"{API}quotes/{quote.pk}/"), 404)


def test_a_retracted_quote_is_served_by_id_but_not_in_lists(curator, reader):
    quote, better = make_quote("It was said"), make_quote("It was never said")
    body = {"reason": "The tape says otherwise.", "replaced_by": str(better.pk)}
    take(curator, quote, "retract", body)
    seen = read(reader, quote)
    assert (seen["status"], seen["reason"]) == ("retracted", "The tape says otherwise.")
    assert seen["replaced_by"]["id"] == str(better.pk)
    assert ok(reader.get(seen["replaced_by"]["url"]))["text"] == "It was never said"
    listed = ok(reader.get(f"{API}quotes/"))["results"]
    assert [one["id"] for one in listed] == [str(better.pk)]
    asked = ok(reader.get(f"{API}quotes/?status=retracted"))["results"]
    assert [one["id"] for one in asked] == [str(quote.pk)]


@pytest.mark.parametrize("status", ["proposed", "rejected", "retracted"])
def test_a_replacement_must_be_public(curator, status):
    quote, other = make_quote(), make_quote("Other words", status=status)
    body = {"reason": "Wrong.", "replaced_by": str(other.pk)}
    faults = problem(take(curator, quote, "retract", body), 400)["errors"]
    assert faults == [{"pointer": "/replaced_by", "message": f"That quote is {status}."}]


def test_a_quote_cannot_replace_itself(curator):
    quote = make_quote()
    body = {"reason": "Wrong.", "replaced_by": str(quote.pk)}
    assert problem(take(curator, quote, "retract", body), 400)


@pytest.mark.parametrize(
    ("status", "step", "verb"),
    [
        ("proposed", "publish", "published"),
        ("proposed", "reject", "rejected"),
        ("published", "dispute", "disputed"),
        ("disputed", "settle", "settled"),
        ("published", "correct", "corrected"),
        ("disputed", "retract", "retracted"),
        ("proposed", "withdraw", "withdrawn"),
        ("rejected", "reopen", "reopened"),
        ("published", "keep", "updated"),
    ],
)
def test_each_step_is_one_revision_with_verb_reason_and_actor(curator, status, step, verb):
    quote = make_quote(status=status, flags=["filing_differs"], filed_by=curator.user)
    take(curator, quote, step)
    assert Revision.objects.of(quote).count() == 2
    revision = last_revision(quote)
    said = (revision.verb, revision.actor, revision.channel, revision.version)
    assert said == (verb, "curators", "api", 2)
    body = BODIES[step]
    assert revision.reason == (body.get("reason") or body.get("note"))


# Correcting


@pytest.fixture
def filed(curator) -> Quote:
    ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    return Quote.objects.get()


def test_a_correction_leaves_a_public_note_of_what_changed(curator, reader, filed):
    body = {
        "note": "Said by the deputy, and a fragment.",
        "kind": "partial",
        "speaker": str(make_speaker("Ivo Berg").pk),
        "attribution": {"speaker": "Quill", "role": "deputy harbour master"},
        "said": "2026-03",
    }
    ok(take(curator, filed, "correct", body))
    seen = read(reader, filed)
    assert seen["speaker"]["name"] == "Ivo Berg"
    assert seen["attribution"]["cue"] == "said"  # what is not named stays
    (correction,) = seen["corrections"]
    assert correction["note"] == "Said by the deputy, and a fragment."
    changed = {one["field"]: (one["before"], one["after"]) for one in correction["changed"]}
    assert changed["kind"] == ("direct", "partial")
    assert changed["said"] == (None, "2026-03")
    assert [one and one["name"] for one in changed["speaker"]] == ["Mara Quill", "Ivo Berg"]
    assert changed["attribution.speaker"] == ("Mara Quill", "Quill")
    assert "text" not in changed
    assert abs(datetime.fromisoformat(correction["when"]) - datetime.now(UTC)).seconds < 60


def test_corrections_add_up(curator, filed):
    ok(take(curator, filed, "correct"))
    ok(take(curator, filed, "correct", {"note": "In English.", "language": "en-GB"}))
    notes = [one["note"] for one in read(curator, filed)["corrections"]]
    assert notes == ["The kind was wrong.", "In English."]


def test_corrected_words_get_the_texts_wording_and_spans(curator, filed):
    body = {"note": "The comma is not hers.", "text": "We had  no choice"}
    seen = ok(take(curator, filed, "correct", body))
    start = TEXT.index("We had no choice")
    assert seen["text"] == "We had no choice"
    (span,) = seen["anchor"]["spans"]
    assert (span["start"], span["end"]) == (start, start + 16)
    fields = [one["field"] for one in seen["corrections"][0]["changed"]]
    assert fields == ["text", "spans"]


def test_corrected_spans_set_the_words(curator, filed):
    body = {"note": "Wrong sentence.", "spans": [[0, 20]]}
    assert ok(take(curator, filed, "correct", body))["text"] == "The quay will close."


def test_new_words_that_are_not_in_the_article_are_refused(curator, filed):
    body = {"note": "She meant this.", "text": "We had every choice", "kind": "partial"}
    faults = problem(take(curator, filed, "correct", body), 400)["errors"]
    assert [fault["pointer"] for fault in faults] == ["/text"]
    assert "nearest" in faults[0]["message"]
    seen = read(curator, filed)
    assert (seen["kind"], seen["corrections"], seen["version"]) == ("direct", [], 1)


def test_removed_words_are_corrected_in_the_earlier_snapshot(curator, filed):
    changed = make_filing(text="The quay stays open, the council said on Monday.", quotes=[])
    ok(curator.post(f"{API}articles/", changed))
    assert read(curator, filed)["anchor"]["state"] == "missing"
    seen = ok(take(curator, filed, "correct", {"note": "No comma.", "text": "We had no choice"}))
    assert (seen["text"], seen["anchor"]["state"]) == ("We had no choice", "missing")


def test_correcting_to_the_current_text_ends_a_missing_anchor(curator, filed):
    changed = make_filing(text="“We had no say,” said Mara Quill on Monday.", quotes=[])
    ok(curator.post(f"{API}articles/", changed))
    seen = ok(take(curator, filed, "correct", {"note": "As printed.", "text": "We had no say,"}))
    assert seen["anchor"]["state"] == "exact"
    assert "nearest" not in seen["anchor"]


def test_words_without_a_captured_text_cannot_be_corrected(curator):
    quote = make_quote(anchor="unanchored")
    body = {"note": "Misheard.", "text": "We had a choice"}
    faults = problem(take(curator, quote, "correct", body), 400)["errors"]
    assert "capture" in faults[0]["message"]


def test_a_correction_that_changes_nothing_is_refused(curator, filed):
    assert problem(take(curator, filed, "correct", {"note": "Hm.", "kind": "direct"}), 400)
    assert problem(take(curator, filed, "correct", {"note": "Hm."}), 400)
    assert problem(take(curator, filed, "correct", {"kind": "partial"}), 400)
    assert read(curator, filed)["version"] == 1


def test_a_correction_clears_an_affiliation_that_does_not_fit(curator, filed):
    port = make_organisation("Port")
    held = make_affiliation(speaker=filed.speaker, organisation=port, role="pilot")
    Quote.objects.get().revise(note="The pilot.", affiliation=held)
    body = {"note": "Somebody else.", "speaker": str(make_speaker("Ivo Berg").pk)}
    seen = ok(take(curator, filed, "correct", body))
    assert seen["organisation"]["name"] == "Port"
    changed = {one["field"]: one["after"] for one in seen["corrections"][1]["changed"]}
    assert changed["role"] == "harbour master"
    assert changed["affiliation"] is None
    other = make_affiliation()
    body = {"note": "Not hers.", "affiliation": str(other.pk)}
    assert problem(take(curator, filed, "correct", body), 400)


def test_a_correction_to_the_spans_of_another_quote_is_refused(curator):
    quotes = [
        {"text": "We had no choice,", "status": "published"},
        {"text": "The quay will close.", "status": "published"},
    ]
    ok(curator.post(f"{API}articles/", make_filing(quotes=quotes)), 201)
    quote = Quote.objects.get(text="The quay will close.")
    body = {"note": "Same words.", "text": "We had no choice,"}
    assert problem(take(curator, quote, "correct", body), 409)
    assert read(curator, quote)["version"] == 1


def test_a_correction_on_the_model_needs_a_note():
    quote = make_quote()
    with pytest.raises(ValidationError, match="say why"):
        quote.correct(" ", now=datetime.now(UTC), kind="partial")


# The printed role against the affiliations of that date


def flags(quote) -> list[str]:
    quote.refresh_from_db()
    return quote.flags


def test_a_role_without_a_matching_affiliation_is_flagged_when_either_changes():
    speaker = make_speaker()
    quote = make_quote(speaker=speaker, published="2026-03-14", attribution_role="Mayor")
    assert flags(quote) == []  # nothing is known that contradicts it
    held = make_affiliation(speaker=speaker, start="2020", end="2025")
    assert flags(quote) == []  # she was no longer harbour master then
    held.end = None
    held.save()
    assert flags(quote) == ["role_conflict"]
    other = make_affiliation(speaker=speaker, role="acting mayor", start="2026")
    assert flags(quote) == []
    other.role = "pilot"
    other.save()
    assert flags(quote) == ["role_conflict"]
    quote.revise(note="As printed.", attribution_role="the Harbour Master")
    assert flags(quote) == []


def test_a_role_is_not_checked_without_a_date():
    speaker = make_speaker()
    make_affiliation(speaker=speaker)
    assert flags(make_quote(speaker=speaker, attribution_role="Mayor")) == []
    said = make_quote("Other words", speaker=speaker, attribution_role="Mayor", said="2026")
    assert flags(said) == ["role_conflict"]


def test_only_the_database_sets_the_role_conflict_flag():
    quote = make_quote(flags=["role_conflict", "filing_differs"])
    assert flags(quote) == ["filing_differs"]


# Keeping the record


NAMING = {"ambiguous_speaker", "ambiguous_organisation", "unresolved_speaker"}


def flagged(flag: str, **values) -> Quote:
    """A quote with this flag; only the database raises `role_conflict`."""
    held = make_affiliation(start="2020")
    role = {"speaker": held.speaker, "attribution_role": "mayor", "said": "2026"}
    rest = role if flag == "role_conflict" else {"flags": [flag]}
    quote = make_quote(**rest, **values)
    quote.refresh_from_db()
    assert quote.flags == [flag]
    return quote


@pytest.mark.parametrize("flag", Quote.Flag.values)
def test_each_flag_has_a_step_that_settles_it(curator, flag):
    quote = flagged(flag)
    answer = take(curator, quote, "keep", {"flags": [flag], "reason": "Checked."})
    if flag not in NAMING:
        assert ok(answer)["flags"] == []
        assert last_revision(quote).reason == "Checked."
        return
    (fault,) = problem(answer, 400)["errors"]
    assert fault["pointer"] == "/flags"
    assert "Naming the speaker or organisation" in fault["message"]
    named = {"speaker": make_speaker(), "organisation": make_organisation()}
    body = {name: str(record.pk) for name, record in named.items()}
    answer = take(curator, quote, "correct", {"note": "Named.", **body})
    assert ok(answer)["flags"] == []


@pytest.mark.parametrize("flags", [["filing_differs"], ["sad"], []])
def test_only_flags_that_a_quote_has_are_settled(curator, flags):
    quote = flagged("role_conflict")
    (fault,) = problem(take(curator, quote, "keep", {"flags": flags}), 400)["errors"]
    assert fault["pointer"].startswith("/flags")
    assert read(curator, quote)["flags"] == ["role_conflict"]


def test_a_role_that_was_kept_is_flagged_again_only_when_role_speaker_or_date_change(curator):
    quote = flagged("role_conflict", status="proposed")
    take(curator, quote, "keep", {"flags": ["role_conflict"]})
    make_affiliation(speaker=quote.speaker, role="pilot", start="2021")
    Quote.objects.filter(pk=quote.pk).update(flags=[], language="en")
    assert read(curator, quote)["flags"] == []
    Quote.objects.filter(pk=quote.pk).update(attribution_role="prime minister")
    assert read(curator, quote)["flags"] == ["role_conflict"]
