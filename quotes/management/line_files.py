"""Where `file_articles` reads its lines: a file of newline-delimited JSON, or documents.

A source has a `size`, a `head` that tells it from others, and `lines(offset)`, each line with the
offset at which reading goes on after it.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from quotes.api.bulk_filing import MAX_LINE_BYTES, Line
from quotes.api.documents import MAX_FILING_BYTES, media_type_of_file
from sources.intake import Document, NotConverted, articles_in

SUFFIXES = frozenset({".atom", ".htm", ".html", ".json", ".jsonld", ".nitf", ".rss", ".xhtml"})
SUFFIXES |= {".xml"}
"""Of documents. Any other file holds a filing on each line."""

LINES = frozenset({".jsonl", ".ndjson"})


def source_of(path: Path):
    """The source of lines at a path: a folder, a document, or a file with a filing per line."""
    if path.is_dir():
        return Documents(path, sorted(p for p in path.rglob("*") if _is_read(path, p)))
    is_document = path.suffix.lower() in SUFFIXES and media_type_of_file(path.name, _begin(path))
    return Documents(path.parent, [path]) if is_document else LineFile(path)


def _is_read(folder: Path, path: Path) -> bool:
    """Whether a file of a folder is read: not a hidden one, nor what an earlier run wrote."""
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    known = path.suffix.lower() in SUFFIXES | LINES and not path.name.endswith(".refused.ndjson")
    return known and path.is_file() and not hidden


def _begin(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILING_BYTES + 1)


class LineFile:
    """A file of newline-delimited JSON; offsets are bytes."""

    unit = "B"

    def __init__(self, path: Path):
        self.path = path
        self.size = self.bytes = path.stat().st_size

    @property
    def head(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.sha256(file.readline(MAX_LINE_BYTES)).hexdigest()

    def name_of(self, line: int) -> str | None:
        return None

    def lines(self, offset: int, number: int) -> Iterator[tuple[Line, int]]:
        """Yield each line; of one that is too long only the beginning."""
        with self.path.open("rb") as file:
            file.seek(offset)
            while line := file.readline(MAX_LINE_BYTES + 1):
                if len(line) > MAX_LINE_BYTES:
                    rest = line
                    while rest and not rest.endswith(b"\n"):
                        rest = file.readline(MAX_LINE_BYTES)
                yield line, file.tell()


class Documents:
    """Files with an article each, feeds, and files of lines; an offset is a number of files."""

    unit = "files"

    def __init__(self, folder: Path, paths: list[Path]):
        self.folder, self.paths = folder, paths
        self.size, self.bytes = len(paths), sum(path.stat().st_size for path in paths)
        self.names: dict[int, str] = {}  # by line

    @property
    def head(self) -> str:
        names = "\n".join(str(path.relative_to(self.folder)) for path in self.paths)
        return hashlib.sha256(names.encode(errors="surrogateescape")).hexdigest()

    def name_of(self, line: int) -> str | None:
        return self.names.pop(line, None)

    def lines(self, offset: int, number: int) -> Iterator[tuple[Line, int]]:
        """Yield what each file holds. A file that was filed in part is read again."""
        for place, path in enumerate(self.paths[offset:], offset):
            held = None
            for line in self._read(path):
                if held is not None:
                    yield held, place
                number += 1
                self.names[number] = str(path.relative_to(self.folder))
                held = line
            if held is not None:
                yield held, place + 1

    def _read(self, path: Path) -> Iterator[Line]:
        if path.suffix.lower() in LINES:
            yield from (line for line, _ in LineFile(path).lines(0, 0))
            return
        body = _begin(path)
        kind = media_type_of_file(path.name, body)
        if len(body) > MAX_FILING_BYTES:
            yield NotConverted(f"The file is larger than {MAX_FILING_BYTES // 1024:,} KiB.")
        elif kind is None:
            yield body
        else:
            yield from articles_in(Document(body, kind))
