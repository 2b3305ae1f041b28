"""Candidates: quotes on record that may report the same act of speaking as one being filed.

Candidates are what the speaker said at about the time. If that is at most `MAX_SCANNED` quotes, all
are compared. If it is more, the fingerprint index adds those that share words with the filed quote.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from quotes.models import Quote
from quotes.models.workflow import Status
from quotes.utterances.wording import Wording, are_at_odds, similarity
from sources.dates import UNKNOWN_DAY

MAX_DAYS_APART = 7
"""Days between two reports of one act of speaking: weeklies reprint within a week."""

MAX_FRAGMENT_DAYS_APART = 3
"""The same if one report is a fragment, which other statements may contain by chance."""

MAX_FRAGMENT_RANGE_DAYS = 38
"""Days that the dates of a fragment and its match may cover together: a month and a week."""

MAX_SCANNED = 30
"""Quotes per window that are compared without the fingerprint index: the newest."""

MAX_SHARING = 200
"""Quotes per window that are compared because they share part of a fingerprint: the newest."""

MATCHED_STATUSES = (Status.PROPOSED, Status.PUBLISHED, Status.DISPUTED)

SCAN = """
SELECT sought.n, q.id, q.speaker_id, q.article_id, q.kind, q.text, q.utterance_id,
    lower(coalesce(q.said, q.published)), upper(coalesce(q.said, q.published)) - 1, q.created
FROM unnest(%s::uuid[], %s::date[], %s::date[], %s::date[], %s::date[], %s::text[])
    WITH ORDINALITY AS sought(speaker, printed_from, printed_to, said_from, said_to, text, n)
CROSS JOIN LATERAL (
    SELECT * FROM {quotes}
    WHERE speaker_id = sought.speaker
      AND published_day BETWEEN sought.printed_from AND sought.printed_to
      AND coalesce(said, published, daterange('-infinity', NULL))
          && daterange(sought.said_from, sought.said_to, '[]')
      AND status = ANY (%s) AND NOT flags @> '{{words_left_out}}'
    ORDER BY published_day DESC, id DESC LIMIT %s
) q
"""

# OFFSET 0 keeps the other conditions out, so that the planner takes the index of fingerprints.
SHARING = """(
    SELECT * FROM quotes_quote
    WHERE quotes_speech(speaker_id, bare)
       && quotes_speech_sought(sought.speaker, sources_bare(sought.text))
    OFFSET 0
) sharing"""


@dataclass(eq=False)
class Report:
    """What matching needs to know of one quote.

    `first` and `last` bound the day of speaking; without one, of print; without both, of filing.
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
    quote: Quote | None = None  # set for a report that is being matched
    matches: list[tuple[float, "Report"]] = field(default_factory=list)
    nonmatches: list["Report"] = field(default_factory=list)

    @classmethod
    def of(cls, quote: Quote, today: date) -> "Report":
        when = quote.said or quote.article.published
        filed = today if quote._state.adding else quote.created.astimezone(UTC).date()
        return cls(
            None if quote._state.adding else quote.pk,
            quote.speaker_id,
            quote.article_id,
            quote.kind,
            Wording(quote.text),
            quote.utterance_id,
            when.first if when else filed,
            when.last if when else filed,
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

    def is_within(self, days: int, other: "Report") -> bool:
        (first, last), (others_first, others_last) = self.days, other.days
        return first - others_last <= days and others_first - last <= days

    def is_at_odds_with(self, utterance: UUID) -> bool:
        """Whether it differs in a significant word from a similar report of this utterance."""
        return any(
            are_at_odds(self.wording, other.wording)
            for other in self.nonmatches
            if other.utterance == utterance
        )

    def similarity(self, other: "Report") -> float:
        """How alike two reports of a speaker at about one time are, up to 1; 0: not the same act.

        The words must be equal if both stand in one article, where similar words are separate
        statements, or if a date is unknown.
        """
        score = similarity(
            self.wording,
            other.wording,
            whole=Quote.Kind.INDIRECT in (self.kind, other.kind),
            nearly=self.article != other.article and self.is_dated and other.is_dated,
        )
        if score and (self.wording.is_fragment or other.wording.is_fragment):
            (first, last), (others_first, others_last) = self.days, other.days
            days = max(last, others_last) - min(first, others_first)
            near = self.is_within(MAX_FRAGMENT_DAYS_APART, other)
            return score if near and days <= MAX_FRAGMENT_RANGE_DAYS else 0.0
        return score


class Window(NamedTuple):
    """Whose quotes to look at: printed between two days and said between two others.

    `text` is empty, or the words whose fingerprint they must share.
    """

    speaker: UUID
    printed_from: date  # a month stands at its first day
    printed_to: date
    said_from: date
    said_to: date
    text: str = ""


def find_candidates(reports: Sequence[Report]) -> None:
    """Set what each report matches: of the quotes on record, and of the reports before it.

    For a report that has a match, also set the other candidates (`nonmatches`). Two queries.
    """
    windows = [[*_windows(report)] for report in reports]
    rows = _scan("quotes_quote", {each for some in windows for each in some}, MAX_SCANNED + 1)
    sharing = [
        [each._replace(text=report.wording.text) for each in some if len(rows[each]) > MAX_SCANNED]
        for report, some in zip(reports, windows, strict=True)
    ]
    rows |= _scan(SHARING, {each for some in sharing for each in some}, MAX_SHARING)
    own = {report.id for report in reports if report.id}
    on_record = {
        row[0]: Report.on_record(row) for some in rows.values() for row in some if row[0] not in own
    }
    before = defaultdict(list)
    for number, report in enumerate(reports):
        keys = {row[0]: None for each in windows[number] + sharing[number] for row in rows[each]}
        others = [on_record[key] for key in keys if key in on_record] + before[report.speaker]
        others = [other for other in others if report.is_within(MAX_DAYS_APART, other)]
        scored = [(report.similarity(other), other) for other in others]
        report.matches = [pair for pair in scored if pair[0]]
        if report.matches:
            report.nonmatches = [other for score, other in scored if not score]
        before[report.speaker].append(report)


def _windows(report: Report) -> Iterator[Window]:
    """The windows to scan; words said long before they were printed may be printed then or now."""
    margin = timedelta(days=MAX_DAYS_APART)
    said = report.first - margin, report.last + margin
    yield Window(report.speaker, said[0] - timedelta(days=31), said[1], *said)
    printed = report.quote.article.published
    if printed and report.quote.said:
        first, last = printed.first - margin, printed.last + margin
        if first > said[1] or last < said[0]:
            yield Window(report.speaker, first, last, *said)
    if not report.is_dated or abs(datetime.now(UTC).date() - report.last) <= 2 * margin:
        yield Window(report.speaker, UNKNOWN_DAY, UNKNOWN_DAY, *said)


def _scan(quotes: str, windows: set[Window], limit: int) -> dict[Window, list[tuple]]:
    """The newest quotes in each window, as rows; one query, none for no windows."""
    rows = {window: [] for window in windows}
    if windows:
        ordered = list(windows)
        columns = [list(column) for column in zip(*ordered, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(SCAN.format(quotes=quotes), [*columns, [*MATCHED_STATUSES], limit])
            for number, *row in cursor.fetchall():
                rows[ordered[number - 1]].append(row)
    return rows
