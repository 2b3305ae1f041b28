"""Indexes of quotes, each with the query that reads it."""

from django.db import models
from django.db.models import Q

from sources.dates import Imprecise

FLAGS = (
    "ambiguous_speaker",
    "ambiguous_organisation",
    "unresolved_speaker",
    "role_conflict",
    "filing_differs",
)


def flagged_index(flag: str) -> models.Index:
    """For the list of quotes with this flag, newest first, and for how long they have it."""
    return models.Index(
        fields=["published_day", "id"],
        include=["created", "status"],
        condition=Q(flags__contains=[flag]),
        name=f"quote_{flag}",
    )


DERIVED = ("contexts", "nearest", "role_key", "search_words", "bare")
"""Columns that follow from others: no part of a quote's history."""


HELD = [
    "published_day",
    "said_day",
    "created",
    "updated",
    "status",
    "kind",
    "anchor",
    "language",
    "speaker",
    "organisation",
    "outlet",
    "published",
    "affiliation",
    "role_key",
    "utterance",
    "said",
]
"""What most filters and all statistics ask of a quote. Each column costs time wherever an index
that holds it is read, also of those who do not ask for it."""


def holding_index(*of: str, name: str) -> models.Index:
    """For lists in an order, and statistics, which read nothing else: the quotes stay unread."""
    return models.Index(
        fields=[*of, "id"],
        include=[column for column in HELD if column not in of],
        name=f"quote_held_{name}",
    )


def tallied_indexes() -> list[models.Index]:
    """For `quotes.statistics` of all there is.

    Many quotes have the same entry, and no id sets them apart: PostgreSQL writes each entry once,
    with the list of its quotes, which makes the indexes a third to a tenth of what they would be.
    """
    return [
        models.Index(
            fields=[
                *("speaker", "organisation", "affiliation", "role_key"),
                *("published_day", "status", "language", "kind", "anchor"),
            ],
            name="quote_tally_who",
        ),
        models.Index(
            fields=["outlet", "kind", "status", "language", "published_day", "anchor"],
            name="quote_tally_where",
        ),
        models.Index(
            fields=["published_day", "status", "language", "kind", "anchor"],
            name="quote_tally_when",
        ),
        # An entry with a range is never written once: those whose day says too little stand apart
        models.Index(
            fields=["published_day"],
            include=[
                *("speaker", "organisation", "outlet", "affiliation", "role_key"),
                *("kind", "status", "language", "published", "anchor"),
            ],
            condition=Q(Imprecise("published")),
            name="quote_tally_imprecise",
        ),
        # What a printed role is
        models.Index(
            fields=["role_key"],
            condition=Q(affiliation=None, role_key__isnull=False),
            name="quote_by_role_key",
        ),
    ]


# Kilobytes of new entries that each search reads through before they are sorted into an index
MOST_PENDING = 512
