"""Relying parties: registered, changed, stopped, found."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, bindparam, select

from renkei.base.time import to_ms
from renkei.institutions.identity.errors.protocol import ClientRegistrationFaulty, ClientUnknown
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.tokens import ClientRegistered
from renkei.institutions.identity.operations import grants
from renkei.institutions.identity.store.base import audit_table
from renkei.institutions.identity.store.clients import client as table
from renkei.platform.audit_store import audit
from renkei.platform.bulk import Prepared, upsert_many

_encode = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder(Client).decode
_by_id = Prepared(select(table.c.body).where(table.c.client_id == bindparam("client_id")))


def register(conn: Connection, client: Client, now: datetime) -> None:
    """Keep a relying party, or change its registration; what it asks from now on is judged by this one.

    One that is stopped loses its tokens at once.

    Raises:
        ClientRegistrationFaulty: an address to which no browser must be sent.
    """
    check_addresses(client)
    row = (client.client_id, client.realm.value, client.stopped, _encode(client), to_ms(now))
    upsert_many(conn, table, ("client_id",), ("realm", "stopped", "body", "changed_ms"), [row])
    audit(conn, audit_table, ClientRegistered(client=client.client_id, stopped=client.stopped), now=now)
    if client.stopped:
        grants.end_of_client(conn, client.client_id, now)


def get(conn: Connection, client_id: str) -> Client:
    """A registered relying party, stopped ones included.

    Raises:
        ClientUnknown: none of this name.
    """
    found = find(conn, client_id)
    if found is None:
        raise ClientUnknown()
    return found


def find(conn: Connection, client_id: str) -> Client | None:
    """A registered relying party, stopped ones included; None where there is none of this name."""
    rows = _by_id(conn, client_id=client_id)
    return _read(rows[0][0]) if rows else None


def all_of(conn: Connection) -> tuple[Client, ...]:
    """Every registered relying party, by name."""
    return tuple(_read(row.body) for row in conn.execute(select(table.c.body).order_by(table.c.client_id)))


def check_addresses(client: Client) -> None:
    """Judge the addresses of a registration: whole URLs of a web server, with nothing that a browser would not send.

    Raises:
        ClientRegistrationFaulty: naming the kind of address.
    """
    named = {
        "redirect_uris": client.redirect_uris, "logout_uris": client.logout_uris,
        "backchannel_logout_uri": (client.backchannel_logout_uri,) if client.backchannel_logout_uri else (),
    }  # fmt: skip
    for what, addresses in named.items():
        if not all(_is_address(address) for address in addresses):
            raise ClientRegistrationFaulty(what=what)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        usual = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and " " not in text
    return usual and plain and "#" not in text and "*" not in text and "\\" not in text
