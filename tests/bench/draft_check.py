"""Check drafts against a large archive: `uv run python tests/bench/draft_check.py [--quotes N]`

Creates a database in the embedded server and generates an archive. Makes drafts of quotations that
are verbatim, trimmed, with one word changed, negated, with another number, of another speaker, of
retracted quotes, or invented. Prints how often the verdict of `quotes/check/` was right, by kind,
and how many were called verbatim that are not. Then it times drafts of 100 quotations, beside a
bare statement. `--keep` keeps the database for the next run with `--keep`.
"""

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import an_archive

SEED = 20261130

LIMIT = 2.0
"""Seconds that a draft of 100 quotations may take."""

MIN_RIGHT = 0.97

EXPECTED = {
    "verbatim": "verbatim",
    "trimmed": "verbatim",
    "one word changed": "altered",
    "negated": "altered",
    "another number": "altered",
    "another speaker": "misattributed",
    "retracted": "retracted",
    "invented": "not_on_record",
}

NOBODY = "Quenby Abernathy-Vox"


class Quotations:
    """Quotations of each kind, made of English quotes of the archive."""

    def __init__(self, random: Random):
        self.random = random
        self.published = self.sample("published")
        self.retracted = self.sample("retracted")
        words = [word for said, _ in self.published for word in said.split() if word.isalpha()]
        self.words = sorted({word.lower() for word in words if len(word) > 4})

    def sample(self, status: str) -> list[tuple[str, str]]:
        """Words and speakers of quotes that an article could print in marks on one line."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT q.text, s.name FROM quotes_quote q JOIN sources_speaker s"
                " ON s.id = q.speaker_id WHERE q.status = %s AND q.language LIKE 'en%%'"
                " AND s.kind = 'person' AND s.members = '{}'"
                " AND q.text !~ '[\n\"“”‘’«»…\\[\\]]'"
                " ORDER BY md5(q.id::text) LIMIT 4000",
                [status],
            )
            rows = cursor.fetchall()
        return [(text.rstrip(".,"), name) for text, name in rows if 8 <= len(text.split()) <= 40]

    def made(self, kind: str) -> tuple[str, str]:
        """The words and the speaker of one quotation."""
        said, speaker = self.random.choice(self.published)
        words = said.split()
        at = self.random.randrange(1, len(words) - 1)
        match kind:
            case "trimmed":
                return " ".join(words[: max(6, at)]), speaker
            case "one word changed":
                words[at] = self.random.choice(self.words)
                return " ".join(words), speaker
            case "negated":
                return " ".join([*words[:at], "never", *words[at:]]), speaker
            case "another number":
                return " ".join([*words[:at], "417", *words[at:]]), speaker
            case "another speaker":
                return said, NOBODY
            case "retracted":
                return self.random.choice(self.retracted or self.published)
            case "invented":
                return " ".join(self.random.choices(self.words, k=12)).capitalize(), speaker
        return said, speaker

    def draft(self, kinds: list[str]) -> tuple[str, list[tuple[str, str]]]:
        made = [self.made(kind) for kind in kinds]
        return "\n\n".join(f"“{words},” said {speaker}." for words, speaker in made), made


def check(client, text: str) -> list[dict]:
    answer = client.post("/api/v1/quotes/check/", {"text": text, "language": "en"})
    assert answer.status_code == 200, answer.content[:500]
    return answer.json()["results"]


def report_verdicts(client, quotations: Quotations, number: int, say) -> tuple[float, int]:
    """Prints how often each kind was judged right; the share in all, and wrong verbatim ones."""
    right, asked, wrong = Counter(), Counter(), 0
    for kind in EXPECTED:
        text, made = quotations.draft([kind] * (number // len(EXPECTED)))
        found = {each["text"].rstrip(","): each["verdict"] for each in check(client, text)}
        for words, _ in made:
            verdict = found.get(words)
            if verdict is None:
                continue  # extraction is measured elsewhere
            asked[kind] += 1
            right[kind] += verdict == EXPECTED[kind]
            wrong += verdict == "verbatim" != EXPECTED[kind]
        say(f"{kind:20}{right[kind]:5} of {asked[kind]:5}\n")
    return right.total() / max(1, asked.total()), wrong


def timed(client, quotations: Quotations, rounds: int) -> Iterator[float]:
    """Seconds that drafts of 100 quotations take, of all kinds; the first is not counted."""
    kinds = [kind for kind, _ in zip(list(EXPECTED) * 100, range(100), strict=False)]
    for turn in range(rounds + 1):
        text, _ = quotations.draft(kinds)
        began = time.perf_counter()
        check(client, text)
        if turn:
            yield time.perf_counter() - began


def bare_statement() -> float:
    """Milliseconds of a statement that reads one row."""
    from django.db import connection

    spent = []
    with connection.cursor() as cursor:
        for _ in range(200):
            began = time.perf_counter()
            cursor.execute("SELECT 1")
            cursor.fetchall()
            spent.append(1000 * (time.perf_counter() - began))
    return median(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=re.sub(r":.*", "", __doc__.split("\n")[0]))
    add = parser.add_argument
    add("--quotes", type=int, default=2_000_000, help="in the archive (default: %(default)s)")
    add("--rounds", type=int, default=10, help="drafts to time (default: %(default)s)")
    add("--checked", type=int, default=800, help="quotations to judge (default: %(default)s)")
    add("--keep", action="store_true", help="keep the database, or use the one that was kept")
    given = parser.parse_args()

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["ALLOWED_HOSTS"] = "testserver"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/min"
    import django

    django.setup()
    from tests.conftest import make_client

    say = sys.stdout.write
    with an_archive(given.quotes, keep=given.keep):
        client, quotations = make_client("Readers"), Quotations(Random(SEED))
        share, wrong = report_verdicts(client, quotations, given.checked, say)
        say(f"\nRight: {share:.1%} (at least {MIN_RIGHT:.0%}); verbatim and should not: {wrong}\n")
        spent = list(timed(client, quotations, given.rounds))
        say(
            f"A draft of 100 quotations: median {median(spent):.2f} s, slowest {max(spent):.2f} s"
            f" (at most {LIMIT} s); a bare statement {bare_statement():.2f} ms\n"
        )
    if share < MIN_RIGHT or wrong or median(spent) > LIMIT:
        sys.exit(1)


if __name__ == "__main__":
    main()
