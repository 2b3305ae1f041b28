"""Partial dates: a year, a month or a day, stored and shown as given.

News is often dated only "February 2026". A `PartialDate` is `YYYY`, `YYYY-MM` or `YYYY-MM-DD` (the
reduced forms of ISO 8601); unknown is `None`, never a guess. PostgreSQL stores the range of days,
in the domain `partial_date` over `daterange`, which accepts only whole days, months and years. So
overlap is `&&`, and the earliest day is `lower()`.

`PartialDateField` is for models, `PartialDateFormField` for forms, `PartialDateSerializerField` for
the API and `PartialDateFilter` for query parameters.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from psycopg.types.range import DateRange, Range
from rest_framework import serializers

from sources.database.prepared import PreparedFilter

EARLIEST_YEAR, LATEST_YEAR = 1000, 2999

# Unknown dates sort before every date that can be stored.
UNKNOWN_DAY = date.min

# The first country to reach a new day
LATEST_OFFSET = timedelta(hours=14)

_FORM = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", re.ASCII)


@dataclass(frozen=True)
class PartialDate:
    """A year, a month of a year, or a day."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError`, with a message for users, for a date that is in no calendar."""
        if not EARLIEST_YEAR <= self.year <= LATEST_YEAR:
            raise ValueError(
                f"The year {self.year:04} is outside {EARLIEST_YEAR} to {LATEST_YEAR}."
            )
        if self.day is not None and self.month is None:
            raise ValueError("A day needs its month.")
        if self.month is not None and not 1 <= self.month <= 12:
            raise ValueError(f"There is no month {self.month:02}.")
        if self.day is not None and not 1 <= self.day <= _days_in(self.year, self.month):
            raise ValueError(f"There is no day {self.day:02} in {self.year:04}-{self.month:02}.")

    @classmethod
    def parse(cls, value: str) -> Self:
        """Parse `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; `ValueError` with a message for users."""
        if not (match := _FORM.fullmatch(value)):
            raise ValueError(f"“{value[:40]}” is not a date. Write YYYY, YYYY-MM or YYYY-MM-DD.")
        return cls(*(int(part) if part else None for part in match.groups()))

    @classmethod
    def on(cls, day: date) -> Self:
        return cls(day.year, day.month, day.day)

    @classmethod
    def spanning(cls, days: Range) -> Self:
        """The partial date of a range of days that PostgreSQL returned."""
        first, last = days.lower, days.upper - timedelta(days=1)
        if first == last:
            return cls.on(first)
        return cls(first.year, first.month) if first.month == last.month else cls(first.year)

    @classmethod
    def covering(cls, days: str) -> Self:
        """The partial date of a range written as `[2026-02-01,2026-03-01)`."""
        first, end = (date.fromisoformat(edge) for edge in days.strip("[)").split(","))
        return cls.spanning(DateRange(first, end))

    @property
    def first(self) -> date:
        """The earliest day it can be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last(self) -> date:
        """The latest day it can be."""
        month = self.month or 12
        return date(self.year, month, self.day or _days_in(self.year, month))

    @property
    def days(self) -> DateRange:
        """The days it can be, as a half-open range."""
        return DateRange(self.first, self.last + timedelta(days=1))

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __str__(self) -> str:
        parts = [
            f"{self.year:04}",
            self.month and f"{self.month:02}",
            self.day and f"{self.day:02}",
        ]
        return "-".join(part for part in parts if part)


def future_publication(
    published: PartialDate | None, at: datetime | None, now: datetime
) -> str | None:
    """A warning of a publication that is in the future in every time zone; None if it is not."""
    if at and at > now:
        return f"The time of publication, {at.isoformat()}, is in the future."
    if published and published.first > (now.astimezone(UTC) + LATEST_OFFSET).date():
        return f"The date of publication, {published}, is in the future."
    return None


def _days_in(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


# Model


def parse_time(value: str) -> datetime | None:
    """Parse a date and time (ISO 8601); None if it is none, `ValueError` if it cannot be."""
    try:
        return parse_datetime(value)
    except ValueError as error:
        raise ValueError(
            f"There is no time “{value[:60]}”. Months go to 12, days to the last of the month, "
            "hours to 23, minutes and seconds to 59, offsets to 23:59. Write midnight as 00:00."
        ) from error


class PartialDateField(models.Field):
    """A column of the domain `partial_date`; NULL is unknown. Python sees `PartialDate`."""

    description = "A year, a month or a day"

    def db_type(self, connection) -> str:
        return "partial_date"

    def cast_db_type(self, connection) -> str:
        return "daterange"

    def from_db_value(self, value, expression, connection):
        return value if value is None else PartialDate.spanning(value)

    def to_python(self, value):
        if value is None or isinstance(value, PartialDate):
            return value
        try:
            return PartialDate.parse(value)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def get_prep_value(self, value):
        value = self.to_python(super().get_prep_value(value))
        return value and value.days

    def value_to_string(self, obj) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": PartialDateFormField, **kwargs})


class FirstDay(models.Func):
    """The earliest day; unknown comes before all others."""

    template = "coalesce(lower(%(expressions)s), DATE '0001-01-01')"
    output_field = models.DateField()


class Imprecise(models.Func):
    """Whether only month or year are known; NULL if the date is unknown."""

    template = "(upper(%(expressions)s) - lower(%(expressions)s) > 1)"
    output_field = models.BooleanField()


class Overlaps(models.Lookup):
    """`published__overlaps=DateRange(…)`: the two share a day. Unknown overlaps nothing."""

    lookup_name = "overlaps"

    def get_prep_lookup(self):
        return self.rhs

    def get_db_prep_lookup(self, value, connection):
        return "%s", [value]

    def as_sql(self, compiler, connection):
        lhs, lhs_params = self.process_lhs(compiler, connection)
        rhs, rhs_params = self.process_rhs(compiler, connection)
        return f"{lhs} && {rhs}::daterange", (*lhs_params, *rhs_params)


PartialDateField.register_lookup(Overlaps)


class OnItsDay(models.Func):
    """Whether a time is on a full day, on the clock of some time zone; NULL if one is unknown."""

    template = """(
        upper({day}) - lower({day}) = 1
        AND ({time} AT TIME ZONE 'UTC')::date BETWEEN lower({day}) - 1 AND lower({day}) + 1
    )"""
    output_field = models.BooleanField()

    def as_sql(self, compiler, connection, **context):
        (day, of_day), (time, of_time) = map(compiler.compile, self.source_expressions)
        sql = self.template.format(day=f"{day}::daterange", time=f"{time}::timestamptz")
        return sql, [*of_day, *of_day, *of_time, *of_day, *of_day]


# Form


class PartialDateFormField(forms.CharField):
    def __init__(self, **kwargs):
        kwargs.setdefault("help_text", "YYYY, YYYY-MM or YYYY-MM-DD. Leave empty when unknown.")
        super().__init__(**{**kwargs, "empty_value": None})

    def to_python(self, value):
        if isinstance(value, PartialDate) or (value := super().to_python(value)) is None:
            return value
        try:
            return PartialDate.parse(value)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def has_changed(self, initial, data) -> bool:
        return str(initial or "") != str(data or "").strip()


# Serializer


@extend_schema_field(
    {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$", "examples": ["2026-02"]}
)
class PartialDateSerializerField(serializers.Field):
    """`YYYY`, `YYYY-MM`, `YYYY-MM-DD`; null is unknown."""

    def to_internal_value(self, data) -> PartialDate:
        if not isinstance(data, str):
            raise serializers.ValidationError("A date is a string: YYYY, YYYY-MM or YYYY-MM-DD.")
        try:
            return PartialDate.parse(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: PartialDate) -> str:
        return str(value)


serializers.ModelSerializer.serializer_field_mapping[PartialDateField] = PartialDateSerializerField


# Filter


class PartialDateFilter(PreparedFilter):
    """Rows whose date may be on or after (`edge="after"`), or on or before, the given date.

    Inclusive: 2006-02 matches `published_after=2006-02-28`. The redundant conditions on the first
    day let the index that sorts rows bound the scan.
    """

    field_class = PartialDateFormField

    def __init__(self, *, field_name: str, day_field: str, edge: str, **kwargs):
        super().__init__(field_name=field_name, **kwargs)
        self.day_field, self.edge = day_field, edge

    def shape(self, value: PartialDate) -> str:
        return self.edge

    def parameters(self, value: PartialDate) -> list:
        if self.edge == "before":
            return [DateRange(None, value.last, "(]"), value.last]
        return [DateRange(value.first, None), date(value.first.year, 1, 1)]

    def narrow(self, queryset, value, parameters):
        days, day = parameters
        if self.edge == "before":
            bound = {f"{self.day_field}__gt": UNKNOWN_DAY, f"{self.day_field}__lte": day}
        else:
            bound = {f"{self.day_field}__gte": day}
        return queryset.filter(**{f"{self.field_name}__overlaps": days}, **bound)
