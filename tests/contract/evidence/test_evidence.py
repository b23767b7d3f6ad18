"""Saving evidence and checking a country's stores, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from tests.network import JPS, PENSION_CLAIM, SAPPORO, Network, ask
from tests.unit.assembly.verify.samples import holder_of, prepare, save_trust, saved

from renkei.assembly.peers import gateway_authority
from renkei.assembly.verify import verify_file
from renkei.assembly.verify_logs import Findings, check_stores
from renkei.contracts.evidence import EvidenceIncomplete, EvidenceMissing, write_evidence
from renkei.contracts.exchange import Outcome
from renkei.crypto.tlog import TILE_WIDTH
from renkei.institutions.gateway import store
from renkei.institutions.gateway.operations.evidence import export_evidence, export_refusal
from renkei.institutions.gateway.store import audit_table
from renkei.platform.audit_store import audited

Story = Callable[[Network], Awaitable[None]]


@pytest.fixture
def play(open_database, tmp_path: Path) -> Callable[[Story], None]:
    """`play(story)`: run a story in a network whose stores are of the database in turn."""

    def run(story: Story) -> None:
        async def whole() -> None:
            network = Network(tmp_path, open_database=lambda name, metadata: open_database(metadata, name=name))
            await network.start()
            await prepare(network)
            try:
                await story(network)
            finally:
                await network.stop()

        asyncio.run(whole())

    return run


def check(network: Network) -> Findings:
    """The check of `renkei log verify`, on the open stores."""
    trust = save_trust(network, network.means.keyring._folder / "trust.json")
    with ExitStack() as stack:
        gateways = {
            body_id: stack.enter_context(node.tenant.db.reading()) for body_id, node in network.gateways.items()
        }
        core = stack.enter_context(network.core.core.db.reading())
        return check_stores(core, gateways, trust)


def test_evidence_is_saved_checked_and_audited(play) -> None:
    """A clerk saves the evidence of an answer and of a refusal; who saved which stands in the audit trail."""

    async def story(network: Network) -> None:
        results = (await network.system(JPS).inquire(ask(1, 7))).results
        trust = save_trust(network, network.means.keyring._folder / "trust.json")
        outcomes = []
        for at, result in enumerate(results):
            data = write_evidence(saved(network, result, at=at))
            outcomes.append(verify_file(data, trust, book=network.means.book).facts.outcome)
        assert outcomes == [Outcome.GIVEN, Outcome.REFUSED]
        with network.gateways[JPS].tenant.db.reading() as conn:
            events = audited(conn, audit_table, name="gateway.evidence_exported")
        assert [event.fields for event in events] == [
            {"number": results[0].number, "user": "clerk-1"},
            {"number": "batch-1/1", "user": "clerk-1"},
        ]

    play(story)


def test_what_no_other_party_signed_has_no_evidence(play) -> None:
    """An unknown number, an inquiry that the body itself refused, one that was answered: told apart from a refusal."""

    async def story(network: Network) -> None:
        results = (await network.system(JPS).inquire(ask(1, 7, 99))).results
        assert results[2].reason == "person_unknown"
        holder, now = holder_of(network), network.clock.now()
        for batch, at in (("batch-1", 0), ("batch-1", 2), ("batch-1", 3), ("batch-1", -1), ("batch-9", 0)):
            with network.gateways[JPS].tenant.db.writing() as conn, pytest.raises(EvidenceMissing):
                export_refusal(conn, batch, at, holder=holder, user="clerk-1", now=now)
        number = results[0].number
        for body_id, wanted in ((JPS, "20261123999999999999"), (SAPPORO, number)):
            with network.gateways[body_id].tenant.db.writing() as conn, pytest.raises(EvidenceMissing):
                export_evidence(conn, wanted, holder=holder_of(network, body_id), user="clerk-1", now=now)

    play(story)


def test_a_record_that_no_checkpoint_covers_yet_has_to_wait(play) -> None:
    """The export shares a transaction with others that write; it never proves more than was signed."""

    async def story(network: Network) -> None:
        [result] = (await network.system(JPS).inquire(ask(1))).results
        tenant = network.gateways[JPS].tenant
        export = partial(
            export_evidence, number=result.number, holder=holder_of(network), user="c", now=network.clock.now()
        )
        with tenant.db.writing() as conn:
            kept = tenant.log.checkpoint(conn)
            conn.execute(store.log_tables.checkpoint.delete())
            with pytest.raises(EvidenceIncomplete):
                export(conn)
            conn.execute(store.log_tables.checkpoint.insert().values(kind="signed", size=1, note=kept))
        with tenant.db.writing() as conn:
            tenant.log.append(conn, [bytes(32)] * (2 * TILE_WIDTH))
            evidence = export(conn)
        trust = save_trust(network, network.means.keyring._folder / "trust.json")
        verify_file(write_evidence(evidence), trust, book=network.means.book)

    play(story)


def test_a_country_reconciles(play) -> None:
    """Every way of ending at once; the core learns by report, which is due for a moment and then made."""

    async def story(network: Network) -> None:
        await network.system(JPS).inquire(ask(1, 2, 3, 7))
        await network.settle()
        findings = check(network)
        assert findings.hold
        assert findings.reconciled is not None
        assert findings.reconciled.exchanges == 3
        assert findings.reconciled.states["settled"] == 2
        assert findings.reconciled.states["pending"] == 1

    play(story)


def test_an_interrupted_exchange_is_named_and_then_finished(play) -> None:
    """The provider is out of reach after the core permitted: nothing is lost, and the check says what is still open."""

    async def story(network: Network) -> None:
        network.wire.unregister(gateway_authority(SAPPORO))
        [result] = (await network.system(JPS).inquire(ask(1))).results
        assert result.outcome is Outcome.FAILED
        findings = check(network)
        assert findings.hold
        assert findings.reconciled is not None
        assert len(findings.reconciled.unfinished) == 1
        network.wire.register(gateway_authority(SAPPORO), network.gateways[SAPPORO].app)
        [result] = (await network.system(JPS).inquire(ask(1))).results
        assert result.outcome is Outcome.GIVEN
        await network.settle()
        reconciled = check(network).reconciled
        assert reconciled is not None
        assert (reconciled.states["settled"], reconciled.unfinished) == (1, [])

    play(story)


def test_a_party_that_rewrites_its_record_is_found(play) -> None:
    """The provider later denies what it gave. Its own log speaks against it, and so do the two other parties."""

    async def story(network: Network) -> None:
        [result] = (await network.system(JPS).inquire(ask(1))).results
        await network.settle()
        with network.gateways[SAPPORO].tenant.db.writing() as conn:
            conn.execute(store.provision_record.update().values(outcome="none", affairs="74.1"))
        findings = check(network)
        assert [log.fault for log in findings.logs if log.origin == SAPPORO] == ["record_altered"]
        assert findings.reconciled is not None
        assert {found.field: found.values["requester"] for found in findings.reconciled.differences} == {
            "affairs": PENSION_CLAIM,
            "outcome": "given",
        }
        assert {found.number for found in findings.reconciled.differences} == {result.number}

    play(story)
