"""Floors of extraction on real articles marked by hand. Raise them when they are beaten."""

from pathlib import Path

import pytest

from tests.corpus.extraction import Figures, Share, measure, report

CORPUS = Path(__file__).absolute().parents[3] / "shared" / "corpus"

ARTICLES, DEV_NEWS = "articles.ndjson", "eval/dev_news.ndjson"
NEGATIVES, GERMAN = "eval/en_wikinews_negatives.ndjson", "eval/de_wikinews_dev.ndjson"
ENGLISH = pytest.mark.parametrize("name", [ARTICLES, DEV_NEWS])


pytestmark = pytest.mark.xdist_group("extraction")  # one worker measures


@pytest.fixture(scope="module")
def figures() -> dict[str, Figures]:
    if not (CORPUS / ARTICLES).exists():
        pytest.skip(f"the corpus is not at {CORPUS}")
    return {name: measure(CORPUS / name) for name in (ARTICLES, DEV_NEWS, NEGATIVES, GERMAN)}


@ENGLISH
def test_passages_that_are_quotes_are_found_to_the_letter(figures, name):
    assert figures[name].f1("near") >= 0.98
    assert figures[name].f1("exact") >= 0.98


@ENGLISH
@pytest.mark.parametrize(
    ("part", "floor"),
    [
        ("printed", 0.97),
        ("canonical", 0.97),
        ("role, overlap", 0.97),
        ("role, words", 0.87),
        ("organisation", 0.83),
        ("cue", 0.98),
    ],
)
def test_each_part_of_an_attribution_is_as_marked(figures, name, part, floor):
    assert figures[name].shares[part].of > 30
    assert figures[name].share(part) >= floor


def test_titles_and_names_in_quote_marks_are_not_proposed(figures):
    assert figures[NEGATIVES].proposals == 0


def test_the_band_sure_keeps_its_word_and_holds_a_third(figures):
    bands = [figures[name].bands for name in (ARTICLES, DEV_NEWS)]
    sure = Share(sum(b["sure"].right for b in bands), sum(b["sure"].of for b in bands))
    matched = sum(b[band].of for b in bands for band in ("sure", "likely", "check"))
    assert sure.value >= 0.97
    assert sure.of >= 0.30 * matched


def test_a_surer_band_is_right_more_often(figures):
    values = []
    for band in ("sure", "likely", "check"):
        shares = [figures[name].bands[band] for name in (ARTICLES, DEV_NEWS)]
        values.append(sum(s.right for s in shares) / sum(s.of for s in shares))
    assert values == sorted(values, reverse=True)


def test_german_quotes_are_found_with_their_speakers(figures):
    assert figures[GERMAN].f1("near") >= 0.86
    assert figures[GERMAN].f1("exact") >= 0.85
    assert figures[GERMAN].share("printed") >= 0.82
    assert figures[GERMAN].share("cue") >= 0.94


def test_the_way_of_the_words_is_as_marked(figures):
    assert figures[DEV_NEWS].shares["via"].of > 15
    assert figures[DEV_NEWS].share("via") >= 0.85


def test_the_report_tells_every_figure_with_its_interval(figures):
    told = report(figures[DEV_NEWS])
    for word in ("exact", "overlap", "canonical", "role", "organisation", "cue", "by rule", "sure"):
        assert word in told
    assert "articles a second" in told
