"""What somebody else does who verifies a proof (RFC 6962): the leaf, and the root it leads to."""

from collections.abc import Sequence
from hashlib import sha256

from sources.checkpoints.tree import node_hash


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def root_from(leaf: bytes, position: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an audit path leads to. Raises ValueError if its length is wrong."""
    sides, start, end = [], 0, size
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        sides.append(position < middle)
        start, end = (start, middle) if position < middle else (middle, end)
    if len(sides) != len(path) or not 0 <= position < size:
        raise ValueError(f"No path from leaf {position} in a tree of {size} leaves.")
    for sibling, is_left in zip(path, reversed(sides), strict=True):
        leaf = node_hash(leaf, sibling) if is_left else node_hash(sibling, leaf)
    return leaf
