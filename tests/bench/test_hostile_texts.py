"""Hostile filings end. `hostile_texts.py` shows how soon."""

import pytest

from tests.bench import hostile_texts


@pytest.fixture(autouse=True)
def _any_machine(monkeypatch):
    """The benchmark tells how soon they end; here they only have to."""
    monkeypatch.setattr(hostile_texts, "MAX_SECONDS", 60.0)


@pytest.mark.django_db
def test_the_benchmark_files_honest_quotes_and_refuses_hostile_ones(capsys):
    assert hostile_texts.report(["dash dialogue"], characters=40_000, honest=False)
    printed = capsys.readouterr().out
    assert "bare statements a second" in printed
    assert "0 over 60.0 s" in printed
    assert "These words occur" in printed


@pytest.mark.django_db
def test_the_benchmark_follows_the_quotes_of_an_archive(capsys):
    assert hostile_texts.report([], characters=40_000)
    lines = [
        line.split() for line in capsys.readouterr().out.splitlines() if "of an archive" in line
    ]
    assert [line[-2] for line in lines] == ["201", "200"]
