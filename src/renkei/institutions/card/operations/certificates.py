"""Certificates and their standing: issue, renewal, hold, revocation. Each in one transaction, with its audit events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, update

from renkei.base.time import to_ms
from renkei.crypto.person_certificates import CertificateItems, PersonAuthorities, Use, read_person_certificate
from renkei.crypto.revocation import Reason, StatusKind
from renkei.institutions.card import queries, store
from renkei.institutions.card.errors import CertificateStands, HolderWithoutCertificate, HoldNotLifted
from renkei.institutions.card.model.events import CertificateEnded, CertificateHeld, CertificateIssued, HoldLifted
from renkei.institutions.card.model.profiles import Profile
from renkei.institutions.card.model.standing import Held, Issued, Step, after
from renkei.institutions.card.queries import serial_text
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many

_COLUMNS = (
    "serial", "issuer_id", "use", "holder", "der", "issued_ms", "not_before_ms", "not_after_ms", "replaces", "kind",
    "reason", "since_ms",
)  # fmt: skip


class Signed(NamedTuple):
    """A certificate that was signed and is not kept yet."""

    issuer_id: str
    serial: int
    use: Use
    der: bytes
    not_before_ms: int
    not_after_ms: int


def enter(conn: Connection, holder: str, signed: Sequence[Signed], *, renew: bool, user: str, now: datetime) -> Issued:
    """Keep new certificates of a holder; the earlier ones of the same uses end as renewed.

    Args:
        renew: whether a good earlier certificate may be taken the place of.

    Raises:
        CertificateStands: without `renew`, a good one that has not expired stands already.
    """
    now_ms = to_ms(now)
    kept: dict[Use, Held] = {}
    ended: list[Held] = []
    for one in signed:
        earlier = queries.of_holder(conn, holder, one.use)
        standing = [old for old in earlier if old.kind is not StatusKind.REVOKED and old.not_after_ms >= now_ms]
        if not renew and any(old.kind is StatusKind.GOOD for old in standing):
            raise CertificateStands()
        ended += standing
        replaces = earlier[0].key if earlier else None
        kept[one.use] = Held(
            **one._asdict(), holder=holder, replaces=replaces, kind=StatusKind.GOOD, reason=None, since_ms=now_ms
        )
    insert_many(conn, store.certificate, _COLUMNS, [_row(held, now_ms) for held in kept.values()])
    _write_history(conn, ((held, now_ms, StatusKind.GOOD, None) for held in kept.values()))
    for held in kept.values():
        replaced = serial_text(held.replaces.serial) if held.replaces else ""
        event = CertificateIssued(serial=serial_text(held.serial), use=held.use.value, replaces=replaced, user=user)
        audit(conn, store.audit_table, event, now=now)
    for old in ended:
        end(conn, old, Reason.RENEWED, user=user, now=now)
    return Issued(
        authentication=kept.get(Use.AUTHENTICATION),
        signature=kept.get(Use.SIGNATURE),
        ended=tuple(old.key for old in ended),
    )


def end(conn: Connection, held: Held, reason: Reason, *, user: str, now: datetime) -> Held:
    """Revoke one certificate.

    Raises:
        StandingFinal: it is revoked already.
    """
    changed = _change(conn, held, after(held, Step.REVOKE), reason, now=now)
    event = CertificateEnded(serial=serial_text(held.serial), use=held.use.value, reason=reason.value, user=user)
    audit(conn, store.audit_table, event, now=now)
    return changed


def revoke(
    conn: Connection, holder: str, reason: Reason, *, uses: Iterable[Use] = Use, user: str, now: datetime
) -> list[Held]:
    """Revoke what a holder has for these uses.

    Raises:
        HolderWithoutCertificate: nothing that could be revoked.
    """
    found = _open_to_change(conn, holder, uses, now=now)
    return [end(conn, held, reason, user=user, now=now) for held in found]


def suspend(conn: Connection, holder: str, *, user: str, now: datetime) -> list[Held]:
    """Put a holder's certificates on hold: the card was reported lost. Those on hold already stay so.

    Raises:
        HolderWithoutCertificate: nothing to put on hold.
    """
    changed = []
    for held in _open_to_change(conn, holder, Use, now=now):
        if held.kind is StatusKind.SUSPENDED:
            continue
        changed.append(_change(conn, held, StatusKind.SUSPENDED, Reason.SUSPENDED, now=now))
        event = CertificateHeld(serial=serial_text(held.serial), use=held.use.value, user=user)
        audit(conn, store.audit_table, event, now=now)
    return changed


def resume(conn: Connection, holder: str, profiles: Mapping[str, Profile], *, user: str, now: datetime) -> list[Held]:
    """Lift the hold where the profile lets it be lifted: the card was found.

    Args:
        profiles: of the generations, by issuer id.

    Raises:
        HoldNotLifted: nothing is on hold that could be; the signature certificate is issued anew.
    """
    changed = []
    for held in _open_to_change(conn, holder, Use, now=now):
        try:
            kind = after(held, Step.LIFT, may_be_lifted=profiles[held.issuer_id].hold_is_lifted[held.use])
        except HoldNotLifted:
            continue
        changed.append(_change(conn, held, kind, None, now=now))
        event = HoldLifted(serial=serial_text(held.serial), use=held.use.value, user=user)
        audit(conn, store.audit_table, event, now=now)
    if not changed:
        raise HoldNotLifted()
    return changed


def four_items_changed(
    conn: Connection, holder: str, items: CertificateItems, authorities: PersonAuthorities, *, user: str, now: datetime
) -> Held | None:
    """Revoke the signature certificate whose content is no longer so; the authentication certificate names nobody and
    stays.

    Args:
        items: as the register has them now.

    Returns:
        What was revoked; None where nothing of the certified content changed, or there is no such certificate.
    """
    for held in queries.of_holder(conn, holder, Use.SIGNATURE):
        if held.kind is StatusKind.REVOKED or held.not_after_ms < to_ms(now):
            continue
        certified = read_person_certificate(held.der, authorities=authorities, at=now).items
        same = certified is not None and _content(certified) == _content(items)
        return None if same else end(conn, held, Reason.CONTENT_CHANGED, user=user, now=now)
    return None


def _content(items: CertificateItems) -> tuple[str, ...]:
    """What a change of must not stand: flags of substitute characters are no content of the register."""
    return items.name, items.sex, items.birth_text, items.address


def _open_to_change(conn: Connection, holder: str, uses: Iterable[Use], *, now: datetime) -> list[Held]:
    """Certificates of a holder that are neither revoked nor expired."""
    wanted = set(uses)
    found = [
        held
        for held in queries.of_holder(conn, holder)
        if held.use in wanted and held.kind is not StatusKind.REVOKED and held.not_after_ms >= to_ms(now)
    ]
    if not found:
        raise HolderWithoutCertificate()
    return found


def _change(conn: Connection, held: Held, kind: StatusKind, reason: Reason | None, *, now: datetime) -> Held:
    at_ms = max(to_ms(now), held.since_ms)  # a history that ran backwards could not be read as of a moment
    table = store.certificate
    conn.execute(
        update(table)
        .where(table.c.serial == serial_text(held.serial))
        .values(kind=kind.value, reason=reason.value if reason else "", since_ms=at_ms)
    )
    _write_history(conn, [(held, at_ms, kind, reason)])
    return queries.certificate(conn, held.serial)


def _write_history(conn: Connection, lines: Iterable[tuple[Held, int, StatusKind, Reason | None]]) -> None:
    rows = [
        (serial_text(held.serial), at_ms, kind.value, reason.value if reason else "")
        for held, at_ms, kind, reason in lines
    ]
    insert_many(conn, store.standing, ("serial", "at_ms", "kind", "reason"), rows)


def _row(held: Held, now_ms: int) -> tuple[object, ...]:
    return (
        serial_text(held.serial), held.issuer_id, held.use.value, held.holder, held.der, now_ms, held.not_before_ms,
        held.not_after_ms, serial_text(held.replaces.serial) if held.replaces else None, held.kind.value, "",
        held.since_ms,
    )  # fmt: skip
