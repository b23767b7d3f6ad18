"""Merkle trees by RFC 9162 §2.1: hashing, incremental growth, inclusion and consistency proofs.

A node is named by (level, index): the root of the complete subtree over the leaves index·2^level up to, not
including, (index+1)·2^level. Complete subtrees never change once built, so a store keeps only those; the
ragged right edge of a tree is always folded anew from at most one node per level.

Pure functions: nothing here reads, writes or keeps state.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from renkei.crypto.errors import ProofInvalid

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]
"""`node(level, index)` returns the 32-byte hash of a complete subtree."""

# Copying a hash object that has already taken the prefix costs less than starting one and joining bytes: hashing a
# node takes 5 % more than bare `sha256(joined).digest()`. Neither object is ever updated, so threads may share them.
_LEAF = hashlib.sha256(b"\x00")
_NODE = hashlib.sha256(b"\x01")


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf: SHA-256(0x00 ‖ data) (§2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """Hashes of many leaves, in order; the batch form of `leaf_hash`."""
    fresh = _LEAF.copy
    hashes = []
    for data in leaves:
        state = fresh()
        state.update(data)
        hashes.append(state.digest())
    return hashes


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right) (§2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def pair_hashes(nodes: Iterable[bytes]) -> list[bytes]:
    """Parents of neighbouring nodes: (0,1), (2,3), …; an odd last node has no parent yet and is left out."""
    fresh = _NODE.copy
    pairs = iter(nodes)
    parents = []
    for left, right in zip(pairs, pairs, strict=False):
        state = fresh()
        state.update(left)
        state.update(right)
        parents.append(state.digest())
    return parents


def tree_root(hashes: Sequence[bytes]) -> bytes:
    """Root of the tree over these leaf hashes in one go (§2.1.1); `EMPTY_ROOT` for none.

    Pairing level by level and carrying an odd last node up unchanged gives the same tree as splitting at the
    largest power of two.
    """
    return tree_levels(hashes)[-1][0] if hashes else EMPTY_ROOT


def tree_levels(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Every level of the tree over these leaf hashes, leaves first, an odd last node carried up unchanged.

    A node of the ragged edge then stands at the first level where it has a sibling, so `levels_path` may take
    `index ^ 1` at each level.
    """
    level = list(hashes)
    levels = [level]
    while len(level) > 1:
        parents = pair_hashes(level)
        if len(level) & 1:
            parents.append(level[-1])
        level = parents
        levels.append(level)
    return levels


def levels_path(levels: Sequence[Sequence[bytes]], index: int) -> tuple[bytes, ...]:
    """Inclusion path of leaf `index` out of `tree_levels`; the same as `inclusion_proof` (§2.1.3.1)."""
    path = []
    for level in levels:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        index >>= 1
    return tuple(path)


# --- growing a tree ---


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: all that is needed to append to it and to know its root.

    Attributes:
        size: number of leaves.
        nodes: one hash per set bit of `size`, the largest complete subtree first.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.nodes) != self.size.bit_count():
            raise ValueError("a frontier holds one node per set bit of its size")

    def pack(self) -> bytes:
        """The nodes as one byte string, 32 bytes each, to be stored beside the size."""
        return b"".join(self.nodes)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> Frontier:
        """The frontier that `pack` wrote.

        Raises:
            ValueError: the bytes are not those of a tree of this size.
        """
        if len(packed) % HASH_BYTES:
            raise ValueError("a packed frontier is a whole number of hashes")
        return cls(size, tuple(packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)))


def extend(frontier: Frontier, hashes: Sequence[bytes]) -> tuple[Frontier, list[list[bytes]]]:
    """Append leaf hashes; the cost is about one node hash per leaf, however large the tree is.

    Args:
        frontier: right edge of the tree so far.
        hashes: leaf hashes to append, in order.

    Returns:
        The new frontier, and every complete subtree that these leaves finished: `new[level][i]` is the node
        (level, (frontier.size >> level) + i). Level 0 is `hashes` itself.
    """
    size = frontier.size + len(hashes)
    waiting = list(frontier.nodes)  # the smallest subtree last: the one that meets the new nodes first
    edge: list[bytes] = []
    new: list[list[bytes]] = []
    nodes = list(hashes)
    level = 0
    while nodes or waiting:
        new.append(nodes)
        row = [waiting.pop(), *nodes] if (frontier.size >> level) & 1 else nodes
        if len(row) & 1:
            edge.append(row[-1])
        nodes = pair_hashes(row)
        level += 1
    while new and not new[-1]:
        new.pop()
    return Frontier(size, tuple(reversed(edge))), new


def root(frontier: Frontier) -> bytes:
    """Root hash of the tree with this right edge (§2.1.1); `EMPTY_ROOT` for the empty tree."""
    return _fold(frontier.nodes) if frontier.nodes else EMPTY_ROOT


def _fold(nodes: Sequence[bytes]) -> bytes:
    """Root over complete subtrees that stand side by side, the largest first."""
    folded = nodes[-1]
    for left in reversed(nodes[:-1]):
        folded = node_hash(left, folded)
    return folded


# --- making proofs ---


def range_root(node: NodeReader, start: int, end: int) -> bytes:
    """MTH(D[start:end]) from complete subtrees, for a range that is a node of some tree (start well aligned)."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(node(level, start >> level))
        start += 1 << level
    return _fold(nodes)


def inclusion_proof(node: NodeReader, index: int, size: int) -> tuple[bytes, ...]:
    """PATH(index, D[size]) of §2.1.3.1: the siblings from the leaf up.

    Reads at most 2·log2(size) nodes.

    Raises:
        ValueError: no such leaf in a tree of this size.
    """
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            path.append(range_root(node, split, end))
            end = split
        else:
            path.append(range_root(node, start, split))
            start = split
    return tuple(reversed(path))


def consistency_proof(node: NodeReader, first: int, second: int) -> tuple[bytes, ...]:
    """PROOF(first, D[second]) of §2.1.4.1; empty when the sizes are equal or the first tree is empty.

    Raises:
        ValueError: the first tree is larger than the second.
    """
    if not 0 <= first <= second:
        raise ValueError("a consistency proof runs from a smaller tree to a larger one")
    if first in (0, second):
        return ()
    path: list[bytes] = []
    start, end = 0, second
    known = True  # the flag b of SUBPROOF: the subtree's root is the old root that the verifier already has
    while first < end:
        split = start + _split(end - start)
        if first <= split:
            path.append(range_root(node, split, end))
            end = split
        else:
            path.append(range_root(node, start, split))
            start, known = split, False
    if not known:
        path.append(range_root(node, start, end))
    return tuple(reversed(path))


def _split(width: int) -> int:
    """Largest power of two smaller than `width` (k of §2.1.1)."""
    return 1 << ((width - 1).bit_length() - 1)


# --- verifying proofs ---


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> None:
    """Verify that a leaf hash stands at `index` in the tree of `size` leaves with this root (§2.1.3.2).

    Raises:
        ProofInvalid: it does not, by this proof.
    """
    if not 0 <= index < size:  # step 1
        raise ProofInvalid(private="step 1: the index is outside the tree")
    _demand_hashes(leaf, root_hash, *path)
    fn, sn = index, size - 1  # step 2
    r = leaf  # step 3
    for p in path:  # step 4
        if sn == 0:  # 4a
            raise ProofInvalid(private="step 4a: the path is too long")
        if fn & 1 or fn == sn:  # 4b
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1  # 4c
    if sn or r != root_hash:  # step 5
        raise ProofInvalid(private="step 5: the path is too short or leads to another root")


def verify_consistency(first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    """Verify that the first tree is a prefix of the second (§2.1.4.2).

    Beyond the RFC's 0 < first < second: equal sizes need equal roots, and the empty tree is a prefix of every
    tree; both need an empty path.

    Raises:
        ProofInvalid: it is not, by this proof.
    """
    if not 0 <= first <= second:
        raise ProofInvalid(private="the first tree is larger than the second")
    _demand_hashes(first_root, second_root, *path)
    if first in (0, second):
        if path or first_root != (second_root if first == second else EMPTY_ROOT):
            raise ProofInvalid(private="equal or empty trees: the roots differ or the path is not empty")
        return
    if not path:  # step 1
        raise ProofInvalid(private="step 1: the path is empty")
    steps = [first_root, *path] if first & (first - 1) == 0 else list(path)  # step 2
    fn, sn = first - 1, second - 1  # step 3
    while fn & 1:  # step 4
        fn, sn = fn >> 1, sn >> 1
    fr = sr = steps[0]  # step 5
    for c in steps[1:]:  # step 6
        if sn == 0:  # 6a
            raise ProofInvalid(private="step 6a: the path is too long")
        if fn & 1 or fn == sn:  # 6b
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1  # 6c
    if sn or fr != first_root or sr != second_root:  # step 7
        raise ProofInvalid(private="step 7: the path is too short or leads to another root")


def _demand_hashes(*hashes: bytes) -> None:
    """A value of another length could shift the boundary between two hashes inside a node."""
    if any(len(value) != HASH_BYTES for value in hashes):
        raise ProofInvalid(private="a hash is not 32 bytes")
