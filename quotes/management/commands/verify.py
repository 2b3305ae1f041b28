"""`manage.py verify [--all] [ID …]`"""

from collections.abc import Iterator
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from quotes.history.verification import faults_in
from sources.history.verification import BATCH, all_subjects
from sources.ledger.revisions import Revision


class Command(BaseCommand):
    help = (
        "Recompute every digest, anchor, hash and link, and compare each record with its history. "
        "Prints one line per fault: the record, its version, the check, what was expected and what "
        "was found. Exits 1 if there is one. Changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("ids", nargs="*", type=UUID, metavar="ID", help="a record of any kind")
        parser.add_argument("--all", action="store_true", help="all records, with their histories")

    def handle(self, *, ids: list[UUID], all: bool, **options):  # noqa: A002 (the option's name)
        if all == bool(ids):
            raise CommandError("Give the ids of records, or --all.")
        known = Revision.objects.all() if all else Revision.objects.filter(subject_id__in=ids)
        batches = all_subjects() if all else in_batches(ids)
        faults = records = 0
        with tqdm(
            total=known.count(),
            unit="revision",
            unit_scale=True,
            disable=None if options["verbosity"] else True,
        ) as bar:
            for subjects in batches:
                for fault in faults_in(subjects):
                    faults += 1
                    with bar.external_write_mode():
                        self.stdout.write(str(fault))
                records += len(subjects)
                bar.update(known.filter(subject_id__in=subjects).count())
        if faults:
            raise CommandError(f"{faults:,} faults in {records:,} records.", returncode=1)
        self.stdout.write(f"{records:,} records hold.")


def in_batches(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
