"""Second looks: a random part of what was published in bulk, read again by another reviewer."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from quotes.models.quote import Quote
from sources.database.triggers import KeepsVersion
from sources.ledger.recording import Recording
from sources.models import Record, Revision

SHARE = 0.1
"""The share of bulk-published quotes that is read again."""


class SecondLookQuerySet(models.QuerySet):
    def waiting(self):
        """Drawn, and not looked at yet."""
        return self.filter(finding=None)

    def waiting_for(self, user):
        """Drawn, not looked at yet, and never published by this user."""
        own = Revision.objects.filter(
            subject_type="quote",
            subject_id=OuterRef("quote"),
            verb=Revision.Verb.PUBLISHED,
            actor=user.get_username(),
        )
        return self.waiting().exclude(publisher=user).filter(~Exists(own))

    def draw(self, quotes: Iterable[UUID], publisher) -> int:
        """Draw each of these published quotes with the same chance; returns how many were drawn.

        The draw is random, so that nobody can know beforehand what will be read again.
        """
        chance = secrets.SystemRandom().random
        drawn = [key for key in quotes if chance() < SHARE]
        self.bulk_create(
            [self.model(quote_id=key, publisher=publisher) for key in drawn], ignore_conflicts=True
        )
        return len(drawn)


class SecondLook(Record):
    """A quote drawn for a second look, and what another reviewer than its publisher found."""

    class Finding(models.TextChoices):
        AGREE = "agree", "Nothing is wrong"
        SPEAKER = "speaker", "Wrong speaker"
        WORDS = "words", "Wrong words"
        DETAILS = "details", "Wrong role, organisation or date"
        PUBLIC = "public", "Should not be public"

    quote = models.ForeignKey(Quote, models.CASCADE, related_name="second_looks")
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    finding = models.CharField(max_length=8, choices=Finding, null=True)
    note = models.TextField(null=True, blank=True)
    looked = models.DateTimeField(null=True)

    objects = SecondLookQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["quote"],
                condition=Q(finding__isnull=True),
                name="second_look_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(reviewer=F("publisher")),
                name="second_look_of_another",
                violation_error_message="You published this quote: somebody else looks again.",
            ),
            models.CheckConstraint(
                condition=Q(finding__isnull=True, looked__isnull=True)
                | Q(finding__isnull=False, looked__isnull=False),
                name="second_look_has_a_time",
            ),
        ]
        triggers = [KeepsVersion(), *Recording(public="false").triggers]

    def __str__(self) -> str:
        return f"Second look at “{self.quote}”"

    def find(self, finding: str, reviewer, *, note: str = "", now: datetime) -> None:
        """Record what the reviewer found. Raises IntegrityError for the publisher's own."""
        self.finding, self.reviewer, self.note = finding, reviewer, note.strip() or None
        self.looked = now
        self.save(update_fields=["finding", "reviewer", "note", "looked"])
