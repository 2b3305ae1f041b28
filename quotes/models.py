"""What was said: `Quote`, the reporting chain (`Via`) and the act of speaking (`Utterance`).

Attribution has two layers. The printed one is what the article says (`text`, `spans`,
`attribution_*`); the resolved one is what a curator holds to be true (`speaker`, `organisation`,
`affiliation`, `said`, `utterance`) and can be revised without touching the first.
"""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from sources.dates import FirstDay, PartialDateField
from sources.models import (
    Affiliation,
    Article,
    Fold,
    HasWords,
    Organisation,
    Outlet,
    Record,
    Snapshot,
    Speaker,
    WordsOf,
)
from sources.triggers import KeepsVersion


class Utterance(Record):
    """One act of speaking that several quotes report, each in its own words."""

    class Meta:
        triggers = [KeepsVersion()]

    def __str__(self) -> str:
        return str(self.id)


class QuoteQuerySet(models.QuerySet):
    """Which quotes: read it as a sentence."""

    def visible_to(self, user):
        """All that this user may know of. Every road to a quote starts here."""
        if user.has_perm("quotes.review_quote"):
            return self
        return self.filter(status__in=Quote.PUBLIC)

    def listed(self):
        """What a list shows when no status is asked for."""
        return self.exclude(status=Quote.Status.RETRACTED)

    def said_by_name(self, name: str):
        """Canonical name, alias or printed name of the speaker; case and accents ignored."""
        return self.filter(
            Q(speaker__in=Speaker.objects.called(name).values("id"))
            | Q(Exactly(Fold("attribution_speaker"), Fold(models.Value(name))))
        )

    def for_organisation_named(self, name: str):
        return self.filter(
            Q(organisation__in=Organisation.objects.called(name).values("id"))
            | Q(Exactly(Fold("attribution_organisation"), Fold(models.Value(name))))
        )

    def in_outlet_named(self, name: str):
        return self.filter(outlet__in=Outlet.objects.called(name).values("id"))

    def with_role_words(self, words: str):
        """All of these words in the resolved or in the printed role, in any order."""
        held = Affiliation.objects.filter(HasWords("role_words", words)).values("id")
        return self.filter(Q(HasWords("role_words", words)) | Q(affiliation__in=held))

    def with_parts(self):
        """Everything the public form of a quote shows, whatever the number of quotes."""
        return (
            self.select_related(
                "article", "outlet", "speaker", "organisation", "affiliation", "snapshot"
            )
            .defer("snapshot__text")
            .prefetch_related("via__outlet")
            .annotate(
                utterance_quotes=models.Subquery(
                    Quote.objects.filter(
                        utterance=models.OuterRef("utterance"), status__in=Quote.PUBLIC
                    )
                    .order_by()
                    .values("utterance")
                    .annotate(n=models.Count("*"))
                    .values("n")
                )
            )
        )


class Exactly(models.Func):
    """One expression equals another, written plainly so that an expression index can serve it."""

    template = "(%(expressions)s)"
    arg_joiner = " = "
    output_field = models.BooleanField()


class Quote(Record):
    """Words that an article attributes to a speaker, and where they are printed.

    A quote with a snapshot *is* the snapshot's text at its spans: PostgreSQL refuses anything else.
    `exact` and `moved` quotes stand in the article's present text, `altered` and `missing` ones in
    an earlier snapshot; an `unanchored` one has no snapshot because none is held.

    `outlet`, `published` and `contexts` are kept by triggers from the article and the snapshot, so
    that one index can both filter and sort.
    """

    class Kind(models.TextChoices):
        DIRECT = "direct"  # whole sentences, in quote marks
        PARTIAL = "partial"  # a fragment, in quote marks
        MIXED = "mixed"  # indirect speech with words in quote marks
        INDIRECT = "indirect"  # no quote marks

    class Status(models.TextChoices):
        PROPOSED = "proposed"
        PUBLISHED = "published"
        REJECTED = "rejected"
        DISPUTED = "disputed"
        RETRACTED = "retracted"

    PUBLIC = (Status.PUBLISHED, Status.DISPUTED, Status.RETRACTED)

    class Anchor(models.TextChoices):
        EXACT = "exact"
        MOVED = "moved"  # the same words elsewhere, after the article changed
        ALTERED = "altered"  # close words in the present text; a curator must decide
        MISSING = "missing"  # not in the present text
        UNANCHORED = "unanchored"  # no text is held, and the client said so

    class Flag(models.TextChoices):
        AMBIGUOUS_SPEAKER = "ambiguous_speaker"  # several speakers have the name
        AMBIGUOUS_ORGANISATION = "ambiguous_organisation"
        UNRESOLVED_SPEAKER = "unresolved_speaker"  # printed as "Mr Jones", and no more was said
        ROLE_CONFLICT = "role_conflict"  # no affiliation on that date has the printed role
        FILING_DIFFERS = "filing_differs"  # a later filing says something else of a reviewed quote

    # Where it is printed
    article = models.ForeignKey(Article, models.PROTECT, related_name="quotes")
    snapshot = models.ForeignKey(
        Snapshot, models.PROTECT, null=True, blank=True, related_name="quotes"
    )
    text = models.TextField()
    spans = ArrayField(ArrayField(models.PositiveIntegerField(), size=2), default=list, blank=True)
    contexts = ArrayField(ArrayField(models.TextField(), size=2), default=list, editable=False)
    anchor = models.CharField(max_length=10, choices=Anchor)
    nearest = models.JSONField(null=True, blank=True, editable=False)  # of an altered quote
    outlet = models.ForeignKey(
        Outlet, models.PROTECT, null=True, blank=True, related_name="quotes", editable=False
    )
    published = PartialDateField(null=True, blank=True, editable=False)
    published_day = models.GeneratedField(
        expression=FirstDay("published"), output_field=models.DateField(), db_persist=True
    )
    kind = models.CharField(max_length=8, choices=Kind)
    language = models.CharField(max_length=35, null=True, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.PROPOSED)
    flags = ArrayField(models.CharField(max_length=30, choices=Flag), default=list, blank=True)

    # Printed
    attribution_text = models.TextField(null=True, blank=True)
    attribution_speaker = models.CharField(max_length=500, null=True, blank=True)
    attribution_role = models.CharField(max_length=500, null=True, blank=True)
    attribution_organisation = models.CharField(max_length=500, null=True, blank=True)
    attribution_cue = models.CharField(max_length=200, null=True, blank=True)

    # Resolved
    speaker = models.ForeignKey(
        Speaker, models.PROTECT, null=True, blank=True, related_name="quotes"
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="quotes"
    )
    affiliation = models.ForeignKey(
        Affiliation, models.PROTECT, null=True, blank=True, related_name="quotes"
    )
    role = models.CharField(max_length=500, null=True, blank=True)  # as filed
    role_words = models.GeneratedField(
        expression=WordsOf("role", "attribution_role"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    said = PartialDateField(null=True, blank=True)
    said_day = models.GeneratedField(
        expression=FirstDay("said"), output_field=models.DateField(), db_persist=True
    )
    utterance = models.ForeignKey(
        Utterance, models.PROTECT, null=True, blank=True, related_name="quotes"
    )

    objects = QuoteQuerySet.as_manager()

    class Meta:
        ordering = ["-published_day", "-id"]
        permissions = [
            ("review_quote", "Can see proposed and rejected quotes"),
            ("publish_quote", "Can publish a quote"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(snapshot__isnull=True, anchor="unanchored", spans=[])
                | (
                    Q(snapshot__isnull=False, anchor__in=["exact", "moved", "altered", "missing"])
                    & ~Q(spans=[])
                ),
                name="quote_anchor_has_its_place",
                violation_error_message=(
                    "A quote is anchored by spans in a snapshot, or unanchored and has neither."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(text__regex=r"^\s*$"),
                name="quote_has_words",
                violation_error_message="A quote needs words.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["direct", "partial", "mixed", "indirect"]),
                name="quote_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["proposed", "published", "rejected", "disputed", "retracted"]
                ),
                name="quote_status_is_known",
            ),
            models.UniqueConstraint(
                fields=["article", "snapshot", "spans"],
                name="quote_once_per_place",
                condition=Q(snapshot__isnull=False),
                violation_error_message="Another quote stands at this very place.",
            ),
        ]
        indexes = [
            # quotes/, each ordering
            models.Index(fields=["published_day", "id"], name="quote_by_published"),
            models.Index(fields=["said_day", "id"], name="quote_by_said"),
            models.Index(fields=["created", "id"], name="quote_by_created"),
            # quotes/?speaker= and friends, newest first
            models.Index(fields=["speaker", "published_day", "id"], name="quote_by_speaker"),
            models.Index(fields=["organisation", "published_day", "id"], name="quote_by_org"),
            models.Index(fields=["outlet", "published_day", "id"], name="quote_by_outlet"),
            models.Index(fields=["status", "published_day", "id"], name="quote_by_status"),
            models.Index(fields=["updated", "id"], name="quote_by_updated"),
            # speaker_name, organisation_name, role
            models.Index(Fold("attribution_speaker"), name="quote_printed_speaker"),
            models.Index(Fold("attribution_organisation"), name="quote_printed_organisation"),
            GinIndex(F("role_words"), name="quote_role_words"),
        ]
        triggers = [
            KeepsVersion(),
            pgtrigger.Trigger(
                name="anchor",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert
                | pgtrigger.UpdateOf("article_id", "snapshot_id", "spans", "contexts", "text"),
                declare=[("place", "record")],
                func="""
                    NEW.contexts = '{}';
                    IF NEW.snapshot_id IS NOT NULL THEN
                        SELECT * INTO place
                            FROM quotes_words_at(NEW.snapshot_id, NEW.article_id, NEW.spans);
                        IF place.words IS DISTINCT FROM NEW.text THEN
                            RAISE EXCEPTION
                                'The text of a quote must be its snapshot''s at its spans.'
                                USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_is_anchored';
                        END IF;
                        NEW.contexts = place.contexts;
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="article",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert
                | pgtrigger.UpdateOf("article_id", "outlet_id", "published"),
                func="""
                    SELECT outlet_id, published INTO NEW.outlet_id, NEW.published
                        FROM sources_article WHERE id = NEW.article_id;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="affiliation",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert
                | pgtrigger.UpdateOf("affiliation_id", "speaker_id", "organisation_id"),
                declare=[("held", "record")],
                func="""
                    IF NEW.affiliation_id IS NOT NULL THEN
                        SELECT speaker_id, organisation_id INTO held
                            FROM sources_affiliation WHERE id = NEW.affiliation_id;
                        IF held.speaker_id IS DISTINCT FROM NEW.speaker_id
                           OR held.organisation_id IS DISTINCT FROM NEW.organisation_id THEN
                            RAISE EXCEPTION
                                'The affiliation of a quote must be its speaker''s, there.'
                                USING ERRCODE = 'check_violation',
                                      CONSTRAINT = 'quote_affiliation_fits';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.text if len(self.text) <= 80 else f"{self.text[:79]}…"

    @property
    def shown_role(self) -> str | None:
        """The role of the affiliation, else the printed one, else the one that was filed."""
        return self.affiliation.role if self.affiliation else self.attribution_role or self.role

    def revise(self, **changes) -> None:
        """Change what is resolved or printed of the attribution.

        An affiliation brings its organisation, and must be the speaker's. Another speaker or
        organisation lets go of an affiliation that does not fit. Naming the speaker settles who it
        is.
        """
        for name, value in changes.items():
            setattr(self, name, value)
        affiliation = self.affiliation
        if changes.get("affiliation"):
            if affiliation.speaker_id != self.speaker_id:
                raise ValidationError({"affiliation": "This affiliation is another speaker's."})
            self.organisation = affiliation.organisation
        elif affiliation and (affiliation.speaker_id, affiliation.organisation_id) != (
            self.speaker_id,
            self.organisation_id,
        ):
            self.affiliation = None
        if "speaker" in changes:
            settled = {self.Flag.AMBIGUOUS_SPEAKER, self.Flag.UNRESOLVED_SPEAKER}
            self.flags = [flag for flag in self.flags if flag not in settled]
        if "organisation" in changes:
            self.flags = [f for f in self.flags if f != self.Flag.AMBIGUOUS_ORGANISATION]
        self.save(update_fields={*changes, "affiliation", "organisation", "flags"})


class Via(models.Model):
    """One step of the reporting chain, from the outlet back to the speaker."""

    class Kind(models.TextChoices):
        TOLD = "told"
        CITED = "cited"
        DOCUMENT = "document"
        STATEMENT = "statement"
        POST = "post"

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="via")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=Kind)
    name = models.CharField(max_length=500)
    outlet = models.ForeignKey(
        Outlet, models.PROTECT, null=True, blank=True, related_name="passed_on"
    )

    class Meta:
        verbose_name_plural = "via"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["quote", "position"], name="via_in_order"),
            models.CheckConstraint(
                condition=Q(kind__in=["told", "cited", "document", "statement", "post"]),
                name="via_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class PrintedArticle(Article):
    """An article as its quotes see it: they keep its outlet and date, for one index to sort."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="tell_quotes",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("outlet_id", "published"),
                condition=pgtrigger.AnyChange("outlet_id", "published"),
                func="""
                    UPDATE quotes_quote SET outlet_id = NEW.outlet_id, published = NEW.published
                        WHERE article_id = NEW.id;
                    RETURN NULL;
                """,
            ),
        ]


class CitedAffiliation(Affiliation):
    """An affiliation as its quotes see it: while they rest on it, it stays the same person's."""

    class Meta:
        proxy = True
        triggers = [
            pgtrigger.Trigger(
                name="keep_for_quotes",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("speaker_id", "organisation_id"),
                condition=pgtrigger.AnyChange("speaker_id", "organisation_id"),
                func="""
                    IF EXISTS (SELECT FROM quotes_quote WHERE affiliation_id = OLD.id) THEN
                        RAISE EXCEPTION
                            'Quotes rest on this affiliation: make another, and move them there.'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'affiliation_is_cited';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
