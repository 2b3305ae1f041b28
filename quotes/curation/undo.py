"""Undo of a step on the review page, by the same curator, within ten minutes; undo of a batch.

The ledger knows what the quote was before. That is restored, and recorded as one more change. So is
what the step said of its speaker: that it is one person, or none of its namesakes. Readers may have
seen a quote that was published by mistake: if it is published again, a public note says so.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction

from quotes.models import Quote
from quotes.models.corrections import correction, differences
from quotes.models.workflow import HIDDEN, PUBLISH, NotOpen
from sources.exceptions import Conflict, changed_since
from sources.history.as_of import records_as_of
from sources.identity import merging
from sources.ledger.actor import with_reason
from sources.models import Revision, Speaker

UNDO_WITHIN = timedelta(minutes=10)

BATCH_PUBLIC_WITHIN = timedelta(days=1)
"""A batch of publications can be undone so long: later, readers may rely on what they read."""

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

MERGEABLE = {"speaker_id", "organisation_id"}
"""Columns in which the database replaces a merged record by its survivor."""

ADDED_BY_MISTAKE = "Withdrawn by the person who added it."

PUBLISHED_BY_MISTAKE = "Published by mistake, and withdrawn for review."
"""The public note of an undone publication."""

PUBLIC_BEFORE = "This quote is public. You can correct or retract it, but not undo."

NOT_RECORDED = "The ledger does not hold what this quote was before."

NOT_A_STEP = "This change was not made on the review page."

CHANGED_SINCE = "It has changed since."

NO_LONGER_FITS = "What the quote was before no longer fits the record."


def why_not_undo(quote: Quote, made: int) -> str | None:
    """Why the change that made this version can never be undone, if so; one query."""
    change, *former = _change(quote, made)
    if made > 1 and not former:
        return NOT_RECORDED
    if former and (former[0].state is None or former[0].state["status"] not in HIDDEN):
        return PUBLIC_BEFORE
    return None if set(change.fields) <= UNDOABLE_COLUMNS else NOT_A_STEP


def undo(quote: Quote, made: int, *, stands: int | None = None, user, now: datetime) -> None:
    """Restore a quote as it was before the change that made this version.

    A quote that was just added is rejected. `stands` is the version that shows the change again
    after later ones were undone; by default no other followed.

    Raises `Conflict` if the quote has changed since, if somebody else made the change, if it is too
    old, or if the user may no longer decide on quotes. Also if readers had seen what was changed:
    public quotes are corrected or retracted instead.
    """
    stands = stands or made
    with transaction.atomic(), with_reason(UNDONE):
        quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
        if quote.version != stands:
            raise Conflict(f"{changed_since(stands, quote.version)} It cannot be undone.")
        change, *former = _change(quote, made)
        made_by = change.actor, change.channel
        if made_by != (user.get_username(), "admin") or now - change.time > UNDO_WITHIN:
            raise Conflict(
                "Only the person who made this change can undo it, and only within ten minutes."
            )
        if former and "status" in change.fields and not user.has_perm(PUBLISH):
            raise Conflict("You no longer have the permission to publish and reject quotes.")
        _restore(quote, change, former, now)


def undo_batch(quote: Quote, request: str, *, now: datetime) -> None:
    """Restore a quote as it was before a batch, by the request id of the batch in the ledger.

    Raises `Conflict` if it has changed since, and if readers had seen what was changed, or what was
    published for more than a day.
    """
    with transaction.atomic(), with_reason(UNDONE):
        quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
        change, *former = _change(quote, quote.version)
        if change.request != request:
            raise Conflict(CHANGED_SINCE)
        if quote.status in Quote.PUBLIC and now - change.time > BATCH_PUBLIC_WITHIN:
            raise Conflict(PUBLIC_BEFORE)
        _restore(quote, change, former, now)


def _restore(quote: Quote, change: Revision, former: list[Revision], now: datetime) -> None:
    if why := why_not_undo(quote, change.version):
        raise Conflict(why)
    if not former:
        try:
            quote.reject(ADDED_BY_MISTAKE)
        except NotOpen as refusal:
            raise Conflict(str(refusal)) from None
        return
    was = records_as_of(Quote, [quote.pk], former[0].time)[quote.pk]
    speaker, present = quote.speaker, {name: getattr(quote, name) for name in MERGEABLE}
    if quote.status in Quote.PUBLIC:
        changed = differences({"status": quote.status}, {"status": was.status})
        note = correction(PUBLISHED_BY_MISTAKE, changed, now)
        quote.corrections = [*quote.corrections, note]
    for column in change.fields:
        setattr(quote, column, getattr(was, column))
    try:
        with transaction.atomic():
            quote.save(update_fields=[*change.fields, "corrections"])
            connection.check_constraints()  # now, not at the end: a record may have been erased
    except IntegrityError:
        raise Conflict(NO_LONGER_FITS) from None
    quote.refresh_from_db()
    for name in MERGEABLE & {*change.fields}:
        if getattr(was, name) != present[name] == getattr(quote, name):
            merged = quote._meta.get_field(name.removesuffix("_id")).verbose_name
            raise Conflict(f"The {merged} it had before was merged into the present one.")
    if speaker and change.request:
        _restore_identity(speaker, quote, change)


def _restore_identity(speaker: Speaker, quote: Quote, change: Revision) -> None:
    """Take back what the step made of the speaker: one person, or distinct from namesakes.

    A speaker that the step gave to the quote, and that has others by now, stays distinct.
    """
    speaker.refresh_from_db()
    own = Revision.objects.of(speaker)
    made = own.filter(request=change.request, actor=change.actor)
    if speaker.is_one and made.filter(fields__contains=["is_one"]).exists():
        Speaker.objects.filter(pk=speaker.pk).update(is_one=False)
    first = made.filter(fields__contains=["distinct_from"]).order_by("version").first()
    others = Quote.objects.filter(speaker=speaker).exclude(pk=quote.pk)
    if not first or ("speaker_id" in change.fields and others.exists()):
        return
    before = own.get(version=first.version - 1).state["distinct_from"]
    marked = [key for key in speaker.distinct_from if str(key) not in before]
    for other in Speaker.objects.active().filter(pk__in=marked).order_by("pk"):
        merging.unmark_distinct(speaker, other)


def _change(quote: Quote, made: int) -> list[Revision]:
    """The change that made this version, and the one before it unless the quote was new."""
    return list(Revision.objects.of(quote).filter(version__in=(made, made - 1)).reverse())
