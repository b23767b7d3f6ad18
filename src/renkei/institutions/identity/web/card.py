"""Where card agents deliver what the card said. No browser and no cookie comes here; errors are problem documents."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, Router, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler
from sqlalchemy import Connection

from renkei.base.errors import RenkeiError
from renkei.contracts.card_agent import Assertion, Receipt
from renkei.institutions.identity.errors.signin import AssertionMalformed
from renkei.institutions.identity.operations import card_signin, rounds, sessions
from renkei.institutions.identity.web.sessions import new_secret
from renkei.institutions.identity.web.ways import Ways
from renkei.institutions.identity.web.wishes import code_hash
from renkei.platform.errors import BodyTooLarge, FaultInside
from renkei.platform.logging import get_logger
from renkei.platform.problems import CONTENT_TYPE, encode_problem
from renkei.platform.web.pages import COMMON_HEADERS, AnyRequest, word

BODY_BYTES_MAX = 32_768
DELIVER = "/card/assertions"
HEADERS = COMMON_HEADERS | {"Cache-Control": "no-store"}

_read_assertion = msgspec.json.Decoder(Assertion).decode


class Removed(msgspec.Struct, frozen=True):
    """The card was taken out of the reader of a shared terminal."""

    txn: str


_read_removed = msgspec.json.Decoder(Removed).decode


def handlers(ways: Ways) -> list[ControllerRouterHandler]:
    """`POST {path}/card/assertions` and its notice `/removed`."""
    routes = [_assertions(ways), _removed(ways)]
    faults: dict[Any, Any] = {RenkeiError: _refuse, HTTPException: _refuse_http, Exception: _fail}
    return [Router(path="/", route_handlers=routes, exception_handlers=faults, include_in_schema=False)]


def _assertions(ways: Ways) -> HTTPRouteHandler:
    @post(ways.means.settings.path + DELIVER, status_code=200, request_max_body_size=BODY_BYTES_MAX)
    async def assertions(request: AnyRequest) -> Response[bytes]:
        try:
            assertion = _read_assertion(await request.body())
        except (msgspec.MsgspecError, RecursionError) as error:
            raise AssertionMalformed(private=type(error).__name__) from None
        if not word(assertion.txn):
            raise AssertionMalformed(private="txn")
        code, now = new_secret(), ways.means.clock.now()
        hashed = code_hash(ways.means, code)
        await card_signin.deliver(ways.means, ways.trust, assertion, code_hash=hashed, now=now)
        return Response(msgspec.json.encode(Receipt(code=code)), media_type="application/json", headers=HEADERS)

    return assertions


def _removed(ways: Ways) -> HTTPRouteHandler:
    @post(ways.means.settings.path + DELIVER + "/removed", status_code=204, request_max_body_size=BODY_BYTES_MAX)
    async def removed(request: AnyRequest) -> None:
        """Ends the session on a shared terminal that began with this round; says nothing of whether there was one."""
        try:
            txn = word(_read_removed(await request.body()).txn)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise AssertionMalformed(private=type(error).__name__) from None
        now = ways.means.clock.now()

        def end(conn: Connection) -> tuple[str, ...]:
            rounds.withdraw(conn, txn)
            return sessions.end_by_card(conn, txn, now)

        for session_id in await ways.means.db.write(end):
            await ways.ended(session_id)

    return removed


def _refuse(_: AnyRequest, error: RenkeiError) -> Response[bytes]:
    return Response(encode_problem(error), status_code=error.status.http, media_type=CONTENT_TYPE, headers=HEADERS)


def _refuse_http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    if error.status_code == 413:
        return _refuse(request, BodyTooLarge(limit_bytes=BODY_BYTES_MAX))
    return _refuse(request, AssertionMalformed(private=type(error).__name__))


def _fail(request: AnyRequest, error: Exception) -> Response[bytes]:
    request_id = new_secret()[:8]
    get_logger("identity").error("fault_inside", request_id=request_id, exc_info=error)
    return _refuse(request, FaultInside(request_id=request_id))
