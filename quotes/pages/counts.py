"""Counts beside a search: facets as links that narrow it, and a timeline drawn in SVG."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest

from quotes.pages.answers import ask
from quotes.pages.dates import in_words
from quotes.pages.query import WORDS, Query
from quotes.statistics import Facets, Timeline
from quotes.statistics.sql import FACT
from sources.models.facts import Fact

DIMENSIONS = {
    "speaker": "Speaker",
    "organisation": "Organisation",
    "outlet": "Outlet",
    "kind": "Kind of quote",
    "status": "Status",
    "language": "Language",
}
"""Dimensions of the facets, each a filter too, with their headings."""

MOST_VALUES = 6
"""Values of a facet that are shown."""

MOST_FACTS = 2
"""Keys of facts about speakers that have a facet: one request counts by eight dimensions."""

MOST_BARS = 60
"""Bars of a timeline; a longer time is counted by the next longer interval, or cut."""

MOST_LABELS = 8
"""Bars that each have a label below."""

HEIGHT = 64  # of the tallest bar, in units of the drawing


@dataclass(frozen=True)
class Value:
    """A value of a facet with its number of quotes, and the search narrowed to it."""

    label: str
    count: int
    url: str


@dataclass(frozen=True)
class Facet:
    heading: str
    values: list[Value]
    other: int


def facets(request: HttpRequest, query: Query) -> list[Facet]:
    """Facets with at least two values, but for those that the search names already."""
    headings = {name: text for name, text in DIMENSIONS.items() if name not in query.filters}
    known = query.filters.get("speaker_fact", "")
    for key in fact_keys(request.user):
        if f"{key}:" not in known:
            headings[f"{FACT}{key}"] = key.replace("_", " ").capitalize()
    if not headings:
        return []
    asked = {"by": ",".join(headings), "limit": str(MOST_VALUES)}
    answer = ask(request, Facets, "list", query.filters | asked, is_first=False)["facets"]
    found = []
    for name, heading in headings.items():
        counted = answer[name]
        if len(counted["values"]) + bool(counted["other"]) > 1:
            values = [_value(name, each, query) for each in counted["values"]]
            found.append(Facet(heading, values, counted["other"]))
    return found


def fact_keys(user) -> list[str]:
    """The first keys of facts that the user sees, such as `party`, by name; a query for each."""
    facts, keys = Fact.objects.visible_to(user).order_by("key").values_list("key", flat=True), [""]
    while len(keys) <= MOST_FACTS and (key := facts.filter(key__gt=keys[-1]).first()):
        keys.append(key)
    return keys[1:]


def _value(name: str, counted: dict, query: Query) -> Value:
    value, label = counted["value"], counted["value"]
    if isinstance(value, dict):
        label, value = value["name"], value.get("slug") or value["id"]
    label = WORDS.get(name, {}).get(value, label)
    if name.startswith(FACT):
        facts = [query.filters.get("speaker_fact"), f"{name.removeprefix(FACT)}:{value}"]
        within = query.url(speaker_fact=",".join(filter(None, facts)))
        return Value(label, counted["count"], within)
    return Value(label, counted["count"], query.url(**{name: value}))


@dataclass(frozen=True)
class Bar:
    """A year or month, its number of quotes, the search within it, and where it is drawn."""

    label: str
    count: int
    url: str
    room: int  # the left edge of its part of the drawing, one unit wide
    x: float
    y: float
    width: float
    height: float

    @property
    def short(self) -> str:
        """`Mar 2026` for `March 2026`."""
        month, _, year = self.label.rpartition(" ")
        return f"{month[:3]} {year}".strip()


@dataclass(frozen=True)
class Drawing:
    """A timeline of bars one unit wide, with a sentence on what it leaves out."""

    interval: str
    bars: list[Bar]
    greatest: int
    aside: str

    @property
    def viewbox(self) -> str:
        return f"0 0 {len(self.bars)} {HEIGHT}"

    @property
    def labels(self) -> list[str]:
        """What stands below: the label of each bar if there is room, else the first and last."""
        labels = [bar.short for bar in self.bars]
        return labels if len(labels) <= MOST_LABELS else [labels[0], labels[-1]]


def timeline(request: HttpRequest, query: Query, most_years: int = 3) -> Drawing | None:
    """Quotes per month, or per year if these are more. None if there is one bar, or none."""
    for interval in ("year", "month"):
        asked = query.filters | {"interval": interval}
        answer = ask(request, Timeline, "list", asked, is_first=False)
        if interval == "month" or len(answer["buckets"]) > most_years:
            break
    buckets = answer["buckets"][-MOST_BARS:]
    if len(buckets) < 2:
        return None
    greatest = max(bucket["count"] for bucket in buckets)
    bars = [*_bars(buckets, greatest, query)]
    return Drawing(interval, bars, greatest, _aside(answer, interval, buckets))


def _bars(buckets: list[dict], greatest: int, query: Query) -> Iterator[Bar]:
    width = round(min(0.8, len(buckets) / 12), 2)  # a few bars stay narrow
    for room, bucket in enumerate(buckets):
        time, count = bucket["bucket"], bucket["count"]
        height = round(max(HEIGHT * count / greatest, 1.5 if count else 0), 1)  # one is seen too
        within = query.url(published_after=time, published_before=time)
        x = round(room + (1 - width) / 2, 2)
        yield Bar(in_words(time), count, within, room, x, round(HEIGHT - height, 1), width, height)


def _aside(answer: dict, interval: str, buckets: list[dict]) -> str:
    """What the bars do not show, in a sentence."""
    parts = []
    if earlier := sum(one["count"] for one in answer["buckets"][: -len(buckets)]):
        parts.append(f"{earlier:,} earlier")
    if imprecise := answer["imprecise"]["count"]:
        parts.append(f"{imprecise:,} without a known {interval}")
    if unknown := answer["unknown"]["count"]:
        parts.append(f"{unknown:,} without a date")
    return f"Not drawn: {', '.join(parts)}." if parts else ""
