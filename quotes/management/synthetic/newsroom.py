"""Outlets, organisations, speakers, affiliations and facts of a synthetic archive.

The same number of quotes and seed make the same newsroom in every process.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from quotes.management.synthetic import rows
from quotes.management.synthetic.languages import LANGUAGES, Language
from quotes.management.synthetic.rows import DAY, NULL, Chance

YEARS = 10
"""The span of the archive; half of its quotes are from the last third."""

MADE_UP_WORDS, FREQUENT_WORDS = 40_000, 14_000
"""Words made up for a language, some of them twice; and words that are not rare."""

WORD_DRAWS = 65_536
"""Size of the sample that words are drawn from: 6,000 times the most frequent word."""

KINDS = (
    *["person"] * 85,
    *["unknown"] * 4,
    *["unnamed"] * 6,
    *["organisation"] * 3,
    *["collective"] * 2,
)

KNOWN = 0.3, 0.5, 0.8
"""Up to which chance the day, month or year is known on which an affiliation began."""


class SampleAffiliation(NamedTuple):
    """It began long before the archive, and has not ended: it is held on every date."""

    id: str
    organisation: str
    name: str  # of the organisation
    role: str


class SampleSpeaker(NamedTuple):
    id: str
    name: str
    short: str  # for second mentions
    held: list[SampleAffiliation]


class SampleOutlet(NamedTuple):
    id: str
    name: str
    slug: str
    marks: str  # quote marks, apostrophe and dash

    def set(self, text: str) -> str:
        """Convert ’ and – to the typography of the outlet."""
        return text.replace("’", self.marks[2]).replace("–", self.marks[3])


class Pool:
    """What articles in a language are made of; the most common outlets and speakers come first."""

    def __init__(self, chance: Chance, language: Language):
        self.language, self.chance = language, chance
        self.cues, self.roles = language.cues.split("|"), language.roles.split("|")
        words = [*dict.fromkeys([*language.common.split(), *self._made_up()])]
        frequent, self.rare = words[:FREQUENT_WORDS], words[FREQUENT_WORDS:]
        shares = [1 / rank for rank in range(1, len(frequent) + 1)]  # Zipf's law
        self.words = chance.choices(frequent, shares, k=WORD_DRAWS)
        self.places = [word.capitalize() for word in self.rare]
        self.firsts = language.firsts.split() + self.places[:300]
        self.lasts = language.lasts.split() + self.places[300:]
        self.outlets: list[SampleOutlet] = []
        self.speakers: list[SampleSpeaker] = []

    def _made_up(self) -> Iterator[str]:
        syllables, endings, made = self.language.syllables.split(), self.language.endings, 0
        while made < MADE_UP_WORDS:
            stem = "".join(self.chance.choices(syllables, k=self.chance.one_of((2, 2, 3))))
            for ending in self.chance.one_of(endings.split()).split("|"):
                yield stem + ending
                made += 1


class Newsroom:
    """Makes the records that articles name; `rows` holds their lines by table."""

    def __init__(self, quotes: int, seed: int, until: date):
        self.chance, self.facts = Chance(f"{seed} newsroom"), Chance(f"{seed} facts")
        self.end = ((until - rows.EPOCH).days + 1) * DAY
        self.start = self.end - YEARS * 365 * DAY
        self.rows: dict[str, list[str]] = defaultdict(list)
        self.pools = [Pool(self.chance, language) for language in LANGUAGES]
        speakers = max(quotes // 20, 60)
        numbers = max(80, min(quotes // 3000, 500)), max(20, min(speakers // 20, 6000)), speakers
        for pool in self.pools:
            outlets, bodies, people = (number * pool.language.share // 100 for number in numbers)
            self._make_outlets(pool, outlets)
            organisations = self._make_organisations(pool, bodies)
            for n in range(people):
                self._make_speaker(pool, organisations, n)
        for lines in self.rows.values():
            lines.sort()  # by id, which sorts by creation time

    def moment(self, reached: float) -> int:
        """The moment when this share (0 to 1) of the archive had been filed; the rate rises."""
        return self.start + int((self.end - self.start) * (1 - (1 - reached) ** 1.6))

    def _add(self, table: str, *values: str, by: Chance | None = None) -> str:
        """Write a line of a record made in the year before the archive begins; return its id.

        Quotes as of a time name only what was on record by then.
        """
        chance = by or self.chance
        made = self.start - int(365 * DAY * chance.random())
        this, when = chance.key(made), rows.written(made)
        self.rows[table].append("\t".join((this, *values, when, when)))
        return this

    def _make_outlets(self, pool: Pool, number: int) -> None:
        papers, marks = pool.language.papers.split("|"), pool.language.marks.split()
        for place in pool.places[:number]:
            name = self.chance.one_of(papers).format(place)
            slug = f"{pool.language.tags[:2]}-{name.lower().replace(' ', '-')}"
            this = self._add("sources_outlet", name, "{}", slug, f"https://{slug}.example")
            pool.outlets.append(SampleOutlet(this, name, slug, self.chance.one_of(marks)))

    def _make_organisations(self, pool: Pool, number: int) -> list[tuple[str, str]]:
        """Make organisations; return their ids and names."""
        bodies, rest = pool.language.bodies.split("|"), ("{}", "{}", NULL, NULL)
        names = [self.chance.one_of(bodies).format(place) for place in pool.places[:number]]
        return [(self._add("sources_organisation", name, *rest), name) for name in names]

    def _make_speaker(self, pool: Pool, bodies: list[tuple[str, str]], number: int) -> None:
        chance, last = self.chance, self.chance.zipf(pool.lasts, 0.7)
        kind = chance.one_of(KINDS)
        body, body_name = chance.one_of(bodies)
        name = short = {
            "person": f"{chance.zipf(pool.firsts, 0.8)} {last}",
            "unnamed": f"a {body_name} spokesperson",
            "organisation": body_name,
            "collective": f"{chance.zipf(pool.places)} residents",
            "unknown": last,
        }[kind]
        aliases, merged_into, held = "{}", NULL, []
        if kind == "person":
            short = f"{pool.language.title} {last}"
            aliases = rows.array([f"Dr {name}"] if number % 10 == 0 else [])
            merged_into = pool.speakers[0].id if number % 100 == 50 else NULL
        tied = body if kind in ("unnamed", "organisation") else NULL
        values = name, aliases, kind, tied, "{}", merged_into
        speaker = SampleSpeaker(self._add("sources_speaker", *values), name, short, held)
        if merged_into == NULL:
            pool.speakers.append(speaker)
            for _ in range(chance.one_of((0, 1, 1, 1, 2, 3)) if kind == "person" else 0):
                body, role = chance.zipf(bodies), chance.one_of(pool.roles)
                day = self.start // DAY - chance.randrange(7_500, 12_000)
                values = speaker.id, body[0], role, chance.date(day, KNOWN), NULL
                this = self._add("sources_affiliation", *values)
                held.append(SampleAffiliation(this, *body, role))
            if kind == "person":
                self._make_facts(speaker)

    def _make_facts(self, speaker: SampleSpeaker) -> None:
        """What somebody entered of a person: a gender, perhaps unknown, and perhaps parties."""
        chance, source = self.facts, "https://people.example"
        facts = [("gender", chance.one_of(("female", "male", "male", NULL)), source, NULL, NULL)]
        if chance.random() < 0.25:
            changed = chance.date(self.start // DAY + chance.randrange(YEARS * 365), KNOWN)
            facts.append(("party", "Harbour Party", source, NULL, changed))
            facts.append(("party", "Reform League", source, changed, NULL))
        for fact in facts:
            self._add("sources_fact", speaker.id, *fact, by=chance)
