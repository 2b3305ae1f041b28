"""The admin's dashboard: queues of work, and charts of what was filed and published lately.

Each queue is a list of the admin with a filter set, counted up to a limit. All figures are of what
the user may see.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import TruncWeek
from django.urls import reverse
from django.utils import timezone

from quotes.admin.filters import WEEK, midnight
from quotes.curation.queue import without_quotes
from quotes.models import Quote
from quotes.models.workflow import OPEN
from sources.admin.charts import Bar, bars
from sources.identity.duplicates import count_pairs
from sources.models import Article, Named, Organisation, Outlet, Speaker

MAX_QUEUE_COUNT = 10_000
MAX_EMPTY_COUNT = 1_000
MAX_PAIR_COUNT = 1_000  # possible duplicates are searched for, not counted from an index

CHART_WEEKS = 26
TOP_DAYS = 90
TOP_NAMES = 10

MAX_CHART_QUOTES = 100_000
"""Quotes counted for one chart. If there are more, it covers a shorter time."""

CACHE_SECONDS = 5 * 60
"""Age up to which charts, and the number of possible duplicates, are shown again."""


def quotes_where(**asked) -> str:
    """URL of the list of quotes with these filters."""
    return f"{reverse('admin:quotes_quote_changelist')}?{urlencode(asked)}"


# Queues


@dataclass(frozen=True)
class Queue:
    """A line of the dashboard. `number` is at most `most` + 1; then `oldest` is not known."""

    label: str
    number: int
    oldest: datetime | None
    url: str
    most: int

    @property
    def is_longer(self) -> bool:
        return self.number > self.most

    @property
    def shown(self) -> str:
        return f"{self.most:,}+" if self.is_longer else f"{self.number:,}"


def queues(user) -> list[Queue]:
    """Queues that this user may work on; none for readers."""
    found = []
    quotes = Quote.objects.visible_to(user).order_by()
    if user.has_perm("quotes.review_quote"):
        found += [_proposed(quotes), _without_quotes()]
    if user.has_perm("quotes.change_quote"):
        for flag in Quote.Flag:
            rows = quotes.filter(flags__contains=[flag], status__in=OPEN)
            found.append(_counted(flag.label, rows, quotes_where(flag=flag.value)))
        for anchor in (Quote.Anchor.MOVED, Quote.Anchor.ALTERED, Quote.Anchor.MISSING):
            rows = quotes.filter(anchor=anchor.value, status__in=OPEN)
            found.append(_counted(anchor.label, rows, quotes_where(anchor=anchor.value)))
    for model in (Speaker, Organisation):
        if user.has_perm(f"sources.change_{model._meta.model_name}"):
            found.append(_duplicates(model))
    return found


def _duplicates(model: type[Named]) -> Queue:
    name, plural = model._meta.model_name, model._meta.verbose_name_plural
    key = f"dashboard.pairs.{name}"
    number, oldest = cache.get_or_set(key, partial(_count_pairs, model), CACHE_SECONDS)
    url = reverse(f"admin:sources_{name}_duplicates")
    return Queue(f"Possible duplicate {plural}", number, oldest, url, MAX_PAIR_COUNT)


def _proposed(quotes: QuerySet) -> Queue:
    rows = quotes.filter(status=Quote.Status.PROPOSED)
    number = rows.values("pk")[: MAX_QUEUE_COUNT + 1].count()
    oldest = rows.order_by("created", "pk").values_list("created", flat=True).first()
    url = reverse("admin:quotes_review_changelist")
    return Queue("Waiting for review", number, oldest, url, MAX_QUEUE_COUNT)


def _without_quotes() -> Queue:
    """Cached: articles without a quote are searched for, not counted from an index."""
    number, oldest = cache.get_or_set("dashboard.empty", _count_empty, CACHE_SECONDS)
    url = f"{reverse('admin:sources_article_changelist')}?quotes=none"
    return Queue("No quotes yet", number, oldest, url, MAX_EMPTY_COUNT)


def _count_empty() -> tuple[int, datetime | None]:
    some = without_quotes(Article.objects.order_by()).values("created")[: MAX_EMPTY_COUNT + 1]
    number, oldest = some.aggregate(n=Count("*"), oldest=Min("created")).values()
    return number, oldest if number <= MAX_EMPTY_COUNT else None


def _counted(label: str, rows: QuerySet, url: str) -> Queue:
    some = rows.values("created")[: MAX_QUEUE_COUNT + 1]
    number, oldest = some.aggregate(n=Count("*"), oldest=Min("created")).values()
    return Queue(label, number, oldest if number <= MAX_QUEUE_COUNT else None, url, MAX_QUEUE_COUNT)


def _count_pairs(model: type[Named]) -> tuple[int, datetime | None]:
    number, oldest = count_pairs(MAX_PAIR_COUNT + 1, model)
    return number, oldest if number <= MAX_PAIR_COUNT else None


# Charts


def charts(user) -> list[str]:
    """The charts for this user as HTML, cached."""
    if not user.has_perm("quotes.view_quote"):
        return []
    may_review = user.has_perm("quotes.review_quote")
    # Shared with everybody of the same permission: nobody's own proposals
    quotes = Quote.objects.order_by() if may_review else Quote.objects.public().order_by()
    today = timezone.now().date()
    key = f"dashboard.charts.{may_review}.{today}"
    return cache.get_or_set(key, lambda: list(_drawn(quotes, today, may_review)), CACHE_SECONDS)


def _drawn(quotes: QuerySet, today: date, may_review: bool) -> Iterator[str]:
    yield _filed_per_week(quotes, today)
    if may_review:
        yield _waiting_per_week(quotes, today)
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
    return bars(
        [
            Bar(
                f"{week:%-d %b}",
                [counted[week][status] for status in statuses],
                quotes_where(filed=week.isoformat()),
            )
            for week in weeks
        ],
        "Quotes filed per week, by status",
        series=[status.label.lower() for status in statuses],
        of="week of",
        note=note,
    )


def _waiting_per_week(quotes: QuerySet, today: date) -> str:
    weeks = _weeks(today)
    proposed = quotes.filter(status=Quote.Status.PROPOSED)
    rows = proposed.filter(created__gte=midnight(weeks[0]))
    rows = rows.annotate(week=TruncWeek("created", tzinfo=UTC)).values("week")
    counted = {row["week"].date(): row["n"] for row in rows.annotate(n=Count("*"))}
    asked = {"status__exact": Quote.Status.PROPOSED.value}
    older = (
        proposed.filter(created__lt=midnight(weeks[0])).values("pk")[: MAX_QUEUE_COUNT + 1].count()
    )
    drawn = [
        Bar(
            "older",
            [min(older, MAX_QUEUE_COUNT)],
            quotes_where(**asked, filed=f"-{weeks[0].isoformat()}"),
        )
    ]
    drawn += [
        Bar(
            f"{week:%-d %b}",
            [counted.get(week, 0)],
            quotes_where(**asked, filed=week.isoformat()),
        )
        for week in weeks
    ]
    note = f"Older quotes are counted up to {MAX_QUEUE_COUNT:,}." if older > MAX_QUEUE_COUNT else ""
    return bars(
        drawn,
        "Waiting quotes, by week filed",
        series=["waiting"],
        of="week of",
        note=note,
    )


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
        horizontal=True,
    )


def _weeks(today: date) -> list[date]:
    """Mondays of the last `CHART_WEEKS` weeks, this week's included."""
    monday = today - timedelta(days=today.weekday())
    return [monday - WEEK * number for number in range(CHART_WEEKS - 1, -1, -1)]
