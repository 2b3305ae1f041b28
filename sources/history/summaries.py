"""What a change did, in an editor's words: “renamed”, “words adjusted”, “reverted to version 1”.

By the verb of its revision; where that says no more than that something changed, by the first of
the model's `edit_summaries` whose column changed, else by the names of the fields.
"""

import re

from django.db import models

from sources.ledger.revisions import Revision

VERBS = {
    Revision.Verb.CREATED: "added",
    Revision.Verb.SETTLED: "dispute resolved",
    Revision.Verb.UNMERGED: "separated again",
    Revision.Verb.REDACTED: "words erased",
}
"""Verbs that read better otherwise."""

SHARED = (
    ("name", "renamed", ""),
    ("distinct_from", "marked as different from another", "no longer marked as different"),
    ("is_public", "made public", "hidden from readers"),
)
"""Column, what its change did, and what it did where it emptied the column: of all models."""

MAX_FIELDS_NAMED = 3


def summarise(model: type[models.Model], revision: Revision) -> str:
    """Say what a revision did, in the past participle."""
    if back := re.match(r"Back to version (\d+)", revision.reason or ""):
        return f"reverted to version {back[1]}"
    if revision.verb not in (Revision.Verb.UPDATED, Revision.Verb.CORRECTED):
        return VERBS.get(revision.verb, revision.verb)
    what = _by_columns(model, revision)
    return f"corrected: {what}" if revision.verb == Revision.Verb.CORRECTED else what


def _by_columns(model: type[models.Model], revision: Revision) -> str:
    fields, state = {*revision.fields}, revision.state or {}
    for column, done, emptied in (*getattr(model, "edit_summaries", ()), *SHARED):
        if column in fields:
            return emptied if emptied and not state.get(column) else done
    known = {field.column: str(field.verbose_name) for field in model._meta.concrete_fields}
    named = [known.get(name, name) for name in revision.fields if name != "corrections"]
    if not named:
        return "saved"
    if len(named) > MAX_FIELDS_NAMED:
        return f"{len(named)} fields changed"
    return f"{', '.join(named)} changed"
