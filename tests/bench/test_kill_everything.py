"""Nothing acknowledged is lost when all is killed. `kill_everything.py` shows it of more kills."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).with_name("kill_everything.py")


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, BENCH, *arguments], capture_output=True, text=True, timeout=300
    )


@pytest.mark.usefixtures("migrated_cluster")
@pytest.mark.xdist_group("clusters")
def test_nothing_acknowledged_is_lost_or_doubled_when_everything_is_killed():
    done = run("--writers", "1", "--changes", "1", "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "undisturbed: 1 writers, 1 changes acknowledged, 0 not" in done.stdout
    assert "killed 1 times: 1 writers" in done.stdout
    assert done.stdout.count("speakers are there once") == 2
    assert done.stdout.count("records are as the API shows them") == 8
    assert done.stdout.count("records hold.") == 2
    assert done.stdout.count("revisions are in the tree once each, and signed") == 2


@pytest.mark.parametrize(
    "nonsense", [("--writers", "0"), ("--rounds", "many"), ("--changes", "0", "--rounds", "0")]
)
def test_nonsense_is_refused(nonsense):
    done = run(*nonsense)
    assert done.returncode == 2
    assert nonsense[1] in done.stderr or nonsense[0] in done.stderr
