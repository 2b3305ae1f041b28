"""The charts of the dashboard: what was filed, waits, was decided, and who is quoted most.

They are drawn from one moment and kept for a few minutes. They are drawn again as soon as the
queues beside them have other numbers, so that a chart never contradicts the table.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Count, QuerySet
from django.db.models.functions import TruncWeek
from django.urls import reverse

from quotes.admin.filters import WEEK, midnight
from quotes.admin.status import status_class
from quotes.curation.queue import WAITING
from quotes.curation.throughput import DAYS, MAX_DECISIONS, DecidedDay, decided_days
from quotes.models import Quote
from sources.admin.charts import Bar, Series, bars, columns
from sources.models import Outlet, Speaker

CHART_WEEKS = 26
TOP_DAYS = 90
TOP_NAMES = 10
TOP_REVIEWERS = 5  # as many as there are colours

MAX_CHART_QUOTES = 100_000
"""Quotes counted for one chart. If there are more, it covers a shorter time."""

CACHE_SECONDS = 5 * 60
"""Age up to which charts are shown again."""


@dataclass(frozen=True)
class Charts:
    """Charts as HTML, the time when all were drawn, and the queue numbers they agree with."""

    drawn: list[str]
    as_of: datetime
    numbers: tuple[int, ...]


def quotes_where(**asked) -> str:
    """URL of the list of quotes with these filters."""
    return f"{reverse('admin:quotes_quote_changelist')}?{urlencode(asked)}"


def charts(user, numbers: Sequence[int], waiting: int, now: datetime) -> Charts | None:
    """The charts for this user; None without access to quotes.

    `numbers` are those of the queues on the same page, `waiting` that of proposed quotes, which is
    counted up to a limit.
    """
    if not user.has_perm("quotes.view_quote"):
        return None
    may_review = user.has_perm("quotes.review_quote")
    key, numbers = f"dashboard.charts.{may_review}.{now.date()}", tuple(numbers)
    held = cache.get(key)
    if held is None or held.numbers != numbers:
        # Shared with everybody of the same permission: nobody's own proposals
        quotes = Quote.objects.order_by() if may_review else Quote.objects.public().order_by()
        drawn = list(_drawn(quotes, now.date(), may_review))
        if may_review:
            drawn.insert(0, _waiting_per_week(user, now, waiting))
        held = Charts(drawn, now, numbers)
        cache.set(key, held, CACHE_SECONDS)
    return held


def _drawn(quotes: QuerySet, today: date, may_review: bool) -> Iterator[str]:
    if may_review:
        yield _decided_per_day(today)
    yield _filed_per_week(quotes, today)
    since = today - timedelta(days=TOP_DAYS)
    lately = quotes.filter(published_day__gte=since)
    if last := _limit_of(lately, "published_day"):
        since = min(last + timedelta(days=1), today)
        lately = lately.filter(published_day__gte=since)
    days = (today - since).days
    for model, title in ((Speaker, "Most quoted"), (Outlet, "Outlets with most quotes")):
        yield _most_quoted(lately, model, title, since, days)


def _limit_of(rows: QuerySet, column: str):
    """Value at which the newest `MAX_CHART_QUOTES` of these rows end, if more follow."""
    values = rows.order_by(f"-{column}").values_list(column, flat=True)
    return next(iter(values[MAX_CHART_QUOTES : MAX_CHART_QUOTES + 1]), None)


def _filed_per_week(quotes: QuerySet, today: date) -> str:
    weeks, note = _weeks(today), ""
    rows = quotes.filter(created__gte=midnight(weeks[0]))
    if last := _limit_of(rows, "created"):
        weeks = [week for week in weeks if week > last.date()] or weeks[-1:]
        rows = rows.filter(created__gte=midnight(weeks[0]))
        note = f"Only the latest {MAX_CHART_QUOTES:,} quotes are counted."
    counted: dict[date, Counter] = defaultdict(Counter)
    rows = rows.annotate(week=TruncWeek("created", tzinfo=UTC)).values("week", "status")
    for row in rows.annotate(n=Count("*")):
        counted[row["week"].date()][row["status"]] += row["n"]
    known = {status for count in counted.values() for status in count}
    statuses = [status for status in Quote.Status if status in known]
    return columns(
        [
            Bar(
                _day(week),
                [counted[week][status] for status in statuses],
                quotes_where(filed=week.isoformat()),
            )
            for week in weeks
        ],
        "Quotes filed per week, by status",
        series=[Series(status.label.lower(), status_class(status)) for status in statuses],
        of="week of",
        note=note,
    )


def _waiting_per_week(user, now: datetime, waiting: int) -> str:
    """All quotes that wait: their sum is `waiting`, the number of the queue."""
    weeks = _weeks(now.date())
    rows = WAITING.of(user, now).filter(created__gte=midnight(weeks[0]))
    rows = rows.annotate(week=TruncWeek("created", tzinfo=UTC)).values("week")
    counted = {row["week"].date(): row["n"] for row in rows.annotate(n=Count("*"))}
    asked = {"status__exact": Quote.Status.PROPOSED.value}
    is_snoozed = WAITING.snoozed_of(user, now).exists()
    older = max(0, waiting - sum(counted.values()))
    drawn = [
        Bar("older", [older], quotes_where(**asked, filed=f"-{weeks[0].isoformat()}")),
        *(
            Bar(_day(week), [counted.get(week, 0)], quotes_where(**asked, filed=week.isoformat()))
            for week in weeks
        ),
    ]
    return columns(
        drawn,
        "Waiting quotes, by week filed",
        series=[Series("waiting", status_class(Quote.Status.PROPOSED))],
        of="week of",
        note="Without those that are snoozed." if is_snoozed else "",
    )


def _decided_per_day(today: date) -> str:
    days = decided_days(today)
    total = sum((day.by for day in days), Counter())
    top = [name for name, _ in total.most_common(TOP_REVIEWERS)]
    rest = len(total) - len(top)
    series = [Series(name, f"bar-{number}") for number, name in enumerate(top, 1)]
    if rest:
        series.append(Series(f"{rest} other{'s' if rest > 1 else ''}", "bar-rest"))
    waits = sorted(wait for day in days for wait in day.waits)
    note = (
        f"Half of these had waited less than {_in_words(waits[len(waits) // 2])}." if waits else ""
    )
    if len(days) < DAYS:
        note = f"{note} Only the latest {MAX_DECISIONS:,} decisions are counted."
    return columns(
        [Bar(_day(day.day), _by(day, top, rest), more=_median_wait(day)) for day in days],
        "Quotes reviewed per day, by reviewer",
        series=series,
        of="day",
        more="median wait",
        note=note.strip(),
    )


def _by(day: DecidedDay, top: list[str], rest: int) -> list[int]:
    """Decisions of each of the busiest reviewers, then of the others, if there are any."""
    each = [day.by[name] for name in top]
    return [*each, day.by.total() - sum(each)] if rest else each


def _median_wait(day: DecidedDay) -> str:
    return "" if day.median_wait is None else _in_words(day.median_wait)


def _in_words(wait: timedelta) -> str:
    minutes = round(wait.total_seconds() / 60)
    for size, name in ((24 * 60, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return f"{round(minutes / size)} {name}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}" if minutes else "a minute"


def _most_quoted(lately: QuerySet, model: type, title: str, since: date, days: int) -> str:
    field = model._meta.model_name
    rows = lately.exclude(**{field: None}).values(field).annotate(n=Count("*"))
    top = list(rows.order_by("-n", field)[:TOP_NAMES])
    named = model.objects.in_bulk([row[field] for row in top])
    return bars(
        [
            Bar(
                named[row[field]].name,
                [row["n"]],
                quotes_where(
                    **{f"{field}__id__exact": row[field], "published_since": since.isoformat()}
                ),
            )
            for row in top
        ],
        f"{title} in the last {days} days",
        of=field,
        counted="quotes",
    )


def _day(day: date) -> str:
    return f"{day:%-d %b}"


def _weeks(today: date) -> list[date]:
    """Mondays of the last `CHART_WEEKS` weeks, this week's included."""
    monday = today - timedelta(days=today.weekday())
    return [monday - WEEK * number for number in range(CHART_WEEKS - 1, -1, -1)]
