"""The programs of the guide to clients are found whole. `clients/run.py` runs them."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.bench.clients.run import programs

BENCH = Path(__file__).parent / "clients" / "run.py"


def test_each_program_of_the_guide_is_found_with_what_it_prints():
    found = programs()
    assert [language for language, _, _ in found] == ["python", "ts", "python"]
    for language, code, shown in found:
        assert shown.strip()
        if language == "python":
            assert ast.get_docstring(ast.parse(code))
    for name in ("file_article", "propose_quote", "publish_quote", "correct_quote", "check_draft"):
        assert name in found[0][1]


def test_it_says_what_it_does():
    done = subprocess.run(
        [sys.executable, BENCH, "--help"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "config/guides/clients.md" in done.stdout
