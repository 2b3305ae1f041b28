"""Decisions about identity: `uv run python tests/bench/curators_load.py [--days N]`

Files a month of a newsroom's articles into a database of its own. Who said each quote is known
here, and not to the service. Names come in three spellings, one in eight quotes lacks its
organisation, one in eight has a wrong one, and one speaker in a hundred has a namesake. Every
evening a curator decides what the service asks about identity. Prints the decisions of each day by
kind. Fails if a record ever holds the words of two people whom the filings tell apart, or if more
than 10 decisions are needed for 1,000 quotes after the first week.
"""

# ruff: noqa: SIM905 - words are read more easily than lists of strings

import argparse
import os
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import accumulate, count
from pathlib import Path
from random import Random
from uuid import UUID

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from quotes.management.synthetic.languages import LANGUAGES
from tests.bench.archives import own_database
from tests.bench.bulk_filing import whole
from tests.bench.filings import BODIES, FIRST, PLACES, ROLES

SEED = 20261101

MET_ONCE = 0.25
"""Share of quotes by people who are quoted once."""

NAMESAKES = 0.01
NO_ORGANISATION = WRONG_ORGANISATION = 0.125

FIRST_WEEK = 7
MOST_DECISIONS = 10
"""In 1,000 quotes after the first week."""

FIRSTS = sorted({*FIRST, *(name for each in LANGUAGES for name in each.firsts.split())})
BEGINNINGS = (
    "Al Bar Bram Cal Corn Dal Ed Fal Fen Gar Had Hal Har Kel Lang Mar Mel Mor Nor Oster Pem Quin "
    "Ran Red Sel Sten Tar Thorn Ul Var Wex Wil Yar Zim"
).split()
MIDDLES = ("", "", *(part.lower() for part in BEGINNINGS))
ENDINGS = (
    "berg bury by croft dale den ford gate ham hurst kamp land ley low man mere mont rick sen son "
    "stad stead ton wald well wick worth"
).split()


@dataclass(frozen=True)
class Person:
    """Somebody, the three spellings of their name, the organisation and the one wrongly given."""

    key: int
    spellings: tuple[str, str, str]
    role: str
    body: str
    wrong_body: str  # the one other organisation that is given for them


class World:
    """The people of a month's news."""

    def __init__(self, random: Random, regulars: int):
        self.random, self.keys = random, count()
        self.bodies = [f"{place} {body}" for place in PLACES for body in BODIES]
        self.used: set[str] = set()
        self.regulars = [self.person() for _ in range(regulars)]
        for each in range(round(regulars * NAMESAKES)):
            self.regulars[-1 - each] = self.person(self.regulars[each].spellings)
        random.shuffle(self.regulars)
        self.often = list(accumulate(1 / rank for rank in range(1, regulars + 1)))

    def person(self, spellings: tuple | None = None) -> Person:
        body, wrong = self.random.sample(self.bodies, 2)
        spellings = spellings or self.spellings()
        return Person(next(self.keys), spellings, self.random.choice(ROLES), body, wrong)

    def spellings(self) -> tuple[str, str, str]:
        random = self.random
        while True:
            first = random.choice(FIRSTS)
            last = "".join(random.choice(part) for part in (BEGINNINGS, MIDDLES, ENDINGS))
            if (name := f"{first} {last}") not in self.used:
                break
        self.used.add(name)
        spelt = [
            f"{random.choice(('Dr', 'Prof.', 'Sir', 'Ms'))} {name}",
            f"{last}, {first}",
            f"{first} {random.choice('KLMN')}. {last}",
            f"{first} {last[:-1]}",
            f"{first} {last.upper()}",
        ]
        return (name, *random.sample(spelt, 2))

    def article(self, number: int, day: str) -> tuple[dict, list[Person]]:
        """An article of two to six quotes, and who said each."""
        random, paragraphs, quotes, people = self.random, [], [], []
        for place in range(random.randint(2, 6)):
            is_new = random.random() < MET_ONCE
            one = (
                self.person()
                if is_new
                else random.choices(self.regulars, cum_weights=self.often)[0]
            )
            if one.spellings[0] in {each.spellings[0] for each in people}:
                continue  # two of one name in one article: the cases below
            said = f"Point {place} of item {number} is for the board to settle by {day}"
            name = random.choices(one.spellings, [8, 1, 1])[0]
            quote = {"text": said, "speaker": name, "external_id": f"{number}-{place}"}
            if random.random() < 0.8:
                quote["role"] = one.role
            chance = random.random()
            if chance >= NO_ORGANISATION:
                is_wrong = chance < NO_ORGANISATION + WRONG_ORGANISATION
                quote["organisation"] = one.wrong_body if is_wrong else one.body
            paragraphs.append(f"“{said},” said {name}.")
            quotes.append(quote)
            people.append(one)
        return self.filing(number, day, paragraphs, quotes), people

    def filing(self, number: int, day: str, paragraphs: list[str], quotes: list[dict]) -> dict:
        return {
            "outlet": f"The {PLACES[number % 5]} Post",
            "external_id": f"cms-{number}",
            "headline": f"Item {number}",
            "published": day,
            "language": "en",
            "text": "\n\n".join(paragraphs),
            "quotes": [quote | {"status": "published"} for quote in quotes],
        }

    def cases(self, numbers, day: str) -> list[tuple[dict, list[Person]]]:
        """Articles in which names are most easily taken for one another's."""
        if not hasattr(self, "cast"):
            names = ["Carla Jones", "Evan Jones", "Rolf Fell", "Sven Fell", "Ada Moss", "Jon Moss"]
            self.cast = {n: self.person((n, n, n)) for n in [*names, "Xi Jinping", "Dan Jones"]}
        cast, made = self.cast, []
        for scene in (
            # A dead woman's father has her surname, and another Jones is quoted elsewhere
            [("Mr Jones", None, "the father of Gwen Jones")],
            [("Dan Jones", cast["Dan Jones"], "a planner"), ("Jones", cast["Dan Jones"], "")],
            [("Rolf Fell", cast["Rolf Fell"], "a brother"), ("Sven Fell", cast["Sven Fell"], "")],
            [("Rolf Fell", cast["Rolf Fell"], ""), ("Sven Fell", cast["Sven Fell"], ""),
             ("Mr Fell", None, "one of the two")],
            [("Mrs Moss", None, "who married Mr Moss"), ("Mr Moss", None, "")],
            [("Xi Jinping", cast["Xi Jinping"], ""), ("Xi", cast["Xi Jinping"], "")],
            [("President Xi", None, "")],
        ):  # fmt: skip
            number, paragraphs, quotes, people = next(numbers), [], [], []
            for place, (name, one, about) in enumerate(scene):
                said = f"Point {place} of item {number} is for us all to settle by {day}"
                paragraphs.append(f"“{said},” said {name}{about and f', {about}'}.")
                quotes.append({"text": said, "speaker": name, "external_id": f"{number}-{place}"})
                # Nobody who is known is meant: somebody of this article alone
                people.append(one or self.person((f"{name} of {number}",) * 3))
            made.append((self.filing(number, day, paragraphs, quotes), people))
        return made


class Curator:
    """Answers each evening's questions, knowing who said what."""

    def __init__(self):
        self.said: dict[UUID, Person] = {}  # by the id of a quote

    def evening(self) -> Counter:
        decisions = Counter()
        while made := self._pairs() or self._flags():
            decisions += made
        return decisions

    def people_of(self, speaker) -> Counter:
        from quotes.models import Quote

        quotes = Quote.objects.filter(speaker=speaker).values_list("pk", flat=True)
        return Counter(self.said[quote].key for quote in quotes)

    def wrong_joins(self) -> set[UUID]:
        """Records that hold the words of two people, where what was filed tells them apart.

        It does not if a namesake's quotes came without their organisation, or a curator is asked.
        """
        from quotes.models import Quote

        rows = Quote.objects.exclude(speaker=None)
        asked = rows.filter(flags__contains=[Quote.Flag.CHECK_SPEAKER])
        asked = set(asked.values_list("speaker", "organisation__name"))
        people = defaultdict(lambda: defaultdict(set))
        for key, speaker, body in rows.values_list("pk", "speaker", "organisation__name"):
            one = self.said[key]
            people[speaker][one].add(body == one.body and (speaker, body) not in asked)
        return {
            speaker
            for speaker, ones in people.items()
            if len(ones) > 1 and not self._are_namesakes_untold(ones)
        }

    def _are_namesakes_untold(self, people: dict[Person, set[bool]]) -> bool:
        are_namesakes = len({one.spellings for one in people}) == 1
        return are_namesakes and sum(True in told for told in people.values()) < 2

    def _pairs(self) -> Counter:
        from sources.identity import duplicates, merging

        decisions, touched = Counter(), set()
        for pair in duplicates.possible_pairs(500):
            if {pair.one.pk, pair.other.pk} & touched:
                continue  # asked again when the list is read again
            touched |= {pair.one.pk, pair.other.pk}
            one, other = self.people_of(pair.one), self.people_of(pair.other)
            if one.keys() & other.keys():
                merging.merge(pair.other, pair.one, "One person")
                decisions["duplicate, merged"] += 1
            else:
                merging.mark_distinct(pair.one, pair.other, "Two people")
                decisions["duplicate, distinct"] += 1
        return decisions

    def _flags(self) -> Counter:
        from quotes.models import Quote

        decisions, flag = Counter(), Quote.Flag
        for asked in (flag.CHECK_SPEAKER, flag.AMBIGUOUS_SPEAKER):
            flagged = Quote.objects.filter(flags__contains=[asked]).order_by("pk")
            for quote in flagged.select_related("speaker"):
                quote.refresh_from_db()
                if asked in quote.flags:  # no other decision has settled it
                    decisions[asked.value] += 1
                    self._decide(quote, asked)
        return decisions

    def _decide(self, quote, asked: str) -> None:
        """Say who said it: the record it has, another of the name, or one of its own."""
        from django.utils import timezone

        from sources.identity import merging
        from sources.models import Speaker

        one, record = self.said[quote.pk].key, quote.speaker
        others = {person for person in self.people_of(record) if person != one}
        right = next(
            (r for r in record.namesakes().order_by("pk") if one in self.people_of(r)), None
        )
        if asked == quote.Flag.CHECK_SPEAKER and not others:
            quote.keep([asked], "The same person")
        elif right and not others:
            merging.merge(record, right, "One person")
        elif others and not right:
            right = Speaker.objects.create(name=record.name, kind=record.kind)
            mine = [q for q in record.quotes.all() if self.said[q.pk].key == one]
            for each in mine:
                each.revise(note="Somebody else.", now=timezone.now(), speaker=right)
            merging.mark_distinct(record, right, "Two people")
        quote.refresh_from_db()
        if asked in quote.flags:
            quote.revise(note="Named.", now=timezone.now(), speaker=right or record)


def report(days: int, articles: int, regulars: int) -> bool:
    from quotes.api.filing_serializers import FilingSerializer
    from quotes.filing import OPERATOR, Refused, file_many

    world, curator, numbers = World(Random(SEED), regulars), Curator(), count()
    later, quotes, wrong = Counter(), 0, set()
    say = sys.stdout.write
    for day in range(1, days + 1):
        date = f"2026-11-{day:02}"
        filed = [world.article(next(numbers), date) for _ in range(articles)]
        filed += world.cases(numbers, date)
        before = len(curator.said)
        for start in range(0, len(filed), 100):
            batch = filed[start : start + 100]
            read = [FilingSerializer.read(filing) for filing, _ in batch]
            for filing, (_, people) in zip(file_many(read, OPERATOR), batch, strict=True):
                if isinstance(filing, Refused):
                    raise SystemExit(f"Refused: {filing.faults}")
                said = zip(filing.quotes, people, strict=True)
                curator.said |= {filed.quote.pk: one for filed, one in said}
        wrong |= curator.wrong_joins()
        made = curator.evening()
        number = len(curator.said) - before
        if day > FIRST_WEEK:
            later, quotes = later + made, quotes + number
        rate = 1000 * made.total() / number
        say(f"day {day:2}: {number:,} quotes, {rate:.1f} decisions in 1,000: {dict(made)}")
        say(f"; {len(wrong)} wrong joins\n")
    rate = 1000 * later.total() / max(quotes, 1)
    say(f"\nafter the first week: {rate:.1f} decisions in 1,000 quotes: {dict(later)}\n")
    return not wrong and rate <= MOST_DECISIONS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--days", type=whole(1), default=30, help="(default: %(default)s)")
    add("--articles", type=whole(1), default=200, help="a day (default: %(default)s)")
    add(
        "--regulars",
        type=whole(1),
        default=200,
        help="people who are quoted again and again, few of them often (default: %(default)s)",
    )
    given = parser.parse_args()

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    with own_database("bench_curators_load"):
        is_good = report(given.days, given.articles, given.regulars)
    sys.exit(not is_good)


if __name__ == "__main__":
    main()
