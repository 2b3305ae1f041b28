"""What a curator decided, by the ledger, and where they go on.

A step that was undone does not count, nor does its undo.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.urls import reverse
from django.utils import timezone

from quotes.curation.queue import WAITING, next_article
from quotes.curation.undo import UNDONE
from quotes.models import Claim, Quote
from sources.models import Revision

MAX_READ = 1_000
"""Revisions that are read for a list of decisions: a change of many quotes takes one for each."""

MAX_COUNTED = 20_000
"""Revisions that are read to count decisions: more than anybody makes in a day."""

DONE = {
    **{
        verb: verb.label
        for verb in Revision.Verb
        if verb not in (Revision.Verb.CREATED, Revision.Verb.UPDATED, Revision.Verb.ERASED)
    },
    Revision.Verb.SETTLED: "Dispute resolved",
    Revision.Verb.CREATED: "Added",
}
"""Verbs of the ledger in a curator's words, but for what `_done` tells apart."""


@dataclass(frozen=True)
class Decision:
    """One step of a curator: `verb` says what was done, to `quote` and to `others` more."""

    time: datetime
    verb: str
    quote: Quote
    url: str
    others: int = 0


def _made_by(user):
    made = Revision.objects.filter(channel="admin", actor=user.get_username(), subject_type="quote")
    return made.exclude(verb=Revision.Verb.ERASED).order_by("-time", "-id")


def _standing(revisions) -> Iterator[Revision]:
    """Revisions that were not undone; newest first, as given."""
    undos = Counter()  # of each quote: every one takes back the last step before it that stands
    for each in revisions:
        if each.reason == UNDONE:
            undos[each.subject_id] += 1
        elif undos[each.subject_id]:
            undos[each.subject_id] -= 1
        else:
            yield each


def _done(revision: Revision) -> str:
    """What a revision did: “Published”, “Reassigned”, “Selection changed”."""
    fields = {*revision.fields}
    if revision.verb not in (Revision.Verb.UPDATED, Revision.Verb.CORRECTED):
        return DONE[revision.verb]
    if fields & {"speaker_id"}:
        return "Reassigned"
    if fields & {"text", "spans"}:
        return "Selection changed"
    if fields <= {"flags", "role_kept"}:
        return "Kept on record"
    if fields <= {"utterance_id"}:
        return "Grouped or ungrouped"
    return "Corrected"


def last_decisions(user, number: int) -> list[Decision]:
    """The user's last steps, newest first; a change of many at once is one. Three queries."""
    columns = ("subject_id", "version", "verb", "fields", "reason", "time", "request")
    made = list(_standing(_made_by(user).only(*columns)[:MAX_READ]))
    ids = {each.subject_id for each in made}
    visible = set(
        Quote.objects.visible_to(user).filter(pk__in=ids).order_by().values_list("pk", flat=True)
    )
    steps = []
    for _, group in groupby(made, key=lambda each: (each.request, _done(each))):
        if seen := [each for each in group if each.subject_id in visible]:
            steps.append(seen)
        if len(steps) == number:
            break
    quotes = Quote.objects.in_bulk([step[0].subject_id for step in steps])
    found = []
    for step in steps:
        last, quote = step[0], quotes[step[0].subject_id]
        others = len({each.subject_id for each in step}) - 1
        found.append(Decision(last.time, _done(last), quote, review_url(quote), others))
    return found


def decided_since(user, since: datetime) -> Counter:
    """How many quotes the user published, rejected and so on since then; one query."""
    columns = ("subject_id", "version", "verb", "fields", "reason", "time")
    made = _made_by(user).filter(time__gte=since).only(*columns)[:MAX_COUNTED]
    return Counter(verb for _, verb in {(each.subject_id, _done(each)) for each in _standing(made)})


def where_to_continue(user) -> str | None:
    """URL of the article that the user had open last, else of the first that waits; None if none.

    An article where none waits is passed over, and so is one that somebody else has open.
    """
    now = timezone.now()
    waiting = WAITING.of(user, now)
    last = Claim.objects.filter(user=user).order_by("-until").first()
    article = last and last.article_id
    if not (article and waiting.filter(article=article).exists()):
        taken = Claim.objects.of_others(user, now).values_list("article", flat=True)
        article = next_article(waiting, "oldest", [*taken[:1000]])
    return article and reverse("admin:quotes_review_article", args=[article])


def review_url(quote: Quote) -> str:
    """URL of a quote on the review page."""
    page = reverse("admin:quotes_review_article", args=[quote.article_id])
    return f"{page}?quote={quote.pk}"
