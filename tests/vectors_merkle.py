"""Writes vectors/merkle.json and vectors/tlog.json: `PYTHONPATH=src python -m tests.vectors_merkle`.

Byte strings are lower-case hex, unless a format has a text form of its own (field, note, verifier key, path).
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from renkei.crypto.manifest import (
    HEADER_LABEL,
    SHEET_LABEL,
    ItemProof,
    format_manifest_field,
    manifest_of,
    prove_items,
    sheets_of,
)
from renkei.crypto.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root,
    tree_root,
)
from renkei.crypto.notes import (
    Checkpoint,
    KeyKind,
    NoteSigner,
    add_signatures,
    cosign,
    format_checkpoint,
    format_vkey,
    sign_checkpoint,
)
from renkei.crypto.tlog import ENTRIES, TileRef, append_entries, commit, tile_path, tile_reader

FOLDER = Path(__file__).resolve().parents[1] / "vectors"

# The leaves of the Certificate Transparency test suite, so that the roots can be compared with other software.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ORIGIN = "linkage.example/log"
TIME_S = 1_795_000_000

Json = dict[str, object]


def hexes(values: tuple[bytes, ...] | list[bytes]) -> list[str]:
    return [value.hex() for value in values]


# --- merkle.json ---


def trees() -> Json:
    hashes = leaf_hashes(LEAVES)

    def node(level: int, index: int) -> bytes:
        return tree_root(hashes[index << level : (index + 1) << level])

    sizes = range(1, len(LEAVES) + 1)
    return {
        "source": "RFC 9162 section 2.1; the leaves of the Certificate Transparency test suite",
        "leaves": hexes(LEAVES),
        "leaf_hashes": hexes(hashes),
        "node": {"left": hashes[0].hex(), "right": hashes[1].hex(), "hash": node_hash(hashes[0], hashes[1]).hex()},
        "roots_by_size": hexes([tree_root(hashes[:size]) for size in range(len(LEAVES) + 1)]),
        "inclusion": [
            {"index": index, "size": size, "path": hexes(inclusion_proof(node, index, size))}
            for size in sizes
            for index in range(size)
        ],
        "consistency": [
            {"first": first, "second": second, "path": hexes(consistency_proof(node, first, second))}
            for second in sizes
            for first in range(1, second + 1)
        ],
    }


def proof_json(proof: ItemProof, item: bytes) -> Json:
    return {
        "index": proof.index,
        "leaves": proof.leaves,
        "item": item.hex(),
        "header_path": hexes(proof.header_path),
        "item_path": hexes(proof.item_path),
    }


def manifests() -> list[Json]:
    cases = []
    for count in (1, 2, 5, 8):
        header = b'{"batch":"vector %d"}' % count
        items = [b'["item",%d]' % number for number in range(count)]
        manifest = manifest_of(header, items)
        cases.append(
            {
                "header": header.hex(),
                "items": hexes(items),
                "leaves": manifest.leaves,
                "root": manifest.root.hex(),
                "field": format_manifest_field(manifest),
                "proofs": [proof_json(proof, items[proof.index]) for proof in prove_items(header, items, range(count))],
            }
        )
    return cases


def sheets() -> Json:
    roots = [hashlib.sha256(b"sheet %d" % number).digest() for number in range(3)]
    manifest = sheets_of(roots)
    return {
        "roots": hexes(roots),
        "leaves": manifest.leaves,
        "root": manifest.root.hex(),
        "field": format_manifest_field(manifest),
    }


def refused() -> list[Json]:
    """Proofs that must not verify, each one step away from a good one."""
    header, items = b"header", [b"item %d" % number for number in range(6)]
    manifest = manifest_of(header, items)
    good = proof_json(prove_items(header, items, [2])[0], items[2])
    path = prove_items(header, items, [2])[0].item_path
    flipped = bytes([path[0][0] ^ 1]) + path[0][1:]
    cases: list[tuple[str, Json]] = [
        ("another item", {"item": b"item 3".hex()}),
        ("another position", {"index": 3}),
        ("another number of leaves", {"leaves": 8}),
        ("a flipped bit in the path", {"item_path": hexes([flipped, *path[1:]])}),
        ("a path too short", {"item_path": hexes(path[:-1])}),
        ("a path too long", {"item_path": hexes([*path, path[0]])}),
    ]
    return [
        {
            "why": why,
            "manifest_root": manifest.root.hex(),
            "manifest_leaves": 7,
            "header": header.hex(),
            **good,
            **change,
        }
        for why, change in cases
    ]


def merkle_vectors() -> Json:
    return {
        "trees": trees(),
        "manifest": {
            "header_leaf": "SHA-256(00 || header_label || header)",
            "item_leaf": "SHA-256(00 || item)",
            "header_label": HEADER_LABEL.hex(),
            "batches": manifests(),
            "refused": refused(),
        },
        "sheets": {"leaf": "SHA-256(00 || sheet_label || root)", "sheet_label": SHEET_LABEL.hex(), "batch": sheets()},
    }


# --- tlog.json ---


def entry(number: int) -> bytes:
    return hashlib.sha256(b"renkei entry %d" % number).digest()


def growth() -> list[Json]:
    """A log grown in steps; a step of more than a thousand entries lists its partial tiles only."""
    kept: dict[str, bytes] = {}
    frontier = Frontier()
    steps: list[Json] = []
    for size in (1, 3, 255, 256, 257, 700, 70_000):
        grown = append_entries(
            frontier, [entry(number) for number in range(frontier.size, size)], lambda ref: kept[ref.path]
        )
        kept.update((tile.ref.path, tile.data) for tile in grown.tiles)
        listed = [tile for tile in grown.tiles if size <= 1000 or tile.ref.width < 256]
        steps.append(
            {
                "size": size,
                "root": grown.root.hex(),
                "frontier": hexes(grown.frontier.nodes),
                "tiles_sha256": {tile.ref.path: hashlib.sha256(tile.data).hexdigest() for tile in listed},
            }
        )
        frontier = grown.frontier
    node = tile_reader(frontier.size, lambda ref: kept.get(ref.path))
    steps[-1]["inclusion"] = [
        {"index": index, "path": hexes(inclusion_proof(node, index, frontier.size))} for index in (0, 65_536, 69_999)
    ]
    steps[-1]["consistency"] = [
        {"first": first, "path": hexes(consistency_proof(node, first, frontier.size))} for first in (1, 257, 700)
    ]
    return steps


def paths() -> list[Json]:
    refs = [TileRef(0, 0), TileRef(0, 1_234_067), TileRef(1, 1, 17), TileRef(63, 999, 255), TileRef(ENTRIES, 273, 112)]
    return [
        {
            "level": "entries" if ref.level == ENTRIES else ref.level,
            "index": ref.index,
            "width": ref.width,
            "path": tile_path(ref.level, ref.index, ref.width),
        }
        for ref in refs
    ]


def commitments() -> list[Json]:
    cases = [(bytes(16), b""), (bytes(range(16)), b"record"), (bytes([255] * 16), "照会".encode())]
    return [
        {
            "salt": salt.hex(),
            "record": record.hex(),
            "commitment": commit(salt, record).hex(),
            "log_leaf": leaf_hash(commit(salt, record)).hex(),
        }
        for salt, record in cases
    ]


def signer(name: str, kind: KeyKind) -> NoteSigner:
    seed = hashlib.sha256(b"vector key " + name.encode()).digest()
    return NoteSigner(name, kind, Ed25519PrivateKey.from_private_bytes(seed))


def key_json(key: NoteSigner) -> Json:
    return {
        "name": key.name,
        "private_seed": key.private.private_bytes_raw().hex(),
        "public": key.verifier.public.hex(),
        "key_id": key.verifier.key_id.hex(),
        "vkey": format_vkey(key.verifier),
    }


def checkpoint() -> Json:
    log = signer(ORIGIN, KeyKind.ED25519)
    witness = signer("commission.example/witness", KeyKind.COSIGNATURE)
    frontier = append_entries(Frontier(), [entry(number) for number in range(257)], lambda _: None).frontier
    head = Checkpoint(ORIGIN, frontier.size, root(frontier))
    signed = sign_checkpoint(head, log)
    cosignature = cosign(signed, witness, time_s=TIME_S)
    return {
        "log": key_json(log),
        "witness": key_json(witness),
        "origin": head.origin,
        "size": head.size,
        "root": head.root.hex(),
        "root_base64": b64encode(head.root).decode(),
        "text": format_checkpoint(head),
        "signed": signed.decode(),
        "time_s": TIME_S,
        "cosigned_message": f"cosignature/v1\ntime {TIME_S}\n{format_checkpoint(head)}",
        "cosigned": add_signatures(signed, [cosignature]).decode(),
    }


def tlog_vectors() -> Json:
    return {
        "source": "C2SP tlog-tiles, tlog-checkpoint, tlog-cosignature, signed-note; every key here is for tests only",
        "commitment": {"rule": "SHA-256(02 || salt || record)", "cases": commitments()},
        "paths": paths(),
        "growth": {"entry": "SHA-256 of the ASCII text 'renkei entry N', N from 0", "steps": growth()},
        "checkpoint": checkpoint(),
    }


def render() -> dict[str, str]:
    """File name to text."""
    made = {"merkle.json": merkle_vectors(), "tlog.json": tlog_vectors()}
    return {name: json.dumps(value, ensure_ascii=False, indent=1) + "\n" for name, value in made.items()}


if __name__ == "__main__":
    for file_name, text in render().items():
        (FOLDER / file_name).write_text(text, "utf-8")
