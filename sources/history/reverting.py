"""Revert a record to a version.

What a curator may edit gets its former values, as a new change whose reason names the version. The
model's rules apply. A record that was merged since is replaced by its surviving record. Fields that
cannot be reverted stay, with the reason why.
"""

import json
from collections.abc import Collection
from copy import copy

from django.core.exceptions import ValidationError
from django.db import models, transaction

from sources.history.as_of import OF_EACH, records_as_of
from sources.identity.merging import refuse_if_merged
from sources.ledger.actor import with_reason
from sources.models import (
    Affiliation,
    Article,
    Fact,
    Mergeable,
    Organisation,
    Outlet,
    Revision,
    Speaker,
)

COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    Outlet: (
        *("name", "slug", "aliases", "url"),
        *("rights", "license", "refuses_embeds", "refuses_robots"),
    ),
    Organisation: ("name", "aliases", "parent", "identifiers"),
    Speaker: ("name", "kind", "aliases", "identifies", "organisation", "identifiers"),
    Affiliation: ("organisation", "role", "start", "end"),
    Fact: ("key", "value", "source", "start", "end"),
    Article: (
        *("outlet", "external_id", "url", "headline", "byline"),
        *("published", "published_at", "language"),
        *("canonical_url", "rights", "license", "embargo_until"),
    ),
}
"""Fields that can be reverted: those that a curator may edit."""

STAYS = {
    "merged_into": "A merge has an undo of its own.",
    "distinct_from": "Marking records as distinct has an undo of its own.",
    "withdrawn": "Withdrawing an article has an undo of its own.",
    "snapshot": "The current text is always the one captured last.",
    "speaker": "What is said of another speaker is another record.",
}
"""Why other fields stay."""


def revert(
    record: models.Model, version: int, reason: str, *, only: Collection[str] | None = None
) -> "Reversion":
    """Revert a record, or `only` some of its fields, to a version.

    Raises ValidationError if that changes nothing, or the model refuses it.
    """
    with transaction.atomic():
        locked = type(record)._default_manager.select_for_update(of=("self",))
        record.refresh_from_db(from_queryset=locked)
        way = Reversion(record, version, only=only)
        way.apply(reason)
        return way


class Reversion:
    """The plan to revert a record to a version.

    `values` maps the fields that change to their former values; `follows` names those of them that
    only change because of others. `kept` maps fields that stay to the reason. `objections` prevent
    the reversion as a whole. `was` is the record at that version; None if it is unknown.
    """

    stays: dict[str, str] = STAYS
    told_to = "Kept in the history with this change."
    """Who sees the reason."""

    def __init__(self, record: models.Model, version: int, *, only: Collection[str] | None = None):
        self.record, self.version = record, version
        self.columns = self.columns_of(type(record))
        self.values, self.kept, self.objections = {}, {}, []
        self.follows: set[str] = set()
        self.was = self._as_it_was()
        if self.was is None:
            return
        for name in self._different():
            if name not in self.columns:
                self.kept[name] = self.stays.get(name, "Computed from other data.")
            elif only is None or name in only:
                self._take_up(name)
        self.adjust()
        self._leave_out_what_is_refused()

    @classmethod
    def columns_of(cls, model: type[models.Model]) -> tuple[str, ...]:
        return COLUMNS.get(model._meta.concrete_model, ())

    # What a subclass adds

    def adjust(self) -> None:
        """Adapt values that depend on one another."""

    def returned(self) -> models.Model:
        """A copy of the record as it would be; raises ValidationError for what cannot be."""
        record = copy(self.record)
        for name, value in self.values.items():
            setattr(record, name, value)
        return record

    def store(self, reason: str) -> None:
        for name, value in self.values.items():
            setattr(self.record, name, value)
        self.record.save(update_fields=list(self.values))

    # Applying it

    def apply(self, reason: str) -> None:
        if not reason.strip():
            raise ValidationError({"reason": "Give a reason for reverting."})
        if isinstance(self.record, Mergeable):
            refuse_if_merged(self.record)
        if self.objections:
            raise ValidationError(self.objections)
        if not self.values:
            raise ValidationError("This changes nothing.")
        reason = f"Back to version {self.version}: {reason.strip()}"
        with transaction.atomic(), with_reason(reason):
            self.store(reason)

    # The former state

    def _as_it_was(self) -> models.Model | None:
        known = Revision.objects.of(self.record).filter(version=self.version)
        if not (at := known.values_list("time", flat=True).first()):
            return None
        was = records_as_of(type(self.record), [self.record.pk], at).get(self.record.pk)
        return was if was is not None and was.state_then else None

    def _different(self) -> list[str]:
        """Fields, and parts in other tables, that differ from that version."""
        present = Revision.objects.of(self.record).values_list("state", flat=True).last()
        then = json.loads(self.was.state_then)
        names = {field.column: field.name for field in self.record._meta.concrete_fields}
        return [
            names.get(column, column)
            for column, value in present.items()
            if column not in OF_EACH and value != then.get(column)
        ]

    def _take_up(self, name: str) -> None:
        field = self.record._meta.get_field(name)
        value = getattr(self.was, field.attname)
        if isinstance(field, models.ForeignKey) and value is not None:
            value = self._standing(field.related_model, value)
            if value is None:
                self.kept[name] = "The record it pointed to no longer exists."
                return
            if value.pk == getattr(self.record, field.attname):
                return
        self.values[name] = value

    @staticmethod
    def _standing(model: type[models.Model], key) -> models.Model | None:
        if issubclass(model, Mergeable):
            key = model.objects.survivors([key]).get(key)
        return model._default_manager.filter(pk=key).first()

    # What is allowed

    def _leave_out_what_is_refused(self) -> None:
        while self.values:
            try:
                self._check()
            except ValidationError as error:
                if not (blamed := self._blamed(error)):
                    self.objections = error.messages
                    return
                for name, why in blamed.items():
                    self.kept[name] = why
                    del self.values[name]
            else:
                return

    def _check(self) -> None:
        record = self.returned()
        others = [f.name for f in record._meta.concrete_fields if f.name not in self.values]
        record.clean_fields(exclude=others)
        record.clean()
        record.validate_unique()
        record.validate_constraints()

    def _blamed(self, error: ValidationError) -> dict[str, str]:
        """The refused values and why, also if a column computed from them is refused."""
        columns = {field.name: field for field in self.record._meta.concrete_fields}
        said = {
            name: messages
            for name, messages in getattr(error, "message_dict", {}).items()
            if name in columns
        }
        for constraint in self.record._meta.constraints:
            message = str(constraint.get_violation_error_message())
            if len(fields := getattr(constraint, "fields", ())) == 1 and message in error.messages:
                said[fields[0]] = [message]
        blamed = {}
        for name, messages in said.items():
            column = columns[name]
            names = {f.name for f in column.referenced_fields} if column.generated else {name}
            blamed |= dict.fromkeys(names & self.values.keys(), " ".join(messages))
        return blamed
