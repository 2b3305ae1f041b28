"""Undo of a step on the review page, by the same curator, within ten minutes; undo of a batch.

The ledger knows what the quote was before. That is restored, and recorded as one more change.
Readers may have seen a quote that was published by mistake: if it is published again, a public note
says so.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from quotes.models import Quote
from quotes.models.corrections import correction, differences
from quotes.models.workflow import HIDDEN
from sources.exceptions import Conflict, changed_since
from sources.history.as_of import records_as_of
from sources.ledger.actor import with_reason
from sources.models import Revision

UNDO_WITHIN = timedelta(minutes=10)

UNDONE = "Undone."
"""The reason of an undo in the ledger."""

UNDOABLE_COLUMNS = {
    *("status", "reason", "kind", "language", "said"),
    *("text", "anchored_in", "spans", "seams", "snapshot_id", "anchor"),
    *("speaker_id", "organisation_id", "affiliation_id", "flags", "role_kept", "utterance_id"),
    "translates_id",
    *(f"attribution_{part}" for part in ("text", "speaker", "role", "organisation", "cue")),
}
"""Columns that a step on the review page may change."""

ADDED_BY_MISTAKE = "Withdrawn by the person who added it."

PUBLISHED_BY_MISTAKE = "Published by mistake, and withdrawn for review."
"""The public note of an undone publication."""

PUBLIC_BEFORE = "This quote is public. You can correct or retract it, but not undo."

NOT_RECORDED = "The ledger does not hold what this quote was before."

NOT_A_STEP = "This change was not made on the review page."

CHANGED_SINCE = "It has changed since."


def why_not_undo(quote: Quote, made: int) -> str | None:
    """Why the change that made this version can never be undone, if so; one query."""
    change, *former = _change(quote, made)
    if made > 1 and not former:
        return NOT_RECORDED
    if former and (former[0].state is None or former[0].state["status"] not in HIDDEN):
        return PUBLIC_BEFORE
    return None if set(change.fields) <= UNDOABLE_COLUMNS else NOT_A_STEP


def undo(quote: Quote, made: int, *, stands: int | None = None, actor: str, now: datetime) -> None:
    """Restore a quote as it was before the change that made this version.

    A quote that was just added is rejected. `stands` is the version that shows the change again
    after later ones were undone; by default no other followed. Raises `Conflict` if the quote has
    changed since, if somebody else made the change or it is too old, and if readers had seen what
    was changed: public quotes are corrected or retracted instead.
    """
    stands = stands or made
    with transaction.atomic(), with_reason(UNDONE):
        quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
        if quote.version != stands:
            raise Conflict(f"{changed_since(stands, quote.version)} It cannot be undone.")
        change, *former = _change(quote, made)
        if (change.actor, change.channel) != (actor, "admin") or now - change.time > UNDO_WITHIN:
            raise Conflict(
                "Only the person who made this change can undo it, and only within ten minutes."
            )
        _restore(quote, change, former, now)


def undo_batch(quote: Quote, request: str, *, now: datetime) -> None:
    """Restore a quote as it was before a batch, by the request id of the batch in the ledger.

    Raises `Conflict` if it has changed since, and if readers had seen what was changed.
    """
    with transaction.atomic(), with_reason(UNDONE):
        quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
        change, *former = _change(quote, quote.version)
        if change.request != request:
            raise Conflict(CHANGED_SINCE)
        _restore(quote, change, former, now)


def _restore(quote: Quote, change: Revision, former: list[Revision], now: datetime) -> None:
    if why := why_not_undo(quote, change.version):
        raise Conflict(why)
    if not former:
        quote.reject(ADDED_BY_MISTAKE)
        return
    was = records_as_of(Quote, [quote.pk], former[0].time)[quote.pk]
    if quote.status in Quote.PUBLIC:
        changed = differences({"status": quote.status}, {"status": was.status})
        note = correction(PUBLISHED_BY_MISTAKE, changed, now)
        quote.corrections = [*quote.corrections, note]
    for column in change.fields:
        setattr(quote, column, getattr(was, column))
    try:
        with transaction.atomic():
            quote.save(update_fields=[*change.fields, "corrections"])
    except IntegrityError:
        raise Conflict("What the quote was before no longer fits the record.") from None


def _change(quote: Quote, made: int) -> list[Revision]:
    """The change that made this version, and the one before it unless the quote was new."""
    return list(Revision.objects.of(quote).filter(version__in=(made, made - 1)).reverse())
