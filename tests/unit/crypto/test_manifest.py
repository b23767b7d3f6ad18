"""The manifest of a batch: one item's evidence stands without the others, and nothing unsigned passes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.crypto.errors import ManifestMalformed, ManifestMismatch
from renkei.crypto.manifest import (
    HEADER_LABEL,
    SHEET_LABEL,
    ItemProof,
    Manifest,
    format_manifest_field,
    manifest_of,
    manifest_root,
    parse_manifest_field,
    prove_item,
    prove_items,
    sheets_of,
    sheets_root,
    verify_item,
    verify_manifest,
    verify_sheets,
)
from renkei.crypto.merkle import leaf_hash, leaf_hashes, levels_path, node_hash, tree_levels

HEADER = b'{"batch":"2026-11-23/17"}'
batches = st.lists(st.binary(max_size=60), min_size=1, max_size=70)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), batches, st.data())
def test_one_item_is_proved_without_the_others(header: bytes, items: list[bytes], data: st.DataObject) -> None:
    manifest = manifest_of(header, items)
    index = data.draw(st.integers(0, len(items) - 1))
    proof = prove_item(header, items, index)
    assert msgspec.json.decode(msgspec.json.encode(proof), type=ItemProof) == proof
    verify_item(manifest, header, items[index], proof)
    verify_manifest(manifest, header, items)


@settings(max_examples=60, deadline=None)
@given(batches, st.data())
def test_any_changed_bit_is_refused(items: list[bytes], data: st.DataObject) -> None:
    manifest = manifest_of(HEADER, items)
    index = data.draw(st.integers(0, len(items) - 1))
    proof = prove_item(HEADER, items, index)
    parts = {
        "header": HEADER,
        "item": items[index],
        "root": manifest.root,
        **{f"header_path {at}": step for at, step in enumerate(proof.header_path)},
        **{f"item_path {at}": step for at, step in enumerate(proof.item_path)},
    }
    name = data.draw(st.sampled_from(sorted(name for name, value in parts.items() if value)))
    bit = data.draw(st.integers(0, len(parts[name]) * 8 - 1))
    changed = bytearray(parts[name])
    changed[bit // 8] ^= 1 << bit % 8
    parts[name] = bytes(changed)
    broken = msgspec.structs.replace(
        proof,
        header_path=tuple(parts[f"header_path {at}"] for at in range(len(proof.header_path))),
        item_path=tuple(parts[f"item_path {at}"] for at in range(len(proof.item_path))),
    )
    with pytest.raises(ManifestMismatch):
        verify_item(Manifest(parts["root"], manifest.leaves), parts["header"], parts["item"], broken)


def test_the_root_by_hand() -> None:
    header, first, second = leaf_hash(HEADER_LABEL + b"h"), leaf_hash(b"1"), leaf_hash(b"2")
    assert manifest_root(b"h", [b"1", b"2"]) == node_hash(node_hash(header, first), second)
    assert manifest_root(b"h", []) == header


def test_added_left_out_and_reordered_items_are_refused() -> None:
    """An answer with a member that was not signed is no evidence, however the rest verifies."""
    items = [b"one", b"two", b"three"]
    manifest = manifest_of(HEADER, items)
    for other in (items[:2], [*items, b"four"], [*items, b""], items[::-1], [b"one", b"two", b"other"]):
        with pytest.raises(ManifestMismatch):
            verify_manifest(manifest, HEADER, other)
    with pytest.raises(ManifestMismatch):
        verify_manifest(manifest, HEADER + b" ", items)
    with pytest.raises(ManifestMismatch):
        verify_manifest(Manifest(manifest.root, manifest.leaves + 1), HEADER, items)


def test_a_proof_of_another_item_position_or_size_is_refused() -> None:
    items = [b"item %d" % number for number in range(6)]
    manifest = manifest_of(HEADER, items)
    proofs = prove_items(HEADER, items, range(6))
    assert proofs == [prove_item(HEADER, items, index) for index in range(6)]
    for changed in (
        msgspec.structs.replace(proofs[2], index=3),
        msgspec.structs.replace(proofs[2], index=-1),
        msgspec.structs.replace(proofs[2], index=6),
        msgspec.structs.replace(proofs[2], leaves=8),
        msgspec.structs.replace(proofs[2], header_path=proofs[2].item_path),
        proofs[3],
    ):
        with pytest.raises(ManifestMismatch):
            verify_item(manifest, HEADER, items[2], changed)


def test_the_header_cannot_pass_for_an_item() -> None:
    items = [b"item"]
    manifest = manifest_of(HEADER, items)
    levels = tree_levels([leaf_hash(HEADER_LABEL + HEADER), leaf_hash(b"item")])
    as_item = ItemProof(-1, 2, levels_path(levels, 0), levels_path(levels, 0))
    with pytest.raises(ManifestMismatch):
        verify_item(manifest, HEADER, HEADER_LABEL + HEADER, as_item)


def test_a_sheet_cannot_pass_for_an_item_nor_a_batch_for_sheets() -> None:
    """Even where an item's bytes are those of a sheet's leaf, the first leaf tells what was signed."""
    roots = [manifest_root(b"sheet %d" % number, [b"x"]) for number in range(3)]
    signed_sheets = sheets_of(roots)
    levels = tree_levels(leaf_hashes([SHEET_LABEL + root for root in roots]))
    for header in (SHEET_LABEL + roots[0], roots[0], b""):
        forged = ItemProof(0, 3, levels_path(levels, 0), levels_path(levels, 1))
        with pytest.raises(ManifestMismatch):
            verify_item(signed_sheets, header, SHEET_LABEL + roots[1], forged)

    signed_batch = manifest_of(SHEET_LABEL + roots[0], [SHEET_LABEL + root for root in roots[1:]])
    assert signed_batch.leaves == signed_sheets.leaves
    with pytest.raises(ManifestMismatch):
        verify_sheets(signed_batch, roots)


def test_sheets_are_verified_as_a_whole() -> None:
    roots = [manifest_root(b"sheet %d" % number, [b"x"]) for number in range(5)]
    verify_sheets(sheets_of(roots), roots)
    for other in ([], roots[:4], roots[::-1], [*roots[:4], roots[4][:31]], [*roots, roots[0]]):
        with pytest.raises(ManifestMismatch):
            verify_sheets(sheets_of(roots), other)
    with pytest.raises(ManifestMismatch):
        verify_sheets(Manifest(sheets_root(roots), 0), [])
    with pytest.raises(ValueError, match="at least one"):
        sheets_root([])
    with pytest.raises(ValueError, match="32 bytes"):
        sheets_root([b"short"])


@given(st.binary(min_size=32, max_size=32), st.integers(1, 10**15 - 1))
def test_the_field_is_read_as_it_was_written(root: bytes, leaves: int) -> None:
    manifest = Manifest(root, leaves)
    assert parse_manifest_field(format_manifest_field(manifest)) == manifest


def test_the_field_in_letters() -> None:
    assert format_manifest_field(Manifest(bytes(32), 3)) == f"root=:{'A' * 43}=:;leaves=3"


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"root=:{'A' * 43}=:",
        f"root=:{'A' * 43}=:;leaves=0",
        f"root=:{'A' * 43}=:;leaves=03",
        f"root=:{'A' * 43}=:;leaves=-3",
        f"root=:{'A' * 43}=:;leaves=3.0",
        f"root=:{'A' * 43}=:;leaves=1000000000000000",
        f"root=:{'A' * 43}=:; leaves=3",
        f"root=:{'A' * 43}=:;leaves=3\n",
        f"root=:{'A' * 43}=:;leaves=\N{FULLWIDTH DIGIT THREE}",
        f"root=:{'A' * 43}=:;leaves=3, root=:{'A' * 43}=:;leaves=3",
        f"root=:{'A' * 43}=:;leaves=3;more",
        f"root=:{'A' * 42}B=:;leaves=3",
        f"root=:{'A' * 42}==:;leaves=3",
        f"root=:{'A' * 43}_:;leaves=3",
        f"Root=:{'A' * 43}=:;leaves=3",
    ],
)
def test_any_other_form_of_the_field_is_refused(value: str) -> None:
    with pytest.raises(ManifestMalformed):
        parse_manifest_field(value)


def test_impossible_requests_are_programming_errors() -> None:
    with pytest.raises(ValueError, match="not in the batch"):
        prove_item(HEADER, [b"one"], 1)
    with pytest.raises(ValueError, match="32 bytes"):
        format_manifest_field(Manifest(b"short", 1))
    with pytest.raises(ValueError, match="at least one leaf"):
        format_manifest_field(Manifest(bytes(32), 0))


def test_an_extra_member_in_a_proof_is_refused() -> None:
    text = msgspec.json.encode(prove_item(HEADER, [b"one"], 0))
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text[:-1] + b',"note":"unsigned"}', type=ItemProof)
