"""The date and the exact time of publication, which never disagree."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from sources.dates import PartialDate, PartialDateSerializerField, parse_time
from sources.models import Article

ONE_DAY = timedelta(days=1)  # no clock is further from UTC


def parse_exact(data, instead: str = ", or send a date as `published`") -> datetime:
    """Parse a time with its offset from UTC (RFC 3339), and keep the offset."""
    try:
        moment = parse_time(data) if isinstance(data, str) else None
        if moment and moment.tzinfo:
            PartialDate.on(moment.date())
            return moment
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from error
    raise serializers.ValidationError(
        f"Not a time with its offset from UTC. Write 2026-02-11T09:30:00+01:00{instead}."
    )


@extend_schema_field({"type": "string", "examples": ["2026-02", "2026-02-11T09:30:00+01:00"]})
class PublicationField(PartialDateSerializerField):
    """A partial date, or an exact time (RFC 3339), which `split_time` splits."""

    def to_internal_value(self, data):
        if isinstance(data, str) and data[10:11].upper() == "T":
            return parse_exact(data)
        return super().to_internal_value(data)


class PublicationTimeField(serializers.DateTimeField):
    """An exact time of publication, on the clock that it is given in."""

    def to_internal_value(self, data):
        return parse_exact(data)


class VersionTimeField(serializers.DateTimeField):
    """An exact time, not in the future: it would make every later version an older one."""

    def to_internal_value(self, data):
        moment = parse_exact(data, instead="").astimezone(UTC)
        if moment > timezone.now() + ONE_DAY:
            raise serializers.ValidationError("Is in the future: later versions would be older.")
        return moment


def split_time(attrs: dict, record: Article | None = None) -> dict:
    """Bring the day and the time of publication in line, of a new article or of the record.

    The day of a time is that on the clock it was given in. A time in UTC may come from any clock,
    so a day beside it that is right on some clock stays. Another day alone clears the time.
    """
    published, at = attrs.get("published"), attrs.get("published_at")
    if isinstance(published, datetime):
        if at and at != published:
            raise serializers.ValidationError(
                {"published_at": ["Differs from published. Send only one of the two."]}
            )
        day = PartialDate.on(published.date())
        return {**attrs, "published": day, "published_at": published.astimezone(UTC)}
    if not at:
        is_moved = record and "published" in attrs and published != record.published
        return {"published_at": None, **attrs} if is_moved else attrs
    try:
        day = PartialDate.on(at.date())
    except ValueError as error:
        raise serializers.ValidationError({"published_at": [str(error)]}) from error
    if "published" not in attrs and record:
        published = record.published
    elif "published" in attrs and published is None:
        raise serializers.ValidationError(
            {"published_at": ["An exact time of publication needs its date."]}
        )
    if published is None or (published.day is None and published.covers(day.first)):
        published = day
    may_be_on_it = published.day is not None and not at.utcoffset()
    if published != day and not (may_be_on_it and abs(day.first - published.first) <= ONE_DAY):
        fault = f"Is not on the date of publication, {published}. Change both, or clear the time."
        raise serializers.ValidationError({"published_at": [fault]})
    # PostgreSQL reads no offset of 16 hours or more.
    return {**attrs, "published": published, "published_at": at.astimezone(UTC)}
