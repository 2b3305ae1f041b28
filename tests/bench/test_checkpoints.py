"""A log is made, signed and verified. `checkpoints.py` shows how fast."""

import subprocess
import sys

import pytest

from tests.bench import checkpoints


@pytest.mark.django_db(transaction=True)
def test_each_part_is_timed_over_all_revisions(tmp_path, settings):
    settings.ONRECORD_LOG_KEYS = []  # and what it was is set again
    spent = checkpoints.measure(3_000, tmp_path)
    assert [*spent] == [
        *("sequencer", "first checkpoint", "next checkpoint", "verify --against", "offline")
    ]
    assert (tmp_path / "log/checkpoints/4000").exists()


def test_what_is_slower_than_required_is_named():
    fast = {"sequencer": 400, "verify --against": 119}
    assert checkpoints.faults(10_000_000, fast) == []
    (rate,) = checkpoints.faults(10_000_000, fast | {"sequencer": 600})
    assert "16,667 a second" in rate
    (slow,) = checkpoints.faults(10_000_000, fast | {"verify --against": 130})
    assert "130 s; 120 are asked" in slow


def test_the_benchmark_says_what_it_does():
    command = [sys.executable, checkpoints.__file__, "--help"]
    assert "--revisions" in subprocess.run(command, capture_output=True, text=True).stdout
