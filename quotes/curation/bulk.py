"""The verbs of a quote for many quotes at once, under the same rules.

A step of their life is one statement for all (`take`): lock, look, change. A revision is the verb
of each quote, one after the other (`revise`). Both take ids with the versions that were seen: what
has changed since is refused and told, never overwritten.
"""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.db.models import Count

from quotes.curation.approval import WHY_NOT, approvable
from quotes.models import Quote, QuoteQuerySet, Utterance
from quotes.models.workflow import STEPS, NotOpen
from sources.exceptions import refusal_of
from sources.jobs.models import Job, JobKind, Outcome, register_job_kind
from sources.ledger.actor import with_reason
from sources.models import Organisation, Speaker

PERMISSIONS = {name: step.permission for name, step in STEPS.items() if name != "correct"}
PERMISSIONS |= dict.fromkeys(("revise", "join", "part"), "quotes.change_quote")

REVISED = ("speaker", "organisation", "language", "kind")

type Seen = Iterable[tuple[UUID | str, int]]
"""Ids of quotes, with the version that was seen of each."""


def open_to(step: str, quotes: QuoteQuerySet, user) -> QuoteQuerySet:
    """Those of these quotes with which this user may take the step, as they are now.

    The one place that decides it: for what a confirmation foretells, and for what is then done.
    """
    match step:
        case "revise":
            return quotes
        case "join":
            return quotes if _are_of_one(quotes) else quotes.none()
        case "part":
            return quotes.exclude(utterance=None)
    able = quotes.filter(status__in=STEPS[step].leaves)
    return approvable(able, user) if step == "publish" else able


def why_not(step: str, status: str) -> str:
    """Why the step cannot be taken with a quote of this status that is not open to it."""
    if step == "join":
        return "Two quotes or more are joined, and all of them have to have the same speaker."
    if step == "part":
        return "It is of no utterance."
    if step != "revise" and status not in STEPS[step].leaves:
        return str(NotOpen(step, status))
    return WHY_NOT


def _are_of_one(quotes: QuoteQuerySet) -> bool:
    speakers = quotes.order_by().values("speaker").annotate(n=Count("*"))[:2]
    return [row["n"] > 1 for row in speakers] == [True]


@transaction.atomic
def take(step: str, seen: Seen, reason: str | None = None, *, user) -> Outcome:
    """Take one step of their life with many quotes, as `Quote.publish` and the others do with one.

    Three statements, whatever their number.
    """
    if STEPS[step].takes_back and not (reason or "").strip():
        raise ValidationError({"reason": f"To {step} a quote, say why."})
    locked, outcome = _lock(step, seen, user)
    said = reason.strip() if STEPS[step].takes_back else None
    with with_reason(reason):
        chosen = Quote.objects.filter(pk__in=[key for key, _ in locked])
        outcome.changed = chosen.update(status=STEPS[step].enters, reason=said)
    return outcome


@transaction.atomic
def revise(seen: Seen, changes: dict, reason: str | None = None, *, user) -> Outcome:
    """Revise the attribution of many quotes alike; those that are so already stay as they are."""
    locked, outcome = _lock("revise", seen, user)
    before = dict(locked)
    quotes = Quote.objects.select_related("affiliation").in_bulk(before)
    with with_reason(reason):
        for key in list(before):
            try:
                with transaction.atomic():
                    quotes[key].revise(**changes)
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
    """Have quotes report one act of speaking, as `Utterance.join` does: all of them, or none."""
    locked, outcome = _lock("join", seen, user)
    if outcome.refused:
        for key, _ in locked:
            outcome.refuse("Not all of those that were chosen can be joined.", id=str(key))
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


def _lock(step: str, seen: Seen, user) -> tuple[list[tuple[UUID, int]], Outcome]:
    """Those that can be changed, kept from changing otherwise, and the refusal of the rest."""
    wanted = {UUID(str(key)): version for key, version in seen}
    quotes = Quote.objects.visible_to(user).filter(pk__in=wanted)
    rows = (
        quotes.order_by("pk").select_for_update(of=("self",)).values_list("pk", "version", "status")
    )
    found = {key: (version, status) for key, version, status in rows}
    allowed = set(open_to(step, quotes, user).order_by().values_list("pk", flat=True))
    outcome, locked = Outcome(), []
    for key, version in wanted.items():
        now, status = found.get(key, (None, None))
        if now is None:
            outcome.refuse("It is no longer on record.", id=str(key))
        elif key not in allowed:
            outcome.refuse(why_not(step, status), id=str(key))
        elif now != version:
            why = f"It was changed meanwhile: it was version {version}, and is version {now}."
            outcome.refuse(why, id=str(key))
        else:
            locked.append((key, version))
    return locked, outcome


# As jobs


def reading(changes: dict) -> dict:
    """What a job keeps of a revision, ids for records, as `Quote.revise` takes it."""
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
    changes = reading(job.given["changes"])
    return revise(rows, changes, job.given.get("reason"), user=job.asked_by)


def title(job: Job) -> str:
    """What a job does, and to how many."""
    number = f"{job.total:,} quote{'' if job.total == 1 else 's'}"
    if names := job.given.get("changes"):
        return f"Set the {' and '.join(names)} of {number}"
    where = {"join": " into one utterance", "part": " from their utterances"}
    return f"{job.work.capitalize()} {number}{where.get(job.work, '')}"


for name, permission in PERMISSIONS.items():
    do = {"revise": _revise, "join": _join, "part": _part}.get(name, _take)
    register_job_kind(JobKind(name, permission, title, do, about="quotes.quote"))
