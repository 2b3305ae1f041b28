"""`manage.py file_articles FILE.ndjson`"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from quotes.filing import Refused, file_many, same_article
from quotes.serializers import FilingSerializer

BATCH = 100
LONGEST_LINE = 20 * 1024 * 1024


class Command(BaseCommand):
    help = (
        "File many articles: FILE holds one filing a line, as POST /api/v1/articles/ takes it. "
        "Lines that are refused go to FILE.refused.ndjson with their reasons; the rest is filed. "
        "A run that was cut short goes on where it stopped; filing a line twice changes nothing. "
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
        filed = progress.filed
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
                for batch, end, number in batches(lines, progress):
                    for fault in filing(batch, may_publish=not propose):
                        progress.refused += 1
                        text = json.dumps(fault, ensure_ascii=False, default=str)
                        refused.write(text.encode("utf-8", "backslashreplace") + b"\n")
                    refused.flush()
                    filed = number - progress.refused
                    bar.update(end - progress.offset)
                    progress.save(end, number)
        progress.forget()
        if progress.refused:
            raise CommandError(
                f"{filed:,} filed, {progress.refused:,} refused: see {refused_to}.", returncode=1
            )
        refused_to.unlink()
        self.stdout.write(f"{filed:,} filed.")


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


def batches(lines, progress: Progress) -> Iterator[tuple[list, int, int]]:
    """Lines in batches, with the offset and the line number after each.

    Two filings of one article never share a batch: the second has to see the first.
    """
    lines.seek(progress.offset)
    number, batch, known = progress.line, [], set()
    offset = progress.offset
    while line := lines.readline(LONGEST_LINE + 1):
        row = read(line)
        if len(line) > LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = lines.readline(LONGEST_LINE)
        keys = same_article(row) if "fault" not in row else set()
        if batch and (len(batch) == BATCH or keys & known):
            yield batch, offset, number
            batch, known = [], set()
        offset, number = lines.tell(), number + 1
        known |= keys
        batch.append((number, row))
    if batch:
        yield batch, offset, number


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


def filing(batch: list[tuple[int, dict]], *, may_publish: bool) -> Iterator[dict]:
    """File a batch; give the lines that were refused, with their reasons."""
    good = [(number, row) for number, row in batch if "fault" not in row]
    payloads = {number: row.pop("filing") for number, row in batch}
    faults = {number: row["fault"] for number, row in batch if "fault" in row}
    outcomes = file_many([row for _, row in good], may_publish=may_publish) if good else []
    for (number, _), outcome in zip(good, outcomes, strict=True):
        if isinstance(outcome, Refused):
            faults[number] = outcome.faults
    for number, errors in sorted(faults.items()):
        yield {"line": number, "errors": errors, "filing": payloads[number]}
