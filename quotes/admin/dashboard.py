"""The admin's dashboard: where to go on, queues of work, charts, and all records.

Each queue leads to its page, and is counted up to a limit. All figures are of what the user may
see.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import urlencode

from django.contrib import admin
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from quotes.admin.dashboard_charts import CACHE_SECONDS, Charts, charts
from quotes.curation import empty_articles
from quotes.curation.decisions import Decision, last_decisions, where_to_continue
from quotes.curation.queue import QUEUES, WAITING, QuoteQueue
from sources.admin.base import ReadOnlyAdmin
from sources.identity.duplicates import MAX_COUNTED, stored_count
from sources.models import Organisation, Speaker
from sources.models.base import Counting, Tally

MAX_QUEUE_COUNT = 10_000
LAST_DECISIONS = 8


@dataclass(frozen=True)
class Dashboard:
    """What the dashboard shows a user at a moment.

    `waiting` is the queue of proposed quotes, and `go_on` the URL of the article to review next.
    """

    queues: list["Queue"]
    waiting: "Queue | None"
    go_on: str | None
    decisions: list[Decision]
    charts: Charts | None
    now: datetime

    @property
    def waiting_since(self) -> str:
        return since_in_words(self.waiting.oldest, self.now)


def dashboard(user, now: datetime) -> Dashboard:
    found = queues(user)
    review = reverse("admin:quotes_review_changelist")
    waiting = next((queue for queue in found if queue.url == review), None)
    numbers = [queue.number for queue in found]
    drawn = charts(user, numbers, waiting.number if waiting else 0, now)
    go_on = where_to_continue(user) if waiting and waiting.number else None
    decisions = last_decisions(user, LAST_DECISIONS) if may_decide(user) else []
    return Dashboard(found, waiting, go_on, decisions, drawn, now)


def may_decide(user) -> bool:
    return user.has_perm("quotes.change_quote")


def since_in_words(when: datetime, now: datetime) -> str:
    """The day since when something waits, as one would say it: “Tuesday”, “2026-03-03”."""
    days = (now.date() - when.date()).days
    if days < 2:
        return "yesterday" if days else "today"
    if days < 7:
        return f"{when:%A}"
    return f"{when:%Y-%m-%d}"


def records_and_system(app_list: list[dict]) -> tuple[list[dict], list[dict]]:
    """Split Django's list of pages: records that people work with, and what the service keeps."""
    records, system = [], []
    for app in app_list:
        for pages, wanted in ((records, True), (system, False)):
            if models := [each for each in app["models"] if _is_record(each["model"]) is wanted]:
                pages.append({**app, "models": models})
    return records, system


def _is_record(model: type) -> bool:
    is_kept = isinstance(admin.site.get_model_admin(model), ReadOnlyAdmin)
    return model._meta.app_label in ("sources", "quotes") and not is_kept


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
    return [Queue(label, *count(), url, most) for label, url, most, count in _listed(user)]


def queue_links(user) -> list[tuple[str, str]]:
    """Labels and URLs of the same queues, which are not counted."""
    return [(label, url) for label, url, *_ in _listed(user)]


def _listed(user) -> Iterator[tuple[str, str, int, Counting]]:
    """Label and URL of each queue, the limit of its count, and what counts it."""
    now = timezone.now()
    for queue in QUEUES.values() if user.has_perm("quotes.review_quote") else ():
        count = partial(queue.counted, user, now, MAX_QUEUE_COUNT)
        yield queue.label, queue_url(queue), MAX_QUEUE_COUNT, count
        if queue is WAITING:
            empty = f"{reverse('admin:sources_article_changelist')}?quotes=none"
            most, count = empty_articles.MAX_COUNTED, empty_articles.stored_count
            yield "No quotes yet", empty, most, partial(_kept, "empty", most, count)
    for model in (Speaker, Organisation):
        name, plural = model._meta.model_name, model._meta.verbose_name_plural
        if user.has_perm(f"sources.change_{name}"):
            url = reverse(f"admin:sources_{name}_duplicates")
            count = partial(_kept, f"pairs.{name}", MAX_COUNTED, partial(stored_count, model))
            yield f"Possible duplicate {plural}", url, MAX_COUNTED, count


def _kept(name: str, most: int, count: Counting) -> Tally:
    """The number, and its oldest if all were counted; kept for some minutes.

    Until the worker has counted, each count takes long.
    """
    number, oldest = cache.get_or_set(f"dashboard.{name}", count, CACHE_SECONDS)
    return number, oldest if number <= most else None


def queue_url(queue: QuoteQueue) -> str:
    """URL of the page of a queue of quotes."""
    page = reverse("admin:quotes_review_changelist")
    return page if queue is WAITING else f"{page}?{urlencode({'queue': queue.name})}"
