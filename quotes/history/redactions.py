"""Which words of an erasure stand in what stays: texts, headlines and bylines, and neighbours.

Words and names are found whatever their case, accents and typography. This room only notes them in
an `Erasure`; `quotes.history.erasure` destroys them.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import models

from quotes.anchoring import PAGES, AmbiguousPosition, AnchoringError, Budget, NotInText, Page
from quotes.anchoring.following import MIN_ALTERED_SIMILARITY
from quotes.history.erased_words import states_of
from quotes.models import MistakeReport, Quote
from sources.history.erasure import (
    Range,
    Trace,
    merged,
    occurrences,
    overlap,
    redacted,
    rows_holding,
    search_terms,
)
from sources.history.words import TextWords, forms_of, terms_of
from sources.identity.names import parse
from sources.models import Affiliation, Article, Fact, Snapshot, Speaker

type Printing = tuple[UUID, str]
"""The id of a snapshot, and its column: `text` or `headline`."""


@dataclass
class Erasure:
    """What one erasure destroys, by kind and id, and where its words remain."""

    asked: set[UUID]
    quotes: set[UUID] = field(default_factory=set)
    neighbours: set[UUID] = field(default_factory=set)  # quotes that share words with those
    articles: set[UUID] = field(default_factory=set)
    snapshots: set[UUID] = field(default_factory=set)
    speakers: set[UUID] = field(default_factory=set)
    affiliations: set[UUID] = field(default_factory=set)
    reports: set[UUID] = field(default_factory=set)  # of mistakes, asked for by themselves
    facts: set[UUID] = field(default_factory=set)
    redacted: dict[Printing, list[list[int]]] = field(default_factory=dict)  # ranges of each
    particulars: dict[UUID, dict] = field(default_factory=dict)  # blotted, of articles that stay
    unlinked: set[UUID] = field(default_factory=set)  # quotes that named one as their replacement
    answers: int = 0
    log_entries: int = 0
    jobs: int = 0
    webhooks: int = 0  # whose URL or filters held their words
    documents: int = 0  # that their texts were converted from
    filings: int = 0  # last filings that named them or held their words
    remembered: int = 0  # runs of words and names that are kept away by keyed hashes
    remains: list[Trace] = field(default_factory=list)
    not_searched: int = 0  # texts too short, or too many, to be looked for elsewhere

    @property
    def blotted(self) -> set[UUID]:
        """The snapshots that are redacted, in their text or their headline."""
        return {key for key, _ in self.redacted}

    @property
    def rows(self) -> dict[type[models.Model], set[UUID]]:
        """Rows to delete, in the order of the report; foreign keys are checked afterwards."""
        return {
            Quote: self.quotes | self.neighbours,
            Affiliation: self.affiliations,
            Fact: self.facts,
            Speaker: self.speakers,
            Snapshot: self.snapshots,
            Article: self.articles,
            MistakeReport: self.reports,
        }


def keys_of(queryset, name: str = "pk") -> set[UUID]:
    return set(queryset.order_by().values_list(name, flat=True))


def lock(model: type[models.Model], keys: set[UUID]) -> None:
    list(model.objects.filter(pk__in=keys).order_by("pk").select_for_update().values_list("pk"))


def merged_together(articles: set[UUID]) -> dict[UUID, UUID]:
    """Map these articles, and all merged with them, to the surviving one."""
    known = {*articles, *Article.objects.survivors(articles).values()}
    return {key: key for key in known} | Article.objects.merged_into(known)


def find_redactions(
    own: list[dict], names: set[str], erasure: Erasure, each: Callable, elsewhere: set[str]
) -> None:
    """Find the ranges to redact, and the neighbours to erase because they share words.

    Words and names are found whatever their case, accents and typography, and those of `elsewhere`
    in all other articles, too.
    """
    articles = merged_together({UUID(state["article_id"]) for state in own})
    others = _articles_with(elsewhere) - articles.keys()
    lock(Article, others)
    articles |= merged_together(others) if others else {}
    neighbours = states_of(
        Quote, keys_of(Quote.objects.filter(article__in=articles)) - erasure.quotes
    )
    texts = defaultdict(set)  # by surviving article
    for state in own:
        texts[articles[UUID(state["article_id"])]].add(state["text"])
    for article in others:
        texts[articles[article]] |= elsewhere
    forms, capitals = forms_of(names)
    if speaking := {state["speaker_id"] for state in neighbours} - {None}:
        called = Speaker.objects.filter(pk__in=speaking).exclude(pk__in=erasure.speakers)
        for name in called.values_list("name", flat=True):
            capitals.difference_update(parse(name).words)
    terms = terms_of({*forms, *capitals, *names}.union(*texts.values()))
    named = [term for form in forms | names for term in terms[form]]
    alone = [term for form in capitals for term in terms[form]]

    def places(text: TextWords, said: Iterable[str]) -> list[Range]:
        return text.ranges(term for words in said for term in terms[words])

    def places_of_names(text: TextWords) -> list[Range]:
        exact = [place for name in names for place in occurrences(text.text, name)]
        return exact + text.ranges(named) + text.capitalised(alone)

    shared = []
    for state in neighbours:
        words = TextWords(state["text"])
        said = texts[articles.get(UUID(state["article_id"]))]
        if places(words, said) or places_of_names(words):
            shared.append(state)
    erasure.neighbours |= {UUID(state["id"]) for state in shared}
    # No search of the text finds words that are split into several spans.
    own = own + [state for state in shared if len(state["spans"]) > 1]
    mine, theirs = _by_printing(own), _by_printing(neighbours)
    staying = Snapshot.objects.filter(article__in=articles).exclude(pk__in=erasure.snapshots)
    printings = ((key, name) for key in sorted(keys_of(staying)) for name in PAGES)
    for key, name in each(list(printings)):
        snapshot = Snapshot.objects.get(pk=key)
        text = getattr(snapshot, name) or ""
        pointed, taken = mine[str(key), name], _spans(theirs[str(key), name])
        ranges = _spans(pointed) + _nearest(erasure.quotes, snapshot, name)
        page, words = Page(text, Budget(math.inf)), TextWords(text)
        ranges += places_of_names(words)
        for said in texts[articles[snapshot.article_id]]:
            found = occurrences(text, said) + places(words, [said])
            is_own = snapshot.article_id not in others
            if is_own and not found and not any(state["text"] == said for state in pointed):
                found = _similar_passages(page, said, taken)
            ranges += found
        if ranges := merged(ranges):
            erasure.redacted[key, name] = ranges
            erasure.neighbours |= {
                UUID(state["id"])
                for state in theirs[str(key), name]
                if overlap(state["spans"], ranges)
            }

    def blotted(line: str, said: set[str]) -> str:
        words = TextWords(line)
        ranges = places_of_names(words) + places(words, said)
        ranges += [place for each in said for place in occurrences(line, each)]
        return redacted(line, merged(ranges))

    for article in Article.objects.filter(pk__in=articles.keys() - erasure.articles):
        said = texts[articles[article.pk]]
        lines = [blotted(line, said) for line in (article.headline or "", *article.byline)]
        now = {"headline": lines[0] or None, "byline": lines[1:]}
        changed = {name: value for name, value in now.items() if value != getattr(article, name)}
        if changed:
            erasure.particulars[article.pk] = changed


def _articles_with(words: set[str]) -> set[UUID]:
    """Articles whose texts hold one of these."""
    sought = search_terms(words)
    held = (
        rows_holding(Snapshot, "concat_ws(E'\\n\\n', headline, text)", [], sought) if words else []
    )
    return keys_of(Snapshot.objects.filter(pk__in=held), "article")


def _by_printing(states: list[dict]) -> dict[tuple[str, str], list[dict]]:
    found = defaultdict(list)
    for state in states:
        found[state["snapshot_id"], state["anchored_in"]].append(state)
    return found


def _spans(states: list[dict]) -> list[Range]:
    return [(start, end) for state in states for start, end in state["spans"]]


def _nearest(quotes: set[UUID], snapshot: Snapshot, name: str) -> list[Range]:
    found = Quote.objects.filter(article=snapshot.article_id, nearest__snapshot=snapshot.sha256)
    kept = (
        found.filter(pk__in=quotes, anchored_in=name).order_by().values_list("nearest", flat=True)
    )
    return [(nearest["start"], nearest["end"]) for nearest in kept]


def _similar_passages(page: Page, words: str, taken: list[Range]) -> list[Range]:
    """Ranges of the words in other typography, or of similar words, in a text of no known spans.

    Similar words that belong to another quote are left.
    """
    try:
        return list(page.find(words))
    except AmbiguousPosition as error:
        return [span for position in error.positions for span in position.spans]
    except NotInText as absent:
        near = absent.nearest
        found = [(near.start, near.end)] if near and near.score >= MIN_ALTERED_SIMILARITY else []
        return [] if overlap(found, taken) else found
    except AnchoringError:
        return []
