"""What extraction found of a quote, and what it went by."""

from django.db import models
from django.db.models.functions import UUID7

from quotes.models.quote import Quote


class Proposal(models.Model):
    """A quote as `quotes.extraction` proposed it; it stays beside what a reviewer makes of it.

    `said` holds the values that it proposed, by field, as a filing takes them. `because` lists the
    passages that led to each part, as code points of the text with the id `snapshot`. `confidence`
    has a probability for each part. It is not recorded in the ledger; erasure deletes it.
    """

    class Band(models.TextChoices):
        SURE = "sure"
        LIKELY = "likely"
        CHECK = "check", "To check"

    id = models.UUIDField(primary_key=True, db_default=UUID7(), editable=False)
    quote = models.OneToOneField(Quote, models.CASCADE, related_name="proposal")
    snapshot = models.UUIDField()
    rule = models.CharField(max_length=60)
    band = models.CharField(max_length=6, choices=Band)
    confidence = models.JSONField(default=dict)
    because = models.JSONField(default=list)
    said = models.JSONField(default=dict)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.band}, by “{self.rule}”"
