"""Indexes of quotes, each with the query that reads it."""

from zoneinfo import ZoneInfo

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import TruncDate

from quotes.models.functions import Grams, Periods, Speech
from quotes.models.workflow import HIDDEN
from sources.dates import Imprecise
from sources.models.functions import BodyKey, NameKey, Words

FLAGS = (
    "ambiguous_speaker",
    "ambiguous_organisation",
    "unresolved_speaker",
    "check_speaker",
    "role_conflict",
    "filing_differs",
    "text_replaced",
    "words_left_out",
    "attribution_changed",
)


def flagged_index(flag: str) -> models.Index:
    """Index of the quotes with this flag: newest first, with their age; and their articles."""
    return models.Index(
        fields=["published_day", "id"],
        include=["created", "status", "article"],
        condition=Q(flags__contains=[flag]),
        name=f"quote_{flag}",
    )


DERIVED = ("contexts", "nearest", "role_key", "search_words", "bare", "filed_by_id")
"""Not part of a quote's history: computed from others, or the actor of its first revision."""


COVERED = [
    "published_day",
    "said_day",
    "created",
    "updated",
    "status",
    "kind",
    "anchor",
    "language",
    "speaker",
    "organisation",
    "outlet",
    "published",
    "affiliation",
    "role_key",
    "utterance",
    "said",
    "origin",
]
"""Columns that most filters and all statistics read. Each one makes every scan of these indexes
slower, whether it is needed or not."""


def covering_index(*of: str, name: str) -> models.Index:
    """Index for index-only scans of lists in this order, and of statistics."""
    return models.Index(
        fields=[*of, "id"],
        include=[column for column in COVERED if column not in of],
        name=f"quote_held_{name}",
    )


def tally_indexes() -> list[models.Index]:
    """Indexes for `quotes.statistics` of the whole archive.

    They hold no id, so that PostgreSQL deduplicates equal entries: a third to a tenth of the size.
    """
    return [
        models.Index(
            fields=[
                *("speaker", "organisation", "affiliation", "role_key"),
                *("published_day", "status", "language", "kind", "anchor"),
            ],
            name="quote_tally_who",
        ),
        models.Index(
            fields=["outlet", "kind", "status", "language", "published_day", "anchor"],
            name="quote_tally_where",
        ),
        models.Index(
            fields=["published_day", "status", "language", "kind", "anchor"],
            name="quote_tally_when",
        ),
        # Ranges are never deduplicated, so only quotes with an imprecise date are here
        models.Index(
            fields=["published_day"],
            include=[
                *("speaker", "organisation", "outlet", "affiliation", "role_key"),
                *("kind", "status", "language", "published", "anchor"),
            ],
            condition=Q(Imprecise("published")),
            name="quote_tally_imprecise",
        ),
    ]


PENDING_LIST_KB = 512
"""New entries of a GIN index that wait to be sorted in; every search reads all of them."""


IS_HIDDEN = Q(*(("status", status) for status in HIDDEN), _connector=Q.OR)
"""Written out, for PostgreSQL to say the same of an index that was dropped and made again."""

LEAD_DAYS = 31
"""How long before the day it carries a quote may be filed: magazines are dated a month ahead."""


def last_date(day: models.Expression) -> models.Expression:
    """The last date that what is dated by this day at the latest can carry, unless `IS_AHEAD`."""
    return models.ExpressionWrapper(day + LEAD_DAYS, models.DateField())


class MadeBefore(models.Func):
    """Whether an id was made more than `LEAD_DAYS` before a time, or does not tell when."""

    template = f"coalesce(%(expressions)s) > interval '{LEAD_DAYS} days', true)"
    arg_joiner = " - uuid_extract_timestamp("
    output_field = models.BooleanField()


# A migration cannot write `datetime.UTC`
FILED = last_date(TruncDate(F("created"), tzinfo=ZoneInfo("UTC")))
PRINTED = last_date(models.Func("published", function="upper", output_field=models.DateField()))
IS_AHEAD = (
    Q(said_day__gt=PRINTED)
    | Q(said_day__gt=FILED)
    | Q(published_day__gt=FILED)
    | Q(created__gt=F("updated"))
    | Q(MadeBefore("created", "id"))
)
"""Times in an unlikely order, as by a wrong date: few have them. All others were said before they
were printed, and both before they were filed, or up to `LEAD_DAYS` after that; and their ids were
made when they were filed."""


def quote_indexes() -> list[models.Index]:
    return [
        # quotes/, one per ordering; published and created also serve the admin's charts
        covering_index("published_day", name="published"),
        covering_index("said_day", name="said"),
        covering_index("created", name="created"),
        # quotes/?speaker= and friends, newest first
        covering_index("speaker", "published_day", name="speaker"),
        covering_index("organisation", "published_day", name="organisation"),
        covering_index("outlet", "published_day", name="outlet"),
        *tally_indexes(),
        models.Index(fields=["status", "published_day", "id"], name="quote_by_status"),
        models.Index(fields=["updated", "id"], name="quote_by_updated"),
        # language, and the list of languages present
        models.Index(fields=["language", "published_day", "id"], name="quote_by_language"),
        # translated_from, translates: few quotes are translations
        *(
            models.Index(
                fields=[name, "published_day", "id"],
                condition=Q(**{f"{name}__isnull": False}),
                name=f"quote_{name}",
            )
            for name in ("translated_from", "translates")
        ),
        # utterance; the count of its public quotes, which every quote shows, as an index-only scan
        models.Index(fields=["utterance", "status"], name="quote_by_utterance"),
        # origin: those that extraction found
        models.Index(
            fields=["published_day", "id"], condition=Q(origin="proposed"), name="quote_extracted"
        ),
        # speaker_name, organisation_name
        models.Index(NameKey("attribution_speaker"), name="quote_printed_speaker"),
        models.Index(BodyKey("attribution_organisation"), name="quote_printed_organisation"),
        # role, also of some speakers, without reading the quotes
        models.Index(
            fields=["role_key", "speaker", "id"],
            include=["status", "published_day", "said_day", "created"],
            condition=Q(role_key__isnull=False),
            name="quote_by_role_key",
        ),
        # The admin's searches
        GinIndex(Words("bare"), name="quote_words"),
        # q; phrase and like; within a range of time
        *(
            GinIndex(
                words,
                Periods("id", "published_day"),
                name=f"quote_{name}_then",
                gin_pending_list_limit=PENDING_LIST_KB,
            )
            for words, name in ((F("search_words"), "search_words"), (Grams("bare"), "grams"))
        ),
        # quotes.utterances searches while it files, so nothing may wait in a pending list
        GinIndex(Speech("speaker", "bare"), name="quote_speech", fastupdate=False),
        # The admin's queues: counts, ages and lists, as index-only scans
        models.Index(
            fields=["created", "id"], condition=Q(status="proposed"), name="quote_proposed"
        ),
        *(
            models.Index(
                fields=[of, "id"], condition=Q(status="proposed"), name=f"quote_proposed_{of}"
            )
            for of in ("article", "outlet", "speaker")
        ),
        models.Index(
            F("published_day").desc(nulls_last=True),
            F("id").desc(),
            condition=Q(status="proposed"),
            name="quote_proposed_latest",
        ),
        # Lists in the order of one time that ask for another: `split_by_time`
        models.Index(fields=["id"], condition=IS_AHEAD, name="quote_ahead"),
        # `visible_to`: what a filer sees beside public quotes
        models.Index(
            fields=["filed_by", "id"],
            condition=IS_HIDDEN & Q(filed_by__isnull=False),
            name="quote_hidden_filed_by",
        ),
        models.Index(
            fields=["outlet", "id"],
            condition=IS_HIDDEN,
            name="quote_hidden_outlet",
        ),
        *(flagged_index(flag) for flag in FLAGS),
        models.Index(
            fields=["anchor", "published_day", "id"],
            include=["created", "status", "article"],
            condition=~Q(anchor="exact"),
            name="quote_by_anchor",
        ),
    ]
