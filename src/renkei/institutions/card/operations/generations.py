"""Generations of the authority: opening one, delegating the key that answers OCSP for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, update

from renkei.base.time import add_years, from_ms, jst_date, jst_midnight, to_ms
from renkei.crypto.person_authority import PersonAuthority
from renkei.crypto.person_certificates import Use
from renkei.crypto.signing_keys import KeyStore
from renkei.institutions.card import queries, store
from renkei.institutions.card.errors import GenerationMissing
from renkei.institutions.card.model.events import GenerationOpened, ResponderDelegated
from renkei.institutions.card.model.profiles import Profile
from renkei.institutions.card.queries import Generation
from renkei.platform.audit_store import audit

RESPONDER_VALID: Final = timedelta(days=90)
"""Short, for a delegated responder's certificate is not checked for revocation itself (RFC 6960 §4.2.2.2.1)."""
RESPONDER_RENEWED_BEFORE: Final = timedelta(days=30)


def key_name(use: Use, number: int) -> str:
    """Name of a generation's key in the key store; its responder's has `-ocsp` behind it."""
    return f"card-{use.value}-{number}"


def make(use: Use, profile: Profile, keys: KeyStore, *, number: int, now: datetime) -> Generation:
    """A new generation: its key, its own certificate, its responder. Nothing is kept yet.

    Args:
        number: 1 for the first of a use, and so on.
    """
    name = key_name(use, number)
    begin = now.replace(microsecond=0)
    until = jst_midnight(add_years(jst_date(now), profile.authority_years)) - timedelta(seconds=1)
    authority = PersonAuthority.create(use, keys.obtain(name, profile.algorithm), not_before=begin, not_after=until)
    responder, responder_until = delegate(authority, name, keys, now=now)
    return Generation(
        authority.issuer_id, use, profile.name, name, authority.certificate, responder, to_ms(responder_until),
        to_ms(begin), to_ms(until),
    )  # fmt: skip


def delegate(authority: PersonAuthority, name: str, keys: KeyStore, *, now: datetime) -> tuple[bytes, datetime]:
    """A certificate for the key that answers OCSP, and until when it is valid.

    That key is P-256 whatever the authority's is: it signs ten times as many answers a second as RSA-2048.
    """
    begin = now.replace(microsecond=0)
    until = min(begin + RESPONDER_VALID, authority.authority.not_after)
    key = keys.obtain(f"{name}-ocsp", "ES256")
    return authority.delegate(key.public_key, not_before=begin, not_after=until), until


def keep(conn: Connection, made: Generation, *, now: datetime) -> None:
    """Keep a new generation; from now on it issues for its use."""
    row = made._asdict() | {"use": made.use.value}
    conn.execute(store.generation.insert().values(**row))
    event = GenerationOpened(issuer_id=made.issuer_id, use=made.use.value, profile=made.profile, key=made.key_name)
    audit(conn, store.audit_table, event, now=now)


def keep_responder(conn: Connection, issuer_id: str, responder: bytes, until: datetime, *, now: datetime) -> None:
    """Keep a new certificate of a generation's responder."""
    table = store.generation
    conn.execute(
        update(table).where(table.c.issuer_id == issuer_id).values(responder=responder, responder_until_ms=to_ms(until))
    )
    audit(conn, store.audit_table, ResponderDelegated(issuer_id=issuer_id), now=now)


def responder_due(kept: Generation, *, now: datetime) -> bool:
    """Whether the responder needs a new certificate, and the authority can still give one that lasts longer."""
    until = from_ms(kept.responder_until_ms)
    return until - now < RESPONDER_RENEWED_BEFORE and kept.responder_until_ms < kept.until_ms


def issuing(kept: Sequence[Generation], use: Use, *, until: datetime) -> Generation:
    """The generation that issues for a use: the newest.

    Args:
        until: end of the certificate to be issued; no certificate outlives its authority.

    Raises:
        GenerationMissing: there is none, or it ends too soon.
    """
    found = [one for one in kept if one.use is use]
    if not found or from_ms(found[-1].until_ms) < until:
        raise GenerationMissing(private=f"{use.value}: none until {until}")
    return found[-1]


def open_kept(kept: Generation, keys: KeyStore, profile: Profile) -> PersonAuthority:
    """A kept generation with its keys.

    Raises:
        SigningKeyUnusable: a key is missing or another one.
    """
    return PersonAuthority.open(
        kept.certificate,
        keys.obtain(kept.key_name, profile.algorithm),
        responder=kept.responder,
        responder_key=keys.obtain(f"{kept.key_name}-ocsp", "ES256"),
    )


def number_of_next(conn: Connection, use: Use) -> int:
    """Which number the next generation of a use gets."""
    return 1 + sum(one.use is use for one in queries.generations(conn))
