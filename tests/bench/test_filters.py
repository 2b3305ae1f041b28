"""Every filter is asked for, alone and with every other. `filters.py` measures it at size."""

import subprocess
import sys
from itertools import combinations

import pytest

from quotes.api.filters import QuoteFilters
from quotes.management.synthetic.archive import generate
from tests.bench import filters


@pytest.mark.django_db
def test_the_benchmark_asks_for_every_filter_and_every_two_and_tells_the_slowest(reader):
    generate(400)
    known = filters.values()
    searches = {"q", "phrase", "like"}  # which `search.py` measures
    elsewhere = {"as_of", "sample", "seed", "include_parts"}  # which are about all that matches
    assert set(known) | searches | elsewhere == set(QuoteFilters.base_filters)
    asked = list(filters.lists(known, 1, ["-published"]))
    assert {tuple(sorted({*each.query} - {"ordering"})) for each in asked} == {
        (),
        *((name,) for name in known),
        *(tuple(sorted(two)) for two in combinations(known, 2)),
    }
    lines = []
    filters.report(reader, 1, 1, ["-published"], lines.append)
    printed = "".join(lines)
    for part in ("p95", "p99", "the ten slowest", "Execution Time", "page 1"):
        assert part in printed


def test_the_benchmark_says_what_it_does():
    done = subprocess.run(
        [sys.executable, filters.__file__, "--help"], capture_output=True, text=True, timeout=60
    )
    assert "--keep" in done.stdout


def test_a_scan_of_a_large_table_is_seen_wherever_it_is_in_a_plan():
    scan = {"Node Type": "Seq Scan", "Relation Name": "quotes_quote"}
    plan = {"Node Type": "Limit", "Plans": [{"Node Type": "Sort", "Plans": [scan]}]}
    assert list(filters.scans_of(plan, {"quotes_quote"})) == ["quotes_quote"]
    assert not list(filters.scans_of(plan, {"quotes_via"}))
