"""Merkle trees as RFC 6962 and RFC 9162 hash them: SHA-256, leaves and nodes kept apart.

A `Frontier` is enough to go on from: it appends and gives the root in O(log n). A `Tree`
keeps every hash and proves. The two checks at the end need neither, only a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from typing import NamedTuple

EMPTY_ROOT = sha256().digest()
"""The root of no entries."""


class Root(NamedTuple):
    """The root over that many first entries of a log."""

    size: int
    root: bytes


def hash_leaf(content: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return sha256(b"\0" + content).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: the roots of its full subtrees, the largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf_hash: bytes) -> Frontier:
        """The edge of the tree with one leaf more."""
        peaks, size = [*self.peaks, leaf_hash], self.size
        while size & 1:
            right = peaks.pop()
            peaks[-1] = hash_children(peaks[-1], right)
            size >>= 1
        return Frontier(self.size + 1, tuple(peaks))

    @property
    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        return reduce(lambda right, left: hash_children(left, right), reversed(self.peaks))


class Tree:
    """Every hash of a log, for the root of any of its sizes and for proofs."""

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        # _levels[k][i] is the root of the i-th full subtree of 2^k leaves.
        self._levels: list[list[bytes]] = [[]]
        for leaf_hash in leaf_hashes:
            self.append(leaf_hash)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf_hash: bytes) -> None:
        node, level = leaf_hash, 0
        self._levels[0].append(node)
        while len(self._levels[level]) % 2 == 0:
            node = hash_children(*self._levels[level][-2:])
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(node)

    def root_at(self, size: int) -> bytes:
        """The root over the first `size` entries. Raises `IndexError` beyond the last."""
        self._check(size)
        return self._hash(0, size) if size else EMPTY_ROOT

    def prove_inclusion(self, index: int, *, size: int) -> list[bytes]:
        """RFC 9162, 2.1.3.1. Raises `IndexError` for what is not in a tree of that size."""
        self._check(size)
        if not 0 <= index < size:
            raise IndexError(f"there is no entry {index} among the first {size}")
        start, proof = 0, []
        while size > 1:
            half = _split(size)
            if index < start + half:
                proof.append(self._hash(start + half, size - half))
                size = half
            else:
                proof.append(self._hash(start, half))
                start, size = start + half, size - half
        return proof[::-1]

    def prove_consistency(self, old_size: int, *, size: int) -> list[bytes]:
        """RFC 9162, 2.1.4.1. Raises `IndexError` unless 0 < old_size <= size."""
        self._check(size)
        if not 0 < old_size <= size:
            raise IndexError(f"a log of {size} entries did not grow out of one of {old_size}")
        start, is_whole, proof = 0, True, []
        while old_size < size:
            half = _split(size)
            if old_size <= half:
                proof.append(self._hash(start + half, size - half))
                size = half
            else:
                proof.append(self._hash(start, half))
                start, size, old_size = start + half, size - half, old_size - half
                is_whole = False
        if not is_whole:
            proof.append(self._hash(start, size))
        return proof[::-1]

    def _hash(self, start: int, size: int) -> bytes:
        if size & (size - 1) == 0:
            level = size.bit_length() - 1
            return self._levels[level][start >> level]
        half = _split(size)
        return hash_children(self._hash(start, half), self._hash(start + half, size - half))

    def _check(self, size: int) -> None:
        if not 0 <= size <= len(self):
            raise IndexError(f"there are {len(self)} entries, and {size} were asked for")


def is_included(leaf_hash: bytes, index: int, *, proof: Sequence[bytes], head: Root) -> bool:
    """Does the proof lead from the entry at this index to the root? RFC 9162, 2.1.3.2."""
    if not 0 <= index < head.size:
        return False
    first, last, root = index, head.size - 1, leaf_hash
    for node in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            root = hash_children(node, root)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            root = hash_children(root, node)
        first, last = first >> 1, last >> 1
    return last == 0 and root == head.root


def is_consistent(old: Root, new: Root, *, proof: Sequence[bytes]) -> bool:
    """Does the proof show that the new log begins with the old one? RFC 9162, 2.1.4.2."""
    if not 0 < old.size < new.size:
        return not proof and old in {new, Root(0, EMPTY_ROOT)}
    nodes = [old.root, *proof] if old.size & (old.size - 1) == 0 else list(proof)
    if not nodes:
        return False
    first, last = old.size - 1, new.size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_root = new_root = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old_root, new_root = hash_children(node, old_root), hash_children(node, new_root)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new_root = hash_children(new_root, node)
        first, last = first >> 1, last >> 1
    return last == 0 and (old_root, new_root) == (old.root, new.root)


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1
