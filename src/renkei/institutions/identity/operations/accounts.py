"""Accounts: opened by a first card, kept through renewals, filled by the signature certificate, closed by the person.

Relying parties key what they hold on a subject, a subject stands on the account, and the account stands on certificates
that change every five years. What keeps them together is the graph that the authority keeps: which certificate
replaces which, and which two were issued to one holder (`Links`).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec
from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import IntegrityError

from renkei.base.audit import AuditEvent
from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.identity import Realm
from renkei.crypto.person_certificates import CertificateItems, PersonCertificate
from renkei.institutions.identity.errors.signin import (
    AccountGone,
    AuthorityLinksUnavailable,
    CertificateWrongUse,
    HolderDiffers,
    WrongRealm,
)
from renkei.institutions.identity.model.accounts import (
    CHAIN_MAX,
    Account,
    AccountClosed,
    AccountOpened,
    CertificateBound,
    CertificateId,
    ClaimsConfirmed,
    ClaimsStale,
    claims_from,
)
from renkei.institutions.identity.queries.accounts import account_of, claims_of, first_account, get, name_of
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.store.accounts import account, certificate, claims, passkey
from renkei.platform.audit_store import audit
from renkei.platform.database import Database

__all__ = ["Admission", "Links", "account_of", "admit", "claims_of", "close", "confirm", "holder_of", "name_of"]

_encode = msgspec.json.Encoder().encode


class Links(Protocol):
    """What the certification authority tells of certificates that belong to one holder."""

    async def replaced(self, at: CertificateId) -> CertificateId | None:
        """The certificate that this one replaced at renewal; None for a first one."""

    async def partner(self, at: CertificateId) -> CertificateId | None:
        """The certificate for the other use that the same holder has beside this one."""


class Admission(NamedTuple):
    """Into which account a certificate leads."""

    account: Account
    opened: bool
    """It is new."""


def certificate_id(shown: PersonCertificate) -> CertificateId:
    """Which certificate it is."""
    return CertificateId(shown.issuer_id, shown.serial)


async def admit(
    db: Database,
    links: Links,
    shown: PersonCertificate,
    *,
    realm: Realm,
    test: bool,
    new_account_id: str,
    now: datetime,
) -> Admission:
    """The account of an authentication certificate that was verified; a new one for a holder not seen before.

    Args:
        test: a test card shows it.
        new_account_id: fresh random name, used where an account is opened.

    Raises:
        WrongRealm: the certificate leads to an account of the other realm.
        AuthorityLinksUnavailable: the certificate is new here, and the authority does not say whether its holder is.
    """
    at = certificate_id(shown)
    known = await db.read(lambda conn: account_of(conn, at))
    chain = [at] if known is not None else await _chain(links, at)

    def keep(conn: Connection) -> Admission:
        return _keep(conn, shown, chain, realm=realm, test=test, new_account_id=new_account_id, now=now)

    try:
        return await db.write(keep)
    except IntegrityError:  # the same card at the same moment in another process: now it is bound
        return await db.write(keep)


async def holder_of(db: Database, links: Links, shown: PersonCertificate) -> Account | None:
    """The account of whoever holds this certificate, of either use; None where they have none.

    Raises:
        AuthorityLinksUnavailable: as `admit`.
    """
    at = certificate_id(shown)
    known = await db.read(lambda conn: account_of(conn, at))
    if known is not None:
        return known
    chain = await _chain(links, at)
    return await db.read(lambda conn: first_account(conn, chain))


async def confirm(db: Database, links: Links, shown: PersonCertificate, *, account_id: str, now: datetime) -> None:
    """Take over the four items from a signature certificate that was verified.

    Raises:
        CertificateWrongUse: no signature certificate, or one without the items.
        HolderDiffers: it is another person's.
        AccountGone: the account was closed meanwhile.
    """
    items = shown.items
    if items is None:
        raise CertificateWrongUse()
    holder = await holder_of(db, links, shown)
    if holder is None or holder.account_id != account_id:
        raise HolderDiffers()
    await db.write(lambda conn: _confirm(conn, shown, items, account_id=account_id, now=now))


def mark_stale(conn: Connection, account_id: str, at: CertificateId, now: datetime) -> bool:
    """The content of the certificate from which the claims were read has changed. Whether that is news."""
    marked = conn.execute(
        update(claims)
        .where(
            claims.c.account_id == account_id, claims.c.issuer_id == at.issuer_id, claims.c.serial == str(at.serial),
            claims.c.stale.is_(False),
        )
        .values(stale=True)
    )  # fmt: skip
    if marked.rowcount:
        audit(conn, audit_table, ClaimsStale(account=account_id), now=now)
    return bool(marked.rowcount)


def close(conn: Connection, account_id: str, now: datetime) -> None:
    """Close an account and forget everything known of the person. The same card opens a new account, with new subjects.

    Raises:
        AccountGone: it was closed before.
    """
    closed = conn.execute(
        update(account)
        .where(account.c.account_id == account_id, account.c.closed_ms.is_(None))
        .values(closed_ms=to_ms(now))
    )
    if not closed.rowcount:
        raise AccountGone()
    for table in (certificate, claims, passkey):
        conn.execute(delete(table).where(table.c.account_id == account_id))
    audit(conn, audit_table, AccountClosed(account=account_id), now=now)


def open_account(conn: Connection, opened: Account, now: datetime) -> None:
    """Keep a new account."""
    conn.execute(
        account.insert().values(
            account_id=opened.account_id, realm=opened.realm.value, opened_ms=opened.opened_ms, closed_ms=None,
            test=opened.test,
        )
    )  # fmt: skip
    _audit(conn, AccountOpened(account=opened.account_id, realm=opened.realm.value, test=opened.test), now)


def bind(conn: Connection, shown: PersonCertificate, *, account_id: str, via: str, now: datetime) -> None:
    """Take a verified certificate as the account's, or note that it was shown again."""
    at, seen = certificate_id(shown), to_ms(now)
    again = conn.execute(
        update(certificate)
        .where(certificate.c.issuer_id == at.issuer_id, certificate.c.serial == str(at.serial))
        .values(seen_ms=seen)
    )
    if again.rowcount:
        return
    conn.execute(
        certificate.insert().values(
            issuer_id=at.issuer_id, serial=str(at.serial), account_id=account_id, use=shown.use.value, der=shown.der,
            not_after_ms=to_ms(shown.not_after), bound_ms=seen, seen_ms=seen,
        )
    )  # fmt: skip
    event = CertificateBound(
        account=account_id, issuer=at.issuer_id, serial=f"{at.serial:x}", use=shown.use.value, via=via
    )
    _audit(conn, event, now)


def _keep(
    conn: Connection,
    shown: PersonCertificate,
    chain: list[CertificateId],
    *,
    realm: Realm,
    test: bool,
    new_account_id: str,
    now: datetime,
) -> Admission:
    found = first_account(conn, chain)
    if found is not None:
        if found.realm is not realm:
            raise WrongRealm()
        bind(conn, shown, account_id=found.account_id, via="renewed", now=now)
        return Admission(found, opened=False)
    opened = Account(account_id=new_account_id, realm=realm, opened_ms=to_ms(now), test=test)
    open_account(conn, opened, now)
    bind(conn, shown, account_id=opened.account_id, via="first", now=now)
    return Admission(opened, opened=True)


def _confirm(
    conn: Connection, shown: PersonCertificate, items: CertificateItems, *, account_id: str, now: datetime
) -> None:
    if get(conn, account_id) is None:
        raise AccountGone()
    new = claims_from(items, to_ms(now))
    before = claims_of(conn, account_id)
    bind(conn, shown, account_id=account_id, via="confirmed", now=now)
    at = certificate_id(shown)
    conn.execute(delete(claims).where(claims.c.account_id == account_id))
    conn.execute(
        claims.insert().values(
            account_id=account_id, body=_encode(new), stale=False, issuer_id=at.issuer_id, serial=str(at.serial)
        )
    )
    changed = before is not None and msgspec.structs.replace(before, verified_ms=0, stale=False) != (
        msgspec.structs.replace(new, verified_ms=0)
    )
    _audit(conn, ClaimsConfirmed(account=account_id, changed=changed), now)


async def _chain(links: Links, at: CertificateId) -> list[CertificateId]:
    """This certificate and those that it replaced one after the other; then its partner and what that replaced."""
    try:
        own = await _replaced(links, at)
        beside = await links.partner(at)
        return [*own, *(await _replaced(links, beside) if beside is not None else [])]
    except RenkeiError as error:
        raise AuthorityLinksUnavailable(private=error.code) from error


async def _replaced(links: Links, newest: CertificateId) -> list[CertificateId]:
    found = [newest]
    while len(found) < CHAIN_MAX and (before := await links.replaced(found[-1])) is not None and before not in found:
        found.append(before)
    return found


def _audit(conn: Connection, event: AuditEvent, now: datetime) -> None:
    audit(conn, audit_table, event, now=now)
