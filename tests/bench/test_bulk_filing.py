"""An archive is filed. `bulk_filing.py` shows how fast."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import bulk_filing


def run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, bulk_filing.__file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.django_db
def test_the_benchmark_files_all_it_makes(tmp_path, capsys):
    from quotes.models import Quote
    from sources.models import Article

    bulk_filing.report(articles=5, rounds=1, directory=Path(tmp_path))
    printed = capsys.readouterr().out
    assert Article.objects.count() == 6 * 5
    assert Quote.objects.filter(anchor="exact").count() >= 6 * 5 * 4
    assert "articles/batch/" in printed
    assert Quote.objects.exclude(affiliation=None).exists()
    for stage in ("reading", "anchoring", "matching", "SQL"):
        assert stage in printed


@pytest.mark.parametrize("arguments", [["--articles", "0"], ["--rounds", "-1"], ["--articles=x"]])
def test_the_benchmark_refuses_nonsense(arguments):
    refused = run(*arguments)
    assert refused.returncode == 2
    assert "write a whole number" in refused.stderr


def test_the_benchmark_says_what_it_does():
    assert "--articles" in run("--help").stdout
