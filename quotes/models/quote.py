"""Words that an article attributes to a speaker: what they are, and what becomes of them."""

from datetime import UTC, datetime

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q

from quotes.anchoring import AnchoringError, Page
from quotes.models.functions import Fingerprints, FoldedText, Grams, Periods, Speech
from quotes.models.indexes import (
    DERIVED,
    FLAGS,
    MOST_PENDING,
    flagged_index,
    holding_index,
    tallied_indexes,
)
from quotes.models.querysets import QuoteManager
from quotes.models.utterance import KeepsSpeaker, Utterance
from quotes.models.vocabulary import KeepsWords
from quotes.models.workflow import PUBLIC, STEPS, NotOpen, Status
from sources.database.triggers import FollowsMerges, KeepsVersion, Trigger
from sources.dates import FirstDay, PartialDateField
from sources.ledger.actor import with_reason
from sources.ledger.recording import Recording
from sources.models import Affiliation, Article, Organisation, Outlet, Record, Snapshot, Speaker
from sources.models.functions import Fold, TextWords, WordsOf

# How the ledger calls an update of a quote, by its row before and after
STEPS_TAKEN = """CASE
    WHEN n.status = o.status AND n.corrections IS DISTINCT FROM o.corrections THEN 'corrected'
    WHEN n.status = o.status THEN 'updated'
    WHEN n.status = 'published' AND o.status = 'disputed' THEN 'settled'
    WHEN n.status = 'proposed' THEN 'updated'
    ELSE n.status END"""


# What the ledger keeps of a quote's reporting chain
VIA_STEPS = """(
    SELECT coalesce(jsonb_agg(
        jsonb_build_object('kind', v.kind, 'name', v.name, 'outlet_id', v.outlet_id)
        ORDER BY v.position
    ), '[]') FROM quotes_via v WHERE v.quote_id = n.id
)"""


class Quote(Record):
    """Words that an article attributes to a speaker, and where they are printed.

    A quote with a snapshot *is* the snapshot's text at its spans: PostgreSQL refuses anything else.
    `exact` and `moved` quotes stand in the article's present text, `altered` and `missing` ones in
    an earlier snapshot; an `unanchored` one has no snapshot because none is held.

    `outlet`, `published` and `contexts` are kept by triggers from the article and the snapshot, so
    that one index can both filter and sort. So is `role_key`, which stands for the printed role,
    else the filed one, in an index: roles may be longer than an entry of an index can be.
    """

    class Kind(models.TextChoices):
        DIRECT = "direct"  # whole sentences, in quote marks
        PARTIAL = "partial"  # a fragment, in quote marks
        MIXED = "mixed"  # indirect speech with words in quote marks
        INDIRECT = "indirect"  # no quote marks

    Status = Status  # and which step leads from one to the next: `quotes.models.workflow`

    PUBLIC = PUBLIC

    goes_with = (
        "affiliation"  # where a merge, or its undo, takes that: see `sources.identity.merging`
    )

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

    DOUBTS = {  # which flags are settled by naming the one or the other
        "speaker": (Flag.AMBIGUOUS_SPEAKER, Flag.UNRESOLVED_SPEAKER),
        "organisation": (Flag.AMBIGUOUS_ORGANISATION,),
    }

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
    reason = models.TextField(null=True, blank=True, editable=False)  # of its present status
    replaced_by = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaces",
        editable=False,
        db_index=False,  # nobody asks for the quotes that one replaces
    )
    corrections = models.JSONField(db_default=[], blank=True, editable=False)  # see `correct`

    # What searches read, kept by a trigger; not loaded unless asked for
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

    objects = QuoteManager()

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
            # quotes/, each ordering; the first and the last also count, for the admin's charts
            holding_index("published_day", name="published"),
            holding_index("said_day", name="said"),
            holding_index("created", name="created"),
            # quotes/?speaker= and friends, newest first
            holding_index("speaker", "published_day", name="speaker"),
            holding_index("organisation", "published_day", name="organisation"),
            holding_index("outlet", "published_day", name="outlet"),
            *tallied_indexes(),
            models.Index(fields=["status", "published_day", "id"], name="quote_by_status"),
            models.Index(fields=["updated", "id"], name="quote_by_updated"),
            # language, which also has to tell which languages there are
            models.Index(fields=["language", "published_day", "id"], name="quote_by_language"),
            # speaker_name, organisation_name, role
            models.Index(Fold("attribution_speaker"), name="quote_printed_speaker"),
            models.Index(Fold("attribution_organisation"), name="quote_printed_organisation"),
            GinIndex(F("role_words"), name="quote_role_words"),
            GinIndex(
                Fingerprints("text"), name="quote_fingerprints"
            ),  # quotes.search.near_identical
            GinIndex(TextWords("text"), name="quote_words"),  # searches of the admin
            # q; phrase and like; in a stretch of time
            *(
                GinIndex(
                    words,
                    Periods("id", "published_day"),
                    name=f"quote_{name}_then",
                    gin_pending_list_limit=MOST_PENDING,
                )
                for words, name in ((F("search_words"), "search_words"), (Grams("bare"), "grams"))
            ),
            # quotes.utterances, which looks while it files: nothing may wait in a pending list
            GinIndex(Speech("speaker", "text"), name="quote_speech", fastupdate=False),
            # The admin's queues: counted, dated and listed by these alone
            models.Index(
                fields=["created", "id"], condition=Q(status="proposed"), name="quote_proposed"
            ),
            *(
                models.Index(
                    fields=[of, "id"], condition=Q(status="proposed"), name=f"quote_proposed_{of}"
                )
                for of in ("article", "outlet", "speaker")
            ),
            models.Index(
                F("published_day").desc(nulls_last=True),
                F("id").desc(),
                condition=Q(status="proposed"),
                name="quote_proposed_latest",
            ),
            *(flagged_index(flag) for flag in FLAGS),
            models.Index(
                fields=["anchor", "published_day", "id"],
                include=["created", "status"],
                condition=~Q(anchor="exact"),
                name="quote_by_anchor",
            ),
        ]
        triggers = [
            FollowsMerges("speaker", "organisation"),
            KeepsVersion(derived=DERIVED),
            *Recording(
                verb=STEPS_TAKEN,
                public="n.status IN ('published', 'disputed', 'retracted')",
                derived=DERIVED,
                parts={"via": VIA_STEPS},
            ).triggers,
            KeepsSpeaker(pgtrigger.Insert),
            KeepsSpeaker(pgtrigger.Update),
            Trigger(
                name="words",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert
                | pgtrigger.UpdateOf("text", "language", "search_words", "bare"),
                func="""
                    NEW.search_words = quotes_search_words(NEW.text, NEW.language);
                    NEW.bare = quotes_bare(NEW.text);
                    RETURN NEW;
                """,
            ),
            *(
                KeepsWords(operation)
                for operation in (pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete)
            ),
            Trigger(
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
            Trigger(
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
            Trigger(
                name="role_key",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert
                | pgtrigger.UpdateOf("role", "attribution_role", "role_key"),
                func="""
                    NEW.role_key = quotes_role_key(
                        coalesce(nullif(NEW.attribution_role, ''), nullif(NEW.role, ''))
                    );
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="affiliation",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert
                | pgtrigger.UpdateOf("affiliation_id", "speaker_id", "organisation_id"),
                condition=pgtrigger.Condition("NEW.affiliation_id IS NOT NULL"),
                declare=[("held", "record")],
                func="""
                    SELECT speaker_id, organisation_id INTO held
                        FROM sources_affiliation WHERE id = NEW.affiliation_id;
                    IF held.speaker_id IS DISTINCT FROM NEW.speaker_id
                       OR held.organisation_id IS DISTINCT FROM NEW.organisation_id THEN
                        RAISE EXCEPTION 'The affiliation of a quote must be its speaker''s, there.'
                            USING ERRCODE = 'check_violation',
                                  CONSTRAINT = 'quote_affiliation_fits';
                    END IF;
                    RETURN NEW;
                """,
            ),
            Trigger(
                name="role",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert
                | pgtrigger.UpdateOf(
                    "speaker_id", "said", "published", "role", "attribution_role", "flags"
                ),
                condition=pgtrigger.Condition(
                    "coalesce(NEW.attribution_role, NEW.role) IS NOT NULL"
                    " OR 'role_conflict' = ANY (NEW.flags)"
                ),
                func="""
                    NEW.flags = array_remove(NEW.flags, 'role_conflict');
                    IF NEW.speaker_id IS NOT NULL
                       AND coalesce(NEW.attribution_role, NEW.role) IS NOT NULL
                       AND quotes_role_conflict(
                           NEW.speaker_id, coalesce(NEW.said, NEW.published),
                           ARRAY[NEW.role, NEW.attribution_role]
                       ) THEN
                        NEW.flags = NEW.flags || 'role_conflict'::varchar;
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
        organisation lets go of an affiliation that does not fit, another speaker of an utterance
        that has quotes of the first. Naming the speaker settles who it is, unless `flags` say
        otherwise. Of a quote that is not public `text` or `spans` or both may be given too, as to
        `correct`.
        """
        placed = set()
        if words := {name: changes.pop(name) for name in ("text", "spans") if name in changes}:
            if self.status in self.PUBLIC:
                raise ValidationError("The words of a public quote are corrected, with a note.")
            self._anchor_anew(**words)
            placed = {"text", "spans", "snapshot", "anchor", "nearest"}
        self._resolve(**changes)
        follows = {"affiliation", "organisation", "utterance", "flags"}
        self.save(update_fields={*changes, *placed, *follows})

    def _resolve(self, **changes) -> None:
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
        """Take it out of its utterance: it reports another act of speaking.

        Matching leaves it alone from then on; it can be joined again (`Utterance.join`).
        """
        with transaction.atomic(), with_reason(reason):
            self.refresh_from_db(from_queryset=Quote.objects.select_for_update(of=("self",)))
            if not self.utterance_id:
                raise ValidationError("It is of no utterance that it could be parted from.")
            self.utterance = None
            self.save(update_fields=["utterance"])

    def adjust(self, text: str, spans: list) -> None:
        """Have a proposed quote be these words, at these spans of a text in which they stand.

        Of a public quote that is a correction.
        """
        with transaction.atomic():
            self.refresh_from_db(from_queryset=Quote.objects.select_for_update())
            if self.status != Status.PROPOSED:
                raise NotOpen("adjust", self.status)
            self._anchor_anew(text, spans)
            self.save(update_fields=["text", "spans", "snapshot", "anchor", "nearest"])

    # Its life

    def publish(self, reason: str | None = None) -> None:
        """Let readers see it."""
        self._take("publish", reason)

    def reject(self, reason: str) -> None:
        """Keep a proposed quote from being published."""
        self._take("reject", reason)

    def dispute(self, reason: str) -> None:
        """Say that what is published is contested, and how."""
        self._take("dispute", reason)

    def settle(self, reason: str | None = None) -> None:
        """End a dispute in favour of the quote as it stands."""
        self._take("settle", reason)

    def retract(self, reason: str, replaced_by: "Quote | None" = None) -> None:
        """Take it back, for good; `replaced_by` is the public quote to use instead."""
        if replaced_by and replaced_by.pk == self.pk:
            raise ValidationError({"replaced_by": "A quote cannot replace itself."})
        if replaced_by and replaced_by.status not in (Status.PUBLISHED, Status.DISPUTED):
            raise ValidationError({"replaced_by": f"That quote is {replaced_by.status}."})
        self._take("retract", reason, replaced_by=replaced_by)

    def correct(self, note: str, *, now: datetime, **changes) -> None:
        """Change what is printed or resolved of a public quote, with a note for its readers.

        `changes` are those of `revise`, and `text` or `spans` or both: new words have to stand in
        the article's present text, or else in the one that the quote is anchored in.
        """
        with transaction.atomic(), with_reason(note):
            self._check_step("correct", note, "note")
            before = self._told()
            if words := {name: changes.pop(name) for name in ("text", "spans") if name in changes}:
                self._anchor_anew(**words)
            self._resolve(**changes)
            after = self._told()
            changed = [
                {"field": name, "before": before[name], "after": after[name]}
                for name in before
                if before[name] != after[name]
            ]
            if not changed:
                raise ValidationError("This changes nothing: say what is to be corrected.")
            when = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
            self.corrections = [
                *self.corrections,
                {"when": when, "note": note.strip(), "changed": changed},
            ]
            self.save()

    def _take(self, step: str, reason: str | None, **values) -> None:
        with transaction.atomic(), with_reason(reason):
            self._check_step(step, reason, "reason")
            self.status = STEPS[step].enters
            self.reason = reason.strip() if STEPS[step].takes_back else None
            for name, value in values.items():
                setattr(self, name, value)
            self.save(update_fields=["status", "reason", *values])

    def _check_step(self, step: str, said: str | None, name: str) -> None:
        """Lock the quote, see whether the step is open, and that it says why if it has to."""
        self.refresh_from_db(from_queryset=Quote.objects.select_for_update())
        if self.status not in STEPS[step].leaves:
            raise NotOpen(step, self.status)
        has_to = STEPS[step].takes_back or name == "note"
        if has_to and not (said or "").strip():
            raise ValidationError({name: f"To {step} a quote, say why."})

    def _told(self) -> dict:
        """What a correction may change, as readers are told of it."""
        names = ("text", "kind", "language", "role")
        told = {name: getattr(self, name) for name in names} | {"role": self.shown_role}
        for name in ("speaker", "organisation"):
            record = getattr(self, name)
            told[name] = {"id": str(record.pk), "name": record.name} if record else None
        told["said"] = str(self.said) if self.said else None
        for name in ("text", "speaker", "role", "organisation", "cue"):
            told[f"attribution.{name}"] = getattr(self, f"attribution_{name}")
        return told | {"spans": [list(span) for span in self.spans]}

    def _anchor_anew(self, text: str | None = None, spans: list | None = None) -> None:
        texts = [self.article.snapshot, self.snapshot]
        texts = [held for held in dict.fromkeys(texts) if held is not None]
        if not texts:
            raise ValidationError(
                {"text": "No text of this article is held to find the words in: capture it first."}
            )
        refusal = None
        for snapshot in texts:
            page = Page(snapshot.text)
            try:
                found = page.at(spans, text) if spans else page.find(text or "")
            except AnchoringError as error:
                refusal = refusal or error
                continue
            stays = snapshot.pk == self.snapshot_id and self.anchor != self.Anchor.UNANCHORED
            self.anchor = self.anchor if stays else self.Anchor.EXACT
            self.nearest = self.nearest if stays else None
            self.snapshot, self.spans = snapshot, [list(span) for span in found]
            self.text = page.text_at(found)
            return
        raise ValidationError({"spans" if spans else "text": refusal.message})
