"""A room's log: grows with the room's own transactions, proves and publishes what it holds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData

from renkei.crypto.errors import LogDamaged, TilePathMalformed
from renkei.crypto.merkle import Frontier, extend, leaf_hash, leaf_hashes, root, verify_consistency, verify_inclusion
from renkei.crypto.notes import (
    KeyKind,
    NoteSigner,
    add_signatures,
    cosign,
    parse_checkpoint,
    parse_note,
    verify_checkpoint,
)
from renkei.crypto.tlog import bundles_after, parse_tile_path, tiles_after, verify_log
from renkei.platform.database import Database
from renkei.platform.errors import LogEmpty, RouteUnknown
from renkei.platform.logstore import LogStore, define_log_tables

metadata = MetaData()
tables = define_log_tables(metadata)
SIGNER = NoteSigner("linkage.renkei.invalid/log", KeyKind.ED25519, Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))


def entries(count: int, start: int = 0) -> list[bytes]:
    return [hashlib.sha256(b"%d" % n).digest() for n in range(start, start + count)]


def expected_root(count: int) -> bytes:
    return root(extend(Frontier(), leaf_hashes(entries(count)))[0])


@pytest.fixture
def db(open_database) -> Database:
    return open_database(metadata)


@pytest.fixture
def log(db: Database) -> LogStore:
    log = LogStore(tables, signer=SIGNER)
    log.attach(db)
    return log


def grow(db: Database, log: LogStore, *counts: int) -> None:
    size = db.read_now(log.head).size
    for count in counts:
        with db.writing() as conn:
            assert log.append(conn, entries(count, size)) == size
        size += count


def test_the_empty_log_has_no_checkpoint(db: Database, log: LogStore) -> None:
    assert db.read_now(log.head).size == 0
    with db.writing() as conn:
        assert log.append(conn, []) == 0
    with pytest.raises(LogEmpty), db.reading() as conn:
        log.checkpoint(conn)


@pytest.mark.parametrize("counts", [(1,), (1, 1, 1), (255, 1, 1), (256, 256), (300, 700, 1), (5, 66000, 3)])
def test_growing_in_steps_gives_the_tree_of_all(db: Database, log: LogStore, counts: tuple[int, ...]) -> None:
    grow(db, log, *counts)
    head = db.read_now(log.head)
    assert (head.size, head.root) == (sum(counts), expected_root(sum(counts)))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 600), st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_undone_appends_and_restarts_leave_no_trace(open_database, steps) -> None:
    db = open_database(metadata)
    with db.writing() as conn:
        for table in metadata.sorted_tables:
            conn.execute(table.delete())
    log, size = LogStore(tables), 0
    for count, undone, restarted in steps:
        if restarted:
            log = LogStore(tables)
        with db.writing() as conn:
            savepoint = conn.begin_nested()
            log.append(conn, [b"\0" * 32] * count if undone else entries(count, size))
            if undone:
                savepoint.rollback()
            else:
                savepoint.commit()
                size += count
    with db.reading() as conn:
        assert log.head(conn).root == expected_root(size)
        for ref in [*tiles_after(0, size), *bundles_after(0, size)]:
            assert log.resource(conn, ref.path)
        for index in range(0, size, 37):
            path = log.prove_inclusion(conn, index, size)
            verify_inclusion(leaf_hash(entries(1, index)[0]), index, size, path, expected_root(size))


def test_proofs_hold_against_older_trees_too(db: Database, log: LogStore) -> None:
    grow(db, log, 100, 300, 2)
    with db.reading() as conn:
        for index, size in ((0, 1), (99, 100), (5, 257), (255, 256), (401, 402)):
            path = log.prove_inclusion(conn, index, size)
            verify_inclusion(leaf_hash(entries(1, index)[0]), index, size, path, expected_root(size))
        for first, second in ((1, 402), (100, 400), (256, 402)):
            path = log.prove_consistency(conn, first, second)
            verify_consistency(first, second, path, expected_root(first), expected_root(second))


def test_one_checkpoint_per_transaction_that_grew(db: Database, log: LogStore) -> None:
    with db.writing() as conn:
        log.append(conn, entries(3))
        log.append(conn, entries(4, 3))
    note = db.read_now(log.checkpoint)
    assert verify_checkpoint(note, SIGNER.verifier).checkpoint.size == 7
    with db.writing() as conn:
        log.append(conn, [])
    assert db.read_now(log.checkpoint) == note


def test_an_undone_growth_signs_nothing(db: Database, log: LogStore) -> None:
    grow(db, log, 5)
    note = db.read_now(log.checkpoint)
    with db.writing() as conn:
        savepoint = conn.begin_nested()
        log.append(conn, entries(1, 5))
        savepoint.rollback()
    assert db.read_now(log.checkpoint) == note


def test_a_cosigned_checkpoint_is_kept_beside(db: Database, log: LogStore) -> None:
    grow(db, log, 2)
    witness = NoteSigner(
        "commission.invalid/w", KeyKind.COSIGNATURE, Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    )
    note = db.read_now(log.checkpoint)
    cosigned = add_signatures(note, [cosign(note, witness, time_s=1_800_000_000)])
    with db.writing() as conn:
        log.keep_cosigned(conn, cosigned)
    grow(db, log, 2)
    assert db.read_now(lambda conn: log.checkpoint(conn, cosigned=True)) == cosigned
    assert parse_checkpoint(parse_note(db.read_now(log.checkpoint)).text).size == 4


def test_the_exported_folder_verifies(db: Database, log: LogStore, tmp_path: Path) -> None:
    grow(db, log, 300, 1, 600)
    with db.reading() as conn:
        log.export(conn, tmp_path / "log")

    def load(ref) -> bytes | None:
        file = tmp_path / "log" / ref.path
        return file.read_bytes() if file.exists() else None

    checkpoint = (tmp_path / "log" / "checkpoint").read_bytes()
    assert verify_log(checkpoint, load, SIGNER.verifier).checkpoint.size == 901


def test_what_is_served_verifies_even_as_of_an_older_checkpoint(db: Database, log: LogStore) -> None:
    grow(db, log, 300)
    old = db.read_now(log.checkpoint)
    grow(db, log, 5, 400)
    with db.reading() as conn:
        for checkpoint, size in ((old, 300), (log.checkpoint(conn), 705)):
            signed = verify_log(checkpoint, lambda ref: log.resource(conn, ref.path), SIGNER.verifier)
            assert signed.checkpoint.size == size


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("tile/0/001", RouteUnknown),
        ("tile/0/000", RouteUnknown),
        ("tile/0/000.p/6", RouteUnknown),
        ("tile/7/000.p/1", RouteUnknown),
        ("tile/0/../000", TilePathMalformed),
        ("tiles", TilePathMalformed),
    ],
)
def test_what_the_log_does_not_hold_is_not_served(db: Database, log: LogStore, path: str, error: type) -> None:
    grow(db, log, 5)
    with pytest.raises(error), db.reading() as conn:
        log.resource(conn, path)
    assert parse_tile_path("tile/0/000.p/5").width == 5


@pytest.mark.parametrize("wrong", [b"", b"x" * 31, b"x" * 33])
def test_only_commitments_are_entries(db: Database, log: LogStore, wrong: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"), db.writing() as conn:
        log.append(conn, [b"x" * 32, wrong])
    assert db.read_now(log.head).size == 0


def test_a_damaged_edge_is_noticed_before_anything_is_appended(db: Database, log: LogStore) -> None:
    grow(db, log, 5)
    with db.writing() as conn:
        conn.execute(tables.tile.update().where(tables.tile.c.level == -1).values(data=b"short"))
    with pytest.raises(LogDamaged), db.writing() as conn:
        LogStore(tables).append(conn, entries(1, 5))
