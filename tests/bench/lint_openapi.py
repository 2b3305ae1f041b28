"""Lint the OpenAPI document with spectral and redocly, by their recommended rules.

    uv run python tests/bench/lint_openapi.py

Needs Node.js, and fetches both linters from the npm registry into npm's own cache. Exits with 1 if
spectral warns of anything, or redocly reports an error, other than paths that end in a slash: those
are part of the API's contract. Takes a minute; leaves nothing in the tree.
"""

import argparse
import collections
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPECTRAL = "@stoplight/spectral-cli@6"
REDOCLY = "@redocly/cli@2"
SLASHES = {"path-keys-no-trailing-slash", "no-path-trailing-slash"}


def output_of(package: str, *arguments: str, folder: Path) -> str:
    """Run a linter in a folder; it exits with 1 when it has something to report."""
    command = ["npx", "--yes", f"--package={package}", "--", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout.strip():
        sys.exit(f"{package} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def spectral(folder: Path) -> collections.Counter:
    """Lint by the ruleset `spectral:oas`; count everything it reports, by rule."""
    (folder / "rules.yaml").write_text('extends: ["spectral:oas"]\n')
    found = output_of(
        SPECTRAL,
        *("spectral", "lint", "--ruleset", "rules.yaml", "--format", "json", "--quiet"),
        "openapi.json",
        folder=folder,
    )
    return collections.Counter(each["code"] for each in json.loads(found))


def redocly(folder: Path) -> tuple[collections.Counter, collections.Counter]:
    """Lint by the ruleset `recommended`; count the errors and the warnings, by rule."""
    found = output_of(REDOCLY, "redocly", "lint", "--format", "json", "openapi.json", folder=folder)
    problems = json.loads(found)["problems"]
    errors, warnings = (
        collections.Counter(each["ruleId"] for each in problems if each["severity"] == severity)
        for severity in ("error", "warn")
    )
    return errors, warnings


def report(name: str, counts: collections.Counter) -> bool:
    """Print how often each rule is broken; return whether any but those of slashes is."""
    rules = ", ".join(f"{rule} {number}" for rule, number in counts.most_common())
    sys.stdout.write(f"{name}: {counts.total()} {rules}\n")
    return bool(counts.keys() - SLASHES)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    if not shutil.which("npx"):
        sys.exit("Install Node.js first: the linters run on it.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [
                *(sys.executable, "manage.py", "spectacular", "--validate", "--fail-on-warn"),
                *("--format", "openapi-json", "--file", str(folder / "openapi.json")),
            ],
            cwd=ROOT,
            check=True,
        )
        is_faulty = report("spectral", spectral(folder))
        errors, warnings = redocly(folder)
        is_faulty |= report("redocly errors", errors)
        report("redocly warnings", warnings)
    return int(is_faulty)


if __name__ == "__main__":
    sys.exit(main())
