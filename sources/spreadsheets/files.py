"""Read and write CSV and XLSX files in which every cell is text.

A cell that begins like a formula is written with an apostrophe before it and read without, so that
no spreadsheet runs it. One that begins with apostrophes and then like a formula gets one more, so
that reading undoes writing exactly.
"""

import csv
import datetime
import io
import itertools
import re
import tempfile
import warnings
import zipfile
from collections.abc import Collection, Iterable, Iterator
from typing import IO

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from sources.exceptions import nearest_of
from sources.jobs.models import MAX_ROWS
from sources.spreadsheets.limits import TooLarge, measure

MAX_BYTES = 5 * 1024 * 1024  # of an upload, as of a request to the API
MAX_UNPACKED_BYTES = 5 * MAX_BYTES  # of an XLSX file; `limits` bounds its elements
MAX_COLUMNS = 64  # of a sheet, empty ones that are only formatted included; no table has more
MAX_CELL_CHARS = 32_767  # the limit of XLSX

csv.field_size_limit(MAX_BYTES)  # a cell can hold the text of an article

# Cells

BEGINS_FORMULA = "=+-@\t\r\n＝＋－＠"


def _looks_like_formula(cell: str) -> bool:
    return cell.lstrip("'")[:1] in BEGINS_FORMULA and cell.lstrip("'") != ""


def escape_formula(cell: str) -> str:
    return f"'{cell}" if _looks_like_formula(cell) else cell


def unescape_formula(cell: str) -> str:
    """Undo `escape_formula`."""
    return cell[1:] if cell.startswith("'") and _looks_like_formula(cell) else cell


# Reading


class UnreadableFile(ValueError):
    """A file that cannot be imported; the message says how to fix it."""


class SheetRow(dict):
    """Cells as text by column; `number` counts from 1, as the spreadsheet does."""

    def __init__(self, number: int, cells: dict[str, str]):
        self.number = number
        super().__init__(cells)


def read_rows(name: str, content: bytes, columns: Collection[str]) -> list[SheetRow]:
    """The rows of a CSV or XLSX file whose first row names some of these columns.

    Dates of a spreadsheet become YYYY, YYYY-MM or YYYY-MM-DD, and whole numbers keep their leading
    zeros, as its cells show them. Raises `UnreadableFile`.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableFile(f"The file is larger than {MAX_BYTES >> 20} MiB. Split it.")
    is_book = content.startswith(b"PK\x03\x04")
    if name.lower().endswith(".xls") or content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile("This is an old Excel file. Save it as .xlsx or CSV UTF-8.")
    lines = _rows_of_book(content) if is_book else _rows_of_text(content, columns)
    rows = ((number, row) for number, row in _bounded(lines) if any(row))
    number, header = next(rows, (1, []))
    header = _header(header, columns)
    found = []
    for number, row in rows:
        if any(row[len(header) :]):
            raise UnreadableFile(f"Row {number} has more cells than there are column names.")
        cells = itertools.zip_longest(header, row[: len(header)], fillvalue="")
        found.append(SheetRow(number, {name: unescape_formula(cell) for name, cell in cells}))
    if not found:
        raise UnreadableFile("The file has no rows below the column names.")
    return found


def _bounded(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Number the rows; refuse the file at the first one too many, or too wide."""
    for number, row in enumerate(lines, 1):
        if number > MAX_ROWS + 1:
            raise UnreadableFile(f"The file has rows beyond row {MAX_ROWS + 1:,}. Split it.")
        if len(row) > MAX_COLUMNS:
            raise UnreadableFile(
                f"Row {number} has more than {MAX_COLUMNS} columns. Delete the columns beside the "
                "table, even if they are empty."
            )
        yield number, row


def _header(cells: list[str], columns: Collection[str]) -> list[str]:
    names = [unescape_formula(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    for name in names:
        if name not in columns:
            said = f"Unknown column “{name[:80]}”." if name else "A column has no name."
            raise UnreadableFile(f"{said} {nearest_of(name[:80], columns)}")
        if names.count(name) > 1:
            raise UnreadableFile(f"The column “{name}” appears twice.")
    if not names:
        raise UnreadableFile("The first row must contain the column names.")
    return names


def _rows_of_text(content: bytes, columns: Collection[str]) -> Iterator[list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile("The file is UTF-16. Save it as CSV UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(
            f"Line {line} of the file is not UTF-8. Save it as CSV UTF-8, or as .xlsx."
        ) from error
    if "\0" in text:
        raise UnreadableFile("The file contains null characters, so it is not CSV.")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise UnreadableFile(f"The file is not valid CSV: {error}.") from error


def _rows_of_book(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MAX_UNPACKED_BYTES:
                raise TooLarge
            measure(parts)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the file may claim any size
        # openpyxl fills the gaps between the numbers of rows and of columns, without end.
        for number, row in enumerate(sheet.iter_rows(), 1):
            yield [_text_of(cell, number) for cell in row[: MAX_COLUMNS + 1]]
    except UnreadableFile:
        raise
    except TooLarge as error:
        raise UnreadableFile("The file is too large when unpacked. Split it.") from error
    except Exception as error:  # openpyxl raises whatever it stumbles over
        raise UnreadableFile(
            "The file is not a valid .xlsx file. Save it again, or as CSV."
        ) from error


def _text_of(cell, row: int) -> str:
    value = cell.value
    match value:
        case None:
            return ""
        case str() if cell.data_type == "f":
            place = f"{cell.column_letter}{row}"
            raise UnreadableFile(f"Cell {place} contains a formula. Replace it with its value.")
        case str():
            return value
        case bool():
            return str(value).lower()
        case datetime.datetime() if value.time() == datetime.time():
            return _as_precise(value.date().isoformat(), cell.number_format)
        case datetime.datetime() | datetime.date():
            return value.isoformat()
        case float() if value.is_integer():
            value = int(value)
    return _padded(str(value), cell.number_format)


# Parts of a number format: condition or language, literals, place of a digit, anything else
_FORMAT = re.compile(r'\[[^\]]*\]|"([^"]*)"|\\(.)|([-/ ():+])|(0)|(.)')


def _as_precise(day: str, number_format: str) -> str:
    """Cut a date to its year or month if the cell shows no more, as `mmm yyyy` does."""
    parts = _FORMAT.finditer(number_format.partition(";")[0])
    shown = {part[5].lower() for part in parts if part[5]}
    if "d" in shown or not shown & {"y", "e"}:
        return day
    return day[:7] if "m" in shown else day[:4]


def _padded(number: str, number_format: str) -> str:
    """Write a whole number as `000`, or `"HP-"0000`, shows it; leave it in other formats."""
    parts = list(_FORMAT.finditer(number_format.partition(";")[0]))
    places = sum(1 for part in parts if part[4])
    if not number.isdecimal() or not places or any(part[5] for part in parts):
        return number
    digits = number.zfill(places)
    text, rest = "", iter((digits[: 1 - places or None], *digits[len(digits) - places + 1 :]))
    for part in parts:
        text += next(rest) if part[4] else part[1] or part[2] or part[3] or ""
    return text


# Writing


def csv_lines(header: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """A CSV file line by line, with the byte order mark that spreadsheets need to see UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(header)
    for row in rows:
        yield writer.writerow([escape_formula(cell) for cell in row])


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def xlsx_file(header: list[str], rows: Iterable[list[str]]) -> IO[bytes]:
    """An XLSX file in which every cell is text, in a temporary file."""
    with warnings.catch_warnings():
        # openpyxl calls datetime.utcnow, which Python deprecates.
        warnings.simplefilter("ignore", DeprecationWarning)
        made = openpyxl.Workbook(write_only=True)
        sheet = made.create_sheet("On Record")
        sheet.freeze_panes = "A2"
        for row in itertools.chain([header], rows):
            sheet.append([_cell(sheet, value) for value in row])
        file = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
        made.save(file)
    file.seek(0)
    return file


def _cell(sheet, value: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, xlsx_text(escape_formula(value)))
    cell.data_type = "s"
    return cell


def xlsx_text(text: str) -> str:
    """A text without what XLSX cannot store: control characters, and text beyond its limit."""
    return ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:MAX_CELL_CHARS]


def same_cell(cell: str, other: str) -> bool:
    """Whether two cells agree, apart from what a spreadsheet program changes on its own."""
    return cell == other or _as_stored(cell) == _as_stored(other)


def _as_stored(cell: str) -> str:
    return xlsx_text(cell.replace("\r\n", "\n").replace("\r", "\n"))
