"""Which quotes on record may report the same act of speaking as one that is filed.

A quote is looked for among what its speaker said at about the time. Where that is little, it is
read. Where it is more than `FEW` quotes, the index of fingerprints (`quotes_speech`) finds those
that share words with it, whatever the number of quotes that the speaker has.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.db import connection

from quotes.models import Quote
from quotes.models.workflow import Status
from quotes.utterances.wording import Wording, are_at_odds, likeness
from sources.dates import UNKNOWN_DAY

DAYS = 7
"""Two reports of one act of speaking are at most so many days apart."""

FRAGMENT_DAYS = 3
"""And so many, if one is a fragment."""

LONGEST_GUESS = 38
"""A fragment whose date, or that of the other, is not known to within so many days is not close."""

FEW = 30
"""Quotes of one speaker at about the time that are read without their fingerprints."""

MOST_SHARING = 200
"""Quotes that are looked at because they share a fingerprint."""

TAKES_PART = (Status.PROPOSED, Status.PUBLISHED, Status.DISPUTED)

_COLUMNS = """q.id, q.speaker_id, q.article_id, q.kind, q.text, q.utterance_id,
    lower(coalesce(q.said, q.published)), upper(coalesce(q.said, q.published)) - 1, q.created"""

AT_ABOUT_THE_TIME = f"""
SELECT asked.n, found.* FROM
    unnest(%s::uuid[], %s::date[], %s::date[], %s::date[], %s::date[])
    WITH ORDINALITY AS asked(speaker, after, before, first, last, n)
CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM quotes_quote q
    WHERE q.speaker_id = asked.speaker AND q.published_day BETWEEN asked.after AND asked.before
      AND coalesce(q.said, q.published, daterange('-infinity', NULL))
          && daterange(asked.first, asked.last, '[]')
      AND q.status = ANY (%s)
    ORDER BY q.published_day DESC, q.id DESC LIMIT %s
) found
"""  # noqa: S608 (ours)

# By itself, lest the planner take another index: the hashes are the speaker's own.
SHARING = f"""
SELECT asked.n, found.* FROM
    unnest(%s::uuid[], %s::text[]) WITH ORDINALITY AS asked(speaker, text, n)
CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM (
        SELECT * FROM quotes_quote
        WHERE quotes_speech(speaker_id, quotes_bare_words(text))
           && quotes_speech_sought(asked.speaker, quotes_bare_words(asked.text))
        OFFSET 0
    ) q
    WHERE q.speaker_id = asked.speaker AND q.status = ANY (%s)
    ORDER BY q.published_day DESC, q.id DESC LIMIT %s
) found
"""  # noqa: S608 (ours)


@dataclass(eq=False)
class Report:
    """One quote, as far as it matters to which act of speaking it reports.

    `first` and `last` are the days it can be of: when it was said, else printed, else filed.
    """

    id: UUID | None  # None: not stored yet
    speaker: UUID
    article: UUID
    kind: str
    wording: Wording
    utterance: UUID | None
    first: date
    last: date
    is_dated: bool
    quote: Quote | None = None  # of a report that is to be matched
    like: list[tuple[float, "Report"]] = field(default_factory=list)
    unlike: list["Report"] = field(default_factory=list)

    @classmethod
    def of(cls, quote: Quote, today: date) -> "Report":
        when = quote.said or quote.article.published
        return cls(
            None if quote._state.adding else quote.pk,
            quote.speaker_id,
            quote.article_id,
            quote.kind,
            Wording(quote.text),
            quote.utterance_id,
            when.first if when else _filed(quote, today),
            when.last if when else _filed(quote, today),
            when is not None,
            quote,
        )

    @classmethod
    def on_record(cls, row: tuple) -> "Report":
        key, speaker, article, kind, text, utterance, first, last, created = row
        filed = created.astimezone(UTC).date()
        days = (first or filed, last or filed)
        return cls(key, speaker, article, kind, Wording(text), utterance, *days, first is not None)

    @cached_property
    def days(self) -> tuple[int, int]:
        return self.first.toordinal(), self.last.toordinal()

    def is_near(self, other: "Report", days: int) -> bool:
        (first, last), (others_first, others_last) = self.days, other.days
        return first - others_last <= days and others_first - last <= days

    def is_at_odds_with(self, utterance: UUID) -> bool:
        """Whether it differs, by little that matters, from a report of this utterance."""
        return any(
            are_at_odds(self.wording, other.wording)
            for other in self.unlike
            if other.utterance == utterance
        )

    def likeness(self, other: "Report") -> float:
        """How alike two reports of a speaker at about one time are, up to 1; 0: they are of two.

        Words that are only nearly the same are of one act neither in one article, where they were
        said one after the other, nor at a date that is unknown.
        """
        score = likeness(
            self.wording,
            other.wording,
            whole=Quote.Kind.INDIRECT in (self.kind, other.kind),
            nearly=self.article != other.article and self.is_dated and other.is_dated,
        )
        if score and (self.wording.is_fragment or other.wording.is_fragment):
            (first, last), (others_first, others_last) = self.days, other.days
            guess = max(last, others_last) - min(first, others_first)
            if not self.is_near(other, FRAGMENT_DAYS) or guess > LONGEST_GUESS:
                return 0.0
        return score


def _filed(quote: Quote, today: date) -> date:
    return today if quote._state.adding else quote.created.astimezone(UTC).date()


def find(reports: Sequence[Report]) -> None:
    """Fill in what each report is like: reports on record, and those before it; two queries.

    Of a report that is like others also the rest of what was said at about the time.
    """
    on_record = dict[UUID, Report]()
    own = {report.id for report in reports if report.id}

    def known(row: tuple) -> Report | None:
        if row[0] in own:
            return None
        return on_record.setdefault(row[0], Report.on_record(row))

    found = defaultdict(dict)
    windows = defaultdict(list)
    for number, report in enumerate(reports):
        for window in _windows(report):
            windows[window].append(number)
    crowded = set()
    for window, rows in _at_about_the_time(list(windows)).items():
        for number in windows[window]:
            found[number].update((row[0], row) for row in rows)
        if len(rows) > FEW:
            crowded.update(windows[window])
    for number, rows in _sharing(reports, sorted(crowded)).items():
        found[number].update((row[0], row) for row in rows)
    before = defaultdict(list)
    for number, report in enumerate(reports):
        others = [known(row) for row in found[number].values()]
        others = [*filter(None, others), *before[report.speaker]]
        first, last = report.days[0] - DAYS, report.days[1] + DAYS
        others = [o for o in others if o.days[0] <= last and o.days[1] >= first]
        scores = [report.likeness(other) for other in others]
        report.like = [pair for pair in zip(scores, others, strict=True) if pair[0]]
        if report.like:
            pairs = zip(scores, others, strict=True)
            report.unlike = [other for score, other in pairs if not score]
        before[report.speaker].append(report)


def _windows(report: Report) -> Iterator[tuple[UUID, date, date, date, date]]:
    """Of whom, between which days of print (a month stands at its first), of which days.

    What was said long before it was printed may be printed by others now or then.
    """
    margin = timedelta(days=DAYS)
    days = report.first - margin, report.last + margin
    yield report.speaker, days[0] - timedelta(days=31), days[1], *days
    printed = report.quote.article.published
    if printed and report.quote.said:
        first, last = printed.first - margin, printed.last + margin
        if first > days[1] or last < days[0]:
            yield report.speaker, first, last, *days
    if not report.is_dated or abs(datetime.now(UTC).date() - report.last) <= 2 * margin:
        yield report.speaker, UNKNOWN_DAY, UNKNOWN_DAY, *days


def _at_about_the_time(windows: list[tuple]) -> dict[tuple, list[tuple]]:
    found = {window: [] for window in windows}
    columns = [list(column) for column in zip(*windows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(AT_ABOUT_THE_TIME, [*columns, list(TAKES_PART), FEW + 1])
        for number, *row in cursor.fetchall():
            found[windows[number - 1]].append(row)
    return found


def _sharing(reports: Sequence[Report], crowded: list[int]) -> dict[int, list[tuple]]:
    found = defaultdict(list)
    if crowded:
        speakers = [reports[number].speaker for number in crowded]
        texts = [reports[number].wording.text for number in crowded]
        with connection.cursor() as cursor:
            cursor.execute(SHARING, [speakers, texts, list(TAKES_PART), MOST_SHARING])
            for number, *row in cursor.fetchall():
                found[crowded[number - 1]].append(row)
    return found
