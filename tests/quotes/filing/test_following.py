"""A published quote follows its article's edits only where its words are still the speaker's."""

import pytest
from django.urls import reverse

from quotes.models import Quote
from tests.conftest import API, make_filing, ok

pytestmark = pytest.mark.django_db

SAID = "“No comment at this stage,” said Ada Lund, the mayor.\n\nThe union declined too."
WORDS = "No comment at this stage"


def edited(client, before: str, words: str, after: str, **quote) -> dict:
    """The quote, after its article was filed with one text and then with another."""
    quote = {"text": words, "speaker": "Ada Lund", "status": "published", **quote}
    body = make_filing(text=before, quotes=[quote])
    filed = ok(client.post(f"{API}articles/", body), 201)["quotes"][0]
    ok(client.post(f"{API}articles/", {**body, "text": after, "quotes": []}))
    return ok(client.get(f"{API}quotes/{filed['id']}/"))


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        (
            "“We never promised it,” Ada Lund said.",
            "We never promised it",
            "“We never promised all of it,” Ada Lund said.\n\nCorrection: an earlier version "
            "misquoted Ms Lund as saying “We never promised it”. She did not say that.",
        ),
        (SAID, WORDS, f"The mayor could not be reached.\n\n“{WORDS},” said Ben Orr."),
        (
            "“I took the money,” said Ada Lund.",
            "I took the money",
            "Ada Lund denies having said “I took the money”. We apologise.",
        ),
        (
            "Ada Lund called it a “disgrace”.",
            "disgrace",
            "The minister left in disgrace; Ada Lund had no comment.",
        ),
        (
            "“We close the quay in May,” she said. Rain fell.",
            "We close the quay in May",
            "Rain fell for an hour.\n\nRob Jones owns it. “We close the quay in May,” he told us.",
        ),
        (
            "“We close the quay in May.” Rain fell.",
            "We close the quay in May",
            "Rain fell for an hour.\n\n“We close the quay in May,” insisted the owner of it all.",
        ),
        (
            "Rain fell. “We close the quay in May.” The hall was silent.",
            "We close the quay in May",
            "Nobody came for an hour.\n\nRob Jones shrugged. “We close the quay in May.” He left.",
        ),
    ],
)
def test_the_same_words_in_other_surroundings_are_left_to_a_curator(curator, before, words, after):
    quote = edited(curator, before, words, after)
    assert (quote["anchor"]["state"], quote["text"]) == ("altered", words)
    assert quote["anchor"]["nearest"]["text"] == words


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        (SAID, WORDS, SAID.replace("Ada Lund, the mayor", "Ben Orr, the contractor")),
        (
            "“We will close the ward,” said Ada Lund.",
            "close the ward",
            "“We will not close the ward,” said Ada Lund.",
        ),
        (SAID, WORDS, f"“{WORDS}” is what Ada Lund denies having said."),
    ],
)
def test_words_that_stay_are_flagged_when_they_are_no_longer_the_speakers(
    curator, before, words, after
):
    quote = edited(curator, before, words, after)
    assert quote["anchor"]["state"] in ("exact", "moved")
    assert quote["flags"] == ["attribution_changed"]


@pytest.mark.parametrize(
    ("before", "words", "after"),
    [
        (SAID, WORDS, f"Late news.\n\n{SAID}"),
        (SAID, WORDS, SAID.replace("the mayor", "the mayor of the town")),
        (SAID, WORDS, SAID.replace("“", "«").replace("”", "»")),
        (SAID.replace(WORDS, WORDS.upper()), WORDS.upper(), SAID),
        (
            "“He told me ‘never again’ and left,” said Ada Lund.",
            "He told me ‘never again’ and left",
            "‘He told me “never again” and left,’ said Ada Lund.",
        ),
        (
            "“Our find-\nings were ignored,” said Ada Lund.",
            "Our findings were ignored",
            "“Our findings were ignored,” said Ada Lund.",
        ),
    ],
)
def test_other_edits_say_nothing(curator, before, words, after):
    quote = edited(curator, before, words, after)
    assert quote["anchor"]["state"] in ("exact", "moved")
    assert quote["flags"] == []
    assert ok(curator.get(f"{API}quotes/{quote['id']}/verify/"))["ok"]


def test_the_printed_name_counts_too(curator):
    quote = edited(
        curator,
        "“We act,” said Rob Jones.",
        "We act",
        "“We act,” said Mr Jones on Monday.",
        speaker="National Crime Agency",
        attribution={"speaker": "Rob Jones"},
    )
    assert quote["flags"] == []


def test_the_name_coming_back_settles_the_flag(curator):
    other = SAID.replace("Ada Lund", "Ben Orr")
    quote = edited(curator, SAID, WORDS, other)
    assert quote["flags"] == ["attribution_changed"]
    ok(curator.post(f"{API}articles/", make_filing(text=f"{SAID} ", quotes=[])))
    assert ok(curator.get(f"{API}quotes/{quote['id']}/"))["flags"] == []


def test_a_curator_settles_the_flag(curator):
    quote = edited(curator, SAID, WORDS, SAID.replace("Ada Lund", "The mayor"))
    url = f"{API}quotes/{quote['id']}/"
    headers = {"If-Match": curator.get(url)["ETag"]}
    body = {"flags": ["attribution_changed"]}
    assert ok(curator.post(f"{url}keep/", body, headers=headers))["flags"] == []


def test_moved_altered_and_changed_quotes_have_queues(curator_at_desk, curator):
    edited(curator, SAID, WORDS, f"Late news.\n\n{SAID}")
    changed = SAID.replace("Ada Lund", "Ben Orr")
    ok(curator.post(f"{API}articles/", make_filing(text=f"Late news.\n\n{changed}", quotes=[])))
    assert Quote.objects.get().flags == ["attribution_changed"]
    page = curator_at_desk.get(reverse("admin:index")).text
    for name in ("moved", "altered", "attribution_changed"):
        assert f"?queue={name}" in page


def test_words_that_another_quote_has_are_missing(curator):
    """Of two equal quotes one is cut: its words do not wait at the other speaker's place."""
    text = f"{SAID}\n\n“{WORDS},” said Ben Orr."
    places = [i for i in range(len(text)) if text.startswith(WORDS, i)]
    quotes = [
        {"spans": [[start, start + len(WORDS)]], "speaker": who, "status": "published"}
        for start, who in zip(places, ("Ada Lund", "Ben Orr"), strict=True)
    ]
    body = make_filing(text=text, quotes=quotes)
    filed = ok(curator.post(f"{API}articles/", body), 201)["quotes"]
    ok(curator.post(f"{API}articles/", {**body, "text": text[places[1] - 1 :], "quotes": []}))
    states = [ok(curator.get(f"{API}quotes/{each['id']}/"))["anchor"]["state"] for each in filed]
    assert states == ["missing", "moved"]
