"""Hostile filings: `uv run python tests/bench/hostile_texts.py [--characters N,N…] [KIND …]`

Files texts that repeat themselves (`tests/hostile_texts.py`) in a database of its own: with quotes
of the text, with quotes that are nearly in it, with quotes of many parts, and again with another
text, so that the quotes on record are followed. Prints the CPU time of each request, and exits with
1 if one takes longer than 2 s, or if 300 quotes of an honest text of that length are refused.
"""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import own_database
from tests.bench.filings import Newsroom
from tests.hostile_texts import KINDS

MAX_SECONDS = 2.0
"""CPU time of one request in the service's process; PostgreSQL's is not counted."""

MAX_BYTES = 4_200_000
"""Of a text in UTF-8: the body of a request may have 5 MiB."""

MAX_QUOTED_BYTES = 700_000
"""Of all quotes of a filing in UTF-8."""

MAX_WORDS = 100_000
"""Characters of a quote."""

QUOTES = 300
PARTS = 60
"""Spans of a quote of many parts."""


def text_of(unit: str, characters: int) -> str:
    characters = min(characters, MAX_BYTES * len(unit) // len(unit.encode()))
    return (unit * (characters // len(unit) + 1))[:characters]


def filings(unit: str, words: list[str], characters: int) -> Iterator[tuple[str, dict]]:
    """The filings of one kind, by the kind of their quotes."""
    text, numbers = text_of(unit, characters), range(QUOTES)
    quoted = {
        "alike": (words * QUOTES)[:QUOTES],
        "longer": [unit * (n % 60 + 1) for n in numbers],
        "near": [f"{unit * (20 + n % 40)} zebra {n}" for n in numbers],
        "elided": [" … ".join([unit * (n % 9 + 1)] * (2 + n % 18)) for n in numbers],
        "long": [f"{text[: MAX_WORDS - 200]} zebra {n}" for n in numbers],
    }
    for name, said in quoted.items():
        yield name, {"text": text, "quotes": [{"text": each} for each in _bounded(said)]}
    step = len(unit) * max(2, len(text) // len(unit) // (QUOTES * (PARTS + 1)))
    starts = [[at * step for at in range(n * PARTS, (n + 1) * PARTS)] for n in numbers]
    spans = [[[at, at + len(unit)] for at in each if at + len(unit) < len(text)] for each in starts]
    said = {"speaker": "Anna Lund", "text": f"Anna {unit[:90]}", "cue": (unit * 40)[:180]}
    quotes = [{"spans": s, "attribution": said, "gaps_checked": True} for s in spans if s]
    yield "parts", {"text": text, "quotes": quotes[: MAX_QUOTED_BYTES // 3_000]}


def _bounded(quotes: list[str]) -> list[str]:
    sizes = accumulate(len(each.encode()) for each in quotes)
    return [each for each, size in zip(quotes, sizes, strict=True) if size <= MAX_QUOTED_BYTES]


def standing(unit: str, characters: int) -> tuple[dict, dict]:
    """A filing with quotes, and the same article with another text."""
    text = text_of(unit, characters - 60)
    step = max(20, len(unit)) * 2
    quotes = [{"spans": [[n * step, n * step + step // 2]]} for n in range(QUOTES)]
    first = {"text": text, "quotes": quotes}
    return first, {"text": "Corrected: x. \n\n" + text[: len(text) // 2] + "\nWe were wrong."}


class Honest:
    """Long articles as newspapers print them, with quotes from all over."""

    def __init__(self, characters: int):
        room, pieces, quotes, length, number = Newsroom(Random(1)), [], [], 0, 0
        while length < characters - 20_000:
            filing = room.filing(number)
            pieces.append(filing["text"])
            length += len(filing["text"]) + 2
            quotes += filing["quotes"]
            number += 1
        self.text = "\n\n".join(pieces)
        sample = Random(2).sample(quotes, len(quotes))
        self.quotes = [
            {key: value for key, value in quote.items() if key not in ("spans", "external_id")}
            for quote in sample
        ]

    def filing(self) -> dict:
        once = [q for q in self.quotes if self.text.count(q["text"]) == 1]
        return {"text": self.text, "quotes": once[:QUOTES]}


class Client:
    def __init__(self):
        from django.contrib.auth.models import Group, User
        from django.test import Client
        from knox.models import AuthToken

        user = User.objects.create_user("bench")
        user.groups.set(Group.objects.filter(name="Curators"))
        _, token = AuthToken.objects.create(user=user)
        self.client = Client(headers={"Authorization": f"Token {token}", "Host": "127.0.0.1"})
        self.number = 0

    def file(self, filing: dict, number: int | None = None) -> tuple[int, float, dict]:
        """Status, CPU seconds and answer."""
        if number is None:
            self.number = number = self.number + 1
        filing = {"url": f"https://post.example/{number}", "plain": True, **filing}
        body = json.dumps(filing, ensure_ascii=False).encode()
        began = time.process_time()
        answer = self.client.post("/api/v1/articles/", body, content_type="application/json")
        return answer.status_code, time.process_time() - began, answer.json()


def bare_statement() -> float:
    """Statements a second, to judge by how busy the machine is."""
    from django.db import connection

    began, count = time.perf_counter(), 2_000
    with connection.cursor() as cursor:
        for _ in range(count):
            cursor.execute("SELECT 1")
    return count / (time.perf_counter() - began)


def why(answer: dict) -> str:
    faults = [each["message"] for each in answer.get("errors", [])]
    spent = any("too much work" in fault for fault in faults)
    return "budget spent" if spent else faults[0][:60] if faults else ""


def report(kinds: list[str], characters: int, *, honest: bool = True) -> bool:
    """Print the table; return whether each request stayed within the limit."""
    say, client, slow = sys.stdout.write, Client(), []
    say(f"\n{characters:,} characters, {bare_statement():,.0f} bare statements a second\n\n")
    say(f"{'text':28}{'quotes':12}{'status':>7}{'CPU s':>7}  \n")

    def line(kind: str, quotes: str, status: int, seconds: float, answer: dict) -> None:
        say(f"{kind:28}{quotes:12}{status:7}{seconds:7.2f}  {why(answer)}\n")
        sys.stdout.flush()
        if seconds > MAX_SECONDS:
            slow.append((kind, quotes, seconds))

    for kind in kinds:
        unit, words = KINDS[kind]
        for quotes, filing in filings(unit, words, characters):
            line(kind, quotes, *client.file(filing))
        first, second = standing(unit, characters)
        status, seconds, answer = client.file(first)
        line(kind, "standing", status, seconds, answer)
        if status == 201:
            line(kind, "followed", *client.file(second, client.number))
    is_filed = True
    if honest:
        archive = Honest(characters).filing()
        for quotes in ("honest", "again"):
            status, seconds, answer = client.file(archive, client.number + (quotes == "honest"))
            client.number += quotes == "honest"
            is_filed &= status in (200, 201)
            line(f"{len(archive['quotes'])} quotes of an archive", quotes, status, seconds, answer)
        edited = {**archive, "text": "Corrected.\n\n" + archive["text"]}
        status, seconds, answer = client.file(edited, client.number)
        line("the same", "followed", status, seconds, answer)
        is_filed &= status == 200
    say(f"\n{len(slow)} over {MAX_SECONDS} s\n")
    for kind, quotes, seconds in sorted(slow, key=lambda each: -each[2]):
        say(f"  {kind}, {quotes}: {seconds:.2f}\n")
    return is_filed and not slow


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="of text (default: all)")
    add = parser.add_argument
    add("--characters", default="2000000,50000", help="of each text (default: %(default)s)")
    given = parser.parse_args()
    if unknown := [kind for kind in given.kinds if kind not in KINDS]:
        parser.error(f"{unknown[0]}: write one of {', '.join(KINDS)}")

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    logging.disable()  # of each refusal
    with own_database("bench_hostile_texts"):
        kinds, sizes = given.kinds or [*KINDS], map(int, given.characters.split(","))
        passed = [report(kinds, each, honest=not given.kinds) for each in sizes]
        return int(not all(passed))


if __name__ == "__main__":
    sys.exit(main())
