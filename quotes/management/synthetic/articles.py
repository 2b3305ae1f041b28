"""Lines of articles and their quotes, which cover events that come in bursts.

At an event a few speakers make utterances. Each article about it prints some of them in its own
way: whole, trimmed, as a fragment, with one misspelling, in its own typography, or as a copy of
another outlet's text (a wire story). Quotes of one utterance share its id, which serves as the
ground truth of the utterance benchmark.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from random import Random
from typing import NamedTuple

from quotes.management.synthetic.newsroom import (
    Newsroom,
    SampleOutlet,
    WeightedChoice,
    days_of,
    words_of,
)
from quotes.management.synthetic.rows import DAY, NULL, array, as_json, key, one_of
from quotes.management.synthetic.search_columns import SearchColumns
from quotes.management.synthetic.text import PlacedQuote, Writer

QUOTES_PER_PART = 5_000
"""A part has a seed of its own, so that parts can be made in any order."""

HOUR, WEEK = DAY // 24, 7 * DAY

CONTEXT = 32
"""Code points of context stored before and after each span."""

# The texts hold no backslash and no control character but line feeds: only these are escaped.

COLUMNS = {
    "sources_outlet": "id, name, aliases, slug, url, created, updated",
    "sources_organisation": (
        "id, name, aliases, identifiers, parent_id, merged_into_id, created, updated"
    ),
    "sources_speaker": (
        "id, name, aliases, kind, organisation_id, identifiers, merged_into_id, created, updated"
    ),
    "sources_affiliation": (
        'id, speaker_id, organisation_id, role, start, "end", created, updated'
    ),
    "quotes_utterance": "id, created, updated",
    "sources_article": (
        "id, outlet_id, external_id, url, headline, byline, published, published_at, language,"
        " snapshot_id, version, created, updated"
    ),
    "sources_snapshot": "id, article_id, sha256, text, captured",
    "quotes_quote": (
        "id, article_id, snapshot_id, text, spans, contexts, anchor, nearest, outlet_id, published,"
        " kind, language, status, flags, reason, attribution_text, attribution_speaker,"
        " attribution_role, attribution_organisation, attribution_cue, speaker_id,"
        " organisation_id, affiliation_id, role, role_key, said, utterance_id, version, created,"
        " updated, search_words, bare"
    ),
    "quotes_via": "id, quote_id, position, kind, name, outlet_id",
    "quotes_word": "id, word",
}
"""Columns written of each table, in this order; the others keep their defaults."""


def parts_of(quotes: int) -> int:
    """The number of parts of an archive of this many quotes."""
    return -(-quotes // QUOTES_PER_PART)


@dataclass(slots=True)
class SampleSnapshot:
    """A snapshot of an article."""

    id: str
    text: str
    sha256: str

    @classmethod
    def captured(cls, random: Random, moment: int, text: str) -> "SampleSnapshot":
        return cls(key(random, moment), text, sha256(text.encode()).hexdigest())


@dataclass(slots=True)
class SampleAnchor:
    """The anchor of a quote."""

    anchor: str
    page: SampleSnapshot | None
    spans: list[tuple[int, int]]
    nearest: str = NULL


@dataclass(slots=True)
class SampleArticle:
    """An article as filed."""

    paper: SampleOutlet
    moment: int
    language: str
    text: str
    standing: list[PlacedQuote]


@dataclass(slots=True)
class Event:
    writer: Writer
    voices: list
    papers: object
    moment: int
    happened: int  # when it was said, perhaps years before


class Made(NamedTuple):
    """A part of an archive."""

    rows: dict[str, bytes]
    """Lines for COPY, by table."""
    new_words: set[str]
    """Words of its quotes that its `ArticleGenerator` had not met before."""


class ArticleGenerator:
    """Makes an archive of this many quotes, part by part."""

    def __init__(self, quotes: int, seed: int, until: date):
        self.newsroom = Newsroom(quotes, seed, until)
        self.calendar = self.newsroom.calendar
        self.quotes, self.seed = quotes, seed
        self.parts = parts_of(quotes)
        self.searched = SearchColumns()

    def made(self, number: int | None) -> Made:
        """Make one part; without a number, the newsroom."""
        rows = joined(self.newsroom.rows) if number is None else self.part(number)
        return Made(rows, self.searched.new_words())

    def part(self, number: int) -> dict[str, bytes]:
        """Lines of one part for COPY, by table."""
        newsroom, random = self.newsroom, Random(f"{self.seed} part {number}")
        self.random = random
        self.rows = {table: [] for table in COLUMNS if table not in newsroom.rows}
        self.said: list[tuple[str, str]] = []  # language and text of each quote
        writers = WeightedChoice([Writer(random, pool) for pool in newsroom.pools], newsroom.shares)
        self.chains = 1 + 2 * QUOTES_PER_PART * number  # where the ids of their steps begin
        wanted = self.left = min(QUOTES_PER_PART, self.quotes - number * QUOTES_PER_PART)
        while self.left:
            reached = (number + 1 - self.left / wanted) / self.parts
            moment = min(newsroom.moment(reached), newsroom.end - HOUR)
            self.event(writers.pick(random), moment)
        rows = zip(self.rows["quotes_quote"], self.searched.columns(self.said), strict=True)
        self.rows["quotes_quote"] = list(map("\t".join, rows))
        return joined(self.rows)

    # Events

    def event(self, writer: Writer, moment: int) -> None:
        """Speakers speak, and outlets report it within some days."""
        random, pool = self.random, writer.pool
        voices = [pool.voices.pick(random) for _ in range(one_of((1, 1, 2, 2, 3, 4), random))]
        # Most events are printed once or twice, few by very many; and so are utterances.
        sizes = [
            min(2 + int(random.expovariate(0.3)), 12)
            for _ in range(min(int(random.paretovariate(1.1)), 150))
        ]
        number = max(*sizes, 2, int(sum(sizes) / one_of((1.2, 2, 3), random)))
        spoken = [writer.speak(one_of(voices, random)) for _ in range(number)]
        long_ago = random.randrange(30, 7000) * DAY if random.random() < 0.1 else 0
        articles: list[SampleArticle] = []
        for size in sizes:
            at = min(moment + int(random.expovariate(1 / (9 * HOUR))), self.newsroom.end - HOUR)
            paper = pool.papers.pick(random)
            if articles and random.random() < 0.12 and len(articles[-1].standing) <= self.left:
                last = articles[-1]  # word for word
                article = SampleArticle(paper, at, last.language, last.text, last.standing)
            else:
                chosen = {int(number * random.random() ** 2.5) for _ in range(size)}
                of = [spoken[n] for n in sorted(chosen)][: self.left]
                article = SampleArticle(
                    paper, at, pool.tags.pick(random), *writer.article(paper, of)
                )
            articles.append(article)
            self.left -= len(article.standing)
            for stands in article.standing:
                stands.of.printed += stands.known
            if not self.left:
                break
        for one in spoken:
            if one.printed > 1:
                one.id = key(random, moment)
                when = self.calendar.moment(moment)
                self.rows["quotes_utterance"].append(f"{one.id}\t{when}\t{when}")
        for article in articles:
            self.file(writer, article, (article.moment if long_ago else moment) - long_ago)

    # Lines

    def file(self, writer: Writer, printed: SampleArticle, happened: int) -> None:
        """Write the lines of one article, its snapshots and its quotes."""
        random, calendar, paper = self.random, self.calendar, printed.paper
        chance, lot = random.random(), random.random()
        article = key(random, printed.moment)
        when = calendar.moment(printed.moment)
        told_later = printed.moment - happened > 30 * DAY
        day = (happened if told_later else printed.moment) // DAY
        published = calendar.partial(day, lot, (0.9, 0.93, 0.95))
        at = when if lot < 0.3 and not told_later else NULL
        outlet = paper.id if chance > 0.04 else NULL
        present, places, changed = self.capture(writer, article, printed)
        headline = writer.pool.take(7)
        url = f"https://{paper.slug}.example/{article[:12]}/{headline[1]}-{article[16:24]}"
        byline = array([writer.pool.voices.pick(random).name] if lot < 0.7 else [])
        self.rows["sources_article"].append(
            f"{article}\t{outlet}\t{f'cms-{article[16:]}' if chance < 0.3 else NULL}"
            f"\t{url if chance < 0.93 else NULL}\t{' '.join(headline).capitalize()}\t{byline}"
            f"\t{published}\t{at}\t{printed.language}\t{present.id if present else NULL}"
            f"\t{2 if changed else 1}\t{when}\t{calendar.moment(changed) if changed else when}"
        )
        for stands, place in zip(printed.standing, places, strict=True):
            self.quote(stands, place, article, outlet, published, printed, happened, when, writer)

    def capture(
        self, writer: Writer, article: str, printed: SampleArticle
    ) -> tuple[SampleSnapshot | None, list[SampleAnchor], int]:
        """The present snapshot, the quotes' anchors, and the time of the change or 0."""
        random, text, standing = self.random, printed.text, printed.standing
        if (chance := random.random()) < 0.03:
            return None, [SampleAnchor("unanchored", None, []) for _ in standing], 0
        first = SampleSnapshot.captured(random, printed.moment, text)
        self._keep(article, first, printed.moment)
        if chance < 0.96:
            return first, [SampleAnchor("exact", first, stands.spans) for stands in standing], 0
        # The article changed: added text moves every quote, and one is altered or removed.
        changed = min(printed.moment + random.randrange(HOUR, 3 * DAY), self.newsroom.end - 1)
        added = f"{writer.filler()}\n\n"
        lost = random.choice(standing) if standing and chance > 0.975 else None
        start, end, instead = 0, 0, ""
        if lost:
            start, end = lost.spans[0]
            if chance > 0.985:
                more, half = writer.pool.take(1)[0], (start + end) // 2
                instead = f"{text[start:half].rstrip()} {more} {text[half:end].lstrip()}"
        present = SampleSnapshot.captured(
            random, changed, f"{added}{text[:start]}{instead}{text[end:]}"
        )
        self._keep(article, present, changed)
        places = []
        for stands in standing:
            if stands is not lost:
                by = len(added) + (len(instead) - (end - start)) * (stands.spans[0][0] > start)
                spans = [(first_at + by, last_at + by) for first_at, last_at in stands.spans]
                places.append(SampleAnchor("moved", present, spans))
            elif not instead:
                places.append(SampleAnchor("missing", first, stands.spans))
            else:
                near = {
                    "text": instead,
                    "score": round((end - start) / len(instead), 4),
                    "start": start + len(added),
                    "end": start + len(added) + len(instead),
                    "snapshot": present.sha256,
                }
                places.append(SampleAnchor("altered", first, stands.spans, as_json(near)))
        return present, places, changed

    def _keep(self, article: str, page: SampleSnapshot, moment: int) -> None:
        self.rows["sources_snapshot"].append(
            f"{page.id}\t{article}\t{page.sha256}\t{page.text.replace('\n', '\\n')}"
            f"\t{self.calendar.moment(moment)}"
        )

    def quote(
        self,
        stands: PlacedQuote,
        place: SampleAnchor,
        article: str,
        outlet: str,
        published: str,
        printed: SampleArticle,
        happened: int,
        when: str,
        writer: Writer,
    ) -> None:
        """Write the line of one quote, as the triggers would have, and of its reporting chain."""
        random, end = self.random, self.newsroom.end
        chance, lot, fate = random.random(), random.random(), random.random()
        words = " ".join([printed.text[first:last] for first, last in stands.spans])
        snapshot, spans, contexts = NULL, "{}", "{}"
        if page := place.page:
            text, snapshot = page.text, page.id
            spans = f"{{{','.join([f'{{{first},{last}}}' for first, last in place.spans])}}}"
            around = "\x01},{\x01".join(
                [
                    f"{text[max(first - CONTEXT, 0) : first]}\x01,\x01{text[last : last + CONTEXT]}"
                    for first, last in place.spans
                ]
            )
            around = around.replace('"', '\\\\"').replace("\n", "\\n").replace("\x01", '"')
            contexts = f'{{{{"{around}"}}}}'
        said = self.calendar.partial(happened // DAY, lot, (0.45, 0.55, 0.6))
        flags, speaker, organisation, affiliation, body, role = [], NULL, NULL, NULL, NULL, NULL
        if stands.known:
            voice = stands.of.voice
            speaker, utterance = voice.id, stands.of.id
            on = days_of(published if said == NULL else said)
            held = [h for h in voice.held if on and h.first < on[1] and h.end > on[0]]
            if held and chance < 0.65:
                one = held[int(lot * len(held))]
                affiliation, organisation = one.id, one.organisation
                if fate < 0.3:
                    role, body = one.role, one.name
            elif voice.held and chance > 0.9:
                organisation = voice.held[0].organisation
            if held and (stands.role != NULL or role != NULL):
                named = [words_of(r) for r in (role, stands.role) if r != NULL]
                if not any(r <= h.words or r >= h.words for r in named for h in held):
                    flags.append("role_conflict")
            if voice.namesakes and fate < 0.1:
                flags.append("ambiguous_speaker")
            if organisation != NULL and chance < 0.003:
                flags.append("ambiguous_organisation")
        else:
            utterance = NULL
            flags.append("unresolved_speaker")
        status, reason, version, updated = "published", NULL, 1, when
        if fate < 0.02 or (fate < 0.15 and end - printed.moment < 12 * WEEK):
            status = "proposed"
        elif fate > 0.9:
            version = 2
            updated = self.calendar.moment(
                printed.moment + 1 + int((end - printed.moment) * random.random() ** 3)
            )
            if fate > 0.99:
                status, reason = "retracted", "Misheard."
            elif fate > 0.985:
                status, reason = "disputed", "The speaker contests it."
            elif fate > 0.98:
                status, reason = "rejected", "Not their words."
            elif fate > 0.975:
                flags.append("filing_differs")
        this = key(random, printed.moment)
        self.said.append((printed.language, words))
        self.rows["quotes_quote"].append(
            f"{this}\t{article}\t{snapshot}\t{words}\t{spans}\t{contexts}\t{place.anchor}"
            f"\t{place.nearest}\t{outlet}\t{published}\t{stands.kind}\t{printed.language}\t{status}"
            f"\t{{{','.join(flags)}}}\t{reason}\t{stands.attribution}\t{stands.speaker}"
            f"\t{stands.role}\t{body}\t{stands.cue}\t{speaker}\t{organisation}\t{affiliation}"
            f"\t{role}\t{role_key(stands.role if stands.role != NULL else role)}"
            f"\t{said}\t{utterance}\t{version}\t{when}\t{updated}"
        )
        if lot > 0.92:
            self.chain(this, writer)

    def chain(self, quote: str, writer: Writer) -> None:
        """Write a reporting chain, most often through another outlet."""
        random, rows = self.random, self.rows["quotes_via"]
        this = f"{self.chains + len(rows)}\t{quote}"
        kind = one_of(("cited", "cited", "told", "statement", "document", "post"), random)
        if kind not in ("cited", "told"):
            rows.append(f"{this}\t0\t{kind}\t{writer.filler()}\t{NULL}")
            return
        paper = writer.pool.papers.pick(random)
        rows.append(f"{this}\t0\t{kind}\t{paper.name}\t{paper.id}")
        if kind == "told":
            rows.append(
                f"{self.chains + len(rows)}\t{quote}\t1\tstatement\t{writer.filler()}\t{NULL}"
            )


@lru_cache(10_000)
def role_key(role: str) -> str:
    """The same as `quotes_role_key` in PostgreSQL."""
    return NULL if role == NULL else sha256(role.encode()).hexdigest()[:32]


def joined(rows: dict[str, list[str]]) -> dict[str, bytes]:
    """Join lines for COPY, by table."""
    return {table: ("\n".join(lines) + "\n").encode() for table, lines in rows.items() if lines}


# Worker processes


def part_in_process(quotes: int, seed: int, until: date, number: int | None) -> Made:
    """Make one part in a worker process (`ArticleGenerator.made`)."""
    return _generator(quotes, seed, until).made(number)


@lru_cache(1)
def _generator(quotes: int, seed: int, until: date) -> ArticleGenerator:
    """One generator for each process."""
    return ArticleGenerator(quotes, seed, until)
