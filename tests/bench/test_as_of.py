"""The past of a generated archive answers. `as_of.py` measures it at size."""

import subprocess
import sys

import pytest

from quotes.management.synthetic.archive import generate
from tests.bench import as_of
from tests.conftest import ok


@pytest.mark.django_db
def test_an_archive_whose_quotes_were_changed_answers_as_before(reader):
    generate(300, history=True)
    asked = {name: path for name, path in as_of.questions().items() if path[0] != "export/"}
    before = {name: ok(reader.get(f"{as_of.QUOTES}{path}", q)) for name, (path, q) in asked.items()}
    at = as_of.change(100)
    for name, (path, query) in asked.items():
        told = ok(reader.get(f"{as_of.QUOTES}{path}", {**query, "as_of": at}))
        assert {**told, "next": None} == {**before[name], "next": None}, name
    assert len(as_of.measure(reader, at, rounds=1)) == len(as_of.questions())


def test_a_past_that_takes_too_long_is_over():
    lines = []
    assert as_of.show({"list": (10.0, 29.0), "facets": (10.0, 31.0)}, lines.append) == ["facets"]
    assert [line.endswith("OVER\n") for line in lines] == [False, False, True]


def test_the_benchmark_says_what_it_does():
    done = subprocess.run(
        [sys.executable, as_of.__file__, "--help"], capture_output=True, text=True, timeout=60
    )
    assert "--questions" in done.stdout
