"""The log as static files that anybody can keep, serve and verify (C2SP tlog-tiles).

- `checkpoint`: the last checkpoint. It is replaced last, and at once.
- `checkpoints/SIZE`: each checkpoint, for those who keep one only.
- `key`: the public keys, one a line. Give them to others by another way too.
- `tile/LEVEL/N`: 256 hashes in a row; `tile/entries/N`: the links of 256 revisions.

An entry is a link. Files hold no words, no names and no ids.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sources.checkpoints.notes import TreeHead, Verifier
from sources.checkpoints.sequencer import Contradiction, leaves
from sources.checkpoints.tree import HASH, Tree, root_of
from sources.models import Checkpoint

WIDTH = 256  # hashes of a tile
ENTRIES = "entries"
LENGTH = HASH.to_bytes(2, "big")  # before each entry


def tile_path(level: int | str, index: int, width: int = WIDTH) -> str:
    """Such as `tile/0/x001/234`, or `tile/0/x001/234.p/17` of a tile that is not full."""
    name = f"{index % 1000:03}"
    while index := index // 1000:
        name = f"x{index % 1000:03}/{name}"
    return f"tile/{level}/{name}" + (f".p/{width}" if width < WIDTH else "")


def published_note(directory: Path) -> str | None:
    """The checkpoint that a directory has; None if it has none yet."""
    try:
        return (directory / "checkpoint").read_text("utf-8")
    except FileNotFoundError:
        return None


def kept_leaves(directory: Path, size: int) -> Iterator[bytes]:
    """The leaf hashes of a log that was kept, tile by tile; ends where a tile is missing."""
    for index in range(-(-size // WIDTH)):
        width = min(WIDTH, size - index * WIDTH)
        for each in (WIDTH, width):  # a full tile replaces one that was not
            file = directory / tile_path(0, index, each)
            if file.exists():
                yield file.read_bytes()[: width * HASH]
                break
        else:
            return


class TileWriter:
    """Appends to the levels of a log in a directory, from the size that it has."""

    def __init__(self, directory: Path, size: int):
        self.directory, self.size = directory, size
        self._tails: dict[int | str, tuple[int, bytes]] = {}

    def add(self, level: int | str, hashes: bytes) -> None:
        """Append to a level. Of each tile that is full now, the root goes to the level above."""
        step = HASH if level != ENTRIES else HASH + len(LENGTH)
        index, tail = self._tails.get(level) or self._kept(level, step)
        hashes, whole, roots = tail + hashes, WIDTH * step, []
        for at in range(0, len(hashes) - whole + 1, whole):
            tile = hashes[at : at + whole]
            self._write(tile_path(level, index), tile)
            index += 1
            if level != ENTRIES:
                roots.append(root_of(tile))
        self._tails[level] = index, hashes[len(hashes) // whole * whole :]
        if roots:
            self.add(int(level) + 1, b"".join(roots))

    def finish(self) -> None:
        """Write the tiles that are not full."""
        for level, (index, tail) in self._tails.items():
            step = HASH if level != ENTRIES else HASH + len(LENGTH)
            if tail:
                self._write(tile_path(level, index, len(tail) // step), tail)

    def _kept(self, level: int | str, step: int) -> tuple[int, bytes]:
        size = self.size >> 8 * (0 if level == ENTRIES else int(level))
        index, width = divmod(size, WIDTH)
        kept = self.directory / tile_path(level, index, width)
        return index, kept.read_bytes()[: width * step] if width else b""

    def _write(self, name: str, content: bytes) -> None:
        write_whole(self.directory / name, content)


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Let one process at a time write to a directory, which is made if it is missing."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, whenever the machine stops."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    with beside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)


def publish(checkpoint: Checkpoint, directory: Path, verifiers: Sequence[Verifier]) -> None:
    """Write what a directory lacks of the log, and then the checkpoint.

    Call it in `alone_in`. Costs the leaves that were added since. Raises Contradiction, and
    BadNote if the directory has a checkpoint of another log.
    """
    head = TreeHead.read(checkpoint.note, verifiers)
    note = published_note(directory)
    size = TreeHead.read(note, verifiers).size if note else 0
    if size > head.size:
        raise Contradiction(f"The directory has {size:,} revisions, and the log {head.size:,}.")
    writer = TileWriter(directory, size)
    for batch in leaves(size, head.size):
        if batch.faults:
            raise Contradiction(f"Nothing was published: {batch.faults[0]}.")
        writer.add(0, batch.hashes)
        links = batch.links
        writer.add(
            ENTRIES,
            b"".join([LENGTH + links[at : at + HASH] for at in range(0, len(links), HASH)]),
        )
    writer.finish()
    if root_of_directory(directory, head.size) != head.root:
        raise Contradiction("The files in the directory are not those of this log.")
    write_whole(directory / "checkpoints" / str(head.size), checkpoint.note.encode())
    write_whole(directory / "key", "".join(f"{each}\n" for each in verifiers).encode())
    write_whole(directory / "checkpoint", checkpoint.note.encode())


def root_of_directory(directory: Path, size: int) -> bytes:
    """The root of the tree of this size, from the tiles; reads some 256 hashes of each level."""
    subtrees = []
    for level in reversed(range(8)):
        number = (size >> 8 * level) % WIDTH
        index = size >> 8 * (level + 1)
        if number:
            tile = (directory / tile_path(level, index, number)).read_bytes()
            start = 0
            for bit in reversed(range(8)):
                if number >> bit & 1:
                    subtrees.append(root_of(tile[start * HASH : (start + (1 << bit)) * HASH]))
                    start += 1 << bit
    return Tree(size, b"".join(subtrees)).root
