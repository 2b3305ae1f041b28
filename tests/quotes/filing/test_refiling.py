"""Filing an article again: what changed in it, what became of its quotes, who is told."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotes.models import Quote
from sources.models import Article, Snapshot
from tests.conftest import API, make_filing, ok, publish

pytestmark = pytest.mark.django_db

TEXT = make_filing()["text"]
OLD = "The harbour will remain closed for repairs until the middle of June,"


def file(client, status=200, **overrides) -> dict:
    return ok(client.post(f"{API}articles/", make_filing(**overrides)), status)


def quote_of(client, filed: dict, index: int = 0) -> dict:
    return ok(client.get(f"{API}quotes/{filed['quotes'][index]['id']}/"))


def states(answer: dict) -> dict[str, str]:
    return {each["id"]: each["state"] for each in answer["reanchored"]}


def changed(record: dict, client, path: str, **values) -> dict:
    """A record, read again and changed."""
    read = client.get(f"{API}{path}/{record['id']}/")
    response = client.patch(
        f"{API}{path}/{record['id']}/", values, headers={"If-Match": read.headers["ETag"]}
    )
    return ok(response)


# The text


def test_a_changed_text_is_a_new_snapshot_and_the_old_one_is_kept(curator):
    first = file(curator, 201)
    again = file(curator, text=f"{TEXT} More.")
    assert again["id"] == first["id"]
    assert again["outcome"] == "updated"
    assert again["snapshot"] != first["snapshot"]
    assert Snapshot.objects.count() == 2
    assert ok(curator.get(f"{API}snapshots/{first['snapshot']}/"))["text"] == TEXT


def test_one_changed_code_point_is_another_text(curator):
    file(curator, 201)
    file(curator, text=f"{TEXT}\r", quotes=[])
    file(curator, text=f"{TEXT}\n", quotes=[])
    assert Snapshot.objects.count() == 3


def test_a_restored_text_is_the_snapshot_that_was_kept(curator):
    first = file(curator, 201)
    file(curator, text=f"{TEXT} More.")
    back = file(curator)
    assert back["snapshot"] == first["snapshot"]
    assert Snapshot.objects.count() == 2


def test_a_filing_without_its_text_keeps_the_text_on_record(curator):
    first = file(curator, 201)
    again = file(curator, text=None)
    assert again["snapshot"] == first["snapshot"]
    assert again["quotes"][0]["filing"]["outcome"] == "unchanged"


def test_a_quote_filed_without_the_text_is_anchored_in_the_text_on_record(curator):
    file(curator, 201)
    again = file(curator, text=None, quotes=[{"text": "The quay will close."}])
    assert again["quotes"][0]["anchor"]["state"] == "exact"


# Its quotes


def test_a_quote_that_stays_where_it_was_is_exact_in_the_new_text(curator):
    first = file(curator, 201)
    again = file(curator, text=f"{TEXT} More.", quotes=[])
    assert states(again) == {first["quotes"][0]["id"]: "exact"}
    assert quote_of(curator, first)["anchor"]["snapshot"] == again["snapshot"]


def test_a_quote_whose_words_occur_elsewhere_has_moved(curator):
    first = file(curator, 201)
    again = file(curator, text=f"Updated. {TEXT}", quotes=[])
    assert states(again) == {first["quotes"][0]["id"]: "moved"}
    quote = quote_of(curator, first)
    assert quote["anchor"]["snapshot"] == again["snapshot"]
    ((start, end),) = [(s["start"], s["end"]) for s in quote["anchor"]["spans"]]
    assert f"Updated. {TEXT}"[start:end] == quote["text"] == "We had no choice,"


def test_a_moved_quote_that_is_filed_again_is_the_same_quote(curator):
    first = file(curator, 201)
    again = file(curator, text=f"Updated. {TEXT}")
    assert again["quotes"][0]["id"] == first["quotes"][0]["id"]
    assert again["quotes"][0]["filing"]["outcome"] == "unchanged"


def test_a_quote_whose_typography_changed_takes_the_new_wording(curator):
    text = "“It's a plan,” she said."
    first = file(curator, 201, text=text, quotes=[{"text": "It's a plan,"}])
    file(curator, text=text.replace("'", "’"), quotes=[])
    quote = quote_of(curator, first)
    assert quote["anchor"]["state"] == "exact"
    assert quote["text"] == "It’s a plan,"


def test_a_quote_whose_words_changed_keeps_its_words_and_shows_the_nearest(curator):
    text = f"“{OLD}” he said."
    first = file(curator, 201, text=text, quotes=[{"text": OLD}])
    again = file(curator, text=text.replace("June", "July"), quotes=[])
    assert states(again) == {first["quotes"][0]["id"]: "altered"}
    quote = quote_of(curator, first)
    assert quote["text"] == OLD
    assert quote["anchor"]["snapshot"] == first["snapshot"]
    nearest = quote["anchor"]["nearest"]
    assert nearest["text"] == OLD.replace("June", "July")
    assert nearest["snapshot"] == again["snapshot"]
    assert nearest["difference"] == [{"op": "replace", "expected": "June,", "found": "July,"}]


def test_a_quote_whose_words_were_removed_is_missing_and_keeps_its_old_spans(curator):
    first = file(curator, 201)
    again = file(curator, text="Nothing of the kind was printed.", quotes=[])
    assert states(again) == {first["quotes"][0]["id"]: "missing"}
    quote = quote_of(curator, first)
    assert quote["anchor"]["snapshot"] == first["snapshot"]
    assert quote["anchor"]["spans"] == first["quotes"][0]["anchor"]["spans"]
    assert "nearest" not in quote["anchor"]


@pytest.mark.parametrize("between", ["Nothing.", f"“{OLD.replace('June', 'July')}” he said."])
def test_a_quote_comes_back_when_its_text_is_restored(curator, between):
    text = f"“{OLD}” he said."
    first = file(curator, 201, text=text, quotes=[{"text": OLD}])
    file(curator, text=between, quotes=[])
    back = file(curator, text=text, quotes=[{"text": OLD}])
    assert back["quotes"][0]["id"] == first["quotes"][0]["id"]
    assert back["quotes"][0]["anchor"] == first["quotes"][0]["anchor"]


def test_words_edited_where_they_were_are_the_same_quote(curator):
    text = f"“{OLD}” he said."
    first = file(curator, 201, text=text, quotes=[{"text": OLD}])
    new = OLD.replace("June", "July")
    again = file(curator, text=text.replace("June", "July"), quotes=[{"text": new}])
    (quote,) = again["quotes"]
    assert quote["id"] == first["quotes"][0]["id"]
    assert quote["filing"]["fields"]["text"] == "updated"
    assert (quote["text"], quote["anchor"]["state"]) == (new, "exact")


def test_words_edited_of_a_public_quote_are_left_to_a_curator(curator):
    text = f"“{OLD}” he said."
    first = file(curator, 201, text=text, quotes=[{"text": OLD, "status": "published"}])
    new = OLD.replace("June", "July")
    again = file(curator, text=text.replace("June", "July"), quotes=[{"text": new}])
    (quote,) = again["quotes"]
    assert quote["id"] == first["quotes"][0]["id"]
    assert quote["filing"]["fields"]["text"] == "differs"
    assert (quote["text"], quote["anchor"]["state"]) == (OLD, "altered")
    assert quote["flags"] == ["filing_differs"]


def test_other_words_where_a_quote_was_are_another_quote(curator):
    text = f"“{OLD}” he said."
    first = file(curator, 201, text=text, quotes=[{"text": OLD}])
    new = "Nobody will ever sail from here again,"
    again = file(curator, text=text.replace(OLD, new), quotes=[{"text": new}])
    assert again["quotes"][0]["id"] != first["quotes"][0]["id"]
    assert again["quotes"][0]["filing"]["outcome"] == "made"
    assert quote_of(curator, first)["anchor"]["state"] == "missing"


def test_of_two_equal_quotes_the_unmoved_one_keeps_its_position(curator):
    """The words that were cut must not pass to the other speaker's place, nor push that one out."""
    text = (
        "Asked whether the quay would close, Mara Quill was brief. “No comment,” she said at noon. "
        "Much later that day it was Ivo Berg's turn to speak. “No comment,” he told the ferry crew."
    )
    first, second = [i for i in range(len(text)) if text.startswith("No comment,", i)]
    quotes = [
        {"spans": [[start, start + 11]], "speaker": name}
        for start, name in [(first, "Mara Quill"), (second, "Ivo Berg")]
    ]
    filed = file(curator, 201, text=text, quotes=quotes)
    cut = text[text.index("Much later") :]
    file(curator, text=cut, quotes=[])
    assert quote_of(curator, filed, 1)["anchor"]["state"] == "moved"
    assert quote_of(curator, filed, 0)["anchor"]["state"] == "missing"


def test_a_quote_of_two_spans_is_reanchored_as_one(curator):
    text = "“We had no choice,” she said, “and no money.” It rained."
    quotes = [{"text": "We had no choice, and no money."}]
    first = file(curator, 201, text=text, quotes=quotes)
    again = file(curator, text=f"Updated. {text}", quotes=quotes)
    assert again["quotes"][0]["id"] == first["quotes"][0]["id"]
    assert again["quotes"][0]["anchor"]["state"] == "moved"
    assert len(again["quotes"][0]["anchor"]["spans"]) == 2


def test_quotes_that_a_filing_does_not_name_stay(curator):
    file(curator, 201)
    again = file(curator, quotes=[{"text": "The quay will close."}])
    assert len(again["quotes"]) == 1
    assert again["outcome"] == "unchanged"
    assert Quote.objects.count() == 2


@given(
    cuts=st.lists(
        st.lists(
            st.sampled_from(["“One word,”", "“Two words,”", "“A third,”", "she said.", "He went."]),
            max_size=7,
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_after_any_change_of_text_every_quote_equals_its_snapshot(curator, cuts):
    """A present quote stands in the present text, no two at one place, and none ever goes.

    One that was carried to where nobody is said to speak is a curator's, once somebody is again.
    """
    marks = ["One word,", "Two words,", "A third,"]
    key = f"https://a.example/{Article.objects.count()}"
    text = " ".join(f"“{mark}” she said." for mark in marks)
    filing = {"url": key, "quotes": [{"text": mark, "speaker": "A B"} for mark in marks]}
    ok(curator.post(f"{API}articles/", {**filing, "text": text}), 201)
    for cut in [*cuts, [text]]:
        ok(curator.post(f"{API}articles/", {**filing, "quotes": [], "text": " ".join(cut) or "-"}))
        article = Article.objects.get(url=key)
        quotes = list(article.quotes.select_related("snapshot"))
        assert len(quotes) == 3
        present = [quote for quote in quotes if quote.anchor in ("exact", "moved")]
        places = [tuple(map(tuple, quote.spans)) for quote in present]
        assert len(set(places)) == len(places)
        for quote in quotes:
            ((start, end),) = quote.spans
            assert quote.snapshot.text[start:end] == quote.text
        assert all(quote.snapshot_id == article.snapshot_id for quote in present)
    for quote in quotes:
        assert quote in present or quote.nearest["difference"] == []
    assert {quote.text for quote in quotes} == set(marks)


# The article


def test_only_the_filed_fields_of_an_article_are_updated(curator):
    file(curator, 201)
    again = file(curator, headline="Quay to close in May", byline=["Ada Lund", "Bo Ek"])
    assert again["headline"] == "Quay to close in May"
    assert again["byline"] == ["Ada Lund", "Bo Ek"]
    filing = make_filing()
    for name in ("headline", "byline", "language", "published"):
        del filing[name]
    kept = ok(curator.post(f"{API}articles/", filing))
    assert kept["outcome"] == "unchanged"
    assert kept["headline"] == "Quay to close in May"


def test_a_null_clears_a_field(curator):
    file(curator, 201)
    again = file(curator, headline=None, published=None)
    assert (again["headline"], again["published"]) == (None, None)
    assert again["quotes"][0]["published"] is None


def test_an_updated_article_counts_one_change(curator):
    first = file(curator, 201)
    again = file(curator, headline="New", text=f"{TEXT} More.", published="2026-04")
    assert again["version"] in (first["version"] + 1, first["version"] + 2)
    assert (
        file(curator, headline="New", text=f"{TEXT} More.", published="2026-04")["version"]
        == again["version"]
    )


def test_quotes_follow_the_date_of_their_article(curator):
    first = file(curator, 201)
    file(curator, published="2026-04", quotes=[])
    assert quote_of(curator, first)["published"] == "2026-04"
    found = ok(curator.get(f"{API}quotes/?published_after=2026-04-10&status=proposed"))
    assert [quote["id"] for quote in found["results"]] == [first["quotes"][0]["id"]]


def test_quotes_follow_when_the_article_itself_is_changed(curator):
    filed = file(curator, 201)
    outlet = ok(curator.post(f"{API}outlets/", {"name": "Another"}), 201)
    changed(filed, curator, "articles", outlet=outlet["id"], published="2025")
    quote = quote_of(curator, filed)
    assert quote["outlet"]["name"] == "Another"
    assert quote["published"] == "2025"


def test_filing_another_day_clears_the_exact_time(curator):
    file(curator, 201, published="2026-03-14T10:00:00Z")
    again = file(curator, published="2026-03-15")
    assert (again["published"], again["published_at"]) == ("2026-03-15", None)


# Attribution


CORRECTIONS = {
    "speaker": {"speaker": "Ivo Berg"},
    "attribution.cue": {"attribution": {"cue": "insisted"}},
    "attribution.speaker": {"attribution": {"speaker": "Quill"}},
    "role": {"role": "deputy harbour master"},
    "organisation": {"organisation": "Port Authority"},
    "kind": {"kind": "indirect"},
    "said": {"said": "2026-03"},
    "language": {"language": "nb"},
    "via": {"via": [{"kind": "told", "name": "Sky"}]},
}


def corrected(correction: dict) -> dict:
    quote = make_filing()["quotes"][0]
    printed = {**quote["attribution"], **correction.get("attribution", {})}
    return make_filing(quotes=[{**quote, **correction, "attribution": printed}])


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_proposed_quote_is_updated_when_filed_again(curator, name):
    first = file(curator, 201)
    again = ok(curator.post(f"{API}articles/", corrected(CORRECTIONS[name])))
    (quote,) = again["quotes"]
    assert quote["id"] == first["quotes"][0]["id"]
    assert quote["filing"]["outcome"] == "updated"
    assert quote["filing"]["differs"] == [name]
    assert quote["flags"] == []
    same = ok(curator.post(f"{API}articles/", corrected(CORRECTIONS[name])))
    assert same["quotes"][0]["filing"]["outcome"] == "unchanged"
    assert same["quotes"][0]["version"] == quote["version"]


@pytest.mark.parametrize("name", CORRECTIONS)
def test_a_reviewed_quote_is_flagged_and_not_changed_when_filed_again(curator, name):
    first = ok(curator.post(f"{API}articles/", publish(make_filing())), 201)["quotes"][0]
    again = ok(curator.post(f"{API}articles/", corrected(CORRECTIONS[name])))
    (quote,) = again["quotes"]
    assert quote["filing"]["outcome"] == "differs"
    assert quote["filing"]["differs"] == [name]
    assert quote["flags"] == ["filing_differs"]
    unchanged = {"filing": None, "flags": None, "version": None, "updated": None}
    assert {**quote, **unchanged} == {**first, **unchanged}


def test_a_quote_that_differs_again_is_flagged_once(curator):
    ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    filing = corrected(CORRECTIONS["speaker"])
    first = ok(curator.post(f"{API}articles/", filing))["quotes"][0]
    again = ok(curator.post(f"{API}articles/", filing))["quotes"][0]
    assert again["flags"] == ["filing_differs"]
    assert again["version"] == first["version"]


def test_a_filing_with_fewer_details_removes_none(curator):
    first = file(curator, 201)["quotes"][0]
    again = file(curator, quotes=[{"text": "We had no choice,"}])["quotes"][0]
    assert again["filing"]["outcome"] == "unchanged"
    assert again["version"] == first["version"]


def test_a_kind_that_is_left_out_stays(curator):
    quote = {"text": "We had no choice,", "kind": "partial"}
    file(curator, 201, quotes=[quote])
    again = file(curator, quotes=[{"text": "We had no choice,"}])["quotes"][0]
    assert again["kind"] == "partial"


def test_a_curator_may_publish_proposed_quotes_by_filing_them_again(contributor, curator):
    file(contributor, 201)
    again = ok(curator.post(f"{API}articles/", publish(make_filing())))["quotes"][0]
    assert again["status"] == "published"
    assert again["filing"]["outcome"] == "updated"


def test_filing_as_proposed_does_not_unpublish_a_quote(curator):
    ok(curator.post(f"{API}articles/", publish(make_filing())), 201)
    again = file(curator)["quotes"][0]
    assert again["status"] == "published"
    assert again["filing"]["outcome"] == "unchanged"


def test_naming_the_speaker_settles_a_quote_that_was_ambiguous(curator):
    known = [
        ok(curator.post(f"{API}speakers/", {"name": "Mara Quill", "kind": "person"}), 201)
        for _ in "12"
    ]
    (first,) = file(curator, 201)["quotes"]
    assert first["flags"] == ["ambiguous_speaker"]
    quote = {**make_filing()["quotes"][0], "speaker": known[1]["id"]}
    (again,) = file(curator, quotes=[quote])["quotes"]
    assert again["speaker"]["id"] == known[1]["id"]
    assert again["flags"] == []


def test_naming_the_speaker_settles_a_quote_that_was_unresolved(curator):
    quote = {"text": "We had no choice,", "attribution": {"speaker": "Quill"}}
    (first,) = file(curator, 201, quotes=[quote])["quotes"]
    assert first["flags"] == ["unresolved_speaker"]
    (again,) = file(curator, quotes=[{**quote, "speaker": "Mara Quill"}])["quotes"]
    assert again["speaker"]["name"] == "Mara Quill"
    assert again["flags"] == []


def affiliated(client) -> tuple[dict, dict]:
    """Mara Quill, harbour master at the Port Authority, and the filing of her proposed quote."""
    speaker = ok(client.post(f"{API}speakers/", {"name": "Mara Quill", "kind": "person"}), 201)
    port = ok(client.post(f"{API}organisations/", {"name": "Port Authority"}), 201)
    held = {"speaker": speaker["id"], "organisation": port["id"], "role": "harbour master"}
    ok(client.post(f"{API}affiliations/", held), 201)
    filed = file(client, 201)
    assert filed["quotes"][0]["organisation"]["id"] == port["id"]
    return speaker, filed


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"speaker": "Ivo Berg"}, ("Ivo Berg", "harbour master", None)),
        ({"organisation": "Museum"}, ("Mara Quill", "harbour master", "Museum")),
        ({"role": "keeper"}, ("Mara Quill", "keeper", "Port Authority")),
        (
            {"organisation": None, "said": "2026"},
            ("Mara Quill", "harbour master", "Port Authority"),
        ),
        ({"speaker": None, "attribution": {"speaker": None}}, (None, "harbour master", None)),
    ],
    ids=["speaker", "organisation", "role", "no organisation", "nobody"],
)
def test_an_affiliation_that_no_longer_fits_a_proposed_quote_is_removed(curator, change, shown):
    _, filed = affiliated(curator)
    quote = {**make_filing()["quotes"][0], "attribution": {"cue": "said"}, **change}
    (again,) = file(curator, quotes=[quote])["quotes"]
    assert again["id"] == filed["quotes"][0]["id"]
    assert again["filing"]["outcome"] == "updated"
    speaker, organisation = again["speaker"], again["organisation"]
    assert (
        speaker and speaker["name"],
        again["role"],
        organisation and organisation["name"],
    ) == shown


def test_a_speaker_resolved_by_the_printed_name_stays_when_not_named_again(curator):
    file(curator, 201)
    quote = {**make_filing()["quotes"][0], "speaker": None, "attribution": {"cue": "said"}}
    (again,) = file(curator, quotes=[quote])["quotes"]
    assert again["filing"]["outcome"] == "unchanged"
    assert again["speaker"]["name"] == "Mara Quill"


def test_a_correction_of_one_detail_leaves_the_affiliation_alone(curator):
    affiliated(curator)
    quote = {**make_filing()["quotes"][0], "kind": "mixed"}
    file(curator, quotes=[quote])
    assert Quote.objects.get().affiliation.role == "harbour master"


def test_a_speaker_whose_name_was_corrected_is_known_by_the_old_name_as_an_alias(curator):
    filed = file(curator, 201)
    changed(
        filed["quotes"][0]["speaker"],
        curator,
        "speakers",
        name="Mara E. Quill",
        aliases=["Mara Quill"],
    )
    again = file(curator)
    assert again["quotes"][0]["filing"]["outcome"] == "unchanged"
    assert again["quotes"][0]["speaker"]["name"] == "Mara E. Quill"
