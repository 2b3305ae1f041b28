"""`/feeds/quotes.atom`: quotes of any search as Atom (RFC 4287), with what was said of them since.

A correction, a dispute and a retraction are entries of their own, so that a reader who has seen the
quote is told. The quote's own entry says so too.
"""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID, uuid5

from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from quotes.api.views import Quotes
from quotes.models import Quote
from quotes.pages.answers import call, data_of
from quotes.pages.dates import in_words
from quotes.pages.frame import Alternate, tagged
from quotes.pages.query import Query
from quotes.pages.results import Shown
from sources.admin.html import isolated, visible_bidi
from sources.api.addresses import service_url
from sources.models import Revision

MOST_ENTRIES = 50
"""Entries of a feed, the latest."""

MOST_REMARKS = 1_000
"""The latest corrections, disputes, retractions and publications of the archive that are looked
through for those of a search."""


UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML 1.0 has no way to write."""


class LatestQuotes(Quotes):
    """The quotes of a search that were filed last. A feed takes filters only."""

    list_parameters = ()
    default_ordering = "-created"


class RemarkedQuotes(LatestQuotes):
    """Quotes of a search that were corrected, disputed, retracted or published lately."""

    is_prepared = False
    among: Collection[UUID] = ()

    def found(self, filters):  # after the filters, some of which choose among all that match
        return super().found(filters).filter(pk__in=self.among)


class Entry(NamedTuple):
    """An entry of the feed. `remark` is what was said of the quote; `at` is when."""

    key: UUID
    at: datetime
    title: str
    remark: str
    quote: Shown


class Feed(Atom1Feed):
    def latest_post_date(self) -> datetime:
        """The time of the newest entry; a fixed one without any, so that the feed stays equal."""
        times = [item["updateddate"] for item in self.items]
        return max(times, default=datetime(1970, 1, 1, tzinfo=UTC))


@require_safe
def quotes(request: HttpRequest) -> HttpResponse:
    """Atom with the latest entries of a search. What the API refuses is answered as it answers."""
    asked = request.GET.copy()
    asked.setdefault("status", ",".join(Quote.PUBLIC))
    latest = call(request, LatestQuotes, "list", asked)
    if latest.status_code != HTTPStatus.OK:
        return latest.render() if hasattr(latest, "render") else latest
    times = remark_times()

    class Remarked(RemarkedQuotes):
        among = {*(key for key, _ in times), *lately_published()}

    remarked = call(request, Remarked, "list", asked, is_first=False)
    listed = [*data_of(latest)["results"], *data_of(remarked)["results"]]
    shown = {quote["id"]: Shown(quote) for quote in listed}
    entries = [entry for quote in shown.values() for entry in entries_of(quote, times)]
    entries.sort(key=lambda entry: (entry.at, entry.key), reverse=True)
    return tagged(request, written(request, entries[:MOST_ENTRIES]))


def remark_times() -> dict[tuple[UUID, str], datetime]:
    """When quotes were last corrected, disputed or retracted, by quote and verb."""
    latest = Revision.objects.remarks().order_by("-time").values_list("subject_id", "verb", "time")
    return {(key, verb): time for key, verb, time in reversed(latest[:MOST_REMARKS])}


def lately_published() -> list[UUID]:
    latest = Revision.objects.decisions().filter(verb=Revision.Verb.PUBLISHED).order_by("-time")
    return [*latest.values_list("subject_id", flat=True)[:MOST_REMARKS]]


def entries_of(quote: Shown, times: dict[tuple[UUID, str], datetime]) -> Iterator[Entry]:
    """The quote's own entry, one for each correction, and one for its dispute or retraction."""
    key = UUID(quote.id)
    name = f"{quote.who}: " if quote.who else ""
    words = f"{name}“{shortened(quote.text)}”"
    verdict = Quote.Status(quote.status).label if quote.status != Quote.Status.PUBLISHED else ""
    said = f"{verdict}: {quote.reason}" if verdict and quote.reason else verdict
    title = f"[{verdict}] {words}" if verdict else words
    yield Entry(key, parse_datetime(quote.updated), title, said, quote)
    for each in quote.corrections:
        made = uuid5(key, f"corrected {each['when']}")
        at = parse_datetime(each["when"])
        yield Entry(made, at, f"Corrected: {words}", f"Correction: {each['note']}", quote)
    if at := times.get((key, quote.status)):  # the verb of a verdict is the status it leads to
        made = uuid5(key, f"{quote.status} {at.isoformat()}")
        yield Entry(made, at, f"{verdict}: {words}", said, quote)


def feed_of(request: HttpRequest, query: Query, title: str) -> Alternate:
    """The feed of a search, for the head of a page."""
    url = f"{service_url(request)}{query.url_of('pages:feed')}"
    return Alternate("application/atom+xml", url, title)


MOST_LETTERS = 100  # of the words in a title


def shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_LETTERS else f"{line[:MOST_LETTERS].rsplit(' ', 1)[0]}…"


def written(request: HttpRequest, entries: list[Entry]) -> HttpResponse:
    query, site = Query.of(request), service_url(request)
    feed = Feed(
        title=title_of(query),
        link=f"{site}{query.url()}",
        description=None,
        feed_url=f"{site}{request.get_full_path()}",
        author_name="On Record",
    )
    for entry in entries:
        quote = entry.quote
        feed.add_item(
            title=writable(visible_bidi(entry.title)),
            link=quote.html_url,
            description=writable(content_of(entry)),
            author_name=writable(visible_bidi(quote.who or "Unknown")),
            unique_id=entry.key.urn,
            pubdate=parse_datetime(quote.created),
            updateddate=entry.at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml")


def title_of(query: Query) -> str:
    """The title of a feed: its words, or that it has filters."""
    if words := query.words():
        return writable(f"On Record: {visible_bidi(shortened(words))}")
    return "On Record: quotes of a search" if query.filters else "On Record: all quotes"


def content_of(entry: Entry) -> str:
    """The entry as HTML: what was said of the quote, its words, who said them, where and when."""
    quote = entry.quote
    remark = format_html("<p><strong>{}</strong></p>", isolated(entry.remark) or "")
    outlet = quote.outlet["name"] if quote.outlet else "Outlet unknown"
    printed = isolated(outlet)
    if url := quote.article["url"]:
        printed = format_html('<a href="{}">{}</a>', url, printed)
    return format_html(
        "{}<blockquote>{}</blockquote><p>{}</p><p>{}, {}</p>",
        remark if entry.remark else "",
        isolated(quote.text),
        isolated(", ".join(part for part in (quote.who, quote.role, quote.whom) if part)) or "",
        printed,
        in_words(quote.published) if quote.published else "date unknown",
    )


def writable(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return UNWRITABLE.sub("\ufffd", text)
