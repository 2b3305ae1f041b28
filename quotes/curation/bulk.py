"""The verbs of `Quote` for many quotes at once, under the same rules.

`take` changes the status of all in one statement; `revise` calls the verb of each quote in turn.
Both take ids with the versions that were read. A quote that has changed since is refused and
reported, never overwritten.
"""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from quotes.curation.approval import WHY_NOT, approvable
from quotes.curation.undo import BATCH_PUBLIC_WITHIN, UNDOABLE_COLUMNS, undo_batch
from quotes.models import Quote, QuoteQuerySet, SecondLook, Utterance
from quotes.models.workflow import (
    EDITS,
    HIDDEN,
    PUBLIC,
    STEPS,
    NotOpen,
    Status,
    Step,
    number_of_quotes,
)
from sources.exceptions import Conflict, changed_since, refusal_of
from sources.jobs.models import Job, JobKind, Outcome, draft, register_job_kind
from sources.ledger.actor import with_reason
from sources.models import Organisation, Revision, Speaker

BULK_STEPS = {n: step for n, step in STEPS.items() if n not in ("correct", "keep", "withdraw")}
BULK_STEPS |= {name: EDITS[name] for name in ("revise", "join", "part")}

REVISED = ("speaker", "organisation", "language", "kind")

DONE = {name: step.done.lower() for name, step in BULK_STEPS.items()} | {"settle": "resolved"}
"""What becomes of each quote, for counts: “2 published”."""

OFF_TEXT = (Quote.Anchor.ALTERED, Quote.Anchor.MISSING)
"""Anchors of words that are not in the present text."""

UNDO = Step(
    *("undo", "Undo", "Restored", "Restore the quotes as they were before."), leaves=tuple(Status)
)
UNDONE_STEPS = ("publish", "reject", "reopen", "revise", "join", "part")
"""Steps whose batch can be undone, but for quotes that readers had seen before."""

type Seen = Iterable[tuple[UUID | str, int]]
"""Ids of quotes, each with the version that was read."""


def open_to(step: str, quotes: QuoteQuerySet, user) -> QuoteQuerySet:
    """Quotes with which this user may take the step now.

    The only place that decides this, for the preview and for what is then done.
    """
    match step:
        case "revise":
            return quotes.filter(status__in=EDITS["revise"].leaves)
        case "join":
            return quotes if _have_one_speaker(quotes) else quotes.none()
        case "part":
            return quotes.exclude(utterance=None)
    able = quotes.filter(status__in=STEPS[step].leaves)
    return approvable(able, user) if step == "publish" else able


def why_not(step: str, status: str) -> str:
    """Why a quote of this status is not `open_to` the step."""
    if step == "join":
        return "Only two or more quotes of the same speaker can be grouped."
    if step == "part":
        return "It is not grouped with other quotes."
    if step == "revise":
        return f"A {status} quote cannot be changed."
    if status not in STEPS[step].leaves:
        return str(NotOpen(step, status))
    return WHY_NOT


def left_by(quotes: QuoteQuerySet, request: str) -> QuoteQuerySet:
    """Quotes with `as_left`, whether they still are as a batch left them, and `can_be_undone`.

    `request` is that of the batch in the ledger. A quote that the batch added has no earlier
    version; what readers had seen before, or have seen for a day by now, is not undone.
    """
    here = Revision.objects.filter(subject_id=OuterRef("pk"))
    last = here.filter(version=OuterRef("version"), request=request)
    before = here.filter(version=OuterRef("version") - 1, state__status__in=HIDDEN)
    restored = last.filter(fields__contained_by=list(UNDOABLE_COLUMNS))
    is_new = Exists(restored.filter(time__gte=timezone.now() - BATCH_PUBLIC_WITHIN))
    added = Q(version=1, status=Status.PROPOSED)
    restores = Exists(restored) & (is_new | ~Q(status__in=PUBLIC))
    return quotes.annotate(as_left=Exists(last), can_be_undone=restores & (Exists(before) | added))


def _have_one_speaker(quotes: QuoteQuerySet) -> bool:
    speakers = quotes.order_by().values("speaker").annotate(n=Count("*"))[:2]
    return [row["n"] > 1 for row in speakers] == [True]


@transaction.atomic
def take(step: str, seen: Seen, reason: str | None = None, *, user) -> Outcome:
    """Change the status of many quotes, as `Quote.publish` and the others do of one.

    Three statements, whatever the number of quotes; to publish, one more locks their articles, and
    one draws some of them for a second look.
    """
    needs_reason = STEPS[step].needs_reason
    if needs_reason and not (reason or "").strip():
        raise ValidationError({"reason": f"Give a reason to {step} quotes."})
    locked, outcome = _lock(step, seen, user)
    said = reason.strip() if STEPS[step].keeps_reason else None
    with with_reason(reason):
        chosen = Quote.objects.filter(pk__in=[key for key, _ in locked])
        outcome.changed = chosen.update(status=STEPS[step].enters, reason=said)
    if step == "publish":
        SecondLook.objects.draw([key for key, _ in locked], user)
    return outcome


@transaction.atomic
def revise(seen: Seen, changes: dict, reason: str | None = None, *, user) -> Outcome:
    """Set the same values on many quotes. Quotes that have them already do not change.

    Readers of public quotes see the reason as the note of a correction.
    """
    locked, outcome = _lock("revise", seen, user)
    before, now = dict(locked), timezone.now()
    quotes = Quote.objects.select_related(
        "speaker", "organisation", "affiliation__organisation"
    ).in_bulk(before)
    with with_reason(reason):
        for key in list(before):
            try:
                with transaction.atomic():
                    quotes[key].revise(note=reason, now=now, **changes)
            except ValidationError as error:
                outcome.refuse(" ".join(error.messages), id=str(key))
            except (IntegrityError, DataError) as error:
                outcome.refuse(refusal_of(error), id=str(key))
            else:
                continue
            del before[key]
    after = dict(Quote.objects.filter(pk__in=before).values_list("pk", "version"))
    outcome.changed = sum(after[key] != version for key, version in before.items())
    outcome.unchanged = len(before) - outcome.changed
    return outcome


@transaction.atomic
def join(seen: Seen, reason: str | None = None, *, user) -> Outcome:
    """Group quotes as reports of one utterance, as `Utterance.join` does: all of them, or none."""
    locked, outcome = _lock("join", seen, user)
    if outcome.refused:
        for key, _ in locked:
            outcome.refuse("Not all selected quotes can be grouped, so none was.", id=str(key))
        return outcome
    before = dict(locked)
    quotes = Quote.objects.filter(pk__in=before)
    Utterance.join(quotes, reason)
    after = dict(quotes.values_list("pk", "version"))
    outcome.changed = sum(after[key] != version for key, version in before.items())
    outcome.unchanged = len(before) - outcome.changed
    return outcome


@transaction.atomic
def part(seen: Seen, reason: str | None = None, *, user) -> Outcome:
    """Take quotes out of their utterances, as `Quote.part` does with one."""
    locked, outcome = _lock("part", seen, user)
    with with_reason(reason):
        chosen = Quote.objects.filter(pk__in=[key for key, _ in locked])
        outcome.changed = chosen.update(utterance=None)
    return outcome


@transaction.atomic
def undo(seen: Seen, request: str, *, user) -> Outcome:
    """Restore quotes as they were before a batch, each by itself: see `quotes.curation.undo`."""
    outcome, now = Outcome(), timezone.now()
    quotes = Quote.objects.visible_to(user).in_bulk([UUID(str(key)) for key, _ in seen])
    for key, _ in seen:
        if (quote := quotes.get(UUID(str(key)))) is None:
            outcome.refuse("It no longer exists.", id=str(key))
            continue
        try:
            undo_batch(quote, request, now=now)
        except Conflict as refusal:
            outcome.refuse(str(refusal.detail), id=str(key))
        except ValidationError as error:
            outcome.refuse(" ".join(error.messages), id=str(key))
        else:
            outcome.changed += 1
    return outcome


def _lock(step: str, seen: Seen, user) -> tuple[list[tuple[UUID, int]], Outcome]:
    """Lock the quotes that can be changed, and refuse the others."""
    wanted = {UUID(str(key)): version for key, version in seen}
    quotes = Quote.objects.visible_to(user).filter(pk__in=wanted)
    if step == "publish":
        quotes.hold_articles()
    rows = (
        quotes.order_by("pk").select_for_update(of=("self",)).values_list("pk", "version", "status")
    )
    found = {key: (version, status) for key, version, status in rows}
    allowed = set(open_to(step, quotes, user).order_by().values_list("pk", flat=True))
    outcome, locked = Outcome(), []
    for key, version in wanted.items():
        now, status = found.get(key, (None, None))
        if now is None:
            outcome.refuse("It no longer exists.", id=str(key))
        elif key not in allowed:
            outcome.refuse(why_not(step, status), id=str(key))
        elif now != version:
            outcome.refuse(changed_since(version, now), id=str(key))
        else:
            locked.append((key, version))
    return locked, outcome


# As jobs

UNDO_URL = "admin:quotes_quote_undo_batch"
"""Name of the URL that drafts the undo of a job."""


def revision_of(changes: dict) -> dict:
    """The stored changes of a job as `Quote.revise` takes them: records in place of ids."""
    known = {"speaker": Speaker, "organisation": Organisation}
    return {
        name: known[name].objects.get(pk=value).survivor if name in known and value else value
        for name, value in changes.items()
    }


def _take(job: Job, rows: list) -> Outcome:
    return take(job.work, rows, job.given.get("reason"), user=job.asked_by)


def _join(job: Job, rows: list) -> Outcome:
    return join(rows, job.given.get("reason"), user=job.asked_by)


def _part(job: Job, rows: list) -> Outcome:
    return part(rows, job.given.get("reason"), user=job.asked_by)


def _revise(job: Job, rows: list) -> Outcome:
    changes = revision_of(job.given["changes"])
    return revise(rows, changes, job.given.get("reason"), user=job.asked_by)


def _undo(job: Job, rows: list) -> Outcome:
    return undo(rows, job.given["undoes"], user=job.asked_by)


def draft_undo(job: Job, user) -> Job:
    """A draft of the undo of a job: of all quotes that it changed."""
    changed = job.revisions.filter(subject_type=Quote._meta.model_name)
    quotes = Quote.objects.visible_to(user).filter(pk__in=changed.values("subject_id"))
    return draft("undo", user, of=quotes, undoes=job.request, title=str(job))


def title(job: Job, number: int | None = None) -> str:
    """Name a job: “Publish 3 quotes”, “Set the speaker of 1 quote”."""
    number = job.total if number is None else number
    quotes = number_of_quotes(number)
    if job.work == "undo":
        return f"Undo “{job.given['title']}” for {quotes}"
    if names := job.given.get("changes"):
        return f"Set the {' and '.join(names)} of {quotes}"
    return BULK_STEPS[job.work].of(quotes)


for name, step in BULK_STEPS.items():
    do = {"revise": _revise, "join": _join, "part": _part}.get(name, _take)
    register_job_kind(
        JobKind(
            *(name, step.permission, title, do),
            about="quotes.quote",
            done=DONE[name],
            undo=UNDO_URL if name in UNDONE_STEPS else "",
        )
    )
register_job_kind(
    JobKind("undo", UNDO.permission, title, _undo, about="quotes.quote", done="restored")
)
