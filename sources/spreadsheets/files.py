"""Cells that a spreadsheet leaves alone.

A cell that begins like a formula is written with an apostrophe before it, and read without. So that
this can be undone exactly, a cell that begins with apostrophes and then like a formula gets one
more as well.
"""

import csv
import datetime
import io
import itertools
import tempfile
import warnings
import zipfile
from collections.abc import Collection, Iterable, Iterator
from typing import IO

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from sources.exceptions import nearest_of
from sources.jobs.models import MOST

MOST_BYTES = 5 * 1024 * 1024
"""Of a file that is taken in: as the API takes of a filing."""

MOST_UNPACKED = 20 * MOST_BYTES
LONGEST_CELL = 32_767  # of XLSX

csv.field_size_limit(MOST_BYTES)  # a cell may hold the text of an article

# Cells

BEGINS_FORMULA = "=+-@\t\r\n＝＋－＠"


def _is_touchy(cell: str) -> bool:
    return cell.lstrip("'")[:1] in BEGINS_FORMULA and cell.lstrip("'") != ""


def safe(cell: str) -> str:
    return f"'{cell}" if _is_touchy(cell) else cell


def plain(cell: str) -> str:
    """What `safe` was given."""
    return cell[1:] if cell.startswith("'") and _is_touchy(cell) else cell


# Reading


class Unreadable(ValueError):
    """A file that cannot be taken in, and how it can be mended."""


class Cells(dict):
    """One row: column → cell, as text. `number` is the row's in the spreadsheet."""

    def __init__(self, number: int, cells: dict[str, str]):
        self.number = number
        super().__init__(cells)


def read(name: str, content: bytes, columns: Collection[str]) -> list[Cells]:
    """The rows of a CSV or XLSX file whose first row names some of these columns.

    Every cell is text, as it was typed; a date of a spreadsheet is YYYY-MM-DD. Raises `Unreadable`.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"The file has more than {MOST_BYTES >> 20} MiB. Cut it in several.")
    is_book = content.startswith(b"PK\x03\x04")
    if name.lower().endswith(".xls") or content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("This is an old Excel file. Save it as .xlsx or as CSV UTF-8.")
    lines = _rows_of_book(content) if is_book else _rows_of_text(content, columns)
    rows = ((number, row) for number, row in enumerate(lines, 1) if any(row))
    number, header = next(rows, (1, []))
    header = _header(header, columns)
    found = []
    for number, row in rows:
        if any(row[len(header) :]):
            raise Unreadable(f"Row {number} has more cells than the first row has columns.")
        row = [*row, *[""] * (len(header) - len(row))]
        found.append(Cells(number, {c: plain(v) for c, v in zip(header, row, strict=False) if c}))
        if len(found) > MOST:
            raise Unreadable(f"The file has more than {MOST:,} rows. Cut it in several.")
    if not found:
        raise Unreadable("The file has no rows below the names of the columns.")
    return found


def _header(cells: list[str], columns: Collection[str]) -> list[str]:
    names = [plain(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    for name in names:
        if name not in columns:
            said = f"There is no column “{name[:80]}” here." if name else "A column has no name."
            raise Unreadable(f"{said} {nearest_of(name, columns)}")
        if names.count(name) > 1:
            raise Unreadable(f"The column “{name}” is there twice.")
    if not names:
        raise Unreadable("The first row must name the columns.")
    return names


def _rows_of_text(content: bytes, columns: Collection[str]) -> Iterator[list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("The file is UTF-16. Save it as CSV UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"Line {line} of the file is not UTF-8. Save it as CSV UTF-8, or as .xlsx."
        ) from error
    if "\0" in text:
        raise Unreadable("The file holds null characters: it is no CSV.")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise Unreadable(f"The file is no CSV that can be read: {error}.") from error


def _rows_of_book(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_UNPACKED:
                raise Unreadable("The file is too large once it is unpacked. Cut it in several.")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        sheet = book.worksheets[0]
        for number, row in enumerate(sheet.iter_rows(), 1):
            yield [_text_of(cell, number) for cell in row]
    except Unreadable:
        raise
    except Exception as error:  # openpyxl raises whatever it stumbles over
        raise Unreadable(
            "The file is no .xlsx that can be read. Save it again, or as CSV."
        ) from error


def _text_of(cell, row: int) -> str:
    value = cell.value
    match value:
        case None:
            return ""
        case str() if cell.data_type == "f":
            place = f"{cell.column_letter}{row}"
            raise Unreadable(f"Cell {place} holds a formula. Paste its value in its place.")
        case str():
            return value
        case bool():
            return str(value).lower()
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.datetime() | datetime.date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
    return str(value)


# Writing


def csv_lines(header: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """A CSV file, line by line, with the mark by which spreadsheets know UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(header)
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def book(header: list[str], rows: Iterable[list[str]]) -> IO[bytes]:
    """An XLSX file in which every cell is text, in a temporary file."""
    with warnings.catch_warnings():
        # openpyxl asks the clock in a way that Python is giving up.
        warnings.simplefilter("ignore", DeprecationWarning)
        made = openpyxl.Workbook(write_only=True)
        sheet = made.create_sheet("On Record")
        sheet.freeze_panes = "A2"
        for row in itertools.chain([header], rows):
            sheet.append([_cell(sheet, value) for value in row])
        file = tempfile.TemporaryFile()  # noqa: SIM115 (whoever asked closes it)
        made.save(file)
    file.seek(0)
    return file


def _cell(sheet, value: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, in_book(safe(value)))
    cell.data_type = "s"
    return cell


def in_book(text: str) -> str:
    """What an XLSX file can hold of a text."""
    return ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:LONGEST_CELL]


def alike(cell: str, other: str) -> bool:
    """Whether a cell says the same, but for what a spreadsheet does to it by itself."""
    return cell == other or _as_kept(cell) == _as_kept(other)


def _as_kept(cell: str) -> str:
    return in_book(cell.replace("\r\n", "\n").replace("\r", "\n"))
