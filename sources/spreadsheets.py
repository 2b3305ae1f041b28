"""Cells that a spreadsheet leaves alone.

A cell that begins like a formula is written with an apostrophe before it, and read without. So that
this can be undone exactly, a cell that begins with apostrophes and then like a formula gets one
more as well.
"""

BEGINS_FORMULA = "=+-@\t\r\n＝＋－＠"


def _is_touchy(cell: str) -> bool:
    return cell.lstrip("'")[:1] in BEGINS_FORMULA and cell.lstrip("'") != ""


def safe(cell: str) -> str:
    return f"'{cell}" if _is_touchy(cell) else cell


def plain(cell: str) -> str:
    """What `safe` was given."""
    return cell[1:] if cell.startswith("'") and _is_touchy(cell) else cell
