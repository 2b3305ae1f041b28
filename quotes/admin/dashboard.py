"""What waits for a curator, and what was said lately: the first page of the admin.

Each queue is a list of the admin with a filter set. Its number is counted up to `COUNTED` and no
further. Everything starts from what its reader may see.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import TruncWeek
from django.urls import reverse
from django.utils import timezone

from quotes.admin.filters import A_WEEK, OPEN, midnight
from quotes.models import Quote
from sources.admin.charts import Bar, bars
from sources.identity.duplicates import count_pairs
from sources.models import Outlet, Speaker

COUNTED = 10_000
PAIRS = 1_000  # of speakers that may be one: each is looked for

WEEKS = 26
DAYS = 90
BUSIEST = 10

MOST = 100_000
"""Quotes that a chart is drawn from at most: where there are more, it goes less far back."""

KEPT = 5 * 60
"""Seconds that a chart, and the number of possible duplicates, may be old."""


def quotes_where(**asked) -> str:
    """The list of quotes, with filters set."""
    return f"{reverse('admin:quotes_quote_changelist')}?{urlencode(asked)}"


# Queues


@dataclass(frozen=True)
class Queue:
    """`number` is at most one more than `most`; `oldest` is not known of a longer one."""

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
    """The queues that this user may work on; none for who only reads."""
    found = []
    quotes = Quote.objects.visible_to(user).order_by()
    if user.has_perm("quotes.review_quote"):
        found.append(_proposed(quotes))
    if user.has_perm("quotes.change_quote"):
        for flag, label in (
            (Quote.Flag.ROLE_CONFLICT, "Roles that no affiliation confirms"),
            (Quote.Flag.AMBIGUOUS_SPEAKER, "Ambiguous speakers"),
            (Quote.Flag.UNRESOLVED_SPEAKER, "Unresolved speakers"),
            (Quote.Flag.AMBIGUOUS_ORGANISATION, "Ambiguous organisations"),
            (Quote.Flag.FILING_DIFFERS, "Later filings that differ"),
        ):
            rows = quotes.filter(flags__contains=[flag], status__in=OPEN)
            found.append(_counted(label, rows, quotes_where(flag=flag.value)))
        for anchor, label in (
            (Quote.Anchor.ALTERED, "Altered in the present text"),
            (Quote.Anchor.MISSING, "Missing from the present text"),
        ):
            rows = quotes.filter(anchor=anchor.value, status__in=OPEN)
            found.append(_counted(label, rows, quotes_where(anchor=anchor.value)))
    if user.has_perm("sources.change_speaker"):
        number, oldest = cache.get_or_set("first_page.pairs", _count_pairs, KEPT)
        url = reverse("admin:sources_speaker_duplicates")
        found.append(Queue("Possible duplicate speakers", number, oldest, url, PAIRS))
    return found


def _proposed(quotes: QuerySet) -> Queue:
    rows = quotes.filter(status=Quote.Status.PROPOSED)
    number = rows.values("pk")[: COUNTED + 1].count()
    oldest = rows.order_by("created", "pk").values_list("created", flat=True).first()
    url = reverse("admin:quotes_review_changelist")
    return Queue("Proposed quotes", number, oldest, url, COUNTED)


def _counted(label: str, rows: QuerySet, url: str) -> Queue:
    some = rows.values("created")[: COUNTED + 1]
    number, oldest = some.aggregate(n=Count("*"), oldest=Min("created")).values()
    return Queue(label, number, oldest if number <= COUNTED else None, url, COUNTED)


def _count_pairs() -> tuple[int, datetime | None]:
    number, oldest = count_pairs(PAIRS + 1)
    return number, oldest if number <= PAIRS else None


# Charts


def charts(user) -> list[str]:
    """Drawn for this user; what they are drawn from may be some minutes old."""
    if not user.has_perm("quotes.view_quote"):
        return []
    may_review = user.has_perm("quotes.review_quote")
    quotes = Quote.objects.visible_to(user).order_by()
    today = timezone.now().date()
    key = f"first_page.charts.{may_review}.{today}"
    return cache.get_or_set(key, lambda: list(_drawn(quotes, today, may_review)), KEPT)


def _drawn(quotes: QuerySet, today: date, may_review: bool) -> Iterator[str]:
    yield _a_week_by_status(quotes, today)
    if may_review:
        yield _age_of_the_queue(quotes, today)
    since = today - timedelta(days=DAYS)
    lately = quotes.filter(published_day__gte=since)
    if last := _last_of_most(lately, "published_day"):
        since = min(last + timedelta(days=1), today)
        lately = lately.filter(published_day__gte=since)
    for field, model in (("speaker", Speaker), ("outlet", Outlet)):
        yield _busiest(lately, field, model, since, (today - since).days)


def _last_of_most(rows: QuerySet, column: str):
    """Where the newest `MOST` of these rows end, if there are more; read from an index alone."""
    return next(
        iter(rows.order_by(f"-{column}").values_list(column, flat=True)[MOST : MOST + 1]), None
    )


def _a_week_by_status(quotes: QuerySet, today: date) -> str:
    weeks, note = _weeks(today), ""
    rows = quotes.filter(created__gte=midnight(weeks[0]))
    if last := _last_of_most(rows, "created"):
        weeks = [week for week in weeks if week > last.date()] or weeks[-1:]
        rows = rows.filter(created__gte=midnight(weeks[0]))
        note = f"No further back: {MOST:,} quotes are counted."
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
        "Quotes filed a week, by status",
        series=[status.label.lower() for status in statuses],
        of="week of",
        note=note,
    )


def _age_of_the_queue(quotes: QuerySet, today: date) -> str:
    weeks = _weeks(today)
    proposed = quotes.filter(status=Quote.Status.PROPOSED)
    rows = proposed.filter(created__gte=midnight(weeks[0]))
    rows = rows.annotate(week=TruncWeek("created", tzinfo=UTC)).values("week")
    counted = {row["week"].date(): row["n"] for row in rows.annotate(n=Count("*"))}
    asked = {"status__exact": Quote.Status.PROPOSED.value}
    older = proposed.filter(created__lt=midnight(weeks[0])).values("pk")[: COUNTED + 1].count()
    drawn = [
        Bar("older", [min(older, COUNTED)], quotes_where(**asked, filed=f"-{weeks[0].isoformat()}"))
    ]
    drawn += [
        Bar(
            f"{week:%-d %b}",
            [counted.get(week, 0)],
            quotes_where(**asked, filed=week.isoformat()),
        )
        for week in weeks
    ]
    note = f"Older ones are counted up to {COUNTED:,}." if older > COUNTED else ""
    return bars(
        drawn,
        "Age of the queue: proposed quotes by the week they were filed",
        series=["proposed"],
        of="week of",
        note=note,
    )


def _busiest(lately: QuerySet, field: str, model: type, since: date, days: int) -> str:
    rows = lately.exclude(**{field: None}).values(field).annotate(n=Count("*"))
    busiest = list(rows.order_by("-n", field)[:BUSIEST])
    named = model.objects.in_bulk([row[field] for row in busiest])
    return bars(
        [
            Bar(
                named[row[field]].name,
                [row["n"]],
                quotes_where(
                    **{f"{field}__id__exact": row[field], "published_since": since.isoformat()}
                ),
            )
            for row in busiest
        ],
        f"Busiest {field}s of the last {days} days",
        of=field,
        horizontal=True,
    )


def _weeks(today: date) -> list[date]:
    """The Mondays of the last weeks, with this one."""
    monday = today - timedelta(days=today.weekday())
    return [monday - A_WEEK * number for number in range(WEEKS - 1, -1, -1)]
