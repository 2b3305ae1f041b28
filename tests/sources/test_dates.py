"""Partial dates: parsed and printed, stored, compared, asked for."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.range import DateRange
from rest_framework import serializers

from sources.api.filtersets import ArticleFilters
from sources.dates import (
    PartialDate,
    PartialDateField,
    PartialDateFormField,
    PartialDateSerializerField,
    future_publication,
    parse_time,
)
from sources.models import Article

days = st.dates(date(1000, 1, 1), date(2999, 12, 31))


@st.composite
def partial_dates(draw, days=days) -> PartialDate:
    day = draw(days)
    parts = draw(st.integers(1, 3))
    return PartialDate(*(day.year, day.month, day.day)[:parts])


# Parsing and printing


@given(partial_dates())
def test_a_date_written_out_parses_to_itself(when):
    assert PartialDate.parse(str(when)) == when


@given(partial_dates())
def test_the_range_of_days_makes_the_same_date(when):
    assert PartialDate.spanning(when.days) == when
    assert when.days == DateRange(when.first, when.last + timedelta(days=1))
    written = f"[{when.first},{when.last + timedelta(days=1)})"  # as PostgreSQL writes it
    assert PartialDate.covering(written) == when


@given(partial_dates(), days)
def test_a_date_covers_the_days_of_its_year_and_month(when, day):
    named = (when.year, when.month, when.day)
    agrees = all(a in (None, b) for a, b in zip(named, (day.year, day.month, day.day), strict=True))
    assert when.covers(day) is agrees


@pytest.mark.parametrize(
    "text", ["2006", "2006-02", "2006-02-23", "1000-01-01", "2999-12-31", "2024-02-29"]
)
def test_a_date_is_written_as_given(text):
    assert str(PartialDate.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "yesterday", "06", "206", "20066", "2006-2", "2006-02-3", "2006-2-03", "200602",
        "20060223", "2006-02-23T10:00", "2006-W07", "2006-054", " 2006", "2006\n", "+2006", "-2006",
        "２００６", "2006-02-", "2006--02", "2006/02", "02/2006", "٢٠٠٦",
    ],
)  # fmt: skip
def test_another_format_is_refused_with_the_right_one(text):
    with pytest.raises(ValueError, match="Write YYYY, YYYY-MM or YYYY-MM-DD"):
        PartialDate.parse(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2006-00", "no month 00"),
        ("2006-13", "no month 13"),
        ("2006-02-30", "no day 30 in 2006-02"),
        ("2006-02-00", "no day 00"),
        ("2025-02-29", "no day 29"),
        ("2100-02-29", "no day 29"),
        ("2006-04-31", "no day 31"),
        ("0999", "outside 1000 to 2999"),
        ("0000-01-01", "outside 1000 to 2999"),
        ("3000-01-01", "outside 1000 to 2999"),
    ],
)
def test_a_day_in_no_calendar_is_refused_by_name(text, fault):
    with pytest.raises(ValueError, match=fault):
        PartialDate.parse(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-11T09:30:00Z", datetime(2026, 2, 11, 9, 30, tzinfo=UTC)),
        ("2026-02-11T10:30:00+01:00", datetime(2026, 2, 11, 9, 30, tzinfo=UTC)),
        ("soon", None),
    ],
)
def test_a_time_is_parsed_or_is_none(text, moment):
    assert parse_time(text) == moment


@pytest.mark.parametrize(
    "text", ["2026-02-30T09:30:00Z", "2026-13-01T09:30:00Z", "2026-02-11T24:01:00Z"]
)
def test_a_time_that_cannot_be_is_refused_by_name(text):
    with pytest.raises(ValueError, match=f"There is no time “{text}”. Months go to 12") as refused:
        parse_time(text)
    assert str(refused.value).endswith(
        ", hours to 23, minutes and seconds to 59, offsets to 23:59. Write midnight as 00:00."
    )


@pytest.mark.parametrize(
    ("published", "at", "is_future"),
    [
        ("2026-03-02", None, False),  # it is the 2nd already in the Pacific
        ("2026-03-03", None, True),
        ("2026-03", None, False),
        ("2026-04", None, True),
        ("2027", None, True),
        (None, None, False),
        ("2026-03-01", "2026-03-01T12:00:01+00:00", True),
        ("2026-03-01", "2026-03-01T12:00:00+00:00", False),
    ],
)
def test_a_date_is_in_the_future_if_it_is_so_everywhere(published, at, is_future):
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    when = published and PartialDate.parse(published)
    warning = future_publication(when, at and datetime.fromisoformat(at), now)
    assert bool(warning) is is_future
    assert not is_future or f" {at or published}, is in the future." in warning


def test_a_day_needs_its_month():
    with pytest.raises(ValueError, match="needs its month"):
        PartialDate(2006, None, 23)


# Stored


@pytest.mark.django_db
@given(when=st.none() | partial_dates())
@settings(max_examples=40, deadline=None)
def test_a_date_comes_back_as_it_was_stored(when):
    article = Article.objects.create(published=when)
    article.refresh_from_db()
    assert article.published == when
    assert article.published_day == (when.first if when else date.min)
    assert Article.objects.get(pk=article.pk, published=when) if when else True


@pytest.mark.django_db
def test_dates_sort_by_the_earliest_day_and_unknown_comes_last_in_descending_order():
    given_dates = ["2006-02-23", None, "2006-02", "2006", "2007", "2005-12-31", "2006-03"]
    for when in given_dates:
        Article.objects.create(published=when)
    sorted_dates = [str(a.published) for a in Article.objects.order_by("-published_day")]
    expected = ["2007", "2006-03", "2006-02-23", "2006-02", "2006", "2005-12-31", "None"]
    assert sorted_dates == expected


@pytest.mark.django_db
@pytest.mark.parametrize(
    "odd",
    [
        "[2006-02-01,2006-02-03)",
        "[2006-02-02,2006-03-02)",
        "[2006-01-01,2006-03-01)",
        "[2006-02-01,2007-02-01)",
        "[2006-01-01,2008-01-01)",
        "[2006-02-01,)",
        "(,2006-02-01)",
        "(,)",
        "empty",
        "[0999-12-31,1000-01-01)",
        "[3000-01-01,3000-01-02)",
        "[2999-12-31,3000-01-02)",
        "[-infinity,infinity]",
    ],
)
@pytest.mark.parametrize(
    "table", ["sources_article (byline, published)", 'sources_affiliation (role, "start")']
)
def test_the_database_refuses_ranges_that_are_not_a_day_month_or_year(table, odd):
    first = "'{}'" if "article" in table else "'pilot'"
    refusal = pytest.raises((IntegrityError, DataError))
    with refusal as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} VALUES ({first}, %s)", [odd])
    assert "partial_date" in str(caught.value)


@pytest.mark.django_db
@given(when=partial_dates())
@settings(max_examples=25, deadline=None)
def test_the_database_accepts_every_day_month_and_year(when):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::daterange::partial_date", [when.days])
        assert cursor.fetchone()[0] == when.days


# In forms and in JSON


def test_a_form_parses_dates_and_reads_empty_as_unknown():
    field = PartialDateFormField(required=False)
    assert field.clean("2006-02") == PartialDate(2006, 2)
    assert field.clean(" 2006 ") == PartialDate(2006)
    assert field.clean("") is None
    with pytest.raises(ValidationError, match="no month 13"):
        field.clean("2006-13")


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (PartialDate(2006, 2), "2006-02", False),
        (PartialDate(2006, 2), " 2006-02 ", False),
        (None, "", False),
        (None, None, False),
        (PartialDate(2006, 2), "2006", True),
        (PartialDate(2006, 2), "", True),
        (None, "2006", True),
    ],
)
def test_a_form_reports_only_real_changes(before, after, changed):
    assert PartialDateFormField(required=False).has_changed(before, after) is changed


@given(partial_dates())
def test_json_is_written_as_it_is_read(when):
    field = PartialDateSerializerField()
    assert field.to_internal_value(field.to_representation(when)) == when


@pytest.mark.parametrize(
    ("value", "fault"), [("2006-13", "no month 13"), ("06", "Write YYYY, YYYY-MM or YYYY-MM-DD")]
)
def test_what_is_no_date_is_refused_alike_by_models_forms_and_json(value, fault):
    for parse, error in (
        (PartialDateField().to_python, ValidationError),
        (PartialDateFormField().clean, ValidationError),
        (PartialDateSerializerField().to_internal_value, serializers.ValidationError),
    ):
        with pytest.raises(error, match=fault) as refused:
            parse(value)
        assert getattr(refused.value, "code", "invalid") == "invalid"


@given(st.none() | partial_dates())
def test_a_model_takes_dates_as_text_and_as_dates_and_knows_the_unknown(when):
    field = PartialDateField()
    assert field.to_python(when) == when
    assert field.to_python(when and str(when)) == when
    assert field.from_db_value(when and when.days, None, None) == when
    assert field.get_prep_value(when and str(when)) == (when and when.days)
    stored = Article._meta.get_field("published")
    assert stored.value_to_string(Article(published=when)) == str(when or "")


@pytest.mark.parametrize("value", [2006, 2006.0, True, None, [], ["2006"], {}])
def test_json_that_is_not_a_string_is_refused(value):
    with pytest.raises(serializers.ValidationError, match="A date is a string"):
        PartialDateSerializerField().to_internal_value(value)


# Asked for

NEAR = st.dates(date(2004, 11, 1), date(2007, 2, 28))


@pytest.fixture
def articles(db) -> list[Article]:
    """Articles of unknown date and of every precision, over some years."""
    each = [None, *(PartialDate(year) for year in (2004, 2005, 2006, 2007))]
    each += [PartialDate(year, month) for year in (2005, 2006) for month in (1, 2, 11, 12)]
    edges = [
        (2004, 12, 31),
        (2005, 1, 1),
        (2005, 2, 28),
        (2005, 3, 1),
        (2005, 12, 31),
        (2006, 1, 1),
    ]
    each += [PartialDate(*day) for day in edges]
    Article.objects.bulk_create(Article(published=when) for when in each)
    return list(Article.objects.all())


@pytest.mark.django_db
@given(after=st.none() | partial_dates(NEAR), before=st.none() | partial_dates(NEAR))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_filter_finds_dates_that_may_be_in_the_range_but_never_unknown_ones(
    articles, after, before
):
    """Against the plain meaning: some day is in the article's range and in the one asked for."""

    def matches(when: PartialDate | None) -> bool:
        if when is None:
            return after is None and before is None
        return (after is None or when.last >= after.first) and (
            before is None or when.first <= before.last
        )

    asked = {"published_after": after, "published_before": before}
    filters = ArticleFilters({name: str(value) for name, value in asked.items() if value})
    if after and before and before.last < after.first:
        assert not filters.is_valid()
        return
    assert filters.is_valid(), filters.errors
    expected = {article.pk for article in articles if matches(article.published)}
    assert set(filters.qs.values_list("pk", flat=True)) == expected
