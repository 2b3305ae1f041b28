"""`manage.py file_articles FILE.ndjson`"""

import hashlib
import json
import os
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from quotes.api.serializers import FilingSerializer
from quotes.filing import Refused, file_many
from sources.management.processes import start_processes

BATCH = 100
LONGEST_LINE = 20 * 1024 * 1024
WORTH_PROCESSES = 8 * 1024 * 1024
"""How many bytes a file needs for several processes: it takes a second to start them."""


class Command(BaseCommand):
    help = (
        "File many articles: FILE holds one filing a line, as POST /api/v1/articles/ takes it. "
        "Lines that are refused go to FILE.refused.ndjson with their reasons; the rest is filed. "
        "A run that was cut short goes on where it stopped; filing a line twice changes nothing. "
        "A large file is filed by as many processes as there are processors. "
        "Exits 1 when a line was refused."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="newline-delimited JSON, UTF-8")
        parser.add_argument(
            "--restart", action="store_true", help="begin at the first line, whatever was done"
        )
        parser.add_argument(
            "--propose",
            action="store_true",
            help="refuse quotes filed as published, as for a Contributor",
        )

    def handle(self, *, file: Path, restart: bool, propose: bool, **options):
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        progress = Progress(file)
        if restart:
            progress.forget()
        progress.load()
        is_large = file.stat().st_size - progress.offset > WORTH_PROCESSES
        # What the caller has not committed, other processes would not see.
        processes = os.cpu_count() if is_large and not connection.in_atomic_block else 1
        mode = "ab" if progress.offset else "wb"
        refused_to = file.with_name(f"{file.name}.refused.ndjson")
        with file.open("rb") as lines, refused_to.open(mode) as refused:
            if progress.offset:
                self.stderr.write(f"Going on after line {progress.line:,}.")
            with tqdm(
                total=file.stat().st_size,
                initial=progress.offset,
                unit="B",
                unit_scale=True,
                disable=None if options["verbosity"] else True,
            ) as bar:
                for batch, faults in filed(batches(lines, progress), processes, not propose):
                    for fault in faults:
                        progress.refused += 1
                        text = json.dumps(fault, ensure_ascii=False, default=str)
                        refused.write(text.encode("utf-8", "backslashreplace") + b"\n")
                    refused.flush()
                    bar.update(batch.end - progress.offset)
                    progress.save(batch.end, batch.last)
        progress.forget()
        if progress.refused:
            raise CommandError(
                f"{progress.filed:,} filed, {progress.refused:,} refused: see {refused_to}.",
                returncode=1,
            )
        refused_to.unlink()
        self.stdout.write(f"{progress.filed:,} filed.")


class Progress:
    """How far a file was filed, kept beside it until it is done."""

    def __init__(self, file: Path):
        self.path = file.with_name(f"{file.name}.progress")
        self.file = file
        self.offset = self.line = self.refused = 0

    @property
    def filed(self) -> int:
        return self.line - self.refused

    def _head(self) -> str:
        with self.file.open("rb") as file:
            return hashlib.sha256(file.readline(LONGEST_LINE)).hexdigest()

    def load(self) -> None:
        if not self.path.exists():
            return
        try:
            kept = json.loads(self.path.read_text())
            same = kept["head"] == self._head() and kept["offset"] <= self.file.stat().st_size
            self.offset, self.line, self.refused = kept["offset"], kept["line"], kept["refused"]
        except (ValueError, KeyError, TypeError):
            same = False
        if not same:
            raise CommandError(
                f"{self.path} belongs to another file. Remove it, or start over with --restart."
            )

    def save(self, offset: int, line: int) -> None:
        self.offset, self.line = offset, line
        text = json.dumps(
            {"head": self._head(), "offset": offset, "line": line, "refused": self.refused}
        )
        fresh = self.path.with_name(f"{self.path.name}.new")
        fresh.write_text(text)
        os.replace(fresh, self.path)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


@dataclass
class Batch:
    """Some lines, with their numbers."""

    lines: list[tuple[int, bytes]] = field(default_factory=list)
    keys: set[tuple] = field(default_factory=set)  # of the articles they may be of
    end: int = 0  # the offset after the last

    @property
    def last(self) -> int:
        return self.lines[-1][0]


def batches(file, progress: Progress) -> Iterator[Batch]:
    """The lines that are left, in batches.

    Two filings of one article never share a batch: the second has to see the first.
    """
    file.seek(progress.offset)
    number, batch = progress.line, Batch()
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(LONGEST_LINE)
        keys = same_article(line)
        if len(batch.lines) == BATCH or keys & batch.keys:
            yield batch
            batch = Batch()
        number += 1
        batch.lines.append((number, line))
        batch.keys |= keys
        batch.end = file.tell()
    if batch.lines:
        yield batch


# What two spellings of one URL may differ in, and some that differ in more.
_LOOSE = re.compile(r":(80|443)(?=[/?#]|$)|/|#.*", re.DOTALL)


def same_article(line: bytes) -> set[tuple[str, str]]:
    """What may tell the article of a line: lines that share none are of different articles."""
    try:
        payload = json.loads(line)
    except ValueError:
        return set()
    if not isinstance(payload, dict):
        return set()
    url, external_id = payload.get("url"), payload.get("external_id")
    keys = {("url", _LOOSE.sub("", str(url).strip().casefold()))} if url else set()
    if external_id:
        keys.add(("external_id", str(external_id).strip()))
    return keys or {("text", str(payload.get("text")))}


def filed(
    waiting: Iterator[Batch], processes: int, may_publish: bool
) -> Iterator[tuple[Batch, list[dict]]]:
    """Each batch once it is filed, in order, with the lines that were refused and their reasons.

    Several processes file several batches at once, but never two filings of one article.
    """
    file = partial(file_lines, may_publish=may_publish)
    if processes == 1:
        yield from ((batch, file(batch.lines)) for batch in waiting)
        return
    at_work: deque[tuple[Batch, Future]] = deque()

    def next_done() -> tuple[Batch, list[dict]]:
        batch, faults = at_work.popleft()
        return batch, faults.result()

    pool = start_processes(processes)
    try:
        for batch in waiting:
            while len(at_work) >= 2 * processes or any(batch.keys & b.keys for b, _ in at_work):
                yield next_done()
            at_work.append((batch, pool.submit(file, batch.lines)))
        while at_work:
            yield next_done()
    finally:
        pool.shutdown(cancel_futures=True)


def file_lines(lines: list[tuple[int, bytes]], *, may_publish: bool) -> list[dict]:
    """File some lines; those that were refused, with their reasons."""
    rows = [(number, read(line)) for number, line in lines]
    good = [(number, row) for number, row in rows if "fault" not in row]
    payloads = {number: row.pop("filing") for number, row in rows}
    faults = {number: row["fault"] for number, row in rows if "fault" in row}
    outcomes = file_many([row for _, row in good], may_publish=may_publish) if good else []
    for (number, _), outcome in zip(good, outcomes, strict=True):
        if isinstance(outcome, Refused):
            faults[number] = outcome.faults
    return [
        {"line": number, "errors": errors, "filing": payloads[number]}
        for number, errors in sorted(faults.items())
    ]


def read(line: bytes) -> dict:
    """The validated filing on a line, or `{"fault": …, "line": …}`."""
    if len(line) > LONGEST_LINE:
        return refusal("", f"The line is longer than {LONGEST_LINE:,} bytes.", None)
    try:
        payload = json.loads(line)
    except ValueError as error:
        return refusal("", f"Not JSON: {error}", line.decode("utf-8", "replace").strip())
    try:
        return {**FilingSerializer.read(payload), "filing": payload}
    except Refused as error:
        return {"fault": error.faults, "filing": payload}


def refusal(pointer: str, message: str, payload) -> dict:
    return {"fault": [{"pointer": pointer, "message": message}], "filing": payload}
