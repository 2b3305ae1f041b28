"""Parquet: typed columns, read from JSON rows, two thousand rows a group.

pyarrow is loaded when the first file is made: it takes memory that most processes have no use for.
"""

from collections.abc import Iterable, Iterator, Sequence

from quotes.exporting.reading import Block
from quotes.exporting.rows import NUMBER, SHAPES, TIME

ROWS_IN_A_GROUP = 2_000


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
    from pyarrow import parquet, schema, system_memory_pool

    columns = schema([(name, arrow_type(SHAPES[name])) for name in fields], metadata=about)
    outbox = Outbox()
    # The pool of the system gives memory back.
    how = {"compression": "zstd", "memory_pool": system_memory_pool()}
    with parquet.ParquetWriter(outbox, columns, **how) as writer:
        group: Block = []
        for block in blocks:
            group += block
            if len(group) >= ROWS_IN_A_GROUP:
                writer.write_table(table_of(group, columns))
                group = []
            yield outbox.take()
        if group:
            writer.write_table(table_of(group, columns))
    yield outbox.take()


def table_of(lines: Block, columns):
    import pyarrow
    from pyarrow import json

    text = b"\n".join(lines)
    table = json.read_json(
        pyarrow.BufferReader(text),
        json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        json.ParseOptions(explicit_schema=columns, unexpected_field_behavior="error"),
        memory_pool=pyarrow.system_memory_pool(),
    )
    return table.select(columns.names).cast(columns)
