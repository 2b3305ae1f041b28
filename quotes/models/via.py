"""The reporting chain of a quote."""

import pgtrigger
from django.db import models
from django.db.models import Q

from quotes.models.quote import Quote
from sources.database.triggers import FollowsMerges, Trigger
from sources.models import Outlet


class TellsQuote(Trigger):
    """Count a change to the reporting chain as a change to the quote."""

    when = pgtrigger.After
    level = pgtrigger.Statement
    func = """
        UPDATE quotes_quote SET version = version + 1 WHERE id IN (SELECT quote_id FROM rows);
        RETURN NULL;
    """

    def __init__(self, operation: pgtrigger.Operation, **rows: str):
        super().__init__(
            name=f"tell_quote_{str(operation).lower()}",
            operation=operation,
            referencing=pgtrigger.Referencing(**rows),
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
            TellsQuote(pgtrigger.Insert, new="rows"),
            TellsQuote(pgtrigger.Update, new="rows"),
            TellsQuote(pgtrigger.Delete, old="rows"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
