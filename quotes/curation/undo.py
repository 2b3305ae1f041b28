"""The last step at the desk, taken back by whoever took it, while it is fresh.

What a quote was before, the ledger knows; that is put back, and recorded as one more change. So
readers may have seen for a moment what was published by mistake, and the ledger says so.
"""

from datetime import datetime, timedelta

from django.db import transaction

from quotes.models import Quote
from sources.exceptions import Conflict
from sources.history.as_of import as_they_were
from sources.ledger.actor import with_reason
from sources.models import Revision

WITHIN = timedelta(minutes=10)

STEPPED = {
    *("status", "reason", "kind", "language", "said"),
    *("text", "spans", "snapshot_id", "anchor"),
    *("speaker_id", "organisation_id", "affiliation_id", "flags"),
    *(f"attribution_{part}" for part in ("text", "speaker", "role", "organisation", "cue")),
}
"""The columns that a step at the desk may have changed."""

ADDED_BY_MISTAKE = "Taken back by who added it."


def undo(quote: Quote, version: int, *, actor: str, now: datetime) -> None:
    """Put back what a proposed quote was before this version of it; one that was added is rejected.

    Raises `Conflict` when it has changed since, or was changed by somebody else, too long ago, or
    when readers had seen what was changed: corrections and retractions say so in public instead.
    """
    with transaction.atomic(), with_reason("Undone."):
        quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
        if quote.version != version:
            raise Conflict("Somebody has changed this quote since: there is nothing to undo.")
        last, *former = Revision.objects.of(quote).order_by("-version")[:2]
        if (last.actor, last.channel) != (actor, "admin") or now - last.time > WITHIN:
            raise Conflict("Only who took a step at the desk can undo it, within ten minutes.")
        if not former:
            quote.reject(ADDED_BY_MISTAKE)
            return
        (before,) = former
        if before.state is None or before.state["status"] != Quote.Status.PROPOSED:
            raise Conflict("What was public before is corrected or retracted, not undone.")
        if not set(last.fields) <= STEPPED:
            raise Conflict("This was no step at the desk.")
        was = as_they_were(Quote, [quote.pk], before.time)[quote.pk]
        for column in last.fields:
            setattr(quote, column, getattr(was, column))
        quote.save(update_fields=[*last.fields])
