"""The required coverage only rises. `covered.py` measures it."""

import subprocess
import sys
import tomllib

import pytest

from tests.bench import covered


@pytest.mark.parametrize(
    ("required", "share", "then"),
    [("90.0", 91.29, "91.2"), ("90.0", 89.99, "90.0"), ("90", 90.04, "90.0")],
)
def test_the_required_share_is_raised_and_never_lowered(required, share, then):
    settings = f"[tool.coverage.report]\nfail_under = {required}\nskip_empty = true\n"
    raised = covered.raised(settings, share)
    assert raised == settings.replace(f"= {required}", f"= {then}")


def test_the_required_share_is_in_the_settings():
    settings = (covered.ROOT / "pyproject.toml").read_text()
    share = tomllib.loads(settings)["tool"]["coverage"]["report"]["fail_under"]
    assert float(covered.FAIL_UNDER.search(settings)[2]) == share


def test_it_says_what_it_does():
    done = subprocess.run(
        [sys.executable, covered.__file__, "--help"], capture_output=True, text=True, timeout=60
    )
    assert "fail_under" in done.stdout
