"""The bench of utterances at a small size."""

import pytest

from tests.bench import utterances


@pytest.mark.django_db
def test_the_bench_tells_how_well_quotes_are_matched(capsys):
    utterances.report(300, utterances.SEED, None)
    told = capsys.readouterr().out
    assert "precision" in told
    assert "missed, by the ways" in told


def test_pairs_are_counted_by_who_is_in_one_group():
    result = utterances.score(["a", "a", "a", "b", None], [1, 1, 2, 2, None], ["x"] * 5)
    assert (result.right, result.wrong, result.missed) == (1, 1, 2)
    assert result.precision == 1 / 2
    assert result.recall == 1 / 3
