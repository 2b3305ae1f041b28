"""Time lists and searches as archives grow: `uv run python tests/bench/growth.py [--quotes N,…]`

Generates an archive of each size in the embedded server. Requests the same pages of `quotes/` from
each as a Reader, through the whole service except the socket, in turns over several rounds. Lists
use every filter alone, in each ordering, and some filters together. Searches are those of
`search.py`. The requested values have the same rank in each archive: the speaker with the most
quotes, the 30th, the one with the fewest, and words that are equally common.

Prints the median and 95th percentile of each kind in each archive, in milliseconds, and the ratio
of last to first. Exits with 1 if the median of a kind, or the 95th percentile of all lists or all
searches, grows by more than required. `--keep` keeps the databases for other benchmarks.
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench import filters, search
from tests.bench.archives import an_archive

MAX_GROWTH = 1.5
"""How many times as long as in the first archive it may take in the last."""

MIDDLING = 30
"""Rank of a middling value."""

SEARCHES_A_ROUND = 4
"""Of each kind, for other words."""

TOGETHER = (
    ("speaker", "published_after"),
    ("speaker", "said_before"),
    ("speaker", "kind"),
    ("organisation", "role"),
    ("outlet", "anchor"),
    ("outlet", "speaker_kind"),
    ("speaker_name", "language"),
    ("via", "published_before"),
    ("utterance", "status"),
    ("created_after", "one_per_utterance"),
)

LISTS, SEARCHES = "all lists", "all searches"


class Asked(Protocol):
    """An archive that can be asked."""

    quotes: int

    def kinds(self, turn: int) -> list[str]:
        """Prepare a round and return the kind of each request in it."""

    def ask(self, number: int) -> float:
        """Ask one of them; how many milliseconds it took."""


class Archive:
    """The archive that Django's connection leads to."""

    def __init__(self, quotes: int, client):
        from quotes.api.views import Quotes
        from sources.api.orderings import both_ways

        self.quotes, self.client = quotes, client
        orderings = both_ways(Quotes.orderings)
        self.lists = list(_lists(filters.values(ranked), orderings))
        self.words, self.speaker = search.Words(Random(search.SEED)), search.busiest()

    def kinds(self, turn: int) -> list[str]:
        self.asked = [*self.lists]
        for number in range(SEARCHES_A_ROUND):
            self.words.random = Random(f"{search.SEED} {turn} {number}")
            self.asked += search.cases(self.words, self.speaker)
        return [kind for kind, _ in self.asked]

    def ask(self, number: int) -> float:
        _, query = self.asked[number]
        began = time.perf_counter()
        answer = self.client.get(filters.QUOTES, query)
        milliseconds = (time.perf_counter() - began) * 1000
        if answer.status_code not in (200, 503):  # 503: the statement timeout
            raise SystemExit(f"{query}: {answer.status_code}\n{answer.content.decode()[:2000]}")
        return milliseconds


def ranked(column: str, table: str) -> dict[str, str]:
    met = filters.by_number(column, table)
    middling = met[min(MIDDLING, len(met)) - 1]
    return {"frequent": met[0][0], "middling": middling[0], "rare": met[-1][0]}


def _lists(known: dict[str, dict[str, str]], orderings: list[str]) -> Iterator[tuple[str, dict]]:
    """Kind and query of each list."""
    for ordering in orderings:
        for asked in filters.alone(known, ordering):
            names = [name for name in asked.query if name != "ordering"]
            yield (*names, asked.label)[0], asked.query
        for one, other in TOGETHER:
            for label in dict.fromkeys(("frequent", list(known[other])[-1])):
                chosen = {one: "frequent", other: label}
                yield "two filters", filters.of_values(known, ordering, **chosen).query


# Each size in a process of its own, with its own connections


class Elsewhere:
    """An archive that another process leads to."""

    def __init__(self, quotes: int, *, keep: bool):
        self.quotes = quotes
        self.process = ProcessPoolExecutor(1, get_context("spawn"), _set_up)
        self._run(_begin, quotes, keep)

    def kinds(self, turn: int) -> list[str]:
        return self._run(_kinds, turn)

    def ask(self, number: int) -> float:
        return self._run(_ask, number)

    def close(self) -> None:
        self._run(_end)
        self.process.shutdown()

    def _run(self, function, *given):
        return self.process.submit(function, *given).result()


_held = ExitStack()
_archives: list[Archive] = []


def _set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["ALLOWED_HOSTS"] = "testserver"
    os.environ["ONRECORD_THROTTLE_TOKEN"] = "1000000/s"
    import django

    django.setup()


def _begin(quotes: int, keep: bool) -> None:
    from tests.conftest import make_client

    _held.enter_context(an_archive(quotes, keep=keep))
    _archives.append(Archive(quotes, make_client("Readers")))


def _kinds(turn: int) -> list[str]:
    return _archives[0].kinds(turn)


def _ask(number: int) -> float:
    return _archives[0].ask(number)


def _end() -> None:
    _held.close()


# Measuring


@dataclass
class Kind:
    """What questions of one kind took, by archive, in milliseconds."""

    name: str
    spent: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))

    def grows(self, share: int) -> float:
        """How many times as long the last archive took as the first, at this percentile."""
        first, *_, last = self.spent.values()
        return filters.percentile(last, share) / filters.percentile(first, share)

    @property
    def faults(self) -> list[str]:
        required = (50, 95) if self.name in (LISTS, SEARCHES) else (50,)
        return [
            f"{self.name}, p{share}: {self.grows(share):.2f}"
            for share in required
            if self.grows(share) > MAX_GROWTH
        ]


def measure(archives: list[Asked], rounds: int) -> list[Kind]:
    """Ask all of them the same, in turns; the first round is nobody's cost."""
    found = {name: Kind(name) for name in (LISTS, SEARCHES)}
    for turn in range(rounds + 1):
        kinds, *others = [archive.kinds(turn) for archive in archives]
        if any(other != kinds for other in others):
            raise SystemExit("The archives are not asked for the same.")
        for number, name in enumerate(kinds):
            of = SEARCHES if "," in name else LISTS
            for which in range(len(archives)):
                at = (which + turn + number) % len(archives)
                milliseconds = archives[at].ask(number)
                for kind in (name, of) if turn else ():
                    found.setdefault(kind, Kind(kind)).spent[at].append(milliseconds)
    for kind in found.values():
        kind.spent = dict(sorted(kind.spent.items()))
    return list(found.values())


def report(archives: list[Asked], rounds: int, say) -> list[str]:
    """Measure, print, and give what grows by more than is required."""
    kinds = measure(archives, rounds)
    sizes = "".join(f"{archive.quotes:>18,}" for archive in archives)
    say(f"{'quotes':36}{sizes}{'growth':>18}\n")
    say(f"{'milliseconds':36}{f'{"median":>10}{"p95":>8}' * (len(archives) + 1)}\n")
    faults = []
    for kind in kinds:
        say(f"{kind.name:36}")
        for spent in kind.spent.values():
            say(f"{filters.percentile(spent, 50):10.1f}{filters.percentile(spent, 95):8.1f}")
        over = kind.faults
        faults += over
        say(f"{kind.grows(50):10.2f}{kind.grows(95):8.2f}{'   over' if over else ''}\n")
    return faults


def sizes(value: str) -> list[int]:
    parts = value.split(",")
    if len(parts) < 2 or not all(part.isdecimal() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"{value}: write two numbers or more, as 200000,2000000")
    if (numbers := [int(part) for part in parts]) != sorted({*numbers}):
        raise argparse.ArgumentTypeError(f"{value}: begin with the smallest, and name each once")
    return numbers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    default = [200_000, 2_000_000]
    add("--quotes", type=sizes, default=default, metavar="N,N,…", help="(default: %(default)s)")
    add("--rounds", type=int, default=5, help="(default: %(default)s)")
    add("--keep", action="store_true", help="keep the databases, or use those that were kept")
    given = parser.parse_args()

    say = sys.stdout.write
    with ExitStack() as held:
        archives = []
        for quotes in given.quotes:
            archives.append(Elsewhere(quotes, keep=given.keep))
            held.callback(archives[-1].close)
        faults = report(archives, given.rounds, say)
    say(f"\nGrows by more than {MAX_GROWTH} times: {'; '.join(faults) or 'nothing'}.\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
