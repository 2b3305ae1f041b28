"""Outlets, organisations, speakers and affiliations of a synthetic archive.

A few of each are common and most are rare (Zipf's law). The same number of quotes and seed make
the same newsroom in every process.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import accumulate
from random import Random

from quotes.management.synthetic.languages import LANGUAGES, Language
from quotes.management.synthetic.rows import DAY, NULL, Calendar, array, key, midnight, one_of

WORDS_PER_DRAW = 8_192
"""Drawing words in bulk is faster."""

YEARS = 10
"""The span of the archive; half of its quotes are from the last third."""


class WeightedChoice:
    """Picks values at random by weight."""

    def __init__(self, values: Sequence, weights: Iterable[float]):
        self.values = values
        self.weights = list(accumulate(weights))

    def pick(self, random: Random):
        # Like `Random.choices`, which takes five times as long for one value.
        weights = self.weights
        return self.values[bisect(weights, random.random() * weights[-1], 0, len(weights) - 1)]


def zipf(values: Sequence, power: float) -> WeightedChoice:
    """Weight each value by its rank (Zipf's law): the first is the most common."""
    return WeightedChoice(values, (rank**-power for rank in range(1, len(values) + 1)))


@dataclass(slots=True)
class SampleAffiliation:
    """An affiliation, with the words of its role for comparing."""

    id: str
    organisation: str
    name: str
    role: str
    words: frozenset[str]
    first: int  # days since 1970
    end: int  # the day after the last


@dataclass(slots=True)
class SampleSpeaker:
    """A speaker and the names that articles use."""

    id: str
    name: str
    short: str  # for second mentions
    held: list[SampleAffiliation]
    namesakes: bool = False


@dataclass(slots=True)
class SampleOutlet:
    """An outlet and its typography: quote marks, apostrophes and dashes."""

    id: str
    name: str
    slug: str
    marks: tuple[str, str]
    setting: tuple[str, str] | None  # apostrophe and dash, unless they are ’ and –

    def set(self, words: str) -> str:
        """Convert words to its typography."""
        apostrophe, dash = self.setting
        return words.replace("’", apostrophe).replace("–", dash)


class LanguagePool:
    """A language with its words, outlets and speakers."""

    def __init__(self, random: Random, language: Language):
        self.language, self.random = language, random
        self.cues = language.cues.split("|")
        self.roles = language.roles.split("|")
        real = language.words()
        little = len(language.little.split())
        others = real[little:]
        random.shuffle(others)
        made = [*dict.fromkeys(language.made_up(random, 60_000))]
        words = [*real[:little], *others, *made]
        # A table of 65,536 words by Zipf's law: two random bytes pick one.
        shares = [rank**-1.0 for rank in range(1, 14_000)]
        scale = 65_536 / sum(shares)
        picks = [
            w for w, share in zip(words, shares, strict=False) for _ in range(round(scale * share))
        ]
        short = 65_536 - len(picks)
        self.picks = picks[:65_536] + words[little : little + max(short, 0)]
        self.rare = words[14_000:]
        self.papers = self.voices = zipf([], 1)
        # Language tags of articles; a few have none.
        self.tags = WeightedChoice((*language.tags, NULL), (80, 12, 5, 3))

    def begin(self, random: Random) -> None:
        """Use this random generator from now on."""
        self.random, self.left = random, []

    def role(self) -> str:
        return one_of(self.roles, self.random)

    def take(self, number: int) -> list[str]:
        """Take words at random, by frequency."""
        if len(self.left) < number:
            drawn = memoryview(self.random.randbytes(2 * WORDS_PER_DRAW)).cast("H")
            self.left = list(map(self.picks.__getitem__, drawn))
        taken = self.left[-number:]
        del self.left[-number:]
        return taken

    def sentence(self, number: int) -> list[str]:
        """The words of a sentence, punctuation included."""
        words = self.take(number)
        first = words[0]
        words[0] = first[0].upper() + first[1:]
        if number > 11:
            words[number // 2] += ","
        words[-1] += "."
        return words


class Newsroom:
    """Makes the records that articles name; `rows` holds their lines by table."""

    def __init__(self, quotes: int, seed: int, until: date):
        self.random = Random(f"{seed} newsroom")
        self.quotes, self.calendar = quotes, Calendar()
        self.end = midnight(until) + DAY
        self.start = self.end - YEARS * 365 * DAY
        self.rows: dict[str, list[str]] = {
            "sources_outlet": [],
            "sources_organisation": [],
            "sources_speaker": [],
            "sources_affiliation": [],
        }
        speakers = max(quotes // 20, 60)
        self.pools, self.shares = [], []
        for language, share in LANGUAGES.items():
            pool = LanguagePool(self.random, language)
            self.pools.append(pool)
            self.shares.append(share)
            self._make_outlets(pool, max(4, min(quotes // 3000, 500) * share // 100))
            bodies = self._make_organisations(
                pool, max(4, min(speakers // 20, 6000) * share // 100)
            )
            self._make_speakers(pool, bodies, max(4, speakers * share // 100))
        self._mark_namesakes()
        for rows in self.rows.values():
            rows.sort()  # by id, which sorts by creation time

    def moment(self, reached: float) -> int:
        """The moment when this share (0 to 1) of the archive had been filed; the rate rises."""
        return self.start + int((self.end - self.start) * (1 - (1 - reached) ** 1.6))

    def _moment(self) -> int:
        return self.moment(self.random.random())

    def _make_outlets(self, pool: LanguagePool, number: int) -> None:
        random, language, papers = self.random, pool.language, []
        places, kinds = language.places.split(), language.papers.split("|")
        for n in range(number):
            turn, at = divmod(n, len(places) * len(kinds))
            name = f"{places[at % len(places)]} {kinds[at // len(places)]}"
            name = f"{name} {turn + 1}" if turn else name
            opened, closed, apostrophe, dash = one_of(language.marks, random)
            setting = None if (apostrophe, dash) == ("’", "–") else (apostrophe, dash)
            slug = f"{language.tags[0]}-{name.lower().replace(' ', '-')}"
            made = self.start - DAY + n
            paper = SampleOutlet(key(random, made), name, slug, (opened, closed), setting)
            papers.append(paper)
            when = self.calendar.moment(made)
            aliases = array([f"The {name}"] if n % 5 == 0 else [])
            url = f"https://{slug}.example"
            self.rows["sources_outlet"].append(
                f"{paper.id}\t{name}\t{aliases}\t{slug}\t{url}\t{when}\t{when}"
            )
        pool.papers = zipf(papers, 0.8)

    def _make_organisations(self, pool: LanguagePool, number: int) -> WeightedChoice:
        random, language, bodies = self.random, pool.language, []
        places, kinds = language.places.split(), language.bodies.split("|")
        names = [
            kind.format(place) if "{}" in kind else f"{place} {kind}"
            for kind in kinds
            for place in places
        ]
        random.shuffle(names)
        for n in range(number):
            turn, at = divmod(n, len(names))
            name = f"{names[at]} {turn + 1}" if turn else names[at]
            made = self._moment()
            body = (key(random, made), name)
            parent = one_of(bodies, random)[0] if bodies and n % 8 == 7 else NULL
            leads_to = one_of(bodies, random)[0] if len(bodies) > 20 and n % 60 == 59 else NULL
            if leads_to == NULL:
                bodies.append(body)
            when = self.calendar.moment(made)
            initials = "".join(word[0] for word in name.split() if word[0].isupper())
            aliases = array([f"{initials} {n}"] if n % 6 == 0 else [])
            self.rows["sources_organisation"].append(
                f"{body[0]}\t{name}\t{aliases}\t{{}}\t{parent}\t{leads_to}\t{when}\t{when}"
            )
        return zipf(bodies, 0.9)

    def _make_speakers(self, pool: LanguagePool, bodies: WeightedChoice, number: int) -> None:
        random, language, voices, merged_into = self.random, pool.language, [], NULL
        made_up, places = [word.capitalize() for word in pool.rare], language.places.split()
        firsts = zipf([*language.firsts.split(), *made_up[:300]], 0.8)
        lasts = zipf([*language.lasts.split(), *made_up[300:20_000]], 0.7)
        for n in range(number):
            chance, made = random.random(), self._moment()
            kind, tied, aliases, identifiers, leads_to = "person", NULL, [], "{}", NULL
            first, last = firsts.pick(random), lasts.pick(random)
            name, short = f"{first} {last}", f"{language.title} {last}"
            if chance < 0.06:
                kind, (tied, body) = "unnamed", bodies.pick(random)
                name = short = language.spokesperson.format(body)
            elif chance < 0.09:
                kind, (tied, name) = "organisation", bodies.pick(random)
                short = name
            elif chance < 0.11:
                kind = "collective"
                name = short = language.collective.format(one_of(places, random))
            elif chance < 0.14:
                name = f"{first[0]}. {last}"
            elif chance < 0.24:
                aliases = [one_of((f"Dr {name}", f"{first} {lasts.pick(random)}"), random)]
            elif chance < 0.25:
                leads_to = merged_into
            if kind == "person" and n % 9 == 0:
                identifiers = f'{{"wikidata": "Q{len(self.rows["sources_speaker"]) + 1_000}"}}'
            voice = SampleSpeaker(key(random, made), name, short, [])
            if leads_to == NULL:
                voices.append(voice)
                if kind == "person":
                    merged_into = voice.id if merged_into == NULL else merged_into
                    for _ in range(one_of((0, 1, 1, 1, 2, 3), random)):
                        voice.held.append(self._make_affiliation(voice, pool, bodies.pick(random)))
            when = self.calendar.moment(made)
            self.rows["sources_speaker"].append(
                f"{voice.id}\t{name}\t{array(aliases)}\t{kind}\t{tied}\t{identifiers}"
                f"\t{leads_to}\t{when}\t{when}"
            )
        pool.voices = zipf(voices, 0.9)

    def _make_affiliation(
        self, voice: SampleSpeaker, pool: LanguagePool, body: tuple[str, str]
    ) -> SampleAffiliation:
        random = self.random
        role, made = one_of(pool.roles, random), self._moment()
        first = (self.start // DAY) + int(6000 * random.random()) - 3000
        end = first + 200 + int(3800 * random.random())
        dated = random.random()
        start_known, end_known = dated < 0.8, 0.1 < dated < 0.5
        start, over, day_before, day_after = NULL, NULL, -1_000_000, 1_000_000
        if start_known:
            start = self.calendar.partial(first, random.random(), (0.4, 0.7, 1))
            day_before = days_of(start)[0]
        if end_known:
            over = self.calendar.partial(end, random.random(), (0.4, 0.7, 1))
            day_after = days_of(over)[1]
        if start_known and end_known and day_after <= day_before:
            over, day_after = NULL, 1_000_000
        held = SampleAffiliation(
            key(random, made), *body, role, words_of(role), day_before, day_after
        )
        when = self.calendar.moment(made)
        self.rows["sources_affiliation"].append(
            f"{held.id}\t{voice.id}\t{body[0]}\t{role}\t{start}\t{over}\t{when}\t{when}"
        )
        return held

    def _mark_namesakes(self) -> None:
        every = [voice for pool in self.pools for voice in pool.voices.values]
        named = Counter(voice.name for voice in every)
        for voice in every:
            voice.namesakes = named[voice.name] > 1


@cache
def words_of(role: str) -> frozenset[str]:
    """The words of a role as the database compares them (true for the roles made here)."""
    return frozenset(role.lower().replace("’", "'").split())


_known: dict[str, tuple[int, int] | None] = {NULL: None}


def days_of(written: str) -> tuple[int, int] | None:
    """First day and day after the last of a date range, counted from 1970; None if unknown."""
    if written not in _known:
        first, end = (date.fromisoformat(edge) for edge in written.strip("[)").split(","))
        _known[written] = midnight(first) // DAY, midnight(end) // DAY
    return _known[written]
