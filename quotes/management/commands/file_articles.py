"""`manage.py file_articles FILE.ndjson`, or a document, or a folder of them."""

import json
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from quotes.api.bulk_filing import Batch, Line, Outcome, batches, file_lines
from quotes.filing import OPERATOR, Filer
from quotes.management.line_files import source_of
from sources.management.processes import start_processes

BATCH = 100  # filings per transaction
MIN_PARALLEL_BYTES = 8 * 1024 * 1024  # starting several processes takes a second


class Command(BaseCommand):
    help = (
        "File many articles. FILE holds one filing per line, as for POST /api/v1/articles/. Or it "
        "is a document (a page, ninjs, NITF, NewsML-G2, JSON-LD, RSS, Atom) or a folder of such "
        "files. Refused lines go to FILE.refused.ndjson with their reasons; the rest is filed. "
        "An interrupted run resumes where it stopped; filing a line twice changes nothing. "
        "Large files are filed by one process per processor. "
        "Exits 1 if a line was refused."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="NDJSON, a document or a folder")
        parser.add_argument(
            "--restart", action="store_true", help="begin at the first line, do not resume"
        )
        parser.add_argument(
            "--propose",
            action="store_true",
            help="refuse published quotes, as for a Contributor",
        )

    def handle(self, *, file: Path, restart: bool, propose: bool, **options):
        if not file.exists():
            raise CommandError(f"There is no file {file}.")
        filer, source = replace(OPERATOR, may_publish=not propose), source_of(file)
        progress = Progress(file, source)
        if restart:
            progress.forget()
        progress.load()
        is_large = source.bytes * (1 - progress.offset / (source.size or 1)) > MIN_PARALLEL_BYTES
        # Other processes would not see what the caller has not committed.
        processes = os.cpu_count() if is_large and not connection.in_atomic_block else 1
        mode = "ab" if progress.offset else "wb"
        refused_to = file.with_name(f"{file.name}.refused.ndjson")
        with refused_to.open(mode) as refused:
            if progress.offset:
                self.stderr.write(f"Resuming after line {progress.line:,}.")
            with tqdm(
                total=source.size,
                initial=progress.offset,
                unit=source.unit,
                unit_scale=True,
                disable=None if options["verbosity"] else True,
            ) as bar:
                lines = source.lines(progress.offset, progress.line)
                waiting = batches(lines, size=BATCH, number=progress.line)
                for batch, faults in filed(waiting, processes, filer):
                    for fault in faults:
                        progress.refused += 1
                        told = {"line": fault.line, "errors": fault.errors, "filing": fault.payload}
                        if name := source.name_of(fault.line):
                            told["file"] = name
                        text = json.dumps(told, ensure_ascii=False, default=str)
                        refused.write(text.encode("utf-8", "backslashreplace") + b"\n")
                    refused.flush()
                    bar.update(batch.end - progress.offset)
                    progress.save(batch.end, batch.last)
        progress.forget()
        if progress.refused:
            raise CommandError(
                f"{progress.filed:,} filed, {progress.refused:,} refused. See {refused_to}.",
                returncode=1,
            )
        refused_to.unlink()
        self.stdout.write(f"{progress.filed:,} filed.")


class Progress:
    """The progress of a file, kept in a file beside it until all is filed."""

    def __init__(self, file: Path, source):
        self.path = file.with_name(f"{file.name}.progress")
        self.source = source
        self.offset = self.line = self.refused = 0

    @property
    def filed(self) -> int:
        return self.line - self.refused

    def load(self) -> None:
        if not self.path.exists():
            return
        try:
            kept = json.loads(self.path.read_text())
            same = kept["head"] == self.source.head and kept["offset"] <= self.source.size
            self.offset, self.line, self.refused = kept["offset"], kept["line"], kept["refused"]
        except (ValueError, KeyError, TypeError):
            same = False
        if not same:
            raise CommandError(f"{self.path} belongs to another file. Delete it, or use --restart.")

    def save(self, offset: int, line: int) -> None:
        self.offset, self.line = offset, line
        text = json.dumps(
            {"head": self.source.head, "offset": offset, "line": line, "refused": self.refused}
        )
        fresh = self.path.with_name(f"{self.path.name}.new")
        fresh.write_text(text)
        os.replace(fresh, self.path)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def filed(
    waiting: Iterator[Batch], processes: int, filer: Filer
) -> Iterator[tuple[Batch, list[Outcome]]]:
    """File batches; yield each, in order, with its refused lines.

    Several processes file several batches at once, never two filings of one article.
    """
    file = partial(file_refusing, filer=filer)
    if processes == 1:
        yield from ((batch, file(batch.lines)) for batch in waiting)
        return
    running: deque[tuple[Batch, Future]] = deque()

    def oldest_done() -> tuple[Batch, list[Outcome]]:
        batch, faults = running.popleft()
        return batch, faults.result()

    pool = start_processes(processes)
    try:
        for batch in waiting:
            while len(running) >= 2 * processes or any(batch.keys & b.keys for b, _ in running):
                yield oldest_done()
            running.append((batch, pool.submit(file, batch.lines)))
        while running:
            yield oldest_done()
    finally:
        pool.shutdown(cancel_futures=True)


def file_refusing(lines: list[tuple[int, Line]], *, filer: Filer) -> list[Outcome]:
    """File lines; return the refused ones."""
    return [outcome for outcome in file_lines(lines, filer=filer) if outcome.errors]
