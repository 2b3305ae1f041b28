"""Changes that no test notices are counted. `mutants.py` tries 400 of them."""

import subprocess
import sys
import tomllib

from sources.identity.names import parse
from tests.bench import mutants


def test_the_sample_is_the_same_for_the_same_seed():
    names = [f"sources.dates.x_parse__mutmut_{number}" for number in range(50)]
    sample = mutants.sample_of(names, 10, seed=1)
    assert sample == mutants.sample_of(names[::-1], 10, seed=1)
    assert len(set(sample)) == 10
    assert sample != mutants.sample_of(names, 10, seed=2)
    assert sorted(mutants.sample_of(names, 400, seed=1)) == sorted(names)


def test_what_no_test_calls_is_not_noticed():
    became = {"a": "killed", "b": "timeout", "c": "survived", "d": "no tests", "e": "suspicious"}
    assert mutants.noticed(became, list(became)) == 2
    assert mutants.noticed(became, ["a", "c"]) == 1


def test_the_copy_has_the_tree_and_says_what_to_change(tmp_path):
    copy = mutants.copy_of_the_tree(tmp_path)
    settings = tomllib.loads((copy / "pyproject.toml").read_text())["tool"]["mutmut"]
    assert settings["only_mutate"] == list(mutants.MODULES)
    for path in (*mutants.MODULES, *mutants.TESTS, "manage.py", "sources/identity/words.toml"):
        assert (copy / path).exists(), path
    assert not (copy / ".git").exists()


def test_the_tests_of_a_change_get_no_answers_from_before_it():
    parse("Mara Quill")
    plugin = {}
    exec(mutants.FORGETTING, plugin)
    plugin["pytest_sessionstart"]()
    assert parse.cache_info().currsize == 0


def test_it_says_what_it_does():
    done = subprocess.run(
        [sys.executable, mutants.__file__, "--help"], capture_output=True, text=True, timeout=60
    )
    assert "--mutants" in done.stdout
