"""Moving quotes from one speaker to another, who really said them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from quotes.models import Quote, QuoteQuerySet
from sources.exceptions import Conflict
from sources.ledger.actor import with_reason
from sources.models import Speaker

MAX_MOVED_QUOTES = 1000  # one statement, one transaction


def reattribute(
    quotes: QuoteQuerySet,
    ids: list[UUID],
    *,
    speaker: Speaker,
    to: Speaker,
    reason: str | None = None,
    now: datetime,
) -> int:
    """Move the quotes with these ids from one speaker to another: all of them, or none.

    As `Quote.revise` does, it clears affiliations, which are the first speaker's, and settles who
    the speaker is. Readers of public quotes see the reason as the note of a correction. An
    utterance moves with its quotes if all of them move; otherwise they leave it.

    Raises `NoteNeeded` if any is public and no reason is given, and `Conflict`, naming each quote
    that is retracted or is not the first speaker's now.
    """
    if speaker.pk == to.pk:
        raise Conflict(f"“{to}” is already their speaker.")
    with transaction.atomic(), with_reason(reason):
        held = lock(quotes, ids).filter(speaker=speaker)
        moving = held.select_related("speaker", "organisation", "affiliation__organisation")
        moving = moving.in_bulk()
        _refuse(ids, moving)
        reported = {quote.utterance_id for quote in moving.values()} - {None}
        staying = Quote.objects.filter(utterance__in=reported).exclude(pk__in=moving)
        left = set(staying.order_by().values_list("utterance", flat=True))
        for quote in moving.values():
            with quote.noting_changes(reason, now, asked="reason"):
                quote.speaker, quote.affiliation = to, None
            quote.flags = [flag for flag in quote.flags if flag not in Quote.DOUBTS["speaker"]]
            quote.utterance_id = None if quote.utterance_id in left else quote.utterance_id
        # One statement: an utterance keeps its quotes only if all of them move at once.
        columns = ["speaker", "affiliation", "flags", "utterance", "corrections"]
        Quote.objects.bulk_update(moving.values(), columns)
        return len(moving)


def _refuse(ids: list[UUID], moving: dict[UUID, Quote]) -> None:
    faults = []
    for index, key in enumerate(ids):
        if key not in moving:
            why = f"{key} is not a quote of this speaker."
        elif moving[key].status == Quote.Status.RETRACTED:
            why = f"{key} is retracted, and cannot be changed."
        else:
            continue
        faults.append({"pointer": f"/quotes/{index}", "message": why})
    if faults:
        raise Conflict("Not all of these can be moved, so none was.", faults)


def lock(quotes: QuoteQuerySet, ids: list[UUID]) -> QuoteQuerySet:
    """Lock these quotes. Call it before locking a speaker, in the order that revisions lock."""
    chosen = quotes.filter(pk__in=ids)
    list(chosen.order_by("pk").select_for_update(of=("self",)).values("pk"))
    return chosen
