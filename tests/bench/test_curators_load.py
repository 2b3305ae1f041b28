"""Names join nobody wrongly, and ask a curator little. `curators_load.py` shows it for a month."""

import subprocess
import sys

import pytest

from sources.identity import merging
from sources.models import Speaker
from tests.bench import curators_load


@pytest.mark.django_db
def test_nobody_is_joined_wrongly_in_two_days(capsys):
    curators_load.report(days=2, articles=15, regulars=20)
    printed = capsys.readouterr().out
    assert printed.count("; 0 wrong joins") == 2
    assert "decisions in 1,000" in printed


@pytest.mark.django_db
def test_a_wrong_join_is_found(monkeypatch, capsys):
    def joins_all(curator):
        one, *others = Speaker.objects.active().filter(kind="person").order_by("pk")[:3]
        for other in others:
            merging.merge(other, one)
        return curators_load.Counter()

    monkeypatch.setattr(curators_load.Curator, "evening", joins_all)
    assert not curators_load.report(days=2, articles=5, regulars=20)
    assert "; 1 wrong joins" in capsys.readouterr().out


def test_it_says_what_it_does():
    command = [sys.executable, curators_load.__file__, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "--days" in done.stdout
