"""One small country in which every way an inquiry can end has happened, and the evidence that was saved of each."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography import x509
from tests.network import JPS, NOW, SAPPORO, Network, address, ask

from renkei.assembly.keyring import KeyRing
from renkei.assembly.peers import gateway_authority
from renkei.assembly.trust import read_trust, write_trust
from renkei.contracts.evidence import Evidence, Trust, write_evidence
from renkei.contracts.exchange import Outcome
from renkei.contracts.information import LocalTax, LocalTaxYear
from renkei.contracts.inquiries import InquiryResult, PersonMarks, PersonMarksBatch
from renkei.contracts.sheets import unb64
from renkei.institutions.gateway.operations.evidence import Holder, export_evidence, export_refusal

TAX = LocalTax(
    years=[
        LocalTaxYear(
            fiscal_year=2026, income_year=2025, salary_income_yen=3_100_000, pension_income_yen=0,
            business_income_yen=0, total_income_yen=2_090_000, dependants=1, income_levy_yen=96_000,
            per_capita_levy_yen=5_000, exempt=False,
        )
    ]
)  # fmt: skip

GIVEN, NONE, PENDING, LATE, WITHHELD, OVERDUE, LAPSED, REFUSED = (
    "given", "none", "pending", "late", "withheld", "overdue", "lapsed", "refused",
)  # fmt: skip
CASES = (GIVEN, NONE, PENDING, LATE, WITHHELD, OVERDUE, LAPSED, REFUSED)
_PERSONS = {GIVEN: 1, NONE: 2, PENDING: 3, LATE: 4, WITHHELD: 5, OVERDUE: 6, REFUSED: 7}
_UNANSWERED = 8


class Country(NamedTuple):
    """What is left of a country that ran and was stopped."""

    folder: Path
    trust: Trust
    files: dict[str, bytes]


@cache
def country() -> Country:
    """The country, made once per process."""
    return asyncio.run(_run(_temporary()))


def _temporary() -> Path:
    """A folder that goes with the process."""
    folder = tempfile.mkdtemp(prefix="renkei-evidence-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def holder_of(network: Network, body_id: str = JPS) -> Holder:
    """A tenant as the holder of evidence."""
    tenant = network.gateways[body_id].tenant
    return Holder(body_id, tenant.key, tenant.log, tenant.directory, synthetic=True)


def save_trust(network: Network, path: Path) -> Trust:
    """Write the country's trust file, and read it."""
    core, now = network.core.core, network.clock.now()
    with core.db.reading() as conn:
        register = core.published(core.view(conn, now), now)
    write_trust(path, anchors=[network.means.keyring.anchor], register=register, synthetic=True)
    return read_trust(path)


def saved(network: Network, result: InquiryResult, *, batch: str = "batch-1", at: int = 0) -> Evidence:
    """Export the evidence of one result."""
    tenant, now = network.gateways[JPS].tenant, network.clock.now()
    with tenant.db.writing() as conn:
        if result.number:
            return export_evidence(conn, result.number, holder=holder_of(network), user="clerk-1", now=now)
        return export_refusal(conn, batch, at, holder=holder_of(network), user="clerk-1", now=now)


async def prepare(network: Network) -> None:
    """Persons, copies, cases and marks for every way of ending."""
    persons = [*_PERSONS.values(), _UNANSWERED]
    await network.give_codes(JPS, persons)
    await network.give_codes(SAPPORO, [person for person in persons if person != _PERSONS[REFUSED]])
    await network.give_copies(SAPPORO, "local_tax", [person for person in persons if person not in (2, 7)], TAX)
    await network.open_cases(persons)
    protected = [_PERSONS[case] for case in (PENDING, LATE, WITHHELD, OVERDUE)]
    marks = [PersonMarks(address_number=address(n), no_automatic_answer=True, hidden=False) for n in protected]
    await network.system(SAPPORO).mark_persons(PersonMarksBatch(persons=marks))


async def _run(folder: Path) -> Country:
    network = await Network(folder).start()
    await prepare(network)
    sapporo = network.gateways[SAPPORO].tenant
    results = (await network.system(JPS).inquire(ask(*_PERSONS.values()))).results
    found = dict(zip(_PERSONS, results, strict=True))
    files = {PENDING: saved(network, found[PENDING])}
    await sapporo.decide(found[LATE].number, give=True, user="clerk-9")
    await sapporo.decide(found[WITHHELD].number, give=False, user="clerk-9")
    # Nobody reaches the provider until the permit has ended.
    network.wire.unregister(gateway_authority(SAPPORO))
    await network.system(JPS).inquire(ask(_UNANSWERED, batch="batch-2"))
    network.clock.move(timedelta(minutes=10))
    network.wire.register(gateway_authority(SAPPORO), network.gateways[SAPPORO].app)
    unanswered = (await network.system(JPS).inquire(ask(_UNANSWERED, batch="batch-2"))).results[0]
    assert unanswered.outcome is Outcome.LAPSED
    files[LAPSED] = saved(network, unanswered)
    await _until(network, lambda now: [now[3].outcome, now[4].outcome] == [Outcome.GIVEN, Outcome.NONE])
    network.clock.move(timedelta(days=15))
    await sapporo.lapse_overdue()
    await _until(network, lambda now: now[5].outcome is Outcome.LAPSED)
    results = (await network.system(JPS).result("batch-1")).results
    for at, (case, result) in enumerate(zip(_PERSONS, results, strict=True)):
        files.setdefault(case, saved(network, result, at=at))
    await network.settle()
    trust = save_trust(network, folder / "trust.json")
    await network.stop()
    return Country(folder, trust, {case: write_evidence(files[case]) for case in CASES})


async def _until(network: Network, reached: Callable[[list[InquiryResult]], bool]) -> None:
    for _ in range(200):
        if reached((await network.system(JPS).result("batch-1")).results):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the late answers never came")


def other_country_trust() -> Trust:
    """The same register under the authority of another country."""
    anchor = KeyRing(_temporary(), now=NOW).anchor
    return msgspec.structs.replace(country().trust, anchors=(anchor,))


def revoking_trust(body_id: str) -> tuple[Trust, Trust]:
    """Trust with a list that revokes a body's certificate before, and after, the answers were signed."""
    entry = next(entry for entry in country().trust.register.bodies if entry.body_id == body_id)
    serial = x509.load_der_x509_certificate(unb64(entry.certificate)).serial_number
    authority = KeyRing(country().folder / "keys", now=NOW)._authority
    before, after = (
        authority.revocation_list({serial: when}, issued_at=when, next_update=NOW + timedelta(days=60))
        for when in (NOW - timedelta(days=1), NOW + timedelta(days=30))
    )
    trust = country().trust
    return (
        msgspec.structs.replace(trust, revocations=(before,)),
        msgspec.structs.replace(trust, revocations=(after,)),
    )
