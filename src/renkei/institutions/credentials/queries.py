"""What an issuer can tell of its credentials."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from renkei.institutions.credentials import store
from renkei.institutions.credentials.errors import CredentialUnknown
from renkei.institutions.credentials.model import Issued

LIST_SIZE = 4_096
"""Credentials a status list: large enough that fetching one tells nobody which credential is looked at."""


def issued(conn: Connection, credential_id: str) -> Issued:
    """One credential.

    Raises:
        CredentialUnknown: there is none.
    """
    table = store.credential
    row = conn.execute(select(table).where(table.c.credential_id == credential_id)).one_or_none()
    if row is None:
        raise CredentialUnknown()
    return Issued(
        row.credential_id, row.vct, row.list_number, row.list_index, row.issued_ms, row.until_ms, row.revoked_ms
    )


def of_holder(conn: Connection, holder_key: str) -> list[Issued]:
    """The credentials of one key, newest first."""
    table = store.credential
    rows = conn.execute(
        select(table).where(table.c.holder_key == holder_key).order_by(table.c.issued_ms.desc(), table.c.credential_id)
    )
    return [
        Issued(row.credential_id, row.vct, row.list_number, row.list_index, row.issued_ms, row.until_ms, row.revoked_ms)
        for row in rows
    ]


def revoked_places(conn: Connection, list_number: int) -> list[int]:
    """Places of a status list whose credentials are revoked."""
    table = store.credential
    chosen = (table.c.list_number == list_number) & table.c.revoked_ms.is_not(None)
    return list(conn.execute(select(table.c.list_index).where(chosen).order_by(table.c.list_index)).scalars())


def fill(conn: Connection) -> tuple[int, int]:
    """Number of the newest list and how many places of it are taken; (1, 0) before the first."""
    table = store.credential
    number = conn.execute(select(func.max(table.c.list_number))).scalar_one() or 1
    taken = conn.execute(select(func.count()).select_from(table).where(table.c.list_number == number)).scalar_one()
    return number, taken


def taken_places(conn: Connection, list_number: int) -> set[int]:
    """Places of a list that are taken."""
    table = store.credential
    return set(conn.execute(select(table.c.list_index).where(table.c.list_number == list_number)).scalars())
