"""Time searches in a large archive: `uv run python tests/bench/search.py [--quotes N] [--keep]`

Creates a database in the embedded server and generates an archive. Searches its words as a reader
would, through Django's test client: q, phrase and like. The words are common, middling or rare, or
common but never together. Each search is made alone and for the busiest speaker, in the usual
order and by relevance. Prints the median and 95th percentile of each kind over interleaved rounds,
each with other words. Then it searches mangled quotes with `like` and prints how often the right
one came first. `--keep` keeps the database for the next run with `--keep`.
"""

import gc
import itertools
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import an_archive, command_line, set_up

SEED = 20260211

LIMIT = 100
"""Milliseconds that the 95th percentile may take."""

QUOTES = "/api/v1/quotes/"
SAMPLE = 20_000
"""Quotes that are looked at to know which words are common."""

SHARES = {"common": 0.02, "middling": 0.001, "rare": 0.0}
"""In which share of quotes a word or a pair is at least."""


class Words:
    """What to ask for, by how common it is; drawn from quotes of the archive."""

    def __init__(self, random: Random):
        from django.db import connection

        from sources.models.words import words_in

        self.random = random
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT bare FROM quotes_quote"
                " WHERE status = 'published' ORDER BY md5(id::text) LIMIT %s",
                [SAMPLE],
            )
            said = [words_in(bare) for (bare,) in cursor.fetchall()]
            words = {word for text in said for word in text}
            cursor.execute(
                "SELECT word FROM unnest(%s::text[]) word"
                " WHERE ts_lexize('english_stem', word) <> '{}'",
                [list(words)],
            )
            weighty = {word for (word,) in cursor.fetchall()}
        self.said = [text for text in said if len(text) >= 5]
        self.words = self.by_share({word for word in text if word in weighty} for text in said)
        self.apart = self.never_together(said)
        pairs = ({" ".join(pair) for pair in itertools.pairwise(t)} for t in said)
        self.pairs = self.by_share(pairs)
        gc.freeze()  # as the server does, so that no request waits until they are looked through

    def by_share(self, texts: Iterator[set[str]]) -> dict[str, list[str]]:
        often, number = Counter(), 0
        for text in texts:
            often.update(text)
            number += 1
        classes = defaultdict(list)
        for said, times in sorted(often.items(), key=lambda met: (-met[1], met[0])):
            share = times / number
            classes[next(name for name, least in SHARES.items() if share >= least)].append(said)
        return classes

    def never_together(self, said: list[list[str]]) -> list[str]:
        """Two common words that no text has both of."""
        texts = {
            word: {at for at, text in enumerate(said) if word in text}
            for word in self.words["common"]
        }
        pairs = itertools.combinations(texts, 2)
        return [f"{one} {other}" for one, other in pairs if not texts[one] & texts[other]]

    def pick(self, of: dict[str, list[str]], name: str, number: int = 1) -> str:
        """At one chance what is at about one rank among those as common, in any archive."""
        known = of[name] or of["middling"] or of["rare"]
        return " ".join(known[int(self.random.random() * len(known))] for _ in range(number))

    def queries(self) -> Iterator[tuple[str, dict]]:
        """One query of each kind, with its name."""
        for name in SHARES:
            yield f"q, {name}", {"q": self.pick(self.words, name)}
            yield f"q, two {name}", {"q": self.pick(self.words, name, 2)}
            yield f"phrase, {name} word", {"phrase": self.pick(self.words, name)}
            yield f"phrase, {name} pair", {"phrase": self.pick(self.pairs, name)}
            yield f"like, three {name}", {"like": self.pick(self.words, name, 3)}
        yield "q, two common apart", {"q": self.random.choice(self.apart or self.words["common"])}
        text = self.random.choice(self.said)
        at = self.random.randrange(len(text) - 4)
        yield "phrase, five words", {"phrase": " ".join(text[at : at + 5])}
        yield "like, a quote", {"like": mangled(" ".join(text), self.random)}


def mangled(text: str, random: Random, *, slips: bool = False) -> str:
    """A text without a fifth of its words; or with a slip in a fifth of them."""
    words = text.split()
    if slips:
        return " ".join(slip(word, random) if random.random() < 0.2 else word for word in words)
    return " ".join(word for word in words if random.random() > 0.2) or text


def slip(word: str, random: Random) -> str:
    """A letter left out, put in, taken for another or swapped with the next."""
    at, letter = random.randrange(len(word)), random.choice("etaoinsrhl")
    return random.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
        ]
    )


def cases(words: Words, speaker) -> Iterator[tuple[str, dict]]:
    for label, query in words.queries():
        yield label, query
        yield f"{label}; of a speaker", {**query, "speaker": speaker}
        if not label.startswith("phrase"):
            yield f"{label}; by relevance", {**query, "ordering": "relevance"}


def took(client, query: dict) -> float:
    began = time.perf_counter()
    answer = client.get(f"{QUOTES}?{urlencode(query)}")
    assert answer.status_code == 200, (query, answer.content[:500])
    return (time.perf_counter() - began) * 1000


def busiest():
    """The speaker of most quotes."""
    from django.db.models import Count

    from quotes.models import Quote

    counted = Quote.objects.exclude(speaker=None).order_by().values_list("speaker")
    return counted.annotate(n=Count("*")).order_by("-n")[0][0]


def p95(spent: list[float]) -> float:
    return sorted(spent)[min(len(spent) - 1, round(0.95 * (len(spent) - 1)))]


def report(client, rounds: int, say) -> list[str]:
    """Prints a line for each kind of search; those that took longer than they may."""
    words, speaker = Words(Random(SEED)), busiest()
    spent = defaultdict(list)
    for turn in range(rounds + 1):
        for label, query in cases(words, speaker):
            milliseconds = took(client, query)
            if turn:
                spent[label].append(milliseconds)
    say(f"{'search':44}{'median':>8}{'p95':>8}   milliseconds\n")
    slow = []
    for label, each in spent.items():
        is_slow = p95(each) > LIMIT
        if is_slow:
            slow.append(label)
        say(f"{label:44}{median(each):8.0f}{p95(each):8.0f}{'   over' if is_slow else ''}\n")
    return slow


def report_mangled(client, number: int, say) -> float:
    """Prints how often the right quote, or one of the same words, came first; gives the share."""
    from quotes.models import Quote

    random = Random(SEED)
    known = list(Quote.objects.filter(status="published").values_list("pk", flat=True))
    keys = random.choices(known, k=number)
    texts = dict(Quote.objects.filter(pk__in=keys).values_list("pk", "text"))
    right = 0
    for slips, name in ((False, "a fifth of the words left out"), (True, "slips in a fifth")):
        spent, first = [], 0
        some = keys[slips::2]
        for key in some:
            asked = mangled(texts[key], random, slips=slips)[:1_000]
            query = {"like": asked, "ordering": "relevance", "limit": 1}
            began = time.perf_counter()
            rows = client.get(QUOTES, query).json()["results"]
            spent.append((time.perf_counter() - began) * 1000)
            first += bool(rows) and is_right(rows[0], str(key), texts[key])
        right += first
        say(
            f"{name}: the right one first {first} times of {len(some)}"
            f" (median {median(spent):.0f} ms, p95 {p95(spent):.0f} ms)\n"
        )
    return right / number


def is_right(row: dict, key: str, text: str) -> bool:
    """The quote itself, its words in another outlet, or another report of the same utterance."""
    from quotes.models import Quote

    if row["id"] == key or row["text"] == text:
        return True
    utterance = Quote.objects.values_list("utterance", flat=True).get(pk=key)
    return utterance is not None and (row["utterance"] or {}).get("id") == str(utterance)


def main() -> None:
    parser = command_line(__doc__, rounds=20)
    parser.add_argument(
        "--mangled", type=int, default=1_000, help="quotes to look for (default: %(default)s)"
    )
    given = parser.parse_args()

    set_up()
    from tests.conftest import make_client

    say = sys.stdout.write
    with an_archive(given.quotes, keep=given.keep):
        client = make_client("Readers")
        slow = report(client, given.rounds, say)
        say(f"\nOver {LIMIT} ms: {', '.join(slow) or 'none'}.\n\n")
        share = report_mangled(client, given.mangled, say)
        say(f"The right one came first in {share:.1%} of {given.mangled:,}.\n")
    sys.exit(bool(slow))


if __name__ == "__main__":
    main()
