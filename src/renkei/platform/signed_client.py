"""The asking side of signed calls: signs a request, verifies that the answer is the asked party's answer to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from renkei.base.errors import RenkeiError
from renkei.crypto.certificates import BodyIdentity
from renkei.crypto.errors import SignatureInvalid, SignatureMissing
from renkei.crypto.evidence import REQUEST_ID_FIELD, SignedFields, SignedMessage
from renkei.crypto.messages import Signer, VerifiedMessage, authority_of, sign_request, verify_response
from renkei.platform import problems
from renkei.platform.clock import Clock
from renkei.platform.errors import JsonMalformed, PeerGarbled, PeerUnreachable
from renkei.platform.signed_app import TAG_REPLY, TAG_REQUEST, Lookup, decode_json
from renkei.platform.wire import Request, Response, Wire

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SignedReply:
    """A verified answer.

    Attributes:
        body: the exact bytes that the signature covers.
        sent: evidence of our request.
        signed: evidence of the other party's answer, bound to that request.
        fields: what the answer's signature covers.
        problem: the other party's error, where it answered with one.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    identity: BodyIdentity
    sent: SignedMessage
    signed: SignedMessage
    fields: SignedFields
    problem: RenkeiError | None = None

    def decode(self, kind: type[T]) -> T:
        """The body as JSON of type `kind`.

        Raises:
            PeerGarbled: it is not.
        """
        try:
            return decode_json(self.body, kind)
        except JsonMalformed as error:
            raise PeerGarbled(authority=self.identity.body_id, private=error.private) from error


class SignedClient:
    """Calls other parties in the name of one signer.

    Args:
        wire: carries the messages.
        signer: our key.
        lookup: identity by key id; raises for unknown, revoked and expired certificates.
        clock: dates requests and judges the time of answers.
    """

    def __init__(self, *, wire: Wire, signer: Signer, lookup: Lookup, clock: Clock) -> None:
        self._wire = wire
        self._signer = signer
        self._lookup = lookup
        self._clock = clock

    async def call(
        self,
        authority: str,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        request_tag: str = TAG_REQUEST,
        answer_tag: str = TAG_REPLY,
    ) -> SignedReply:
        """Send one signed request and return the verified answer.

        Args:
            authority: whom to ask (`authority_of`); the answer must be signed by that very party.
            request_id: the same for every repetition of one request; a fresh one where it is None.
            headers: further lower-case fields; those named renkei-* are covered by the signature.

        Raises:
            RenkeiError: the other party's own error, rebuilt from its signed problem answer.
            PeerUnreachable, PeerTimeout, PeerGarbled: from the wire.
            SignatureMissing, SignatureInvalid, ResponseUnbound, DigestMismatch, ClockSkew, CertificateInvalid,
                CertificateExpired: the answer does not verify.
        """
        reply = await self.exchange(
            authority,
            method,
            path,
            body,
            request_id=request_id,
            headers=headers,
            content_type=content_type,
            request_tag=request_tag,
            answer_tag=answer_tag,
        )
        if reply.problem is not None:
            raise reply.problem
        return reply

    async def exchange(
        self,
        authority: str,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        request_tag: str = TAG_REQUEST,
        answer_tag: str = TAG_REPLY,
    ) -> SignedReply:
        """As `call`, but a signed problem answer is returned too: it is evidence of the refusal."""
        own = {**(headers or {}), REQUEST_ID_FIELD: request_id or os.urandom(16).hex()}
        if body:
            own["content-type"] = content_type
        made = sign_request(
            method=method,
            authority=authority,
            path=path,
            headers=own,
            body=body,
            signer=self._signer,
            created=self._clock.now(),
            nonce=os.urandom(16).hex(),
            tag=request_tag,
        )
        request = Request(method, authority, path, {**own, **made.headers}, body)
        response = await self._wire.send(request)
        is_problem = response.headers.get("content-type") == problems.CONTENT_TYPE
        verified = self._verify(request, response, problems.TAG if is_problem else answer_tag)
        return SignedReply(
            status=response.status,
            headers=response.headers,
            body=response.body,
            identity=verified.identity,
            sent=made.signed,
            signed=verified.signed,
            fields=verified.fields,
            problem=_read_problem(authority, response) if is_problem else None,
        )

    def _verify(self, request: Request, response: Response, tag: str) -> VerifiedMessage:
        now = self._clock.now()
        try:
            verified = verify_response(
                status=response.status,
                headers=response.headers,
                body=response.body,
                request_headers=request.headers,
                lookup=lambda key_id: self._lookup(key_id, at=now),
                now=now,
                tag=tag,
            )
        except SignatureMissing as error:
            if response.status >= 500:  # a proxy, or a server that was stopped under the request; nobody of ours
                private = f"unsigned status {response.status}"
                raise PeerUnreachable(authority=request.authority, private=private) from error
            raise
        if authority_of(verified.identity.body_id, verified.identity.purpose) != request.authority:
            raise SignatureInvalid(private="a party that was not asked signed the answer")
        return verified


def _read_problem(authority: str, response: Response) -> RenkeiError:
    try:
        return problems.error_of(response.body)
    except msgspec.DecodeError as error:
        raise PeerGarbled(authority=authority, private="not a problem document") from error
