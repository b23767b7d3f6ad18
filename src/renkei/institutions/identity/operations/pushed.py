"""Pushed requests (RFC 9126): kept for a minute and a half, made one ask by the first browser that brings them."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, update

from renkei.base.time import to_ms
from renkei.contracts.identity import Realm
from renkei.institutions.identity.errors.asks import AskUnknown
from renkei.institutions.identity.errors.protocol import PushedUnknown
from renkei.institutions.identity.model.asks import Ask, AskKind, AskState
from renkei.institutions.identity.model.requests import Pushed
from renkei.institutions.identity.operations import asks
from renkei.institutions.identity.queries.consents import account_named
from renkei.institutions.identity.store.protocol import pushed as table
from renkei.platform.bulk import Prepared, insert_many

PREFIX = "urn:ietf:params:oauth:request_uri:"
"""RFC 9126 §2.2."""

_encode = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Pushed).decode
_kept = Prepared(
    select(table.c.client_id, table.c.ask_id, table.c.body).where(
        table.c.uri_hash == bindparam("uri_hash"), table.c.expires_ms > bindparam("now_ms")
    )
)

_claim = (
    update(table)
    .where(table.c.uri_hash == bindparam("claimed_hash"), table.c.ask_id == "")
    .values(ask_id=bindparam("new_ask_id"))
)


def keep(conn: Connection, request: Pushed, *, uri_hash: bytes, expires_ms: int) -> None:
    """Keep a pushed request."""
    columns = ("uri_hash", "client_id", "ask_id", "body", "expires_ms")
    insert_many(conn, table, columns, [(uri_hash, request.client_id, "", _encode(request), expires_ms)])


def bring(
    conn: Connection, *, uri_hash: bytes, client_id: str, realm: Realm, ask_id: str, ask_expires_ms: int, now: datetime
) -> str:
    """Turn a pushed request into an ask; returns the id of the ask.

    A browser that loads the address again before the person has answered comes to the same ask (FAPI 2.0 Security
    Profile §5.3.2.2, note 3); afterwards the reference is worth nothing.

    Args:
        client_id: of the authorization request; must be the one that pushed.
        ask_id: of the ask that may have to be made.

    Raises:
        PushedUnknown: never pushed, by another client, expired, or answered.
    """
    rows = _kept(conn, uri_hash=uri_hash, now_ms=to_ms(now))
    if not rows or rows[0][0] != client_id:
        raise PushedUnknown()
    _, known_as, body = rows[0]
    if known_as:
        return _again(conn, known_as, now)
    if conn.execute(_claim, {"claimed_hash": uri_hash, "new_ask_id": ask_id}).rowcount != 1:
        raise PushedUnknown(private="brought twice at once")
    request = _read(body)
    asks.put(conn, _ask(conn, request, realm, ask_id, ask_expires_ms, now), now)
    return ask_id


def sweep(conn: Connection, now: datetime) -> int:
    """Forget pushed requests whose time is over; returns how many."""
    return conn.execute(delete(table).where(table.c.expires_ms < to_ms(now))).rowcount


def _again(conn: Connection, ask_id: str, now: datetime) -> str:
    try:
        standing = asks.standing(conn, ask_id, now)
    except AskUnknown:
        raise PushedUnknown() from None
    if standing.state is not AskState.OPEN or standing.expired:
        raise PushedUnknown(private="answered")
    return ask_id


def _ask(conn: Connection, request: Pushed, realm: Realm, ask_id: str, expires_ms: int, now: datetime) -> Ask:
    account_id = ""
    if request.hinted:
        # A hint that names nobody (any more) must not fall back to whoever is there: no account has this name.
        account_id = account_named(conn, request.client_id, request.hinted) or f"unknown-{ask_id[:20]}"
    return Ask(
        ask_id=ask_id, realm=realm, kind=AskKind.CODE, client_id=request.client_id, scopes=request.scopes,
        claims=request.claims, essential=request.essential, purpose=request.purpose, payments=request.payments,
        acr=request.acr, max_age_s=request.max_age_s, prompt=request.prompt, account_id=account_id,
        sign_transaction_id=request.sign_transaction_id, made_ms=to_ms(now), expires_ms=expires_ms,
        returns=request.returns,
    )  # fmt: skip
