"""`renkei copies import` and `renkei inquire`: a business system's files, from the command line.

Two ways in: the gateway's signed interface of a running country (`--url`, with the business system's key), and the
data folder of a stopped one (`--data`), whose parties are then opened in this process for as long as the file takes.

Exit status: 0 all good, 2 some rows were not taken or refused, 3 the file or the call was refused, 1 we failed.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from rich.console import Console
from rich.progress import Progress as Bar
from rich.table import Table

from renkei.assembly.keyring import KeyRing
from renkei.assembly.network import Means, open_core, open_gateway, sqlite_files
from renkei.assembly.peers import CORE_AUTHORITY, GatewayClient, gateway_authority
from renkei.assembly.trust import find_trust, read_trust
from renkei.base.errors import Failed, Refused, RenkeiError
from renkei.contracts.directory import Directory
from renkei.contracts.errors import BodyUnknown
from renkei.contracts.exchange import Outcome, Purpose
from renkei.contracts.register import Register
from renkei.crypto.certificates import key_id_of
from renkei.crypto.messages import KeySigner
from renkei.institutions.addressees import queries as ledger
from renkei.institutions.addressees import store as ledger_store
from renkei.institutions.gateway import store as gateway_store
from renkei.institutions.gateway.files.errors import FileUnreadable, RowProblem
from renkei.institutions.gateway.files.importing import ImportReport, Translate, import_copies, send_copies
from renkei.institutions.gateway.files.inquiring import InquiryReport, inquire_file
from renkei.institutions.gateway.files.request_file import RequestFile, Setting, read_request_file
from renkei.institutions.gateway.files.result_file import write_errors, write_results
from renkei.law import LawBook
from renkei.platform.clock import SystemClock
from renkei.platform.database import Database
from renkei.platform.http_client import HttpWire
from renkei.platform.in_process import InProcessWire
from renkei.platform.signed_client import SignedClient

T = TypeVar("T")
EXIT_ROWS = 2
EXIT_REFUSED = 3
LOCK_FILE = "in-use.lock"
WIRE_TIMEOUT_S = 120.0


class CountryInUse(Refused):
    """Another process has the country open."""

    code = "country_in_use"
    http = 409
    ja = "この国（{folder}）は起動中です。--dataの代わりに--urlで渡すか、止めてからもう一度実行してください。"
    en = "The country in {folder} is running. Hand the file over with --url instead of --data, or stop it first."


class CountryMissing(Refused):
    """Nothing to open in the folder."""

    code = "country_missing"
    http = 404
    ja = "この場所（{folder}）には、機関「{body}」の中間サーバーがありません。場所と機関を確かめてください。"
    en = "There is no gateway of the body “{body}” in {folder}. Check the folder and the body."


# --- ways in ---


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Hold a country's folder for this process alone.

    Raises:
        CountryInUse: another process holds it.
    """
    with os.fdopen(os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CountryInUse(folder=folder) from error
        yield


@contextmanager
def stopped(folder: Path, body_id: str) -> Iterator[None]:
    """A stopped country in whose folder there is a gateway of this body.

    Raises:
        CountryMissing, CountryInUse.
    """
    if not (folder / f"gateway-{body_id}.db").is_file() or not (folder / "keys" / "authority.json").is_file():
        raise CountryMissing(folder=folder, body=body_id)
    with in_use(folder):
        yield


@contextmanager
def ledger_of(folder: Path, body_id: str, system: str) -> Iterator[Translate | None]:
    """Own numbers of one business system → address numbers, by the body's ledger; None where there is none."""
    if not system or not (folder / f"addressees-{body_id}.db").is_file():
        yield None
        return
    db = sqlite_files(folder)(f"addressees-{body_id}", ledger_store.metadata)

    def translate(own_numbers: Iterable[str]) -> Mapping[str, str]:
        return db.read_now(lambda conn: ledger.address_numbers(conn, system, own_numbers))

    try:
        yield translate
    finally:
        db.close()


class _KeyFile(msgspec.Struct):
    """What a caller needs of a party's key file; whatever else stands there is for others."""

    key: bytes
    certificate: bytes


def read_key(path: Path) -> KeySigner:
    """The key of a business system.

    Raises:
        FileUnreadable: not a key file.
    """
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
        private = load_der_private_key(kept.key, None)
    except (OSError, ValueError) as error:
        raise FileUnreadable(file=path.name, what=type(error).__name__) from error
    if not isinstance(private, EllipticCurvePrivateKey):
        raise FileUnreadable(file=path.name, what="not an elliptic-curve key")
    return KeySigner(private, key_id_of(kept.certificate))


@asynccontextmanager
async def over_http(
    url: str, key: Path, trust: Path | None, body_id: str
) -> AsyncIterator[tuple[GatewayClient, Register]]:
    """A body's gateway over HTTP, and the register of bodies.

    Raises:
        TrustMissing, TrustInvalid, FileUnreadable: the trust file or the key cannot be read.
    """
    clock = SystemClock()
    believed = read_trust(trust or find_trust(key))
    directory = Directory(list(believed.anchors))
    directory.update(believed.register, at=clock.now())
    signer = read_key(key)
    wire = HttpWire(lambda authority: url, timeout_s=WIRE_TIMEOUT_S)
    try:
        client = SignedClient(wire=wire, signer=signer, lookup=directory.lookup, clock=clock)
        yield GatewayClient(client, body_id), believed.register
    finally:
        await wire.close()


@asynccontextmanager
async def in_folder(folder: Path, body_id: str, others: Iterable[str]) -> AsyncIterator[GatewayClient]:
    """A body's gateway in a stopped country, opened in this process together with the core and some other bodies."""
    clock = SystemClock()
    wire = InProcessWire()
    keyring = KeyRing(folder / "keys", now=clock.now())
    directory = Directory([keyring.anchor])
    means = Means(keyring, sqlite_files(folder), wire, clock, LawBook.load(), directory)
    async with AsyncExitStack() as stack:
        core = open_core(means)
        stack.callback(core.core.db.close)
        wire.register(CORE_AUTHORITY, core.app)
        nodes = []
        for other in dict.fromkeys([body_id, *others]):
            if (folder / f"gateway-{other}.db").is_file():
                node = open_gateway(means, other, name=directory.entry(other).name_ja)
                stack.callback(node.tenant.db.close)
                wire.register(gateway_authority(other), node.app)
                nodes.append(node)
        for node in nodes:
            stack.push_async_callback(node.tenant.stop)
            await node.tenant.start()
        yield means.system(body_id, name=f"{directory.entry(body_id).name_ja} 業務システム")
        await asyncio.gather(*(node.tenant.reporting.flush() for node in nodes))


# --- what the commands do ---


def copies_into_folder(file: Path, folder: Path, body_id: str, *, system: str, progress: Any = None) -> ImportReport:
    """Register a file of copies at a body of a stopped country."""
    with stopped(folder, body_id), ledger_of(folder, body_id, system) as translate:
        db: Database = sqlite_files(folder)(f"gateway-{body_id}", gateway_store.metadata)
        try:
            return import_copies(db, file, now=SystemClock().now(), translate=translate, progress=progress)
        finally:
            db.close()


async def copies_over_http(
    file: Path, url: str, key: Path, trust: Path | None, body_id: str, *, progress: Any = None
) -> ImportReport:
    """Register a file of copies through the gateway of a running country."""
    async with over_http(url, key, trust, body_id) as (gateway, _):
        return await send_copies(gateway, file, progress=progress)


async def inquire_in_folder(file: Path, folder: Path, body_id: str, *, system: str, purpose: Purpose) -> InquiryReport:
    """Carry a request file through a stopped country."""
    with stopped(folder, body_id), ledger_of(folder, body_id, system) as translate:
        request = read_request(file, read_trust(folder / "trust.json").register, body_id)
        async with in_folder(folder, body_id, {row.provider for row in request.rows}) as gateway:
            return await inquire_file(gateway, request, purpose=purpose, translate=translate)


async def inquire_over_http(
    file: Path, url: str, key: Path, trust: Path | None, body_id: str, *, purpose: Purpose
) -> InquiryReport:
    """Carry a request file through the gateway of a running country."""
    async with over_http(url, key, trust, body_id) as (gateway, register):
        return await inquire_file(gateway, read_request(file, register, body_id), purpose=purpose)


def read_request(file: Path, register: Register, body_id: str) -> RequestFile:
    """Read a request file of a body.

    Raises:
        BodyUnknown: the body is not in the register.
        FileUnreadable and what `read_request_file` raises.
    """
    bodies = {entry.institution_code: entry.body_id for entry in register.bodies}
    if body_id not in bodies.values():
        raise BodyUnknown(body=body_id[:40])
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FileUnreadable(file=file.name, what=error.strerror or "") from error
    return read_request_file(file.name, content, setting=Setting(body_id, bodies, SystemClock().now()))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file wholly or not at all, durable, readable by its owner only (it holds personal data)."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def errors_path(path: Path) -> Path:
    """Where the errors of a file are written: beside it."""
    return path.with_suffix(".errors.csv")


# --- commands ---


def _ways_in(command: Callable[..., Any]) -> Callable[..., Any]:
    folder = click.Path(file_okay=False, exists=True, path_type=Path)
    file = click.Path(dir_okay=False, exists=True, path_type=Path)
    options = (
        click.option("--body", "body_id", required=True, help="Body whose business system this is, such as m-131121."),
        click.option("--data", type=folder, help="Data folder of a stopped country."),
        click.option("--url", help="Where a running country is served, such as http://127.0.0.1:8000."),
        click.option("--key", type=file, help="Key of the business system (BODY.business.json); with --url."),
        click.option("--trust", type=file, help="Trust file; by default trust.json beside the key or above it."),
        click.option("--system", default="", help="Business system whose own numbers stand in the file; with --data."),
        click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def copies() -> None:
    """Copies (副本) of a body's records at its gateway."""


@copies.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@_ways_in
def import_command(
    file: Path, body_id: str, data: Path | None, url: str | None, key: Path | None, trust: Path | None, system: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Register the copies of a CSV FILE; rows that are not taken stand in FILE's .errors.csv."""
    place = _place(data, url, key)

    def work() -> ImportReport:
        with _bar(file.name) as progress:
            if data is not None:
                return copies_into_folder(file, data, body_id, system=system, progress=progress)
            return asyncio.run(copies_over_http(file, *place, trust, body_id, progress=progress))

    report = _guarded(work)
    beside = errors_path(file)
    write_whole(beside, write_errors(report.problems))
    counts = {
        "rows": report.rows, "stored": report.stored, "unchanged": report.unchanged, "problems": len(report.problems)
    }  # fmt: skip
    _print(file, counts, report.problems, {"errors": str(beside)}, as_json=as_json)
    sys.exit(EXIT_ROWS if report.problems else 0)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Result file to write.")
@click.option(
    "--purpose", type=click.Choice([str(one) for one in Purpose]), default=str(Purpose.APPLICATION), show_default=True,
    help="Why the section asks.",
)  # fmt: skip
@_ways_in
def inquire(
    file: Path, out: Path, purpose: str, body_id: str, data: Path | None, url: str | None, key: Path | None,
    trust: Path | None, system: str, as_json: bool,
) -> None:  # fmt: skip
    """Ask what a request FILE (P640R110_…) asks; results to OUT, rows that are not taken to OUT's .errors.csv."""
    place = _place(data, url, key)

    def work() -> InquiryReport:
        why = Purpose(purpose)
        if data is not None:
            return asyncio.run(inquire_in_folder(file, data, body_id, system=system, purpose=why))
        return asyncio.run(inquire_over_http(file, *place, trust, body_id, purpose=why))

    report = _guarded(work)
    encoding = report.request.encoding
    write_whole(out, write_results(report.results, encoding=encoding))
    write_whole(errors_path(out), write_errors(report.problems, encoding=encoding))
    counts = report.counts()
    files = {"encoding": encoding, "out": str(out), "errors": str(errors_path(out))}
    _print(file, counts, report.problems, files, as_json=as_json)
    bad = counts["problems"] + counts[str(Outcome.REFUSED)] + counts[str(Outcome.FAILED)]
    sys.exit(EXIT_ROWS if bad else 0)


def _place(data: Path | None, url: str | None, key: Path | None) -> tuple[str, Path]:
    """Where a running country is and the key to it; not used with a data folder.

    Raises:
        click.UsageError: not exactly one way in.
    """
    if (data is None) == (url is None):
        raise click.UsageError("name one of --data DIR and --url URL")
    if url is not None and key is None:
        raise click.UsageError("--url needs --key FILE")
    return url or "", key or Path()


def _guarded(work: Callable[[], T]) -> T:
    """Run; what stops the whole file is one plain sentence and exit status 3, a failure of ours 1."""
    try:
        return work()
    except RenkeiError as error:
        click.echo(f"{error.sentence('ja')}\n{error.sentence('en')}  [{error.code}]", err=True)
        sys.exit(1 if isinstance(error, Failed) else EXIT_REFUSED)


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal's standard error; silent elsewhere."""
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print(
    file: Path, counts: Mapping[str, int], problems: list[RowProblem], files: Mapping[str, str], *, as_json: bool
) -> None:
    if as_json:
        named = [dict(zip(("line", "column", "code", "ja", "en"), one.cells(), strict=True)) for one in problems]
        for one in named:
            one["line"] = int(one["line"])  # type: ignore[assignment]
        click.echo(msgspec.json.encode({"file": file.name, "counts": counts, **files, "problems": named}).decode())
        return
    console = Console(highlight=False)
    table = Table(title=file.name, title_justify="left")
    table.add_column("行 rows")
    table.add_column("", justify="right")
    for name, count in counts.items():
        if count or name in ("rows", "problems"):
            table.add_row(f"{_WORDS_JA.get(name, '')} {name}", f"{count:,}")
    console.print(table)
    for problem in problems[:10]:
        error = problem.error
        console.print(f"{problem.line}: {error.sentence('ja')} / {error.sentence('en')}  [{error.code}]", markup=False)
    if len(problems) > 10:
        console.print(f"… {len(problems) - 10:,} more in {files['errors']}", markup=False)


_WORDS_JA = {
    "rows": "全行",
    "stored": "登録",
    "unchanged": "変更なし",
    "problems": "誤り",
    "given": "取得",
    "pending": "職員の判断待ち",
    "none": "該当なし",
    "refused": "拒否",
    "lapsed": "期限切れ",
    "failed": "処理中断",
}
