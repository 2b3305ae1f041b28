"""`manage.py match_utterances [--after SPEAKER]`"""

from itertools import batched
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from quotes.models import Quote
from quotes.utterances.candidates import MATCHED_STATUSES
from quotes.utterances.matching import match_on_record

BATCH = 500  # quotes per transaction


class Command(BaseCommand):
    help = (
        "Match quotes on record that have no utterance, as filing does: after an upgrade, or after "
        "speakers were corrected. Quotes that a curator has ungrouped are left alone. Works by "
        "speaker and can be stopped at any time; continue with --after."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--after", type=UUID, metavar="SPEAKER", help="continue after the speaker with this id"
        )

    def handle(self, *, after: UUID | None, **options):
        waiting = Quote.objects.filter(
            utterance=None, speaker__isnull=False, status__in=MATCHED_STATUSES
        ).order_by("speaker", "published_day", "pk")
        if after:
            waiting = waiting.filter(speaker__gt=after)
        given = 0
        done = after
        with tqdm(
            total=waiting.count(),
            unit="quote",
            unit_scale=True,
            disable=None if options["verbosity"] else True,
        ) as bar:
            try:
                keys = waiting.values_list("speaker", "pk").iterator(chunk_size=10_000)
                for rows in batched(keys, BATCH):
                    given += matched([key for _, key in rows])
                    bar.update(len(rows))
                    done = max((one for one, _ in rows if one != rows[-1][0]), default=done)
            except KeyboardInterrupt:
                self.stderr.write(f"Stopped. Continue with --after {done}." if done else "Stopped.")
                raise
        self.stdout.write(f"{given:,} quotes matched.")


@transaction.atomic
def matched(keys: list[UUID]) -> int:
    """Match those that still have no utterance; return how many were given one."""
    waiting = Quote.objects.filter(pk__in=keys, utterance=None, status__in=MATCHED_STATUSES)
    waiting = waiting.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return match_on_record(list(waiting.select_related("article").order_by("pk")))
