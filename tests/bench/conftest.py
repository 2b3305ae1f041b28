"""A database cluster that benches with one of their own begin with, in the suite."""

import os
import signal
import subprocess
import sys

import pytest

from tests.config.database.test_embedded import (
    PROJECT,
    a_directory,
    is_stopped,
    postmaster,
    wait_until,
)


@pytest.fixture(scope="session")
def migrated_cluster():
    """Have each bench copy a stopped cluster with all tables, and make none itself."""
    with a_directory() as directory, pytest.MonkeyPatch.context() as patch:
        cluster = directory / "pg"
        made_by = {
            "PYTHONPATH": str(PROJECT),
            "DJANGO_SETTINGS_MODULE": "tests.bench.own_cluster",
            "BENCH_CLUSTER": str(cluster),
        }
        command = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(command, cwd=PROJECT, env={**os.environ, **made_by}, check=True)
        os.kill(postmaster(cluster), signal.SIGINT)
        wait_until(lambda: is_stopped(cluster))
        patch.setenv("BENCH_TEMPLATE", str(cluster))
        yield
