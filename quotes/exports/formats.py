"""The export formats: the SQL of a row, and the file made of the rows."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from quotes.exports import rows
from quotes.exports.cursor import Block
from quotes.exports.parquet import write_parquet
from quotes.exports.rows import Fields


@dataclass(frozen=True)
class Format:
    """`line` is the SQL of a row; `write` makes the file from blocks of such lines.

    `write` takes the blocks, the fields and the metadata, and yields an empty chunk for an empty
    block. `cell` is how a line holds a value of JSON. `broken` ends an incomplete file so that
    every strict reader rejects it.
    """

    name: str
    media_type: str
    line: Callable[[Fields], str]
    write: Callable[[Iterable[Block], Fields, dict[str, str]], Iterator[bytes]]
    broken: bytes
    is_compressed: bool = False
    escaped: str | None = None
    cell: str = "{}"


BROKEN = "This export broke off here and is incomplete. Resume after the last complete row."


def write_ndjson(blocks: Iterable[Block], fields: Fields, about: dict[str, str]) -> Iterator[bytes]:
    for block in blocks:
        yield b"\n".join([*block, b""]) if block else b""


def write_csv(blocks: Iterable[Block], fields: Fields, about: dict[str, str]) -> Iterator[bytes]:
    yield f"{','.join(rows.cells_of(fields))}\r\n".encode()
    for block in blocks:
        yield b"\r\n".join([*block, b""]) if block else b""


FORMATS = {
    one.name: one
    for one in (
        Format(
            "csv",
            "text/csv; charset=utf-8; header=present",
            rows.as_csv,
            write_csv,
            # an open quotation mark
            broken=f'"{BROKEN}'.encode(),
            cell='"{}"',
            escaped=(
                "A cell that begins with = + - @, a tab, a carriage return, a line feed or a "
                "full-width form of these, possibly after apostrophes, gets one more apostrophe "
                "in front. Lists, and objects without columns of their own, are JSON. An unknown "
                "value is an empty cell without quotation marks. NDJSON and Parquet hold every "
                "text unchanged."
            ),
        ),
        Format(
            "ndjson",
            "application/x-ndjson",
            rows.as_json,
            write_ndjson,
            broken=f'{{"broken": "{BROKEN}'.encode(),
        ),
        Format(
            "parquet",
            "application/vnd.apache.parquet",
            rows.as_typed_json,
            write_parquet,
            broken=b"",  # a Parquet file without its footer is invalid
            is_compressed=True,
        ),
    )
}
