"""Quotes of an article that is merged into another, and back.

Each quote moves there, and is looked for in the present text of the surviving article. Texts stay
where they were captured; the surviving article gets copies of those it lacks.

Of two quotes of the same words in the same place, that of the surviving article stands for both.
The merged article keeps the other, its twin, retracted or rejected, with `replaced_by`.
"""

from uuid import UUID

from django.db import models
from django.db.models import OuterRef

from quotes.anchoring import TEXT, Page, Pages, Reanchoring, TooMuchWork
from quotes.anchoring.normalization import normalise
from quotes.models.reanchoring import ANCHORED, follow, reanchor, set_anchor, surroundings
from quotes.models.workflow import Status
from sources.exceptions import Conflict
from sources.ledger.revisions import Revision
from sources.models import Article, Snapshot

CLOSES = {
    Status.PUBLISHED: Status.RETRACTED,
    Status.DISPUTED: Status.RETRACTED,
    Status.PROPOSED: Status.REJECTED,
}
"""What becomes of a twin that stays with the merged article."""

CLOSED = ["status", "reason", "replaced_by"]
STATE = ["status", "reason", "replaced_by_id"]
"""Columns that say so, as the model and as the ledger name them."""

STANDING = {Status.PUBLISHED: 2, Status.DISPUTED: 2, Status.PROPOSED: 1}
"""A quote stands for a twin of no higher standing; closed ones have none."""

WHY = "The article was merged with another, which has this quote too."

BATCH_ROWS = 500


class Move:
    """What a merge does to the quotes of an article, worked out in memory.

    `moving` have their new anchors. `twins` are pairs of a quote that stays and the one that stands
    for it. Raises `Conflict`, naming the quotes, where one cannot stand for the other.
    """

    def __init__(self, quotes, article: Article, into: Article):
        quotes = quotes.select_related("speaker", "snapshot").order_by("-pk")
        present = into.snapshot
        standing = {_place(each, present): each for each in quotes.filter(article=into)}
        quotes = list(quotes.filter(article=article).reverse())
        if present:
            try:
                reanchor(quotes, present, Pages(present.text, present.headline))
            except TooMuchWork as error:
                raise Conflict(error.message) from error
        self.moving, self.twins, faults = [], [], []
        known = dict(into.snapshots.values_list("sha256", "headline"))
        for quote in quotes:
            if (other := standing.get(_place(quote, present))) is None:
                self.moving.append(quote)
                text = quote.snapshot
                if text and text.erased and text.sha256 not in known:
                    faults.append(f"{_named(quote)} rests on a text of which parts were erased.")
                elif text and not _has_headline(quote, known.get(text.sha256, text.headline)):
                    faults.append(f"{_named(quote)} stands in a headline that “{into}” never had.")
            else:
                self.twins.append((quote, other))
                faults += _why_not_one(quote, other)
        if faults:
            raise Conflict(
                "Settle these quotes first, or merge the other way round.",
                [{"pointer": "/into", "message": fault} for fault in faults],
            )


def _has_headline(quote, headline: str | None) -> bool:
    """Whether a quote could stand under this headline, if its text were the same."""
    return quote.anchored_in == TEXT or quote.snapshot.headline == headline


def _place(quote, present: Snapshot | None) -> tuple | str:
    """Where a quote is in the present snapshot; else its words."""
    if present and quote.snapshot_id == present.pk:
        return quote.anchored_in, *map(tuple, quote.spans)
    return normalise(quote.text)


def _named(quote) -> str:
    return f"“{quote}” ({quote.pk})"


def _why_not_one(quote, other) -> list[str]:
    if not (rank := STANDING.get(quote.status, 0)):
        return []
    if STANDING.get(other.status, 0) < rank:
        return [f"{_named(quote)} is {quote.status}, its twin {other.pk} {other.status}."]
    if not _have_one_speaker(quote, other):
        return [f"{_named(quote)} and its twin {other.pk} name different speakers."]
    return []


def _have_one_speaker(quote, other) -> bool:
    one, another = quote.speaker, other.speaker
    if one == another:
        return True
    if one is None or another is None or None in (one.article_id, another.article_id):
        return False
    return bool({*one.names_folded} & {*another.names_folded})  # each its own article's


def move(quotes, article: Article, into: Article) -> None:
    """Move the quotes of an article to another, and close the twins."""
    plan, copies = Move(quotes, article, into), _copy_texts(article, into)
    for quote in plan.moving:
        quote.article = into
        quote.snapshot_id = copies.get(quote.snapshot_id, quote.snapshot_id)
    quotes.bulk_update(plan.moving, ["article", *ANCHORED], batch_size=BATCH_ROWS)
    for quote, other in plan.twins:
        quote.replaced_by = quote.replaced_by or other
        if status := CLOSES.get(quote.status):
            quote.status, quote.reason, quote.replaced_by = status, WHY, other
    quotes.bulk_update([twin for twin, _ in plan.twins], CLOSED, batch_size=BATCH_ROWS)


def _copy_texts(article: Article, into: Article) -> dict[UUID, UUID]:
    """Copy the texts that the other article lacks; map the ids of all to those of its own."""
    held = dict(into.snapshots.values_list("sha256", "pk"))
    lacking = article.snapshots.exclude(sha256__in=held).filter(erased=None)
    copies = [
        Snapshot(
            article=into,
            **{name: getattr(each, name) for name in ("sha256", "text", "headline", "captured")},
        )
        for each in lacking.order_by("pk")
    ]
    held |= {copy.sha256: copy.pk for copy in Snapshot.objects.bulk_create(copies)}
    texts = article.snapshots.filter(sha256__in=held).values_list("pk", "sha256")
    return {key: held[sha256] for key, sha256 in texts}


def move_back(quotes, article: Article, rows: models.QuerySet, made: Revision) -> int:
    """Undo what the merge of an article did to its quotes, and return how many of the rows stay.

    `rows` are those that nobody has moved since. One whose words were changed since moves only if
    these are in the article's present text too.
    """
    moved, present = _changes(made, rows, "article_id"), article.snapshot
    pages, back, stay = present and Pages(present.text, present.headline), [], 0
    for quote in rows.select_related("snapshot").order_by("pk"):
        before, after = moved[quote.pk]
        if quote.text in (before["text"], after["text"]):
            quote.snapshot_id = before["snapshot_id"] and UUID(before["snapshot_id"])
            for name in ("anchored_in", "spans", "seams", "text", "anchor"):
                setattr(quote, name, before[name])
            quote.nearest = None
            if quote.anchor == quote.Anchor.ALTERED:
                page = pages[quote.anchored_in]
                set_anchor(quote, present, page, _follow(page, quote))
        elif pages and (found := _follow(page := pages[quote.anchored_in], quote)).spans:
            set_anchor(quote, present, page, found)
        else:
            stay += 1
            continue
        quote.article = article
        back.append(quote)
    quotes.bulk_update(back, ["article", *ANCHORED], batch_size=BATCH_ROWS)
    twins = quotes.filter(article=article).exclude(replaced_by=None)
    closed, reopened = _changes(made, twins, "replaced_by_id"), []
    for twin in twins.filter(pk__in=closed).order_by("pk"):
        before, after = closed[twin.pk]
        replaced_by = twin.replaced_by_id and str(twin.replaced_by_id)
        if [twin.status, twin.reason, replaced_by] == [after[name] for name in STATE]:
            twin.status, twin.reason, replaced_by = (before[name] for name in STATE)
            twin.replaced_by_id = replaced_by and UUID(replaced_by)
            reopened.append(twin)
    quotes.bulk_update(reopened, CLOSED, batch_size=BATCH_ROWS)
    return stay


def _follow(page: Page, quote) -> Reanchoring:
    before = quote.snapshot and surroundings(quote, getattr(quote.snapshot, page.name))
    return follow(page, quote, set(), before)


def _changes(made: Revision, rows: models.QuerySet, column: str) -> dict[UUID, tuple[dict, dict]]:
    """The states of these quotes before and after the transaction changed a column."""
    changes = Revision.objects.filter(
        era=made.era,
        transaction=made.transaction,
        subject_id__in=rows.order_by().values("pk"),
        fields__contains=[column],
        state__isnull=False,
    )
    later = changes.filter(subject_id=OuterRef("subject_id"), version=OuterRef("version") + 1)
    former = Revision.objects.filter(models.Exists(later), state__isnull=False)
    before = {(each.subject_id, each.version + 1): each.state for each in former}
    return {
        each.subject_id: (before[each.subject_id, each.version], each.state)
        for each in changes.order_by("version")
        if (each.subject_id, each.version) in before
    }
