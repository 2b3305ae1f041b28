"""Precision and recall of utterances: `uv run python tests/bench/utterances.py [--quotes N]`

Files synthetic statements into a database of its own. Several outlets print each one: whole,
trimmed, in fragments, with ellipses and brackets, misspelt, in other typography. Among them are
statements that differ in a significant word, equal words a month later, and equal words of another
speaker. Then generates an archive (`--generated N`, 0 for none), removes its utterances and has
`manage.py match_utterances` find them again. Prints pairwise precision and recall for both, the
time, and which ways of printing were missed or matched wrongly. Drops the databases at the end.
"""

# ruff: noqa: SIM905 - words are read more easily than lists of strings

import argparse
import os
import re
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate, combinations
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.archives import own_database
from tests.bench.filings import WORDS

SEED = 20260211
FIRST_DAY = date(2026, 1, 5)

WORTH = (
    "ambulance anchor ballot barrage breakwater canal cargo census chimney clinic concrete copper "
    "corridor creek crossing dredger drought embankment estuary fishery footpath forecast gravel "
    "greenhouse grounds hatchery heating hedgerow insulation jetty kitchen landfill lantern levy "
    "lighthouse lockkeeper machinery marina meadow mooring orchard oyster parapet pavement pension "
    "pipeline playground pontoon power-station promenade quayside railing reservoir rubble salvage "
    "scaffold seawall shelter shipyard signal sluice subsidy survey tannery tariff terminal timber "
    "tramway turbine valley viaduct warehouse waterworks weir windmill woodland workshop"
).split()
SAYING = ("We think", "I know that", "They tell us", "People believe", "We can see that")
CHANGES = (  # each turns a statement into another one, which must not be matched
    ("will", "will not"),
    ("are", "are not"),
    ("must", "must never"),
    ("open", "close"),
    ("public", "private"),
    ("northern", "southern"),
    ("12", "120"),
    ("40 million", "40 billion"),
    ("every", "no"),
)

NEVER_LEFT_OUT = set("not never no nobody cannot don first second third 12 120 40 million".split())
"""A report that leaves these out may be of a statement that says the opposite."""


@dataclass(frozen=True)
class Statement:
    number: int
    speaker: str
    day: date
    text: str
    unlike: str = ""  # another statement that is nearly this one


@dataclass(frozen=True)
class Printed:
    """One report of a statement, and how it was printed."""

    statement: int
    speaker: str
    day: date
    published: str | None
    text: str
    way: str

    @property
    def kind(self) -> str:
        return "partial" if self.way == "fragment" else "direct"


def bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


class Wire:
    """Generates statements, and what outlets print of them."""

    def __init__(self, random: Random, speakers: int):
        self.random = random
        self.often = list(accumulate(1 / rank for rank in range(1, speakers + 1)))
        self.names = [
            f"{'ABCDEFGHIJ'[n % 10]}na{'x' * (n // 10 % 10)} Q{n}" for n in range(speakers)
        ]
        self.number = 0

    def statement(self, **said) -> Statement:
        random = self.random
        self.number += 1
        values = {
            "number": self.number,
            "speaker": random.choices(self.names, cum_weights=self.often)[0],
            "day": FIRST_DAY + timedelta(days=random.randrange(240)),
            "text": " ".join(self._made_up() for _ in range(random.choice((1, 1, 2, 2, 3)))),
        }
        return Statement(**{**values, **said})

    def _made_up(self) -> str:
        random = self.random
        words = []
        for _ in range(random.randint(7, 20)):
            words.append(random.choice(WORDS if random.random() < 0.6 else WORTH))
        turn, _ = random.choice(CHANGES)
        words.insert(random.randrange(2, len(words)), turn)
        if random.random() < 0.2:
            words.insert(random.randrange(2, len(words)), random.choice(("we’re", "don’t", "it’s")))
        if len(words) > 9:
            words[random.randrange(3, 7)] += random.choice((",", ",", " –"))
        return f"{random.choice(SAYING)} {' '.join(words)}."

    def twin(self, one: Statement) -> Statement | None:
        """Another statement, up to two days later, that differs in a significant word."""
        for before, after in self.random.sample(CHANGES, len(CHANGES)):
            if f" {before} " in one.text:
                day = one.day + timedelta(days=self.random.randrange(3))
                text = one.text.replace(f" {before} ", f" {after} ")
                return self.statement(speaker=one.speaker, day=day, text=text, unlike=one.text)
        return None

    def again(self, one: Statement) -> Statement:
        """Equal words of the same speaker, weeks later."""
        day = one.day + timedelta(days=self.random.randint(20, 60))
        return self.statement(speaker=one.speaker, day=day, text=one.text)

    def echo(self, one: Statement) -> Statement:
        """Equal words of another speaker."""
        others = [name for name in self.names if name != one.speaker]
        return self.statement(speaker=self.random.choice(others), day=one.day, text=one.text)

    def statements(self) -> list[Statement]:
        """A statement, and sometimes a similar one that is not the same."""
        one = self.statement()
        found, chance = [one], self.random.random()
        if chance < 0.15:
            if other := self.twin(one):
                found = [replace(one, unlike=other.text), other]
        elif chance < 0.2:
            found.append(self.again(one))
        elif chance < 0.25:
            found.append(self.echo(one))
        return found

    def reports(self, one: Statement) -> list[Printed]:
        number = self.random.choices((1, 2, 3, 4, 6, 9), (40, 20, 15, 10, 10, 5))[0]
        printed = [self._report(one) for _ in range(number)]
        whole = any(each.way not in ("fragment",) for each in printed)
        # Nobody can know that fragments alone are of one statement.
        return printed if whole or number == 1 else [self._report(one, way="whole"), *printed]

    def _report(self, one: Statement, way: str | None = None) -> Printed:
        random = self.random
        way = (
            way
            or random.choices(
                (
                    "whole",
                    "trimmed",
                    "sentence",
                    "fragment",
                    "ellipsis",
                    "bracket",
                    "typography",
                    "misspelt",
                    "filler",
                ),
                (30, 20, 10, 10, 8, 4, 10, 4, 4),
            )[0]
        )
        text = getattr(self, f"_{way}")(one.text)
        if bare(text) in bare(one.unlike) or (way == "ellipsis" and one.unlike):
            way, text = "whole", one.text  # else it could be a report of either statement
        day = one.day + timedelta(days=random.choice((0, 0, 0, 0, 1, 1, 2, 3)))
        if way == "fragment":
            day = min(day, one.day + timedelta(days=1))
        published = str(day)
        if random.random() < 0.03 and way != "fragment":
            published = published[:7]
        return Printed(one.number, one.speaker, day, published, text, way)

    # Ways of printing

    def _whole(self, text: str) -> str:
        return text

    def _trimmed(self, text: str) -> str:
        words = text.split()
        length = self.random.randint(min(len(words), 6), len(words))
        start = self.random.randint(0, len(words) - length)
        return " ".join(words[start : start + length]).strip("–, ")

    def _sentence(self, text: str) -> str:
        return self.random.choice(text.removesuffix(".").split(". "))

    def _fragment(self, text: str) -> str:
        words = text.split()
        length = self.random.randint(2, 4)
        for _ in range(20):
            start = self.random.randint(0, len(words) - length)
            found = words[start : start + length]
            if any(word.strip(".,") in WORTH for word in found):
                break
        return " ".join(found).strip("–,. ")

    def _ellipsis(self, text: str) -> str:
        words = text.split()
        if len(words) < 12:
            return text
        first = self.random.randint(4, len(words) // 2 - 1)
        second = self.random.randint(len(words) // 2 + 1, len(words) - 4)
        if not NEVER_LEFT_OUT.isdisjoint(bare(" ".join(words[first:second])).split()):
            return text
        mark = self.random.choice((" … ", "… ", " ... ", " [...] "))
        return " ".join(words[:first]) + mark + " ".join(words[second:])

    def _bracket(self, text: str) -> str:
        words = text.split()
        at = self.random.randrange(1, len(words) - 1)
        if self.random.random() < 0.5:
            words[at] = f"[{words[at]}]"
        else:
            words.insert(at, "[the board]")
        return " ".join(words)

    def _typography(self, text: str) -> str:
        text = text.replace("’", "'").replace("–", self.random.choice(("-", "—")))
        text = text.replace("we're", "we are").replace("don't", "do not")
        return text.upper() if self.random.random() < 0.2 else text.replace(" ", "\u00a0", 2)

    def _misspelt(self, text: str) -> str:
        words = text.split()
        long = [at for at, word in enumerate(words) if len(word) > 6 and word.isalpha()]
        if long:
            at = self.random.choice(long)
            cut = self.random.randint(2, len(words[at]) - 2)
            words[at] = words[at][:cut] + words[at][cut + 1 :]
        return " ".join(words)

    def _filler(self, text: str) -> str:
        words = text.split()
        at = self.random.randrange(1, len(words))
        if self.random.random() < 0.5:
            words.insert(at, self.random.choice(("really", "well,", "you know,", "the")))
        else:
            little = [n for n, word in enumerate(words) if word in ("the", "a", "of", "to", "that")]
            if little:
                del words[self.random.choice(little)]
        return " ".join(words)


def filings(random: Random, quotes: int, speakers: int) -> tuple[list[dict], list[Printed]]:
    """Articles of one to four quotes in order of printing, and the statement of each quote."""
    wire = Wire(random, speakers)
    printed: list[Printed] = []
    while len(printed) < quotes:
        for statement in wire.statements():
            printed += wire.reports(statement)
    printed.sort(key=lambda each: (each.day, random.random()))
    made, truth, article = [], [], []
    for each in printed:
        same = any(other.statement == each.statement for other in article)
        other_day = article and article[0].published != each.published
        if same or other_day or len(article) == random.randint(1, 4):
            made.append(filing_of(article, len(made)))
            article = []
        article.append(each)
        truth.append(each)
    made.append(filing_of(article, len(made)))
    return made, truth


def filing_of(article: list[Printed], number: int) -> dict:
    paragraphs = [f"Item {n}: {each.speaker} said: “{each.text}”" for n, each in enumerate(article)]
    spans, at = [], 0
    for paragraph, each in zip(paragraphs, article, strict=True):
        start = at + paragraph.index("“") + 1
        spans.append([[start, start + len(each.text)]])
        at += len(paragraph) + 2
    return {
        "outlet": f"Outlet {number % 37}",
        "url": f"https://outlet-{number % 37}.example/{number}",
        "published": article[0].published,
        "language": "en",
        "text": "\n\n".join(paragraphs),
        "quotes": [
            {
                "spans": span,
                "kind": each.kind,
                "speaker": each.speaker,
                "speaker_kind": "person",
                "status": "published",
            }
            for each, span in zip(article, spans, strict=True)
        ],
    }


@dataclass
class Score:
    """Pairs of quotes that are matched rightly or wrongly, or missed."""

    right: int
    wrong: int
    missed: int
    wrongly: Counter
    missing: Counter

    @property
    def precision(self) -> float:
        return self.right / ((self.right + self.wrong) or 1)

    @property
    def recall(self) -> float:
        return self.right / ((self.right + self.missed) or 1)


def score(truth: list, found: list, ways: list[str]) -> Score:
    """Compare two groupings of the same things, pair by pair; None: in no group."""

    def pairs(groups: list) -> set[tuple[int, int]]:
        members = defaultdict(list)
        for number, group in enumerate(groups):
            if group is not None:
                members[group].append(number)
        return {pair for group in members.values() for pair in combinations(group, 2)}

    def told(of: set) -> Counter:
        return Counter(" and ".join(sorted((ways[one], ways[other]))) for one, other in of)

    true, said = pairs(truth), pairs(found)
    return Score(
        len(true & said), len(said - true), len(true - said), told(said - true), told(true - said)
    )


def measure(quotes: int, seed: int, speakers: int | None = None) -> tuple[Score, float]:
    """File synthetic quotes into the present database; return the score and the seconds."""
    from quotes.api.filing_serializers import FilingSerializer
    from quotes.filing import OPERATOR, Refused, file_many

    random = Random(seed)
    made, truth = filings(random, quotes, speakers or max(20, quotes // 40))
    found, began = [], time.perf_counter()
    read = [FilingSerializer.read(filing) for filing in made]
    results = []
    for start in range(0, len(read), 100):
        results += file_many(read[start : start + 100], OPERATOR)
    seconds = time.perf_counter() - began
    if refused := [each for each in results if isinstance(each, Refused)]:
        raise refused[0]
    from quotes.models import Quote

    keys = [filed.quote.pk for filing in results for filed in filing.quotes]
    utterances = dict(Quote.objects.filter(pk__in=keys).values_list("pk", "utterance"))
    found = [utterances[key] for key in keys]
    return score([each.statement for each in truth], found, [each.way for each in truth]), seconds


def measure_generated(quotes: int, seed: int) -> tuple[Score, float]:
    """Match a generated archive again; return the score and the seconds.

    The truth is the utterance that each quote was generated from. Quotes that are never matched
    (without a speaker, rejected, retracted, without words that matter) are left out.
    """
    from django.core.management import call_command
    from django.db import connection, transaction

    from quotes.management.synthetic.archive import generate
    from quotes.models import Quote
    from quotes.utterances.candidates import MATCHED_STATUSES

    generate(quotes, seed=seed)
    taking_part = Quote.objects.filter(status__in=MATCHED_STATUSES, speaker__isnull=False)
    taking_part = taking_part.exclude(flags__contains=["words_left_out"]).order_by("pk")
    made = list(taking_part.select_related("article"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # without history
        cursor.execute("UPDATE quotes_quote SET utterance_id = NULL")
        cursor.execute("DELETE FROM quotes_utterance")
        cursor.execute("SET LOCAL session_replication_role = origin")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE quotes_quote, quotes_utterance")
    began = time.perf_counter()
    with open(os.devnull, "w") as silence:
        call_command("match_utterances", verbosity=0, stdout=silence)
    seconds = time.perf_counter() - began
    found = list(taking_part.values_list("utterance", flat=True))
    return score([quote.utterance_id for quote in made], found, [*map(_printed, made)]), seconds


def _printed(quote) -> str:
    """How a generated quote is printed, and how precisely it is dated."""
    from quotes.utterances.wording import Wording

    way = "a fragment" if Wording(quote.text).is_fragment else quote.kind
    when = quote.said or quote.article.published
    if when is None:
        return f"undated {way}"
    return way if when.first == when.last else f"{way} of a partial date"


def report(quotes: int, seed: int, speakers: int | None) -> None:
    say = sys.stdout.write
    result, seconds = measure(quotes, seed, speakers)
    say(f"{quotes:,} quotes filed in {seconds:.1f} s, {quotes / seconds:,.0f} a second\n\n")
    print_score(result, say)


def report_generated(quotes: int, seed: int) -> None:
    say = sys.stdout.write
    result, seconds = measure_generated(quotes, seed)
    say(f"\n{quotes:,} generated quotes matched in {seconds:.1f} s\n\n")
    print_score(result, say)


def print_score(result: Score, say) -> None:
    say(f"{'pairs of one statement':30}{result.right + result.missed:10,}\n")
    say(f"{'pairs that were matched':30}{result.right + result.wrong:10,}\n")
    say(f"{'precision':30}{result.precision:10.4f}\n{'recall':30}{result.recall:10.4f}\n")
    for title, ways in (("matched wrongly", result.wrongly), ("missed", result.missing)):
        say(f"\n{title}, by how the two are printed:\n\n")
        for way, number in ways.most_common(12):
            say(f"  {way:34}{number:8,}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quotes", type=int, default=20_000, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="(default: %(default)s)")
    parser.add_argument("--speakers", type=int, help="(default: one to 40 quotes)")
    parser.add_argument(
        "--generated", type=int, default=50_000, metavar="N", help="(default: %(default)s)"
    )
    given = parser.parse_args()

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    with own_database("bench_utterances"):
        report(given.quotes, given.seed, given.speakers)
    if given.generated:
        with own_database("bench_utterances"):
            report_generated(given.generated, given.seed)


if __name__ == "__main__":
    main()
