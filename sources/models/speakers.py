"""Speakers, organisations, and the affiliations between them."""

from collections.abc import Iterable
from uuid import UUID

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KT

from sources.database.triggers import FollowsMerges, KeepsFormerName, KeepsVersion, Trigger
from sources.dates import FirstDay, PartialDate, PartialDateField
from sources.ledger.recording import Recording
from sources.models.articles import Article
from sources.models.base import (
    MERGES,
    Named,
    NamedQuerySet,
    Record,
    has_a_name,
    merged_index,
    name_parts_index,
    names_field,
)
from sources.models.functions import (
    BodyKey,
    HasWords,
    NameKey,
    OrganisationNames,
    SpeakerNames,
    WordsOf,
)


class Organisation(Named):
    """A body that speakers speak for."""

    key = BodyKey
    names_folded = names_field(OrganisationNames)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    identifiers = models.JSONField(default=dict, blank=True)

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
            models.Index(fields=["name", "id"], name="organisation_by_name"),
            merged_index("organisation"),
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
            *Recording(verb=MERGES).triggers,
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


class SpeakerQuerySet(NamedQuerySet):
    def joint(self, members: Iterable[UUID]):
        """Active collectives that one of these, or one merged into it, is a member of."""
        merged = RawSQL(  # noqa: S611 (a table's name)
            f"""ARRAY(
                WITH RECURSIVE led AS (
                    SELECT unnest(%s::uuid[]) AS id
                    UNION
                    SELECT m.id FROM {self.model._meta.db_table} m
                        JOIN led ON m.merged_into_id = led.id
                )
                SELECT id FROM led
            )""",
            [list(members)],
            output_field=ArrayField(models.UUIDField()),
        )
        return self.active().exclude(members=[]).filter(members__overlap=merged)

    def of_members(self, members: Iterable[UUID]) -> "Speaker | None":
        """The oldest collective of exactly these speakers."""
        wanted = set(self.survivors(members).values())
        for found in self.joint(wanted).order_by("pk"):
            if set(self.survivors(found.members).values()) == wanted:
                return found
        return None

    def known_as(self, name: str):
        """Active speakers with this name or alias, and organisations of this name that speak."""
        bodies = Organisation.objects.called(name).values("pk")
        speaking = self.active().filter(kind=Speaker.Kind.ORGANISATION, organisation__in=bodies)
        called = self.called(name).order_by().values("pk")
        return self.filter(pk__in=called.union(speaking.order_by().values("pk")))

    def shared(self):
        """Speakers of the whole archive, not of one article alone."""
        return self.filter(article=None)

    def of_articles(self, ids: list):
        """Speakers that belong to one of these articles alone."""
        return self.filter(article__in=ids)

    def of_organisations(self, ids: list):
        """Speakers that belong to one of these organisations, or ever held a role there."""
        ids = {*ids, *Organisation.objects.survivors(ids).values()}
        held = Affiliation.objects.filter(organisation__in=ids).values("speaker")
        return self.filter(Q(organisation__in=ids) | Q(id__in=held))


class Speaker(Named):
    """A person or body that words are attributed to.

    `identifiers` maps a scheme to an id, such as `{"wikidata": "Q7186"}`. `organisation` is for
    speakers who are not persons: the ministry of "a ministry spokesperson", or the body itself.
    `members` are the ids of those who speak jointly, in the order filed; one that has been merged
    since stands for its surviving record.

    A name like "Mr Jones" or "the mayor" identifies nobody outside its article: such a speaker
    belongs to that `article` alone. `identifies` lists names of which a curator says that they mean
    this speaker in all articles: a mononym, a pen name. `is_one` says that all who bear the names
    are one person, whatever their organisations.
    """

    class Kind(models.TextChoices):
        PERSON = "person"
        ORGANISATION = "organisation"  # speaking as itself
        UNNAMED = "unnamed"  # "a government spokesperson"
        COLLECTIVE = "collective"  # "police"
        UNKNOWN = "unknown"  # nothing says which

    key = NameKey
    names_folded = names_field(SpeakerNames)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PERSON)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="speakers"
    )
    article = models.ForeignKey(
        Article,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="own_speakers",
        db_index=False,  # a partial index, as few belong to an article
    )
    identifies = ArrayField(
        models.CharField(max_length=500), db_default=[], default=list, blank=True
    )
    identifies_folded = models.GeneratedField(
        expression=SpeakerNames(models.Value(None), "identifies"),
        output_field=ArrayField(models.TextField()),
        null=True,
        db_persist=True,
    )
    is_one = models.BooleanField(db_default=False, default=False, editable=False)
    identifiers = models.JSONField(default=dict, blank=True)
    members = ArrayField(models.UUIDField(), db_default=[], blank=True, editable=False)

    objects = SpeakerQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            has_a_name("speaker"),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["person", "organisation", "unnamed", "collective", "unknown"]
                ),
                name="speaker_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=True) | ~Q(kind="person"),
                name="speaker_person_has_affiliations",
                violation_error_message="A person is tied to an organisation by an affiliation.",
            ),
            models.CheckConstraint(
                condition=Q(members=[]) | Q(kind="collective"),
                name="speaker_members_are_a_collectives",
                violation_error_message="Only a collective has members.",
            ),
            models.UniqueConstraint(
                KT("identifiers__wikidata"),
                name="speaker_once_per_wikidata_id",
                violation_error_message="Another speaker has this Wikidata id.",
            ),
        ]
        indexes = [
            GinIndex(F("names_folded"), name="speaker_names"),  # filing, speaker_name
            name_parts_index("speaker"),
            models.Index(fields=["name", "id"], name="speaker_by_name"),  # speakers/
            models.Index(fields=["created", "id"], name="speaker_by_created"),
            models.Index(fields=["kind", "id"], name="speaker_by_kind"),  # quotes/?speaker_kind=
            models.Index(
                fields=["id"], condition=~Q(distinct_from=[]), name="speaker_marked_distinct"
            ),
            models.Index(
                fields=["article"],
                condition=Q(article__isnull=False),
                name="speaker_of_one_article",
            ),
            models.Index(  # filing: the one spokesperson of an organisation, or the body itself
                fields=["organisation", "kind"],
                condition=Q(organisation__isnull=False, article__isnull=True),
                name="speaker_of_organisation",
            ),
            GinIndex(
                F("identifies_folded"),
                name="speaker_identifies",
                condition=Q(identifies_folded__isnull=False),
            ),
            merged_index("speaker"),
            GinIndex(  # joint statements of a speaker
                fields=["members"], condition=~Q(members=[]), name="speaker_members"
            ),
        ]
        triggers = [
            FollowsMerges("organisation"),
            KeepsFormerName(),
            KeepsVersion(),
            *Recording(verb=MERGES).triggers,
        ]

    def namesakes(self):
        found = super().namesakes().filter(article=None)
        if self.kind != self.Kind.UNKNOWN:
            found = found.filter(kind__in=(self.kind, self.Kind.UNKNOWN))
        if self.kind == self.Kind.PERSON or not self.organisation_id:
            return found
        return found.filter(Q(organisation=None) | Q(organisation=self.organisation_id))

    def why_not_merged_into(self, other: "Speaker") -> str | None:
        if self.kind != other.kind and self.Kind.UNKNOWN not in (self.kind, other.kind):
            return (
                f"“{self}” is of kind {self.kind}, “{other}” of kind {other.kind}. If a kind is "
                "wrong, correct it first."
            )
        if other.article_id and self.article_id != other.article_id:
            return f"“{other}” belongs to one article alone. Merge that one into “{self}” instead."
        if None not in (self.organisation_id, other.organisation_id) and (
            self.organisation_id != other.organisation_id
        ):
            return (
                f"“{self}” belongs to “{self.organisation}”, “{other}” to “{other.organisation}”. "
                "If these are the same organisation, merge them first; else correct the wrong one."
            )
        return None


class SpeakerKey(models.Model):
    """A key that speakers of similar names share: see `sources.identity.duplicates`.

    Derived from the names that the speaker had in this `version`.
    """

    id = models.BigAutoField(primary_key=True)
    speaker_id = models.UUIDField()  # no foreign key: a merge does not move it
    version = models.PositiveIntegerField()
    key = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["key", "speaker_id"], name="speaker_key_pairs"),
            models.Index(fields=["speaker_id", "version"], name="speaker_key_of"),
        ]

    def __str__(self) -> str:
        return self.key


class AffiliationQuerySet(models.QuerySet):
    def held_on(self, when: PartialDate):
        """Affiliations that may have been held then; an unknown start or end is open."""
        return self.filter(
            Q(start__isnull=True) | Q(start_day__lte=when.last),
            Q(end__isnull=True) | Q(end_last__gte=when.first),
        )

    def with_role_words(self, words: str):
        """With all of these words in the role, in any order."""
        return self.filter(HasWords("role_words", words))


class Affiliation(Record):
    """A role of a speaker at an organisation, with start and end (Popolo: Membership)."""

    speaker = models.ForeignKey(Speaker, models.PROTECT, related_name="affiliations")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="affiliations")
    role = models.CharField(max_length=500)
    start = PartialDateField("from", null=True, blank=True)
    end = PartialDateField("to", null=True, blank=True)
    start_day = models.GeneratedField(
        expression=FirstDay("start"), output_field=models.DateField(), db_persist=True
    )
    end_last = models.GeneratedField(
        expression=models.Func(
            "end", template="upper(%(expressions)s) - 1", output_field=models.DateField()
        ),
        output_field=models.DateField(null=True),
        null=True,
        db_persist=True,
    )
    role_words = models.GeneratedField(
        expression=WordsOf("role"), output_field=SearchVectorField(), db_persist=True
    )

    objects = AffiliationQuerySet.as_manager()

    class Meta:
        ordering = ["-start_day", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(role__regex=r"^\s*$"),
                name="affiliation_has_a_role",
                violation_error_message="A role needs at least one visible character.",
            ),
            models.CheckConstraint(
                condition=Q(start__isnull=True)
                | Q(end__isnull=True)
                | Q(start_day__lte=F("end_last")),
                name="affiliation_ends_after_it_begins",
                violation_error_message="An affiliation cannot end before it begins.",
            ),
        ]
        indexes = [
            models.Index(fields=["start_day", "id"], name="affiliation_by_start"),
            GinIndex(F("role_words"), name="affiliation_role_words"),  # role
        ]
        triggers = [
            FollowsMerges("speaker", "organisation"),
            KeepsVersion(),
            *Recording().triggers,
        ]

    def clean(self) -> None:
        """Refuse the same affiliation a second time. A merge of speakers may leave two."""
        if None in (self.speaker_id, self.organisation_id):
            return
        columns = ("speaker_id", "organisation_id", "role", "start", "end")
        same = type(self).objects.filter(**{name: getattr(self, name) for name in columns})
        if (known := same.order_by("pk").first()) and not same.filter(pk=self.pk).exists():
            raise ValidationError(f"This affiliation is on record already, as {known.pk}.")

    def __str__(self) -> str:
        return f"{self.speaker}, {self.role}, {self.organisation}"

    def may_hold_on(self, when: PartialDate | None) -> bool:
        """Whether the role may have been held then; an unknown date may be any."""
        if when is None:
            return True
        begins_in_time = self.start is None or self.start.first <= when.last
        return begins_in_time and (self.end is None or self.end.last >= when.first)
