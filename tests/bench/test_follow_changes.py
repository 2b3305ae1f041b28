"""A copy kept by `changes/` equals the database. `follow_changes.py` shows it of more changes."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).with_name("follow_changes.py")


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, BENCH, *arguments], capture_output=True, text=True, timeout=300
    )


@pytest.mark.usefixtures("migrated_cluster")
@pytest.mark.xdist_group("clusters")
def test_the_copies_of_two_followers_equal_the_database_even_when_it_is_killed():
    done = run("--writers", "2", "--changes", "10", "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "undisturbed: 2 writers, 20 changes acknowledged, 0 not" in done.stdout
    assert "killed 1 times: 2 writers" in done.stdout
    assert done.stdout.count("records are as the API shows them") == 4
    assert done.stdout.count("acknowledged versions are all in the ledger") == 2


def test_it_says_what_it_does():
    done = run("--help")
    assert done.returncode == 0
    for name in ("--writers", "--changes", "--rounds"):
        assert name in done.stdout


@pytest.mark.parametrize(
    "nonsense", [("--writers", "0"), ("--changes", "-1"), ("--rounds", "many"), ("--speed", "9")]
)
def test_nonsense_is_refused(nonsense):
    done = run(*nonsense)
    assert done.returncode == 2
    assert nonsense[1] in done.stderr or nonsense[0] in done.stderr
