"""Hostile spreadsheets are refused before they are read, in bounded time and memory."""

import io
import resource
import time
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest

from sources.spreadsheets import limits
from sources.spreadsheets.files import UnreadableFile, read_rows

SIZE = 3_000_000  # of a hostile part; a tenth of what is let in unpacked
MAX_ELEMENTS = 100_000  # a tenth of what is let in
MAX_SECONDS = 2  # of CPU; openpyxl takes up to 30 s for 25 MiB
MAX_KIBIBYTES = 100 * 1024  # of memory; openpyxl takes up to 2 GiB for 25 MiB

SHEET = "xl/worksheets/sheet1.xml"
STYLES = "xl/styles.xml"
WORKBOOK = "xl/workbook.xml"
MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEAD = b'<row><c t="inlineStr"><is><t>name</t></is></c></row>'
LAUGHS = b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))


def sheet(rows: bytes, *, before: bytes = b"", doctype: bytes = b"") -> bytes:
    data = b"<sheetData>%s%s</sheetData>" % (HEAD, rows)
    return b"%s<worksheet %s>%s%s</worksheet>" % (doctype, MAIN, before, data)


def styles(of: bytes) -> bytes:
    return b"<styleSheet %s><cellXfs>%s</cellXfs></styleSheet>" % (MAIN, of)


def filled(unit: bytes, size: int = SIZE) -> bytes:
    return unit * (size // len(unit))


def book(**parts: bytes) -> bytes:
    """A book of one column with these parts instead of its own."""
    made, saved, packed = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    made.active.append(["name"])
    made.save(saved)
    with (
        zipfile.ZipFile(saved) as usual,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as changed,
    ):
        for name in usual.namelist():
            changed.writestr(name, parts.get(name, usual.read(name)))
    return packed.getvalue()


def workbook_of(sheets: int) -> bytes:
    ids = b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    named = (b'<sheet name="s%d" sheetId="%d" r:id="rId1"/>' % (n, n) for n in range(1, sheets))
    return b"<workbook %s %s><sheets>%s</sheets></workbook>" % (MAIN, ids, b"".join(named))


def hostile() -> Iterator[tuple[str, dict[str, bytes]]]:
    cell = b'<row><c t="inlineStr"><is><t>%s</t></is></c></row>'
    yield "cells in one row", {SHEET: sheet(b"<row>" + filled(b"<c/>") + b"</row>")}
    yield "empty rows", {SHEET: sheet(filled(b"<row/>"))}
    yield "strings", {SHEET: sheet(cell % filled(b"<r><t>a</t></r>"))}
    yield "deep", {SHEET: sheet(filled(b"<a>") + filled(b"</a>", 4 * SIZE // 3))}
    yield "others before", {SHEET: sheet(b"", before=filled(b"<a/>"))}
    yield "styles", {STYLES: styles(filled(b"<xf/>"))}
    yield "attributes", {SHEET: sheet(b"<row %s/>" % filled(b'a="" '))}
    several = b"".join(b'a%d="" ' % n for n in range(10_000))
    yield "attributes of each", {SHEET: sheet(filled(b"<row %s/>" % several))}
    yield "a comment", {SHEET: sheet(b"<!--%s-->" % filled(b"a"))}
    yield "sheets", {SHEET: sheet(filled(b"<row/>", 200_000)), WORKBOOK: workbook_of(1_000)}
    laughs = b'<!DOCTYPE l [<!ENTITY a "%s">%s]>' % (b"ha" * 1_000, LAUGHS)
    yield "laughs", {SHEET: sheet(cell % b"&j;", doctype=laughs)}
    quadratic = b'<!DOCTYPE l [<!ENTITY a "%s">]>' % (b"ha" * 100_000)
    yield "one long entity", {SHEET: sheet(cell % (b"&a;" * 100_000), doctype=quadratic)}


HOSTILE = dict(hostile())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_book_is_refused_before_it_is_read(name, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ELEMENTS", MAX_ELEMENTS)
    content = book(**HOSTILE[name])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(UnreadableFile, match=r"too large when unpacked|not a valid \.xlsx"):
        read_rows("t.xlsx", content, ["name"])
    assert time.process_time() - began < MAX_SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MAX_KIBIBYTES


@pytest.mark.parametrize(
    "content",
    [
        b"name\nAda" + b"," * 4_900_000,
        b"," * 4_900_000,
        b"name\nAda" + b"\n" * 4_900_000,
        b"n" * 4_900_000 + b"\nAda",
        b'name\n"' + b'""' * 2_400_000,
    ],
    ids=["columns", "names", "blank rows", "one long name", "an open cell"],
)
def test_a_hostile_csv_file_is_refused_in_bounded_time(content):
    began = time.process_time()
    with pytest.raises(UnreadableFile):
        read_rows("t.csv", content, ["name"])
    assert time.process_time() - began < MAX_SECONDS


def test_a_large_table_is_read(monkeypatch):
    rows = 2_000
    monkeypatch.setattr(limits, "MAX_ELEMENTS", 4 * rows + 5_000)
    row = b'<row r="%d"><c r="A%d" t="inlineStr"><is><t>Ada</t></is></c></row>'
    content = book(**{SHEET: sheet(b"".join(row % (n, n) for n in range(2, rows)))})
    assert len(read_rows("t.xlsx", content, ["name"])) == rows - 2


def test_pictures_of_a_book_are_not_measured():
    packed = io.BytesIO(book())
    with zipfile.ZipFile(packed, "a") as parts:
        parts.writestr("xl/media/image1.png", b"\x89PNG\r\n" + bytes(1_000))
    with pytest.raises(UnreadableFile, match="no rows below the column names"):
        read_rows("t.xlsx", packed.getvalue(), ["name"])
