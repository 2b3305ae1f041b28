"""The past of a generated archive answers. `as_of.py` measures it at size."""

import subprocess
import sys

import pytest

from quotes.management.synthetic.archive import generate
from tests.bench import as_of
from tests.conftest import ok


def told(client, path: str, query: dict) -> dict:
    """What is answered, but for the link that names the query, and for what has no past."""
    answer = ok(client.get(f"{as_of.QUOTES}{path}", query))
    for quote in answer.get("results", ()):
        quote["anchor"].pop("nearest", None)
    return {**answer, "next": None}


@pytest.mark.django_db
def test_an_archive_whose_quotes_were_changed_answers_as_before(reader):
    generate(300, history=True)
    asked = {name: path for name, path in as_of.questions().items() if path[0] != "export/"}
    before = {name: told(reader, path, query) for name, (path, query) in asked.items()}
    at = as_of.change(100)
    for name, (path, query) in asked.items():
        assert told(reader, path, {**query, "as_of": at}) == before[name], name
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
