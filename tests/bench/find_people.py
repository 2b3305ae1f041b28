"""Time the search for names in a large archive: `uv run python tests/bench/find_people.py`

Creates a database in the embedded server and generates an archive. Then it asks for speakers as
somebody who types a name: the first letter, two, a beginning, a surname, a part, a whole name, one
with a slip, initials, and a name of nobody. It asks the API and a picker, which both ask the
same function. Prints the median and 95th percentile in milliseconds of each kind of term, over
interleaved rounds with other names, and marks what is over the limit. `--keep` keeps the database
for the next run with `--keep`.
"""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import an_archive, command_line, set_up

SEED = 20260211

LIMIT = 100
"""Milliseconds that the 95th percentile may take."""

SPEAKERS = "/api/v1/speakers/"
PICKER = {"app_label": "quotes", "model_name": "quote", "field_name": "speaker"}


def with_a_slip(word: str, random: Random) -> str:
    """The word with a letter less, or two in the other order."""
    at = random.randrange(1, max(len(word) - 1, 2))
    if random.random() < 0.5:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]


def terms(name: str, random: Random) -> dict[str, str]:
    """What somebody may type who looks for this name, by kind."""
    first, *_, last = name.split()
    return {
        "one letter": last[:1],
        "two letters": last[:2],
        "beginning": last[:3],
        "surname": last,
        "part": last[1:5],
        "whole name": name,
        "both beginnings": f"{first[:2]} {last[:3]}",
        "slip": f"{first} {with_a_slip(last, random)}",
        "slip in the surname": with_a_slip(last, random),
        "initials": first[:1] + last[:1],
        "nobody": f"Zqx{last[::-1]}",
    }


def asked(rounds: int) -> Iterator[dict[str, str]]:
    """Terms for some people of the archive, a name a round."""
    from sources.models import Speaker

    random = Random(SEED)
    known = Speaker.objects.active().filter(kind="person").order_by("id")
    names = [name for name in known.values_list("name", flat=True) if " " in name]
    for name in random.choices(names, k=rounds):
        yield terms(name, random)


def measure(ask: dict[str, Callable[[str], object]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds by who is asked and kind of term; the first round is left out."""
    spent = {}
    for turn, each in enumerate(asked(rounds + 1)):
        for who, question in ask.items():
            for kind, term in each.items():
                began = time.perf_counter()
                answer = question(term)
                took = (time.perf_counter() - began) * 1000
                assert answer.status_code == 200, answer.content[:500]
                if turn:
                    spent.setdefault(f"{who}, {kind}", []).append(took)
    return spent


def report(reader, curator, rounds: int, write: Callable[[str], object]) -> list[str]:
    """Print a line for each kind of term; return those over the limit."""
    from django.urls import reverse

    picker = reverse("admin:autocomplete")
    ask = {
        "speakers/?q=": lambda term: reader.get(SPEAKERS, {"q": term, "limit": 20}),
        "picker": lambda term: curator.get(picker, {**PICKER, "term": term}),
    }
    over = []
    write(f"{'':44}{'median':>10}{'p95':>10}\n")
    for name, times in measure(ask, rounds).items():
        high = quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
        write(f"{name:44}{median(times):>10.1f}{high:>10.1f}")
        write("  OVER\n" if high > LIMIT else "\n")
        if high > LIMIT:
            over.append(name)
    return over


def main() -> None:
    parser = command_line(__doc__, rounds=40)
    options = parser.parse_args()
    set_up()
    from django.test import Client
    from django.test.utils import setup_test_environment

    from tests.conftest import make_client

    with an_archive(options.quotes, keep=options.keep):
        setup_test_environment()
        curator = Client()
        user = make_client("Curators").user
        type(user).objects.filter(pk=user.pk).update(is_staff=True)
        curator.force_login(user)
        over = report(make_client("Readers"), curator, options.rounds, sys.stdout.write)
    sys.exit(bool(over))


if __name__ == "__main__":
    main()
