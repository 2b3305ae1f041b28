"""`manage.py erase (quote|article|speaker) ID… --reason "…" [--dry-run]`"""

import sys
from functools import partial
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from quotes.history.erasure import KINDS, CannotErase, Erasure, erase
from sources.history.erasure import NotOwner


class Command(BaseCommand):
    help = (
        "Destroy what the law says must go: the records, their histories, their words in the texts "
        "of their articles, stored answers. A tombstone stays with the reason, which is public; "
        "reading the record then answers 410. Lists where the words still stand. All or nothing. "
        "Needs the role that owns the ledger."
    )

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=KINDS)
        parser.add_argument("ids", nargs="+", type=UUID, metavar="ID")
        parser.add_argument("--reason", required=True, help="public; name no names")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would go and stay; change nothing"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, kind: str, ids: list[UUID], reason: str, dry_run: bool, yes: bool, **rest):
        if not reason.strip():
            raise CommandError("Give a reason: it is what readers are told.")
        if not (dry_run or yes or sys.stdin.isatty()):
            raise CommandError("Nobody is there to be asked. Say --yes, or --dry-run first.")
        bar = partial(tqdm, disable=None if rest["verbosity"] else True, leave=False)
        work = partial(erase, kind, ids, reason.strip(), each=bar)
        shown = None
        try:
            if dry_run or not yes:
                shown = work(for_show=True)
                self._show(shown, would=True)
                if dry_run:
                    return
                if input(f"Destroy this for good? Type “erase {kind}”: ") != f"erase {kind}":
                    raise CommandError("Nothing was erased.")
            done = work(agreed=shown)
        except (CannotErase, NotOwner) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._show(done, would=False)
        if connection.in_atomic_block:
            return
        with connection.cursor() as cursor:
            # Until then the pages and the statistics of the planner still hold the words.
            cursor.execute("VACUUM (ANALYZE)")

    def _show(self, work: Erasure, *, would: bool) -> None:
        say = self.stdout.write
        say("Would be destroyed:" if would else "Destroyed:")
        for model, keys in work.rows.items():
            for key in sorted(keys):
                because = ", which shares words with one of them" if key in work.along else ""
                say(f"  {model._meta.model_name} {key}{because}")
        for key, ranges in work.blotted.items():
            number = sum(end - start for start, end in ranges)
            places = ", ".join(f"{start}–{end}" for start, end in ranges)
            say(f"  {number:,} code points of snapshot {key}: {places}")
        for key in sorted(work.unreplaced):
            say(f"  the reference to its replacement of quote {key}")
        say(f"  {work.answers:,} stored answers, the words of {work.log_entries:,} log entries")
        say(f"  what {work.jobs:,} bulk jobs hold")
        if work.remains:
            say("Words of them would remain here:" if would else "Words of them remain here:")
            for trace in work.remains:
                say(f"  {trace}")
        else:
            say("Nothing of their words is found anywhere else.")
        if work.not_sought:
            say(f"{work.not_sought:,} texts were too short, or too many, to be looked for.")
