"""What records have: an id and a version; most can be merged, and most of these have a name."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import UUID7, Now

from sources.models.functions import (
    AllNames,
    Fold,
    FoldNames,
    IdentifierValues,
    NameSlips,
    fold_all,
    keys_of,
)
from sources.models.visibility import PublicQuerySet


class Record(models.Model):
    """An id that sorts by creation (UUIDv7), and a version that counts changes.

    `edit_summaries` say what the change of a column did: see `sources.history.summaries`.
    """

    edit_summaries: tuple[tuple[str, str, str], ...] = ()

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    version = models.PositiveIntegerField(db_default=1, editable=False)
    created = models.DateTimeField(db_default=Now(), editable=False)
    updated = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class PublicRecord(Record):
    """A record that readers see if it `is_public`: see `sources.models.visibility`."""

    is_public = models.BooleanField("public", db_default=True, editable=False)

    class Meta:
        abstract = True


class AllDistinctFrom(models.Func):
    """Ids that a record, or one merged into it, is marked as distinct from."""

    output_field = ArrayField(models.UUIDField())

    def __init__(self, model: type["Named"]):
        super().__init__(F("pk"))
        self.template = f"""ARRAY(
            WITH RECURSIVE gathered AS (
                SELECT g.id, g.distinct_from FROM {model._meta.db_table} g
                    WHERE g.id = %(expressions)s
                UNION
                SELECT m.id, m.distinct_from FROM {model._meta.db_table} m
                    JOIN gathered ON m.merged_into_id = gathered.id
            )
            SELECT DISTINCT unnest(distinct_from) FROM gathered ORDER BY 1
        )"""


class MergeableQuerySet(PublicQuerySet):
    def active(self):
        """Records that are not merged into another."""
        return self.filter(merged_into=None)

    def survivors(self, ids: Iterable[UUID]) -> dict[UUID, UUID]:
        """Map each known id to that of its surviving record: itself, unless it was merged.

        One query, two if any was merged, none for no ids.
        """
        if not (ids := list(ids)):
            return {}
        table = self.model._meta.db_table
        with connection.cursor() as cursor:
            known = f"SELECT id, merged_into_id FROM {table} WHERE id = ANY(%s)"
            cursor.execute(known, [ids])
            led = cursor.fetchall()
            if not any(leads_to for _, leads_to in led):
                return {key: key for key, _ in led}
            cursor.execute(
                f"""
                WITH RECURSIVE led AS (
                    SELECT id AS asked, id, merged_into_id FROM {table} WHERE id = ANY(%s)
                    UNION
                    SELECT led.asked, next.id, next.merged_into_id
                        FROM led JOIN {table} next ON next.id = led.merged_into_id
                )
                SELECT asked, id FROM led WHERE merged_into_id IS NULL
                """,
                [ids],
            )
            return dict(cursor.fetchall())

    def followed(self) -> list[UUID]:
        """Ids of the surviving records of these."""
        return list(self.survivors(self.values_list("pk", flat=True)).values())

    def merged_into(self, ids: Iterable[UUID]) -> dict[UUID, UUID]:
        """Map each record that leads to one of these by merges to that one; one query."""
        table = self.model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                WITH RECURSIVE led AS (
                    SELECT id, merged_into_id AS survivor FROM {table}
                        WHERE merged_into_id = ANY(%s)
                    UNION
                    SELECT m.id, led.survivor FROM {table} m JOIN led ON m.merged_into_id = led.id
                )
                SELECT id, survivor FROM led
                """,
                [list(ids)],
            )
            return dict(cursor.fetchall())


class NamedQuerySet(MergeableQuerySet):
    def with_all_distinct_from(self):
        """With `all_distinct_from`: ids it is marked as distinct from, also through merges."""
        return self.annotate(all_distinct_from=AllDistinctFrom(self.model))

    def called(self, name: str):
        """Active records with this name or alias, as their kind of name is compared."""
        return self.active().filter(names_folded__contains=[self.model.key(models.Value(name))])

    def called_any(self, folded: list[str]):
        """Active records with one of these names, already in the form for comparison."""
        return self.active().filter(names_folded__overlap=folded)


MERGES = """CASE
    WHEN n.merged_into_id IS NOT DISTINCT FROM o.merged_into_id THEN 'updated'
    WHEN n.merged_into_id IS NULL THEN 'unmerged'
    ELSE 'merged' END"""


def names_field(function: type[FoldNames]) -> models.GeneratedField:
    return models.GeneratedField(
        expression=function("name", "aliases"),
        output_field=ArrayField(models.TextField()),
        db_persist=True,
    )


class Mergeable(PublicRecord):
    """A record that can be merged into another; it stays, and its id redirects for ever.

    `locked_first`: to change rows that point at it, lock it before them.
    """

    locked_first = False

    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        editable=False,
        db_index=False,  # each table has a partial index, as few are merged
    )

    objects = MergeableQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def survivor(self) -> Self:
        """The surviving record: itself, or the last one of its chain of merges."""
        record = self
        while record.merged_into_id:
            record = record.merged_into
        return record

    @property
    def given(self) -> list[str]:
        """The columns that a merge or its undo may change."""
        raise NotImplementedError

    def give(self, into: Self) -> list[str]:
        """Give the other what it lacks, on a merge; saves neither. Returns the names it gains."""
        raise NotImplementedError

    def take_back(
        self,
        survivor: Self,
        before: dict,
        others: list[tuple[Self, dict]],
        came_by_merge: Callable[[Callable[[dict], bool]], bool],
    ) -> list[str]:
        """Take back what it gave, on the undo of its merge; saves neither. Returns the names lost.

        `before` is its state before the merge; `others`, with theirs, are still merged into the
        survivor. `came_by_merge` tests whether a value of the survivor's state came so and stayed.
        """
        raise NotImplementedError

    def why_not_merged_into(self, other: Self) -> str | None:
        """Why the two cannot be one record, as a sentence with the remedy; None if they can."""
        return None

    def made_equal(self, merged: Self) -> list[tuple[Self, Self]]:
        """Other records that the merge of one into this makes equal, each with the one to stay."""
        return []

    def is_unequal_to(self, survivor: Self) -> bool:
        """Whether what made it equal to its surviving record no longer holds."""
        return False


class Named(Mergeable):
    """A record found by its name or an alias: `key` is the form in which these are compared.

    `distinct_from` holds the ids of records that it is marked as distinct from, on both sides.
    """

    key: type[models.Func] = Fold

    name = models.CharField(max_length=500)
    aliases = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    names_folded = names_field(FoldNames)
    distinct_from = ArrayField(models.UUIDField(), db_default=[], blank=True, editable=False)

    objects = NamedQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keys_of(cls, names: Iterable[str]) -> dict[str, str]:
        """Map each name to the form in which it is compared with `names_folded`; one query."""
        return keys_of(cls.key, names)

    def namesakes(self):
        """Other active records that share a name with this one."""
        return type(self).objects.called_any(self.names_folded).exclude(pk=self.pk)

    @property
    def given(self):
        return ["aliases", *(["identifiers"] if hasattr(self, "identifiers") else [])]

    def give(self, into):
        """Names become aliases there; identifiers that it lacks are its own from then on."""
        names = [self.name, *self.aliases]
        folded, known, gained = fold_all(names), set(into.names_folded), []
        for name in names:
            if folded[name] not in known:
                known.add(folded[name])
                gained.append(name)
        into.aliases = [*into.aliases, *gained]
        if hasattr(into, "identifiers"):
            own = into.identifiers
            into.identifiers = {**self.identifiers, **own}
            self.identifiers = {k: v for k, v in self.identifiers.items() if k in own}
        return gained

    def take_back(self, survivor, before, others, came_by_merge):
        kept = {name for other, _ in others for name in other.names_folded}
        folded = fold_all(survivor.aliases)
        lost = [
            alias
            for alias in survivor.aliases
            if folded[alias] in self.names_folded
            and folded[alias] not in kept
            and came_by_merge(lambda state, alias=alias: alias in state["aliases"])
        ]
        survivor.aliases = [alias for alias in survivor.aliases if alias not in lost]
        if hasattr(self, "identifiers"):
            self.identifiers = before["identifiers"]
            kept = [item for _, state in others for item in state["identifiers"].items()]
            for item in self.identifiers.items():
                if (
                    item in survivor.identifiers.items()
                    and item not in kept
                    and came_by_merge(lambda state, item=item: item in state["identifiers"].items())
                ):
                    del survivor.identifiers[item[0]]
        return lost


def merged_index(model: str) -> models.Index:
    """Index of merged records by their surviving record."""
    return models.Index(
        fields=["merged_into"], condition=Q(merged_into__isnull=False), name=f"{model}_merged"
    )


def changed_index(model: str) -> models.Index:
    """Index by the last change: what has changed since, for `sources.history.past_tables`."""
    return models.Index(fields=["updated"], name=f"{model}_by_updated")


def name_parts_index(model: str) -> models.Index:
    """Trigram index of names, for searches by a part of one."""
    return GinIndex(OpClass(AllNames("names_folded"), "gin_trgm_ops"), name=f"{model}_name_parts")


def name_slips_index(model: str) -> models.Index:
    """Index of words with a slip, and initials: `sources.identity.finding`."""
    return GinIndex(NameSlips("names_folded"), name=f"{model}_name_slips")


def identifiers_index(model: str) -> models.Index:
    """Index of identifiers, whatever their scheme: `sources.identity.finding`."""
    return GinIndex(IdentifierValues("identifiers"), name=f"{model}_identifiers")


def not_blank(field: str, *, name: str, message: str) -> models.CheckConstraint:
    """Refuse a text that is empty or white space; NULL passes."""
    return models.CheckConstraint(
        condition=~Q(**{f"{field}__regex": r"^\s*$"}), name=name, violation_error_message=message
    )


def has_a_name(model: str) -> models.CheckConstraint:
    message = "A name needs at least one visible character."
    return not_blank("name", name=f"{model}_has_a_name", message=message)


class LikenessKey(models.Model):
    """A key that records of similar names share: see `sources.identity.duplicates`.

    Derived from the names that the record had in this `version`.
    """

    id = models.BigAutoField(primary_key=True)
    record_id = models.UUIDField()  # no foreign key: a merge does not move it
    version = models.PositiveIntegerField()
    key = models.TextField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.key


class PossiblePair(models.Model):
    """Two records of one kind that may be the same, as the worker found them last.

    Both share the `key`, the first of their likeness keys that they share.
    """

    kind = models.CharField(max_length=40)  # of record, as in `_meta.model_name`
    key = models.TextField()
    one = models.UUIDField()  # no foreign keys: merges and erasures leave them to the next search
    other = models.UUIDField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["kind", "key", "one", "other"], name="possible_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.one} and {self.other}"


type Tally = tuple[int, datetime | None]
"""A number, and since when the oldest of what was counted exists."""

type Counting = Callable[[], Tally]


class StoredCount(models.Model):
    """A number that takes too long to count for a page, as the worker counted it last."""

    name = models.CharField(primary_key=True, max_length=40)
    number = models.PositiveIntegerField()  # counted up to a limit
    since = models.DateTimeField(null=True)  # since when the oldest exists

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @classmethod
    def last(cls, name: str, count: Counting) -> Tally:
        """What was counted last. Counts, if nobody has yet."""
        kept = cls.objects.filter(pk=name).first()
        return (kept.number, kept.since) if kept else count()

    @classmethod
    def store(cls, name: str, tally: Tally) -> None:
        number, since = tally
        cls.objects.update_or_create(name=name, defaults={"number": number, "since": since})


def key_indexes(model: str) -> list[models.Index]:
    """Indexes of the likeness keys of one kind of record."""
    return [
        models.Index(fields=["key", "record_id"], name=f"{model}_key_pairs"),
        models.Index(fields=["record_id", "version"], name=f"{model}_key_of"),
    ]
