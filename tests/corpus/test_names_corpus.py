"""Names of the corpus, filed without any kind, role or organisation."""

import json
from collections import defaultdict

import pytest

from sources.identity.names import plain
from sources.models import Speaker
from tests.conftest import API, CORPUS, ok

pytestmark = pytest.mark.django_db


@pytest.fixture
def marked(corpus) -> list[dict]:
    """All articles whose marks name speakers, also those for evaluation."""
    files = sorted(CORPUS.parent.glob("eval/*.ndjson"))
    if not files:
        pytest.skip(f"there is no corpus at {CORPUS.parent / 'eval'}")
    found = [*corpus, *(json.loads(line) for f in files for line in f.read_text().splitlines())]
    return [article for article in found if any(q.get("speaker") for q in article["quotes"])]


def filing_of(article: dict, number: int) -> dict:
    """Each speaker of an article, as marked, by name only."""
    quotes = {}
    for mark in article["quotes"]:
        if mark.get("speaker"):
            spans = ((mark["start"], mark["end"]),)
            quotes.setdefault(
                spans, {"spans": [list(s) for s in spans], "speaker": mark["speaker"]}
            )
    return {
        "external_id": f"article-{number}",
        "language": article["language"],
        "text": article["text"],
        "quotes": list(quotes.values()),
    }


def test_no_organisation_is_a_person_and_no_two_people_are_one(marked, curator):
    names = defaultdict(set)  # as marked, by the speaker on record
    for number, article in enumerate(marked):
        filing = filing_of(article, number)
        answer = ok(curator.post(f"{API}articles/", filing), 201)
        for sent, quote in zip(filing["quotes"], answer["quotes"], strict=True):
            names[quote["speaker"]["id"]].add(plain(sent["speaker"]))
    bodies = {
        mark["organisation"]
        for article in marked
        for mark in article["quotes"]
        if mark.get("organisation")
    }
    for number, name in enumerate(sorted(bodies)):
        filing = {"text": None, "external_id": f"body-{number}", "headline": name}
        quotes = [{"text": "We had no choice.", "speaker": name}]
        answer = ok(curator.post(f"{API}articles/", {**filing, "quotes": quotes}), 201)
        names[answer["quotes"][0]["speaker"]["id"]].add(plain(name))
    assert len(bodies) > 30
    said = Speaker.objects.filter(pk__in=names, name__in=bodies)
    kinds = dict(said.values_list("name", "kind"))
    assert len(kinds) > 30
    wrong = {name: kind for name, kind in kinds.items() if kind not in ("organisation", "unknown")}
    assert wrong == {}
    # The same name in other capitals is the only way to say one speaker in two ways.
    assert [said for said in names.values() if len(said) > 1] == []
