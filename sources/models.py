"""Who speaks and where words are printed.

`Outlet` prints an `Article`; each exact text of it that was captured is a `Snapshot`. A `Speaker`
may hold an `Affiliation` with an `Organisation`. `StoredAnswer` is what makes a retried POST safe.

NULL always means unknown, and unknown is never a guess: an article may lack an outlet, a URL or a
date. Names are compared by `sources_fold` in PostgreSQL (case, accents, typography and runs of
white space set aside); each named record keeps its folded names in `names_folded`.
"""

import hashlib
from collections.abc import Iterable
from uuid import UUID

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import UUID7, Length, Now
from django.utils.text import slugify

from sources.dates import FirstDay, PartialDate, PartialDateField
from sources.jobs import Job, Part
from sources.ledger import Era, Recording, Revision
from sources.locks import lock_all
from sources.triggers import FollowsMerges, KeepsVersion, RefusesUnlessErasing, Trigger

__all__ = [
    "Affiliation",
    "Article",
    "Era",
    "Fold",
    "GivenNames",
    "HasWords",
    "Job",
    "Mentions",
    "Named",
    "Organisation",
    "Outlet",
    "Part",
    "Record",
    "Revision",
    "ShortName",
    "Snapshot",
    "Speaker",
    "StoredAnswer",
    "TextWords",
    "UrlKey",
    "WordsOf",
    "digest",
    "fold_all",
    "new_ids",
    "url_keys",
]

# Functions of the database, made by the first migration


class Fold(models.Func):
    """A name as it is compared: `sources_fold` in PostgreSQL."""

    function = "sources_fold"
    output_field = models.TextField()


class FoldNames(models.Func):
    """A name and its aliases, folded, each once."""

    function = "sources_fold_names"
    output_field = ArrayField(models.TextField())


class WordsOf(models.Func):
    """The words of a role, folded, unstemmed: `sources_words`."""

    function = "sources_words"
    output_field = SearchVectorField()


class TextWords(models.Func):
    """The words of what somebody wrote or said, without accents: `sources_text_words`."""

    function = "sources_text_words"
    output_field = SearchVectorField()


class AllNames(models.Func):
    """A list of folded names as one text, for an index on what stands in them."""

    function = "sources_all_names"
    output_field = models.TextField()


class UrlKey(models.Func):
    """A URL as it is compared: scheme and host in lower case, no default port, no fragment."""

    function = "sources_url_key"
    output_field = models.TextField()


class ShortName(models.Func):
    """Of a speaker's kind and name: a person's last name and first initial, else the whole name."""

    function = "sources_short_name"
    output_field = models.TextField()


class GivenNames(models.Func):
    """Of a speaker's kind and name: a person's first name, and the initial of a middle one."""

    function = "sources_given_names"
    output_field = models.TextField()


def new_ids(number: int) -> list[UUID]:
    """Ids for records that have to know each other before either is stored; one query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT uuidv7() FROM generate_series(1, %s)", [number])
        return [key for (key,) in cursor.fetchall()]


class HasWords(models.Func):
    """A column of words (`sources_words`) holds all the words asked for."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()

    def __init__(self, column: str, words: str):
        super().__init__(F(column), models.Func(models.Value(words), function="sources_all_words"))


class Mentions(models.Func):
    """A text (`sources_text_words`) holds all words asked for, and one that the last begins."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = models.BooleanField()

    def __init__(self, text: str, words: str, *, whole: bool = False):
        asked = models.Func(models.Value(words), models.Value(whole), function="sources_text_query")
        super().__init__(TextWords(text), asked)


def fold_all(values: Iterable[str]) -> dict[str, str]:
    """Each value with its folded form; one query."""
    return _each_through(Fold, values)


def url_keys(urls: Iterable[str]) -> dict[str, str]:
    """Each URL with the form it is compared by; one query."""
    return _each_through(UrlKey, urls)


def _each_through(function: type[models.Func], values: Iterable[str]) -> dict[str, str]:
    if not (values := list(set(values))):
        return {}
    applied = f"SELECT v, {function.function}(v) FROM unnest(%s::text[]) v"  # noqa: S608 (ours)
    with connection.cursor() as cursor:
        cursor.execute(applied, [values])
        return dict(cursor.fetchall())


# What every record has


class Record(models.Model):
    """An id that sorts by time of making, and a version that counts its changes."""

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    version = models.PositiveIntegerField(db_default=1, editable=False)
    created = models.DateTimeField(db_default=Now(), editable=False)
    updated = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class ToldApartFrom(models.Func):
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
        )"""  # noqa: S608 (ours)


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
            known = f"SELECT id, merged_into_id FROM {table} WHERE id = ANY(%s)"  # noqa: S608 (ours)
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
                """,  # noqa: S608 (ours)
                [ids],
            )
            return dict(cursor.fetchall())

    def with_told_apart(self):
        """With `told_apart_from`: the ids that were said to be others, of what was merged too."""
        return self.annotate(told_apart_from=ToldApartFrom(self.model))

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


# Where words are printed


class Outlet(Named):
    """A publication that prints or airs."""

    slug = models.SlugField(max_length=120, unique=True, allow_unicode=True)
    url = models.URLField(max_length=2000, null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [has_a_name("outlet")]
        indexes = [
            GinIndex(F("names_folded"), name="outlet_names"),  # filing, outlet_name
            name_parts_index("outlet"),
            models.Index(fields=["name", "id"], name="outlet_by_name"),  # outlets/
            merged_index("outlet"),
        ]
        triggers = [KeepsVersion(), *Recording(verb=MERGES).triggers]

    @classmethod
    def free_slug(cls, name: str, taken: set[str] = frozenset()) -> str:
        """A slug that no other outlet has: `the-herald`, else `the-herald-2` and so on."""
        lock_all([f"{cls._meta.label}.slug"])
        base = slugify(name, allow_unicode=True)[:100] or "outlet"
        known = cls.objects.filter(slug__startswith=base).values_list("slug", flat=True)
        used = {*taken, *known}
        numbered = (f"{base}-{number}" for number in range(2, len(used) + 3))
        return next(slug for slug in (base, *numbered) if slug not in used)


class ArticleQuerySet(models.QuerySet):
    def in_outlet_named(self, name: str):
        return self.filter(outlet__in=Outlet.objects.called(name).values("id"))


class Article(Record):
    """One item at one outlet. Without `external_id` and URL it is known by outlet and text."""

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, null=True, blank=True, related_name="articles"
    )
    external_id = models.CharField(max_length=200, null=True, blank=True)
    url = models.URLField(max_length=2000, null=True, blank=True)
    url_key = models.GeneratedField(
        expression=UrlKey("url"), output_field=models.TextField(), db_persist=True
    )
    headline = models.TextField(null=True, blank=True, max_length=2000)
    byline = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    published = PartialDateField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_day = models.GeneratedField(
        expression=FirstDay("published"), output_field=models.DateField(), db_persist=True
    )
    language = models.CharField(max_length=35, null=True, blank=True)
    snapshot = models.ForeignKey(
        "Snapshot", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["-published_day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["outlet", "external_id"],
                condition=Q(external_id__isnull=False),
                nulls_distinct=False,
                name="article_once_per_external_id",
                violation_error_message="This outlet already has an article with this external_id.",
            ),
            models.UniqueConstraint(
                fields=["url_key"],
                name="article_once_per_url",
                violation_error_message="An article with this URL is already on record.",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(published__isnull=False),
                name="article_time_has_its_day",
                violation_error_message="An exact time of publication needs its date.",
            ),
        ]
        indexes = [
            models.Index(fields=["published_day", "id"], name="article_by_published"),
            models.Index(fields=["created", "id"], name="article_by_created"),
            models.Index(fields=["outlet", "published_day", "id"], name="article_by_outlet"),
            GinIndex(TextWords("headline"), name="article_headline_words"),
        ]
        triggers = [FollowsMerges("outlet"), KeepsVersion(), *Recording().triggers]

    def __str__(self) -> str:
        return self.headline or self.url or self.external_id or str(self.id)


def digest(text: str) -> str:
    """What identifies a snapshot: SHA-256 of its UTF-8 bytes, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


class Snapshot(models.Model):
    """The exact text of an article as captured at a moment.

    Immutable: PostgreSQL refuses UPDATE, DELETE and TRUNCATE, and a digest that is not the text's.
    The same text in two articles (a wire story) is two snapshots with one digest.

    Only what the law says must go is ever blotted out (`manage.py erase`): `erased` then holds the
    ranges of code points, `[[start, end], …]`, and `sha256` is still that of the text as captured.
    """

    MOST_CHARACTERS = 2_000_000

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    article = models.ForeignKey(Article, models.PROTECT, related_name="snapshots", editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    text = models.TextField(editable=False)
    characters = models.GeneratedField(
        expression=Length("text"), output_field=models.PositiveIntegerField(), db_persist=True
    )
    captured = models.DateTimeField(db_default=Now(), editable=False)
    version = models.PositiveIntegerField(db_default=1, editable=False)
    erased = ArrayField(
        ArrayField(models.PositiveIntegerField(), size=2), null=True, editable=False
    )

    class Meta:
        ordering = ["captured", "id"]
        permissions = [("read_full_text", "Can read the full text of articles")]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256", "article"], name="snapshot_once_per_text_and_article"
            ),
        ]
        indexes = [
            # Told with everything anchored in it: the texts need not be in memory for that
            models.Index(fields=["id"], include=["sha256"], name="snapshot_sha256"),
        ]
        triggers = [
            KeepsVersion(),
            Trigger(
                name="digest",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NEW.sha256 IS DISTINCT FROM
                       encode(sha256(convert_to(NEW.text, 'UTF8')), 'hex') THEN
                        RAISE EXCEPTION 'The sha256 of a snapshot must be that of its text.'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'snapshot_digest';
                    END IF;
                    RETURN NEW;
                """,
            ),
            RefusesUnlessErasing(name="no_change", operation=pgtrigger.Update),
            *Recording(
                verb="'redacted'",
                public="false",  # told of by its article
                time="clock_timestamp()",
                digested=("text",),
            ).triggers,
        ]

    def __str__(self) -> str:
        return self.sha256


# Who speaks


class Organisation(Named):
    """What a speaker speaks for."""

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
            KeepsVersion(),
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
    def of_organisations(self, ids: list):
        """Those tied to one of these organisations, or who ever held a role there."""
        ids = {*ids, *Organisation.objects.survivors(ids).values()}
        held = Affiliation.objects.filter(organisation__in=ids).values("speaker")
        return self.filter(Q(organisation__in=ids) | Q(id__in=held))


class Speaker(Named):
    """Who words are attributed to.

    `identifiers` maps a scheme to an id there, such as `{"wikidata": "Q7186"}`. `organisation` ties
    down a speaker that is no person: the ministry of "a ministry spokesperson", or the body itself.
    """

    class Kind(models.TextChoices):
        PERSON = "person"
        ORGANISATION = "organisation"  # speaking as itself
        UNNAMED = "unnamed"  # "a government spokesperson"
        COLLECTIVE = "collective"  # "police"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PERSON)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="speakers"
    )
    identifiers = models.JSONField(default=dict, blank=True)

    objects = SpeakerQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            has_a_name("speaker"),
            models.CheckConstraint(
                condition=Q(kind__in=["person", "organisation", "unnamed", "collective"]),
                name="speaker_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(organisation__isnull=True) | ~Q(kind="person"),
                name="speaker_person_has_affiliations",
                violation_error_message="A person is tied to an organisation by an affiliation.",
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
            models.Index(
                fields=["kind", "id"], name="speaker_by_kind"
            ),  # what those of a kind said
            models.Index(  # possible duplicates, in this order and from the index alone
                ShortName("kind", "name"),
                F("kind"),
                F("id"),
                GivenNames("kind", "name"),
                include=["name", "organisation", "created"],
                condition=Q(merged_into__isnull=True),
                name="speaker_alike",
            ),
            models.Index(  # possible duplicates that share an alias
                fields=["id"],
                condition=~Q(aliases=[]) & Q(merged_into__isnull=True),
                name="speaker_with_aliases",
            ),
            models.Index(fields=["id"], condition=~Q(distinct_from=[]), name="speaker_told_apart"),
            merged_index("speaker"),
        ]
        triggers = [
            FollowsMerges("organisation"),
            KeepsVersion(),
            *Recording(verb=MERGES).triggers,
        ]

    def namesakes(self):
        found = super().namesakes().filter(kind=self.kind)
        if self.kind == self.Kind.PERSON or not self.organisation_id:
            return found
        return found.filter(Q(organisation=None) | Q(organisation=self.organisation_id))

    def why_not_merged_into(self, other: "Speaker") -> str | None:
        if self.kind != other.kind:
            return (
                f"“{self}” is of kind {self.kind}, “{other}” of kind {other.kind}: they are not "
                "one speaker. If a kind is wrong, correct it first."
            )
        if None not in (self.organisation_id, other.organisation_id) and (
            self.organisation_id != other.organisation_id
        ):
            return (
                f"“{self}” is tied to “{self.organisation}”, “{other}” to “{other.organisation}”: "
                "if those are one organisation, merge them first; if a tie is wrong, correct it."
            )
        return None


class AffiliationQuerySet(models.QuerySet):
    def held_on(self, when: PartialDate):
        """Affiliations that may have been held then; unknown ends stay open."""
        return self.filter(
            Q(start__isnull=True) | Q(start_day__lte=when.last),
            Q(end__isnull=True) | Q(end_last__gte=when.first),
        )

    def with_role_words(self, words: str):
        """All of these words in the role, in any order."""
        return self.filter(HasWords("role_words", words))


class Affiliation(Record):
    """A speaker held a role at an organisation, from–to (Popolo's Membership)."""

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

    def __str__(self) -> str:
        return f"{self.speaker}, {self.role}, {self.organisation}"

    def may_hold_on(self, when: PartialDate | None) -> bool:
        """Whether the role may have been held then; unknown contradicts nothing."""
        if when is None:
            return True
        begins_in_time = self.start is None or self.start.first <= when.last
        return begins_in_time and (self.end is None or self.end.last >= when.first)


# Retries


class StoredAnswer(models.Model):
    """What a POST with an `Idempotency-Key` was answered, so that a retry gets the same.

    `fingerprint` is the SHA-256 of method, path and body. Answers are kept for two days.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    location = models.TextField(null=True)
    body = models.TextField()
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="stored_answer_once_per_key"),
        ]
        indexes = [models.Index(fields=["created"], name="stored_answer_by_age")]

    def __str__(self) -> str:
        return self.key
