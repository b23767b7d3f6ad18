"""Whose account, and what is known of the person."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from renkei.contracts.identity import ClaimsOf, Realm
from renkei.institutions.identity.model.accounts import Account, BoundCertificate, CertificateId
from renkei.institutions.identity.model.passkeys import Passkey
from renkei.institutions.identity.store.accounts import account, certificate, claims, passkey

_read_claims = msgspec.json.Decoder(ClaimsOf).decode


def get(conn: Connection, account_id: str) -> Account | None:
    """An account; None where it was closed or never was."""
    row = conn.execute(
        select(account).where(account.c.account_id == account_id, account.c.closed_ms.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return Account(account_id=row.account_id, realm=Realm(row.realm), opened_ms=row.opened_ms, test=row.test)


def account_of(conn: Connection, at: CertificateId) -> Account | None:
    """The account to which a certificate is bound."""
    found = conn.execute(
        select(certificate.c.account_id).where(
            certificate.c.issuer_id == at.issuer_id, certificate.c.serial == str(at.serial)
        )
    ).scalar_one_or_none()
    return None if found is None else get(conn, found)


def first_account(conn: Connection, chain: Iterable[CertificateId]) -> Account | None:
    """The account of the first certificate in `chain` that is bound to any."""
    return next((found for at in chain if (found := account_of(conn, at)) is not None), None)


def certificates(conn: Connection, account_id: str) -> tuple[BoundCertificate, ...]:
    """Certificates of an account, the newest first."""
    rows = conn.execute(
        select(certificate)
        .where(certificate.c.account_id == account_id)
        .order_by(certificate.c.bound_ms.desc(), certificate.c.serial)
    )
    return tuple(
        BoundCertificate(
            at=CertificateId(row.issuer_id, int(row.serial)), account_id=row.account_id, use=row.use, der=row.der,
            not_after_ms=row.not_after_ms, bound_ms=row.bound_ms, seen_ms=row.seen_ms,
        )
        for row in rows
    )  # fmt: skip


def claims_of(conn: Connection, account_id: str) -> ClaimsOf | None:
    """What the signature certificate says of the person; None where it was never read. `stale` ones are not to be
    relied upon."""
    row = conn.execute(select(claims).where(claims.c.account_id == account_id)).one_or_none()
    return None if row is None else msgspec.structs.replace(_read_claims(row.body), stale=row.stale)


def claims_certificate(conn: Connection, account_id: str) -> BoundCertificate | None:
    """The signature certificate from which the claims were read."""
    row = conn.execute(
        select(claims.c.issuer_id, claims.c.serial).where(claims.c.account_id == account_id)
    ).one_or_none()
    if row is None:
        return None
    at = CertificateId(row.issuer_id, int(row.serial))
    return next((one for one in certificates(conn, account_id) if one.at == at), None)


def name_of(conn: Connection, account_id: str) -> str:
    """The person's name for their own screen; empty where the signature certificate was never read."""
    known = claims_of(conn, account_id)
    return "" if known is None else known.name


def passkeys(conn: Connection, account_id: str) -> tuple[Passkey, ...]:
    """Passkeys of an account, the newest first."""
    rows = conn.execute(select(passkey).where(passkey.c.account_id == account_id).order_by(passkey.c.added_ms.desc()))
    return tuple(Passkey(**row._mapping) for row in rows)


def passkey_of(conn: Connection, credential_id: str) -> Passkey | None:
    """A passkey by the name that its device gave it."""
    row = conn.execute(select(passkey).where(passkey.c.credential_id == credential_id)).one_or_none()
    return None if row is None else Passkey(**row._mapping)
