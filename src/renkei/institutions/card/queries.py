"""Reads of the card's authority."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from renkei.base.time import to_ms
from renkei.crypto.person_certificates import Use
from renkei.crypto.revocation import Reason, StatusKind
from renkei.institutions.card import store
from renkei.institutions.card.errors import CertificateUnknown
from renkei.institutions.card.model.standing import CertificateKey, Change, Held, StatusAt, standing_at
from renkei.platform.bulk import Prepared

_CERTIFICATE, _STANDING, _GENERATION = store.certificate.c, store.standing.c, store.generation.c


class Generation(NamedTuple):
    """A generation of the authority as kept; its keys are in the key store."""

    issuer_id: str
    use: Use
    profile: str
    key_name: str
    certificate: bytes
    responder: bytes
    responder_until_ms: int
    opened_ms: int
    until_ms: int


class Present(NamedTuple):
    """How a certificate stands now, as OCSP needs it."""

    kind: str
    reason: str
    since_ms: int


class ListKept(NamedTuple):
    """The list of revoked certificates that a generation made last."""

    number: int
    made_ms: int
    next_ms: int
    der: bytes


def serial_text(serial: int) -> str:
    """A serial number as the tables hold it."""
    return f"{serial:032x}"


def generations(conn: Connection) -> list[Generation]:
    """Every generation, the oldest first."""
    rows = conn.execute(select(store.generation).order_by(_GENERATION.opened_ms, _GENERATION.key_name))
    return [Generation(row.issuer_id, Use(row.use), *row[2:]) for row in rows]


def certificate(conn: Connection, serial: int) -> Held:
    """One certificate.

    Raises:
        CertificateUnknown: never issued here.
    """
    row = conn.execute(select(store.certificate).where(_CERTIFICATE.serial == serial_text(serial))).first()
    if row is None:
        raise CertificateUnknown()
    return _held(row, _replaced_key(conn, row.replaces))


def of_holder(conn: Connection, holder: str, use: Use | None = None) -> list[Held]:
    """Certificates of a holder, the newest first."""
    query = select(store.certificate).where(_CERTIFICATE.holder == holder)
    if use is not None:
        query = query.where(_CERTIFICATE.use == use.value)
    rows = conn.execute(query.order_by(_CERTIFICATE.issued_ms.desc(), _CERTIFICATE.serial)).all()
    return [_held(row, _replaced_key(conn, row.replaces)) for row in rows]


def replaced(conn: Connection, serial: int) -> CertificateKey | None:
    """The certificate in whose place this one came.

    Raises:
        CertificateUnknown: never issued here.
    """
    return certificate(conn, serial).replaces


def partner(conn: Connection, serial: int) -> CertificateKey | None:
    """The newest certificate for the other use of the same holder.

    Raises:
        CertificateUnknown: never issued here.
    """
    held = certificate(conn, serial)
    other = Use.SIGNATURE if held.use is Use.AUTHENTICATION else Use.AUTHENTICATION
    found = of_holder(conn, held.holder, other)
    return found[0].key if found else None


def history(conn: Connection, serial: int) -> list[Change]:
    """Everything that happened to a certificate's standing, its issue first."""
    query = select(_STANDING.at_ms, _STANDING.kind, _STANDING.reason).where(_STANDING.serial == serial_text(serial))
    rows = conn.execute(query.order_by(_STANDING.number))
    return [Change(at_ms, StatusKind(kind), Reason(reason) if reason else None) for at_ms, kind, reason in rows]


def status_at(conn: Connection, serial: int, moment: datetime) -> StatusAt:
    """How a certificate stood at a moment, from the history: what happened later does not change the answer.

    Raises:
        CertificateUnknown: not issued, or not yet.
    """
    held = certificate(conn, serial)
    return standing_at(
        history(conn, serial), not_before_ms=held.not_before_ms, not_after_ms=held.not_after_ms, moment=moment
    )


_PRESENT = Prepared(
    select(_CERTIFICATE.kind, _CERTIFICATE.reason, _CERTIFICATE.since_ms).where(
        _CERTIFICATE.serial == bindparam("serial"), _CERTIFICATE.issuer_id == bindparam("issuer_id")
    )
)


def present(conn: Connection, issuer_id: str, serial: int) -> Present | None:
    """How a certificate of a generation stands now; None where that generation did not issue it."""
    rows = _PRESENT(conn, serial=serial_text(serial), issuer_id=issuer_id)
    return Present(*rows[0]) if rows else None


def ended(conn: Connection, issuer_id: str, *, valid_at: datetime) -> Iterator[tuple[int, Present]]:
    """Certificates of a generation that do not stand, and were still in their period at `valid_at`."""
    query = (
        select(_CERTIFICATE.serial, _CERTIFICATE.kind, _CERTIFICATE.reason, _CERTIFICATE.since_ms)
        .where(_CERTIFICATE.issuer_id == issuer_id, _CERTIFICATE.kind != StatusKind.GOOD.value)
        .where(_CERTIFICATE.not_after_ms >= to_ms(valid_at))
        .order_by(_CERTIFICATE.serial)
    )
    for serial, kind, reason, since_ms in conn.execute(query):
        yield int(serial, 16), Present(kind, reason, since_ms)


def latest_list(conn: Connection, issuer_id: str) -> ListKept | None:
    """The newest list of revoked certificates of a generation."""
    table = store.revocation_list
    row = conn.execute(select(table).where(table.c.issuer_id == issuer_id)).first()
    return None if row is None else ListKept(row.number, row.made_ms, row.next_ms, row.der)


def _replaced_key(conn: Connection, serial: str | None) -> CertificateKey | None:
    if serial is None:
        return None
    issuer_id = conn.execute(select(_CERTIFICATE.issuer_id).where(_CERTIFICATE.serial == serial)).scalar_one()
    return CertificateKey(issuer_id, int(serial, 16))


def _held(row: Any, replaces: CertificateKey | None) -> Held:
    return Held(
        issuer_id=row.issuer_id,
        serial=int(row.serial, 16),
        use=Use(row.use),
        holder=row.holder,
        der=row.der,
        not_before_ms=row.not_before_ms,
        not_after_ms=row.not_after_ms,
        replaces=replaces,
        kind=StatusKind(row.kind),
        reason=Reason(row.reason) if row.reason else None,
        since_ms=row.since_ms,
    )
