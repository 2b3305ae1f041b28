"""Erasure of quotes, articles and speakers: what goes with each, and what is left elsewhere.

A quote's words stand in its row, in its history, in the texts of its article, in the contexts of
its neighbours, in stored answers, in bulk jobs and in the admin's log. All of that goes, wherever a
present or a past state of the quote points to, and wherever a text of the article has its words. A
neighbour that shares words with it cannot stay as it is and is erased along; the rest of the words
of such a neighbour stay in the text. An utterance holds no words and stays.

With an article go its quotes and its texts. With a speaker go those that were merged into it, their
affiliations and quotes, and their names in the texts of the articles that quote them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, models
from django.db.models import F, Q

from quotes.anchoring import AmbiguousPosition, AnchoringError, NotInText, Page
from quotes.anchoring.page import MIN_ALTERED_SIMILARITY
from quotes.models import Claim, Quote
from sources.history.erasure import (
    Range,
    Trace,
    blot,
    erase_answers,
    erase_jobs,
    erase_log,
    erase_rows,
    erasing,
    holds,
    merged,
    occurrences,
    overlap,
    sought_for,
    traces_of,
)
from sources.ledger.revisions import Revision
from sources.models import Affiliation, Article, Snapshot, Speaker

KINDS: dict[str, type[models.Model]] = {"quote": Quote, "article": Article, "speaker": Speaker}


class CannotErase(Exception):
    """Why not, and what to do."""


@dataclass
class Erasure:
    """What one erasure destroys, by kind and id, and where words of it still stand."""

    asked: set[UUID]
    quotes: set[UUID] = field(default_factory=set)
    along: set[UUID] = field(default_factory=set)  # quotes that share words with those
    articles: set[UUID] = field(default_factory=set)
    snapshots: set[UUID] = field(default_factory=set)
    speakers: set[UUID] = field(default_factory=set)
    affiliations: set[UUID] = field(default_factory=set)
    blotted: dict[UUID, list[list[int]]] = field(default_factory=dict)  # snapshot → ranges
    unreplaced: set[UUID] = field(default_factory=set)  # quotes that named one as their replacement
    answers: int = 0
    log_entries: int = 0
    jobs: int = 0
    remains: list[Trace] = field(default_factory=list)
    not_sought: int = 0  # texts too short, or too many, to be looked for elsewhere

    @property
    def rows(self) -> dict[type[models.Model], set[UUID]]:
        """The rows to delete, in an order that reads well; references are looked at afterwards."""
        return {
            Quote: self.quotes | self.along,
            Affiliation: self.affiliations,
            Speaker: self.speakers,
            Snapshot: self.snapshots,
            Article: self.articles,
        }


def erase(
    kind: str,
    ids: Iterable[UUID],
    reason: str,
    *,
    for_show: bool = False,
    agreed: Erasure | None = None,
    each: Callable[[Iterable], Iterable] = list,
) -> Erasure:
    """Erase records, in one transaction; the reason is public and stays.

    `for_show` tells what would be destroyed and what would remain, and changes nothing; `agreed` is
    what was told so, and nothing else is destroyed then. `each` wraps what is gone through one by
    one. Raises CannotErase or `sources.history.erasure.NotOwner`.
    """
    with erasing(reason, for_show=for_show):
        work = Erasure(set(ids))
        names = _find(kind, work)
        own = _states(Quote, work.quotes)
        words = names | {state["text"] for state in own} | _said_of(work.articles)
        # Of very many, the names and then the longest.
        sought = sought_for(sorted(words, key=lambda said: (said not in names, -len(said))))
        work.not_sought = sought.left_out
        if held := holds(reason, sought):
            raise CannotErase(f"The reason is public and stays, and it says “{held[0][:60]}”.")
        _mark_all(own, names, work, each)
        if agreed and (agreed.rows, agreed.blotted) != (work.rows, work.blotted):
            raise CannotErase("Something changed meanwhile: look again at what would go.")
        copies = _copies(work)
        _destroy(work, reason)
        work.answers = erase_answers(set().union(*work.rows.values()), sought)
        work.log_entries = erase_log(work.rows, sought)
        work.jobs = erase_jobs(sought)
        work.remains = sorted({*traces_of(sought, each), *copies})
    return work


# What goes


def _find(kind: str, work: Erasure) -> set[str]:
    """Whose rows go, all of them locked; gives the names that are to be blotted out."""
    model = KINDS[kind]
    known = set(model.objects.filter(pk__in=work.asked).values_list("pk", flat=True))
    if unknown := work.asked - known:
        raise CannotErase(f"There is no {kind} {', '.join(map(str, sorted(unknown)))}.")
    match kind:
        case "quote":
            which = Q(pk__in=work.asked)
        case "article":
            which, work.articles = Q(article__in=work.asked), set(work.asked)
        case "speaker":
            work.speakers = _with_merged(work.asked)
            which = Q(speaker__in=work.speakers)
    articles = work.articles | _keys(Quote.objects.filter(which), "article")
    # In the order in which a filing locks: articles, quotes, speakers.
    _lock(Article, articles)
    _lock(Quote, _keys(Quote.objects.filter(article__in=articles)))
    _lock(Speaker, work.speakers)
    work.quotes = _keys(Quote.objects.filter(which))
    if _keys(Quote.objects.filter(pk__in=work.quotes), "article") - articles:
        raise CannotErase("More was filed of this speaker meanwhile. Try again.")
    work.snapshots = _keys(Snapshot.objects.filter(article__in=work.articles))
    work.affiliations = _keys(Affiliation.objects.filter(speaker__in=work.speakers))
    named = _states(Speaker, work.speakers)
    return {name for state in named for name in (state["name"], *state["aliases"]) if name.strip()}


def _with_merged(speakers: set[UUID]) -> set[UUID]:
    if merged_away := Speaker.objects.filter(pk__in=speakers, merged_into__isnull=False).first():
        raise CannotErase(
            f"Speaker {merged_away.pk} was merged into {merged_away.merged_into_id}: erase that "
            "one, with all that was merged into it, or take the two apart first."
        )
    found, more = set(), set(speakers)
    while more:
        found |= more
        more = _keys(Speaker.objects.filter(merged_into__in=more)) - found
    return found


def _keys(queryset, name: str = "pk") -> set[UUID]:
    return set(queryset.order_by().values_list(name, flat=True))


def _lock(model: type[models.Model], keys: set[UUID]) -> None:
    list(model.objects.filter(pk__in=keys).order_by("pk").select_for_update().values_list("pk"))


def _states(model: type[models.Model], keys: set[UUID]) -> list[dict]:
    """Every state that these records ever had; a payload that is not there was no state."""
    kept = Revision.objects.filter(
        subject_type=model._meta.model_name, subject_id__in=keys, state__isnull=False
    )
    return list(kept.values_list("state", flat=True))


def _said_of(articles: set[UUID]) -> set[str]:
    """What else tells of an article that is to go."""
    states = _states(Article, articles)
    return {state[name] for state in states for name in ("headline", "url") if state[name]}


# Where it stands in texts that stay


def _mark_all(own: list[dict], names: set[str], work: Erasure, each: Callable) -> None:
    """Find what is to be blotted out, and which neighbours that takes along."""
    articles = {state["article_id"] for state in own}
    neighbours = _states(Quote, _keys(Quote.objects.filter(article__in=articles)) - work.quotes)
    texts = defaultdict(set)  # by article
    for state in own:
        texts[state["article_id"]].add(state["text"])
    shared = [
        state
        for state in neighbours
        if any(occurrences(state["text"], said) for said in texts[state["article_id"]] | names)
    ]
    work.along |= {UUID(state["id"]) for state in shared}
    # The same words in several pieces: no search of the text finds those.
    own = own + [state for state in shared if len(state["spans"]) > 1]
    mine, theirs = _by_snapshot(own), _by_snapshot(neighbours)
    staying = Snapshot.objects.filter(article__in=articles).exclude(pk__in=work.snapshots)
    for key in each(sorted(_keys(staying))):
        snapshot = Snapshot.objects.get(pk=key)
        pointed, taken = mine[str(key)], _spans(theirs[str(key)])
        ranges = _spans(pointed) + _nearest(work.quotes, snapshot)
        for name in names:
            ranges += occurrences(snapshot.text, name)
        page = Page(snapshot.text)
        for said in texts[str(snapshot.article_id)]:
            found = occurrences(snapshot.text, said)
            if not found and not any(state["text"] == said for state in pointed):
                found = _standing(page, said, taken)
            ranges += found
        if ranges := merged(ranges):
            work.blotted[key] = ranges
            work.along |= {
                UUID(state["id"]) for state in theirs[str(key)] if overlap(state["spans"], ranges)
            }


def _by_snapshot(states: list[dict]) -> dict[str, list[dict]]:
    found = defaultdict(list)
    for state in states:
        found[state["snapshot_id"]].append(state)
    return found


def _spans(states: list[dict]) -> list[Range]:
    return [(start, end) for state in states for start, end in state["spans"]]


def _nearest(quotes: set[UUID], snapshot: Snapshot) -> list[Range]:
    found = Quote.objects.filter(article=snapshot.article_id, nearest__snapshot=snapshot.sha256)
    kept = found.filter(pk__in=quotes).order_by().values_list("nearest", flat=True)
    return [(nearest["start"], nearest["end"]) for nearest in kept]


def _standing(page: Page, words: str, taken: list[Range]) -> list[Range]:
    """Where a text that no state points to has the words in other typography, or words like them.

    Words that are only like them are left where they are another quote's.
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


# Doing it


def _destroy(work: Erasure, reason: str) -> None:
    quotes = work.quotes | work.along
    replacing = Quote.objects.filter(replaced_by__in=quotes).exclude(pk__in=quotes)
    work.unreplaced = _keys(replacing)
    replacing.update(replaced_by=None)
    Claim.objects.filter(article__in=work.articles).delete()
    for model, keys in work.rows.items():
        if keys:
            erase_rows(model, keys)
    with connection.cursor() as cursor:
        # After their quotes, lest this count as one more change to them.
        cursor.execute("DELETE FROM quotes_via WHERE quote_id = ANY (%s)", [list(quotes)])
    for key, ranges in work.blotted.items():
        _blot(Snapshot.objects.get(pk=key), ranges, reason)


def _blot(snapshot: Snapshot, ranges: list[list[int]], reason: str) -> None:
    """Blot a text, and let go of what its quotes keep of it: contexts, nearest passages."""
    blot(snapshot, ranges, reason)
    standing = Quote.objects.filter(article=snapshot.article_id)
    standing.filter(snapshot=snapshot).update(contexts=F("contexts"))  # the database works them out
    for quote in standing.filter(nearest__snapshot=snapshot.sha256):
        if overlap([(quote.nearest["start"], quote.nearest["end"])], ranges):
            Quote.objects.filter(pk=quote.pk).update(nearest=None)


def _copies(work: Erasure) -> list[Trace]:
    """Other articles that have the very text of one that goes."""
    texts = Snapshot.objects.filter(pk__in=work.snapshots).values("sha256")
    others = Snapshot.objects.filter(sha256__in=texts).exclude(pk__in=work.snapshots)
    table = Snapshot._meta.db_table
    return [Trace(table, "text", str(key), "the same text") for key in _keys(others)]
