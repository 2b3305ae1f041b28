"""Who is quoted and named in the article of a quote, and who of them just before it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from quotes.models import Quote
from quotes.models.workflow import Status
from sources.identity.names import NameKind, parse, plain, words
from sources.models import Snapshot, Speaker

MAX_READ_QUOTES = 300
"""Quotes of an article that are read for its cast: the review page shows no more."""

MAX_NAMES = 300
"""Full names of a text that are looked up, in one query."""

LONGEST_NAME = 4  # words

WORD = re.compile(r"[^\W\d_][\w’'.\-]*")


@dataclass
class ArticleCast:
    """The speakers of the other quotes, the last of them before this one, and names in the text.

    `before` is the text up to the quote; empty where none is on record.
    """

    quoted: list[UUID] = field(default_factory=list)
    quoted_before: list[UUID] = field(default_factory=list)  # the last comes first
    names: list[str] = field(default_factory=list)
    before: str = ""

    @classmethod
    def of(cls, quote: Quote) -> "ArticleCast":
        """Two queries, one without a text."""
        cast, start = cls(), quote.spans[0][0] if quote.spans else None
        others = Quote.objects.filter(article=quote.article_id, speaker__isnull=False)
        others = others.exclude(pk=quote.pk)
        others = others.exclude(status__in=[Status.REJECTED, Status.WITHDRAWN])
        places = []
        for speaker, snapshot, page, spans in others.order_by("pk").values_list(
            "speaker", "snapshot", "anchored_in", "spans"
        )[:MAX_READ_QUOTES]:
            cast.quoted.append(speaker)
            if spans and start and (snapshot, page) == (quote.snapshot_id, quote.anchored_in):
                places += [(spans[0][0], speaker)] if spans[0][0] < start else []
        cast.quoted_before = [speaker for _, speaker in sorted(places, reverse=True)]
        if quote.snapshot_id:
            texts = Snapshot.objects.filter(pk=quote.snapshot_id)
            text = texts.values_list(quote.anchored_in, flat=True).first() or ""
            cast.names, cast.before = full_names(text), text[: start or 0]
        return cast

    def named_at(self, speaker: Speaker) -> int:
        """Where the text before the quote has the last word of a speaker's name; -1: nowhere."""
        word = (speaker.name.split() or [speaker.name])[-1]
        at = self.before.rfind(word)
        while at >= 0 and not re.match(r"\W|$", self.before[at + len(word) :][:1]):
            at = self.before.rfind(word, 0, at)
        return at


def full_names(text: str) -> list[str]:
    """Words with capital letters that stand together and may be full names."""
    particles, found, run, end = words()["particles"], {}, [], 0
    for word in WORD.finditer(text):
        joined = run and not text[end : word.start()].strip()
        is_capital = word[0][0].isupper()
        if not joined or not (is_capital or plain(word[0]) in particles):
            found |= dict.fromkeys(_names_in(run))
            run = []
        if is_capital or run:
            run.append(word[0])
        end = word.end()
    return [*(found | dict.fromkeys(_names_in(run)))][:MAX_NAMES]


def _names_in(run: list[str]) -> Iterator[str]:
    for first in range(len(run) - 1):
        for length in range(2, LONGEST_NAME + 1):
            name = " ".join(run[first : first + length])
            whole = len(run) - first >= length and name.split()[-1][0].isupper()
            name = re.sub(r"[’']s$|(?<=\w\w)\.$", "", name)
            if whole and run[first][0].isupper() and parse(name).kind == NameKind.FULL:
                yield name
