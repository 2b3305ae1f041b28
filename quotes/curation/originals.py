"""The quote that a translated one translates: what the speaker said in that language then."""

from datetime import datetime, timedelta

from django.db.models import Q

from quotes.models import Quote
from quotes.models.workflow import OPEN
from sources.exceptions import Conflict

REPORTED_WITHIN = timedelta(days=7)
"""Between the reports of a statement in two languages."""

MAX_READ = 20
"""Quotes of a speaker in those days that are compared by length."""


def original_of(quote: Quote) -> Quote | None:
    """The likeliest original of a translated quote, the nearest in length; one query at most."""
    when, base = quote.said or quote.published, (quote.translated_from or "").partition("-")[0]
    if not base or not when or not quote.speaker_id or quote.translates_id:
        return None
    if quote.status not in OPEN:
        return None
    days = (when.first - REPORTED_WITHIN, when.last + REPORTED_WITHIN)
    said = Quote.objects.filter(speaker=quote.speaker_id, published_day__range=days)
    said = said.filter(Q(language=base) | Q(language__startswith=f"{base}-"), status__in=OPEN)
    said = said.exclude(pk=quote.pk).exclude(article=quote.article_id).select_related("outlet")
    found = said.order_by("-published_day", "-id")[:MAX_READ]
    return min(found, key=lambda one: abs(len(one.text) - len(quote.text)), default=None)


def link_original(quote: Quote, *, note: str | None = None, now: datetime) -> Quote:
    """Say which quote this one translates; raises `Conflict` where none is likely."""
    if (original := original_of(quote)) is None:
        raise Conflict("No quote of the speaker in that language is on record for those days.")
    quote.revise(translates=original, note=note, now=now)
    return original
