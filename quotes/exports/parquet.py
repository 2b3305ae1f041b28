"""Parquet files with typed columns, made from JSON rows.

pyarrow is imported with the first file, because most processes do not need its memory.
"""

import os
from collections.abc import Iterable, Iterator

from quotes.exports.cursor import Block
from quotes.exports.rows import NUMBER, TIME, Fields

# For pyarrow's allocator, read on import: hold no spare memory
for option, value in (
    ("MIMALLOC_PURGE_DELAY", "0"),
    ("MIMALLOC_EAGER_COMMIT", "0"),
    ("MIMALLOC_ARENA_EAGER_COMMIT", "0"),
):
    os.environ.setdefault(option, value)

JSON_BYTES_PER_READ = 500_000
"""JSON that is converted to columns at a time."""

JSON_BYTES_PER_GROUP = 8_000_000
"""A row group of some 5,000 whole quotes, held in memory until it is written. Its entry in the
footer, some 50 kB, is held until the file ends."""


class ChunkBuffer:
    """A write-only file whose content is taken in chunks."""

    closed = False

    def __init__(self):
        self.parts, self.size = [], 0

    def write(self, part) -> int:
        part = bytes(part)
        self.parts.append(part)
        self.size += len(part)
        return len(part)

    def take(self) -> bytes:
        taken, self.parts = b"".join(self.parts), []
        return taken

    def tell(self) -> int:
        return self.size

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


def write_parquet(
    blocks: Iterable[Block], fields: Fields, about: dict[str, str]
) -> Iterator[bytes]:
    """Yield the file in chunks; `about` becomes its metadata."""
    import pyarrow
    from pyarrow import parquet

    pool = pyarrow.default_memory_pool()
    columns = pyarrow.schema(
        [(name, arrow_type(shape)) for name, shape in fields.items()], metadata=about
    )
    buffer = ChunkBuffer()
    with parquet.ParquetWriter(buffer, columns, compression="zstd", memory_pool=pool) as writer:
        text, group, size = pyarrow.BufferOutputStream(), [], 0
        for block in blocks:
            if block:
                text.write(b"\n".join([*block, b""]))
            if text.tell() >= JSON_BYTES_PER_READ:
                size += text.tell()
                group.append(table_of(text.getvalue(), columns))
                text = pyarrow.BufferOutputStream()
                pool.release_unused()
                if size >= JSON_BYTES_PER_GROUP:
                    writer.write_table(pyarrow.concat_tables(group))
                    group, size = [], 0
                    pool.release_unused()
            yield buffer.take()
        if text.tell():
            group.append(table_of(text.getvalue(), columns))
        if group:
            writer.write_table(pyarrow.concat_tables(group))
    yield buffer.take()


def table_of(lines, columns):
    """Convert a buffer of JSON lines to a table."""
    import pyarrow
    from pyarrow import json

    table = json.read_json(
        pyarrow.BufferReader(lines),
        json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        json.ParseOptions(explicit_schema=columns, unexpected_field_behavior="error"),
    )
    return table.select(columns.names).cast(columns)
