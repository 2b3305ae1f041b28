"""Speakers, and their affiliations with organisations."""

from collections.abc import Iterable
from uuid import UUID

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KT

from sources.database.locks import lock_all
from sources.database.triggers import FollowsMerges, KeepsFormerName, KeepsVersion, Trigger
from sources.ledger.recording import Recording
from sources.models.articles import Article
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
    not_blank,
)
from sources.models.functions import (
    IdentifierValues,
    NameKey,
    SpeakerNames,
    fold_all,
)
from sources.models.organisations import Organisation
from sources.models.periods import PeriodQuerySet, PeriodRecord, ends_after_it_begins
from sources.models.roles import KeepsRoles, Role
from sources.models.visibility import (
    IF_PUBLIC,
    hidden_index,
    visibility_triggers,
)


class JointName(Trigger):
    """Name a joint statement by its members when it is made."""

    name = "joint_name"
    when = pgtrigger.Before
    operation = pgtrigger.Insert
    condition = pgtrigger.Condition("NEW.members <> '{}'")
    func = """
        NEW.name = coalesce(sources_joint_name(NEW.members), NEW.name);
        RETURN NEW;
    """


class RenamesJoint(Trigger):
    """Let the names of joint statements follow those of their members, and their merges.

    A name that a curator gave to a joint statement stays.
    """

    name = "joint_names"
    when = pgtrigger.After
    level = pgtrigger.Statement
    operation = pgtrigger.Update
    referencing = pgtrigger.Referencing(old="old_rows", new="new_rows")
    declare = [("was", "jsonb")]
    func = """
        SELECT jsonb_object_agg(
                id, jsonb_build_object('name', o.name, 'merged_into_id', o.merged_into_id)
            ) INTO was
            FROM old_rows o JOIN new_rows n USING (id)
            WHERE (o.name, o.merged_into_id) IS DISTINCT FROM (n.name, n.merged_into_id);
        IF was IS NOT NULL THEN
            WITH RECURSIVE led AS (
                SELECT jsonb_object_keys(was)::uuid AS id
                UNION
                SELECT m.id FROM sources_speaker m JOIN led ON m.merged_into_id = led.id
            )
            UPDATE sources_speaker joint SET name = sources_joint_name(joint.members)
                WHERE joint.members <> '{}' AND joint.members && ARRAY(SELECT id FROM led)
                  AND joint.name = sources_joint_name(joint.members, was)
                  AND joint.name <> sources_joint_name(joint.members);
        END IF;
        RETURN NULL;
    """


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

    def jointly(self, speakers: Iterable["Speaker"]) -> "Speaker":
        """Who speaks if these speak together: their collective, made if there is none.

        One speaker, also if named twice, speaks alone; a joint statement among them stands for its
        members. In a transaction.
        """
        each = (speaker.survivor for speaker in speakers)
        speakers = list(dict.fromkeys(m for one in each for m in one.present_members or [one]))
        if len(speakers) == 1:
            return speakers[0]
        keys = [speaker.pk for speaker in speakers]
        lock_all([f"collective:{sorted(map(str, keys))}"])
        if joint := self.of_members(keys):
            return joint
        made = self.create(name="…", kind=Speaker.Kind.COLLECTIVE, members=keys)
        made.refresh_from_db(fields=["name"])  # by a trigger
        return made

    def known_as(self, name: str):
        """Active speakers with this name or alias, and organisations of this name that speak."""
        bodies = Organisation.objects.called(name).values("pk")
        speaking = self.active().filter(kind=Speaker.Kind.ORGANISATION, organisation__in=bodies)
        called = self.called(name).order_by().values("pk")
        return self.filter(pk__in=called.union(speaking.order_by().values("pk")))

    def identified(self, scheme: str, values: list[str]) -> list[UUID]:
        """Ids of active speakers with one of these identifiers, in lower case; one query."""
        known = self.active().alias(known_as=IdentifierValues("identifiers"))
        known = known.filter(known_as__overlap=values, identifiers__has_key=scheme)
        rows = known.values_list("pk", "identifiers")
        return [key for key, held in rows if held[scheme].lower() in values]

    def shared(self):
        """Speakers of the whole archive, not of one article alone."""
        return self.filter(article=None)

    def of_articles(self, ids: list):
        """Speakers that belong to one of these articles alone."""
        return self.filter(article__in={*ids, *Article.objects.survivors(ids).values()})

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

    A name like "Mr Jones" or "the mayor" identifies nobody outside its article: its speaker belongs
    to that `article` alone. `identifies` lists names that mean this speaker in all articles, as a
    curator says: a mononym, a pen name. `is_one` says that all who bear the names
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
            name_slips_index("speaker"),
            identifiers_index("speaker"),
            models.Index(fields=["name", "id"], name="speaker_by_name"),  # speakers/
            models.Index(fields=["created", "id"], name="speaker_by_created"),
            changed_index("speaker"),
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
            hidden_index("speaker"),
            GinIndex(  # joint statements of a speaker
                fields=["members"], condition=~Q(members=[]), name="speaker_members"
            ),
            models.Index(  # whether there is any joint statement
                fields=["id"], condition=~Q(members=[]), name="speaker_joint"
            ),
        ]
        triggers = [
            FollowsMerges("organisation"),
            JointName(),
            # Former names of a joint statement are names of others than said it.
            KeepsFormerName(condition=pgtrigger.Condition("NEW.members = '{}'")),
            KeepsVersion(),
            RenamesJoint(),
            *visibility_triggers("members"),
            *Recording(verb=MERGES, public=IF_PUBLIC).triggers,
        ]

    @property
    def present_members(self) -> list["Speaker"]:
        """Who speaks jointly, as they are now; none for one speaker. At most a query and merges."""
        if not self.members:
            return []
        records = Speaker.objects.select_related("merged_into").in_bulk(self.members)
        led = [records[key].survivor for key in self.members if key in records]
        return list(dict.fromkeys(led))

    def made_equal(self, merged: "Speaker") -> list[tuple["Speaker", "Speaker"]]:
        """Joint statements that then have the same members, each with the oldest of these."""
        first, equal = {}, []
        for each in Speaker.objects.joint([self.pk, merged.pk]).order_by("pk"):
            members = frozenset(self.pk if key == merged.pk else key for key in _members_of(each))
            if (stays := first.setdefault(members, each)) is not each:
                equal.append((each, stays))
        return equal

    def is_unequal_to(self, survivor: "Speaker") -> bool:
        return bool(self.members) and _members_of(self) != _members_of(survivor)

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


def _members_of(joint: Speaker) -> frozenset[UUID]:
    return frozenset(speaker.pk for speaker in joint.present_members)


class SpeakerKey(LikenessKey):
    class Meta:
        indexes = key_indexes("speaker")


class AffiliationQuerySet(PeriodQuerySet):
    def with_role_words(self, words: str):
        """With all of these words in the role, in any order."""
        return self.filter(role__in=Role.objects.with_words(words).values("role"))


class Affiliation(PeriodRecord):
    """A role of a speaker at an organisation, with start and end (Popolo: Membership)."""

    speaker = models.ForeignKey(Speaker, models.PROTECT, related_name="affiliations")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="affiliations")
    role = models.CharField(max_length=500)

    objects = AffiliationQuerySet.as_manager()

    class Meta:
        ordering = ["-start_day", "-id"]
        constraints = [
            not_blank(
                "role",
                name="affiliation_has_a_role",
                message="A role needs at least one visible character.",
            ),
            ends_after_it_begins("an affiliation"),
        ]
        indexes = [
            models.Index(fields=["start_day", "id"], name="affiliation_by_start"),
            changed_index("affiliation"),
            models.Index(fields=["role", "speaker"], name="affiliation_by_role"),
            hidden_index("affiliation"),
        ]
        triggers = [
            FollowsMerges("speaker", "organisation"),
            KeepsVersion(),
            KeepsRoles(pgtrigger.Insert),
            KeepsRoles(pgtrigger.Update),
            *visibility_triggers(),
            *Recording(public=IF_PUBLIC).triggers,
        ]

    def __str__(self) -> str:
        return f"{self.speaker}, {self.role}, {self.organisation}"

    def clean(self) -> None:
        """Refuse the same affiliation a second time. A merge of speakers may leave two."""
        if not (self.speaker_id and self.organisation_id and self.role):
            return
        lock_all([f"affiliations:{self.speaker_id}"])  # another may be adding it
        columns = ("speaker_id", "organisation_id", "start", "end")
        same = type(self).objects.filter(**{name: getattr(self, name) for name in columns})
        held = list(same.order_by("pk"))
        roles = fold_all([self.role, *(each.role for each in held)])
        held = [each for each in held if roles[each.role] == roles[self.role]]
        if held and self not in held:
            raise ValidationError(f"This affiliation is on record already, as {held[0].pk}.")
