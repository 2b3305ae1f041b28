"""`manage.py erase (quote|article|speaker|mistakereport) ID… --reason "…" [--dry-run]`"""

import sys
from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from quotes.history.erasure import KINDS, CannotErase, Erasure, erase
from sources.history.erasure import NotOwner


class Command(BaseCommand):
    help = (
        "Erase records as the law requires: rows, histories, stored responses, and their words in "
        "the texts of their articles. A tombstone with the public reason stays, and the API "
        "answers 410. Lists where the words remain. All or nothing. Needs the role that owns the "
        "ledger."
    )

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=KINDS)
        parser.add_argument("ids", nargs="+", type=UUID, metavar="ID")
        parser.add_argument("--reason", required=True, help="public, so without names")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be erased, and change nothing"
        )
        parser.add_argument(
            "--everywhere",
            action="store_true",
            help="redact the texts of all other articles too, and erase their quotes of the words",
        )
        parser.add_argument("--yes", action="store_true", help="erase without asking")

    def handle(self, *, kind: str, ids: list[UUID], reason: str, **options):
        dry_run, yes = options["dry_run"], options["yes"]
        if not reason.strip():
            raise CommandError("Give a reason. Readers will see it.")
        if not (dry_run or yes or sys.stdin.isatty()):
            raise CommandError("Without a terminal, use --yes, or --dry-run first.")
        bar = partial(tqdm, disable=None if options["verbosity"] else True, leave=False)
        run = partial(erase, kind, ids, reason.strip(), everywhere=options["everywhere"], each=bar)
        preview = None
        try:
            if dry_run or not yes:
                preview = run(dry_run=True)
                show(self.stdout.write, preview, would=True)
                if dry_run:
                    return
                if input(f"Erase this permanently? Type “erase {kind}”: ") != f"erase {kind}":
                    raise CommandError("Nothing was erased.")
            done = run(confirmed=preview)
        except (CannotErase, NotOwner) as refusal:
            raise CommandError(str(refusal)) from refusal
        show(self.stdout.write, done, would=False)
        if connection.in_atomic_block:
            return
        with connection.cursor() as cursor:
            # Until then, dead rows and the planner's statistics still hold the words.
            cursor.execute("VACUUM (ANALYZE)")


def show(say: Callable[[str], object], erasure: Erasure, *, would: bool) -> None:
    """Report what an erasure destroys, and where words remain."""
    say("Would be erased:" if would else "Erased:")
    for model, keys in erasure.rows.items():
        for key in sorted(keys):
            why = " (shares words with one above)" if key in erasure.neighbours else ""
            say(f"  {model._meta.model_name} {key}{why}")
    for (key, name), ranges in erasure.redacted.items():
        number = sum(end - start for start, end in ranges)
        places = ", ".join(f"{start}–{end}" for start, end in ranges)
        say(f"  {number:,} code points of the {name} of snapshot {key}: {places}")
    for key, changed in sorted(erasure.particulars.items()):
        say(f"  the words in the {' and '.join(changed)} of article {key}")
    for key in sorted(erasure.unlinked):
        say(f"  the link of quote {key} to its replacement")
    say(f"  {erasure.answers:,} stored responses")
    say(f"  {erasure.webhooks:,} webhooks that ask for the words or names")
    say(f"  the words in {erasure.log_entries:,} log entries and {erasure.jobs:,} bulk jobs")
    say(f"  {erasure.documents:,} documents that the texts were converted from")
    say(f"  what {erasure.filings:,} filings said of them")
    say(f"  {erasure.remembered:,} runs of words are kept away by keyed hashes")
    if erasure.remains:
        say("Their words would remain here:" if would else "Their words remain here:")
        for trace in erasure.remains:
            say(f"  {trace}")
    else:
        say("Their words were not found anywhere else.")
    if erasure.not_searched:
        say(f"{erasure.not_searched:,} texts, too short or too many, were not searched for.")
