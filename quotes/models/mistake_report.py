"""Mistakes that readers report in public quotes, and how each was answered. None of it is public.

The ledger records a report as hidden from readers, and without the reader's address: that is
deleted once the answer is sent.
"""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from quotes.models.quote import Quote
from sources.database.triggers import KeepsVersion
from sources.ledger.recording import Recording
from sources.models import Record, Revision
from sources.models.base import not_blank

MAX_REPORT_CHARACTERS = 5_000

MAX_WAITING = 20
"""Reports of one quote that can wait for an answer: more of them tell curators nothing new."""


class MistakeReportQuerySet(models.QuerySet):
    def waiting(self):
        """Reports that nobody has answered yet."""
        return self.filter(answered=None)


class MistakeReport(Record):
    """What a reader says is wrong with a public quote, and the answer."""

    class Outcome(models.TextChoices):
        CORRECTED = "corrected", "Corrected"
        DISPUTED = "disputed", "Marked as disputed"
        RETRACTED = "retracted", "Retracted"
        REPLIED = "replied", "Left as it is"

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="mistake_reports")
    text = models.TextField(max_length=MAX_REPORT_CHARACTERS)
    email = models.EmailField(null=True, blank=True)
    answered = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    outcome = models.CharField(max_length=9, choices=Outcome, null=True)
    reply = models.TextField(null=True, blank=True)

    objects = MistakeReportQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            not_blank("text", name="mistake_report_has_words", message="Say what is wrong."),
            models.CheckConstraint(
                condition=Q(answered__isnull=True, outcome__isnull=True)
                | Q(answered__isnull=False, outcome__isnull=False),
                name="mistake_report_answered_how_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="replied") | Q(reply__regex=r"\S"),
                name="mistake_report_reply_has_words",
                violation_error_message="Write a reply.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["quote"], condition=Q(answered__isnull=True), name="mistake_report_waiting"
            )
        ]
        triggers = [
            KeepsVersion(),
            *Recording(public="false", forgotten=("email",)).triggers,
        ]

    def __str__(self) -> str:
        return f"Mistake reported in “{self.quote}”"

    @property
    def done_since(self) -> Outcome | None:
        """What was done with the quote since the report, if readers see it; one query."""
        seen = [self.Outcome.CORRECTED, self.Outcome.DISPUTED, self.Outcome.RETRACTED]
        steps = Revision.objects.of(self.quote).filter(verb__in=seen, time__gt=self.created)
        last = steps.values_list("verb", flat=True).last()
        return last and self.Outcome(last)

    def answer(self, user, *, reply: str = "", now: datetime) -> None:
        """Answer by what was done with the quote since, by a reply, or by both.

        Raises ValidationError without either, and if somebody has answered already.
        """
        with transaction.atomic():
            self.refresh_from_db(
                from_queryset=MistakeReport.objects.select_for_update(of=("self",))
            )
            if self.answered:
                raise ValidationError("A colleague has answered this report already.")
            done = self.done_since
            if not done and not reply.strip():
                raise ValidationError(
                    {"reply": "Write a reply; or dispute, correct or retract the quote first."}
                )
            self.outcome, self.reply = done or self.Outcome.REPLIED, reply.strip() or None
            self.answered, self.answered_by = now, user
            self.save(update_fields=["outcome", "reply", "answered", "answered_by"])
