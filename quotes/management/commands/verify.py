"""`manage.py verify [--all] [ID …] [--against FILE]`"""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from quotes.history.verification import faults_in
from sources.checkpoints.notes import BadKey, BadNote
from sources.checkpoints.proofs import faults_against, kept_head
from sources.history.verification import BATCH, all_subjects
from sources.ledger.revisions import Revision
from sources.models import Leaf


class Command(BaseCommand):
    help = (
        "Recompute every digest, anchor, hash and link, and compare each record with its history. "
        "Prints one line per fault: the record, its version, the check, what was expected and what "
        "was found. Exits 1 if there is one. Changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("ids", nargs="*", type=UUID, metavar="ID", help="a record of any kind")
        parser.add_argument("--all", action="store_true", help="all records, with their histories")
        parser.add_argument(
            "--against", type=Path, metavar="FILE", help="a checkpoint that was kept, or a log"
        )
        parser.add_argument("--key", help="public key of --against; else that of ONRECORD_LOG_KEYS")

    def handle(self, *, ids: list[UUID], all: bool, against, **options):  # noqa: A002 (as shown)
        if (all and ids) or not (all or ids or against):
            raise CommandError("Give the ids of records, --all, or --against a checkpoint.")
        found = self.compare(against, **options) if against else 0
        if not (all or ids):
            if found:
                raise CommandError(f"{found:,} faults against {against}.", returncode=1)
            return
        known = Revision.objects.all() if all else Revision.objects.filter(subject_id__in=ids)
        batches = all_subjects() if all else in_batches(ids)
        faults, records = found, 0
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

    def compare(self, file: Path, *, key: str | None, verbosity: int, **options) -> int:
        """Print and count the faults against a checkpoint, or a log's directory, that was kept."""
        try:
            head, kept = kept_head(file, key)
        except (BadKey, BadNote, OSError) as error:
            raise CommandError(f"{file}: {error}") from error
        faults = 0
        with tqdm(
            total=Leaf.objects.count(),
            unit="leaf",
            unit_scale=True,
            disable=None if verbosity else True,
        ) as bar:
            for fault in faults_against(head, kept, bar.update):
                faults += 1
                with bar.external_write_mode():
                    self.stdout.write(fault)
        if not faults:
            self.stdout.write(f"The ledger continues the checkpoint of {head.size:,} revisions.")
        return faults


def in_batches(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
