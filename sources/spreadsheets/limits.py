"""Measure an XLSX file before it is read: openpyxl takes a second for 200,000 cells.

A file of a few KiB can unpack to millions of elements, which would hold a thread for half a minute
and take gigabytes of memory.
"""

import zipfile
from xml.parsers import expat

MAX_ELEMENTS = 1_000_000
"""Of all parts of a book, weighed by the time that openpyxl takes for them: some six seconds."""

MAX_DEPTH = 64
"""Elements within elements; a sheet has six, a drawing some twenty."""

MAX_TAG_BYTES = 1 << 18
"""Of one tag with its attributes, which expat reads at once."""

CELLS = frozenset(["row", "c", "v", "is", "t", "si"])
OTHER_WEIGHT = 5
"""Of an element that is no part of a cell: openpyxl makes an object of each."""

USUAL_ATTRIBUTES = 16
"""Of an element; each further one weighs as much as a cell."""

LEAD_WEIGHT = 1 / 4
"""Of an element that each sheet's size is looked for in, once for every sheet of the book."""

_CHUNK_BYTES = 1 << 16


class TooLarge(ValueError):
    """A book that would take too long to read."""


class _Measure:
    """Adds up the elements of the parts of a book."""

    def __init__(self):
        self.elements = 0.0
        self.sheets = self.longest_lead = 0

    def read(self, part) -> None:
        """Add a part. Raises TooLarge, or expat.ExpatError for what is not XML."""
        self.depth = self.lead = 0
        self.leads = True
        parser = expat.ParserCreate(namespace_separator="}")
        parser.ordered_attributes = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.StartDoctypeDeclHandler = self._doctype
        size = 0
        while chunk := part.read(_CHUNK_BYTES):
            parser.Parse(chunk)
            size += len(chunk)
            if size - parser.CurrentByteIndex > MAX_TAG_BYTES:
                raise TooLarge
        parser.Parse(b"", True)

    def _start(self, name: str, attributes: list[str]) -> None:
        tag = name.rpartition("}")[2]
        self.elements += 1 if tag in CELLS else OTHER_WEIGHT
        self.elements += max(0, len(attributes) // 2 - USUAL_ATTRIBUTES)
        self.depth += 1
        self.lead += self.leads
        self.sheets += tag == "sheet"
        is_too_large = self.elements + self.sheets * self._lead * LEAD_WEIGHT > MAX_ELEMENTS
        if is_too_large or self.depth > MAX_DEPTH:
            raise TooLarge

    @property
    def _lead(self) -> int:
        self.longest_lead = max(self.longest_lead, self.lead)
        return self.longest_lead

    def _end(self, name: str) -> None:
        self.depth -= 1
        self.leads &= name.rpartition("}")[2] not in ("dimension", "sheetData")

    def _doctype(self, *declaration) -> None:
        raise ValueError("An XLSX file has no document type, and no entities of its own.")


def measure(book: zipfile.ZipFile) -> None:
    """Read all parts of a book once. Raises TooLarge, or another error for what is no XLSX file."""
    measure = _Measure()
    for part in book.infolist():
        with book.open(part) as file:
            try:
                measure.read(file)
            except expat.ExpatError:
                # A picture or a printer's settings: openpyxl, too, stops where this stopped.
                if part.filename.endswith((".xml", ".rels")):
                    raise
