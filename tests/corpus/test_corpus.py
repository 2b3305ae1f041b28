"""File the corpus through the API: real articles whose quotes were marked by hand."""

import re
from collections import defaultdict

import pytest

from sources.models.functions import fold_all
from tests.conftest import API, ok

VIA = re.compile(r"(?i)(?P<kind>told|speaking to|reports) (?P<name>.+)")
KINDS = {"told": "told", "speaking to": "told", "reports": "cited"}


def via_of(mark: dict) -> list[dict]:
    """ "told NationalWorld" as a step of the reporting chain."""
    if not mark["via"]:
        return []
    step = VIA.fullmatch(mark["via"])
    return [{"kind": KINDS[step["kind"].lower()], "name": step["name"]}]


def filing_of(article: dict) -> dict:
    """The filing of an article of the corpus with its marked quotes."""
    names = ("outlet", "url", "headline", "published", "language", "text")
    quotes = []
    for mark in article["quotes"]:
        quote = {
            "text": mark["text"],
            "kind": mark["kind"],
            "speaker": mark["speaker"],
            "role": mark["role"],
            "organisation": mark["organisation"],
            "attribution": {"speaker": mark["speaker_as_printed"], "cue": mark["cue"]},
            "via": via_of(mark),
            "status": "published",
        }
        if article["text"].count(mark["text"]) > 1:
            quote["spans"] = [[mark["start"], mark["end"]]]
        quotes.append(quote)
    known = {name: article[name] for name in names}
    return {**known, "byline": article["byline"] or [], "quotes": quotes}


@pytest.fixture
def filed(corpus, curator) -> list[tuple[dict, dict]]:
    """Each article with the response to its filing."""
    return [(a, ok(curator.post(f"{API}articles/", filing_of(a)), 201)) for a in corpus]


@pytest.fixture
def marks(filed) -> dict[str, dict]:
    """Each mark, by the id of its quote."""
    return {
        quote["id"]: mark
        for article, answer in filed
        for mark, quote in zip(article["quotes"], answer["quotes"], strict=True)
    }


def found(client, **asked) -> set[str]:
    """Ids of all quotes that match these filters."""
    answer = ok(client.get(f"{API}quotes/", {**asked, "limit": 200}))
    assert answer["next"] is None
    return {quote["id"] for quote in answer["results"]}


pytestmark = pytest.mark.django_db


def test_every_quoted_word_is_anchored_exactly_where_it_was_marked(filed):
    assert len(filed) == 22
    anchored = 0
    for article, answer in filed:
        for mark, quote in zip(article["quotes"], answer["quotes"], strict=True):
            assert quote["anchor"]["state"] == "exact", mark["id"]
            spans = [(span["start"], span["end"]) for span in quote["anchor"]["spans"]]
            assert spans == [(mark["start"], mark["end"])], mark["id"]
            assert quote["text"] == article["text"][mark["start"] : mark["end"]]
            anchored += mark["kind"] in ("direct", "partial")
    assert anchored == 110


def test_filing_the_corpus_again_changes_nothing(filed, curator):
    for article, answer in filed:
        again = ok(curator.post(f"{API}articles/", filing_of(article)))
        assert again["id"] == answer["id"]
        assert again["outcome"] == "unchanged"
        assert {quote["filing"]["outcome"] for quote in again["quotes"]} <= {"unchanged"}


def test_articles_without_outlet_url_or_date_are_shown_as_such(filed, curator):
    unknown = defaultdict(int)
    for article, answer in filed:
        shown = ok(curator.get(f"{API}articles/{answer['id']}/"))
        assert shown["outlet"] is None or shown["outlet"]["name"] == article["outlet"]
        for name in ("outlet", "url", "published"):
            assert (shown[name] is None) == (article[name] is None)
            unknown[name] += shown[name] is None
        for quote in answer["quotes"]:
            assert (quote["outlet"], quote["published"]) == (answer["outlet"], answer["published"])
    assert unknown == {"outlet": 2, "url": 3, "published": 3}


def test_every_marked_speaker_is_found_by_name_with_exactly_the_marked_quotes(marks, curator):
    folded = fold_all(
        [m[k] for m in marks.values() for k in ("speaker", "speaker_as_printed") if m[k]]
    )
    by_name = defaultdict(set)
    for key, mark in marks.items():
        for name in {folded.get(mark["speaker"]), folded.get(mark["speaker_as_printed"])} - {None}:
            by_name[name].add(key)
    speakers = {mark["speaker"] for mark in marks.values()} - {None}
    assert len(speakers) > 30
    for speaker in speakers:
        assert found(curator, speaker_name=speaker) == by_name[folded[speaker]], speaker
        assert found(curator, speaker_name=speaker.upper()) == by_name[folded[speaker]], speaker


def test_every_marked_speaker_is_one_record_that_is_found_by_id(marks, filed, curator):
    """Unnamed speakers of no organisation are one per article; all others one in all."""
    shown = {quote["id"]: quote for _, answer in filed for quote in answer["quotes"]}
    by_record = defaultdict(set)
    for key, quote in shown.items():
        if quote["speaker"]:
            by_record[quote["speaker"]["id"]].add(key)
    for record, keys in by_record.items():
        assert found(curator, speaker=record) == keys
        assert len({marks[key]["speaker"].casefold() for key in keys}) == 1
    people = defaultdict(set)
    for key, mark in marks.items():
        if shown[key]["speaker"] and shown[key]["speaker"]["kind"] == "person":
            people[mark["speaker"]].add(shown[key]["speaker"]["id"])
    assert all(len(records) == 1 for records in people.values())
    for quote in shown.values():  # a word alone, without evidence of what it names
        alone = len(quote["speaker"]["name"].split()) == 1 if quote["speaker"] else False
        assert quote["flags"] == (["unresolved_speaker"] if quote["flags"] and alone else [])


def test_every_marked_role_is_found_with_exactly_the_quotes_that_have_its_words(marks, curator):
    roles = {mark["role"] for mark in marks.values()} - {None}
    folded = fold_all(list(roles))
    words = {role: set(re.findall(r"[\w']+", folded[role])) for role in roles}
    assert len(roles) > 20
    for role in roles:
        expected = {
            key
            for key, mark in marks.items()
            if mark["role"] and words[role] <= words[mark["role"]]
        }
        assert found(curator, role=role) == expected, role


def test_every_marked_organisation_is_found_with_exactly_the_marked_quotes(marks, curator):
    folded = fold_all([m["organisation"] for m in marks.values() if m["organisation"]])
    by_name = defaultdict(set)
    for key, mark in marks.items():
        if mark["organisation"]:
            by_name[folded[mark["organisation"]]].add(key)
    assert len(by_name) == 11
    for name, keys in by_name.items():
        assert found(curator, organisation_name=name) == keys, name


def test_every_outlet_and_date_is_found_with_exactly_its_quotes(filed, curator):
    by_outlet, by_date = defaultdict(set), defaultdict(set)
    for article, answer in filed:
        by_outlet[article["outlet"]] |= {quote["id"] for quote in answer["quotes"]}
        by_date[article["published"]] |= {quote["id"] for quote in answer["quotes"]}
    for outlet, keys in by_outlet.items():
        if outlet:
            assert found(curator, outlet_name=outlet) == keys
    for day, keys in by_date.items():
        if day:
            assert found(curator, published_after=day, published_before=day) == keys


def test_a_quote_told_to_another_outlet_has_it_in_its_reporting_chain(filed):
    told = [
        (m, q) for a, f in filed for m, q in zip(a["quotes"], f["quotes"], strict=True) if m["via"]
    ]
    assert len(told) == 6
    for mark, quote in told:
        assert [{"kind": s["kind"], "name": s["name"]} for s in quote["via"]] == via_of(mark)
    linked = [q for _, q in told if q["via"][0]["outlet"]]
    assert {quote["via"][0]["outlet"]["name"] for quote in linked} == {"NationalWorld"}
