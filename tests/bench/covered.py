"""Measure how much of the code the tests run: `uv run python tests/bench/covered.py [TESTS…]`

Runs the suite, or the tests that are named, with coverage.py: lines and branches, in every process
that the tests start. Prints the files whose coverage is below the required share, then the share of
all. Exits with 1 if a test fails, or if the whole suite covers less than `fail_under` in
pyproject.toml. If it covers more, that number is raised in the file: it never falls by itself.
Tests take longer than without, which is why `.ci/run` does not do this.
"""

import argparse
import json
import math
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FAIL_UNDER = re.compile(r"^(fail_under = )([0-9.]+)$", re.MULTILINE)


def coverage(*arguments: str) -> int:
    command = [sys.executable, "-m", "coverage", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def raised(settings: str, share: float) -> str:
    """The text of pyproject.toml with the required share raised to this one, in tenths of 1 %."""
    share = math.floor(share * 10) / 10

    def higher(found: re.Match) -> str:
        return f"{found[1]}{max(float(found[2]), share):.1f}"

    return FAIL_UNDER.sub(higher, settings)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tests", nargs="*", help="paths of tests (default: the whole suite)")
    add = parser.add_argument
    add("--add", action="store_true", help="add to what was measured before, in parts")
    options = parser.parse_args()

    if not options.add:
        coverage("erase")
    failed = coverage("run", "-m", "pytest", "-q", *options.tests)
    coverage("combine", "--quiet", *(["--append"] if options.add else []))
    report = ROOT / "var" / "coverage.json"
    report.parent.mkdir(exist_ok=True)
    coverage("report", "--fail-under=0", "--skip-covered", "--sort=cover")
    coverage("json", "--quiet", "--fail-under=0", "-o", str(report))
    share = json.loads(report.read_text())["totals"]["percent_covered"]
    if options.tests:
        return int(failed > 0)
    settings = ROOT / "pyproject.toml"
    required = float(FAIL_UNDER.search(settings.read_text())[2])
    sys.stdout.write(f"Covered: {share:.2f} % (required: {required} %)\n")
    if failed or share < required:
        return 1
    settings.write_text(raised(settings.read_text(), share))
    return 0


if __name__ == "__main__":
    sys.exit(main())
