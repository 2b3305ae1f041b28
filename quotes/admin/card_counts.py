"""What quotes know of a record, for its card: how many there are, the last one, the role in it.

A speaker may have hundreds of thousands of quotes: they are counted up to a limit, and the last
ones are the first entries of an index.
"""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, IntegerField, OuterRef, Subquery, When
from django.urls import reverse
from django.utils.http import urlencode

from quotes.models import Quote, QuoteQuerySet
from quotes.models.workflow import number_of_quotes
from sources.admin.speaker_cards import Known
from sources.models import Named, Speaker

MAX_CARD_QUOTES = 1_000
"""Quotes of a record that its card counts: half a millisecond's work."""

NEWEST_WITH_ROLE = 5
"""Newest quotes among which a printed role is sought: later mentions in an article have none."""


class CountOf(Subquery):
    """The number of rows of a query, which may be limited."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def known_by_quotes(
    model: type[Named], records: Iterable[Named], quotes: QuoteQuerySet
) -> dict[UUID, Known]:
    """What these quotes know of each record, by its id; two queries, one if it is no speaker."""
    of = model._meta.model_name
    theirs = quotes.filter(**{of: OuterRef("pk")}).order_by()
    newest = theirs.order_by("-published_day", "-id")  # and those of unknown days
    dated = newest.filter(published_day__isnull=False)
    rows = model.objects.filter(pk__in=[record.pk for record in records]).order_by()
    rows = rows.values_list(
        "pk",
        CountOf(theirs.values("pk")[: MAX_CARD_QUOTES + 1]),
        Subquery(dated.values("published")[:1]),
        ArraySubquery(newest.values("pk")[:NEWEST_WITH_ROLE]),
    )
    found = list(rows)
    posts = _posts_of([key for *_, keys in found for key in keys]) if model is Speaker else {}
    place = reverse("admin:quotes_quote_changelist")
    return {
        pk: Known(
            _in_words(number),
            f"{place}?{urlencode({f'{of}__id__exact': pk})}",
            last,
            *posts.get(pk, (None, None)),
        )
        for pk, number, last, _ in found
    }


def _in_words(number: int) -> str:
    if number > MAX_CARD_QUOTES:
        return f"{MAX_CARD_QUOTES:,}+ quotes"
    return number_of_quotes(number)


def _posts_of(keys: list[UUID]) -> dict[UUID, tuple[str | None, str | None]]:
    """Role and organisation by speaker: of the newest of these quotes that has a role.

    What readers see comes first: a quote in review may be somebody else's.
    """
    posts = {}
    quotes = Quote.objects.filter(pk__in=keys).select_related("affiliation", "organisation")
    public_first = Case(When(status__in=Quote.PUBLIC, then=0), default=1)
    for quote in quotes.order_by(public_first, F("published_day").desc(nulls_last=True), "-id"):
        body = quote.organisation.name if quote.organisation else quote.attribution_organisation
        post, other = (quote.shown_role, body), posts.get(quote.speaker_id)
        if other is None or (post[0] and not other[0]):
            posts[quote.speaker_id] = post
    return posts
