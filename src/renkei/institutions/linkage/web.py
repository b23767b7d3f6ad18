"""The core's signed endpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from renkei.base.time import jst_date, to_ms
from renkei.contracts.directory import Directory
from renkei.contracts.errors import CallerMismatch
from renkei.contracts.exchange import (
    BRIEF_ITEMS,
    PATH_HOLDERS,
    PATH_PERMITS,
    PATH_REPORTS,
    TAG_PERMIT,
    Accepted,
    HoldersRequest,
    PermitAsk,
    PermitRequestHeader,
    RawSheet,
    Report,
)  # fmt: skip
from renkei.contracts.numbering import PATH_CODE_ISSUES, CodeDelivery, CodeIssueRequest
from renkei.contracts.records import PATH_ACCESS, AccessRequest
from renkei.contracts.register import PATH_REGISTER, Register
from renkei.contracts.sheets import decode, encode, read_sheet
from renkei.crypto.certificates import Purpose
from renkei.crypto.codes import CodeKeys
from renkei.crypto.errors import ManifestMismatch
from renkei.crypto.manifest import format_manifest_field, manifest_of, parse_manifest_field, sheets_of
from renkei.institutions.linkage import queries, store
from renkei.institutions.linkage.model import AccessListRead, RegisterView
from renkei.institutions.linkage.operations.codes import issue_codes
from renkei.institutions.linkage.operations.permits import Validity, issue_permits
from renkei.institutions.linkage.operations.reports import take_report
from renkei.law import LawBook
from renkei.law.table import PermittedTable
from renkei.platform.audit_store import audit
from renkei.platform.database import Database
from renkei.platform.logstore import LogStore
from renkei.platform.signed_app import SignedAnswer, SignedApp, SignedCall

MANIFEST = "renkei-manifest"
NUMBERS_BODY = "j-lis"
"""The only body that may have codes issued (施行令 26条2項)."""
CHANNELS = frozenset(("portal",))
"""Channels that may read a person's access list, with their own code of that person (番号法 附則6条3項)."""


class Core:
    """The core as it runs: its store, its keys, the law and the register.

    Args:
        log_key: verifier key of the core's log.
        deliver: hands issued codes to the body's gateway.
    """

    def __init__(
        self, *, db: Database, log: LogStore, keys: CodeKeys, book: LawBook, directory: Directory,
        log_key: str, deliver: Callable[[CodeDelivery], Awaitable[None]],
    ) -> None:  # fmt: skip
        self.db, self.log, self.keys, self.book, self.directory, self.deliver = db, log, keys, book, directory, deliver
        self.log_key = log_key
        self._view: RegisterView | None = None

    def table(self, now: datetime) -> PermittedTable:
        """The order's table in force on the JST day."""
        return self.book.on(jst_date(now))

    def validity(self, now: datetime) -> Validity:
        """How long permits and pending answers are good for, from the law's parameters."""
        day = jst_date(now)
        present = self.book.parameter("permit_validity", day).value
        answer = self.book.parameter("pending_answer_within", day).value
        return Validity(timedelta(seconds=present), timedelta(days=answer))

    def view(self, conn: Connection, now: datetime) -> RegisterView:
        """The register as of this transaction; read anew only after a change."""
        version = queries.register_version(conn)
        view = self._view
        if view is None or view.version != version:
            view = self._view = queries.register_view(conn)
            self.directory.update(self.published(view, now), at=now)
        return view

    def published(self, view: RegisterView, now: datetime) -> Register:
        """The register as every party may read it."""
        return queries.published(view, log_key=self.log_key, now_ms=to_ms(now))

    # --- endpoints ---

    async def permits(self, call: SignedCall) -> SignedAnswer:
        """Permits for items of a gateway."""
        raw = decode(call.body, RawSheet)
        asked = read_sheet(raw, PermitRequestHeader, list[PermitAsk])
        field = call.fields.manifest
        if field is None or parse_manifest_field(field) != manifest_of(asked.header_bytes, asked.item_bytes):
            raise ManifestMismatch(private="permit request")
        table, validity = self.table(call.now), self.validity(call.now)

        def work(conn: Connection) -> tuple[bytes, list[bytes]]:
            return issue_permits(
                conn, asked, caller=call.identity.body_id, view=self.view(conn, call.now), table=table,
                seal_key=lambda body_id: self.directory.seal_key_of(body_id, at=call.now), keys=self.keys,
                validity=validity, log=self.log, now=call.now,
            )  # fmt: skip

        reply, roots = await self.db.write(work, brief=len(asked.items) <= BRIEF_ITEMS)
        return SignedAnswer(reply, headers={MANIFEST: format_manifest_field(sheets_of(roots))})

    async def reports(self, call: SignedCall) -> SignedAnswer:
        """What providers provided."""
        report = decode(call.body, Report)
        accepted = await self.db.write(
            lambda conn: take_report(conn, report, caller=call.identity.body_id, log=self.log, now=call.now),
            brief=len(report.items) <= BRIEF_ITEMS,
        )
        return SignedAnswer(encode(Accepted(accepted)))

    async def holders(self, call: SignedCall) -> SignedAnswer:
        """Which bodies hold a code (施行令 20条)."""
        request = decode(call.body, HoldersRequest)
        _check_caller(call, request.requester)
        table = self.table(call.now)
        found = await self.db.read(
            lambda conn: queries.holders(conn, request, view=self.view(conn, call.now), table=table, keys=self.keys)
        )
        return SignedAnswer(encode(found))

    async def code_issues(self, call: SignedCall) -> SignedAnswer:
        """Codes for a body, asked by `numbers`, delivered to the body's gateway and to nobody else."""
        _check_caller(call, NUMBERS_BODY)
        request = decode(call.body, CodeIssueRequest)
        delivery = await self.db.write(
            lambda conn: issue_codes(conn, request, view=self.view(conn, call.now), keys=self.keys, now=call.now)
        )
        await self.deliver(delivery)
        return SignedAnswer(encode(Accepted(len(delivery.items))))

    async def access(self, call: SignedCall) -> SignedAnswer:
        """A person's access list, asked by a channel under its own code of the person."""
        if call.identity.body_id not in CHANNELS:
            raise CallerMismatch()
        request = decode(call.body, AccessRequest)

        def work(conn: Connection) -> bytes:
            found = queries.access_list(
                conn, code=request.code, channel=call.identity.body_id, keys=self.keys, log=self.log, now=call.now,
                limit=max(1, min(request.limit, 1_000)), before_number=request.before_number,
            )  # fmt: skip
            event = AccessListRead(channel=call.identity.body_id, entries=len(found.entries))
            audit(conn, store.audit_table, event, now=call.now)
            return encode(found)

        return SignedAnswer(await self.db.write(work))

    async def register(self, call: SignedCall) -> SignedAnswer:
        """The register of bodies."""
        found = await self.db.read(lambda conn: self.published(self.view(conn, call.now), call.now))
        return SignedAnswer(encode(found))


def mount(app: SignedApp, core: Core) -> None:
    """Let the core answer on its signed endpoints."""
    gateways = frozenset((Purpose.GATEWAY,))
    app.route("POST", PATH_PERMITS, core.permits, answer_tag=TAG_PERMIT, purposes=gateways)
    app.route("POST", PATH_REPORTS, core.reports, purposes=gateways)
    app.route("POST", PATH_HOLDERS, core.holders, purposes=gateways)
    app.route("POST", PATH_CODE_ISSUES, core.code_issues, purposes=gateways)
    app.route("POST", PATH_ACCESS, core.access, purposes=gateways)
    app.route("GET", PATH_REGISTER, core.register)


def _check_caller(call: SignedCall, body_id: str) -> None:
    if call.identity.body_id != body_id:
        raise CallerMismatch()
