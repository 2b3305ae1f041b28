"""Responses stored for retries."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class IdempotentResponse(models.Model):
    """The response to a POST with an `Idempotency-Key`; a retry gets it again for two days.

    `fingerprint` is the SHA-256 of method, path and body.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    location = models.TextField(null=True)
    body = models.TextField()
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], name="idempotent_response_once_per_key"
            ),
        ]
        indexes = [models.Index(fields=["created"], name="idempotent_response_by_age")]

    def __str__(self) -> str:
        return self.key
