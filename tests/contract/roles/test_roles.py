"""Roles as processes: the core and two gateways on loopback, stopped, killed and started again."""

from __future__ import annotations

import asyncio
import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.network import JPS, PENSION_CLAIM, SAPPORO, SECTION, address, ask, case_of

from renkei.assembly.config import ConfigInvalid, read_config
from renkei.assembly.keyring import KeyRing
from renkei.assembly.network import sqlite_files
from renkei.assembly.peers import CORE_AUTHORITY, GatewayClient, gateway_authority
from renkei.base.errors import Failed
from renkei.base.time import to_ms
from renkei.contracts.directory import Directory
from renkei.contracts.information import LocalTax, LocalTaxYear
from renkei.contracts.inquiries import InquiryResults
from renkei.contracts.sheets import CORE, encode
from renkei.crypto.certificates import Purpose
from renkei.institutions.gateway import store as gateway_store
from renkei.institutions.linkage import store as core_store
from renkei.platform.bulk import insert_many
from renkei.platform.clock import SystemClock
from renkei.platform.http_client import HttpWire
from renkei.platform.signed_client import SignedClient

PERSONS = range(1, 41)
ROLES = ("core", JPS, SAPPORO)
BODIES = {
    JPS: ("日本年金機構", "9901000000000002", '["jps"]'),
    SAPPORO: ("札幌市", "0220101100201700", '["municipality_mayor", "city_mayor"]'),
}


class Roles:
    """Three role processes over one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(ROLES, _free_ports(len(ROLES)), strict=True))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for role in ROLES:
            (folder / f"{role}.toml").write_text(self._config(role))

    def _config(self, role: str) -> str:
        lines = [f'role = "{"core" if role == "core" else "gateway"}"', 'data = "data"', 'keys = "keys"']
        lines += ["[listen]", f"port = {self.ports[role]}", "[peers]"]
        authorities = {CORE_AUTHORITY: "core"} | {gateway_authority(body): body for body in BODIES}
        lines += [f'"{name}" = "http://127.0.0.1:{self.ports[place]}"' for name, place in authorities.items()]
        for body in BODIES if role == "core" else [role]:
            name, code, kinds = BODIES[body]
            lines += ["[[bodies]]", f'body_id = "{body}"', f'name_ja = "{name}"', f'name_en = "{body}"']
            if role == "core":
                lines += [f'institution_code = "{code}"', f"kinds = {kinds}"]
        if role == JPS:
            lines += ["[[bodies.sections]]", f'section = "{SECTION}"', 'name_ja = "年金給付課"', 'name_en = "Claims"']
            lines += [f'affairs = ["{PENSION_CLAIM}"]']
        return "\n".join(lines)

    def start(self, *roles: str) -> None:
        for role in roles:
            kind = "core" if role == "core" else "gateway"
            command = [sys.executable, "-m", "renkei.assembly.cli_serve", kind]
            with (self.folder / f"{role}.log").open("ab") as log:
                self.processes[role] = subprocess.Popen(
                    [*command, "--config", str(self.folder / f"{role}.toml")], stdout=log, stderr=log,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
                )  # fmt: skip
        for role in roles:
            self._wait_ready(role)

    def _wait_ready(self, role: str) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.processes[role].poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.ports[role], timeout=2)
            try:
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            finally:
                connection.close()
            time.sleep(0.05)
        raise AssertionError(f"{role} is not ready: {(self.folder / f'{role}.log').read_text()[-2000:]}")

    def end(self, role: str, how: signal.Signals = signal.SIGTERM) -> int:
        process = self.processes.pop(role)
        process.send_signal(how)
        return process.wait(20)

    async def inquire(self, *persons: int, name: str) -> InquiryResults:
        """As the pension service's business system."""
        clock = SystemClock()
        keyring = KeyRing(self.folder / "keys", now=clock.now())
        directory = Directory([keyring.anchor])
        directory.trust(keyring.party(JPS, Purpose.GATEWAY, name=JPS).certificate, at=clock.now())
        wire = HttpWire({gateway_authority(JPS): f"http://127.0.0.1:{self.ports[JPS]}"}.__getitem__)
        signer = keyring.party(JPS, Purpose.BUSINESS, name=JPS).signer
        client = SignedClient(wire=wire, signer=signer, lookup=directory.lookup, clock=clock)
        try:
            return await GatewayClient(client, JPS).inquire(ask(*persons, batch=name))
        finally:
            await wire.close()

    def rows(self, database: str, query: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(f"file:{self.folder}/data/{database}.db?mode=ro", uri=True) as conn:
            return conn.execute(query).fetchall()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports


def _load(folder: Path) -> None:
    """Codes at both bodies, cases at the one that asks, copies at the one that answers."""
    now = SystemClock().now()
    keys = KeyRing(folder / "keys", now=now).code_keys()
    handles = [keys.handle(f"99{person:09d}") for person in PERSONS]
    open_database = sqlite_files(folder / "data")
    with open_database(CORE, core_store.metadata) as db, db.writing() as conn:
        held = [(body, handle, to_ms(now)) for body in BODIES for handle in handles]
        insert_many(conn, core_store.held_code, ("body_id", "handle", "issued_ms"), held)
    year = LocalTaxYear(
        fiscal_year=2026, income_year=2025, salary_income_yen=1, pension_income_yen=0, business_income_yen=0,
        total_income_yen=1, dependants=0, income_levy_yen=0, per_capita_levy_yen=5000, exempt=False,
    )  # fmt: skip
    body = encode(LocalTax(years=[year]))
    for body_id in BODIES:
        with open_database(f"gateway-{body_id}", gateway_store.metadata) as db, db.writing() as conn:
            codes = zip(map(address, PERSONS), keys.issue_many(body_id, handles), strict=True)
            insert_many(conn, gateway_store.person, ("address_number", "code"), list(codes))
            cases = [(SECTION, case_of(n), address(n), PENSION_CLAIM, 1) for n in PERSONS]
            columns = ("section", "case_id", "address_number", "affairs", "opened_ms")
            insert_many(conn, gateway_store.case_entry, columns, cases)
            copies = [(address(n), "local_tax", body, 1, "2026-04-01", "9999-12-31") for n in PERSONS]
            columns = ("address_number", "information", "body", "copied_ms", "valid_from", "valid_to")
            insert_many(conn, gateway_store.copy, columns, copies)


@pytest.fixture
def roles(tmp_path: Path) -> Iterator[Roles]:
    """Prepared, not yet started."""
    _load(tmp_path)
    made = Roles(tmp_path)
    yield made
    for process in made.processes.values():
        process.kill()
        process.wait()


def _wait_until(holds: object, *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _complete(roles: Roles) -> int:
    [(count,)] = roles.rows("core", "SELECT count(*) FROM exchange WHERE outcome = 'given'")
    return int(str(count))


def test_a_role_is_stopped_and_started_again_and_nothing_is_missing(roles: Roles) -> None:
    """One exchange over three processes; SIGTERM ends each in order; register and records are there afterwards."""
    roles.start(JPS, "core", SAPPORO)  # a gateway waits for the core's register, whoever comes first
    found = asyncio.run(roles.inquire(1, 2, name="before"))
    assert [result.outcome for result in found.results] == ["given", "given"]
    _wait_until(lambda: _complete(roles) == 2)
    assert [roles.end(role) for role in ROLES] == [0, 0, 0]

    roles.start(*ROLES)
    again = asyncio.run(roles.inquire(1, 2, name="before"))
    assert again == found
    assert asyncio.run(roles.inquire(3, name="after")).results[0].outcome == "given"
    assert roles.rows("core", "SELECT version FROM register_version") == [(1,)]
    assert sorted(roles.rows("core", "SELECT body_id FROM body")) == [(JPS,), (SAPPORO,)]
    for database, table in (
        ("core", "exchange"), (f"gateway-{JPS}", "request_record"), (f"gateway-{SAPPORO}", "provision_record")
    ):  # fmt: skip
        assert roles.rows(database, f"SELECT count(*) FROM {table}") == [(3,)]


@pytest.mark.parametrize("killed", [JPS, SAPPORO])
def test_a_killed_gateway_completes_its_exchanges(roles: Roles, killed: str) -> None:
    """番号法 23条: kill -9 in the middle of many exchanges; after the restart all three hold the same records."""
    roles.start(*ROLES)

    async def interrupted() -> list[object]:
        asks = [roles.inquire(person, name=f"batch-{person}") for person in PERSONS]
        tasks = [asyncio.create_task(one) for one in asks]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert roles.end(killed, signal.SIGKILL) == -signal.SIGKILL
        return await asyncio.gather(*tasks, return_exceptions=True)

    acknowledged = asyncio.run(interrupted())
    assert all(isinstance(one, InquiryResults | Failed) for one in acknowledged)
    roles.start(killed)

    async def repeated() -> list[InquiryResults]:
        return await asyncio.gather(*(roles.inquire(person, name=f"batch-{person}") for person in PERSONS))

    deadline = time.monotonic() + 10
    found = asyncio.run(repeated())
    while any(one.results[0].outcome != "given" for one in found):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
        found = asyncio.run(repeated())
    for before, after in zip(acknowledged, found, strict=True):
        if isinstance(before, InquiryResults) and before.results[0].outcome == "given":
            assert before == after
    _wait_until(lambda: _complete(roles) == len(PERSONS))
    numbers = roles.rows("core", "SELECT number FROM exchange WHERE outcome = 'given' ORDER BY number")
    assert roles.rows(f"gateway-{JPS}", "SELECT number FROM request_record ORDER BY number") == numbers
    assert roles.rows(f"gateway-{SAPPORO}", "SELECT number FROM provision_record ORDER BY number") == numbers


def test_a_production_role_refuses_the_demonstration_keys(roles: Roles) -> None:
    """A stand-in announces itself, and never serves in production."""
    path = roles.folder / "core.toml"
    path.write_text("production = true\n" + path.read_text())
    command = [sys.executable, "-m", "renkei.assembly.cli_serve", "core", "--config", str(path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    ended = subprocess.run(command, capture_output=True, timeout=20, env=environment, check=False)
    assert ended.returncode == 1
    assert "KeyRing" in ended.stderr.decode()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (('role = "core"', 'role = "notary"'), "Invalid enum value 'notary' - at `$.role`"),
        (("[listen]", "[lisen]"), "unknown field `lisen`"),
        (('data = "data"', ""), "name one of data"),
        (('data = "data"', 'database = "mysql://x"'), "not a postgresql:// URL"),
        (("http://", "ftp://"), "is not http(s)://host:port"),
        ((f'body_id = "{JPS}"', 'body_id = "J P S"'), "is not a body id"),
        (('kinds = ["jps"]', ""), "needs institution_code and kinds"),
        (("[peers]", "peers ="), "not"),
    ],
)
def test_a_wrong_configuration_is_refused_with_the_place(roles: Roles, change: tuple[str, str], what: str) -> None:
    """The file is checked whole before anything is opened."""
    path = roles.folder / "core.toml"
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(ConfigInvalid) as raised:
        read_config(path)
    if what != "not":
        assert what in raised.value.public["what"]
    assert raised.value.sentence("ja")
