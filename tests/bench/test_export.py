"""Exports are measured. `export.py` does it of more quotes."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).with_name("export.py")


@pytest.mark.usefixtures("migrated_cluster")
@pytest.mark.xdist_group("clusters")
def test_it_tells_of_every_form_and_of_pages_meanwhile():
    done = subprocess.run(
        [sys.executable, BENCH, "--quotes", "300", "--rounds", "1", "--pages", "20"],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    for row in ("psql \\copy", "NDJSON", "CSV", "Parquet", "idle", "during NDJSON", "x idle"):
        assert row in done.stdout
