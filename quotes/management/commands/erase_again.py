"""`manage.py erase_again FILE [--dry-run]`"""

import json
import sys
from functools import partial
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from tqdm import tqdm

from quotes.history.erasure import KINDS, CannotErase
from quotes.history.tombstones import erase_again
from quotes.management.commands.erase import show
from sources.history.erasure import NotOwner


class Command(BaseCommand):
    help = (
        "Apply tombstones to a restored backup: erase what they name and the backup still has, "
        "with the reasons that they give. All or nothing. Needs the role that owns the ledger."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="written by `manage.py tombstones`")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be erased, and change nothing"
        )
        parser.add_argument("--yes", action="store_true", help="erase without asking")

    def handle(self, *, file: Path, dry_run: bool, yes: bool, **rest):
        if not (dry_run or yes or sys.stdin.isatty()):
            raise CommandError("Without a terminal, use --yes, or --dry-run first.")
        bar = partial(tqdm, disable=None if rest["verbosity"] else True, leave=False)
        lines = list(read(file))
        if not (dry_run or yes) and input("Erase this permanently? Type “erase”: ") != "erase":
            raise CommandError("Nothing was erased.")
        erased = 0
        try:
            with transaction.atomic():
                for _, erasure in erase_again(lines, dry_run=dry_run, each=bar):
                    show(self.stdout.write, erasure, would=dry_run)
                    erased += sum(map(len, erasure.rows.values()))
        except (CannotErase, NotOwner) as refusal:
            raise CommandError(str(refusal)) from refusal
        would = "would be erased" if dry_run else "erased"
        self.stdout.write(f"{len(lines):,} tombstones; {erased:,} records {would}.")
        if erased and not dry_run and not connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM (ANALYZE)")


def read(file: Path):
    """The tombstones of a file. Raises CommandError that names the line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(lines, 1):
        try:
            tombstone = json.loads(line)
            if tombstone["kind"] in KINDS and tombstone["id"] and tombstone["reason"]:
                yield tombstone
                continue
        except (ValueError, TypeError, KeyError):
            pass
        raise CommandError(f"{file}, line {number}: this is no tombstone.")
