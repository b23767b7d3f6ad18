"""The bank's interface for payments (OAuth 2.0 resource server): what may be paid stands in the token, nothing else.

A token names the person as its client knows them. Whose account that is, the bank asks of the provider, which answers
with the bank's own pairwise subject, and at the same time whether the token still holds.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler, ExceptionHandlersMap

from renkei.base.encoding import MaskedStruct
from renkei.base.errors import RenkeiError
from renkei.channels.bank.errors import PaymentByProxy, PaymentMalformed, PaymentNotAgreed
from renkei.channels.bank.model import Paid, check_agreed
from renkei.channels.bank.operations import Bank
from renkei.contracts.identity import Payment
from renkei.contracts.payments import PAYMENTS, PaymentAnswer
from renkei.platform.openid.errors import AccessTokenInvalid
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.openid.resource import Authorized, ResourceServer
from renkei.platform.problems import CONTENT_TYPE, encode_problem
from renkei.platform.web.pages import COMMON_HEADERS, AnyRequest, word

ORDER_BYTES_MAX = 4_096
HEADERS = COMMON_HEADERS | {"Cache-Control": "no-store"}


class _Told(MaskedStruct, frozen=True, kw_only=True):
    """What the provider says of a token (RFC 7662)."""

    active: bool = False
    sub: str = ""
    client_id: str = ""
    authorization_details: tuple[Payment, ...] = ()


class BankApi:
    """Answers programs.

    Args:
        resource: checks tokens for `bank.base_url`.
        rp: the bank's own registration, whose `audience_of` is `bank.base_url`.
    """

    def __init__(self, bank: Bank, *, resource: ResourceServer, rp: RelyingParty) -> None:
        self._bank, self._resource, self._rp = bank, resource, rp

    async def pay(self, request: AnyRequest) -> Response[bytes]:
        """Make a payment, once."""
        authorized, token = await self._authorized(request, PAYMENTS)
        payment = _payment(await request.body())
        check_agreed(payment, authorized.read_details(tuple[Payment, ...]))
        told = await self._told(token)
        check_agreed(payment, told.authorization_details)
        return _answer(await self._bank.pay(payment, sub=told.sub, client_id=told.client_id))

    async def find(self, request: AnyRequest, reference: str) -> Response[bytes]:
        """The receipt of a payment that was made."""
        authorized, token = await self._authorized(request, f"{PAYMENTS}/{reference}")
        if reference not in {one.reference for one in authorized.read_details(tuple[Payment, ...])}:
            raise PaymentNotAgreed()
        told = await self._told(token)
        return _answer(await self._bank.find(reference, sub=told.sub))

    async def _authorized(self, request: AnyRequest, path: str) -> tuple[Authorized, str]:
        authorized = await self._resource.authorize(
            dict(request.headers), method=request.method, url=self._bank.base_url + path
        )
        if authorized.act != b"null":
            raise PaymentByProxy()
        return authorized, request.headers["authorization"].partition(" ")[2].strip()

    async def _told(self, token: str) -> _Told:
        try:
            told = msgspec.json.decode(await self._rp.introspect(token), type=_Told)
        except msgspec.DecodeError:
            raise AccessTokenInvalid(step="introspection") from None
        if not told.active or not told.sub:
            raise AccessTokenInvalid(step="revoked")
        return told


def _payment(body: bytes) -> Payment:
    if len(body) > ORDER_BYTES_MAX:
        raise PaymentMalformed(part="size")
    try:
        return msgspec.json.decode(body, type=Payment)
    except (msgspec.DecodeError, RecursionError):
        raise PaymentMalformed(part="JSON") from None


def _answer(paid: Paid) -> Response[bytes]:
    body = msgspec.json.encode(PaymentAnswer(receipt=paid.receipt))
    return Response(body, status_code=200, media_type="application/json", headers=HEADERS)


def _refuse(_request: AnyRequest, error: RenkeiError) -> Response[bytes]:
    challenge = {"WWW-Authenticate": 'DPoP algs="ES256"'} if error.status.http == 401 else {}
    return Response(
        encode_problem(error), status_code=error.status.http, media_type=CONTENT_TYPE, headers=HEADERS | challenge
    )


def api_handlers(bank: Bank, *, resource: ResourceServer, rp: RelyingParty) -> list[ControllerRouterHandler]:
    """Handlers of the interface, to be mounted beside the page routers: no browser's form comes here."""
    api, path = BankApi(bank, resource=resource, rp=rp), urlsplit(bank.base_url).path
    answers: ExceptionHandlersMap = {RenkeiError: _refuse}

    @post(path + PAYMENTS, status_code=200, include_in_schema=False, exception_handlers=answers)
    async def pay(request: AnyRequest) -> Response[bytes]:
        return await api.pay(request)

    @get(path + PAYMENTS + "/{reference:str}", include_in_schema=False, exception_handlers=answers)
    async def find(request: AnyRequest, reference: FromPath[str]) -> Response[bytes]:
        return await api.find(request, word(reference))

    @get(path + "/keys", include_in_schema=False)
    async def keys() -> Response[bytes]:
        body = msgspec.json.encode({"keys": [bank.jwk]})
        return Response(body, media_type="application/json", headers=COMMON_HEADERS)

    return [pay, find, keys]
