"""Change code that needs no database, and count which changes the tests notice.

    uv run --with "mutmut>=3.8,<4" python tests/bench/mutants.py [--mutants N]

mutmut makes thousands of copies of the functions in `MODULES`, each with one change: a sign, a
constant, a comparison. A sample of them, the same for the same seed, is run against the tests that
call the function and use no database. Prints each change that no test notices, and exits with 1 if
fewer than 85 % are noticed. Works on a copy of the tree under /tmp.
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

MODULES = (
    "quotes/anchoring/normalization.py",
    "quotes/anchoring/seams.py",
    "quotes/anchoring/split_quotes.py",
    "quotes/utterances/wording.py",
    "sources/dates.py",
    "sources/identity/names.py",
)

TESTS = (
    "tests/quotes/anchoring",
    "tests/quotes/search/test_verbatim.py",
    "tests/quotes/utterances/test_wording.py",
    "tests/sources/identity/test_names.py",
    "tests/sources/identity/test_name_pairs.py",
    "tests/sources/test_dates.py",
)

REQUIRED = 0.85
"""Share of the sample that the tests notice."""

FEW = "sources.dates.*__mutmut_1"
"""Some mutants, run first so that mutmut makes all and learns which test calls which function."""

NOTICED = {"killed", "timeout", "segfault", "check was interrupted by user"}
"""What mutmut calls a change that fails a test, never ends, or breaks Python or the collection."""

CHOSEN = "not test_budget and not hostile_text and not two_million and not after_a_while"
"""Left out: tests that count calls, which mutmut multiplies, and tests of very long texts."""

FORGETTING = """
import sys

def pytest_sessionstart():
    ours = [each for name, each in sys.modules.items() if name.startswith(("quotes.", "sources."))]
    for value in [value for module in ours for value in vars(module).values()]:
        if hasattr(value, "cache_clear"):
            value.cache_clear()
"""
"""A plugin of pytest that empties the caches of functions.

The tests of a change run in a fork of a process that has run them without it. Answers that
functions remember there would hide the change.
"""

LEFT_OUT = (".*", "var", "__pycache__", "mutants")
"""Not copied: what git does not keep."""

CONFIG = """
[tool.mutmut]
source_paths = ["config", "quotes", "sources"]
also_copy = ["manage.py", "README.md", "forgetting.py"]
only_mutate = {modules}
pytest_add_cli_args = [
    "-o", "addopts=--import-mode=importlib", "-p", "no:schemathesis", "-p", "forgetting",
    "-m", "not django_db", "-k", "{chosen}",
]
pytest_add_cli_args_test_selection = {tests}
timeout_constant = 10.0  # seconds
timeout_multiplier = 2.0
"""


ENVIRONMENT = {
    "DATABASE_URL": "postgres://nobody:none@127.0.0.1:1/none",
    "SECRET_KEY": "none" * 20,
    "HYPOTHESIS_PROFILE": "first",
}
"""A test that uses a database fails at once, and starts no server. No failure is made smaller."""


def mutmut(folder: Path, *arguments: str) -> str:
    """Run mutmut in the copy; return what it prints."""
    done = subprocess.run(
        [Path(sys.executable).parent / "mutmut", *arguments],
        cwd=folder,
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"mutmut {arguments[0]} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def results(folder: Path) -> dict[str, str]:
    """What became of each mutant, by its name."""
    lines = mutmut(folder, "results", "--all", "true").splitlines()
    return dict(line.strip().rsplit(": ", 1) for line in lines if ": " in line)


def sample_of(names: list[str], size: int, seed: int) -> list[str]:
    """The same names for the same seed, as long as no function is changed."""
    return random.Random(seed).sample(sorted(names), min(size, len(names)))


def copy_of_the_tree(folder: Path) -> Path:
    """Copy the tree, with a configuration of mutmut."""
    copy = folder / "tree"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (copy / "forgetting.py").write_text(FORGETTING)
    with (copy / "pyproject.toml").open("a") as file:
        file.write(CONFIG.format(modules=list(MODULES), tests=list(TESTS), chosen=CHOSEN))
    return copy


def report(folder: Path, sampled: list[str]) -> Iterator[str]:
    """Each change that no test notices, and how many are noticed of each module."""
    became = results(folder)
    for name in sampled:
        if became[name] not in NOTICED:
            yield f"{became[name]}: {mutmut(folder, 'show', name)}"
    modules = {name: re.sub(r"\.x[_ǁ].*", "", name) for name in sampled}
    for module in sorted(set(modules.values())):
        names = [name for name in sampled if modules[name] == module]
        yield f"{module}: {noticed(became, names)} of {len(names)}"


def noticed(became: dict[str, str], names: list[str]) -> int:
    return sum(became[name] in NOTICED for name in names)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--mutants", type=int, default=400, help="in the sample (default: %(default)s)")
    add("--seed", type=int, default=1, help="of the sample (default: %(default)s)")
    add("--module", default="", help="only of modules whose name has this in it")
    add("--processes", type=int, default=os.cpu_count(), help="at once (default: %(default)s)")
    options = parser.parse_args()
    if not (Path(sys.executable).parent / "mutmut").exists():
        sys.exit('mutmut is not installed. Run: uv run --with "mutmut>=3.8,<4" python …')
    with tempfile.TemporaryDirectory(prefix="onrecord-mutants-") as name:
        folder = copy_of_the_tree(Path(name))
        at_once = f"--max-children={options.processes}"
        mutmut(folder, "run", at_once, FEW)
        names = [name for name in results(folder) if options.module in name]
        sampled = sample_of(names, options.mutants, options.seed)
        mutmut(folder, "run", at_once, *sampled)
        became = results(folder)
        if slow := [name for name in sampled if became[name] == "timeout"]:
            mutmut(folder, "run", at_once, *slow)  # was it the change, or was the machine busy?
        sys.stdout.writelines(f"{line}\n" for line in report(folder, sampled))
        share = noticed(results(folder), sampled) / len(sampled)
    sys.stdout.write(f"Noticed: {share:.1%} of {len(sampled)} (required: {REQUIRED:.0%})\n")
    return int(share < REQUIRED)


if __name__ == "__main__":
    sys.exit(main())
