"""Checking a country's logs and records from its data folder, read-only and in flat memory.

Each log is verified from its entries up: bundles, every tile, root, and the checkpoint's signature with the key of the
trusted register. Then each record is held against the entry that it names; an entry without a record is one whose
record was erased after its retention. Last, the three parties' records are reconciled.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from renkei.assembly.reconcile import LISTED_MAX, Reconciliation, reconcile
from renkei.base.errors import Invalid, RenkeiError
from renkei.contracts.evidence import Trust
from renkei.contracts.records import LoggedRecord, RecordFace
from renkei.crypto.errors import LogDamaged
from renkei.crypto.notes import VerifierKey, parse_checkpoint, parse_note, parse_vkey
from renkei.crypto.tlog import ENTRIES, TILE_WIDTH, TileLoader, TileRef, commit, tile_path, verify_log
from renkei.institutions.gateway import queries as gateway_queries
from renkei.institutions.gateway import store as gateway_store
from renkei.institutions.gateway.operations.auditing import logged_records as gateway_records
from renkei.institutions.linkage import queries as core_queries
from renkei.institutions.linkage import store as core_store
from renkei.institutions.linkage.operations.auditing import logged_records as core_records
from renkei.platform.errors import LogEmpty, RouteUnknown
from renkei.platform.logstore import LogStore, LogTables

CORE_FILE = "core.db"
GATEWAY_FILES = "gateway-*.db"
PAGE = 500
"""Records read at once from each of the many streams of a reconciliation."""
_BUNDLES_KEPT = 1_024
_ENTRY_BYTES = 2 + 32


class LogsMissing(Invalid):
    """A folder without any log of ours."""

    code = "logs_missing"
    ja = "フォルダに記録簿がありません。国のデータフォルダか、記録簿を書き出したフォルダを指定してください。"
    en = "The folder holds no log. Name a country's data folder, or one with exported logs."


class StoreUnreadable(Invalid):
    """A database file that cannot be read as one of ours."""

    code = "store_unreadable"
    ja = "{file}を記録として読み取れません。壊れているか、別の版のファイルです。"
    en = "{file} cannot be read as a party's records: it is damaged, or of another release."


class CheckedLog(NamedTuple):
    """What the check of one log found."""

    origin: str
    size: int
    records: int
    """Entries whose record was found and fits."""
    erased: int
    """Entries without a record."""
    fault: str
    """Code and step of what failed; empty if all held."""
    altered: list[str]
    """Numbers of records that do not fit their entry (the first ones)."""

    @property
    def holds(self) -> bool:
        """Log and records are whole."""
        return not self.fault


class Findings(NamedTuple):
    """What the check of a folder found; `reconciled` is None where it held logs only."""

    logs: list[CheckedLog]
    reconciled: Reconciliation | None

    @property
    def hold(self) -> bool:
        """Everything is whole and in order."""
        return all(log.holds for log in self.logs) and (self.reconciled is None or self.reconciled.holds)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        reconciled = self.reconciled.as_json() if self.reconciled else None
        return {"holds": self.hold, "logs": [log._asdict() for log in self.logs], "reconciled": reconciled}


def check_folder(folder: Path, trust: Trust) -> Findings:
    """Check everything in a folder.

    Args:
        folder: a country's data folder (`core.db`, `gateway-BODY.db`), or one that holds exported logs.
        trust: with the log keys of the core and of every body.

    Raises:
        LogsMissing: neither.
        StoreUnreadable: a database is damaged or of another release.
    """
    if (folder / CORE_FILE).is_file():
        with ExitStack() as stack:
            core = stack.enter_context(_snapshot(folder / CORE_FILE))
            gateways = {
                path.stem.removeprefix("gateway-"): stack.enter_context(_snapshot(path))
                for path in sorted(folder.glob(GATEWAY_FILES))
            }
            return check_stores(core, gateways, trust)
    exported = sorted({path.parent for depth in ("", "*/", "*/*/") for path in folder.glob(f"{depth}checkpoint")})
    if not exported:
        raise LogsMissing()
    return Findings([_check_exported(path, trust) for path in exported], None)


def check_stores(core: Connection, gateways: dict[str, Connection], trust: Trust) -> Findings:
    """Check the stores of a country, each read in one snapshot; on any database."""
    keys = {entry.body_id: entry.log_key for entry in trust.register.bodies}
    logs = [_check_stored(core, core_store.log_tables, trust.register.core_log_key, "core", core_records(core))]
    for body_id, conn in gateways.items():
        records = gateway_records(conn, body_id=body_id)
        logs.append(_check_stored(conn, gateway_store.log_tables, keys.get(body_id, ""), body_id, records))
    return Findings(logs, reconcile_stores(core, gateways))


def reconcile_stores(core: Connection, gateways: dict[str, Connection]) -> Reconciliation:
    """Reconcile the records of a country's stores."""
    return reconcile(
        _pages(lambda after: core_queries.faces(core, after_number=after, limit=PAGE)),
        [_gateway_pages(gateway_queries.requester_faces, conn, body_id) for body_id, conn in gateways.items()],
        [_gateway_pages(gateway_queries.provider_faces, conn, body_id) for body_id, conn in gateways.items()],
        open_bodies={body_id for body_id, conn in gateways.items() if gateway_queries.open_dispatches(conn)},
    )


def _gateway_pages(read: Callable[..., list[RecordFace]], conn: Connection, body_id: str) -> Iterator[RecordFace]:
    return _pages(lambda after: read(conn, body_id=body_id, after_number=after, limit=PAGE))


def _pages(read: Callable[[str], Sequence[RecordFace]]) -> Iterator[RecordFace]:
    after = ""
    while page := read(after):
        yield from page
        after = page[-1].number


# --- one log ---


def _check_stored(
    conn: Connection, tables: LogTables, key: str, name: str, records: Iterable[LoggedRecord]
) -> CheckedLog:
    """A log in a store, with the records that it commits to."""
    log = LogStore(tables)
    size, fits, altered, fault = 0, 0, list[str](), ""
    try:
        head = log.head(conn)
        size = head.size
        if size:
            signed = verify_log(log.checkpoint(conn), lambda ref: _stored(log, conn, ref), _key(key)).checkpoint
            if (signed.size, signed.root) != (head.size, head.root):
                raise LogDamaged(step="checkpoint", private="the signed head is not the log's head")
        entries = _Entries(size, lambda ref: _stored(log, conn, ref))
        for record in records:
            if entries.fits(record):
                fits += 1
            else:
                altered += [record.number] if len(altered) < LISTED_MAX else []
    except RenkeiError as error:
        fault = _fault(error)
    except (ValueError, TypeError):  # bytes of another size or type than the store ever writes
        fault = _fault(LogDamaged(step="head"))
    if altered and not fault:
        fault = "record_altered"
    return CheckedLog(name, size, fits, max(size - fits, 0) if not fault else 0, fault, altered)


def _check_exported(folder: Path, trust: Trust) -> CheckedLog:
    """A log in files of C2SP tlog-tiles."""
    keys = [trust.register.core_log_key, *(entry.log_key for entry in trust.register.bodies)]
    name, size = folder.name, 0
    try:
        note = (folder / "checkpoint").read_bytes()
        head = parse_checkpoint(parse_note(note).text)
        name, size = head.origin, head.size
        key = next((key for key in map(parse_vkey, keys) if key.name == name), None)
        if key is None:
            raise LogDamaged(step="checkpoint", private="no key is known for this log")
        verify_log(note, lambda ref: _read_tile(folder, ref), key)
    except RenkeiError as error:
        return CheckedLog(name, size, 0, 0, _fault(error), [])
    return CheckedLog(name, size, 0, 0, "", [])


class _Entries:
    """Entries of a log by index; keeps the bundles used last, as records and their entries run nearly in step."""

    def __init__(self, size: int, load: TileLoader) -> None:
        self._size, self._load = size, load
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def fits(self, record: LoggedRecord) -> bool:
        """The entry that the record names commits to the record."""
        if not 0 <= record.place < self._size or record.salt is None:
            return False
        bundle, at = divmod(record.place, TILE_WIDTH)
        data = self._kept.get(bundle)
        if data is None:
            ref = TileRef(ENTRIES, bundle, min(TILE_WIDTH, self._size - bundle * TILE_WIDTH))
            data = self._kept[bundle] = self._load(ref) or b""
            if len(self._kept) > _BUNDLES_KEPT:
                self._kept.popitem(last=False)
        expected = commit(bytes(record.salt), record.leaf)
        return data[at * _ENTRY_BYTES + 2 : (at + 1) * _ENTRY_BYTES] == expected


def _stored(log: LogStore, conn: Connection, ref: TileRef) -> bytes | None:
    try:
        return log.resource(conn, ref.path)
    except (RouteUnknown, LogEmpty):
        return None


def _read_tile(folder: Path, ref: TileRef) -> bytes | None:
    for path in (ref.path, tile_path(ref.level, ref.index)):
        try:
            return (folder / path).read_bytes()
        except OSError:
            continue
    return None


def _key(text_of_key: str) -> VerifierKey:
    if not text_of_key:
        raise LogDamaged(step="checkpoint", private="no key is known for this log")
    return parse_vkey(text_of_key)


def _fault(error: RenkeiError) -> str:
    step = error.public.get("step", "")
    return f"{error.code} ({step})" if step else error.code


# --- stores, read-only ---


@contextmanager
def _snapshot(path: Path) -> Iterator[Connection]:
    """One file's state at one moment; nothing of it is ever written.

    Raises:
        StoreUnreadable: not a store of ours.
    """
    url = f"sqlite+pysqlite:///file:{quote(str(path.resolve()))}?mode=ro&uri=true"
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args={"isolation_level": None})
    try:
        with engine.connect() as conn:
            conn.exec_driver_sql("BEGIN")
            conn.exec_driver_sql("SELECT count(*) FROM log_head")  # the snapshot begins with the first read
            yield conn
    except DBAPIError as error:
        raise StoreUnreadable(file=path.name, private=type(error.orig).__name__) from error
    finally:
        engine.dispose()
