"""Parquet: typed columns, read from JSON rows.

pyarrow is loaded when the first file is made: it takes memory that most processes have no use for.
"""

import os
from collections.abc import Iterable, Iterator, Sequence

from quotes.exports.cursor import Block
from quotes.exports.rows import NUMBER, SHAPES, TIME

# To pyarrow's allocator, read when it is loaded: take no more than is used, give back at once
for option, value in (
    ("MIMALLOC_PURGE_DELAY", "0"),
    ("MIMALLOC_EAGER_COMMIT", "0"),
    ("MIMALLOC_ARENA_EAGER_COMMIT", "0"),
):
    os.environ.setdefault(option, value)

READ_AT_ONCE = 500_000
"""Bytes of JSON that are made columns at a time."""

IN_A_GROUP = 8_000_000
"""Bytes of JSON, some five thousand whole quotes. A group is in memory until it is written, in half
as much; what the end of the file tells of it, some 50 kB, until the file is whole."""


class Outbox:
    """A file that keeps what is written to it until it is taken."""

    closed = False

    def __init__(self):
        self.written, self.place = [], 0

    def write(self, part) -> int:
        part = bytes(part)
        self.written.append(part)
        self.place += len(part)
        return len(part)

    def take(self) -> bytes:
        taken, self.written = b"".join(self.written), []
        return taken

    def tell(self) -> int:
        return self.place

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


def arrow_type(shape):
    import pyarrow

    match shape:
        case dict():
            return pyarrow.struct([(name, arrow_type(of)) for name, of in shape.items()])
        case list():
            return pyarrow.list_(arrow_type(shape[0]))
        case _ if shape == TIME:
            return pyarrow.timestamp("us", "UTC")
        case _ if shape == NUMBER:
            return pyarrow.int64()
    return pyarrow.string()


def as_parquet(
    blocks: Iterable[Block], fields: Sequence[str], about: dict[str, str]
) -> Iterator[bytes]:
    """A file in parts; `about` is in its metadata."""
    import pyarrow
    from pyarrow import parquet

    pool = pyarrow.default_memory_pool()
    columns = pyarrow.schema([(name, arrow_type(SHAPES[name])) for name in fields], metadata=about)
    outbox = Outbox()
    with parquet.ParquetWriter(outbox, columns, compression="zstd", memory_pool=pool) as writer:
        text, group, size = pyarrow.BufferOutputStream(), [], 0
        for block in blocks:
            if block:
                text.write(b"\n".join([*block, b""]))
            if text.tell() >= READ_AT_ONCE:
                size += text.tell()
                group.append(table_of(text.getvalue(), columns))
                text = pyarrow.BufferOutputStream()
                pool.release_unused()
                if size >= IN_A_GROUP:
                    writer.write_table(pyarrow.concat_tables(group))
                    group, size = [], 0
                    pool.release_unused()
            yield outbox.take()
        if text.tell():
            group.append(table_of(text.getvalue(), columns))
        if group:
            writer.write_table(pyarrow.concat_tables(group))
    yield outbox.take()


def table_of(lines, columns):
    """The rows that a buffer holds, a line of JSON each."""
    import pyarrow
    from pyarrow import json

    table = json.read_json(
        pyarrow.BufferReader(lines),
        json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        json.ParseOptions(explicit_schema=columns, unexpected_field_behavior="error"),
    )
    return table.select(columns.names).cast(columns)
