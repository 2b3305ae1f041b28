"""Follow quotes through generated edits: `uv run python tests/bench/following.py [--edits N]`

Paragraphs move, headlines change, quotes are cut, correction notes repeat former words, speakers
are swapped, quote marks restyled. Prints the time, the share of unchanged quotes that were kept,
and the quotes that got a wrong place. Exits with 1 if there is one, or if less than 99 % are kept.
"""

import argparse
import sys
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.edits import EDITS, Outcome, follow

MIN_KEPT = 0.99
"""Share of the unchanged quotes that keep their place."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--edits", type=int, default=5_000)
    edits = parser.parse_args().edits
    random, outcome, began = Random(7), Outcome(), time.monotonic()
    for number in range(edits):
        follow(random, EDITS[number % len(EDITS)], outcome)
    kept = outcome.kept / outcome.unchanged
    lines = [
        f"{edits:,} edits in {time.monotonic() - began:.1f} s",
        f"{outcome.unchanged:,} unchanged quotes, {kept:.2%} kept",
        f"{len(outcome.wrong)} wrong places",
        *(f"{edit}: {words}\n{text}" for edit, words, text in outcome.wrong[:3]),
    ]
    sys.stdout.write("\n".join([*lines, ""]))
    return int(bool(outcome.wrong) or kept < MIN_KEPT)


if __name__ == "__main__":
    sys.exit(main())
