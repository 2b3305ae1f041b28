"""A filing corrects a public quote if it brings a note for readers and its filer may correct."""

import pytest

from quotes.models import Quote
from sources.models import Speaker
from tests.conftest import API, make_client, make_filing, ok, problem
from tests.quotes.filing.test_three_way import file, revisions, says_nothing_new, someone, step

pytestmark = pytest.mark.django_db

NOTE = "The article was read wrongly."


def filing_of(**quote) -> dict:
    words = {"text": "We had no choice,", "external_id": "q-1", "speaker": "Mara Quill"}
    return {"external_id": "cms-1", "quotes": [{**words, "status": "published", **quote}]}


def quote_of(client, quote: str) -> dict:
    return ok(client.get(f"{API}quotes/{quote}/"))


CHANGES = {
    "kind": "partial",
    "language": "de",
    "said": "2026-03",
    "role": "port captain",
    "organisation": "Port Authority",
    "speaker": "Ivo Berg",
    "text": "The quay will close.",
    "via": [{"kind": "cited", "name": "Sky News"}],
    "attribution": {"speaker": "Mara Quill", "cue": "said"},
}


@pytest.mark.parametrize("name", CHANGES)
def test_with_a_note_a_filing_corrects_what_it_says_otherwise(curator, reader, name):
    first = file(curator, 201, **filing_of())["quotes"][0]
    again = file(curator, **filing_of(**{name: CHANGES[name], "note": NOTE}))["quotes"][0]
    assert again["filing"]["outcome"] == "updated"
    seen = quote_of(reader, first["id"])
    (correction,) = seen["corrections"]
    assert correction["note"] == NOTE
    field = {"attribution": "attribution.speaker"}.get(name, name)
    assert field in {change["field"] for change in correction["changed"]}
    shown = seen[name]["name"] if name in ("speaker", "organisation") else seen[name]
    expected = CHANGES[name]
    if name == "via":
        expected = [{**step, "outlet": None, "media": None} for step in expected]
    assert shown == (seen["attribution"] | expected if name == "attribution" else expected)
    told = ok(reader.get(f"{API}quotes/{first['id']}/revisions/"))["results"]
    assert told[0]["reason"] == NOTE
    assert "corrected" in {revision["verb"] for revision in told}
    says_nothing_new(curator, **filing_of(**{name: CHANGES[name], "note": NOTE}))
    says_nothing_new(curator, **filing_of(**{name: CHANGES[name]}))


def test_without_a_note_a_public_quote_stays_and_is_flagged(curator):
    file(curator, 201, **filing_of())
    again = file(curator, **filing_of(kind="partial"))["quotes"][0]
    assert (again["kind"], again["flags"]) == ("direct", ["filing_differs"])
    assert again["corrections"] == []


def test_what_was_said_last_time_is_no_correction_also_with_a_note(curator):
    first = file(curator, 201, **filing_of())["quotes"][0]
    body = {"kind": "indirect", "note": "Nothing was in quote marks."}
    ok(curator.patch(f"{API}quotes/{first['id']}/", body, HTTP_IF_MATCH="*"))
    again = says_nothing_new(curator, **filing_of(note=NOTE))["quotes"][0]
    assert again["kind"] == "indirect"
    file(curator, **filing_of(kind="partial"))
    said = says_nothing_new(curator, **filing_of(kind="partial", note=NOTE))["quotes"][0]
    assert said["kind"] == "indirect"


def test_what_both_changed_is_corrected_by_who_brings_a_note(curator):
    first = file(curator, 201, **filing_of())["quotes"][0]
    body = {"speaker": someone(curator), "note": "She was misheard."}
    ok(curator.patch(f"{API}quotes/{first['id']}/", body, HTTP_IF_MATCH="*"))
    again = file(curator, **filing_of(speaker="Ada Lund", note=NOTE))["quotes"][0]
    assert again["speaker"]["name"] == "Ada Lund"
    assert [correction["note"] for correction in again["corrections"]][-1] == NOTE


def test_a_note_settles_that_a_former_filing_differed(curator):
    file(curator, 201, **filing_of())
    assert file(curator, **filing_of(kind="partial"))["quotes"][0]["flags"] == ["filing_differs"]
    again = file(curator, **filing_of(kind="mixed", note=NOTE))["quotes"][0]
    assert (again["kind"], again["flags"]) == ("mixed", [])


def test_a_note_corrects_what_the_last_filing_said_without_one(curator):
    file(curator, 201, **filing_of())
    assert file(curator, **filing_of(kind="partial"))["quotes"][0]["flags"] == ["filing_differs"]
    again = file(curator, **filing_of(kind="partial", note=NOTE))["quotes"][0]
    assert (again["kind"], again["flags"]) == ("partial", [])
    assert [correction["note"] for correction in again["corrections"]] == [NOTE]
    says_nothing_new(curator, **filing_of(kind="partial", note=NOTE))
    says_nothing_new(curator, **filing_of(kind="partial"))
    file(curator, **filing_of(kind="mixed"))
    again = file(curator, **filing_of(kind="mixed", note=NOTE))["quotes"][0]
    assert (again["kind"], len(again["corrections"])) == ("mixed", 2)


def test_the_same_note_again_corrects_nothing_that_was_decided_since(curator):
    first = file(curator, 201, **filing_of(status="proposed"))["quotes"][0]
    step(curator, first["id"], "reject", reason="No.")
    noted = filing_of(status="proposed", kind="partial", note=NOTE)
    file(curator, **noted)
    step(curator, first["id"], "reopen")
    step(curator, first["id"], "publish")
    assert says_nothing_new(curator, **noted)["quotes"][0]["kind"] == "direct"


def test_the_first_filing_of_another_curator_corrects_with_a_note(curator):
    file(curator, 201, **filing_of())
    other = make_client("Curators", "other")
    again = file(other, **filing_of(kind="partial", note=NOTE))["quotes"][0]
    assert (again["kind"], again["corrections"][0]["note"]) == ("partial", NOTE)


def test_who_may_not_correct_is_told_so_and_changes_nothing(curator, contributor):
    file(curator, 201, **filing_of())
    own = {"external_id": "cms-2", "url": "https://harbourpost.example/2"}
    words = {"text": "We had no choice,", "speaker": "Mara Quill"}
    first = file(contributor, 201, **own, quotes=[words])["quotes"][0]
    step(curator, first["id"], "publish")
    before = revisions()
    filing = make_filing(**own, quotes=[{**words, "kind": "partial", "note": NOTE}])
    body = problem(contributor.post(f"{API}articles/", filing), 403)
    (fault,) = body["errors"]
    assert fault["pointer"] == "/quotes/0/note"
    assert "Leave the note out" in fault["message"]
    assert revisions() == before


@pytest.mark.parametrize("status", ["proposed", "retracted"])
def test_a_note_corrects_nothing_that_is_not_open_to_correction(curator, status):
    first = file(curator, 201, **filing_of(status="proposed"))["quotes"][0]
    if status == "retracted":
        step(curator, first["id"], "publish")
        step(curator, first["id"], "retract", reason="Not hers.")
    filed = file(curator, **filing_of(status="proposed", kind="partial", note=NOTE))
    (again,) = filed["quotes"]
    assert again["corrections"] == []
    assert again["filing"]["fields"]["note"] == "unchanged"
    assert "note of quote 0 was not used" in filed["warnings"][0]
    assert again["kind"] == ("partial" if status == "proposed" else "direct")


@pytest.mark.parametrize("status", ["proposed", "published"])
def test_a_note_on_a_new_quote_is_said_to_be_unused(curator, status):
    filed = file(curator, 201, **filing_of(status=status, note=NOTE))
    assert "note of quote 0 was not used" in filed["warnings"][0]
    alone = {"article": filed["id"], "text": "The quay will close.", "note": NOTE}
    proposed = ok(curator.post(f"{API}quotes/", alone), 201)
    assert proposed["filing"]["fields"]["note"] == "unchanged"


def test_a_note_on_a_public_quote_is_no_matter_of_a_warning(curator):
    file(curator, 201, **filing_of())
    for kind in ("partial", "partial"):
        assert file(curator, **filing_of(kind=kind, note=NOTE))["warnings"] == []


def test_a_note_on_a_proposal_of_ones_own_is_refused_in_fitting_words(contributor):
    body = problem(
        contributor.post(f"{API}articles/", make_filing(**filing_of(status="proposed", note=NOTE))),
        403,
    )
    (fault,) = body["errors"]
    assert "tells readers why a public quote is corrected" in fault["message"]


def test_a_dry_run_says_what_a_note_would_correct(curator):
    file(curator, 201, **filing_of())
    before = revisions()
    path = f"{API}articles/?dry_run=true"
    body = make_filing(**filing_of(kind="partial", note=NOTE))
    answer = ok(curator.post(path, body))
    assert answer["quotes"][0]["corrections"][0]["note"] == NOTE
    assert revisions() == before
    assert Quote.objects.get().kind == "direct"


def test_the_place_of_another_quote_is_not_taken_with_a_note(curator):
    two = filing_of()
    two["quotes"].append({"text": "The quay will close.", "status": "published"})
    file(curator, 201, **two)
    again = file(curator, **filing_of(text="The quay will close.", note=NOTE))["quotes"][0]
    assert (again["text"], again["flags"]) == ("We had no choice,", ["filing_differs"])


def test_a_quote_filed_alone_is_corrected_with_a_note(curator):
    filed = file(curator, 201, **filing_of())
    body = {"article": filed["id"], "text": "We had no choice,", "speaker": "Ivo Berg"}
    path = f"{API}quotes/"
    flagged = ok(curator.post(path, body))
    assert flagged["speaker"]["name"] == "Mara Quill"
    corrected = ok(curator.post(path, {**body, "speaker": "Ada Lund", "note": NOTE}))
    assert corrected["speaker"]["name"] == "Ada Lund"
    assert Speaker.objects.filter(name="Ada Lund").exists()
