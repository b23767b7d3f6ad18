"""One role as a process of its own: the core, or a gateway with its tenants, over HTTP.

The same nodes as in the embedded shape (`assembly.network`). What differs is the wire, and that a gateway learns the
register from the core: at its start, and again when it meets a key that it does not know.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import re
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import uvloop
from sqlalchemy import Connection

from renkei.assembly.config import BodyConfig, RoleConfig
from renkei.assembly.keyring import KeyRing
from renkei.assembly.network import (
    CoreNode,
    GatewayNode,
    Means,
    OpenDatabase,
    entry_of,
    open_core,
    open_gateway,
    postgres_schemas,
    sqlite_files,
)  # fmt: skip
from renkei.assembly.peers import CORE_AUTHORITY
from renkei.base.errors import RenkeiError
from renkei.base.time import jst_date
from renkei.contracts.directory import Directory
from renkei.contracts.register import PATH_REGISTER, BodyEntry, Register, SectionEntry
from renkei.contracts.sheets import CORE
from renkei.crypto.certificates import Purpose
from renkei.crypto.errors import CertificateInvalid
from renkei.institutions.gateway.operations.persons import set_sections
from renkei.institutions.gateway.queries import Section
from renkei.law import LawBook
from renkei.platform.clock import Clock, SystemClock
from renkei.platform.database import Database
from renkei.platform.errors import StandInRefused
from renkei.platform.http_client import HttpWire
from renkei.platform.http_server import Asgi, HostApp, HttpServer, Receive, Scope, Send
from renkei.platform.logging import configure, get_logger
from renkei.platform.signed_client import SignedClient
from renkei.platform.wire import Request, Response, Wire

PATH_HEALTH = "/health"
REGISTER_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
REFRESH_AFTER_S = 1.0
"""Unknown keys cost the core one request a second at most, however many strangers call."""
WIRE_TIMEOUT_S = 60.0
GARBAGE_THRESHOLDS = (200_000, 20, 100)
SWITCH_S = 0.0005
"""Python's 5 ms are long beside a commit: the event loop and the writer thread wait for each other at every step."""
_KEY_ID = re.compile(r';keyid="([^"]{1,200})"')


# --- the register, as a gateway comes by it ---


class RegisterReader:
    """Keeps a gateway's directory up to date with the core's register.

    Args:
        client: signs as one of the gateway's tenants.
    """

    def __init__(self, directory: Directory, client: SignedClient, clock: Clock) -> None:
        self._directory, self._client, self._clock = directory, client, clock
        self._lock = asyncio.Lock()
        self._read_at = -REFRESH_AFTER_S

    async def obtain(self) -> None:
        """Read the register; tries again until the core answers and knows us."""
        attempt = 0
        while self._directory.version == 0:
            try:
                await self._read()
            except RenkeiError as error:
                attempt += 1
                get_logger("roles").info("register_awaited", code=error.code, attempts=attempt)
                await asyncio.sleep(REGISTER_RETRY_S[min(attempt, len(REGISTER_RETRY_S)) - 1])

    async def meet(self, signature_input: str) -> None:
        """Read the register again if a message is signed by a key that is not known."""
        named = _KEY_ID.search(signature_input)
        if named is None or self._knows(named[1]):
            return
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._knows(named[1]) or now - self._read_at < REFRESH_AFTER_S:
                return
            try:
                await self._read()
            except RenkeiError as error:  # the message is then judged by what is known
                get_logger("roles").info("register_not_read", code=error.code)

    def _knows(self, key_id: str) -> bool:
        try:
            self._directory.lookup(key_id, at=self._clock.now())
        except CertificateInvalid:
            return False
        except RenkeiError:
            return True  # known and not to be used: a new register would not change that
        return True

    async def _read(self) -> None:
        self._read_at = asyncio.get_running_loop().time()
        reply = await self._client.call(CORE_AUTHORITY, "GET", PATH_REGISTER)
        self._directory.update(reply.decode(Register), at=self._clock.now())


class _MeetingWire:
    """Looks up the signer of an answer, where it is unknown, before the answer is judged."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.reader: RegisterReader | None = None

    async def send(self, request: Request) -> Response:
        response = await self._wire.send(request)
        if self.reader is not None and request.authority != CORE_AUTHORITY:
            await self.reader.meet(response.headers.get("signature-input", ""))
        return response


def _meeting(app: Asgi, reader: RegisterReader) -> Asgi:
    """Looks up a caller, where it is unknown, before its request is judged."""

    async def met(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"signature-input":
                    await reader.meet(value.decode("latin-1"))
        await app(scope, receive, send)

    return met


# --- the parts of a process ---


class Role(NamedTuple):
    """An opened role, ready to be served."""

    app: Asgi
    start: Callable[[], Coroutine[None, None, None]]
    """What to do once requests are accepted."""


def open_databases(config: RoleConfig) -> OpenDatabase:
    """One SQLite file, or one PostgreSQL schema, per institution."""
    return sqlite_files(Path(config.data)) if config.data else postgres_schemas(config.database)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Only one process at a time makes keys in this folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _means(config: RoleConfig, wire: Wire) -> Means:
    clock = SystemClock()
    with _one_at_a_time(Path(config.keys)):
        keyring = KeyRing(Path(config.keys), now=clock.now())
        keyring.party(CORE, Purpose.CORE, name="情報提供ネットワークシステム")
    get_logger("roles").warning("stand_in_started", name=KeyRing.__name__)
    book = LawBook.load()
    book.on(jst_date(clock.now()))  # takes a second, which the first inquiry should not wait for
    return Means(keyring, open_databases(config), wire, clock, book, Directory([keyring.anchor]))


def _entry(means: Means, body: BodyConfig) -> BodyEntry:
    party = means.keyring.party(body.body_id, Purpose.GATEWAY, name=body.name_ja)
    sections = [
        SectionEntry(section=section.section, name_ja=section.name_ja, name_en=section.name_en)
        for section in body.sections or ()
    ]
    return entry_of(body, party, sections)


async def _open_core(config: RoleConfig, stack: AsyncExitStack, means: Means) -> Role:
    with _one_at_a_time(Path(config.keys)):
        node: CoreNode = open_core(means)
        entries = [_entry(means, body) for body in config.bodies]
    stack.callback(node.core.db.close)
    known = {entry.body_id for entry in means.directory.entries()}
    fresh = [entry for entry in entries if entry.body_id not in known]
    if fresh:
        node.enter(fresh, now=means.clock.now())
    host = HostApp(pages=_Health(config.role, [node.core.db]))
    host.register(node.app)

    async def start() -> None:
        pass

    return Role(host, start)


async def _open_gateway(config: RoleConfig, stack: AsyncExitStack, means: Means, wire: _MeetingWire) -> Role:
    now = means.clock.now()
    core = means.keyring.party(CORE, Purpose.CORE, name="")
    means.directory.trust(core.certificate, at=now)
    nodes: list[GatewayNode] = []
    for body in config.bodies:
        with _one_at_a_time(Path(config.keys)):
            node = open_gateway(means, body.body_id, name=body.name_ja)
            system = means.keyring.party(body.body_id, Purpose.BUSINESS, name=body.name_ja)
        stack.callback(node.tenant.db.close)
        means.directory.trust(system.certificate, at=now)
        if body.sections is not None:
            sections = [Section(entry.section, entry.name_ja, entry.name_en, entry.affairs) for entry in body.sections]
            await node.tenant.db.write(partial(set_sections, entries=sections))
        nodes.append(node)
    reader = wire.reader = RegisterReader(means.directory, means.client(nodes[0].party), means.clock)
    health = _Health(config.role, [node.tenant.db for node in nodes])
    host = HostApp(pages=health)
    health.ready = False

    async def start() -> None:
        await reader.obtain()
        for node in nodes:
            host.register(node.app)
            stack.push_async_callback(node.tenant.stop)
            await node.tenant.start()
        health.ready = True

    return Role(_meeting(host, reader), start)


class _Health:
    """Answers GET /health: 200 once the role serves and its stores can be read, else 503."""

    def __init__(self, role: str, stores: list[Database]) -> None:
        self._role, self._stores, self.ready = role, stores, True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await HostApp()(scope, receive, send)
            return
        found = scope["path"] == PATH_HEALTH
        ready = self.ready and await self._stores_answer()
        status = (200 if ready else 503) if found else 404
        body = msgspec.json.encode({"role": self._role, "ready": ready} if found else {})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stores_answer(self) -> bool:
        try:
            for store in self._stores:
                await store.read(_ping)
        except RenkeiError:
            return False
        return True


def _ping(conn: Connection) -> None:
    conn.exec_driver_sql("SELECT 1").scalar()


# --- running ---


async def serve(config: RoleConfig) -> None:
    """Run one role until SIGTERM or SIGINT, then stop in order: accept no more, finish, close.

    Raises:
        StandInRefused: `production` is set, and the only keys there are come from the demonstration's key ring.
        StoreFailed, OSError: the store or the address cannot be used.
    """
    if config.production:
        raise StandInRefused(name=KeyRing.__name__)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with AsyncExitStack() as stack:
        http = HttpWire(config.peers.__getitem__, timeout_s=WIRE_TIMEOUT_S)
        stack.push_async_callback(http.close)
        wire = _MeetingWire(http)
        means = _means(config, wire)
        opened = (
            _open_core(config, stack, means) if config.role == "core" else _open_gateway(config, stack, means, wire)
        )
        role = await opened
        listen = config.listen
        server = HttpServer(
            role.app, host=listen.host, port=listen.port,
            certificate=Path(listen.certificate) if listen.certificate else None,
            key=Path(listen.key) if listen.key else None,
        )  # fmt: skip
        await server.start()
        get_logger("roles").info("role_started", role=config.role, address=server.url)
        _calm_garbage_collector()
        sys.setswitchinterval(SWITCH_S)
        try:
            await _until(stopping, role.start())
        finally:
            await server.stop()
    get_logger("roles").info("role_stopped", role=config.role)


def _calm_garbage_collector() -> None:
    """Look for cycles seldom: a batch makes tens of thousands of objects, hardly any of them in a cycle."""
    gc.collect()
    gc.freeze()  # the law, the keys and the modules stay for good: no need to look through them again
    gc.set_threshold(*GARBAGE_THRESHOLDS)


async def _until(stopping: asyncio.Event, starting: Coroutine[None, None, None]) -> None:
    """Finish starting, unless told to stop before; wait to be told."""
    started, stopped = asyncio.create_task(starting), asyncio.create_task(stopping.wait())
    await asyncio.wait((started, stopped), return_when=asyncio.FIRST_COMPLETED)
    if not started.done():
        started.cancel()
        await asyncio.wait((started,))
        return
    try:
        started.result()
        await stopped
    finally:
        stopped.cancel()


def run_role(config: RoleConfig) -> None:
    """`serve` in an event loop of its own; returns when the role was told to stop.

    Raises:
        RenkeiError, OSError: as `serve`.
    """
    configure()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config))
