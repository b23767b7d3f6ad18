"""Merkle trees: the published vectors of Certificate Transparency, and the properties that the proofs rest on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.crypto.errors import ProofInvalid
from renkei.crypto.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    extend,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    levels_path,
    node_hash,
    root,
    tree_levels,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and roots of the Certificate Transparency test suite (merkletree/merkle_tree_test.cc).
CT_LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CT_CONSISTENCY = {
    (1, 1): [],
    (1, 8): CT_INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def hashes_of(size: int) -> list[bytes]:
    return [leaf_hash(b"leaf %d" % number) for number in range(size)]


def reference_root(hashes: Sequence[bytes]) -> bytes:
    """MTH by the letter of §2.1.1, recursive."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else EMPTY_ROOT
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(reference_root(hashes[:split]), reference_root(hashes[split:]))


class Nodes:
    """A store of complete subtrees, filled by `extend` alone; counts what is read."""

    def __init__(self, hashes: Sequence[bytes], splits: Sequence[int] = ()) -> None:
        self.kept: dict[tuple[int, int], bytes] = {}
        self.reads = 0
        self.frontier = Frontier()
        cuts = [0, *sorted(split % (len(hashes) + 1) for split in splits), len(hashes)]
        for start, end in pairwise(cuts):
            before = self.frontier.size
            self.frontier, new = extend(self.frontier, hashes[start:end])
            for level, row in enumerate(new):
                for offset, value in enumerate(row):
                    name = level, (before >> level) + offset
                    assert name not in self.kept, "a complete subtree is produced once"
                    self.kept[name] = value

    def __call__(self, level: int, index: int) -> bytes:
        self.reads += 1
        return self.kept[level, index]


def flip(value: bytes, bit: int) -> bytes:
    bit %= len(value) * 8
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_certificate_transparency_roots() -> None:
    hashes = leaf_hashes(CT_LEAVES)
    assert tree_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [tree_root(hashes[:size]).hex() for size in range(1, 9)] == CT_ROOTS
    assert [root(extend(Frontier(), hashes[:size])[0]).hex() for size in range(1, 9)] == CT_ROOTS


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_certificate_transparency_inclusion(index: int, size: int) -> None:
    hashes = leaf_hashes(CT_LEAVES)
    path = inclusion_proof(Nodes(hashes[:size]), index, size)
    assert [step.hex() for step in path] == CT_INCLUSION[index, size]
    verify_inclusion(hashes[index], index, size, path, bytes.fromhex(CT_ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second"), CT_CONSISTENCY)
def test_certificate_transparency_consistency(first: int, second: int) -> None:
    path = consistency_proof(Nodes(leaf_hashes(CT_LEAVES)), first, second)
    assert [step.hex() for step in path] == CT_CONSISTENCY[first, second]
    verify_consistency(first, second, path, bytes.fromhex(CT_ROOTS[first - 1]), bytes.fromhex(CT_ROOTS[second - 1]))


def test_every_proof_of_every_small_tree_verifies() -> None:
    hashes = hashes_of(40)
    node = Nodes(hashes)
    roots = [reference_root(hashes[:size]) for size in range(41)]
    for size in range(1, 41):
        levels = tree_levels(hashes[:size])
        for index in range(size):
            path = inclusion_proof(node, index, size)
            assert path == levels_path(levels, index)
            verify_inclusion(hashes[index], index, size, path, roots[size])
        for first in range(size + 1):
            verify_consistency(first, size, consistency_proof(node, first, size), roots[first], roots[size])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 700), st.lists(st.integers(0, 10_000), max_size=12))
def test_growing_in_any_steps_gives_the_tree_made_at_once(size: int, splits: list[int]) -> None:
    hashes = hashes_of(size)
    node = Nodes(hashes, splits)
    assert root(node.frontier) == tree_root(hashes) == reference_root(hashes)
    assert node.frontier == extend(Frontier(), hashes)[0]
    assert Frontier.unpack(size, node.frontier.pack()) == node.frontier
    complete = {(level, index) for level in range(11) for index in range(size >> level)}
    assert set(node.kept) == complete


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_changed_bit_breaks_an_inclusion_proof(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    hashes = hashes_of(size)
    whole = tree_root(hashes)
    path = list(inclusion_proof(Nodes(hashes), index, size))
    verify_inclusion(hashes[index], index, size, path, whole)

    parts = [hashes[index], whole, *path]
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = flip(parts[at], data.draw(st.integers(0, 255)))
    with pytest.raises(ProofInvalid):
        verify_inclusion(parts[0], index, size, parts[2:], parts[1])
    other = data.draw(st.integers(0, size - 1).filter(lambda other: other != index)) if size > 1 else size
    with pytest.raises(ProofInvalid):
        verify_inclusion(hashes[index], other, size, path, whole)
    for wrong in (path[:-1], [*path, whole]):
        if wrong != path:
            with pytest.raises(ProofInvalid):
                verify_inclusion(hashes[index], index, size, wrong, whole)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_changed_bit_breaks_a_consistency_proof(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 300))
    first = data.draw(st.integers(1, second - 1))
    hashes = hashes_of(second)
    parts = [tree_root(hashes[:first]), tree_root(hashes), *consistency_proof(Nodes(hashes), first, second)]
    verify_consistency(first, second, parts[2:], parts[0], parts[1])

    at = data.draw(st.integers(0, len(parts) - 1))
    broken = [*parts]
    broken[at] = flip(parts[at], data.draw(st.integers(0, 255)))
    with pytest.raises(ProofInvalid):
        verify_consistency(first, second, broken[2:], broken[0], broken[1])
    for wrong in (parts[2:-1], [*parts[2:], parts[0]]):
        with pytest.raises(ProofInvalid):
            verify_consistency(first, second, wrong, parts[0], parts[1])


def test_a_log_that_rewrites_its_past_cannot_prove_consistency() -> None:
    """An exchange record must not be changed after the fact (Act art. 23): every rewritten tree is caught."""
    honest = hashes_of(20)
    for changed in range(13):
        rewritten = [*honest]
        rewritten[changed] = leaf_hash(b"another story")
        path = consistency_proof(Nodes(rewritten), 13, 20)
        with pytest.raises(ProofInvalid):
            verify_consistency(13, 20, path, tree_root(honest[:13]), tree_root(rewritten))


def test_proofs_of_a_large_tree_read_few_nodes() -> None:
    hashes = hashes_of(50_000)
    node = Nodes(hashes)
    for index in (0, 1, 32_767, 32_768, 49_999):
        node.reads = 0
        path = inclusion_proof(node, index, 50_000)
        assert node.reads <= 2 * 16
        verify_inclusion(hashes[index], index, 50_000, path, root(node.frontier))
    node.reads = 0
    consistency_proof(node, 33_333, 50_000)
    assert node.reads <= 3 * 16


def test_equal_and_empty_trees_are_consistent_only_with_their_own_roots() -> None:
    hashes = hashes_of(5)
    verify_consistency(5, 5, (), tree_root(hashes), tree_root(hashes))
    verify_consistency(0, 5, (), EMPTY_ROOT, tree_root(hashes))
    wrong: list[tuple[int, int, list[bytes], bytes, bytes]] = [
        (5, 5, [], tree_root(hashes), EMPTY_ROOT),
        (0, 5, [], hashes[0], tree_root(hashes)),
        (0, 5, [hashes[0]], EMPTY_ROOT, tree_root(hashes)),
        (6, 5, [], tree_root(hashes), tree_root(hashes)),
        (4, 5, [], tree_root(hashes[:4]), tree_root(hashes)),
        (4, 5, [hashes[4][:31]], tree_root(hashes[:4]), tree_root(hashes)),
    ]
    for first, second, path, first_root, second_root in wrong:
        with pytest.raises(ProofInvalid):
            verify_consistency(first, second, path, first_root, second_root)


def test_an_inclusion_proof_of_another_size_of_tree_is_refused() -> None:
    """Hashes that do lead to the root, read against a smaller or larger tree than the path is made for."""
    first, second, _ = hashes_of(3)
    whole = node_hash(first, second)
    verify_inclusion(second, 1, 2, [first], whole)
    with pytest.raises(ProofInvalid):
        verify_inclusion(second, 0, 1, [first], whole)
    with pytest.raises(ProofInvalid):
        verify_inclusion(first, 0, 3, [second], whole)
    with pytest.raises(ProofInvalid):
        verify_inclusion(first[-1:] + second, 1, 2, [first[:-1]], whole)


def test_a_consistency_proof_of_other_sizes_of_trees_is_refused() -> None:
    hashes = hashes_of(8)
    node = Nodes(hashes)
    roots = [tree_root(hashes[:size]) for size in range(9)]
    seven_to_eight, three_to_four = consistency_proof(node, 7, 8), consistency_proof(node, 3, 4)
    verify_consistency(7, 8, seven_to_eight, roots[7], roots[8])
    with pytest.raises(ProofInvalid):
        verify_consistency(3, 4, seven_to_eight, roots[7], roots[8])
    with pytest.raises(ProofInvalid):
        verify_consistency(3, 8, three_to_four, roots[3], roots[4])
    with pytest.raises(ProofInvalid):
        verify_consistency(3, 4, [], roots[3], roots[4])


def test_an_impossible_question_is_a_programming_error() -> None:
    node = Nodes(hashes_of(3))
    with pytest.raises(ValueError, match="not in the tree"):
        inclusion_proof(node, 3, 3)
    with pytest.raises(ValueError, match="smaller tree"):
        consistency_proof(node, 4, 3)
    with pytest.raises(ValueError, match="one node per set bit"):
        Frontier(3, (EMPTY_ROOT,))
    with pytest.raises(ValueError, match="whole number"):
        Frontier.unpack(1, b"short")
