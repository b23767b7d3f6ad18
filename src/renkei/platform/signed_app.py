"""The receiving side of signed calls: routes, verification, refusals as signed problem answers.

A handler sees only requests whose signature, digest, time, purpose and freshness were verified. Whatever it raises
of `RenkeiError` becomes a signed RFC 9457 answer; anything else becomes `fault_inside`, with details in our log only.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from renkei.base.audit import AuditEvent
from renkei.base.errors import Failed, RenkeiError
from renkei.base.time import Instant
from renkei.crypto.certificates import BodyIdentity, Purpose
from renkei.crypto.errors import CertificateInvalid
from renkei.crypto.evidence import REQUEST_ID_FIELD, SignedFields, SignedMessage
from renkei.crypto.messages import CLOCK_TOLERANCE, Signer, VerifiedMessage, sign_response, verify_request
from renkei.platform import problems
from renkei.platform.clock import Clock
from renkei.platform.errors import BodyTooLarge, FaultInside, JsonMalformed, MethodUnknown, RouteUnknown
from renkei.platform.logging import get_logger
from renkei.platform.replay import ReplayWindow
from renkei.platform.wire import Request, Response

T = TypeVar("T")
BODY_BYTES_MAX = 16 << 20
TAG_REQUEST = "renkei-request"
TAG_REPLY = "renkei-reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRefused(AuditEvent):
    """A call from another party was not carried out."""

    name: ClassVar[str] = "platform.call_refused"
    code: str
    route: str
    body_id: str
    key_id: str
    request_id: str


class Lookup(Protocol):
    """Identity by key id, as `IdentityCache.lookup`."""

    def __call__(self, key_id: str, *, at: Instant) -> BodyIdentity: ...


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A verified request.

    Attributes:
        identity: who signed it.
        signed: the evidence of that, to be kept.
        fields: what the signature covers; `request_id` makes a repetition known.
        params: values of the braces in the route's template.
        now: when it was received.
    """

    identity: BodyIdentity
    signed: SignedMessage
    fields: SignedFields
    request: Request
    params: Mapping[str, str]
    now: Instant

    @property
    def body(self) -> bytes:
        """The exact bytes that the signature covers."""
        return self.request.body

    def decode(self, kind: type[T]) -> T:
        """The body as JSON of type `kind`.

        Raises:
            JsonMalformed: it is not.
        """
        return decode_json(self.request.body, kind)


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """What a handler answers; the app signs it.

    Attributes:
        headers: further lower-case fields; those named renkei-* are covered by the signature.
        tag: the signature's use, where it is not the route's.
        expires: until when the answer may be used.
        keep: given the evidence of our own signature just before the answer leaves.
    """

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    tag: str | None = None
    expires: Instant | None = None
    keep: Callable[[SignedMessage], Awaitable[None]] | None = None


SignedHandler = Callable[[SignedCall], Awaitable[SignedAnswer]]
RefusalSink = Callable[[CallRefused], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Route:
    template: str
    handler: SignedHandler
    request_tag: str
    answer_tag: str
    purposes: frozenset[Purpose] | None
    body_bytes_max: int


class SignedApp:
    """Answers signed requests to one authority.

    Args:
        authority: our own name; a request that was signed for another one does not verify.
        signer: signs every answer.
        lookup: identity by key id; raises for unknown, revoked and expired certificates.
        clock: judges the time of requests and dates the answers.
        refused: told of every call that was not carried out, before the answer leaves.
        tolerance: of the clock.
        body_bytes_max: limit of a request's body, unless a route sets its own.
    """

    def __init__(
        self,
        *,
        authority: str,
        signer: Signer,
        lookup: Lookup,
        clock: Clock,
        refused: RefusalSink | None = None,
        tolerance: timedelta = CLOCK_TOLERANCE,
        body_bytes_max: int = BODY_BYTES_MAX,
    ) -> None:
        self.authority = authority
        self.body_bytes_max = body_bytes_max
        self._signer = signer
        self._lookup = lookup
        self._clock = clock
        self._refused = refused
        self._tolerance = tolerance
        self._replay = ReplayWindow(tolerance=tolerance)
        self._fixed: dict[tuple[str, str], _Route] = {}
        self._templated: list[tuple[str, re.Pattern[str], _Route]] = []
        self._log = get_logger("signed_app")

    def route(
        self,
        method: str,
        template: str,
        handler: SignedHandler,
        *,
        request_tag: str = TAG_REQUEST,
        answer_tag: str = TAG_REPLY,
        purposes: frozenset[Purpose] | None = None,
        body_bytes_max: int | None = None,
    ) -> None:
        """Let `handler` answer under a path.

        Args:
            template: a path; a segment in braces matches any one segment and is handed over in `SignedCall.params`.
            request_tag: use that the request's signature must state.
            answer_tag: use that ours states.
            purposes: certificates of these purposes may call; None admits all.
            body_bytes_max: this route's own limit; a higher one raises the app's.
        """
        limit = body_bytes_max or self.body_bytes_max
        self.body_bytes_max = max(limit, self.body_bytes_max)
        route = _Route(template, handler, request_tag, answer_tag, purposes, limit)
        if "{" in template:
            self._templated.append((method, _pattern(template), route))
        else:
            self._fixed[method, template] = route

    async def __call__(self, request: Request) -> Response:
        """Answer one request; never raises."""
        route, verified = None, None
        try:
            route, params = self._find(request)
            now = self._clock.now()
            verified = self._verify(request, route, now)
            call = SignedCall(verified.identity, verified.signed, verified.fields, request, params, now)
            answer = await route.handler(call)
            return await self._respond(request, route, answer)
        except RenkeiError as error:
            return await self._refuse(request, route, verified, error)
        except Exception as fault:  # noqa: BLE001  # the caller gets a signed answer, the operator gets the place
            inside = FaultInside(request_id=_safe_request_id(request), private=type(fault).__name__)
            inside.__cause__ = fault
            return await self._refuse(request, route, verified, inside)

    async def refuse(self, request: Request, error: RenkeiError) -> Response:
        """Answer a request that a server cannot hand over whole, for instance as it is too large."""
        return await self._refuse(request, None, None, error)

    def _find(self, request: Request) -> tuple[_Route, Mapping[str, str]]:
        path = request.path.partition("?")[0]
        fixed = self._fixed.get((request.method, path))
        if fixed is not None:
            return fixed, {}
        allowed = {method for method, template in self._fixed if template == path}
        for method, pattern, route in self._templated:
            match = pattern.fullmatch(path)
            if match is not None:
                if method == request.method:
                    return route, match.groupdict()
                allowed.add(method)
        if allowed:
            raise MethodUnknown(allowed=", ".join(sorted(allowed)))
        raise RouteUnknown()

    def _verify(self, request: Request, route: _Route, now: Instant) -> VerifiedMessage:
        if len(request.body) > route.body_bytes_max:
            raise BodyTooLarge(limit_bytes=route.body_bytes_max)
        verified = verify_request(
            method=request.method,
            authority=self.authority,
            path=request.path,
            headers=request.headers,
            body=request.body,
            lookup=lambda key_id: self._lookup(key_id, at=now),
            now=now,
            tag=route.request_tag,
            tolerance=self._tolerance,
        )
        if route.purposes is not None and verified.identity.purpose not in route.purposes:
            raise CertificateInvalid(private=f"purpose {verified.identity.purpose.name} may not call this route")
        fields = verified.fields
        self._replay.admit(key_id=fields.key_id, nonce=fields.nonce or "", created=fields.created, now=now)
        return verified

    async def _respond(self, request: Request, route: _Route, answer: SignedAnswer) -> Response:
        headers = {**answer.headers, "content-type": answer.content_type}
        made = sign_response(
            status=answer.status,
            headers=headers,
            body=answer.body,
            request_headers=request.headers,
            signer=self._signer,
            created=self._clock.now(),
            tag=answer.tag or route.answer_tag,
            expires=answer.expires,
        )
        if answer.keep is not None:
            await answer.keep(made.signed)
        return Response(answer.status, {**headers, **made.headers}, answer.body)

    async def _refuse(
        self, request: Request, route: _Route | None, verified: VerifiedMessage | None, error: RenkeiError
    ) -> Response:
        event = CallRefused(
            code=error.code,
            route=route.template if route else "",
            body_id=verified.identity.body_id if verified else "",
            key_id=verified.identity.key_id if verified else "",
            request_id=_safe_request_id(request),
        )
        write = self._log.error if isinstance(error, Failed) else self._log.info
        write("call_refused", **event.fields(), private=error.private, exc_info=error.__cause__)
        if self._refused is not None:
            await self._tell(event)
        body = problems.encode_problem(error)
        headers = {"content-type": problems.CONTENT_TYPE}
        try:
            made = sign_response(
                status=error.status.http,
                headers=headers,
                body=body,
                request_headers=request.headers,
                signer=self._signer,
                created=self._clock.now(),
                tag=problems.TAG,
            )
        except ValueError:
            # The request carries no signature that an answer could be bound to; say so in the clear.
            return Response(error.status.http, headers, body)
        return Response(error.status.http, {**headers, **made.headers}, body)

    async def _tell(self, event: CallRefused) -> None:
        assert self._refused is not None
        try:
            await self._refused(event)
        except Exception as fault:  # noqa: BLE001  # a refusal stays one even where its audit event cannot be kept
            self._log.error("refusal_not_audited", code=event.code, exc_info=fault)


def decode_json(body: bytes, kind: type[T]) -> T:
    """Decode JSON at the edge.

    Raises:
        JsonMalformed: not JSON, or not of that type.
    """
    try:
        return _decoder(kind).decode(body)  # type: ignore[no-any-return, arg-type]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec names the member and the type it wanted, never the value that it found.
        private = str(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
        raise JsonMalformed(private=private) from None


@lru_cache(maxsize=256)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{([a-z_]+)\}", template)
    names = [f"(?P<{part}>[^/]+)" if n % 2 else re.escape(part) for n, part in enumerate(parts)]
    return re.compile("".join(names))


def _safe_request_id(request: Request) -> str:
    given = request.headers.get(REQUEST_ID_FIELD, "")
    return given if re.fullmatch(r"[A-Za-z0-9._:-]{1,64}", given) else ""
