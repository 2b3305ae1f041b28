"""The formats of an export: how rows are read for each, and how a file is made of them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from quotes.exports import rows
from quotes.exports.cursor import Block
from quotes.exports.parquet import as_parquet


@dataclass(frozen=True)
class Format:
    """`line` is what is read of a row, in SQL; `write` makes the file, of blocks of such lines.

    It is given the fields and what the file is to tell of itself, and hands on empty chunks for
    empty blocks. `broken` ends a file that is not whole, so that no strict reader takes it for one.
    """

    name: str
    media_type: str
    line: Callable[[Sequence[str]], str]
    write: Callable[[Iterable[Block], Sequence[str], dict[str, str]], Iterator[bytes]]
    broken: bytes
    is_compressed: bool = False
    escaped: str | None = None


BROKEN = "This export broke off here and is not whole. Resume after the last whole row."


def write_ndjson(
    blocks: Iterable[Block], fields: Sequence[str], about: dict[str, str]
) -> Iterator[bytes]:
    for block in blocks:
        yield b"\n".join([*block, b""]) if block else b""


def write_csv(
    blocks: Iterable[Block], fields: Sequence[str], about: dict[str, str]
) -> Iterator[bytes]:
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
            # A quotation mark that is never closed.
            broken=f'"{BROKEN}'.encode(),
            escaped=(
                "A cell that begins with = + - @, a tab, a carriage return or a new line, or their "
                "full-width forms, maybe after apostrophes, has one more apostrophe before it. "
                "Lists and objects without columns of their own are JSON. Unknown is an empty cell "
                "without quotation marks. NDJSON and Parquet hold every text as it is."
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
            as_parquet,
            broken=b"",  # without its end no file is one
            is_compressed=True,
        ),
    )
}
