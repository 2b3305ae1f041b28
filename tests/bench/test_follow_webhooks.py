"""A copy kept by webhooks equals the database. `follow_webhooks.py` shows it of more changes."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).with_name("follow_webhooks.py")


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, BENCH, *arguments], capture_output=True, text=True, timeout=300
    )


@pytest.mark.usefixtures("migrated_cluster")
@pytest.mark.xdist_group("clusters")
def test_a_copy_kept_by_webhooks_equals_the_database_even_when_everything_is_killed():
    done = run("--writers", "1", "--changes", "0", "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "killed 1 times: 1 writers" in done.stdout
    assert done.stdout.count("records are as the API shows them") == 2


@pytest.mark.parametrize(
    "nonsense", [("--writers", "0"), ("--rounds", "many"), ("--changes", "0", "--rounds", "0")]
)
def test_nonsense_is_refused(nonsense):
    done = run(*nonsense)
    assert done.returncode == 2
    assert nonsense[1] in done.stderr or nonsense[0] in done.stderr
