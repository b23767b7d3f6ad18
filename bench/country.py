"""What the measuring works on: two bodies, their persons, codes, copies and cases, as role processes find them."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from renkei.assembly.keyring import KeyRing
from renkei.assembly.network import sqlite_files
from renkei.assembly.peers import CORE_AUTHORITY, GatewayClient, gateway_authority
from renkei.base.time import to_ms
from renkei.contracts.directory import Directory
from renkei.contracts.exchange import Purpose as Why
from renkei.contracts.information import LocalTax, LocalTaxYear
from renkei.contracts.inquiries import Inquiry, InquiryBatch
from renkei.contracts.sheets import CORE
from renkei.crypto.certificates import Purpose
from renkei.institutions.gateway import store as gateway_store
from renkei.institutions.linkage import store as core_store
from renkei.platform.bulk import insert_many
from renkei.platform.clock import SystemClock
from renkei.platform.http_client import HttpWire
from renkei.platform.signed_client import SignedClient

ASKING, ANSWERING = "jps", "m-011002"
SECTION, AFFAIRS, INFORMATION = "pension-claims", "73.2", "local_tax"
ROLES = ("core", "asking", "answering")
_CHUNK = 5_000
_COPIED = datetime(2026, 6, 1, tzinfo=UTC)


class Country(NamedTuple):
    """A prepared country: configuration files of its three roles, and where they will listen."""

    folder: Path
    configs: dict[str, Path]
    ports: dict[str, int]
    persons: int

    @property
    def keys(self) -> Path:
        return self.folder / "keys"


def prepare(folder: Path, persons: int) -> Country:
    """Make keys, stores and configuration; persons are numbered 0, 1, … with the same number at both bodies."""
    ports = dict(zip(ROLES, _free_ports(len(ROLES)), strict=True))
    country = Country(folder, {role: folder / f"{role}.toml" for role in ROLES}, ports, persons)
    _write_configs(country)
    keyring = KeyRing(country.keys, now=SystemClock().now())
    _fill_core(country, keyring)
    for body_id in (ASKING, ANSWERING):
        _fill_gateway(country, keyring, body_id)
    return country


def address(person: int) -> str:
    """Address number of a person at either body."""
    return f"{person:015d}"


def tax_body(dice: random.Random) -> bytes:
    """A resident's tax facts of one year, about 300 bytes."""
    salary, pension = dice.randrange(0, 9_000_000, 1000), dice.randrange(0, 2_000_000, 1000)
    year = LocalTaxYear(
        fiscal_year=2026, income_year=2025, salary_income_yen=salary, pension_income_yen=pension,
        business_income_yen=0, total_income_yen=salary + pension, dependants=dice.randrange(4),
        income_levy_yen=salary // 17, per_capita_levy_yen=5000, exempt=False,
    )  # fmt: skip
    return msgspec.json.encode(LocalTax(years=[year]))


def batch(name: str, persons: Sequence[int]) -> InquiryBatch:
    """The tax question about these persons."""
    return InquiryBatch(
        batch=name, section=SECTION, user="clerk-1", purpose=Why.APPLICATION,
        inquiries=[
            Inquiry(
                ref=f"r{person}", address_number=address(person), case=f"case-{person}", affairs=AFFAIRS,
                information=INFORMATION, provider=ANSWERING,
            )
            for person in persons
        ],
    )  # fmt: skip


class System(NamedTuple):
    """A business system of a body, connected over HTTP."""

    gateway: GatewayClient
    client: SignedClient
    wire: HttpWire


def connect(country: Country, body_id: str, role: str) -> System:
    """A business system of `body_id` that reaches its gateway over HTTP."""
    clock = SystemClock()
    keyring = KeyRing(country.keys, now=clock.now())
    directory = Directory([keyring.anchor])
    own = keyring.party(body_id, Purpose.BUSINESS, name=body_id)
    gateway = keyring.party(body_id, Purpose.GATEWAY, name=body_id)
    directory.trust(gateway.certificate, at=clock.now())
    wire = HttpWire({gateway_authority(body_id): f"http://127.0.0.1:{country.ports[role]}"}.__getitem__, timeout_s=120)
    client = SignedClient(wire=wire, signer=own.signer, lookup=directory.lookup, clock=clock)
    return System(GatewayClient(client, body_id), client, wire)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [found.getsockname()[1] for found in sockets]
    for found in sockets:
        found.close()
    return ports


def _write_configs(country: Country) -> None:
    urls = {
        CORE_AUTHORITY: country.ports["core"],
        gateway_authority(ASKING): country.ports["asking"],
        gateway_authority(ANSWERING): country.ports["answering"],
    }
    peers = "".join(f'"{authority}" = "http://127.0.0.1:{port}"\n' for authority, port in urls.items())
    jps = f'[[bodies]]\nbody_id = "{ASKING}"\nname_ja = "日本年金機構"\nname_en = "Japan Pension Service"\n'
    city = f'[[bodies]]\nbody_id = "{ANSWERING}"\nname_ja = "札幌市"\nname_en = "Sapporo"\n'
    section = (
        f'[[bodies.sections]]\nsection = "{SECTION}"\nname_ja = "年金給付課"\nname_en = "Pension claims"\n'
        f'affairs = ["{AFFAIRS}"]\n'
    )
    bodies = {
        "core": jps
        + 'institution_code = "9901000000000002"\nkinds = ["jps"]\n'
        + city
        + 'institution_code = "0220101100201700"\nkinds = ["municipality_mayor", "city_mayor"]\n',
        "asking": jps + section,
        "answering": city,
    }
    for role, path in country.configs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = "core" if role == "core" else "gateway"
        path.write_text(
            f'role = "{kind}"\ndata = "data"\nkeys = "keys"\n[listen]\nport = {country.ports[role]}\n'
            f"[peers]\n{peers}{bodies[role]}"
        )


def _chunks(persons: int) -> Iterator[range]:
    for start in range(0, persons, _CHUNK):
        yield range(start, min(start + _CHUNK, persons))


def _fill_core(country: Country, keyring: KeyRing) -> None:
    keys = keyring.code_keys()
    now_ms = to_ms(SystemClock().now())
    with sqlite_files(country.folder / "data")(CORE, core_store.metadata) as db:
        for persons in _chunks(country.persons):
            rows = [(body_id, keys.handle(_record_code(n)), now_ms) for body_id in (ASKING, ANSWERING) for n in persons]
            with db.writing() as conn:
                insert_many(conn, core_store.held_code, ("body_id", "handle", "issued_ms"), rows)


def _fill_gateway(country: Country, keyring: KeyRing, body_id: str) -> None:
    keys, dice, now_ms = keyring.code_keys(), random.Random(7), to_ms(_COPIED)
    with sqlite_files(country.folder / "data")(f"gateway-{body_id}", gateway_store.metadata) as db:
        for persons in _chunks(country.persons):
            codes = keys.issue_many(body_id, [keys.handle(_record_code(n)) for n in persons])
            known = list(zip(map(address, persons), codes, strict=True))
            with db.writing() as conn:
                insert_many(conn, gateway_store.person, ("address_number", "code"), known)
                if body_id == ASKING:
                    cases = [(SECTION, f"case-{n}", address(n), AFFAIRS, now_ms) for n in persons]
                    columns = ("section", "case_id", "address_number", "affairs", "opened_ms")
                    insert_many(conn, gateway_store.case_entry, columns, cases)
                else:
                    copies = [
                        (address(n), INFORMATION, tax_body(dice), now_ms, "2026-04-01", "9999-12-31") for n in persons
                    ]
                    columns = ("address_number", "information", "body", "copied_ms", "valid_from", "valid_to")
                    insert_many(conn, gateway_store.copy, columns, copies)


def _record_code(person: int) -> str:
    """A synthetic resident record code: eleven digits, the check digit unproven as its rule is not public."""
    return f"{90_000_000_000 + person:011d}"
