"""Moving quotes from one speaker to another, who really said them."""

from uuid import UUID

from django.db import transaction
from django.db.models import F, Func, Value

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
) -> int:
    """Move the quotes with these ids from one speaker to another: all of them, or none.

    As `Quote.revise` does, it clears affiliations, which are the first speaker's, and settles who
    the speaker is. An utterance moves with its quotes if all of them move; otherwise they leave it.
    Raises `Conflict`, naming each quote that is not the first speaker's now.
    """
    if speaker.pk == to.pk:
        raise Conflict(f"“{to}” is already their speaker.")
    with transaction.atomic(), with_reason(reason):
        held = set(lock(quotes, ids).filter(speaker=speaker).values_list("pk", flat=True))
        if faults := [
            {"pointer": f"/quotes/{index}", "message": f"{key} is not a quote of this speaker."}
            for index, key in enumerate(ids)
            if key not in held
        ]:
            raise Conflict(
                "Not all of these are quotes of this speaker, so none was moved.", faults
            )
        flags = F("flags")
        for flag in Quote.DOUBTS["speaker"]:
            flags = Func(flags, Value(flag), function="array_remove")
        moving = Quote.objects.filter(pk__in=held)
        reported = moving.exclude(utterance=None).values("utterance")
        staying = Quote.objects.filter(utterance__in=reported).exclude(pk__in=held)
        left = list(staying.order_by().values_list("utterance", flat=True).distinct())
        moving.filter(utterance__in=left).update(
            speaker=to, affiliation=None, flags=flags, utterance=None
        )
        moving.filter(speaker=speaker).update(speaker=to, affiliation=None, flags=flags)
        return len(held)


def lock(quotes: QuoteQuerySet, ids: list[UUID]) -> QuoteQuerySet:
    """Lock these quotes. Call it before locking a speaker, in the order that revisions lock."""
    chosen = quotes.filter(pk__in=ids)
    list(chosen.order_by("pk").select_for_update(of=("self",)).values("pk"))
    return chosen
