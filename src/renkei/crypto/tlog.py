"""Transparency logs as C2SP tlog-tiles: paths, tiles built as the log grows, proofs from tiles, full verification.

Source: c2sp.org/tlog-tiles. A tile holds up to 256 hashes of one level; tile level L holds the tree's nodes of
level 8·L. A store keeps the tiles, the entry bundles and the packed frontier; appending reads at most one partial
tile per level, and nothing ever hashes the whole tree again except `verify_log`.

Entries are salted commitments, `commit(salt, record)`, 32 bytes each. Once a record's retention has ended, the
record and its salt are erased; the commitment stays, says nothing about the record (a salt of 128 random bits
cannot be guessed), and the tree stays verifiable.

Nothing here does input or output: tiles come through a `TileLoader` that the caller hands in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from renkei.base.errors import RenkeiError
from renkei.crypto.errors import LogDamaged, RecordAltered, TilePathMalformed
from renkei.crypto.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    NodeReader,
    extend,
    leaf_hashes,
    pair_hashes,
    range_root,
    root,
)
from renkei.crypto.notes import Checkpoint, SignedCheckpoint, VerifierKey, verify_checkpoint

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
ENTRIES = -1
"""The "level" of entry bundles, so that one name and one loader serve both kinds of resource."""

SALT_BYTES = 16

_LEVEL_MAX = 63
_ENTRY_BYTES_MAX = (1 << 16) - 1
_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII)
_COMMITMENT = hashlib.sha256(b"\x02")  # copied, never updated; see merkle.py


@dataclass(frozen=True, slots=True)
class TileRef:
    """Name of a tile, or of an entry bundle where `level` is `ENTRIES`; `width` is 256 when it is full."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is served below the log's prefix, such as `tile/0/x001/x234/067` or `tile/entries/005.p/17`."""
        return tile_path(self.level, self.index, self.width)


class Tile(NamedTuple):
    """A tile or an entry bundle to be written."""

    ref: TileRef
    data: bytes


TileLoader = Callable[[TileRef], bytes | None]
"""Returns the bytes of a tile or bundle, or None where there is none. Where only a partial one is asked for, the
full one may be returned instead."""


# --- salted commitments ---


def commit(salt: bytes, record: bytes) -> bytes:
    """Commitment to a record: SHA-256(0x02 ‖ salt ‖ record), 32 bytes.

    The first byte differs from the tree's own 0x00 (leaf) and 0x01 (inner node), so that no record can be chosen
    whose commitment is also the hash of a leaf or a node; the salt's length is fixed, so that no other pair of
    salt and record joins to the same bytes.

    Raises:
        ValueError: the salt is not 16 bytes.
    """
    return commit_many((salt,), (record,))[0]


def commit_many(salts: Sequence[bytes], records: Sequence[bytes]) -> list[bytes]:
    """Commitments to many records, in order; one fresh random salt of 16 bytes each.

    Raises:
        ValueError: a salt is not 16 bytes, or there are more of one than of the other.
    """
    if set(map(len, salts)) - {SALT_BYTES}:
        raise ValueError("a salt has 16 bytes")
    fresh = _COMMITMENT.copy
    commitments = []
    for salt, record in zip(salts, records, strict=True):
        state = fresh()
        state.update(salt)
        state.update(record)
        commitments.append(state.digest())
    return commitments


def verify_commitment(commitment: bytes, salt: bytes, record: bytes) -> None:
    """Verify that the log committed to this record.

    Raises:
        RecordAltered: it committed to something else.
    """
    if len(salt) != SALT_BYTES or commit(salt, record) != commitment:
        raise RecordAltered(private="the record or its salt is not what was committed to")


# --- names ---


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Path of a tile below the log's prefix; of an entry bundle where `level` is `ENTRIES`.

    Raises:
        ValueError: a level, index or width that no tile has.
    """
    if not (ENTRIES <= level <= _LEVEL_MAX and index >= 0 and 1 <= width <= TILE_WIDTH):
        raise ValueError("no tile has this level, index or width")
    digits = f"{index % 1000:03d}"
    while index := index // 1000:
        digits = f"x{index % 1000:03d}/{digits}"
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{'entries' if level == ENTRIES else level}/{digits}{partial}"


def parse_tile_path(path: str) -> TileRef:
    """Read a path that `tile_path` writes.

    Raises:
        TilePathMalformed: it is anything else, superfluous zeroes included.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise TilePathMalformed
    level = ENTRIES if found[1] == "entries" else int(found[1])
    ref = TileRef(level, int(re.sub("[x/]", "", found[2])), int(found[3] or TILE_WIDTH))
    if level > _LEVEL_MAX or not 1 <= ref.width <= TILE_WIDTH or ref.path != path:
        raise TilePathMalformed
    return ref


def tiles_after(old_size: int, new_size: int) -> Iterator[TileRef]:
    """Every tile that is new or wider once a log has grown from one size to another, the lowest level first."""
    level = 0
    while new := new_size >> (TILE_HEIGHT * level):
        yield from _tiles_of_level(level, old_size >> (TILE_HEIGHT * level), new)
        level += 1


def bundles_after(old_size: int, new_size: int) -> Iterator[TileRef]:
    """Every entry bundle that is new or wider once a log has grown from one size to another."""
    yield from _tiles_of_level(ENTRIES, old_size, new_size)


def _tiles_of_level(level: int, old: int, new: int) -> Iterator[TileRef]:
    if old == new:
        return
    for index in range(old // TILE_WIDTH, (new - 1) // TILE_WIDTH + 1):
        yield TileRef(level, index, min(TILE_WIDTH, new - index * TILE_WIDTH))


# --- growing a log ---


@dataclass(frozen=True, slots=True)
class Growth:
    """What one append changes, to be stored in one transaction."""

    frontier: Frontier
    root: bytes
    tiles: list[Tile]


def append_entries(frontier: Frontier, entries: Sequence[bytes], load: TileLoader) -> Growth:
    """Append entries to a log: the new frontier and root, and every bundle and tile that changes.

    Args:
        frontier: right edge of the log as stored.
        entries: bytes of the new entries, in order (for our own logs: commitments).
        load: asked for the partial entry bundle and for one partial tile per level at most.

    Raises:
        ValueError: an entry is longer than 65,535 bytes.
        LogDamaged: a partial tile or bundle is missing or malformed.
    """
    bundles = append_bundles(frontier.size, entries, load)
    grown, tiles = append_tiles(frontier, leaf_hashes(entries), load)
    return Growth(grown, root(grown), bundles + tiles)


def append_tiles(frontier: Frontier, hashes: Sequence[bytes], load: TileLoader) -> tuple[Frontier, list[Tile]]:
    """Append leaf hashes to a log and build every tile that changes; the cost is that of hashing.

    Args:
        frontier: right edge of the log as stored.
        hashes: leaf hashes of the new entries, in order.
        load: asked once per level at most, for the partial tile at the right edge.

    Returns:
        The new frontier, and the tiles of `tiles_after` with their bytes.

    Raises:
        LogDamaged: a partial tile is missing or too short.
    """
    grown, new = extend(frontier, hashes)
    tiles: list[Tile] = []
    for height in range(0, len(new), TILE_HEIGHT):
        before = frontier.size >> height
        tiles += _cut(height // TILE_HEIGHT, before, new[height], load, HASH_BYTES)
    return grown, tiles


def append_bundles(size: int, entries: Sequence[bytes], load: TileLoader) -> list[Tile]:
    """Build every entry bundle that changes when entries are appended to a log of `size` entries.

    Raises:
        ValueError: an entry is longer than 65,535 bytes.
        LogDamaged: the partial bundle at the right edge is missing or malformed.
    """
    if max(map(len, entries), default=0) > _ENTRY_BYTES_MAX:
        raise ValueError("an entry has at most 65,535 bytes")
    return _cut(ENTRIES, size, [len(entry).to_bytes(2, "big") + entry for entry in entries], load, None)


def _cut(level: int, before: int, pieces: Sequence[bytes], load: TileLoader, piece_bytes: int | None) -> list[Tile]:
    """Cut new pieces into tiles, the first of them begun by the partial tile that is there already."""
    width = before % TILE_WIDTH
    head = b""
    if width:
        edge = TileRef(level, before // TILE_WIDTH, width)
        head = _load(load, edge) if piece_bytes else encode_bundle(decode_bundle(_load(load, edge), edge))
    tiles = []
    at = -width
    for ref in _tiles_of_level(level, before, before + len(pieces)):
        tiles.append(Tile(ref, head + b"".join(pieces[max(at, 0) : at + TILE_WIDTH])))
        at, head = at + TILE_WIDTH, b""
    return tiles


def frontier_of(size: int, load: TileLoader) -> Frontier:
    """The frontier of a log, rebuilt from the tiles at its right edge.

    Raises:
        LogDamaged: a tile is missing or too short.
    """
    node = tile_reader(size, load)
    nodes = []
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            nodes.append(node(level, start >> level))
            start += 1 << level
    return Frontier(size, tuple(nodes))


# --- reading a log ---


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as one bundle: each behind its length in two bytes, big-endian."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def decode_bundle(data: bytes, ref: TileRef) -> list[bytes]:
    """The first `ref.width` entries of a bundle.

    Raises:
        LogDamaged: the bundle ends within an entry, or holds neither that many entries nor 256.
    """
    entries = []
    at = 0
    while at < len(data):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        entries.append(data[start:at])
    if at != len(data) or len(entries) not in (ref.width, TILE_WIDTH):
        raise LogDamaged(step=ref.path, private="the bundle holds another number of entries")
    return entries[: ref.width]


def tile_reader(size: int, load: TileLoader) -> NodeReader:
    """A node reader over the tiles of a log of `size` entries, for `merkle.inclusion_proof` and its like.

    It keeps each tile that it has read: make one per request and use it for all proofs of that request. What it
    reads is trusted only as far as the proofs made from it then verify.

    Raises:
        LogDamaged: (the reader) a tile is missing or too short.
    """
    tiles: dict[tuple[int, int], list[list[bytes]]] = {}

    def node(level: int, index: int) -> bytes:
        tile_level, inner = divmod(level, TILE_HEIGHT)
        tile_index, within = divmod(index << inner, TILE_WIDTH)
        levels = tiles.get((tile_level, tile_index))
        if levels is None:
            width = min(TILE_WIDTH, (size >> (TILE_HEIGHT * tile_level)) - tile_index * TILE_WIDTH)
            data = _load(load, TileRef(tile_level, tile_index, width))
            levels = [[data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]]
            tiles[tile_level, tile_index] = levels
        while len(levels) <= inner:
            levels.append(pair_hashes(levels[-1]))
        return levels[inner][within >> inner]

    return node


def _load(load: TileLoader, ref: TileRef) -> bytes:
    """A loaded tile cut to its width, or a loaded bundle as it is."""
    data = load(ref)
    if data is None:
        raise LogDamaged(step=ref.path, private="it is missing")
    if ref.level == ENTRIES:
        return data
    wanted = ref.width * HASH_BYTES
    if len(data) not in (wanted, TILE_WIDTH * HASH_BYTES):
        raise LogDamaged(step=ref.path, private="it has the wrong length")
    return data[:wanted]


# --- verifying a whole log ---


def verify_log(
    checkpoint: bytes,
    load: TileLoader,
    log: VerifierKey,
    *,
    witnesses: Sequence[VerifierKey] = (),
    witnesses_min: int = 0,
    earlier: Checkpoint | None = None,
) -> SignedCheckpoint:
    """Verify a published log from its entries up: bundles, every tile, root, signatures, nothing taken back.

    Memory stays at about one bundle and one tile per level, however long the log is.

    Args:
        checkpoint: the signed note.
        load: of tiles and entry bundles.
        log: the log's key; its name is the origin.
        witnesses: cosignature keys that we trust.
        witnesses_min: how many of them must have cosigned.
        earlier: a checkpoint of the same log that was verified before, if any.

    Returns:
        The verified checkpoint.

    Raises:
        LogDamaged: `step` names what failed first: `checkpoint`, the path of a tile or bundle, `root` or
            `consistency`.
    """
    try:
        signed = verify_checkpoint(checkpoint, log, witnesses=witnesses, witnesses_min=witnesses_min)
    except RenkeiError as failed:
        raise LogDamaged(step="checkpoint", private=f"{failed.code}: {failed.private}") from failed
    head = signed.checkpoint
    if _root_from_entries(head.size, load) != head.root:
        raise LogDamaged(step="root", private="the entries lead to another root")
    if earlier is not None:
        _verify_not_taken_back(earlier, head, load)
    return signed


def _root_from_entries(size: int, load: TileLoader) -> bytes:
    """Root over all entries; every tile on the way is compared with what is published."""
    frontier = Frontier()
    rows: list[list[bytes]] = []  # per tile level, the hashes that stand in no compared tile yet
    for bundle in bundles_after(0, size):
        hashes = leaf_hashes(decode_bundle(_load(load, bundle), bundle))
        frontier, new = extend(frontier, hashes)
        for tile_level, nodes in enumerate(new[::TILE_HEIGHT]):
            if tile_level == len(rows):
                rows.append([])
            row = rows[tile_level]
            row += nodes
            if len(row) == TILE_WIDTH:
                _compare(row, tile_level, frontier.size, load)
                row.clear()
    for tile_level, row in enumerate(rows):
        if row:
            _compare(row, tile_level, size, load)
    return root(frontier)


def _compare(row: list[bytes], tile_level: int, size: int, load: TileLoader) -> None:
    ref = TileRef(tile_level, ((size >> (TILE_HEIGHT * tile_level)) - 1) // TILE_WIDTH, len(row))
    if _load(load, ref) != b"".join(row):
        raise LogDamaged(step=ref.path, private="the tile is not that of the entries")


def _verify_not_taken_back(earlier: Checkpoint, head: Checkpoint, load: TileLoader) -> None:
    """The earlier tree has to be a prefix; its root is read from tiles that are verified by now."""
    if earlier.origin != head.origin or earlier.size > head.size:
        raise LogDamaged(step="consistency", private="another log, or entries taken back")
    before = range_root(tile_reader(head.size, load), 0, earlier.size) if earlier.size else EMPTY_ROOT
    if before != earlier.root:
        raise LogDamaged(step="consistency", private="the log's past was rewritten")
