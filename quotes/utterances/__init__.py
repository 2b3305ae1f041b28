"""Which quotes report one act of speaking: an utterance, made when a second quote reports it.

Quotes of one speaker are of one utterance when the words of one hold those of the other, or nearly
(`words`), and they are at most a week apart (`finding`). Quotes that nobody is named for are never
matched, nor those that were rejected or retracted, nor those that a curator has parted.

- A quote joins the utterance of the quote it is likest to, and takes along those it is like that
  have none; but not an utterance with a quote that it is at odds with, however alike others are.
- Two utterances are never made one, not by a quote that holds the words of both: a curator may
  (`Utterance.join`).
- A fragment, which may stand in much that was said, joins one quote and brings no others together.
- A quote without a date is taken for one of the day it was filed, and only for the very same words;
  a partial date is near what any of its days is near.
- In one article the same words said again, in the headline and below it, are one utterance; words
  that are only alike are two statements.
- Indirect speech has to be (nearly) the same words from end to end.

`match` is called for what is filed, before it is stored. Locks on what a speaker said in a year or
so keep two filings at the same time from missing each other; they are the last that a filing takes.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from quotes.models import Quote, Utterance
from quotes.utterances.candidates import DAYS, TAKES_PART, Report, find
from quotes.utterances.wording import Wording
from sources.database.locks import lock_all
from sources.models.ids import new_ids

__all__ = ["match", "match_on_record"]

PERIOD = 400
"""Days of a speaker that one lock is for: few locks a filing, and few that wait for each other."""


def match(quotes: Sequence[Quote]) -> None:
    """Give each quote its utterance, if others report it too; these are given it on record.

    The quotes themselves are left to be stored. A fixed number of queries, in a transaction.
    """
    today = datetime.now(UTC).date()
    reports = [
        Report.of(quote, today)
        for quote in quotes
        if quote.speaker_id and not quote.utterance_id and quote.status in TAKES_PART
    ]
    if not reports:
        return
    lock_all({name for report in reports for name in _locks(report)})
    find(reports)
    if not any(report.like for report in reports):
        return
    _keep_what_holds(reports)
    acts = Acts(reports)
    for report in reports:
        acts.take(report)
    Utterance.objects.bulk_create(Utterance(pk=key) for key in acts.made)
    _give(acts.given)
    for report in reports:
        report.quote.utterance_id = report.utterance


def match_on_record(quotes: Sequence[Quote]) -> int:
    """Match quotes that are stored, and locked; how many were given an utterance."""
    match(quotes)
    given = {quote.pk: quote.utterance_id for quote in quotes if quote.utterance_id}
    _give(given)
    return len(given)


def _locks(report: Report) -> Iterator[str]:
    """Two reports that are near each other have one of these in common."""
    first, last = report.days
    periods = range(first // PERIOD, (last + DAYS) // PERIOD + 1)
    return (f"said:{report.speaker}:{period}" for period in periods)


class Acts:
    """The utterances that reports get, one after the other."""

    def __init__(self, reports: list[Report]):
        others = {other for report in reports for _, other in report.like}
        self.told = _told({other.utterance for other in others if other.wording.is_fragment})
        self.fresh = new_ids(sum(bool(report.like) for report in reports))
        self.made: list[UUID] = []
        self.given: dict[UUID, UUID] = {}  # by the ids of quotes on record

    def take(self, report: Report) -> None:
        """Give a report its utterance, and those that it is like and that have none."""
        like = sorted(report.like, key=lambda pair: _preference(report, *pair))
        like = [other for _, other in like]
        alone = [other for other in like if other.utterance is None]
        leading = dict.fromkeys(o.utterance for o in like if self._leads_to(o, report))
        joined = next((key for key in leading if not report.is_at_odds_with(key)), None)
        if report.wording.is_fragment:
            # What holds a fragment is of no one act for that: the first does, if nothing else did.
            holding = [other for other in alone if not other.wording.is_fragment]
            alone = [o for o in alone if o not in (holding if joined else holding[1:])]
        if joined is None and alone:
            joined = self.fresh.pop()
            self.made.append(joined)
        for one in (report, *alone) if joined else ():
            one.utterance = joined
            if one.quote is None:
                self.given[one.id] = joined
            if not one.wording.is_fragment:
                self.told.add(joined)

    def _leads_to(self, other: Report, report: Report) -> bool:
        """Whether a report that is like another can join its utterance.

        A fragment leads there as long as no more than fragments are known of it.
        """
        if other.utterance is None:
            return False
        only_part = other.wording.is_fragment and not report.wording.is_fragment
        return not only_part or other.utterance not in self.told


def _told(utterances: set[UUID | None]) -> set[UUID]:
    """Those of these utterances that a quote reports with more than a fragment."""
    if not (utterances := utterances - {None}):
        return set()
    reports = Quote.objects.filter(utterance__in=utterances).values_list("utterance", "text")
    return {utterance for utterance, text in reports if not Wording(text).is_fragment}


def _preference(report: Report, score: float, other: Report) -> tuple:
    """Sorts what a report is like: the likest first, then the nearest in time."""
    apart = abs(report.days[0] - other.days[0])
    return -score, other.article != report.article, apart, str(other.utterance), str(other.id)


def _keep_what_holds(reports: list[Report]) -> None:
    """Lock what was found on record, and let go of what is not as it was, or was parted.

    A quote that somebody else is changing at this moment is passed by, not waited for: they may be
    waiting for the locks held here.
    """
    found = {
        other.id: other for report in reports for _, other in report.like if other.quote is None
    }
    with connection.cursor() as cursor:
        # Whoever merges a speaker locks it, then moves its quotes: wait for that before, not after.
        cursor.execute(
            "SELECT FROM sources_speaker WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE",
            [[*{report.speaker for report in reports if report.like}]],
        )
    held = Quote.objects.filter(pk__in=found, status__in=TAKES_PART).order_by("pk")
    held = held.select_for_update(of=("self",), skip_locked=True, no_key=True)
    now = {key: rest for key, *rest in held.values_list("pk", "speaker", "utterance", "text")}
    own = [report.id for report in reports if report.id]
    parted = _parted([*own, *(key for key, (_, utterance, _) in now.items() if not utterance)])
    for report in reports:
        report.like = [
            (score, other)
            for score, other in report.like
            if report.id not in parted
            and other.id not in parted
            and (other.quote is not None or _holds(other, now.get(other.id)))
        ]


def _holds(other: Report, now: list | None) -> bool:
    if now is None:
        return False
    speaker, other.utterance, text = now
    return (speaker, text) == (other.speaker, other.wording.text)


PARTED = """
SELECT last.subject_id FROM (
    SELECT DISTINCT ON (subject_id) * FROM sources_revision
    WHERE subject_type = 'quote' AND subject_id = ANY (%s) AND fields @> '{utterance_id}'
    ORDER BY subject_id, version DESC
) last
WHERE last.state ->> 'utterance_id' IS NULL AND NOT EXISTS (
    SELECT FROM sources_revision also
    WHERE also.subject_id = last.subject_id AND also.era = last.era
      AND also.transaction = last.transaction AND also.fields @> '{speaker_id}'
)
"""


def _parted(ids: list[UUID]) -> set[UUID]:
    """Those that were taken out of an utterance, and not because their speaker changed."""
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(PARTED, [ids])
        return {key for (key,) in cursor.fetchall()}


def _give(utterances: dict[UUID, UUID]) -> None:
    """Set the utterances of quotes on record, by their ids; one statement."""
    if utterances:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE quotes_quote SET utterance_id = given.utterance"
                " FROM unnest(%s::uuid[], %s::uuid[]) AS given(id, utterance)"
                " WHERE quotes_quote.id = given.id",
                [list(utterances), list(utterances.values())],
            )
