"""The safety switch for people under protection (支援措置): one act, and nobody else is told.

It ends every proxy to and from the person. The other side sees what it sees of a proxy whose term is over, in the same
words; rows that may tell where the person lives are left out; no message goes to anybody.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete

from renkei.base.time import to_ms
from renkei.contracts.identity import StaffUser
from renkei.institutions.identity.model.proxies import EndedBy
from renkei.institutions.identity.model.proxy_events import ProtectionLifted, ProtectionSet
from renkei.institutions.identity.operations.proxies import Ended, end_all_of, end_tokens
from renkei.institutions.identity.queries.proxies import protected
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.store.proxies import protection
from renkei.platform.audit_store import audit

__all__ = ["lift", "protect", "protected"]

BY_PRINCIPAL = "principal"


def protect(
    conn: Connection,
    account_id: str,
    now: datetime,
    *,
    staff: StaffUser | None = None,
    ended: Ended = end_tokens,
) -> int:
    """Put a person under protection; how many proxies ended. Done twice, it ends what was granted since.

    Args:
        staff: the clerk who does it; None where the person does.
    """
    by = staff.staff_id if staff else BY_PRINCIPAL
    if not protected(conn, account_id):
        conn.execute(
            protection.insert().values(
                account_id=account_id, since_ms=to_ms(now), set_by=by, body_id=staff.body_id if staff else ""
            )
        )
    over = end_all_of(conn, account_id, now, by=EndedBy.PROTECTION, ended=ended)
    audit(conn, audit_table, ProtectionSet(account=account_id, by=by, ended=over), now=now)
    return over


def lift(conn: Connection, account_id: str, now: datetime, *, staff: StaffUser) -> bool:
    """A clerk lifts it, never the person alone: who can be forced to sign in can be forced to press a button.

    No proxy comes back by it. False where there was none.
    """
    gone = conn.execute(delete(protection).where(protection.c.account_id == account_id)).rowcount
    if gone:
        audit(conn, audit_table, ProtectionLifted(account=account_id, by=staff.staff_id), now=now)
    return bool(gone)
