"""Find records by name, or create them, for filing and commands.

A name matches a record if it equals the record's name or an alias, as names are compared. Advisory
locks make sure that concurrent transactions create one record per new name.
"""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sources.database.locks import lock_all
from sources.identity.names import split_acronym
from sources.models import Named
from sources.models.ids import as_uuid


class Register[Model: Named]:
    """Records of one kind by names and ids.

    `names` are looked up in `column`; `to_make` may be created too, so those that do not match
    exactly one record are locked. Two to four queries for any number of names.
    """

    def __init__(
        self,
        queryset,
        names: Iterable[str | None],
        to_make: Iterable[str | None] = (),
        column: str = "names_folded",
    ):
        self.model: type[Model] = queryset.model
        self.queryset, self.column = queryset, column
        wanted = {name for name in (*names, *to_make) if name}
        wanted |= {short for name in wanted if (short := split_acronym(name)[1])}
        self.ids = {key: None for name in wanted if (key := as_uuid(name))}
        self.folded = self.model.keys_of(name for name in wanted if not as_uuid(name))
        self.records: dict[str, list[Model]] = defaultdict(list)
        self.made: list[Model] = []
        if self.ids:
            self.ids.update(queryset.in_bulk(list(self.ids)))
        self._find(set(self.folded.values()))
        self.hold(name for name in to_make if name and len(self.called(name)) != 1)

    def hold(self, names: Iterable[str]) -> None:
        """Lock these names against creation elsewhere, then read what others have just created."""
        folded = {self.folded[name] for name in names if name in self.folded}
        if folded:
            lock_all(f"{self.model._meta.label}:{name}" for name in folded)
            self._find(folded)

    def _find(self, folded: set[str]) -> None:
        if not folded:
            return
        found = self.queryset.active().filter(**{f"{self.column}__overlap": list(folded)})
        for record in found.order_by("pk"):
            self._add(record, set(getattr(record, self.column)) & folded)

    def _add(self, record: Model, folded: Iterable[str]) -> None:
        for name in folded:
            if record not in self.records[name]:
                self.records[name].append(record)

    def by_id(self, key: UUID) -> Model | None:
        return self.ids.get(key)

    def called(self, name: str) -> list[Model]:
        """All records with this name or alias, oldest first, including new ones."""
        found = list(self.records.get(self.folded.get(name), ()))
        if not found and name in self.folded and (short := split_acronym(name)[1]):
            # A record whose whole name is the acronym of this one
            key = self.folded[short]
            found = [one for one in self.records.get(key, ()) if one.name.casefold() == key]
        return found

    def make(self, name: str, **values) -> Model:
        """Create a record in memory; `save_made` inserts it. A bracketed acronym is an alias."""
        whole, short = split_acronym(name)
        record = self.model(name=whole, aliases=[short] if short else [], **values)
        self.made.append(record)
        for key in {self.folded[name], self.folded.get(short)} - {None}:
            self.records[key].append(record)
        return record

    def save_made(self) -> None:
        self.model.objects.bulk_create(self.made)
        self.made = []
