"""Searches for quotes in the admin: by their words, their speaker or the name as printed."""

from django.db.models import Value

from quotes.models import Exactly, QuoteQuerySet
from sources.identity.finding import mentioning
from sources.models import Speaker
from sources.models.functions import HasWords, NameKey, Words

MAX_SPEAKERS = 1_000
"""Speakers whose quotes a search includes: a part of a name that more of them share says little."""


def searches(quotes: QuoteQuerySet, term: str) -> list[QuoteQuerySet]:
    """The quotes that each search finds; each is served by an index of its own."""
    called = mentioning(Speaker.objects.order_by(), term.split()).values_list("pk", flat=True)
    return [
        quotes.filter(HasWords(Words("bare"), term, may_go_on=True)),
        quotes.filter(speaker__in=list(called[:MAX_SPEAKERS])),
        quotes.filter(Exactly(NameKey("attribution_speaker"), NameKey(Value(term)))),
    ]
