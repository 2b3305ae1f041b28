"""Undo of a step on the review page, by the same curator, within ten minutes.

The ledger knows what the quote was before. That is restored, and recorded as one more change.
Readers may have seen a quote that was published by mistake: if it is published again, a public note
says so.
"""

from datetime import datetime, timedelta

from django.db import transaction

from quotes.models import Quote
from quotes.models.corrections import correction, differences
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
    *("speaker_id", "organisation_id", "affiliation_id", "flags", "role_kept"),
    *(f"attribution_{part}" for part in ("text", "speaker", "role", "organisation", "cue")),
}
"""Columns that a step on the review page may change."""

ADDED_BY_MISTAKE = "Withdrawn by the person who added it."

PUBLISHED_BY_MISTAKE = "Published by mistake, and withdrawn for review."
"""The public note of an undone publication."""


def undo(quote: Quote, version: int, *, actor: str, now: datetime) -> None:
    """Restore a proposed quote as it was before this version; reject one that was just added.

    Raises `Conflict` if the quote has changed since, if somebody else made the change or it is too
    old, and if readers had seen what was changed: public quotes are corrected or retracted instead.
    """
    with transaction.atomic(), with_reason(UNDONE):
        quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
        if quote.version != version:
            raise Conflict(f"{changed_since(version, quote.version)} It cannot be undone.")
        last, *former = Revision.objects.of(quote).order_by("-version")[:2]
        if (last.actor, last.channel) != (actor, "admin") or now - last.time > UNDO_WITHIN:
            raise Conflict(
                "Only the person who made this change can undo it, and only within ten minutes."
            )
        if not former:
            quote.reject(ADDED_BY_MISTAKE)
            return
        (before,) = former
        if before.state is None or before.state["status"] != Quote.Status.PROPOSED:
            raise Conflict("This quote is public. You can correct or retract it, but not undo.")
        if not set(last.fields) <= UNDOABLE_COLUMNS:
            raise Conflict("This change was not made on the review page.")
        was = records_as_of(Quote, [quote.pk], before.time)[quote.pk]
        if quote.status in Quote.PUBLIC:
            changed = differences({"status": quote.status}, {"status": was.status})
            note = correction(PUBLISHED_BY_MISTAKE, changed, now)
            quote.corrections = [*quote.corrections, note]
        for column in last.fields:
            setattr(quote, column, getattr(was, column))
        quote.save(update_fields=[*last.fields, "corrections"])
