"""An archive of any size, written past the triggers: what is slow shows only in a large one.

The shapes are those of a real one: few speakers, outlets and words are met often and most seldom
(Zipf's law), one quote in twenty waits for review, some are flagged. What the triggers would have
kept (a quote's outlet, date and contexts) is written as they would, but for the words that searches
read, which they do keep. Its records have no history.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import accumulate
from random import Random
from uuid import UUID

from tests.bench.filings import BODIES, CUES, FIRST, LAST, PLACES, ROLES, WORDS

SEED = 20260211
YEARS = 3
"""For so long the archive has been filed; half of it in the last one."""

A_WEEK = timedelta(days=7)

SYLLABLES = "ba bel cor dan der eli fen gar hol il jan ka lor mun nor ost per qua ril sto".split()  # noqa: SIM905

STATUSES = {"published": 960, "proposed": 20, "rejected": 5, "disputed": 5, "retracted": 10}
ANCHORS = {"exact": 920, "moved": 30, "altered": 10, "missing": 10, "unanchored": 30}
FLAGS = {
    "": 960,
    "role_conflict": 20,
    "unresolved_speaker": 10,
    "ambiguous_speaker": 5,
    "ambiguous_organisation": 2,
    "filing_differs": 3,
}

# Rows are written first and indexed afterwards, as a restored backup is.
INDEXES = """
SELECT c.relname, pg_get_indexdef(c.oid) || coalesce((
    SELECT string_agg(
        format('; ALTER INDEX %%I ALTER %%s SET STATISTICS %%s', c.relname, attnum, attstattarget),
        ''
    ) FROM pg_attribute WHERE attrelid = c.oid AND attstattarget >= 0
), '')
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY (%s::regclass[]) AND NOT EXISTS (
    SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
)
"""

# What keeps the words that searches read, also while other triggers rest
KEEPING = """
SELECT tgname FROM pg_trigger
WHERE tgrelid = 'quotes_quote'::regclass AND tgname ~ '^pgtrigger_(words|vocabulary_insert)_'
"""


class Often:
    """Picks of a list, the first most often."""

    def __init__(self, random: Random, values: list, power: float = 1.0):
        self.random, self.values = random, values
        self.weights = list(accumulate(rank**-power for rank in range(1, len(values) + 1)))

    def pick(self):
        return self.picks(1)[0]

    def picks(self, number: int) -> list:
        return self.random.choices(self.values, cum_weights=self.weights, k=number)


class Archive:
    def __init__(self, quotes: int, now: datetime | None = None):
        self.random = Random(SEED)
        self.quotes = quotes
        self.articles = max(quotes // 5, 1)
        self.speakers = max(quotes // 20, 10)
        self.now = now or datetime.now(UTC)
        seldom = ["".join(self.random.choices(SYLLABLES, k=2 + n % 3)) for n in range(30_000)]
        self.words = Often(self.random, [*dict.fromkeys([*WORDS, *seldom])], 0.9)
        firsts = [*FIRST, *(word.capitalize() for word in seldom[:600])]
        lasts = [*LAST, *(word.capitalize() for word in seldom[600:12_600])]
        self.firsts = Often(self.random, firsts, 0.7)
        self.lasts = Often(self.random, lasts, 0.5)
        self.statuses = self.one_of(STATUSES)
        self.anchors = self.one_of(ANCHORS)
        self.flags = self.one_of(FLAGS)

    def one_of(self, shares: dict[str, int]):
        values, weights = list(shares), list(accumulate(shares.values()))
        return lambda: self.random.choices(values, cum_weights=weights)[0]

    def key(self, when: datetime) -> UUID:
        """A UUIDv7 of this moment."""
        spent = int(when.timestamp() * 1000) << 80
        return UUID(int=spent | 7 << 76 | 2 << 62 | self.random.getrandbits(62))

    def moment(self) -> datetime:
        return self.now - timedelta(days=365 * YEARS) * self.random.random() ** 1.6

    def moments(self, number: int) -> list[datetime]:
        """Rows lie in a table in the order they were filed."""
        return sorted(self.moment() for _ in range(number))

    def sentence(self, least: int = 6, most: int = 26) -> str:
        return " ".join(self.words.picks(self.random.randint(least, most))).capitalize()

    # Rows, by table

    def outlet_rows(self) -> Iterable[tuple]:
        names = [f"The {place} {kind}" for kind in ("Post", "Herald", "News") for place in PLACES]
        self.outlets = [(self.key(self.now), name) for name in names]
        for key, name in self.outlets:
            yield key, name, [], name.lower().replace(" ", "-")
        self.outlets = Often(self.random, [key for key, _ in self.outlets])

    def organisation_rows(self) -> Iterable[tuple]:
        number = max(min(self.speakers // 20, 5_000), 3)
        names = [f"{place} {body}" for place in PLACES for body in BODIES]
        bodies = []
        for n in range(number):
            turn, at = divmod(n, len(names))
            name = f"{names[at]} {turn}" if turn else names[at]
            bodies.append((self.key(self.moment()), name))
            yield *bodies[-1], [], "{}"
        self.organisations = Often(self.random, bodies)

    def speaker_rows(self) -> Iterable[tuple]:
        random, people, merged = self.random, [], None
        for created in self.moments(self.speakers):
            key, chance = self.key(created), random.random()
            kind, organisation, aliases, leads_to = "person", None, [], None
            name = f"{self.firsts.pick()} {self.lasts.pick()}"
            if chance < 0.06:
                kind = "unnamed"
                organisation, body = self.organisations.pick()
                name = f"a {body} spokesperson"
            elif chance < 0.09:
                name = f"{name[0]}. {name.split()[-1]}"
            elif chance < 0.19:
                aliases = [random.choice((f"Dr {name}", f"{name.split()[0]} {self.lasts.pick()}"))]
            elif chance < 0.20:
                leads_to = merged
            people.append((key, name))
            merged = merged or (kind == "person" and key) or None
            yield key, name, aliases, kind, organisation, "{}", leads_to, created, created
        self.random.shuffle(people)
        self.people = Often(self.random, people)

    def affiliation_rows(self) -> Iterable[tuple]:
        for key, _ in self.people.values[: self.speakers // 2]:
            created = self.moment()
            body, _ = self.organisations.pick()
            role = self.random.choice(ROLES)
            yield self.key(created), key, body, role, "[2015-01-01,2016-01-01)", created, created

    def article_rows(self) -> Iterable[tuple]:
        self.printed = []
        for number, created in enumerate(self.moments(self.articles)):
            key, snapshot = self.key(created), self.key(created)
            day = (created - timedelta(days=self.random.choice((0, 0, 1, 900)))).date()
            published = f"[{day},{day + timedelta(days=1)})" if number % 20 else None
            outlet = self.outlets.pick() if number % 25 else None
            self.printed.append((key, snapshot, outlet, published, created))
            url = f"https://news.example/{number}"
            headline = self.sentence(5, 12)
            yield key, outlet, url, headline, [], published, "en", snapshot, created, created

    def page_and_quotes(self, quotes: int) -> tuple[str, list[tuple[int, str]]]:
        """The text of an article, and where its quotes stand in it."""
        text, places = f"{self.sentence()}.", []
        for _ in range(quotes):
            words = self.sentence(5, 40)
            text += f"\n\n{self.sentence()}, {self.random.choice(CUES)} one of them: “"
            places.append((len(text), words))
            text += f"{words}.” {self.sentence()}."
        return text, places

    def snapshot_and_quote_rows(self) -> Iterable[tuple[tuple, list[tuple]]]:
        left = self.quotes
        for number, (article, snapshot, outlet, published, created) in enumerate(self.printed):
            last = number == len(self.printed) - 1
            some = left if last else min(self.random.randint(2, 8), left)
            left -= some
            text, places = self.page_and_quotes(some)
            digest = sha256(text.encode()).hexdigest()
            yield (
                (snapshot, article, digest, text, created),
                [self.quote_row(article, snapshot, outlet, published, created, text, *place)
                 for place in places],
            )  # fmt: skip

    def quote_row(self, article, snapshot, outlet, published, created, text, at, words) -> tuple:
        anchor, flag, status = self.anchors(), self.flags(), self.statuses()
        if self.now - created < 12 * A_WEEK and self.random.random() < 0.15:
            status = "proposed"
        speaker = role = None
        if flag != "unresolved_speaker" and self.random.random() > 0.05:
            speaker, name = self.people.pick()
        else:
            name = f"Mr {self.lasts.pick()}"
        if self.random.random() < 0.4:
            role = self.random.choice(ROLES)
        spans, contexts = (
            [[at, at + len(words)]],
            [[text[at - 32 : at], text[at + len(words) :][:32]]],
        )
        if anchor == "unanchored":
            snapshot, spans, contexts = None, [], []
        surname = name.split()[-1]
        return (
            self.key(created), article, snapshot, words, spans, contexts, anchor, outlet, published,
            "direct", "en", status, [flag] if flag else [], speaker, f"{surname} said", surname,
            role, "said", created, created,
        )  # fmt: skip

    # Storing

    def store(self) -> None:
        from django.db import connection

        tables = [
            "sources_outlet", "sources_organisation", "sources_speaker", "sources_affiliation",
            "sources_article", "sources_snapshot", "quotes_quote",
        ]  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(KEEPING)
            keeping = [name for (name,) in cursor.fetchall()]
            for name in keeping:
                cursor.execute(f"ALTER TABLE quotes_quote ENABLE ALWAYS TRIGGER {name}")
            cursor.execute("SET session_replication_role = replica")
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute(INDEXES, [tables])
            indexes = cursor.fetchall()
            for name, _ in indexes:
                cursor.execute(f'DROP INDEX "{name}"')
            copy(cursor, "sources_outlet (id, name, aliases, slug)", self.outlet_rows())
            copy(
                cursor,
                "sources_organisation (id, name, aliases, identifiers)",
                self.organisation_rows(),
            )
            copy(
                cursor,
                "sources_speaker (id, name, aliases, kind, organisation_id, identifiers,"
                " merged_into_id, created, updated)",
                self.speaker_rows(),
            )
            copy(
                cursor,
                "sources_affiliation (id, speaker_id, organisation_id, role, start, created,"
                " updated)",
                self.affiliation_rows(),
            )
            copy(
                cursor,
                "sources_article (id, outlet_id, url, headline, byline, published, language,"
                " snapshot_id, created, updated)",
                self.article_rows(),
            )
            self.store_printed(cursor)
            for _, definition in indexes:
                cursor.execute(definition)
            cursor.execute("SET session_replication_role = origin")
            for name in keeping:
                cursor.execute(f"ALTER TABLE quotes_quote ENABLE TRIGGER {name}")
            cursor.execute("RESET maintenance_work_mem")
            cursor.execute("VACUUM ANALYZE" if connection.autocommit else "ANALYZE")

    def store_printed(self, cursor) -> None:
        """Snapshots with the quotes in them, some thousands at a time."""
        snapshots, quotes = [], []

        def write():
            copy(cursor, "sources_snapshot (id, article_id, sha256, text, captured)", snapshots)
            copy(
                cursor,
                "quotes_quote (id, article_id, snapshot_id, text, spans, contexts, anchor,"
                " outlet_id, published, kind, language, status, flags, speaker_id,"
                " attribution_text, attribution_speaker, attribution_role, attribution_cue,"
                " created, updated)",
                quotes,
            )
            snapshots.clear()
            quotes.clear()

        for snapshot, quoted in self.snapshot_and_quote_rows():
            snapshots.append(snapshot)
            quotes.extend(quoted)
            if len(quotes) > 20_000:
                write()
        write()


def copy(cursor, table: str, rows: Iterable[tuple]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as into:
        for row in rows:
            into.write_row(row)
