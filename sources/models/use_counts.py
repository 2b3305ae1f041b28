"""How often records are used, so that a search lists first what most readers look for."""

from django.db import models


class UseCount(models.Model):
    """How many public records of the apps above name a speaker, an organisation or an outlet.

    Counted from time to time, not with every change: many filings would wait for one row.
    """

    record_id = models.UUIDField(primary_key=True)  # no foreign key: of several kinds of record
    number = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.record_id}: {self.number}"
