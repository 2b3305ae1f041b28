"""What every record has: an id, a version, a name."""

from collections.abc import Iterable
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import UUID7, Now

from sources.models.functions import AllNames, Fold, FoldNames


class Record(models.Model):
    """An id that sorts by time of making, and a version that counts its changes."""

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    version = models.PositiveIntegerField(db_default=1, editable=False)
    created = models.DateTimeField(db_default=Now(), editable=False)
    updated = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class AllDistinctFrom(models.Func):
    """The ids from which a record, or any that was merged into it, was said to be different."""

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


class NamedQuerySet(models.QuerySet):
    def standing(self):
        """All but those that were merged into another."""
        return self.filter(merged_into=None)

    def survivors(self, ids: Iterable[UUID]) -> dict[UUID, UUID]:
        """Each known id with that of the record it leads to: its own, unless it was merged.

        One query, as a rule, and a second one if some were merged; none for no ids.
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

    def with_all_distinct_from(self):
        """With `all_distinct_from`: the ids that were said to be others, of what was merged too."""
        return self.annotate(all_distinct_from=AllDistinctFrom(self.model))

    def called(self, name: str):
        """Standing records whose name or alias is this one, case and accents ignored."""
        return self.standing().filter(names_folded__contains=[Fold(models.Value(name))])

    def called_any(self, folded: list[str]):
        """Standing records with one of these names, already folded."""
        return self.standing().filter(names_folded__overlap=folded)


MERGES = """CASE
    WHEN n.merged_into_id IS NOT DISTINCT FROM o.merged_into_id THEN 'updated'
    WHEN n.merged_into_id IS NULL THEN 'unmerged'
    ELSE 'merged' END"""


class Named(Record):
    """A record found by its name or by any of its aliases.

    One that was merged into another (`merged_into`) stays, and its id leads to the other for ever.
    `distinct_from` holds the ids of records that it was said not to be, on both sides.
    """

    name = models.CharField(max_length=500)
    aliases = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    names_folded = models.GeneratedField(
        expression=FoldNames("name", "aliases"),
        output_field=ArrayField(models.TextField()),
        db_persist=True,
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        editable=False,
        db_index=False,  # each table has an index of the few that were merged
    )
    distinct_from = ArrayField(models.UUIDField(), db_default=[], blank=True, editable=False)

    objects = NamedQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def survivor(self) -> "Named":
        """The record that this one's id leads to: itself, or what it was merged into in the end."""
        record = self
        while record.merged_into_id:
            record = record.merged_into
        return record

    def namesakes(self):
        """Other standing records that a name of this one may stand for as well."""
        return type(self).objects.called_any(self.names_folded).exclude(pk=self.pk)

    def why_not_merged_into(self, other: "Named") -> str | None:
        """What is held of the two that cannot be so of one; a sentence, with the remedy."""
        return None


def merged_index(model: str) -> models.Index:
    """For the chain of merges that end in a record."""
    return models.Index(
        fields=["merged_into"], condition=Q(merged_into__isnull=False), name=f"{model}_merged"
    )


def name_parts_index(model: str) -> models.Index:
    """For any three characters or more of a name: the searches of the admin."""
    return GinIndex(OpClass(AllNames("names_folded"), "gin_trgm_ops"), name=f"{model}_name_parts")


def has_a_name(model: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=~Q(name__regex=r"^\s*$"),
        name=f"{model}_has_a_name",
        violation_error_message="A name needs at least one visible character.",
    )
