"""Tree hashing against the vectors of Certificate Transparency, and against the definition.

The leaves, roots and proofs are those of the reference implementation of Certificate
Transparency (google/certificate-transparency, `merkle_tree_test.cc`), which the Go log
verifiers that followed it (transparency-dev/merkle) test themselves with too.
"""

from __future__ import annotations

import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.catalog.merkle import (
    EMPTY_ROOT,
    Frontier,
    Root,
    Tree,
    hash_children,
    hash_leaf,
    is_consistent,
    is_included,
)

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = [
    (0, 1, []),
    (0, 8, [A, B, C]),
    (5, 8, [D, E, ROOTS[4].hex()]),
    (2, 3, [ROOTS[2].hex()]),
    (1, 5, [ROOTS[1].hex(), B, D]),
]
"""Index, size, proof."""
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [A, B, C]),
    (6, 8, [F, E, ROOTS[4].hex()]),
    (2, 5, [B, D]),
]
"""Old size, new size, proof."""
BIT = 8


def unhex(proof: list[str]) -> list[bytes]:
    return [bytes.fromhex(node) for node in proof]


def root_by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\1" + root_by_definition(leaves[:k]) + root_by_definition(leaves[k:])).digest()


def numbered(size: int) -> list[bytes]:
    return [b"%d" % number for number in range(size)]


def tree_of(leaves: list[bytes]) -> Tree:
    return Tree(map(hash_leaf, leaves))


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier = frontier.append(hash_leaf(leaf))
    assert frontier.root == ROOTS[size]
    assert tree_of(LEAVES).root_at(size) == ROOTS[size]
    assert root_by_definition(LEAVES[:size]) == ROOTS[size]


def test_no_entries_hash_to_the_hash_of_nothing() -> None:
    assert ROOTS[0] == EMPTY_ROOT


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int, proof: list[str]) -> None:
    assert tree_of(LEAVES).prove_inclusion(index, size=size) == unhex(proof)
    head = Root(size, ROOTS[size])
    assert is_included(hash_leaf(LEAVES[index]), index, proof=unhex(proof), head=head)


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old: int, new: int, proof: list[str]) -> None:
    assert tree_of(LEAVES).prove_consistency(old, size=new) == unhex(proof)
    assert is_consistent(Root(old, ROOTS[old]), Root(new, ROOTS[new]), proof=unhex(proof))


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_both_forms_agree_with_the_definition(leaves: list[bytes]) -> None:
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(hash_leaf(leaf))
    assert frontier.root == tree_of(leaves).root_at(len(leaves)) == root_by_definition(leaves)
    assert frontier.size == len(leaves)


def test_a_frontier_has_a_peak_for_each_bit_of_its_size() -> None:
    frontier = Frontier()
    for size in range(1, 300):
        frontier = frontier.append(EMPTY_ROOT)
        assert len(frontier.peaks) == size.bit_count()


def test_a_thousand_random_sizes_prove_what_they_hold_and_where_they_came_from() -> None:
    chance = random.Random(6962)  # noqa: S311  (sizes, no secrets)
    leaves = numbered(5000)
    tree = tree_of(leaves)
    for _ in range(1000):
        new = chance.randint(1, len(leaves))
        old, index = chance.randint(1, new), chance.randrange(new)
        head = Root(new, tree.root_at(new))
        proof = tree.prove_inclusion(index, size=new)
        assert is_included(hash_leaf(leaves[index]), index, proof=proof, head=head)
        assert not is_included(hash_leaf(b"other"), index, proof=proof, head=head)
        assert len(proof) <= (new - 1).bit_length()
        proof = tree.prove_consistency(old, size=new)
        assert is_consistent(Root(old, tree.root_at(old)), head, proof=proof)
        assert not is_consistent(Root(old, hash_leaf(b"other")), head, proof=proof)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_no_damaged_inclusion_proof_is_believed(size: int) -> None:
    leaves = numbered(size)
    tree = tree_of(leaves)
    head = Root(size, tree.root_at(size))
    for index in range(size):
        leaf_hash, proof = hash_leaf(leaves[index]), tree.prove_inclusion(index, size=size)
        for other in (index - 1, index + 1, index ^ 2):
            assert not is_included(leaf_hash, other, proof=proof, head=head)
        for bad in damaged(proof, head.root):
            assert not is_included(leaf_hash, index, proof=bad, head=head)
        assert not is_included(leaf_hash, index, proof=proof, head=Root(size, EMPTY_ROOT))


@pytest.mark.parametrize(("old", "new"), [(1, 2), (2, 3), (4, 8), (6, 8), (7, 13), (8, 13)])
def test_no_damaged_consistency_proof_is_believed(old: int, new: int) -> None:
    tree = tree_of(numbered(new))
    before, after = Root(old, tree.root_at(old)), Root(new, tree.root_at(new))
    proof = tree.prove_consistency(old, size=new)
    assert is_consistent(before, after, proof=proof)
    for bad in damaged(proof, before.root):
        assert not is_consistent(before, after, proof=bad)
    for other in (old - 1, old + 1, old ^ 2):
        assert not is_consistent(Root(other, before.root), after, proof=proof)
    assert not is_consistent(after, before, proof=proof)
    assert not is_consistent(Root(old, after.root), Root(new, before.root), proof=proof)


def damaged(proof: list[bytes], root: bytes) -> list[list[bytes]]:
    """The proof with one thing wrong, in every way there is."""
    flipped = [
        [*proof[:place], bytes([node[0] ^ BIT]) + node[1:], *proof[place + 1 :]]
        for place, node in enumerate(proof)
    ]
    shortened = [proof[:-1], proof[1:]] if proof else []
    return [*flipped, *shortened, [*proof, root], [root, *proof], [*proof, b""]]


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        (Root(0, EMPTY_ROOT), Root(0, EMPTY_ROOT), True),
        (Root(0, EMPTY_ROOT), Root(3, ROOTS[3]), True),
        (Root(0, ROOTS[1]), Root(3, ROOTS[3]), False),
        (Root(3, ROOTS[3]), Root(3, ROOTS[3]), True),
        (Root(3, ROOTS[3]), Root(3, ROOTS[4]), False),
        (Root(2, ROOTS[2]), Root(1, ROOTS[1]), False),
    ],
)
def test_logs_without_growth_need_no_proof(old: Root, new: Root, *, holds: bool) -> None:
    assert is_consistent(old, new, proof=[]) is holds
    assert not is_consistent(old, new, proof=[ROOTS[1]])


def test_what_is_not_there_cannot_be_proved() -> None:
    tree = tree_of(LEAVES)
    with pytest.raises(IndexError, match="8 entries, and 9"):
        tree.root_at(9)
    with pytest.raises(IndexError, match="no entry 3 among the first 3"):
        tree.prove_inclusion(3, size=3)
    with pytest.raises(IndexError, match="did not grow out of one of 0"):
        tree.prove_consistency(0, size=3)


def test_a_node_is_no_leaf() -> None:
    left, right = hash_leaf(b"a"), hash_leaf(b"b")
    assert hash_children(left, right) != hash_leaf(left + right)
