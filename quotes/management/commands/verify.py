"""`manage.py verify [ID …] [--all [--tombstones FILE]] [--against FILE] [--jobs N]`"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from quotes.history.tombstones import tombstone_faults
from quotes.history.verification import all_records, faults_in
from quotes.management.commands.erase_again import read
from sources.checkpoints.notes import BadKey, BadNote
from sources.checkpoints.proofs import faults_against, kept_head
from sources.history.protection import faults_of_protection
from sources.history.verification import BATCH, Check
from sources.ledger.revisions import Revision
from sources.models import Leaf


class Command(BaseCommand):
    help = (
        "Recompute every digest, anchor, hash, link and derived column, and compare each record "
        "with its history; with --all, verify the eras and triggers of the ledger too. Prints one "
        "line per fault: the record, its version, the check, what was expected and what was found. "
        "Exits 1 if there is one. Changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("ids", nargs="*", type=UUID, metavar="ID", help="a record of any kind")
        parser.add_argument("--all", action="store_true", help="all records, with their histories")
        parser.add_argument(
            "--tombstones", type=Path, metavar="FILE", help="with --all: of all that was erased"
        )
        parser.add_argument(
            "--against", type=Path, metavar="FILE", help="a checkpoint that was kept, or a log"
        )
        parser.add_argument("--key", help="public key of --against; else that of ONRECORD_LOG_KEYS")
        parser.add_argument(
            "--jobs", type=int, default=1, metavar="N", help="connections at once (default: 1)"
        )

    def handle(self, *, ids: list[UUID], all: bool, tombstones, against, jobs: int, **options):  # noqa: A002
        if (all and ids) or not (all or ids or against):
            raise CommandError("Give the ids of records, --all, or --against a checkpoint.")
        if tombstones and not all:
            raise CommandError("--tombstones goes with --all.")
        if jobs < 1:
            raise CommandError("--jobs is 1 or more.")
        erased = list(read(tombstones)) if tombstones else None
        faults = self.compare(against, **options) if against else 0
        if not (all or ids):
            if faults:
                raise CommandError(f"{faults:,} faults against {against}.", returncode=1)
            return
        known = Revision.objects.all() if all else Revision.objects.filter(subject_id__in=ids)
        batches = all_records() if all else in_batches(ids)
        records = 0
        with tqdm(
            total=known.count(),
            unit="revision",
            unit_scale=True,
            disable=None if options["verbosity"] else True,
        ) as bar:
            for subjects, found in verified(batches, jobs):
                for fault in found:
                    faults += 1
                    with bar.external_write_mode():
                        self.stdout.write(str(fault))
                records += len(subjects)
                bar.update(known.filter(subject_id__in=subjects).count())
        of_no_record = chain(
            faults_of_protection() if all else (),
            tombstone_faults(erased) if erased is not None else (),
        )
        for fault in of_no_record:
            faults += 1
            self.stdout.write(str(fault))
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


def verified(batches: Iterable[list[UUID]], jobs: int) -> Iterator[tuple[list[UUID], list[Check]]]:
    """Each batch with its faults, in order; more than one job verify in threads of their own.

    Few batches are held at a time.
    """
    if jobs == 1:
        for subjects in batches:
            yield subjects, faults_in(subjects)
        return
    with ThreadPoolExecutor(jobs) as pool:
        waiting = deque()
        for subjects in batches:
            waiting.append((subjects, pool.submit(faults_in_a_thread, subjects)))
            if len(waiting) > 2 * jobs:
                subjects, found = waiting.popleft()
                yield subjects, found.result()
        for subjects, found in waiting:
            yield subjects, found.result()


def faults_in_a_thread(subjects: list[UUID]) -> list[Check]:
    try:
        return faults_in(subjects)
    finally:
        connection.close()


def in_batches(ids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
