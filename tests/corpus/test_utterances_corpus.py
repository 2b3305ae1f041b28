"""Statements that the corpus prints more than once, marked by hand, are matched."""

import pytest

from quotes.models import Quote
from tests.bench.utterances import score
from tests.corpus.test_corpus import filed, marks  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db

# (article, offset) of marks of one speaker that report the same words
SAID_ONCE = [
    [("000", 458), ("000", 510), ("001", 641), ("001", 2243)],
    [("000", 601), ("001", 732), ("001", 877)],
    [("001", 247), ("001", 780)],
    [("001", 1779), ("001", 3923)],
    [("001", 35), ("001", 388)],
    [("003", 1341), ("003", 1371), ("003", 5812)],
    [("wikinews-taxes", 2578), ("wikinews-taxes", 2624)],
]


def test_statements_that_the_corpus_repeats_are_matched(marks, corpus):  # noqa: F811
    position_of = {
        mark["id"]: (article["key"], mark["start"])
        for article in corpus
        for mark in article["quotes"]
    }
    known = {key: number for number, keys in enumerate(SAID_ONCE) for key in keys}
    assert known.keys() <= set(position_of.values())
    found = dict(Quote.objects.values_list("pk", "utterance"))
    found = {str(key): utterance for key, utterance in found.items()}
    truth = [known.get(position_of[mark["id"]]) for mark in marks.values()]
    said = [found[key] for key in marks]
    ways = [mark["id"] for mark in marks.values()]
    result = score(truth, said, ways)
    assert result.right > 10
    assert result.precision >= 0.98, result.wrongly
    assert result.recall >= 0.95, result.missing
