"""The day and the time of an article's publication never disagree, by any road."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.serializers import ValidationError

from sources.api.publication import split_time
from sources.dates import PartialDate
from sources.models import Article
from tests.conftest import API, ok, problem
from tests.records import make_article

pytestmark = pytest.mark.django_db

ARTICLES = f"{API}articles/"
MIDNIGHT = "2026-03-01T00:30:00+02:00"


def publication(client, article) -> tuple:
    shown = ok(client.get(f"{ARTICLES}{article.pk}/"))
    return shown["published"], shown["published_at"]


def patch(client, article, **body):
    return client.patch(f"{ARTICLES}{article.pk}/", body, headers={"If-Match": "*"})


def dated(day: str | None = "2026-03-01", at: str | None = "2026-03-01T00:30:00+02:00") -> Article:
    return make_article(published=day, published_at=at)


@pytest.mark.parametrize("name", ["published", "published_at"])
def test_the_day_of_a_time_is_that_on_its_own_clock_by_either_field(curator, name):
    filed = ok(curator.post(ARTICLES, {"external_id": "1", "text": "x", name: MIDNIGHT}), 201)
    assert (filed["published"], filed["published_at"]) == ("2026-03-01", "2026-02-28T22:30:00Z")
    article = make_article()
    ok(patch(curator, article, **{name: MIDNIGHT}))
    assert publication(curator, article) == ("2026-03-01", "2026-02-28T22:30:00Z")


@pytest.mark.parametrize("naive", ["2026-03-01T00:30:00", "2026-03-01", "2026-03", "noon", 5, True])
def test_a_time_without_its_offset_is_refused_with_the_remedy(curator, naive):
    for answer in (
        curator.post(ARTICLES, {"external_id": "1", "text": "x", "published_at": naive}),
        patch(curator, make_article(), published_at=naive),
    ):
        (fault,) = problem(answer, 400)["errors"]
        assert fault["pointer"] == "/published_at"
        assert "2026-02-11T09:30:00+01:00" in fault["message"]


@pytest.mark.parametrize("name", ["published", "published_at", "modified"])
@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2026-03-01T24:00:00Z", "Write midnight as 00:00."),
        ("2026-03-01T09:30:00+25:00", "offsets to 23:59"),
        ("2026-02-30T09:30:00Z", "days to the last of the month"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_the_remedy(curator, name, time, said):
    answer = curator.post(ARTICLES, {"external_id": "1", "text": "x", name: time})
    (fault,) = problem(answer, 400)["errors"]
    assert fault["pointer"] == f"/{name}"
    assert f"There is no time “{time}”." in fault["message"]
    assert said in fault["message"]


def test_a_time_of_the_day_on_record_keeps_that_day(curator):
    article = dated()
    for time in ("2026-03-01T00:45:00+02:00", "2026-02-28T22:45:00Z"):
        ok(patch(curator, article, published_at=time))
        assert publication(curator, article) == ("2026-03-01", "2026-02-28T22:45:00Z")


@pytest.mark.parametrize("time", ["2026-02-28T00:45:00+02:00", "2026-03-03T00:00:00Z"])
def test_a_time_of_another_day_than_that_on_record_is_refused(curator, time):
    article = dated()
    (fault,) = problem(patch(curator, article, published_at=time), 400)["errors"]
    assert fault["pointer"] == "/published_at"
    assert "2026-03-01" in fault["message"]
    assert publication(curator, article) == ("2026-03-01", "2026-02-28T22:30:00Z")


def test_another_day_alone_clears_the_time(curator):
    for day in ("2026-05-05", "2026-03", None):
        article = dated()
        ok(patch(curator, article, published=day))
        assert publication(curator, article) == (day, None)


def test_the_same_day_alone_keeps_the_time(curator):
    article = dated()
    ok(patch(curator, article, published="2026-03-01", headline="Quay"))
    assert publication(curator, article) == ("2026-03-01", "2026-02-28T22:30:00Z")


def test_what_the_answer_shows_can_be_sent_back(curator):
    article = dated()
    day, time = publication(curator, article)
    ok(patch(curator, article, published=day, published_at=time))
    assert publication(curator, article) == (day, time)


def test_a_time_makes_an_imprecise_date_its_day(curator):
    for known in ("2026", "2026-03", None):
        article = dated(known, None)
        ok(patch(curator, article, published_at=MIDNIGHT))
        assert publication(curator, article)[0] == "2026-03-01"
    problem(patch(curator, dated("2026-04", None), published_at=MIDNIGHT), 400)


def test_the_time_alone_can_be_cleared(curator):
    article = dated()
    ok(patch(curator, article, published_at=None))
    assert publication(curator, article) == ("2026-03-01", None)


@pytest.mark.parametrize(
    ("published", "published_at"),
    [
        (None, "2026-03-01T10:00Z"),
        ("2026-03", "2026-03-01T10:00Z"),
        ("2026-03-01", "2026-03-03T00:00Z"),
        ("2026-03-01", "2026-02-27T23:59Z"),
    ],
)
def test_postgresql_refuses_a_time_that_is_not_on_its_day(published, published_at):
    article = make_article()
    values = {"published": published and PartialDate.parse(published), "published_at": published_at}
    with pytest.raises(IntegrityError, match="article_time_is_on_its_day"), transaction.atomic():
        Article.objects.filter(pk=article.pk).update(**values)


MOMENTS = st.datetimes(
    datetime.fromisoformat("2026-01-01"),
    datetime.fromisoformat("2026-12-31"),
    timezones=st.builds(
        timezone, st.integers(-23 * 60, 23 * 60).map(lambda minutes: timedelta(minutes=minutes))
    ),
)
DATES = st.one_of(
    st.just(PartialDate(2026)),
    st.integers(1, 12).map(lambda month: PartialDate(2026, month)),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(PartialDate.on),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "published": st.none() | DATES | MOMENTS,
            "published_at": st.none() | MOMENTS,
        },
    ),
    st.none() | MOMENTS,
    st.none() | DATES,
)
def test_whatever_is_sent_to_whatever_is_on_record_ends_in_a_day_with_its_time(body, at, day):
    """PostgreSQL takes whatever `split_time` lets pass."""
    known = PartialDate.on(at.date()) if at else day
    record = Article(published=known, published_at=at and at.astimezone(UTC))
    try:
        attrs = split_time(body, record)
    except ValidationError:
        return
    after = {"published": record.published, "published_at": record.published_at, **attrs}
    published, moment = after["published"], after["published_at"]
    Article.objects.create(published=published, published_at=moment)
    sent = body.get("published_at") or body.get("published")
    if isinstance(sent, datetime) and sent.utcoffset():
        assert published == PartialDate.on(sent.date())


def test_a_filing_dated_in_the_future_is_taken_with_a_warning(curator):
    filed = ok(
        curator.post(ARTICLES, {"url": "https://a.example/1", "text": "x", "published": "2999"}),
        201,
    )
    assert filed["warnings"] == ["The date of publication, 2999, is in the future."]
    filed = ok(
        curator.post(ARTICLES, {"url": "https://a.example/2", "text": "x", "published": "2024"}),
        201,
    )
    assert filed["warnings"] == []
