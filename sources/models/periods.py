"""Records that hold from a day to a day: affiliations, and facts about speakers."""

from django.db import models
from django.db.models import F, Q

from sources.dates import FirstDay, PartialDate, PartialDateField
from sources.models.base import PublicRecord
from sources.models.visibility import PublicQuerySet


class PeriodQuerySet(PublicQuerySet):
    def held_on(self, when: PartialDate):
        """Records that may have held then; an unknown start or end is open."""
        return self.filter(
            Q(start__isnull=True) | Q(start_day__lte=when.last),
            Q(end__isnull=True) | Q(end_last__gte=when.first),
        )


class PeriodRecord(PublicRecord):
    """A record with the day from which it held and the day to which; either may be unknown."""

    start = PartialDateField("from", null=True, blank=True)
    end = PartialDateField("to", null=True, blank=True)
    start_day = models.GeneratedField(
        expression=FirstDay("start"), output_field=models.DateField(), db_persist=True
    )
    end_last = models.GeneratedField(
        expression=models.Func(
            "end", template="upper(%(expressions)s) - 1", output_field=models.DateField()
        ),
        output_field=models.DateField(null=True),
        null=True,
        db_persist=True,
    )

    class Meta:
        abstract = True

    def may_hold_on(self, when: PartialDate | None) -> bool:
        """Whether it may have held then; an unknown date may be any."""
        if when is None:
            return True
        begins_in_time = self.start is None or self.start.first <= when.last
        return begins_in_time and (self.end is None or self.end.last >= when.first)


def ends_after_it_begins(model: str) -> models.CheckConstraint:
    """Refuse a period that ends before it begins; `model` as a sentence names it: `a fact`."""
    return models.CheckConstraint(
        condition=Q(start__isnull=True) | Q(end__isnull=True) | Q(start_day__lte=F("end_last")),
        name=f"{model.rpartition(' ')[2]}_ends_after_it_begins",
        violation_error_message=f"{model.capitalize()} cannot end before it begins.",
    )
