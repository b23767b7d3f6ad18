"""Issuing linkage codes (符号): what comes from `numbers`, what goes to the body's gateway."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from renkei.base.time import to_ms
from renkei.contracts.numbering import CodeDelivery, CodeDeliveryItem, CodeIssueRequest
from renkei.contracts.sheets import b64
from renkei.crypto.codes import CodeKeys
from renkei.institutions.linkage import store
from renkei.institutions.linkage.model import CodesIssued, RegisterView
from renkei.institutions.linkage.queries import held_among
from renkei.platform.audit_store import audit
from renkei.platform.bulk import insert_many


def issue_codes(
    conn: Connection, request: CodeIssueRequest, *, view: RegisterView, keys: CodeKeys, now: datetime
) -> CodeDelivery:
    """Issue a code per acquisition number; one held already is sent again, not made anew (施行令 27条の4).

    The acquisition numbers pass through and are not kept (施行令 27条); neither are the resident record codes, of
    which only the keyed one-way handle stays.

    Raises:
        BodyUnknown, BodyStopped: the body takes no part.
    """
    view.active(request.body_id)
    handles = [keys.handle(item.resident_record_code) for item in request.items]
    held = held_among(conn, request.body_id, handles)
    fresh = dict.fromkeys(handle for handle in handles if handle not in held)
    now_ms = to_ms(now)
    insert_many(
        conn, store.held_code, ("body_id", "handle", "issued_ms"),
        [(request.body_id, handle, now_ms) for handle in fresh],
    )  # fmt: skip
    audit(
        conn, store.audit_table, CodesIssued(body=request.body_id, issued=len(fresh), already_held=len(held)), now=now
    )
    return CodeDelivery(
        body_id=request.body_id,
        items=[
            CodeDeliveryItem(item.acquisition_number, b64(keys.issue(request.body_id, handle)), handle in held)
            for item, handle in zip(request.items, handles, strict=True)
        ],
    )
