"""The column `matches` of an export: where each text has the words that were searched for.

The ranges are found in Python. So a row of the statement has in their place a mark, which no text
can hold by chance, and the id of the quote. It is replaced when a block of rows has been read.
"""

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from uuid import UUID

from quotes.exports.cursor import Block
from quotes.exports.rows import WORD, Fields, Shape
from quotes.search.highlight import MATCHES, matches_in
from quotes.search.query import Search


class Matches:
    """The matches of one search in one export; `cell` is how the format writes a list."""

    def __init__(self, search: Search, cell: str):
        self.search, self.cell = search, cell
        self.mark = secrets.token_hex(16)
        self.place = re.compile(rf'"?{self.mark}([0-9a-f-]{{36}})"?'.encode())

    @property
    def column(self) -> tuple[Shape, str]:
        """What the statement writes: its shape and its SQL over a row `p`."""
        return WORD, f"'{self.mark}' || p.id"

    def marked(self, fields: Fields) -> Fields:
        """The fields as the statement writes them."""
        return {**fields, MATCHES: WORD}

    def filled(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The blocks with the ranges. The connection must be free after each."""
        for block in blocks:
            marked = [self.place.search(line) for line in block]
            keys = [UUID(found[1].decode()) for found in marked]
            ranges = matches_in(self.search, keys) if keys else {}
            yield [
                b"".join(
                    [
                        line[: found.start()],
                        self.cell.format(json.dumps(ranges[key])).encode(),
                        line[found.end() :],
                    ]
                )
                for line, found, key in zip(block, marked, keys, strict=True)
            ]
