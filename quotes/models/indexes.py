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
    """Index of the quotes with this flag: newest first, with their age."""
    return models.Index(
        fields=["published_day", "id"],
        include=["created", "status"],
        condition=Q(flags__contains=[flag]),
        name=f"quote_{flag}",
    )


DERIVED = ("contexts", "nearest", "role_key", "search_words", "bare", "filed_by_id")
"""Not part of a quote's history: computed from others, or the actor of its first revision."""


COVERED = [
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
"""Columns that most filters and all statistics read. Each one makes every scan of these indexes
slower, whether it is needed or not."""


def covering_index(*of: str, name: str) -> models.Index:
    """Index for index-only scans of lists in this order, and of statistics."""
    return models.Index(
        fields=[*of, "id"],
        include=[column for column in COVERED if column not in of],
        name=f"quote_held_{name}",
    )


def tally_indexes() -> list[models.Index]:
    """Indexes for `quotes.statistics` of the whole archive.

    They hold no id, so that PostgreSQL deduplicates equal entries: a third to a tenth of the size.
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
        # Ranges are never deduplicated, so only quotes with an imprecise date are here
        models.Index(
            fields=["published_day"],
            include=[
                *("speaker", "organisation", "outlet", "affiliation", "role_key"),
                *("kind", "status", "language", "published", "anchor"),
            ],
            condition=Q(Imprecise("published")),
            name="quote_tally_imprecise",
        ),
        # Printed roles by key
        models.Index(
            fields=["role_key"],
            condition=Q(affiliation=None, role_key__isnull=False),
            name="quote_by_role_key",
        ),
    ]


PENDING_LIST_KB = 512
"""New entries of a GIN index that wait to be sorted in; every search reads all of them."""
