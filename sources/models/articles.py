"""Articles and their snapshots."""

from datetime import UTC, datetime

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import UUID7, Coalesce, Length, Now

from sources.database.triggers import FollowsMerges, KeepsVersion, RefusesUnlessErasing, Trigger
from sources.dates import FirstDay, OnItsDay, PartialDateField
from sources.ledger.actor import with_reason
from sources.ledger.recording import Recording
from sources.models.base import MERGES, Mergeable, MergeableQuerySet, changed_index, merged_index
from sources.models.functions import Bare, UrlKey, Words
from sources.models.outlets import Outlet
from sources.models.visibility import IF_PUBLIC, hidden_index, visibility_triggers

IDENTIFYING = ("url", "external_id")
"""Fields that only one article has."""

GIVEN = (("outlet",), *((name,) for name in IDENTIFYING), ("headline",), ("byline",))
GIVEN += (("published", "published_at"), ("language",), ("canonical_url",), ("rights",))
GIVEN += (("license",), ("embargo_until",))
"""Fields that a merge gives to the surviving article if it lacks the first of each group."""


class ArticleQuerySet(MergeableQuerySet):
    def in_outlet_named(self, name: str):
        return self.filter(outlet__in=Outlet.objects.called(name).values("id"))


class Article(Mergeable):
    """An article at an outlet, identified by `external_id`, else URL, else outlet and text.

    `canonical_url` is that of the same article at another site. No quote is public before
    `embargo_until`. `license` is the URL or the name of a licence.

    `withdrawn` is `{"when", "reason"}` while its outlet has withdrawn it: a time in UTC, and why.
    A merged article keeps its texts, and the URL and `external_id` that the surviving one has not
    taken: filings go on naming them.
    """

    locked_first = True

    outlet = models.ForeignKey(
        Outlet, models.PROTECT, null=True, blank=True, related_name="articles", db_index=False
    )
    external_id = models.CharField("external ID", max_length=200, null=True, blank=True)
    url = models.URLField("URL", max_length=2000, null=True, blank=True)
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
    canonical_url = models.URLField("canonical URL", max_length=2000, null=True, blank=True)
    rights = models.TextField(null=True, blank=True, max_length=2000)
    license = models.CharField(max_length=2000, null=True, blank=True)
    embargo_until = models.DateTimeField(null=True, blank=True)
    snapshot = models.ForeignKey(
        "Snapshot", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    withdrawn = models.JSONField(null=True, blank=True, editable=False)

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
                condition=Q(published_at__isnull=True)
                | Q(Coalesce(OnItsDay("published", "published_at"), False)),
                name="article_time_is_on_its_day",
                violation_error_message="The exact time of publication is not on its date. Change "
                "both, or clear the time.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn__isnull=True) | Q(withdrawn__has_keys=["when", "reason"]),
                name="article_withdrawn_when_and_why",
                violation_error_message="A withdrawal needs its time and its reason.",
            ),
        ]
        indexes = [
            models.Index(fields=["published_day", "id"], name="article_by_published"),
            models.Index(fields=["created", "id"], name="article_by_created"),
            changed_index("article"),
            models.Index(fields=["outlet", "published_day", "id"], name="article_by_outlet"),
            GinIndex(Words(Bare("headline")), name="article_headline_words"),
            merged_index("article"),
            hidden_index("article"),
        ]
        triggers = [
            FollowsMerges("outlet"),
            KeepsVersion(),
            *visibility_triggers(),
            *Recording(verb=MERGES, public=IF_PUBLIC).triggers,
        ]

    def __str__(self) -> str:
        return self.headline or self.url or self.external_id or str(self.id)

    def shown(self, name: str) -> str | None:
        """Its own `rights` or `license`, else its outlet's."""
        return getattr(self, name) or (self.outlet and getattr(self.outlet, name))

    @property
    def given(self):
        return [name for group in GIVEN for name in group]

    def give(self, into):
        """What the other lacks, it gains; a URL or `external_id` is its own from then on."""
        for group in GIVEN:
            if not getattr(into, group[0]):
                for name in group:
                    setattr(into, name, getattr(self, name))
                if group[0] in IDENTIFYING:
                    setattr(self, group[0], None)
        return []

    def take_back(self, survivor, before, others, came_by_merge):
        for name in IDENTIFYING:
            setattr(self, name, before[name])
        for group in GIVEN:
            columns = [self._meta.get_field(name).column for name in group]
            mine = [before[column] for column in columns]
            if not mine[0] or any([state[c] for c in columns] == mine for _, state in others):
                continue
            if came_by_merge(lambda state, c=columns, m=mine: [state[n] for n in c] == m):
                for name in group:
                    setattr(survivor, name, self._meta.get_field(name).get_default())
        return []

    def why_not_merged_into(self, other):
        if None not in (self.outlet_id, other.outlet_id) and self.outlet_id != other.outlet_id:
            return (
                f"“{self}” is of “{self.outlet}”, “{other}” of “{other.outlet}”. If these are the "
                "same outlet, merge them first; else correct the wrong one."
            )
        if self.snapshot_id and not other.snapshot_id:
            return f"No text of “{other}” is on record. Merge that one into “{self}” instead."
        if bool(self.withdrawn) is not bool(other.withdrawn):
            return "Only one of the two is withdrawn: withdraw the other or reinstate this one."
        return None

    def withdraw(self, reason: str, *, now: datetime) -> None:
        """Record that the outlet has withdrawn the article; its quotes show it."""
        when = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
        self._set_withdrawn({"when": when, "reason": reason.strip()}, reason)

    def reinstate(self, reason: str) -> None:
        """Record that the article stands again."""
        self._set_withdrawn(None, reason)

    def _set_withdrawn(self, value: dict | None, reason: str) -> None:
        if not reason.strip():
            raise ValidationError({"reason": "Say why."})
        with transaction.atomic(), with_reason(reason):
            self.refresh_from_db(from_queryset=Article.objects.select_for_update(of=("self",)))
            if bool(self.withdrawn) is bool(value):
                now = "is withdrawn already" if value else "is not withdrawn"
                raise ValidationError(f"This article {now}.")
            self.withdrawn = value
            self.save(update_fields=["withdrawn"])


READ_FULL_TEXT = "sources.read_full_text"


class Snapshot(models.Model):
    """The exact text of an article, and its headline then, as captured.

    Immutable: PostgreSQL refuses UPDATE, DELETE, TRUNCATE and a wrong digest. The same text in two
    articles (a wire story) is two snapshots with one digest. The same text under another headline
    is no new snapshot.

    Only `manage.py erase` redacts it: `erased` then holds the ranges of code points of the text,
    `[[start, end], …]`, and `sha256` stays that of the text as captured.
    """

    MAX_CHARACTERS = 2_000_000

    stays_with = "article"  # a merge leaves it there: `sources.identity.merging`

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    article = models.ForeignKey(Article, models.PROTECT, related_name="snapshots", editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    text = models.TextField(editable=False)
    headline = models.TextField(null=True, editable=False)
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
            # Shown with every anchored quote: index-only, so the texts stay unread
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
                public="false",  # its article's changes announce it
                time="clock_timestamp()",
                parts={"headline_sha256": "encode(sha256(convert_to(n.headline, 'UTF8')), 'hex')"},
                digested=("text", "headline"),
            ).triggers,
        ]

    def __str__(self) -> str:
        return self.sha256
