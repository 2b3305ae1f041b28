"""Archives of several sizes are asked for the same. `growth.py` measures it at size."""

import subprocess
import sys

import pytest

from quotes.api.filters import QuoteFilters
from quotes.management.synthetic.archive import generate
from tests.bench import growth


class Slow:
    """An archive that takes as long as it is told."""

    def __init__(self, quotes: int, milliseconds: dict[str, float]):
        self.quotes, self.milliseconds = quotes, milliseconds

    def kinds(self, turn: int) -> list[str]:
        return list(self.milliseconds)

    def ask(self, number: int) -> float:
        return list(self.milliseconds.values())[number]


@pytest.mark.django_db
def test_every_filter_and_search_is_asked_of_each_archive(reader, monkeypatch):
    generate(600)
    lines = []
    archives = [growth.Archive(600, reader), growth.Archive(600, reader)]
    for archive in archives:
        archive.lists = list(dict(archive.lists).items())  # one list of each kind
    monkeypatch.setattr(growth, "SEARCHES_A_ROUND", 1)
    growth.report(archives, 1, lines.append)
    printed = "".join(lines)
    searches = {"q", "phrase", "like"}
    past = {"as_of", "sample", "seed", "include_parts"}
    for name in {*QuoteFilters.base_filters} - searches - past | {"all by -created", "two filters"}:
        assert f"\n{name} " in printed, name
    for name in searches:
        assert f"\n{name}, rare" in printed or f"\n{name}, three rare" in printed


def test_what_grows_by_more_than_is_required_is_told():
    small = Slow(10, {"speaker": 10, "outlet": 10, "q, rare": 4})
    large = Slow(1_000, {"speaker": 16, "outlet": 14, "q, rare": 5})
    lines = []
    faults = growth.report([small, large], 3, lines.append)
    assert faults == ["all lists, p95: 1.60", "speaker, p50: 1.60"]
    assert sum(line.endswith("over\n") for line in lines) == 2


@pytest.mark.parametrize("nonsense", ["200000", "20,10", "20,20", "0,5", "x,y"])
def test_sizes_that_cannot_be_compared_are_refused(nonsense):
    command = [sys.executable, growth.__file__, "--quotes", nonsense]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert nonsense in done.stderr
