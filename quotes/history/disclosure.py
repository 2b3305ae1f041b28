"""All that is held of a person, who may ask for it: records, histories, and where they are named.

What is shown is what `erase speaker` would destroy, and the places that it would list.
"""

import json
from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import connection, models

from quotes.history.erasure import erased_with, wikidata_ids
from quotes.models import Proposal, Quote, Via
from sources.history.erasure import search_terms, traces_of
from sources.history.words import forms_of
from sources.ledger.revisions import Revision
from sources.models import Affiliation, Fact, Speaker, WikidataItem


def disclosed(speaker: UUID, each: Callable[[Iterable], Iterable] = list) -> dict:
    """Everything on record of a speaker, also proposed, rejected and former, as JSON.

    Raises `quotes.history.erasure.CannotErase` if there is none. Changes nothing.
    """
    held, names = erased_with("speaker", {speaker})
    keys = {*held.speakers, *held.affiliations, *held.facts, *held.quotes}
    forms, _ = forms_of(names)
    sought = search_terms([*sorted(names), *sorted(forms)])
    return {
        "speakers": _rows(Speaker, "id", held.speakers),
        "affiliations": _rows(Affiliation, "id", held.affiliations),
        "facts": _rows(Fact, "id", held.facts),
        "quotes": _rows(Quote, "id", held.quotes),
        "proposals": _rows(Proposal, "quote_id", held.quotes),
        "via": _rows(Via, "quote_id", held.quotes),
        "wikidata": _rows(WikidataItem, "id", wikidata_ids(held.speakers)),
        "history": _rows(Revision, "subject_id", keys),
        "named_in": [
            {"table": trace.table, "column": trace.column, "key": trace.key, "words": trace.words}
            for trace in sorted({*traces_of(sought, each)})
        ],
    }


DERIVED = [
    "search_words",
    "bare",
    "names_folded",
    "value_folded",
    "all_names",
    "salt",
    "link",
    "hash",
]
"""Columns that only repeat others for searches, or prove them."""


def _rows(model: type[models.Model], column: str, keys: Iterable[UUID]) -> list[dict]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT to_jsonb(t) - %s::text[] FROM {model._meta.db_table} t"
            f" WHERE {column} = ANY (%s) ORDER BY id",
            [DERIVED, list(keys)],
        )
        return [json.loads(row) for (row,) in cursor.fetchall()]
