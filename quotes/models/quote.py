"""A quote: its columns, constraints and indexes, and the verbs that change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models, transaction

from quotes.anchoring import HEADLINE, TEXT
from quotes.models.attribution import check_printed
from quotes.models.constraints import quote_constraints
from quotes.models.corrections import chain_values, correction, differences, public_values
from quotes.models.edit_summaries import EDIT_SUMMARIES
from quotes.models.flags import DOUBTS, NAMED, Flag, Seam
from quotes.models.functions import FoldedText
from quotes.models.indexes import quote_indexes
from quotes.models.media import media_field
from quotes.models.querysets import QuoteManager, sees_all
from quotes.models.reanchoring import ANCHORED, WORDS, anchor_words
from quotes.models.triggers import quote_triggers
from quotes.models.utterance import Utterance
from quotes.models.workflow import PUBLIC, STEPS, NoteNeeded, NotOpen, Status
from sources.dates import FirstDay, PartialDateField
from sources.ledger.actor import with_reason
from sources.models import Affiliation, Article, Organisation, Outlet, Record, Snapshot, Speaker


class Quote(Record):
    """Words that an article attributes to a speaker, and where they are printed.

    A quote with a snapshot *is* the snapshot's text at its spans, or its headline, as `anchored_in`
    says. Its `seams` join them, one for each gap: PostgreSQL refuses anything else.
    `quotes.anchoring.seams` decides them. `exact` and `moved` quotes are in the article's current
    snapshot, `altered` and `missing` ones in an earlier one. An `unanchored` quote has none.

    Triggers copy `outlet` and `published` from the article and `contexts` from the snapshot, so
    that one index can filter and sort. `role_key` is a digest of the role that the quote shows by
    itself (`quotes.models.shown_role`): a role can be too long for an index entry.
    """

    class Kind(models.TextChoices):
        DIRECT = "direct"  # whole sentences, in quote marks
        PARTIAL = "partial"  # a fragment, in quote marks
        MIXED = "mixed"  # indirect speech with words in quote marks
        INDIRECT = "indirect"  # no quote marks

    Status = Status  # the steps between them: `quotes.models.workflow`

    PUBLIC = PUBLIC

    goes_with = "affiliation"  # a merge or its undo moves both: `sources.identity.merging`

    class Origin(models.TextChoices):
        FILED = "filed", "Filed"
        PROPOSED = "proposed", "Found in the text"

    class Anchor(models.TextChoices):
        EXACT = "exact", "In the article"
        MOVED = "moved", "Moved within the article"
        ALTERED = "altered", "Wording changed in the article"
        MISSING = "missing", "No longer in the article"
        UNANCHORED = "unanchored", "No text of the article"

    class AnchoredIn(models.TextChoices):  # a column of the snapshot
        TEXT = TEXT, "Text"
        HEADLINE = HEADLINE, "Headline"

    Seam, Flag = Seam, Flag

    edit_summaries = EDIT_SUMMARIES

    not_printed: list[str] = []
    """Parts of the attribution that `revise` was given and the article does not print."""

    shows_text = False
    """Whether refusals may show passages of the text: the user may read it."""

    NAMED, DOUBTS = NAMED, DOUBTS

    # Where it is printed
    article = models.ForeignKey(Article, models.PROTECT, related_name="quotes")
    snapshot = models.ForeignKey(
        Snapshot, models.PROTECT, null=True, blank=True, related_name="quotes"
    )
    anchored_in = models.CharField(
        max_length=8,
        choices=AnchoredIn,
        default=AnchoredIn.TEXT,
        db_default=AnchoredIn.TEXT,
        editable=False,
    )
    text = models.TextField()
    spans = ArrayField(ArrayField(models.PositiveIntegerField(), size=2), default=list, blank=True)
    seams = ArrayField(
        models.CharField(max_length=12, choices=Seam),
        default=list,
        db_default=[],
        blank=True,
        editable=False,
    )
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
    # Where it can be heard, as an address with a time range: see `quotes.models.media`
    media = media_field()
    kind = models.CharField(max_length=8, choices=Kind)
    # The language it was said in, if the article prints a translation, and the quote of that
    translated_from = models.CharField(max_length=35, null=True, blank=True)
    translates = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="translations",
        db_index=False,  # a partial index finds them
    )
    language = models.CharField(max_length=35, null=True, blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.PROPOSED)
    flags = ArrayField(models.CharField(max_length=30, choices=Flag), default=list, blank=True)
    # Whether its filer marked it, or `quotes.extraction` found it (`quotes.models.proposal`)
    origin = models.CharField(
        max_length=8,
        choices=Origin,
        default=Origin.FILED,
        db_default=Origin.FILED,
        editable=False,
    )
    # A curator kept the record despite its `role_conflict`; a trigger resets it with the role
    role_kept = models.BooleanField(db_default=False, editable=False)
    filed_by = models.ForeignKey(  # whose filing made it
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
        db_index=False,
    )
    reason = models.TextField(null=True, blank=True, editable=False)  # for its status
    replaced_by = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaces",
        editable=False,
        db_index=False,  # never queried backwards
    )
    corrections = models.JSONField(db_default=[], blank=True, editable=False)  # see `correct`

    # Read by searches, kept by a trigger, deferred by the manager
    search_words = SearchVectorField(null=True, editable=False)  # stemmed by the language
    bare = FoldedText(null=True, editable=False)  # without case, accents and marks

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
    role_key = models.UUIDField(null=True, editable=False)
    said = PartialDateField(null=True, blank=True)
    said_day = models.GeneratedField(
        expression=FirstDay("said"), output_field=models.DateField(), db_persist=True
    )
    utterance = models.ForeignKey(
        Utterance,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="quotes",
        db_index=False,  # an index with the status finds them
    )

    objects = QuoteManager()

    class Meta:
        ordering = ["-published_day", "-id"]
        permissions = [
            ("review_quote", "Can see proposed, rejected and withdrawn quotes"),
            ("publish_quote", "Can publish a quote"),
        ]
        constraints = quote_constraints()
        indexes = quote_indexes()
        triggers = quote_triggers()

    def __str__(self) -> str:
        return self.text if len(self.text) <= 80 else f"{self.text[:79]}…"

    @property
    def shown_role(self) -> str | None:
        """The affiliation's role, else the printed one, else the filed one."""
        return self.affiliation.role if self.affiliation else self.attribution_role or self.role

    def revise(self, *, note: str | None = None, now: datetime | None = None, **changes) -> None:
        """Change the printed or resolved attribution, the words or the reporting chain.

        An affiliation sets the organisation too, and must be the speaker's. A new speaker or
        organisation clears an affiliation that does not fit. A new speaker clears an utterance with
        other quotes of the former one. Naming a speaker clears the flags about it, unless `flags`
        is given. `text`, `spans`, `anchored_in` and `gaps_checked`, with which what lies between
        spans is not refused, are as in `anchor_words`; `via` lists the steps of the whole chain.

        What readers see of a public quote changes with a `note` for them: see `noting_changes`.
        An attribution has to be printed: see `quotes.models.attribution`.
        """
        chain = changes.pop("via", None)
        words = {name: changes.pop(name) for name in WORDS if name in changes}
        checked = changes.pop("gaps_checked", False)
        with transaction.atomic():
            with self.noting_changes(note, now or datetime.now(UTC), chain=chain):
                if words:
                    anchor_words(self, **words, gaps_checked=checked)
                self.not_printed = check_printed(self, changes)
                self._resolve(**changes)
            placed = {*ANCHORED} if words else set()
            follows = {"affiliation", "organisation", "utterance", "flags", "corrections"}
            self.save(update_fields={*changes, *placed, *follows})
            if chain is not None and chain_values(chain) != self._chain():
                # After the quote, whose new correction allows it.
                self.via.exclude(pk__in=[step.pk for step in chain if step.pk]).delete()
                for step in chain:
                    step.quote = self
                    step.save()

    @contextmanager
    def noting_changes(
        self, note: str | None, now: datetime, *, chain: list | None = None, asked: str = "note"
    ) -> Iterator[None]:
        """Add a correction with this note if what is changed meanwhile is public; no save.

        Raises NoteNeeded at the field `asked` without a note, and NotOpen for a retracted quote.
        """
        if self.status not in self.PUBLIC:
            yield
            return
        before = public_values(self)
        yield
        changed = differences(before, public_values(self))
        if chain is not None:
            changed += differences({"via": self._chain()}, {"via": chain_values(chain)})
        if not changed:
            return
        if self.status not in STEPS["correct"].leaves:
            raise NotOpen("correct", self.status)
        if not (note or "").strip():
            raise NoteNeeded(asked)
        self.corrections = [*self.corrections, correction(note, changed, now)]

    def _chain(self) -> list[dict]:
        return chain_values(self.via.select_related("outlet").order_by("position"))

    def _resolve(self, **changes) -> None:
        for name, value in changes.items():
            setattr(self, name, value)
        if changes.get("translates") == self:
            raise ValidationError({"translates": "A quote does not translate itself."})
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
        if self.utterance and changes.keys() & {"speaker", "utterance"}:
            self._fit_utterance(is_chosen=bool(changes.get("utterance")))
        if "flags" in changes:
            return
        if "speaker" in changes:
            self.flags = [flag for flag in self.flags if flag not in self.DOUBTS["speaker"]]
        if "organisation" in changes:
            self.flags = [f for f in self.flags if f not in self.DOUBTS["organisation"]]

    def _fit_utterance(self, *, is_chosen: bool) -> None:
        if self.utterance.has_others_than(self.speaker_id, beside=self):
            if is_chosen:
                raise ValidationError({"utterance": "This utterance is another speaker's."})
            self.utterance = None

    def part(self, reason: str | None = None) -> None:
        """Remove the quote from its utterance: it reports another act of speaking.

        Matching does not add it again; a curator can (`Utterance.join`).
        """
        with transaction.atomic(), with_reason(reason):
            self.refresh_from_db(from_queryset=Quote.objects.select_for_update(of=("self",)))
            if not self.utterance_id:
                raise ValidationError("This quote belongs to no utterance.")
            self.utterance = None
            self.save(update_fields=["utterance"])

    def reason_for(self, user) -> str | None:
        """The reason for its status; why it was rejected is for reviewers only."""
        return None if self.status == Status.REJECTED and not sees_all(user) else self.reason

    def hides_text_from(self, user) -> bool:
        """Whether a user sees of the article's text only these words: a filer, until it is public.

        Else a filer who proposes the words beside these could read the text bit by bit.
        """
        return self.status not in PUBLIC and not sees_all(user)

    # Steps: see `quotes.models.workflow`

    def publish(self, reason: str | None = None) -> None:
        """Make a proposed quote public."""
        self._step("publish", reason)

    def reject(self, reason: str) -> None:
        """Keep a proposed quote from being published."""
        self._step("reject", reason)

    def withdraw(self, reason: str | None = None) -> None:
        """Take back a proposal. For its filer only: see `QuoteQuerySet.filed_for`."""
        self._step("withdraw", reason)

    def reopen(self, reason: str | None = None) -> None:
        """Propose a rejected or withdrawn quote again."""
        self._step("reopen", reason)

    def keep(self, flags: list[str], reason: str | None = None) -> None:
        """Settle these flags and leave the record as it is."""
        with transaction.atomic(), with_reason(reason):
            self._check_step("keep", reason, "reason")
            if named := [flag for flag in flags if flag in self.NAMED]:
                raise ValidationError(
                    {"flags": f"Naming the speaker or organisation settles {', '.join(named)}."}
                )
            if absent := [flag for flag in flags if flag not in self.flags]:
                raise ValidationError({"flags": f"This quote is not flagged {', '.join(absent)}."})
            self.flags = [flag for flag in self.flags if flag not in flags]
            self.role_kept = self.role_kept or self.Flag.ROLE_CONFLICT in flags
            self.save(update_fields=["flags", "role_kept"])
            if self.Flag.CHECK_SPEAKER in flags:
                Speaker.objects.filter(pk=self.speaker_id).update(is_one=True)

    def dispute(self, reason: str) -> None:
        """Mark a published quote as contested."""
        self._step("dispute", reason)

    def settle(self, reason: str | None = None) -> None:
        """End a dispute without changing the quote."""
        self._step("settle", reason)

    def retract(self, reason: str, replaced_by: "Quote | None" = None) -> None:
        """Withdraw a public quote for good; `replaced_by` is the public quote to use instead."""
        if replaced_by and replaced_by.pk == self.pk:
            raise ValidationError({"replaced_by": "A quote cannot replace itself."})
        if replaced_by and replaced_by.status not in (Status.PUBLISHED, Status.DISPUTED):
            raise ValidationError({"replaced_by": f"That quote is {replaced_by.status}."})
        self._step("retract", reason, replaced_by=replaced_by)

    def correct(self, note: str, *, now: datetime, **changes) -> None:
        """Change a public quote, with a note for readers.

        `changes` are those of `revise`. New words (`text`, `spans` or both) must be in the
        article's current text or in the snapshot that the quote is anchored in.
        """
        with transaction.atomic(), with_reason(note):
            self._check_step("correct", note, "note")
            known = len(self.corrections)
            self.revise(note=note, now=now, **changes)
            if len(self.corrections) == known:
                raise ValidationError("This changes nothing: say what is to be corrected.")

    def _step(self, step: str, reason: str | None, **values) -> None:
        with transaction.atomic(), with_reason(reason):
            self._check_step(step, reason, "reason")
            self.status = STEPS[step].enters
            self.reason = (reason or "").strip() or None if STEPS[step].keeps_reason else None
            for name, value in values.items():
                setattr(self, name, value)
            self.save(update_fields=["status", "reason", *values])

    def _check_step(self, step: str, why: str | None, name: str) -> None:
        """Lock the quote; refuse a step that is not open or lacks a reason it needs."""
        self.refresh_from_db(from_queryset=Quote.objects.select_for_update())
        if self.status not in STEPS[step].leaves:
            raise NotOpen(step, self.status)
        needs_reason = STEPS[step].needs_reason or name == "note"
        if needs_reason and not (why or "").strip():
            raise ValidationError({name: f"To {step} a quote, say why."})
