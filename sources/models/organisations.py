"""Organisations that speakers speak for, and their parts."""

from collections.abc import Iterable
from uuid import UUID

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.fields.json import KT

from sources.database.triggers import FollowsMerges, KeepsFormerName, KeepsVersion, Trigger
from sources.ledger.recording import Recording
from sources.models.base import (
    MERGES,
    LikenessKey,
    Named,
    NamedQuerySet,
    changed_index,
    has_a_name,
    identifiers_index,
    key_indexes,
    merged_index,
    name_parts_index,
    name_slips_index,
    names_field,
)
from sources.models.functions import BodyKey, OrganisationNames
from sources.models.visibility import IF_PUBLIC, hidden_index, visibility_triggers

PARTS = """
WITH RECURSIVE part (id) AS (
    SELECT unnest(%s::uuid[])
    UNION
    SELECT o.id FROM sources_organisation o JOIN part ON o.parent_id = part.id
)
SELECT id FROM part
"""


class OrganisationQuerySet(NamedQuerySet):
    def with_parts(self, ids: Iterable[UUID]) -> list[UUID]:
        """These ids and those of all organisations that are part of them; one query."""
        with connection.cursor() as cursor:
            cursor.execute(PARTS, [list(ids)])
            return [key for (key,) in cursor.fetchall()]


class Organisation(Named):
    """A body that speakers speak for."""

    key = BodyKey
    names_folded = names_field(OrganisationNames)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    identifiers = models.JSONField(default=dict, blank=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            has_a_name("organisation"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="organisation_is_not_its_own_parent",
                violation_error_message="An organisation cannot be its own parent.",
            ),
            models.UniqueConstraint(
                KT("identifiers__wikidata"),
                name="organisation_once_per_wikidata_id",
                violation_error_message="Another organisation has this Wikidata id.",
            ),
        ]
        indexes = [
            GinIndex(F("names_folded"), name="organisation_names"),
            name_parts_index("organisation"),
            name_slips_index("organisation"),
            identifiers_index("organisation"),
            models.Index(fields=["name", "id"], name="organisation_by_name"),
            changed_index("organisation"),
            merged_index("organisation"),
            hidden_index("organisation"),
        ]
        triggers = [
            FollowsMerges("parent"),
            KeepsFormerName(),
            KeepsVersion(),
            Trigger(
                name="no_circle",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),
                condition=pgtrigger.Condition("NEW.parent_id IS NOT NULL"),
                declare=[("above", "uuid")],
                func="""
                    -- Two transactions must not each close one half of a circle.
                    PERFORM pg_advisory_xact_lock(hashtextextended('organisation parents', 0));
                    above = NEW.parent_id;
                    WHILE above IS NOT NULL LOOP
                        IF above = NEW.id THEN
                            RAISE EXCEPTION 'An organisation cannot be a part of its own parts.'
                                USING ERRCODE = 'check_violation',
                                      CONSTRAINT = 'organisation_in_no_circle';
                        END IF;
                        SELECT parent_id INTO above FROM sources_organisation WHERE id = above;
                    END LOOP;
                    RETURN NEW;
                """,
            ),
            *visibility_triggers(),
            *Recording(verb=MERGES, public=IF_PUBLIC).triggers,
        ]

    def why_not_merged_into(self, other: "Organisation") -> str | None:
        seen, above = set(), other
        while above.parent_id and above.pk not in seen:
            seen.add(above.pk)
            above = above.parent
            if above.pk == self.pk:
                return (
                    f"“{other}” is part of “{self}”: merge the part into the whole, or give it "
                    "another parent first."
                )
        return None


class OrganisationKey(LikenessKey):
    class Meta:
        indexes = key_indexes("organisation")
