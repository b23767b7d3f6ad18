"""The manifest of a batch: one Merkle root over its header and its items, carried in a signed HTTP field.

Leaf 0 is the header, leaves 1..n are the items, each over its exact bytes on the wire. One item's evidence is
then its own bytes, the header and two paths; the other items stay unseen. A very large batch is cut into sheets:
each has its own manifest, and one further root stands over the sheets' roots.

Domain separation. What a signature over a root means is told by leaf 0, which every proof has to show:

* of a manifest it is `renkei-manifest/v1` NUL header, so a root whose leaf 0 starts otherwise is no manifest;
* of a tree of sheets every leaf, the first included, is `renkei-sheet/v1` NUL root.

A sheet's root can thus not pass for an item, even for an item whose bytes look just like a sheet leaf: to use
the tree of sheets as a manifest one would have to show a leaf 0 with the manifest's label in it, and to use a
manifest as a tree of sheets one would need every leaf, the header too, to carry the sheet's label; either is a
SHA-256 collision. Leaves and inner nodes are kept apart by the bytes 0x00 and 0x01 of RFC 9162, and the number of
leaves is signed beside the root, so that a path cannot be read against another shape of tree.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence

import msgspec

from renkei.crypto.errors import ManifestMalformed, ManifestMismatch, ProofInvalid
from renkei.crypto.merkle import (
    HASH_BYTES,
    leaf_hash,
    leaf_hashes,
    levels_path,
    tree_levels,
    tree_root,
    verify_inclusion,
)

HEADER_LABEL = b"renkei-manifest/v1\x00"
SHEET_LABEL = b"renkei-sheet/v1\x00"

_FIELD = re.compile(r"root=:([A-Za-z0-9+/]{43}=):;leaves=([1-9][0-9]{0,14})", re.ASCII)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a signature covers of a batch: the root, and the number of leaves (the header and the items)."""

    root: bytes
    leaves: int


class ItemProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Paths of one item and of its header to the root of their manifest; hashes are base64 text in JSON.

    Attributes:
        index: position of the item among the items, from 0 (its leaf is `index + 1`).
        leaves: leaves of the tree, the header's included.
        header_path: siblings of leaf 0, from the leaf up.
        item_path: siblings of the item's leaf, from the leaf up.
    """

    index: int
    leaves: int
    header_path: tuple[bytes, ...]
    item_path: tuple[bytes, ...]


# --- the root over one batch ---


def manifest_root(header: bytes, items: Sequence[bytes]) -> bytes:
    """Root over a header and its items (32 bytes); two hashes per item."""
    return tree_root(_leaves(header, items))


def manifest_of(header: bytes, items: Sequence[bytes]) -> Manifest:
    """The manifest of a header and its items, ready to be signed."""
    return Manifest(manifest_root(header, items), len(items) + 1)


def verify_manifest(manifest: Manifest, header: bytes, items: Sequence[bytes]) -> None:
    """Verify that these are the header and all the items, in order, that were signed.

    Raises:
        ManifestMismatch: something was added, left out, reordered or changed.
    """
    if manifest.leaves != len(items) + 1:
        raise ManifestMismatch(private="another number of items")
    if manifest_root(header, items) != manifest.root:
        raise ManifestMismatch(private="another root")


def _leaves(header: bytes, items: Sequence[bytes]) -> list[bytes]:
    return [leaf_hash(HEADER_LABEL + header), *leaf_hashes(items)]


# --- evidence of one item ---


def prove_item(header: bytes, items: Sequence[bytes], index: int) -> ItemProof:
    """Proof that `items[index]` stands under the manifest of this header and these items.

    Raises:
        ValueError: no such item.
    """
    return prove_items(header, items, [index])[0]


def prove_items(header: bytes, items: Sequence[bytes], indexes: Iterable[int]) -> list[ItemProof]:
    """Proofs for many items of one batch; the tree is hashed once.

    Raises:
        ValueError: no such item.
    """
    levels = tree_levels(_leaves(header, items))
    header_path = levels_path(levels, 0)
    proofs = []
    for index in indexes:
        if not 0 <= index < len(items):
            raise ValueError("the item is not in the batch")
        proofs.append(ItemProof(index, len(items) + 1, header_path, levels_path(levels, index + 1)))
    return proofs


def verify_item(manifest: Manifest, header: bytes, item: bytes, proof: ItemProof) -> None:
    """Verify offline that one item and its header stand under a signed manifest.

    Args:
        manifest: from the signed field; its signature is verified elsewhere.
        header: exact bytes of the batch's header.
        item: exact bytes of the item.
        proof: as made by `prove_item`.

    Raises:
        ManifestMismatch: the header, the item or the proof does not belong to this manifest.
    """
    if proof.leaves != manifest.leaves:
        raise ManifestMismatch(private="the proof is for a tree of another size")
    if proof.index < 0:
        raise ManifestMismatch(private="leaf 0 is the header, not an item")
    try:
        verify_inclusion(leaf_hash(HEADER_LABEL + header), 0, manifest.leaves, proof.header_path, manifest.root)
        verify_inclusion(leaf_hash(item), proof.index + 1, manifest.leaves, proof.item_path, manifest.root)
    except ProofInvalid as failed:
        raise ManifestMismatch(private=failed.private) from failed


# --- the root over the sheets of a very large batch ---


def sheets_root(roots: Sequence[bytes]) -> bytes:
    """Root over the roots of the sheets, in order (32 bytes).

    There are few sheets, so the proof that a sheet belongs to the batch is the list of roots itself
    (`verify_sheets`).

    Raises:
        ValueError: no sheet, or a root that is not 32 bytes.
    """
    if not roots or any(len(root) != HASH_BYTES for root in roots):
        raise ValueError("a tree of sheets needs at least one root of 32 bytes")
    return tree_root(leaf_hashes([SHEET_LABEL + root for root in roots]))


def sheets_of(roots: Sequence[bytes]) -> Manifest:
    """The manifest over several sheets, ready to be signed; its leaves are the sheets."""
    return Manifest(sheets_root(roots), len(roots))


def verify_sheets(manifest: Manifest, roots: Sequence[bytes]) -> None:
    """Verify that these are all the sheets' roots, in order, that were signed.

    Raises:
        ManifestMismatch: they are not.
    """
    if manifest.leaves != len(roots) or any(len(root) != HASH_BYTES for root in roots):
        raise ManifestMismatch(private="another number of sheets, or a root that is not 32 bytes")
    if not roots or sheets_root(roots) != manifest.root:
        raise ManifestMismatch(private="another root over the sheets")


# --- the HTTP field ---


def format_manifest_field(manifest: Manifest) -> str:
    """The manifest as an HTTP field value: an RFC 9651 Dictionary with one member, `root=:BASE64:;leaves=N`.

    Raises:
        ValueError: the root is not 32 bytes, or the number of leaves is not 1..10^15-1 (RFC 9651 §3.3.1).
    """
    if len(manifest.root) != HASH_BYTES or not 1 <= manifest.leaves < 10**15:
        raise ValueError("a manifest has a root of 32 bytes and at least one leaf")
    return f"root=:{b64encode(manifest.root).decode()}:;leaves={manifest.leaves}"


def parse_manifest_field(value: str) -> Manifest:
    """Read the field that `format_manifest_field` writes.

    Only that one serialisation is accepted (RFC 9651 §4.1), no whitespace, other member or parameter: a field
    that is signed should have one reading.

    Raises:
        ManifestMalformed: it is anything else.
    """
    found = _FIELD.fullmatch(value)
    if found is None:
        raise ManifestMalformed
    try:
        manifest = Manifest(b64decode(found[1], validate=True), int(found[2]))
    except binascii.Error as failed:
        raise ManifestMalformed from failed
    if format_manifest_field(manifest) != value:  # the last base64 digit may carry bits that decoding drops
        raise ManifestMalformed
    return manifest
