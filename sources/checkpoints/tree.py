"""Merkle trees of RFC 6962, section 2.1, over leaf hashes in order.

Several hashes in a row are one `bytes`, 32 bytes each: millions of leaves are many times faster so.
"""

from collections.abc import Callable
from hashlib import sha256

HASH = 32  # bytes


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def parents(hashes: bytes) -> bytes:
    """The hashes one level up of an even number of hashes."""
    pairs = range(0, len(hashes), 2 * HASH)
    return b"".join([sha256(b"\1" + hashes[at : at + 2 * HASH]).digest() for at in pairs])


class Tree:
    """A tree that grows by leaf hashes, in constant memory: the roots of its complete subtrees.

    `subtrees` are these roots, the largest first, as a checkpoint keeps them.
    """

    def __init__(self, size: int = 0, subtrees: bytes = b""):
        levels = [level for level in reversed(range(size.bit_length())) if size >> level & 1]
        if len(subtrees) != HASH * len(levels):
            raise ValueError(f"A tree of {size} leaves has {len(levels)} complete subtrees.")
        self.size = size
        self._roots = {level: subtrees[HASH * n :][:HASH] for n, level in enumerate(levels)}

    def add(self, hashes: bytes) -> None:
        """Append leaf hashes; one hash per leaf."""
        self.size += len(hashes) // HASH
        level = 0
        while hashes:
            hashes = self._roots.pop(level, b"") + hashes
            if len(hashes) // HASH % 2:
                self._roots[level] = hashes[-HASH:]
                hashes = hashes[:-HASH]
            hashes = parents(hashes)
            level += 1

    @property
    def subtrees(self) -> bytes:
        return b"".join(self._roots[level] for level in sorted(self._roots, reverse=True))

    @property
    def root(self) -> bytes:
        smallest, *larger = sorted(self._roots) or (None,)
        if smallest is None:
            return sha256().digest()
        root = self._roots[smallest]
        for level in larger:
            root = node_hash(self._roots[level], root)
        return root


def root_of(hashes: bytes) -> bytes:
    tree = Tree()
    tree.add(hashes)
    return tree.root


def audit_path(position: int, size: int, root_between: Callable[[int, int], bytes]) -> list[bytes]:
    """The hashes that lead from a leaf to the root, as RFC 6962 orders them.

    `root_between` returns the root of the leaves from a position to another, which is not included.
    """
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if position < middle:
            path.append(root_between(middle, end))
            end = middle
        else:
            path.append(root_between(start, middle))
            start = middle
    return path[::-1]
