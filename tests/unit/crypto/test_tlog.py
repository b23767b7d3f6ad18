"""A log in tiles: built step by step, proved from tiles, verified whole, and still whole after an erasure."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.crypto.errors import LogDamaged, RecordAltered, TilePathMalformed
from renkei.crypto.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    root,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from renkei.crypto.notes import Checkpoint, KeyKind, NoteSigner, sign_checkpoint
from renkei.crypto.tlog import (
    ENTRIES,
    TileRef,
    append_bundles,
    append_entries,
    append_tiles,
    bundles_after,
    commit,
    commit_many,
    decode_bundle,
    frontier_of,
    parse_tile_path,
    tile_path,
    tile_reader,
    tiles_after,
    verify_commitment,
    verify_log,
)

LOG = NoteSigner("linkage.example/log", KeyKind.ED25519, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def entries_of(size: int) -> list[bytes]:
    return [hashlib.sha256(b"entry %d" % number).digest() for number in range(size)]


class Store:
    """What a log's store does with the pure functions: keep tiles by path, forget the partial ones replaced."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.frontier = Frontier()
        self.reads: list[TileRef] = []

    def load(self, ref: TileRef) -> bytes | None:
        self.reads.append(ref)
        found = self.files.get(ref.path)
        return found if found is not None else self.files.get(tile_path(ref.level, ref.index))

    def append(self, entries: Sequence[bytes]) -> None:
        growth = append_entries(self.frontier, entries, self.load)
        expected = {*bundles_after(self.frontier.size, growth.frontier.size)}
        expected |= {*tiles_after(self.frontier.size, growth.frontier.size)}
        assert {tile.ref for tile in growth.tiles} == expected
        assert growth.root == root(growth.frontier)
        for tile in growth.tiles:
            self.files[tile.ref.path] = tile.data
        self.frontier = growth.frontier

    def checkpoint(self) -> bytes:
        return sign_checkpoint(self.head(), LOG)

    def head(self) -> Checkpoint:
        return Checkpoint(LOG.name, self.frontier.size, root(self.frontier))


def grown(*steps: int) -> Store:
    store = Store()
    entries = entries_of(sum(steps))
    for step in steps:
        store.append(entries[store.frontier.size :][:step])
    return store


# --- names ---


@pytest.mark.parametrize(
    ("ref", "path"),
    [
        (TileRef(0, 1_234_067), "tile/0/x001/x234/067"),
        (TileRef(0, 0), "tile/0/000"),
        (TileRef(2, 0, 1), "tile/2/000.p/1"),
        (TileRef(63, 999, 255), "tile/63/999.p/255"),
        (TileRef(1, 1000), "tile/1/x001/000"),
        (TileRef(ENTRIES, 1_234_067, 17), "tile/entries/x001/x234/067.p/17"),
    ],
)
def test_paths_as_the_specification_writes_them(ref: TileRef, path: str) -> None:
    assert ref.path == path
    assert parse_tile_path(path) == ref


@given(st.integers(-1, 63), st.integers(0, 10**17), st.integers(1, 256))
def test_every_path_is_read_as_it_was_written(level: int, index: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, index, width)) == TileRef(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile/0/67",
        "tile/00/067",
        "tile/64/067",
        "tile/-1/067",
        "tile/0/x000/067",
        "tile/0/001/067",
        "tile/0/x001",
        "tile/0/067.p/0",
        "tile/0/067.p/256",
        "tile/0/067.p/01",
        "tile/0/067/",
        "/tile/0/067",
        "tile/0/../067",
        "tile/0/\N{FULLWIDTH DIGIT ONE}67",
        "tile/data/067",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(TilePathMalformed):
        parse_tile_path(path)


def test_no_path_is_written_for_a_tile_that_cannot_be() -> None:
    for level, index, width in ((-2, 0, 256), (64, 0, 256), (0, -1, 256), (0, 0, 0), (0, 0, 257)):
        with pytest.raises(ValueError, match="no tile"):
            tile_path(level, index, width)


def test_the_tiles_of_a_log_of_70_000_entries_are_those_of_the_specification() -> None:
    """The example of tlog-tiles: 273 full tiles and a partial one of 112; one full and one of 17; one of 1."""
    tiles = list(tiles_after(0, 70_000))
    assert [(tile.level, tile.index, tile.width) for tile in tiles if tile.width < 256] == [
        (0, 273, 112),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert [sum(tile.level == level and tile.width == 256 for tile in tiles) for level in range(3)] == [273, 1, 0]
    assert [tile.path for tile in tiles_after(0, 256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_after(256, 256)) == []
    assert [tile.path for tile in tiles_after(255, 257)] == ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]
    assert [tile.path for tile in bundles_after(300, 520)] == ["tile/entries/001", "tile/entries/002.p/8"]


# --- growing and proving ---


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=8), st.data())
def test_a_log_grown_in_any_steps_is_the_log_written_at_once(steps: list[int], data: st.DataObject) -> None:
    store, size = grown(*steps), sum(steps)
    entries = entries_of(size)
    at_once = append_entries(Frontier(), entries, lambda _: None)
    assert store.frontier == at_once.frontier == frontier_of(size, store.load)
    assert root(store.frontier) == tree_root(leaf_hashes(entries))
    for tile in at_once.tiles:
        assert store.files[tile.ref.path] == tile.data
    verify_log(store.checkpoint(), store.load, LOG.verifier)

    if size:
        node = tile_reader(size, store.load)
        index = data.draw(st.integers(0, size - 1))
        path = inclusion_proof(node, index, size)
        verify_inclusion(leaf_hash(entries[index]), index, size, path, root(store.frontier))
        first = data.draw(st.integers(0, size))
        path = consistency_proof(node, first, size)
        verify_consistency(first, size, path, tree_root(leaf_hashes(entries[:first])), root(store.frontier))


def test_a_log_of_three_tile_levels() -> None:
    store = grown(65_000, 536, 1, 4_463)
    assert store.frontier.size == 70_000
    assert len(store.files["tile/2/000.p/1"]) == 32
    verify_log(store.checkpoint(), store.load, LOG.verifier, earlier=grown(65_000, 537).head())
    node = tile_reader(70_000, store.load)
    for index in (0, 65_535, 65_536, 69_999):
        path = inclusion_proof(node, index, 70_000)
        verify_inclusion(leaf_hash(entries_of(index + 1)[index]), index, 70_000, path, root(store.frontier))


def test_appending_reads_only_the_right_edge() -> None:
    store = grown(65_000)
    store.reads.clear()
    store.append(entries_of(65_700)[65_000:])
    assert [(ref.level, ref.index, ref.width) for ref in store.reads] == [
        (ENTRIES, 253, 232),
        (0, 253, 232),
        (1, 0, 253),
    ]
    store.reads.clear()
    store.append([b"one more"])
    assert [ref.level for ref in store.reads] == [ENTRIES, 0], "no tile above changes, so none is read"


def test_proofs_read_each_tile_once() -> None:
    store = grown(65_000)
    node = tile_reader(65_000, store.load)
    store.reads.clear()
    for index in range(0, 200, 7):
        inclusion_proof(node, index, 65_000)
    assert len(store.reads) == len(set(store.reads)) <= 3


def test_appending_nothing_changes_nothing() -> None:
    store = grown(300)
    assert append_entries(store.frontier, [], store.load).tiles == []
    assert append_tiles(store.frontier, [], store.load) == (store.frontier, [])
    assert Store().frontier == append_entries(Frontier(), [], store.load).frontier


def test_entries_of_any_length_up_to_the_limit() -> None:
    store = Store()
    entries = [b"", b"x" * 65_535, b"short"]
    store.append(entries)
    ref = TileRef(ENTRIES, 0, 3)
    assert decode_bundle(store.files[ref.path], ref) == entries
    with pytest.raises(ValueError, match=r"65,535"):
        append_bundles(0, [b"x" * 65_536], store.load)


@pytest.mark.parametrize("data", [b"\0\1a", b"\0\1a\0\1b\0\1c", b"\0\1a\0\2b", b"\0\1a\0\1b\0", b""])
def test_a_bundle_of_another_number_of_entries_is_damaged(data: bytes) -> None:
    ref = TileRef(ENTRIES, 5, 2)
    assert decode_bundle(b"\0\1a\0\1b", ref) == decode_bundle(b"\0\1a" + b"\0\1b" * 255, ref) == [b"a", b"b"]
    with pytest.raises(LogDamaged) as caught:
        decode_bundle(data, ref)
    assert caught.value.public == {"step": "tile/entries/005.p/2"}


def test_a_missing_or_short_edge_stops_the_append() -> None:
    """A store that lost its right edge must not build on sand."""
    for path, data in (
        ("tile/0/001.p/44", None),
        ("tile/0/001.p/44", b"short"),
        ("tile/entries/001.p/44", None),
        ("tile/entries/001.p/44", b"\x00\x20short"),
    ):
        store = grown(300)
        if data is None:
            del store.files[path]
        else:
            store.files[path] = data
        with pytest.raises(LogDamaged) as caught:
            store.append([b"next"])
        assert caught.value.public == {"step": path}


# --- salted commitments and erasure ---


def test_a_commitment_by_hand() -> None:
    assert commit(bytes(16), b"record") == hashlib.sha256(b"\x02" + bytes(16) + b"record").digest()


@given(st.lists(st.tuples(st.binary(min_size=16, max_size=16), st.binary(max_size=50)), max_size=8))
def test_many_commitments_are_each_one(pairs: list[tuple[bytes, bytes]]) -> None:
    salts, records = [salt for salt, _ in pairs], [record for _, record in pairs]
    assert commit_many(salts, records) == [commit(salt, record) for salt, record in pairs]


def test_a_record_opens_its_commitment_and_no_other_does() -> None:
    salt, record = bytes(range(16)), b'{"asked":"2026-11-23"}'
    commitment = commit(salt, record)
    verify_commitment(commitment, salt, record)
    for other_salt, other_record in (
        (bytes(16), record),
        (salt, record + b" "),
        (salt[:15], record),
        (salt + record[:1], record[1:]),
    ):
        with pytest.raises(RecordAltered):
            verify_commitment(commitment, other_salt, other_record)


def test_a_commitment_is_never_the_hash_of_a_leaf_or_a_node() -> None:
    """The same bytes hashed as a leaf, a node and a commitment differ, so no record can pose as a part of the tree."""
    left, right = hashlib.sha256(b"l").digest(), hashlib.sha256(b"r").digest()
    joined = left + right
    assert len({commit(joined[:16], joined[16:]), leaf_hash(joined), tree_root([left, right])}) == 3


def test_salts_of_another_length_or_number_are_programming_errors() -> None:
    for salts, records in (([b"short"], [b"r"]), ([bytes(16)], []), ([], [b"r"])):
        with pytest.raises(ValueError, match=r"16 bytes|zip"):
            commit_many(salts, records)


def test_after_an_erasure_the_log_still_verifies() -> None:
    """Records of exchange are kept 7 years and then erased; the log of the others must keep its force."""
    records = {
        number: (hashlib.sha256(b"salt %d" % number).digest()[:16], b"record %d" % number) for number in range(600)
    }
    store = Store()
    commitments = commit_many([salt for salt, _ in records.values()], [record for _, record in records.values()])
    store.append(commitments)
    for number in range(300):
        del records[number]
    verify_log(store.checkpoint(), store.load, LOG.verifier)
    node = tile_reader(600, store.load)
    for number, (salt, record) in records.items():
        verify_commitment(commitments[number], salt, record)
        verify_inclusion(
            leaf_hash(commitments[number]), number, 600, inclusion_proof(node, number, 600), store.head().root
        )


# --- verifying a whole log ---


def damages(data: bytes) -> list[bytes | None]:
    return [None, data[:-1], data + b"x", bytes([data[0] ^ 1]) + data[1:], data[:-1] + bytes([data[-1] ^ 1])]


def assert_damage_is_found(store: Store, path: str) -> None:
    whole = store.files[path]
    for damaged in damages(whole):
        if damaged is None:
            del store.files[path]
        else:
            store.files[path] = damaged
        with pytest.raises(LogDamaged) as caught:
            verify_log(store.checkpoint(), store.load, LOG.verifier)
        # A bundle that is well formed is found out by the tile that holds its hashes.
        assert caught.value.public["step"] in (path, path.replace("tile/entries/", "tile/0/"))
        store.files[path] = whole


def test_every_damaged_file_is_found_and_named() -> None:
    store = grown(812)
    assert len(store.files) == 4 + 4 + 1
    for path in [*store.files]:
        assert_damage_is_found(store, path)


@pytest.mark.parametrize("path", ["tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"])
def test_damage_above_the_leaves_is_found_and_named(path: str) -> None:
    assert_damage_is_found(grown(65_536 + 300), path)


def test_a_checkpoint_that_fails_is_the_first_step() -> None:
    store = grown(10)
    other = NoteSigner(LOG.name, KeyKind.ED25519, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    for checkpoint, key in ((b"nonsense", LOG), (store.checkpoint(), other)):
        with pytest.raises(LogDamaged) as caught:
            verify_log(checkpoint, store.load, key.verifier)
        assert caught.value.public == {"step": "checkpoint"}


def test_a_signed_root_over_other_entries_is_found() -> None:
    store = grown(10)
    lie = sign_checkpoint(dataclasses.replace(store.head(), root=bytes(32)), LOG)
    with pytest.raises(LogDamaged) as caught:
        verify_log(lie, store.load, LOG.verifier)
    assert caught.value.public == {"step": "root"}


def test_a_rewritten_past_is_found_from_an_earlier_checkpoint() -> None:
    """The commission keeps the heads that it cosigned; a log rewritten as a whole does not match them."""
    kept = grown(700).head()
    honest = grown(700, 200)
    assert verify_log(honest.checkpoint(), honest.load, LOG.verifier, earlier=kept).checkpoint == honest.head()
    verify_log(honest.checkpoint(), honest.load, LOG.verifier, earlier=Checkpoint(LOG.name, 0, root(Frontier())))

    with pytest.raises(LogDamaged):
        verify_log(
            honest.checkpoint(),
            honest.load,
            LOG.verifier,
            earlier=dataclasses.replace(kept, origin="other.example/log"),
        )

    rewritten = Store()
    rewritten.append([b"another story", *entries_of(900)[1:]])
    shorter = grown(600)
    for store in (rewritten, shorter):
        with pytest.raises(LogDamaged) as caught:
            verify_log(store.checkpoint(), store.load, LOG.verifier, earlier=kept)
        assert caught.value.public == {"step": "consistency"}


def test_an_empty_log_verifies() -> None:
    store = Store()
    assert verify_log(store.checkpoint(), store.load, LOG.verifier).checkpoint.size == 0
