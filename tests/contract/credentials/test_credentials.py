"""Credentials from the issuer's book to a verifier's counter, on both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from joserfc.jwk import ECKey
from litestar import Litestar
from litestar.testing import TestClient

from renkei.base.errors import RenkeiError
from renkei.crypto.sdjwt import check_status, names_in, present, verify
from renkei.crypto.sdjwt_errors import CredentialRevoked
from renkei.institutions.credentials import store
from renkei.institutions.credentials.errors import (
    CredentialContentInvalid,
    CredentialKindUnknown,
    CredentialUnknown,
    HolderKeyInvalid,
    IssuerNotCompetent,
)
from renkei.institutions.credentials.model import HealthInsurance, NationalLicence, SealRegistration, StaffCard
from renkei.institutions.credentials.operations import CredentialIssuer
from renkei.institutions.credentials.queries import of_holder
from renkei.institutions.credentials.web import credential_handlers
from renkei.platform.audit_store import audited
from renkei.platform.clock import MovableClock

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
URL = "https://union.example/credentials/union"
INSURANCE = "urn:renkei:credential:health-insurance"
ELDER = HealthInsurance(
    insurer_number="39131126", number="01234567", branch="01", name="手本　千代", birthdate=date(1948, 4, 18),
    qualified_since=date(2023, 4, 18), copayment_percent=10,
)  # fmt: skip


@cache
def keys() -> tuple[ECKey, ECKey]:
    return ECKey.generate_key("P-256", {"kid": "union-1"}), ECKey.generate_key("P-256")


@pytest.fixture
def issuer(open_database) -> CredentialIssuer:
    return CredentialIssuer(
        db=open_database(store.metadata), url=URL, capacities=frozenset({"late_elderly_union"}), key=keys()[0],
        clock=MovableClock(NOW),
    )  # fmt: skip


def holder() -> dict[str, str]:
    return keys()[1].as_dict(private=False)


def test_an_elder_shows_the_clinic_her_share_and_nothing_else(issuer: CredentialIssuer) -> None:
    """後期高齢者医療: one tenth is hers to pay; the counter needs neither her address nor her other papers."""
    handed = asyncio.run(issuer.issue(INSURANCE, ELDER, holder=holder(), user="clerk-1"))
    assert "birthdate" in names_in(handed.credential)
    shown = present(
        handed.credential, disclose=["copayment_percent"], key=keys()[1], audience="clinic", nonce="n", now=NOW
    )
    found = verify(shown, issuers={URL: [keys()[0]]}, audience="clinic", nonce="n", now=NOW)
    assert found.claims == {"insurer_number": "39131126", "copayment_percent": 10}
    with TestClient(Litestar(credential_handlers({"union": issuer}))) as client:
        number = found.status_list.rpartition("/")[2]
        listed = client.get(f"/credentials/union/status/{number}")
        assert listed.headers["content-type"].startswith("application/statuslist+jwt")
        public = ECKey.import_key(client.get("/credentials/union/keys").json()["jwks"]["keys"][0])
        assert not public.is_private
        check_status(found, listed.text, keys=[public], now=NOW)
        asyncio.run(issuer.revoke(handed.credential_id, reason="moved_away", user="clerk-1"))
        asyncio.run(issuer.revoke(handed.credential_id, reason="moved_away", user="clerk-1"))
        with pytest.raises(CredentialRevoked):
            check_status(found, client.get(f"/credentials/union/status/{number}").text, keys=[public], now=NOW)
    with issuer.db.reading() as conn:
        events = [row.name for row in audited(conn, store.audit_table)]
        assert [one.vct for one in of_holder(conn, keys()[1].thumbprint())] == [INSURANCE]
    assert events == ["credentials.issued", "credentials.revoked"]


def test_the_issuer_keeps_nothing_of_what_it_says(issuer: CredentialIssuer) -> None:
    asyncio.run(issuer.issue(INSURANCE, ELDER, holder=holder(), user="clerk-1"))
    with issuer.db.reading() as conn:
        rows = [tuple(row) for table in store.metadata.sorted_tables for row in conn.execute(table.select())]
    assert rows
    assert not [value for row in rows for value in row if "手本" in str(value) or "39131126" in str(value)]


def test_it_ends_with_what_it_says(issuer: CredentialIssuer) -> None:
    ends = NOW + timedelta(days=10)
    asyncio.run(issuer.issue(INSURANCE, ELDER, holder=holder(), user="clerk-1", ends=ends))
    with issuer.db.reading() as conn:
        (one,) = of_holder(conn, keys()[1].thumbprint())
    assert one.until_ms == ends.timestamp() * 1000


@pytest.mark.parametrize(
    ("vct", "content", "error"),
    [
        ("urn:renkei:credential:crown", ELDER, CredentialKindUnknown),
        (
            "urn:renkei:credential:national-licence",
            NationalLicence(
                licence="看護師", registration_number="1", registered_on=date(2007, 4, 1), name="手本　真由美",
                birthdate=date(1984, 2, 9),
            ),
            IssuerNotCompetent,
        ),
        (
            "urn:renkei:credential:seal-registration",
            SealRegistration(municipality="世田谷区", registration_number="1", registered_on=date(2020, 1, 6)),
            IssuerNotCompetent,
        ),
        (
            INSURANCE,
            StaffCard(body="union", staff_id="7", section="給付課", name="例示　太郎"),
            CredentialContentInvalid,
        ),
    ],
)  # fmt: skip
def test_what_a_body_may_not_say_it_cannot_issue(
    issuer: CredentialIssuer, vct: str, content: HealthInsurance, error: type[RenkeiError]
) -> None:
    """A licence is the minister's to certify, a seal the municipality's."""
    with pytest.raises(error):
        asyncio.run(issuer.issue(vct, content, holder=holder(), user="clerk-1"))
    with issuer.db.reading() as conn:
        assert of_holder(conn, keys()[1].thumbprint()) == []


def test_a_key_of_another_kind_and_a_number_unknown_are_refused(issuer: CredentialIssuer) -> None:
    for bad in ({}, {"kty": "oct", "k": "AAAA"}, ECKey.generate_key("P-384").as_dict(private=False)):
        with pytest.raises(HolderKeyInvalid):
            asyncio.run(issuer.issue(INSURANCE, ELDER, holder=bad, user="clerk-1"))
    with pytest.raises(CredentialUnknown):
        asyncio.run(issuer.revoke("0" * 32, reason="lost", user="clerk-1"))
