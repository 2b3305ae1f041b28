"""What holds of proposals on any text: exact spans, no exception, bounded time."""

import sys
import time
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotes.extraction import propose, proposing
from quotes.extraction.languages import LANGUAGES

SIGNS = ["“", "”", '"', "‘", "’", "'", "''", "«", "»", "„", "– ", "—", "(", ")", "; ", "…"]
SPACES = ["\n", "\n\n", ". ", ", ", ": ", "? ", " ", "\u00a0", "\u200b", "\u0301"]
NAMES = ["Ann Lee", "Mr. Lee", "Lee", "she", "they", "NCA", "National Crime Agency (NCA)", "U.S."]
CUES = ["said", "told", "added", "according to", "sagte", "so", "a déclaré", "dit-il", "dijo"]
WORDS = [
    "who",
    "and",
    "that",
    "’s ",
    "''s",
    "the mayor of Leeds",
    "director",
    "45",
    "½",
    "𝔘",
    "e.g.",
]
BODIES = ["Institut", "et", "The", "of", "Council", "Leeds", "May", "&", "Sir", "Dept."]
SPEECH = ["We will go", "I am sure.", "WALLACE:"]
PIECES = st.sampled_from(SIGNS + SPACES + NAMES + CUES + WORDS + BODIES + SPEECH)
TEXTS = st.lists(PIECES, max_size=40).map(" ".join) | st.lists(PIECES, max_size=40).map("".join)

ARTICLES = Path(__file__).parent / "articles"
ARTICLE = (
    "Rob Jones, director of the Harbour Agency, said: “It’s over – we tried.” "
    "He added that the pier was “not safe”.\n\n“Nobody listened,” Mr Jones said."
)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from([None, *LANGUAGES]))
def test_spans_are_sorted_disjoint_and_give_the_words(text, language):
    for proposal in propose(text, language, indirect=True):
        spans = proposal.spans
        assert spans
        assert all(start < end for start, end in spans)
        assert all(a[1] <= b[0] for a, b in pairwise(spans))
        words = [text[start:end] for start, end in spans]
        assert "".join(proposal.text.split()) == "".join("".join(words).split())
        assert all(word == word.strip() for word in words)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_what_is_named_is_printed_in_the_text(text):
    read = text.replace("\u00a0", " ")
    for proposal in propose(text, "en"):
        for printed in (proposal.speaker, proposal.role, proposal.organisation):
            assert printed is None or printed in read
        for reason in proposal.because:
            assert 0 <= reason.start < reason.end <= len(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.sampled_from([None, *LANGUAGES]))
def test_no_text_raises_an_error(text, language):
    propose(text, language, indirect=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_article_of_another_language_raises_no_error(language):
    for path in sorted(ARTICLES.glob("*.toml")):
        for article in tomllib.loads(path.read_text(encoding="utf-8"))["article"]:
            propose(article["text"], language, indirect=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [(" ", "\u00a0"), ("–", "—"), ("“", '"'), ("”", '"'), ("’", "'")],
)
def test_another_typography_gives_the_same_answer(old, new):
    expected = propose(ARTICLE, "en")
    changed = ARTICLE.replace(old, new)
    if new == '"':
        changed = changed.replace("“", '"').replace("”", '"')
    proposed = propose(changed, "en")
    assert [p.spans for p in proposed] == [p.spans for p in expected]
    assert [(p.rule, p.band) for p in proposed] == [(p.rule, p.band) for p in expected]
    assert [(p.speaker or "").replace("\u00a0", " ") for p in proposed] == [
        p.speaker for p in expected
    ]


def seconds(text: str) -> float:
    began = time.process_time()
    propose(text, "en", indirect=True)
    return time.process_time() - began


HOSTILE = {
    "appositions": lambda n: "Ann Lee" + ", the mayor of Leeds" * n + ", said: “We will go.”",
    "opening marks": lambda n: "“" * n + " said Ann Lee.",
    "opening marks apart": lambda n: "“go " * n,
    "single marks": lambda n: "‘go " * n + "said Ann Lee.",
    "one sentence": lambda n: "word " * n + "“We will go,” said Ann Lee.",
    "one long name": lambda n: "Ann " * n + "said: “We will go.”",
    "brackets": lambda n: "(" * n + "Ann Lee said “we go”",
    "quotes": lambda n: "“We will go,” said Ann Lee. " * n,
    "quotes by she": lambda n: "“We will go,” she said. Ann Lee met Bo Day. " * n,
    "paragraphs": lambda n: "“We will go.\n\n" * n,
    "people": lambda n: " ".join(
        f"Ann{chr(97 + k % 26)} Lee{k} said “we will go”." for k in range(n)
    ),
    "bodies": lambda n: " ".join(f"The Leeds{k} Council said it was “very sad”." for k in range(n)),
    "prepositions": lambda n: "director of " * n + "Leeds Ann Lee said: “We will go.”",
    "nested": lambda n: "“He said, ‘Go now please,’ " * n,
    "commas": lambda n: "," * n + "said",
    "dashes": lambda n: "– go, said Ann " * n,
    "marked letters": lambda n: '"a" ' * n,
    "short questions": lambda n: "“a?” “b” " * n,
}


def calls(text: str) -> int:
    """Count the function calls that a text takes: work that no clock or machine changes."""
    count = 0

    def event(frame, kind, argument):
        nonlocal count
        count += kind in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(event)
    try:
        propose(text, "en", indirect=True)
    finally:
        sys.setprofile(before)
    return count


def test_a_text_of_more_passages_than_any_book_is_read_as_far_as_they_go(monkeypatch):
    monkeypatch.setattr(proposing, "MAX_PASSAGES", 20)
    proposed = propose("“We will go,” said Ann Lee. " * 25, "en")
    assert len(proposed) == 20


@pytest.mark.parametrize("kind", HOSTILE)
def test_work_grows_with_the_text_not_its_square(kind):
    make = HOSTILE[kind]
    propose(make(10), "en", indirect=True)  # word lists are read
    assert calls(make(800)) < 2 * 8 * calls(make(100))


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE["appositions"](80_000),
        HOSTILE["opening marks"](20_000),
        HOSTILE["one sentence"](80_000),
    ],
    ids=["80,000 appositions", "20,000 opening marks", "80,000 words"],
)
def test_the_worst_texts_take_seconds_at_most(text):
    assert seconds(text) < 10
