"""Whose word is needed: nobody approves what they filed themselves.

That holds at the desk and wherever else the admin publishes proposed quotes, unless
`ONRECORD_SELF_APPROVAL` allows it. In the API, whoever may publish may file as published outright;
there is nothing to approve there.
"""

from django.conf import settings
from django.db.models import Exists, OuterRef

from quotes.models import Quote, QuoteQuerySet
from sources.models import Revision

WHY_NOT = "You filed it yourself: somebody else has to approve it."


def filed_by(user) -> Exists:
    """Whether this user made the quote; a condition for querysets, by the ledger's index."""
    made = Revision.objects.filter(
        subject_id=OuterRef("pk"), version=1, actor=user.get_username(), verb="created"
    )
    return Exists(made)


def approvable(quotes: QuoteQuerySet, user) -> QuoteQuerySet:
    """Those of the quotes that this user may publish, as far as it matters who filed them."""
    return quotes if settings.ONRECORD_SELF_APPROVAL else quotes.exclude(filed_by(user))


def may_approve(user, quote: Quote) -> bool:
    """Whether this user may publish this quote; one query."""
    return approvable(Quote.objects.filter(pk=quote.pk), user).exists()
