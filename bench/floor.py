"""The floor: the primitive work of a batch exchange, done bare in loops, one process, no protocol around it.

The same signatures and verifications, AEAD operations, hashes, encoded and decoded bytes, row writes and fsyncs as
three parties and a driver need for a dispatch of 5,000 items; nothing is looked up, checked, decided or sent.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from sqlalchemy import Table

from bench.country import ANSWERING, ASKING, batch, tax_body
from renkei.contracts.exchange import (
    AnswerItem,
    Outcome,
    PermitAsk,
    PermitItem,
    ReportItem,
)  # fmt: skip
from renkei.contracts.inquiries import InquiryBatch, InquiryResult, InquiryResults
from renkei.contracts.records import Party, RecordLeaf
from renkei.crypto.evidence import ECDSA_SHA256
from renkei.crypto.sealing import Opener, Sealer, SealingPrivateKey
from renkei.institutions.gateway import store as gateway_store
from renkei.institutions.linkage import store as core_store
from renkei.platform.database import Database

SIGNATURES, VERIFICATIONS = 8, 9
"""Of a dispatch: inquiry, permits, presentation and report, each asked and answered; the permit is verified twice."""
COMMITS = 6
"""Of a dispatch: accepted, permitted, provided, concluded, reported, told."""

Timed = dict[str, float]


class Sample(NamedTuple):
    """Material of one dispatch, shaped like the real one."""

    inquiries: InquiryBatch
    asks: list[PermitAsk]
    permits: list[PermitItem]
    answers: list[AnswerItem]
    results: InquiryResults
    reports: list[ReportItem]
    leaves: list[RecordLeaf]
    bodies: list[bytes]
    numbers: list[bytes]


def floor(folder: Path, *, items: int, dispatches: int) -> Timed:
    """Seconds an item, by kind of work; measured over several dispatches of `items`."""
    spent: Timed = {}
    files = _Files(folder)
    try:
        for number in range(dispatches):
            sample = make_sample(items, number * items)
            for kind, seconds in _once(sample, files, number * items).items():
                spent[kind] = spent.get(kind, 0.0) + seconds
    finally:
        files.close()
    return {kind: seconds / (items * dispatches) for kind, seconds in spent.items()}


def make_sample(items: int, first: int) -> Sample:
    """Messages of one dispatch, not measured."""
    import random

    dice = random.Random(first)
    bodies = [tax_body(dice) for _ in range(items)]
    numbers = [f"20261123{first + n:012d}" for n in range(items)]
    code, wrapped, commitment = "c" * 44, "s" * 66, "m" * 43
    fields = ("pension-claims", "73.2", "local_tax", "73", False)
    when = 1_790_000_000_000
    leaf = ("pension-claims", "73.2", "local_tax", "73", when, False, "given", when)
    return Sample(
        batch(f"floor-{first}", range(items)),
        [PermitAsk(code, ANSWERING, "73.2", "local_tax", "pension-claims", False) for _ in range(items)],
        [PermitItem(at, number, *fields, wrapped) for at, number in enumerate(numbers)],
        [
            AnswerItem(number, Outcome.GIVEN, "", False, when, commitment, "d" * ((len(body) + 32) * 4 // 3))
            for number, body in zip(numbers, bodies, strict=True)
        ],
        InquiryResults(
            batch="floor",
            results=[
                InquiryResult(
                    ref=f"r{at}", outcome=Outcome.GIVEN, number=numbers[at], provider=ANSWERING, row="73",
                    edition="2026-04-01", asked_ms=when, given_ms=when, copied_ms=when, data=msgspec.Raw(bodies[at]),
                )
                for at in range(items)
            ],
        ),
        [ReportItem(number, Outcome.GIVEN, when, False) for number in numbers],
        [RecordLeaf(Party.CORE, code, number, ASKING, ANSWERING, *leaf) for number in numbers],
        bodies,
        [number.encode() for number in numbers],
    )  # fmt: skip


def _once(sample: Sample, files: _Files, first: int) -> Timed:
    spent: Timed = {}
    spent["signatures"] = _timed(_signatures)
    spent["AEAD"] = _timed(lambda: _aead(sample))
    encoded: list[list[bytes]] = []
    spent["encoding"] = _timed(lambda: encoded.extend(_encode_and_decode(sample)))
    spent["hashes"] = _timed(lambda: _hash(sample, *encoded))
    spent["rows and fsyncs"] = _timed(lambda: files.write(sample, encoded, first))
    return spent


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _signatures() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public, base = key.public_key(), os.urandom(700)
    signature = b""
    for _ in range(SIGNATURES):
        signature = key.sign(base, ECDSA_SHA256)
    for _ in range(VERIFICATIONS):
        public.verify(signature, base, ECDSA_SHA256)


def _aead(sample: Sample) -> None:
    """Codes: one opened, two made. Provider's code and payload: sealed and opened, after one wrap each."""
    siv, data = AESSIV(os.urandom(64)), [b"body"]
    handle = os.urandom(16)
    code = siv.encrypt(handle, data)
    for _ in sample.numbers:
        siv.decrypt(code, data)
        siv.encrypt(handle, data)
        siv.encrypt(handle, data)
    salt = os.urandom(16)
    for payloads in ([code] * len(sample.numbers), [salt + body for body in sample.bodies]):
        receiver = SealingPrivateKey.generate()
        Opener(receiver, Sealer(receiver.public, b"info").wrap, b"info")
        gcm = AESGCM(os.urandom(32))
        for index, (payload, number) in enumerate(zip(payloads, sample.numbers, strict=True)):
            nonce = index.to_bytes(12, "big")
            gcm.decrypt(nonce, gcm.encrypt(nonce, payload, number), number)


def _encode_and_decode(sample: Sample) -> list[list[bytes]]:
    """Every message written by one side and read by the other; permits are read by both gateways."""
    encode, decode = msgspec.json.Encoder().encode, msgspec.json.decode
    decode(encode(sample.inquiries), type=InquiryBatch)
    decode(encode(sample.results), type=InquiryResults)
    decode(encode(sample.reports), type=list[ReportItem])
    written: list[list[bytes]] = []
    kinds: tuple[tuple[Sequence[Any], Any, int], ...] = (
        (sample.asks, list[PermitAsk], 1), (sample.permits, list[PermitItem], 2), (sample.answers, list[AnswerItem], 1)
    )  # fmt: skip
    for items, kind, readers in kinds:
        lines = [encode(item) for item in items]
        for _ in range(readers):
            decode(b"[" + b",".join(lines) + b"]", type=kind)
        written.append(lines)
    # Codes, sealed codes, payloads and commitments are bytes that travel as text.
    texts = [os.urandom(33)] * len(sample.numbers), [os.urandom(49)] * len(sample.numbers), sample.bodies
    for values in texts:
        decode(encode(values), type=list[bytes])
    for _ in range(4):  # one log entry at either gateway, two at the core
        leaves = [encode(leaf) for leaf in sample.leaves]
    return [*written, leaves]


def _hash(sample: Sample, asks: list[bytes], permits: list[bytes], answers: list[bytes], leaves: list[bytes]) -> None:
    """Manifests at every party that makes or checks one, commitments, log entries and nodes, digests of content."""
    sha = hashlib.sha256
    node = b"\x01" + os.urandom(64)
    for lines, parties in ((asks, 2), (permits, 3), (answers, 2)):
        whole = b",".join(lines)
        for _ in range(parties):
            sha(whole).digest()
            for line in lines:
                sha(b"\x00" + line).digest()
                sha(node).digest()
    salt = os.urandom(33)
    for _ in range(2):
        for body in sample.bodies:
            sha(salt + body).digest()
    for _ in range(4):
        for leaf in leaves:
            sha(b"\x00" + sha(salt + leaf).digest()).digest()
            sha(node).digest()


class _Files:
    """Three SQLite files with the real tables, written to without SQLAlchemy."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._open: list[sqlite3.Connection] = []
        for name, metadata in (
            ("core", core_store.metadata), ("asking", gateway_store.metadata), ("answering", gateway_store.metadata)
        ):  # fmt: skip
            path = folder / f"{name}.db"
            Database.open(f"sqlite:///{path}", metadata=metadata).close()
            connection = sqlite3.connect(path, isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", "wal_autocheckpoint=8000"):
                connection.execute(f"PRAGMA {pragma}").close()
            self._open.append(connection)

    def close(self) -> None:
        for connection in self._open:
            connection.close()

    def write(self, sample: Sample, encoded: list[list[bytes]], first: int) -> None:
        """The rows of one dispatch at each party, and its commits."""
        core, asking, answering = self._open
        asks, permits, answers, _ = (b",".join(lines) for lines in encoded)
        inquiries = msgspec.json.encode(sample.inquiries)
        name, when, salt = f"floor-{first}", 1_790_000_000_000, os.urandom(16)
        fields = ("pension-claims", "73.2", "local_tax", "73")
        numbers = [number.decode() for number in sample.numbers]
        tiles = os.urandom(34 + 32) * len(numbers)
        with _commit(asking):
            _insert(asking, gateway_store.inquiry_batch, [(name, name, b"", inquiries, b"[0]," * len(numbers))])
            row = {"dispatch": name, "done": False, "created_ms": when, "request": asks, "root": b""}
            _insert(asking, gateway_store.dispatch, [tuple(row.values())], row)
        codes = [os.urandom(33) for _ in numbers]
        with _commit(core):
            columns = [column.name for column in core_store.exchange.columns][:13]
            rows = [
                (number, code, ASKING, ANSWERING, *fields, "2026-04-01", when, False, salt, first + at)
                for at, (number, code) in enumerate(zip(numbers, codes, strict=True))
            ]
            _insert(core, core_store.exchange, rows, columns)
            _insert(core, core_store.permit_batch, [(ASKING, name, b"", permits, b"", when)])
            _insert(core, core_store.log_tables.tile, [(0, first, 256, tiles)])
        with _commit(answering):
            columns = [column.name for column in gateway_store.provision_record.columns][:14]
            rows = [
                (number, code, ASKING, *fields, when, False, "given", "", when, salt, first + at)
                for at, (number, code) in enumerate(zip(numbers, codes, strict=True))
            ]
            _insert(answering, gateway_store.provision_record, rows, columns)
            _insert(answering, gateway_store.presentation, [(ASKING, name, b"", answers, b"", len(numbers))])
            _insert(answering, gateway_store.log_tables.tile, [(0, first, 256, tiles)])
        with _commit(asking):
            columns = [column.name for column in gateway_store.request_record.columns][:16]
            rows = [
                (number, code, name, at, ANSWERING, *fields, when, False, "given", "", when, salt, first + at)
                for at, (number, code) in enumerate(zip(numbers, codes, strict=True))
            ]
            _insert(asking, gateway_store.request_record, rows, columns)
            leg = {"dispatch": name, "sheet": 1, "provider": ANSWERING, "answer": answers, "base": "", "signature": b"",
                   "key": ""}  # fmt: skip
            _insert(asking, gateway_store.leg, [tuple(leg.values())], leg)
            asking.execute("UPDATE dispatch SET permit = ? WHERE dispatch = ?", (permits, name)).close()
            _insert(asking, gateway_store.log_tables.tile, [(0, first, 256, tiles)])
        with _commit(core):
            core.executemany(
                "UPDATE exchange SET outcome = ?, given_ms = ?, given_salt = ?, given_index = ? WHERE number = ?",
                [("given", when, salt, first + at, number) for at, number in enumerate(numbers)],
            ).close()
            _insert(core, core_store.log_tables.tile, [(1, first, 256, tiles)])
        with _commit(answering):
            answering.execute("INSERT OR REPLACE INTO progress VALUES ('reported', ?)", (first,)).close()


class _commit:
    """One durable transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE").close()

    def __exit__(self, *_: object) -> None:
        self._connection.execute("COMMIT").close()


def _insert(
    connection: sqlite3.Connection,
    table: Table,
    rows: Sequence[tuple[object, ...]],
    columns: Iterable[str] | None = None,
) -> None:
    names = list(columns or [column.name for column in table.columns])[: len(rows[0])]
    marks = ", ".join("?" * len(names))
    listed = ", ".join(f'"{name}"' for name in names)
    connection.executemany(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', rows).close()
