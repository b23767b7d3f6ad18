"""The portal at work: opening accounts, obtaining its own codes, fetching the access list."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from renkei.base.time import to_ms
from renkei.channels.portal import store
from renkei.channels.portal.errors import AccountUnknown, AccountWithoutCode
from renkei.channels.portal.model import AccessListShown, AccountOpened, Shown, prove
from renkei.contracts.directory import Directory
from renkei.contracts.errors import CallerMismatch
from renkei.contracts.exchange import Accepted
from renkei.contracts.numbering import PATH_CODE_DELIVERIES, CodeDelivery
from renkei.contracts.records import AccessList, AccessRequest
from renkei.contracts.sheets import CORE, b64, decode, encode, unb64
from renkei.crypto.certificates import Purpose
from renkei.crypto.notes import parse_vkey
from renkei.platform.audit_store import audit, audit_many
from renkei.platform.bulk import insert_many, select_in, update_many
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.signed_app import SignedAnswer, SignedApp, SignedCall

PORTAL = "portal"
ENTRIES_MAX = 50
"""Entries on one page of the access list."""


def open_accounts(conn: Connection, account_ids: Sequence[str], *, now: datetime) -> dict[str, str]:
    """Open accounts; returns the acquisition number under which each one's code will come, by account.

    An account that is open keeps its code and gets no new number.
    """
    now_ms = to_ms(now)
    known = {row.account_id for row in select_in(conn, select(store.account), store.account.c.account_id, account_ids)}
    fresh = [account_id for account_id in dict.fromkeys(account_ids) if account_id not in known]
    insert_many(conn, store.account, ("account_id", "opened_ms"), [(account_id, now_ms) for account_id in fresh])
    numbers = {account_id: f"{secrets.randbelow(10**24):024d}" for account_id in fresh}
    rows = [(number, account_id) for account_id, number in numbers.items()]
    insert_many(conn, store.acquisition, ("acquisition_number", "account_id"), rows)
    audit_many(conn, store.audit_table, [AccountOpened(account=account_id) for account_id in fresh], now=now)
    return numbers


def take_codes(conn: Connection, delivery: CodeDelivery) -> int:
    """Keep the portal's own codes; returns how many were expected."""
    table = store.acquisition
    wanted = {item.acquisition_number: unb64(item.code) for item in delivery.items}
    expected = list(select_in(conn, select(table), table.c.acquisition_number, wanted))
    rows = [(row.account_id, wanted[row.acquisition_number]) for row in expected]
    update_many(conn, store.account, ("account_id",), ("code",), rows)
    for row in expected:
        conn.execute(delete(table).where(table.c.acquisition_number == row.acquisition_number))
    return len(rows)


def code_of(conn: Connection, account_id: str) -> bytes:
    """The portal's own code of an account's person.

    Raises:
        AccountUnknown, AccountWithoutCode: nothing can be asked.
    """
    row = conn.execute(select(store.account).where(store.account.c.account_id == account_id)).one_or_none()
    if row is None:
        raise AccountUnknown()
    if row.code is None:
        raise AccountWithoutCode()
    return bytes(row.code)


class AccessView(NamedTuple):
    """One page of a person's access list, as the portal shows it."""

    shown: list[Shown]
    withheld: int
    """Records about as old as these that may not be shown (番号法 23条2項)."""
    older_than: str = ""
    """Processing number below which the next page begins; empty where nothing older is left."""


class Portal:
    """The portal as it runs.

    Args:
        access_list: asks the core, signed as the portal.
        directory: holds the core's log key.
    """

    def __init__(
        self, *, db: Database, access_list: Callable[[AccessRequest], Awaitable[AccessList]], directory: Directory,
        clock: Clock,
    ) -> None:  # fmt: skip
        self.db, self._access_list, self.directory, self.clock = db, access_list, directory, clock

    async def access(self, account_id: str, *, older_than: str = "", actor: str = "") -> AccessView:
        """Fetch and prove the access list of an account's person, a page at a time, newest first.

        Args:
            older_than: processing number below which the page begins; empty for the newest.
            actor: who looks in the person's place.

        Raises:
            AccountUnknown, AccountWithoutCode: nothing can be asked.
            LogDamaged, ProofInvalid, SignatureInvalid: the core's answer does not prove itself; nothing is shown.
        """
        code = await self.db.read(lambda conn: code_of(conn, account_id))
        # One more than a page tells whether there is another.
        found = await self._access_list(AccessRequest(code=b64(code), limit=ENTRIES_MAX + 1, before_number=older_than))
        entries = found.entries[:ENTRIES_MAX]
        shown = prove(entries, core_log=parse_vkey(self.directory.core_log_key))
        more = bool(entries) and len(found.entries) + found.withheld > ENTRIES_MAX
        event = AccessListShown(account=account_id, entries=len(shown), actor=actor)
        now = self.clock.now()
        await self.db.write(lambda conn: audit(conn, store.audit_table, event, now=now))
        return AccessView(shown, found.withheld, entries[-1].number if more else "")

    async def open_accounts(self, account_ids: Sequence[str]) -> dict[str, str]:
        """Open accounts; see the function of the same name."""
        return await self.db.write(partial(open_accounts, account_ids=account_ids, now=self.clock.now()))

    async def code_deliveries(self, call: SignedCall) -> SignedAnswer:
        """Codes from the core."""
        delivery = decode(call.body, CodeDelivery)
        if call.identity.body_id != CORE or delivery.body_id != PORTAL:
            raise CallerMismatch()
        return SignedAnswer(encode(Accepted(await self.db.write(partial(take_codes, delivery=delivery)))))


def mount(app: SignedApp, portal: Portal) -> None:
    """Let the portal take its codes."""
    app.route("POST", PATH_CODE_DELIVERIES, portal.code_deliveries, purposes=frozenset((Purpose.CORE,)))
