"""The bench of utterances at a small size."""

import sys

import pytest

from tests.bench import utterances


@pytest.mark.django_db
def test_the_bench_reports_precision_and_missed_pairs(capsys):
    utterances.report(300, utterances.SEED, None)
    told = capsys.readouterr().out
    assert "precision" in told
    assert "missed, by how" in told


@pytest.mark.django_db
def test_generated_quotes_are_matched_with_precision_and_recall(capsys):
    result, _ = utterances.measure_generated(1_500, utterances.SEED)
    assert result.precision >= 0.98
    assert result.recall >= 0.9  # of few quotes; the bench tells it of many
    utterances.print_score(result, sys.stdout.write)
    assert "missed, by how" in capsys.readouterr().out


def test_the_score_counts_pairs_of_the_same_group():
    result = utterances.score(["a", "a", "a", "b", None], [1, 1, 2, 2, None], ["x"] * 5)
    assert (result.right, result.wrong, result.missed) == (1, 1, 2)
    assert result.precision == 1 / 2
    assert result.recall == 1 / 3
