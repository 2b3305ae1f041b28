"""The Merkle tree is that of RFC 6962, however it grows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.checkpoints.tree import HASH, Tree, audit_path, root_of
from tests.sources.checkpoints.paths import leaf_hash, root_from

# The entries and roots that implementations of Certificate Transparency test each other with.
ENTRIES = [
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = b"".join(leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES)


def some(number: int) -> bytes:
    return b"".join(leaf_hash(str(n).encode()) for n in range(number))


def between(leaves: bytes):
    return lambda start, end: root_of(leaves[start * HASH : end * HASH])


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_roots_are_those_of_certificate_transparency(size):
    assert root_of(LEAVES[: size * HASH]).hex() == ROOTS[size]


@given(st.lists(st.integers(0, 70), max_size=8))
def test_a_tree_that_grows_in_any_steps_and_is_kept_between_them_has_one_root(steps):
    leaves, tree = some(sum(steps)), Tree()
    for step in steps:
        tree.add(leaves[tree.size * HASH : (tree.size + step) * HASH])
        tree = Tree(tree.size, tree.subtrees)
    assert tree.size == sum(steps)
    assert tree.root == root_of(leaves)


@given(st.integers(1, 300), st.data())
def test_a_path_leads_from_its_own_leaf_at_its_own_place_to_the_root_and_from_no_other(size, data):
    leaves, at = some(size), data.draw(st.integers(0, size - 1))
    path = audit_path(at, size, between(leaves))
    leaf = leaves[at * HASH : (at + 1) * HASH]
    assert root_from(leaf, at, size, path) == root_of(leaves)
    assert root_from(leaf_hash(b"other"), at, size, path) != root_of(leaves)
    for other in {0, size - 1, at // 2} - {at}:
        try:
            assert root_from(leaf, other, size, path) != root_of(leaves)
        except ValueError:
            continue


def test_a_path_of_another_length_and_a_place_outside_are_refused():
    path = audit_path(3, 8, between(LEAVES))
    for place, size, given_path in [(3, 8, path[1:]), (3, 16, path), (8, 8, path), (-1, 8, path)]:
        with pytest.raises(ValueError, match="No path"):
            root_from(LEAVES[3 * HASH :][:HASH], place, size, given_path)


def test_subtrees_that_do_not_fit_the_size_are_refused():
    with pytest.raises(ValueError, match="2 complete subtrees"):
        Tree(5, LEAVES[:HASH])
