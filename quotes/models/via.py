"""The reporting chain of a quote."""

import pgtrigger
from django.db import models
from django.db.models import Q

from quotes.models.corrections import REFUSED
from quotes.models.media import media_field
from quotes.models.quote import Quote
from quotes.models.workflow import PUBLIC_STATUSES
from sources.database.triggers import FollowsMerges, Trigger
from sources.models import Outlet

# Chains of public quotes change in a transaction that has added a correction, or merges outlets.
NOTED = f"""
    IF current_setting('onrecord.merging', true) IS DISTINCT FROM 'on' AND EXISTS (
        SELECT FROM quotes_quote q
        WHERE q.id = ANY (touched) AND q.status IN {PUBLIC_STATUSES} AND NOT EXISTS (
            SELECT FROM sources_revision r
            WHERE r.subject_id = q.id AND r.fields @> '{{corrections}}'
              AND r.era = (SELECT max(id) FROM sources_era)
              AND r.transaction = pg_current_xact_id()
        )
    ) THEN
        RAISE EXCEPTION '{REFUSED}'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'quote_change_is_noted';
    END IF;
"""  # noqa: S608 (ours)


class TellsQuote(Trigger):
    """Count a change to the reporting chain as one to the quote; refuse it if it is not noted."""

    when = pgtrigger.After
    level = pgtrigger.Statement
    declare = [("touched", "uuid[]")]

    def __init__(self, operation: pgtrigger.Operation, **rows: str):
        names = list(rows.values())
        # Rows that an update leaves as they are say nothing.
        changed = [
            f"(TABLE {name}{''.join(f' EXCEPT TABLE {o}' for o in names if o != name)})"
            for name in names
        ]
        super().__init__(
            name=f"tell_quote_{str(operation).lower()}",
            operation=operation,
            referencing=pgtrigger.Referencing(**rows),
            func=f"""
                touched = ARRAY(
                    SELECT quote_id FROM ({" UNION ALL ".join(changed)}) changed
                );
                {NOTED}
                UPDATE quotes_quote SET version = version + 1 WHERE id = ANY (touched);
                RETURN NULL;
            """,  # noqa: S608 (ours)
        )


class Via(models.Model):
    """One step of the reporting chain, from the outlet back to the speaker.

    The ledger records it as part of its quote.
    """

    class Kind(models.TextChoices):
        TOLD = "told"
        CITED = "cited"
        DOCUMENT = "document"
        STATEMENT = "statement"
        POST = "post"

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="via", db_index=False)
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=Kind)
    name = models.CharField(max_length=500)
    media = media_field()
    outlet = models.ForeignKey(
        Outlet, models.PROTECT, null=True, blank=True, related_name="passed_on", db_index=False
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
        indexes = [
            # quotes/?via=, and what a merge of outlets moves
            models.Index(
                fields=["outlet", "quote"],
                condition=Q(outlet__isnull=False),
                name="via_by_outlet",
            )
        ]
        triggers = [
            FollowsMerges("outlet"),
            TellsQuote(pgtrigger.Insert, new="new_rows"),
            TellsQuote(pgtrigger.Update, old="old_rows", new="new_rows"),
            TellsQuote(pgtrigger.Delete, old="old_rows"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def filed(self) -> dict:
        """The step as a filing has it."""
        recording = {"media": self.media} if self.media else {}
        return {"kind": self.kind, "name": self.name, **recording}

    @classmethod
    def of(cls, position: int, kind: str, name: str, media: str | None = None) -> "Via":
        """An unsaved step, with the outlet if the name is that of exactly one; one query."""
        known = Outlet.objects.called(name)[:2]
        outlet = known[0] if len(known) == 1 else None
        return cls(position=position, kind=kind, name=name, outlet=outlet, media=media)
