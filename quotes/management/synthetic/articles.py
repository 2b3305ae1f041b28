"""Lines of articles and their quotes, which cover events that come in bursts.

At an event a few speakers make utterances. Each article about it prints some of them in its own
way. Quotes of one utterance share its id, the ground truth of the utterance benchmark.
"""

import json
from collections import defaultdict
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from quotes.management.synthetic.newsroom import Newsroom, SampleOutlet
from quotes.management.synthetic.rows import DAY, HOUR, NULL, Chance, array, joined, written
from quotes.management.synthetic.search_columns import SearchColumns
from quotes.management.synthetic.text import Passage, Writer, placed

QUOTES_PER_PART = 5_000
"""A part has a seed of its own, so that parts can be made in any order."""

CONTEXT = 32
"""Code points of context stored before and after each span."""

CHANGES = "moved", "moved", "moved", "altered", "missing"
"""What becomes of a quote if its article changes."""

VIA = "cited", "cited", "told", "statement", "document", "post"

STATUSES = *["published"] * 193, *["proposed"] * 3, "retracted", "disputed", "rejected", "withdrawn"
REASONS = {
    "retracted": "Misheard.",
    "disputed": "The speaker contests it.",
    "rejected": "Not their words.",
    "withdrawn": "Filed by mistake.",
}
RARE_FLAGS = (
    *("ambiguous_speaker", "ambiguous_organisation"),
    *("filing_differs", "check_speaker", "text_replaced", "words_left_out"),
    "attribution_changed",
)


Made = tuple[dict[str, bytes], set[str]]
"""Lines of a part of an archive for COPY, by table; the normalised words of its quotes."""


class SampleArticle(NamedTuple):
    id: str
    moment: int
    created: str
    outlet: str
    language: str
    published: str
    happened: int  # the day when its quotes were said, perhaps years before


def parts_of(quotes: int) -> range:
    """The numbers of the parts of an archive of this many quotes."""
    return range(-(-quotes // QUOTES_PER_PART))


def made(quotes: int, seed: int, until: date, number: int | None) -> Made:
    """Make one part; without a number, the newsroom."""
    newsroom, searched = _begin(quotes, seed, until)
    if number is None:
        return joined(newsroom.rows), set()
    part = Part(newsroom, Chance(f"{seed} part {number}"), min(150, 1 + quotes // 50))
    part.left = total = min(QUOTES_PER_PART, quotes - number * QUOTES_PER_PART)
    while part.left:
        reached = (number + 1 - part.left / total) / len(parts_of(quotes))
        part.event(min(newsroom.moment(reached), newsroom.end - HOUR))
    columns, words = searched.columns(part.said)
    lines = zip(part.rows["quotes_quote"], columns, strict=True)
    part.rows["quotes_quote"] = [*map("\t".join, lines)]
    return joined(part.rows), words


@lru_cache(1)
def _begin(quotes: int, seed: int, until: date) -> tuple[Newsroom, SearchColumns]:
    """What each process makes once."""
    return Newsroom(quotes, seed, until), SearchColumns()


class Part:
    """A part of the articles, at most `largest` of one event; `rows` holds lines by table."""

    def __init__(self, newsroom: Newsroom, chance: Chance, largest: int):
        self.newsroom, self.chance, self.largest, self.left = newsroom, chance, largest, 0
        self.rows: dict[str, list[str]] = defaultdict(list)
        self.said: list[tuple[str, str]] = []  # language without region, and words, of each quote
        self.writers = [Writer(chance, pool) for pool in newsroom.pools]
        self.shares = [pool.language.share for pool in newsroom.pools]

    def event(self, moment: int) -> None:
        """Speakers speak, and outlets report it within some days."""
        chance = self.chance
        writer = chance.choices(self.writers, self.shares)[0]
        speakers = [chance.zipf(writer.pool.speakers) for _ in range(chance.randrange(1, 5))]
        # Most events are printed once or twice, few by very many; and so are utterances.
        sizes = [
            min(2 + int(chance.expovariate(0.3)), 12)
            for _ in range(min(int(chance.paretovariate(1.1)), self.largest))
        ]
        number = max(*sizes, 2, int(sum(sizes) / chance.one_of((1.2, 2, 3))))
        spoken = [writer.speak(chance.one_of(speakers)) for _ in range(number)]
        long_ago = chance.randrange(30, 7000) * DAY if chance.random() < 0.1 else 0
        reports: list[tuple[SampleOutlet, list[Passage]]] = []
        for size in sizes:
            chosen = sorted({int(number * chance.random() ** 2.5) for _ in range(size)})
            outlet = chance.zipf(writer.pool.outlets)
            passages = [writer.passage(outlet, spoken[n]) for n in chosen[: self.left]]
            self.left -= len(passages)
            reports.append((outlet, passages))
            for passage in passages:
                passage.of.printed += passage.is_known
        for utterance in spoken:
            if utterance.printed > 1:
                utterance.id = chance.key(moment)
        for outlet, passages in reports:
            if passages:
                self.article(writer, outlet, passages, moment, long_ago)
        when = written(moment)
        for utterance in spoken:
            if utterance.id != NULL:
                public = "t" if utterance.is_public else "f"
                self.rows["quotes_utterance"].append(f"{utterance.id}\t{public}\t{when}\t{when}")

    def article(
        self,
        writer: Writer,
        outlet: SampleOutlet,
        passages: list[Passage],
        moment: int,
        long_ago: int,
    ) -> None:
        """Write the lines of one article, its snapshots and its quotes."""
        chance, lot, other = self.chance, self.chance.random(), self.chance.random()
        at = min(moment + int(chance.expovariate(1 / (9 * HOUR))), self.newsroom.end - HOUR)
        key, when, day = chance.key(at), written(at), (at - long_ago) // DAY
        outlet_id = outlet.id if other > 0.04 else NULL
        language = chance.choices((*writer.pool.language.tags.split(), NULL), (80, 12, 5, 3))[0]
        has_time = lot < 0.3 and not long_ago
        published = chance.date(day, (1, 1, 1) if has_time else (0.86, 0.9, 0.93))
        words = writer.take(7)
        headline = " ".join(words).capitalize()
        present, changed = self.anchor(writer, key, at, headline, passages)
        url = f"https://{outlet.slug}.example/{key[:12]}/{words[1]}-{key[16:24]}"
        byline = array([chance.zipf(writer.pool.speakers).name] if lot < 0.7 else [])
        happened = day if long_ago else moment // DAY
        article = SampleArticle(key, at, when, outlet_id, language, published, happened)
        shown = [self.quote(writer, article, passage) for passage in passages]
        self.rows["sources_article"].append(
            f"{key}\t{outlet_id}\t{f'cms-{key[16:]}' if other < 0.3 else NULL}"
            f"\t{url if other < 0.93 else NULL}\t{headline}\t{byline}"
            f"\t{published}\t{when if has_time else NULL}\t{language}"
            f"\t{present}\t{'t' if any(shown) else 'f'}\t{1 + (changed > at)}\t{when}"
            f"\t{written(changed)}"
        )

    def anchor(
        self, writer: Writer, article: str, moment: int, headline: str, passages: list[Passage]
    ) -> tuple[str, int]:
        """Anchor the quotes; return the id of the present snapshot and when its text changed."""
        chance, lot = self.chance, self.chance.random()
        pieces = [[writer.filler()], *[p.pieces for p in passages], [f"\n\n{writer.filler()}"]]
        text, (_, *places, _) = placed(pieces)
        for passage, spans in zip(passages, places, strict=True):
            passage.words = " ".join([text[start:end] for start, end in spans])
        if lot < 0.03:
            return NULL, moment
        first, _ = self.snapshot(article, text, headline, moment)
        for passage, spans in zip(passages, places, strict=True):
            passage.anchor, passage.snapshot, passage.text = "exact", first, text
            passage.spans = spans
        if lot < 0.96:
            return first, moment
        # The article changed: added text moves every quote; some are altered or removed.
        pieces[0] = [f"{writer.filler()}\n\n{pieces[0][0]}"]
        for n, passage in enumerate(passages, 1):
            passage.anchor = chance.one_of(CHANGES)
            lead, part, *rest = pieces[n]
            if passage.anchor == "altered":
                pieces[n] = lead, f"{part} {writer.take(1)[0]}", *rest
            elif passage.anchor == "missing":
                pieces[n] = [lead]
        text, (_, *places, _) = placed(pieces)
        changed = min(moment + chance.randrange(HOUR, 3 * DAY), self.newsroom.end - 1)
        present, digest = self.snapshot(article, text, headline, changed)
        for passage, spans in zip(passages, places, strict=True):
            if passage.anchor == "moved":
                passage.snapshot, passage.text, passage.spans = present, text, spans
            elif passage.anchor == "altered":
                start, end = spans[0]
                near = {"text": text[start:end], "score": 0.9, "start": start, "end": end}
                passage.nearest = json.dumps({**near, "snapshot": digest}, ensure_ascii=False)
        return present, changed

    def snapshot(self, article: str, text: str, headline: str, moment: int) -> tuple[str, str]:
        """Write the line of a snapshot; return its id and digest."""
        this, digest = self.chance.key(moment), sha256(text.encode()).hexdigest()
        escaped = text.replace("\n", r"\n")
        self.rows["sources_snapshot"].append(
            f"{this}\t{article}\t{digest}\t{escaped}\t{headline}\t{written(moment)}"
        )
        return this, digest

    def quote(self, writer: Writer, article: SampleArticle, passage: Passage) -> bool:
        """Write the line of one quote, as the triggers would have, and of its reporting chain.

        Returns whether readers see it.
        """
        chance, age = self.chance, self.newsroom.end - article.moment
        lot, other, flags = chance.random(), chance.random(), []
        this, text, speaker = chance.key(article.moment), passage.text, passage.of.speaker
        spans = ",".join([f"{{{start},{end}}}" for start, end in passage.spans])
        seams = ",".join(["interruption"] * (len(passage.spans) - 1))  # its attribution
        contexts = ",".join(
            [
                array((text[max(start - CONTEXT, 0) : start], text[end : end + CONTEXT]))
                for start, end in passage.spans
            ]
        )
        said = chance.date(article.happened, (0.45, 0.55, 0.6))
        affiliation = organisation = body = role = NULL
        if not passage.is_known:
            flags.append("unresolved_speaker")
        elif speaker.held and lot < 0.65:
            affiliation, organisation, name, held = chance.one_of(speaker.held)
            if other < 0.3:
                role, body = held, name
        if lot < 0.02:
            flags.append(RARE_FLAGS[int(lot * 50 * len(RARE_FLAGS))])
        if passage.is_known and (said != NULL or article.published != NULL):
            roles = [held.role for held in speaker.held]
            if roles and NULL == role != passage.role not in roles:
                flags.append("role_conflict")
        status = chance.one_of(STATUSES)
        if age < 84 * DAY and chance.random() < 0.15:
            status = "proposed"
        is_public = status not in ("proposed", "rejected", "withdrawn")
        passage.of.is_public |= passage.is_known and is_public
        version, updated = 1, article.created
        if status in REASONS or lot > 0.9:
            later = article.moment + 1 + int(age * chance.random() ** 3)
            version, updated = 2, written(later)
        known = (speaker.id, passage.of.id) if passage.is_known else (NULL, NULL)
        self.said.append((article.language[:2], passage.words))
        self.rows["quotes_quote"].append(
            f"{this}\t{article.id}\t{passage.snapshot}\t{passage.words}\t{{{spans}}}"
            f"\t{{{seams}}}\t{{{contexts}}}\t{passage.anchor}\t{passage.nearest}\t{article.outlet}"
            f"\t{article.published}\t{passage.kind}\t{article.language}\t{status}"
            f"\t{{{','.join(flags)}}}\t{REASONS.get(status, NULL)}\t{passage.attribution}"
            f"\t{passage.name}\t{passage.role}\t{body}\t{passage.cue}\t{known[0]}"
            f"\t{organisation}\t{affiliation}\t{role}"
            f"\t{role_key(passage.role)}\t{said}\t{known[1]}"
            f"\t{version}\t{article.created}\t{updated}"
        )
        if other > 0.92:
            kind, outlet = chance.one_of(VIA), chance.zipf(writer.pool.outlets)
            told = (
                f"{outlet.name}\t{outlet.id}" if kind in VIA[:3] else f"{writer.filler()}\t{NULL}"
            )
            self.rows["quotes_via"].append(f"{this}\t0\t{kind}\t{told}")
        return is_public


@lru_cache(10_000)
def role_key(role: str) -> str:
    """The same as `sources_role_key` in PostgreSQL."""
    return NULL if role == NULL else sha256(role.encode()).hexdigest()[:32]
