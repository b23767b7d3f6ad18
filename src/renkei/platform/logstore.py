"""A room's transparency log in the room's own database: tiles, frontier and checkpoint beside the records.

Appending happens inside the transaction that writes the records, so a record and its leaf are there together or
not at all. The checkpoint is signed once per transaction, just before COMMIT, and only when the log grew.
What is published has the layout of C2SP tlog-tiles (`renkei.crypto.tlog`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    String,
    Table,
    select,
)

from renkei.crypto.errors import LogDamaged
from renkei.crypto.merkle import Frontier, NodeReader, consistency_proof, inclusion_proof, leaf_hashes, root
from renkei.crypto.notes import Checkpoint, NoteSigner, parse_checkpoint, parse_note, sign_checkpoint
from renkei.crypto.tlog import (
    ENTRIES,
    TILE_WIDTH,
    TileLoader,
    TileRef,
    append_tiles,
    parse_tile_path,
    tile_path,
    tile_reader,
)
from renkei.platform.bulk import upsert_many
from renkei.platform.database import Database
from renkei.platform.errors import LogEmpty, RouteUnknown

_GREW = "renkei_log_grew"
_HASH_BYTES = 32
_ENTRY_HEAD = _HASH_BYTES.to_bytes(2, "big")
_ENTRY_BYTES = len(_ENTRY_HEAD) + _HASH_BYTES
_ONLY = 1  # the head is a table of one row
_HEAD = f"SELECT size, frontier FROM log_head WHERE id = {_ONLY}"  # read once per append: Core would cost 30 µs more
SIGNED, COSIGNED = "signed", "cosigned"


@dataclass(frozen=True, slots=True)
class LogTables:
    """The tables of one log; a database holds at most one."""

    head: Table
    tile: Table
    checkpoint: Table


@dataclass(frozen=True, slots=True)
class LogHead:
    """How long the log is and what it commits to, as of one transaction."""

    size: int
    root: bytes


def define_log_tables(metadata: MetaData) -> LogTables:
    """Add the log's tables to a room's metadata."""
    return LogTables(
        head=Table(
            "log_head",
            metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("size", BigInteger, nullable=False),
            Column("frontier", LargeBinary, nullable=False),
        ),
        tile=Table(
            "log_tile",
            metadata,
            Column("level", SmallInteger, primary_key=True, autoincrement=False),
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("width", SmallInteger, nullable=False),
            Column("data", LargeBinary, nullable=False),
        ),
        checkpoint=Table(
            "log_checkpoint",
            metadata,
            Column("kind", String(8), primary_key=True),
            Column("size", BigInteger, nullable=False),
            Column("note", LargeBinary, nullable=False),
        ),
    )


class LogStore:
    """Reads and grows the log of one database.

    Args:
        tables: from `define_log_tables`.
        signer: signs checkpoints; its name is the log's origin line. None leaves the log without checkpoints.
    """

    def __init__(self, tables: LogTables, *, signer: NoteSigner | None = None) -> None:
        self._tables = tables
        self._signer = signer
        self._signed_size = select(tables.checkpoint.c.size).where(tables.checkpoint.c.kind == SIGNED)
        # The right edge that the last append left. It is used only when the stored frontier is the very same, which
        # commits to these bytes; an append that was rolled back can therefore do no harm.
        self._edge: tuple[Frontier, dict[tuple[int, int], bytes]] = (Frontier(), {})

    def attach(self, db: Database) -> None:
        """Sign a checkpoint in every transaction of `db` that grew the log."""
        db.before_commit(self._sign_if_grown)

    def append(self, conn: Connection, commitments: Sequence[bytes]) -> int:
        """Append 32-byte commitments inside the caller's write transaction.

        Returns:
            Index of the first of them; the others follow.

        Raises:
            LogDamaged: the stored right edge is missing or malformed.
            ValueError: a commitment is not 32 bytes.
        """
        stored = self._read_head(conn, lock=True)
        frontier = _unpack(stored)
        if not commitments:
            return frontier.size
        load = self._loader(conn, frontier)
        grown, hash_tiles = append_tiles(frontier, leaf_hashes(commitments), load)
        tiles = [(tile.ref.level, tile.ref.index, tile.ref.width, tile.data) for tile in hash_tiles]
        tiles += _bundles(frontier.size, commitments, load)
        upsert_many(conn, self._tables.tile, ["level", "position"], ["width", "data"], tiles)
        head = (_ONLY, grown.size, grown.pack())
        upsert_many(conn, self._tables.head, ["id"], ["size", "frontier"], [head])
        partial = {(level, index): data for level, index, width, data in tiles if width < TILE_WIDTH}
        before = self._edge[1] if self._edge[0] == frontier else {}
        self._edge = (grown, _right_edge(grown.size, {**before, **partial}))
        conn.info[_GREW] = True
        return frontier.size

    def head(self, conn: Connection) -> LogHead:
        """Size and root of the log in this transaction; of the empty log where nothing was appended yet."""
        frontier = _unpack(self._read_head(conn))
        return LogHead(frontier.size, root(frontier))

    def checkpoint(self, conn: Connection, *, cosigned: bool = False) -> bytes:
        """The latest checkpoint as a signed note.

        Args:
            cosigned: the latest one that a witness has signed, which may be of a smaller log.

        Raises:
            LogEmpty: there is none yet.
        """
        table = self._tables.checkpoint
        wanted = select(table.c.note).where(table.c.kind == (COSIGNED if cosigned else SIGNED))
        note = conn.execute(wanted).scalar()
        if note is None:
            raise LogEmpty()
        return bytes(note)

    def keep_cosigned(self, conn: Connection, note: bytes) -> None:
        """Keep a checkpoint of ours that came back with a witness's signature (verified by the caller)."""
        size = parse_checkpoint(parse_note(note).text).size
        upsert_many(conn, self._tables.checkpoint, ["kind"], ["size", "note"], [(COSIGNED, size, note)])

    def reader(self, conn: Connection, size: int) -> NodeReader:
        """A node reader for proofs against the tree of `size` leaves; make one per request."""
        return tile_reader(size, lambda ref: self._stored_tile(conn, ref))

    def prove_inclusion(self, conn: Connection, index: int, size: int) -> tuple[bytes, ...]:
        """Path of RFC 9162 §2.1.3.1 from leaf `index` to the root of the tree of `size` leaves.

        Raises:
            ValueError: no such leaf in a tree of that size.
            LogDamaged: a tile is missing.
        """
        return inclusion_proof(self.reader(conn, size), index, size)

    def prove_consistency(self, conn: Connection, first: int, second: int) -> tuple[bytes, ...]:
        """Path of RFC 9162 §2.1.4.1 between the trees of `first` and `second` leaves.

        Raises:
            ValueError: `first` is larger than `second`.
            LogDamaged: a tile is missing.
        """
        return consistency_proof(self.reader(conn, second), first, second)

    def resource(self, conn: Connection, path: str) -> bytes:
        """What a server of the log answers under `path`: `checkpoint`, or a tile or entry bundle.

        Raises:
            TilePathMalformed: no path of tlog-tiles.
            RouteUnknown: the log is not that long.
            LogEmpty: no checkpoint yet.
        """
        if path == "checkpoint":
            return self.checkpoint(conn)
        ref = parse_tile_path(path)
        row = self._tile_row(conn, ref)
        if row is None or row.width < ref.width:
            raise RouteUnknown()
        return _narrow(row.data, ref)

    def export(self, conn: Connection, folder: Path) -> int:
        """Write the whole log as files in the layout of tlog-tiles below `folder`.

        Returns:
            How many files were written.
        """
        files = 0
        for path, data in self._resources(conn):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            files += 1
        return files

    def _resources(self, conn: Connection) -> Iterator[tuple[str, bytes]]:
        table = self._tables.tile
        if self._read_head(conn) is None:
            return
        for row in conn.execution_options(yield_per=256).execute(select(table)):
            yield tile_path(row.level, row.position, row.width), bytes(row.data)
        yield "checkpoint", self.checkpoint(conn)

    def _read_head(self, conn: Connection, *, lock: bool = False) -> Row[*tuple[Any, ...]] | None:
        # The lock makes two processes of one role append one after the other; SQLite has one writer anyway.
        locking = " FOR UPDATE" if lock and conn.dialect.name == "postgresql" else ""
        return conn.exec_driver_sql(_HEAD + locking).first()

    def _loader(self, conn: Connection, frontier: Frontier) -> TileLoader:
        known_frontier, known = self._edge

        def load(ref: TileRef) -> bytes | None:
            if known_frontier == frontier and (ref.level, ref.index) in known:
                return known[ref.level, ref.index]
            return self._stored_tile(conn, ref)

        return load

    def _stored_tile(self, conn: Connection, ref: TileRef) -> bytes | None:
        row = self._tile_row(conn, ref)
        return None if row is None or row.width < ref.width else _narrow(row.data, ref)

    def _tile_row(self, conn: Connection, ref: TileRef) -> Row[*tuple[Any, ...]] | None:
        table = self._tables.tile
        query = select(table.c.width, table.c.data)
        return conn.execute(query.where(table.c.level == ref.level, table.c.position == ref.index)).first()

    def _sign_if_grown(self, conn: Connection) -> None:
        if not conn.info.pop(_GREW, False) or self._signer is None:
            return
        frontier = _unpack(self._read_head(conn))
        table = self._tables.checkpoint
        signed_size = conn.execute(self._signed_size).scalar()
        if frontier.size == (signed_size or 0):
            return  # the work that grew the log was undone
        note = sign_checkpoint(Checkpoint(self._signer.name, frontier.size, root(frontier)), self._signer)
        upsert_many(conn, table, ["kind"], ["size", "note"], [(SIGNED, frontier.size, note)])


def _unpack(row: Row[*tuple[Any, ...]] | None) -> Frontier:
    return Frontier() if row is None else Frontier.unpack(row.size, bytes(row.frontier))


def _bundles(size: int, commitments: Sequence[bytes], load: TileLoader) -> list[tuple[int, int, int, bytes]]:
    """The entry bundles that change, as rows; commitments all have one length, so that nothing is decoded for it.

    Raises:
        LogDamaged: the partial bundle is missing or malformed.
        ValueError: a commitment is not 32 bytes.
    """
    if set(map(len, commitments)) != {_HASH_BYTES}:
        raise ValueError("a commitment has 32 bytes")
    index, width = divmod(size, TILE_WIDTH)
    begun = load(TileRef(ENTRIES, index, width)) if width else b""
    if begun is None or len(begun) != width * _ENTRY_BYTES:
        raise LogDamaged(step=tile_path(ENTRIES, index, width or TILE_WIDTH))
    data = begun + b"".join([_ENTRY_HEAD + commitment for commitment in commitments])
    full = TILE_WIDTH * _ENTRY_BYTES
    pieces = [data[at : at + full] for at in range(0, len(data), full)]
    return [(ENTRIES, index + n, len(piece) // _ENTRY_BYTES, piece) for n, piece in enumerate(pieces)]


def _right_edge(size: int, tiles: dict[tuple[int, int], bytes]) -> dict[tuple[int, int], bytes]:
    """Those of `tiles` that a log of `size` entries has not filled yet."""
    places = [(ENTRIES, size // TILE_WIDTH)]
    places += [(level, size >> (8 * (level + 1))) for level in range(size.bit_length() // 8 + 1)]
    return {place: tiles[place] for place in places if place in tiles}


def _narrow(data: bytes, ref: TileRef) -> bytes:
    """The first `ref.width` entries of a stored tile or bundle: what an older, shorter log held there."""
    data = bytes(data)
    if ref.level != ENTRIES:
        return data[: ref.width * _HASH_BYTES]
    return data[: ref.width * _ENTRY_BYTES]
