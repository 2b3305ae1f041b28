"""The rule of four eyes: nobody approves a quote that they filed.

It holds wherever the admin publishes proposed quotes, unless `ONRECORD_SELF_APPROVAL` allows
otherwise. In the API, a client that may publish can file quotes as published: there is nothing to
approve there.
"""

from django.conf import settings
from django.db.models import Exists, OuterRef

from quotes.models import Quote, QuoteQuerySet
from sources.models import Revision

WHY_NOT = "You added this quote, so another curator must approve it."


def filed_by(user) -> Exists:
    """Condition for querysets: this user created the quote. Uses the ledger's index."""
    made = Revision.objects.filter(
        subject_id=OuterRef("pk"), version=1, actor=user.get_username(), verb="created"
    )
    return Exists(made)


def approvable(quotes: QuoteQuerySet, user) -> QuoteQuerySet:
    """Quotes that this user may publish, as far as it matters who filed them."""
    return quotes if settings.ONRECORD_SELF_APPROVAL else quotes.exclude(filed_by(user))


def may_approve(user, quote: Quote) -> bool:
    """Whether this user may publish this quote; one query."""
    return approvable(Quote.objects.filter(pk=quote.pk), user).exists()
