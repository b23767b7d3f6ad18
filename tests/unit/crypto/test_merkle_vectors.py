"""The published vectors: they are what the code makes, and they verify when read by someone who only has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.vectors_merkle import FOLDER, render

from renkei.crypto.errors import ManifestMismatch
from renkei.crypto.manifest import (
    ItemProof,
    Manifest,
    parse_manifest_field,
    verify_item,
    verify_manifest,
    verify_sheets,
)
from renkei.crypto.merkle import leaf_hash, verify_consistency, verify_inclusion
from renkei.crypto.notes import parse_vkey, verify_checkpoint
from renkei.crypto.tlog import parse_tile_path, verify_commitment


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def raw(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


@pytest.mark.parametrize(("name", "text"), render().items())
def test_the_committed_vectors_are_those_that_the_code_makes(name: str, text: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == text, "run: PYTHONPATH=src python -m tests.vectors_merkle"


def test_the_tree_vectors_verify() -> None:
    trees = read("merkle.json")["trees"]
    hashes, roots = raw(trees["leaf_hashes"]), raw(trees["roots_by_size"])
    assert hashes == [leaf_hash(leaf) for leaf in raw(trees["leaves"])]
    for case in trees["inclusion"]:
        index, size = case["index"], case["size"]
        verify_inclusion(hashes[index], index, size, raw(case["path"]), roots[size])
    for case in trees["consistency"]:
        first, second = case["first"], case["second"]
        verify_consistency(first, second, raw(case["path"]), roots[first], roots[second])


def item_proof(case: Any) -> ItemProof:
    return ItemProof(case["index"], case["leaves"], tuple(raw(case["header_path"])), tuple(raw(case["item_path"])))


def test_the_manifest_vectors_verify_and_the_refused_ones_do_not() -> None:
    vectors = read("merkle.json")
    for batch in vectors["manifest"]["batches"]:
        manifest = parse_manifest_field(batch["field"])
        assert manifest == Manifest(bytes.fromhex(batch["root"]), batch["leaves"])
        header = bytes.fromhex(batch["header"])
        verify_manifest(manifest, header, raw(batch["items"]))
        for case in batch["proofs"]:
            verify_item(manifest, header, bytes.fromhex(case["item"]), item_proof(case))
    for case in vectors["manifest"]["refused"]:
        manifest = Manifest(bytes.fromhex(case["manifest_root"]), case["manifest_leaves"])
        with pytest.raises(ManifestMismatch):
            verify_item(manifest, bytes.fromhex(case["header"]), bytes.fromhex(case["item"]), item_proof(case))
    sheets = vectors["sheets"]["batch"]
    verify_sheets(parse_manifest_field(sheets["field"]), raw(sheets["roots"]))


def test_the_log_vectors_verify() -> None:
    vectors = read("tlog.json")
    for case in vectors["commitment"]["cases"]:
        verify_commitment(*(bytes.fromhex(case[name]) for name in ("commitment", "salt", "record")))
    for case in vectors["paths"]:
        ref = parse_tile_path(case["path"])
        assert (ref.index, ref.width) == (case["index"], case["width"])
    roots = {step["size"]: bytes.fromhex(step["root"]) for step in vectors["growth"]["steps"]}
    last = vectors["growth"]["steps"][-1]
    for case in last["consistency"]:
        first = case["first"]
        verify_consistency(first, last["size"], raw(case["path"]), roots[first], roots[last["size"]])
    case = vectors["checkpoint"]
    signed = verify_checkpoint(
        case["cosigned"].encode(),
        parse_vkey(case["log"]["vkey"]),
        witnesses=[parse_vkey(case["witness"]["vkey"])],
        witnesses_min=1,
    )
    assert signed.checkpoint.root == roots[257] == bytes.fromhex(case["root"])
