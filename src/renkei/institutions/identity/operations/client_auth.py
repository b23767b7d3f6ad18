"""Which client sends a form: `private_key_jwt` (RFC 7523 §2.2) and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from renkei.contracts.identity import CLIENT_ASSERTION, Realm
from renkei.institutions.identity.errors.protocol import ClientStopped, ClientUnproven
from renkei.institutions.identity.model import jose
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.proofs import Mark, check_assertion, claimed_client
from renkei.institutions.identity.operations import clients

_OWN = frozenset(("client_assertion", "client_assertion_type"))


class Proved(NamedTuple):
    """A client that proved who it is, its form, and the mark by which the proof is used up."""

    client: Client
    parameters: dict[str, str]
    mark: Mark


def prove(conn: Connection, form: Mapping[str, str], *, realm: Realm, issuer: str, now: datetime) -> Proved:
    """Verify the client's assertion. The caller then keeps the mark.

    Raises:
        ClientUnproven: which rule was broken.
        ClientStopped.
    """
    if "client_secret" in form or form.get("client_assertion_type") != CLIENT_ASSERTION:
        raise ClientUnproven(reason="method")
    try:
        assertion = form.get("client_assertion", "")
        client_id = claimed_client(assertion)
        client = clients.find(conn, client_id)
        if client is None or client.realm is not realm or form.get("client_id", client_id) != client_id:
            raise ClientUnproven(reason="client")
        mark = check_assertion(assertion, client, issuer=issuer, now=now)
    except jose.Unreadable as error:
        raise ClientUnproven(reason=str(error)) from None
    if client.stopped:
        raise ClientStopped()
    return Proved(client, {name: value for name, value in form.items() if name not in _OWN}, mark)
