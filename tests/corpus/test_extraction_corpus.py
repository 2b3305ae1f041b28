"""Floors of extraction on real articles marked by hand. Raise them when they are beaten."""

from pathlib import Path

import pytest

from tests.corpus.extraction import Figures, measure

CORPUS = Path(__file__).absolute().parents[3] / "shared" / "corpus"

ARTICLES, DEV_NEWS, NEGATIVES = (
    "articles.ndjson",
    "eval/dev_news.ndjson",
    "eval/en_wikinews_negatives.ndjson",
)


@pytest.fixture(scope="module")
def figures() -> dict[str, Figures]:
    if not (CORPUS / ARTICLES).exists():
        pytest.skip(f"the corpus is not at {CORPUS}")
    return {name: measure(CORPUS / name) for name in (ARTICLES, DEV_NEWS, NEGATIVES)}


@pytest.mark.parametrize("name", [ARTICLES, DEV_NEWS])
def test_passages_that_are_quotes_are_found_to_the_letter(figures, name):
    assert figures[name].f1("exact") >= 0.93
    assert figures[name].f1("near") >= 0.94


@pytest.mark.parametrize("name", [ARTICLES, DEV_NEWS])
def test_the_cue_is_the_verb_of_saying(figures, name):
    assert figures[name].share("cue") >= 0.95


def test_titles_and_names_in_quote_marks_are_not_proposed(figures):
    assert figures[NEGATIVES].proposals <= 2
