"""Who may be named and where it may be printed: outlets, organisations, speakers, affiliations.

Few of each are met often and most seldom (Zipf's law). The same number of quotes and the same seed
make the same newsroom, in whichever process.
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

DRAWN = 8_192
"""So many words are drawn at once."""

YEARS = 10
"""For so long the archive has been filed; half of it in its last third."""


class Often:
    """Picks of a list, each as often as its weight says."""

    def __init__(self, values: Sequence, weights: Iterable[float]):
        self.values = values
        self.weights = list(accumulate(weights))

    def pick(self, random: Random):
        # As `Random.choices` does, which takes five times as long for one.
        weights = self.weights
        return self.values[bisect(weights, random.random() * weights[-1], 0, len(weights) - 1)]


def zipf(values: Sequence, power: float) -> Often:
    """The first most often, and each by its rank (Zipf's law)."""
    return Often(values, (rank**-power for rank in range(1, len(values) + 1)))


@dataclass(slots=True)
class Held:
    """An affiliation; its role as the words that a printed one is compared with."""

    id: str
    organisation: str
    name: str
    role: str
    words: frozenset[str]
    first: int  # days since 1970
    end: int  # the day after the last


@dataclass(slots=True)
class Voice:
    """A speaker, as articles name it."""

    id: str
    name: str
    short: str  # as in the second mention
    held: list[Held]
    namesakes: bool = False


@dataclass(slots=True)
class Paper:
    """An outlet, and how it sets quote marks, apostrophes and dashes."""

    id: str
    name: str
    slug: str
    marks: tuple[str, str]
    setting: tuple[str, str] | None  # its apostrophe and dash, where those are not the usual ones

    def set(self, words: str) -> str:
        """Words in its typography."""
        apostrophe, dash = self.setting
        return words.replace("’", apostrophe).replace("–", dash)


class Tongue:
    """A language with the words, outlets and speakers that use it."""

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
        # Each word as often as Zipf's law says, so that two random bytes pick one.
        shares = [rank**-1.0 for rank in range(1, 14_000)]
        scale = 65_536 / sum(shares)
        picks = [
            w for w, share in zip(words, shares, strict=False) for _ in range(round(scale * share))
        ]
        short = 65_536 - len(picks)
        self.picks = picks[:65_536] + words[little : little + max(short, 0)]
        self.rare = words[14_000:]
        self.papers = self.voices = zipf([], 1)
        # How an article names its language; seldom it does not.
        self.tags = Often((*language.tags, NULL), (80, 12, 5, 3))

    def begin(self, random: Random) -> None:
        """Draw from this source of chance from now on."""
        self.random, self.left = random, []

    def role(self) -> str:
        return one_of(self.roles, self.random)

    def take(self, number: int) -> list[str]:
        """So many words, as often as they are met."""
        if len(self.left) < number:
            drawn = memoryview(self.random.randbytes(2 * DRAWN)).cast("H")
            self.left = list(map(self.picks.__getitem__, drawn))
        taken = self.left[-number:]
        del self.left[-number:]
        return taken

    def sentence(self, number: int) -> list[str]:
        """The words of a sentence, with its marks."""
        words = self.take(number)
        first = words[0]
        words[0] = first[0].upper() + first[1:]
        if number > 11:
            words[number // 2] += ","
        words[-1] += "."
        return words


class Newsroom:
    """All that may be named; `rows` are those of its records, by table."""

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
        self.tongues, self.shares = [], []
        for language, share in LANGUAGES.items():
            tongue = Tongue(self.random, language)
            self.tongues.append(tongue)
            self.shares.append(share)
            self._found_outlets(tongue, max(4, min(quotes // 3000, 500) * share // 100))
            bodies = self._found_bodies(tongue, max(4, min(speakers // 20, 6000) * share // 100))
            self._find_speakers(tongue, bodies, max(4, speakers * share // 100))
        self._tell_namesakes()
        for rows in self.rows.values():
            rows.sort()  # by id, hence by the time of making

    def moment(self, reached: float) -> int:
        """When this share of the archive, from 0 to 1, had been filed: it comes ever faster."""
        return self.start + int((self.end - self.start) * (1 - (1 - reached) ** 1.6))

    def _moment(self) -> int:
        return self.moment(self.random.random())

    def _found_outlets(self, tongue: Tongue, number: int) -> None:
        random, language, papers = self.random, tongue.language, []
        places, kinds = language.places.split(), language.papers.split("|")
        for n in range(number):
            turn, at = divmod(n, len(places) * len(kinds))
            name = f"{places[at % len(places)]} {kinds[at // len(places)]}"
            name = f"{name} {turn + 1}" if turn else name
            opened, closed, apostrophe, dash = one_of(language.marks, random)
            setting = None if (apostrophe, dash) == ("’", "–") else (apostrophe, dash)
            slug = f"{language.tags[0]}-{name.lower().replace(' ', '-')}"
            made = self.start - DAY + n
            paper = Paper(key(random, made), name, slug, (opened, closed), setting)
            papers.append(paper)
            when = self.calendar.moment(made)
            aliases = array([f"The {name}"] if n % 5 == 0 else [])
            url = f"https://{slug}.example"
            self.rows["sources_outlet"].append(
                f"{paper.id}\t{name}\t{aliases}\t{slug}\t{url}\t{when}\t{when}"
            )
        tongue.papers = zipf(papers, 0.8)

    def _found_bodies(self, tongue: Tongue, number: int) -> Often:
        random, language, bodies = self.random, tongue.language, []
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

    def _find_speakers(self, tongue: Tongue, bodies: Often, number: int) -> None:
        random, language, voices, merged_into = self.random, tongue.language, [], NULL
        made_up, places = [word.capitalize() for word in tongue.rare], language.places.split()
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
            voice = Voice(key(random, made), name, short, [])
            if leads_to == NULL:
                voices.append(voice)
                if kind == "person":
                    merged_into = voice.id if merged_into == NULL else merged_into
                    for _ in range(one_of((0, 1, 1, 1, 2, 3), random)):
                        voice.held.append(self._hold(voice, tongue, bodies.pick(random)))
            when = self.calendar.moment(made)
            self.rows["sources_speaker"].append(
                f"{voice.id}\t{name}\t{array(aliases)}\t{kind}\t{tied}\t{identifiers}"
                f"\t{leads_to}\t{when}\t{when}"
            )
        tongue.voices = zipf(voices, 0.9)

    def _hold(self, voice: Voice, tongue: Tongue, body: tuple[str, str]) -> Held:
        random = self.random
        role, made = one_of(tongue.roles, random), self._moment()
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
        held = Held(key(random, made), *body, role, words_of(role), day_before, day_after)
        when = self.calendar.moment(made)
        self.rows["sources_affiliation"].append(
            f"{held.id}\t{voice.id}\t{body[0]}\t{role}\t{start}\t{over}\t{when}\t{when}"
        )
        return held

    def _tell_namesakes(self) -> None:
        every = [voice for tongue in self.tongues for voice in tongue.voices.values]
        named = Counter(voice.name for voice in every)
        for voice in every:
            voice.namesakes = named[voice.name] > 1


@cache
def words_of(role: str) -> frozenset[str]:
    """The words of a role as the database compares them; good for the roles made here."""
    return frozenset(role.lower().replace("’", "'").split())


_known: dict[str, tuple[int, int] | None] = {NULL: None}


def days_of(written: str) -> tuple[int, int] | None:
    """The first day of a range of days, and the one after its last, since 1970; None if unknown."""
    if written not in _known:
        first, end = (date.fromisoformat(edge) for edge in written.strip("[)").split(","))
        _known[written] = midnight(first) // DAY, midnight(end) // DAY
    return _known[written]
