"""What the filing service knows of returns."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, select

from renkei.channels.filing import store
from renkei.channels.filing.errors import ReturnMissing
from renkei.channels.filing.model.returns import Attempt, Filed, PaidAt, Return, Signatures
from renkei.channels.filing.model.states import State
from renkei.channels.filing.model.tax import SideIncome, Slip

ATTEMPTS_MAX = 5


class Kept(NamedTuple):
    """A signature that was taken: over what, and all that came with it."""

    signing_input: bytes
    signatures: Signatures


def return_of(conn: Connection, sub: str, year: int) -> Return:
    """A person's return for a year.

    Raises:
        ReturnMissing: none was begun.
    """
    row = _row(conn, sub, year)
    if row is None:
        raise ReturnMissing()
    return _return(row)


def attempts(conn: Connection, found: Return) -> list[Attempt]:
    """Requests to sign the return as it stands now, the newest first."""
    table = store.attempt
    query = select(table).where(table.c.return_id == found.return_id, table.c.version == found.version)
    rows = conn.execute(query.order_by(table.c.asked_ms.desc()).limit(ATTEMPTS_MAX))
    return [
        Attempt(
            transaction_id=row.transaction_id, return_id=row.return_id, version=row.version,
            signing_input=bytes(row.signing_input),
        )
        for row in rows
    ]  # fmt: skip


def signature_kept(conn: Connection, return_id: str) -> Kept | None:
    """The signature that was taken and waits to be filed."""
    table = store.tax_return
    query = select(table.c.signing_input, table.c.signatures).where(
        table.c.return_id == return_id, table.c.state == State.SIGNED.value
    )
    row = conn.execute(query).one_or_none()
    if row is None or row.signatures is None:
        return None
    return Kept(bytes(row.signing_input), msgspec.json.decode(row.signatures, type=Signatures))


def _row(conn: Connection, sub: str, year: int) -> Row[Any] | None:
    table = store.tax_return
    return conn.execute(select(table).where(table.c.sub == sub, table.c.year == year)).one_or_none()


def _return(row: Row[Any]) -> Return:
    filed = paid = None
    if row.number is not None:
        filed = Filed(
            number=row.number, filed_ms=row.filed_ms, due_yen=row.due_yen, document=bytes(row.document),
            receipt=row.filing_receipt,
        )  # fmt: skip
    if row.bank_number is not None:
        paid = PaidAt(number=row.bank_number, paid_ms=row.paid_ms, receipt=row.bank_receipt)
    return Return(
        return_id=row.return_id, sub=row.sub, year=row.year, version=row.version, name=row.name,
        slips=msgspec.json.decode(row.slips, type=tuple[Slip, ...]),
        side=msgspec.json.decode(row.side, type=SideIncome), state=State(row.state), reference=row.reference,
        problem=row.problem, filed=filed, paid=paid,
    )  # fmt: skip
