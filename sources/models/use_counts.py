"""How often records are used, so that a search lists first what most readers look for."""

from django.db import models
from django.db.models import F


class UseCount(models.Model):
    """How many public records of the apps above name a speaker, an organisation or an outlet.

    Counted from time to time, not with every change: many filings would wait for one row.
    """

    record_id = models.UUIDField(primary_key=True)  # no foreign key: of several kinds of record
    number = models.PositiveIntegerField()

    class Meta:
        indexes = [  # the most used
            models.Index(F("number").desc(), F("record_id").asc(), name="use_count_by_number")
        ]

    def __str__(self) -> str:
        return f"{self.record_id}: {self.number}"
