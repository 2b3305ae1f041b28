"""Match quotes that report one act of speaking, and give them a common utterance.

Quotes of one speaker match if the words of one (nearly) contain those of the other (`wording`) and
they are at most a week apart (`candidates`).

- A quote joins the utterance of its best match, and brings along matches that have none. It does
  not join an utterance that holds a contradicting quote, however similar the others are.
- Two utterances are never merged, even by a quote that contains the words of both; curators can
  (`Utterance.join`).
- A fragment, which many statements may contain, joins one quote and connects no others.
- A quote without a date counts as said on the day of filing, and matches equal words only. A
  partial date is near whatever any of its days is near.
- In one article, equal words (say, in the headline and the body) are one utterance; similar words
  are two statements.
- Indirect speech must match (nearly) from end to end.
- Quotes without a speaker, rejected or retracted quotes, quotes that leave out a negation or a
  number, and quotes that a curator has taken out of an utterance are not matched.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection

from quotes.models import Quote, Utterance
from quotes.utterances.candidates import MATCHED_STATUSES, MAX_DAYS_APART, Report, find_candidates
from quotes.utterances.wording import Wording
from sources.database.locks import lock_all
from sources.models.ids import new_ids

LOCK_DAYS = 400
"""Days of a speaker's quotes per advisory lock: few locks per filing, little contention."""


def match(quotes: Sequence[Quote]) -> None:
    """Set the utterance of each quote that others report too, and store it for those on record.

    The quotes themselves are left to the caller to store. Takes a fixed number of queries, in a
    transaction. Its locks are the last that a filing takes; they keep two filings at the same time
    from missing each other.
    """
    today = datetime.now(UTC).date()
    reports = [
        Report.of(quote, today)
        for quote in quotes
        if quote.speaker_id
        and not quote.utterance_id
        and quote.status in MATCHED_STATUSES
        and Quote.Flag.WORDS_LEFT_OUT not in quote.flags
    ]
    if not reports:
        return
    lock_all({name for report in reports for name in _lock_names(report)})
    find_candidates(reports)
    if not any(report.matches for report in reports):
        return
    _lock_and_recheck(reports)
    assignment = Assignment(reports)
    for report in reports:
        assignment.assign(report)
    Utterance.objects.bulk_create(Utterance(pk=key) for key in assignment.created)
    _store(assignment.on_record)
    for report in reports:
        report.quote.utterance_id = report.utterance


def match_on_record(quotes: Sequence[Quote]) -> int:
    """Match quotes that are stored and locked; return how many were given an utterance."""
    match(quotes)
    utterances = {quote.pk: quote.utterance_id for quote in quotes if quote.utterance_id}
    _store(utterances)
    return len(utterances)


def _lock_names(report: Report) -> Iterator[str]:
    """Names of advisory locks; two reports that are close in time share at least one."""
    first, last = report.days
    periods = range(first // LOCK_DAYS, (last + MAX_DAYS_APART) // LOCK_DAYS + 1)
    return (f"said:{report.speaker}:{period}" for period in periods)


class Assignment:
    """Utterances for reports, assigned one report after the other."""

    def __init__(self, reports: list[Report]):
        others = {other for report in reports for _, other in report.matches}
        # Utterances that some quote reports with more than a fragment
        self.full = _reported_in_full({o.utterance for o in others if o.wording.is_fragment})
        self.fresh = new_ids(sum(bool(report.matches) for report in reports))
        self.created: list[UUID] = []
        self.on_record: dict[UUID, UUID] = {}  # by the id of the quote

    def assign(self, report: Report) -> None:
        """Give a report, and its matches that have none, their utterance."""
        ranked = sorted(report.matches, key=lambda match: _rank(report, *match))
        matches = [other for _, other in ranked]
        free = [other for other in matches if other.utterance is None]
        options = dict.fromkeys(o.utterance for o in matches if self._can_lead(o, report))
        joined = next((key for key in options if not report.is_at_odds_with(key)), None)
        if report.wording.is_fragment:
            # Statements that share only this fragment are not one: connect the best, if any.
            longer = [other for other in free if not other.wording.is_fragment]
            free = [o for o in free if o not in (longer if joined else longer[1:])]
        if joined is None and free:
            joined = self.fresh.pop()
            self.created.append(joined)
        for one in (report, *free) if joined else ():
            one.utterance = joined
            if one.quote is None:
                self.on_record[one.id] = joined
            if not one.wording.is_fragment:
                self.full.add(joined)

    def _can_lead(self, other: Report, report: Report) -> bool:
        """Whether a report may join the utterance of its match.

        A fragment leads longer words only to an utterance that holds nothing but fragments.
        """
        if other.utterance is None:
            return False
        by_fragment = other.wording.is_fragment and not report.wording.is_fragment
        return not by_fragment or other.utterance not in self.full


def _reported_in_full(utterances: set[UUID | None]) -> set[UUID]:
    """Those of these utterances that some quote reports with more than a fragment; one query."""
    if not (utterances := utterances - {None}):
        return set()
    reports = Quote.objects.filter(utterance__in=utterances).values_list("utterance", "text")
    return {utterance for utterance, text in reports if not Wording(text).is_fragment}


def _rank(report: Report, score: float, other: Report) -> tuple:
    """Sort key of a match: the most similar first, then the same article, then the nearest day."""
    days_apart = abs(report.days[0] - other.days[0])
    return -score, other.article != report.article, days_apart, str(other.utterance), str(other.id)


def _lock_and_recheck(reports: list[Report]) -> None:
    """Lock the matches on record; drop those that changed meanwhile or that a curator parted.

    Quotes that another transaction has locked are skipped, not waited for: it may be waiting for
    the locks held here.
    """
    on_record = {
        other.id for report in reports for _, other in report.matches if other.quote is None
    }
    with connection.cursor() as cursor:
        # A merge locks the speaker before its quotes: wait for it here, in the same order.
        cursor.execute(
            "SELECT FROM sources_speaker WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE",
            [[*{report.speaker for report in reports if report.matches}]],
        )
    locked = Quote.objects.filter(pk__in=on_record, status__in=MATCHED_STATUSES).order_by("pk")
    locked = locked.select_for_update(of=("self",), skip_locked=True, no_key=True)
    now = {key: rest for key, *rest in locked.values_list("pk", "speaker", "utterance", "text")}
    own = [report.id for report in reports if report.id]
    parted = _parted([*own, *(key for key, (_, utterance, _) in now.items() if not utterance)])
    for report in reports:
        report.matches = [
            (score, other)
            for score, other in report.matches
            if report.id not in parted
            and other.id not in parted
            and (other.quote is not None or _is_unchanged(other, now.get(other.id)))
        ]


def _is_unchanged(other: Report, now: list | None) -> bool:
    """Whether a locked row still has the speaker and words compared; take its utterance over."""
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
    """Quotes that were taken out of an utterance other than by a change of speaker; one query."""
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(PARTED, [ids])
        return {key for (key,) in cursor.fetchall()}


def _store(utterances: dict[UUID, UUID]) -> None:
    """Set the utterances of quotes on record, by their ids; one statement."""
    if utterances:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE quotes_quote SET utterance_id = given.utterance"
                " FROM unnest(%s::uuid[], %s::uuid[]) AS given(id, utterance)"
                " WHERE quotes_quote.id = given.id",
                [list(utterances), list(utterances.values())],
            )
