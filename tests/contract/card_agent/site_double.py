"""A site that asks for the card, as small as it can be: a page with the form, a place to deliver to, a way back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.types import ControllerRouterHandler

from renkei.base.encoding import from_base64url, to_base64url
from renkei.base.time import to_ms
from renkei.contracts.card_agent import TASK_FIELD, Assertion, Key, Receipt, Task, ToSign, challenge_bytes
from renkei.platform.clock import SystemClock

PAGE = """<!doctype html><html lang="ja"><meta charset="utf-8"><title>site</title>
<form method="post" action="{action}"><input type="hidden" name="{name}" value="{task}">
<button>カードを使う</button></form>"""


def pack(task: Task) -> str:
    return to_base64url(msgspec.json.encode(task))


def make_task(origin: str, **changes: Any) -> Task:
    task = Task(
        origin=origin,
        txn=secrets.token_urlsafe(18),
        key=Key.AUTHENTICATION,
        challenge=to_base64url(bytes(range(32))),
        asks_ja="見本市オンライン窓口",
        asks_en="Mihon City Online Counter",
        purpose_ja="ログイン",
        purpose_en="Sign in",
        deliver=f"{origin}/deliver",
        back=f"{origin}/back",
        expires_ms=to_ms(SystemClock().now()) + 180_000,
    )
    return msgspec.structs.replace(task, **changes)


def documents(*names: str) -> tuple[ToSign, ...]:
    return tuple(ToSign(name=name, digest=to_base64url(bytes([number]) * 32)) for number, name in enumerate(names))


def check(task: Task, assertion: Assertion) -> x509.Certificate:
    """Verify challenge and documents with the key of the certificate, as the site would; chain and status are not ours.

    Raises:
        InvalidSignature: it does not hold.
    """
    certificate = x509.load_der_x509_certificate(from_base64url(assertion.certificate))
    key = certificate.public_key()
    listed = tuple(one.digest for one in task.documents)
    message = challenge_bytes(task.origin, task.txn, from_base64url(task.challenge), listed)
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(from_base64url(assertion.signature), message, ec.ECDSA(hashes.SHA384()))
        return certificate
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(from_base64url(assertion.signature), message, padding.PKCS1v15(), hashes.SHA256())
    for signed, one in zip(assertion.documents, task.documents, strict=True):
        key.verify(from_base64url(signed), from_base64url(one.digest), padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    return certificate


@dataclass
class Site:
    """What the site was told, and what it is to answer."""

    origin: str = ""
    agent: str = ""
    task: Task | None = None
    assertions: list[Assertion] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    origins_seen: list[str] = field(default_factory=list)
    problem: tuple[int, dict[str, object]] | None = None
    referrer_policy: str = "origin"

    def handlers(self) -> list[ControllerRouterHandler]:
        @get("/", sync_to_thread=False, media_type=MediaType.HTML)
        def page() -> Response[str]:
            assert self.task is not None
            text = PAGE.format(action=f"{self.agent}/use", name=TASK_FIELD, task=pack(self.task))
            headers = {
                "Content-Security-Policy": f"default-src 'none'; form-action 'self' {self.agent.removesuffix('/card')}",
                "Referrer-Policy": self.referrer_policy,
            }
            return Response(text, media_type=MediaType.HTML, headers=headers)

        @post("/deliver", status_code=200)
        async def deliver(request: Request[Any, Any, Any]) -> Response[bytes]:
            assertion = msgspec.json.decode(await request.body(), type=Assertion)
            self.assertions.append(assertion)
            if self.problem is not None:
                status, document = self.problem
                return Response(
                    msgspec.json.encode(document), status_code=status, media_type="application/problem+json"
                )
            return Response(msgspec.json.encode(Receipt(code="one-time")), media_type=MediaType.JSON)

        @post("/deliver/removed", status_code=200)
        async def removed(request: Request[Any, Any, Any]) -> None:
            self.removed.append(msgspec.json.decode(await request.body())["txn"])

        @get("/back", sync_to_thread=False, media_type=MediaType.HTML)
        def back(request: Request[Any, Any, Any]) -> str:
            return f"<!doctype html><html lang='ja'><title>back</title><p id=q>{sorted(request.query_params)}</p>"

        return [page, deliver, removed, back]


def problem(status: int, ja: str, en: str, code: str = "certificate_revoked") -> tuple[int, dict[str, object]]:
    return status, {
        "type": f"urn:renkei:error:{code}", "title": en, "status": status, "code": code,
        "family": "refused" if status < 500 else "failed", "ja": ja, "en": en,
    }  # fmt: skip
