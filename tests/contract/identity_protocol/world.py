"""A provider over HTTP messages in one process, and clients that are written apart from it, on joserfc alone.

Who signs in and what they decide is set by the test: `Person` stands for the sign-in and the approval page.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey
from litestar import Litestar, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.testing import TestClient
from sqlalchemy import Connection

from renkei.base.encoding import to_base64url
from renkei.base.time import to_ms
from renkei.contracts.identity import CLIENT_ASSERTION, Acr, Acting, ClaimsOf, Path, Realm, Scope
from renkei.crypto.signing_keys import Algorithm, SoftwareKey
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Approved, Ask
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.operations import asks, clients, sessions
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.operations.logout import SessionEnds
from renkei.institutions.identity.web import PACKAGE, finish, signing_out
from renkei.institutions.identity.web.endpoints import endpoints
from renkei.institutions.identity.web.sessions import cookie_name, current, secret_hash
from renkei.platform.clock import Clock, MovableClock
from renkei.platform.database import Database
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, error_pages, page_router, see_other

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ORIGIN = "http://nation.example"
ISSUER = f"{ORIGIN}/identity/realms/main"
STAFF_ISSUER = f"{ORIGIN}/identity/realms/staff"
REDIRECT = "https://bank.example/cb"
OTHER_REDIRECT = "https://bank.example/cb?tab=1"
SIGNED_OUT = "https://bank.example/bye"
BANK_API = "https://bank.example/api"
VERIFIER = "v" * 43
CLAIMS = ClaimsOf(
    name="髙橋花子", name_substitutes="1000", address="東京都千代田区霞が関1-1", address_substitutes="0" * 13,
    birth=date(1960, 4, 1), sex="female", verified_ms=to_ms(NOW),
)  # fmt: skip
Key = ECKey | RSAKey | OKPKey


class Nobody:
    """A status source that is never asked here."""

    async def ask(self, request_der: bytes) -> bytes:
        raise AssertionError("not asked here")


class KeysInMemory:
    """Keys by name."""

    def __init__(self) -> None:
        self.made: dict[str, SoftwareKey] = {}

    def obtain(self, name: str, algorithm: Algorithm) -> SoftwareKey:
        return self.made.setdefault(name, SoftwareKey.generate(algorithm))


@cache
def kit() -> WebKit:
    """Loading every template takes a while: done once a run."""
    return WebKit([PACKAGE])


@dataclass
class Relying:
    """A client: its keys, and the requests that it makes. Every part of a request can be made wrong."""

    client_id: str
    clock: Clock
    key: Key = field(default_factory=lambda: ECKey.generate_key("P-256"))
    alg: str = "ES256"
    dpop_key: Key = field(default_factory=lambda: ECKey.generate_key("P-256"))
    issuer: str = ISSUER

    @property
    def jwk(self) -> dict[str, str]:
        return {**self.key.as_dict(private=False), "alg": self.alg, "kid": self.key.thumbprint()}  # type: ignore[dict-item]

    @property
    def thumbprint(self) -> str:
        return self.dpop_key.thumbprint()

    @property
    def seconds(self) -> int:
        return to_ms(self.clock.now()) // 1000

    def assertion(self, *, header: Mapping[str, Any] | None = None, key: Key | None = None, **claims: Any) -> str:
        made: dict[str, Any] = {
            "iss": self.client_id, "sub": self.client_id, "aud": self.issuer, "jti": secrets.token_urlsafe(8),
            "iat": self.seconds, "exp": self.seconds + 60,
        }  # fmt: skip
        made = {name: value for name, value in (made | claims).items() if value is not None}
        head = {"alg": self.alg, "kid": self.key.thumbprint(), **(header or {})}
        return sign(head, made, key or self.key)

    def proof(
        self, url: str, method: str = "POST", *, token: str = "", header: Mapping[str, Any] | None = None,
        key: Key | None = None, **claims: Any,
    ) -> str:  # fmt: skip
        made: dict[str, Any] = {"htm": method, "htu": url, "jti": secrets.token_urlsafe(8), "iat": self.seconds}
        if token:
            made["ath"] = to_base64url(hashlib.sha256(token.encode()).digest())
        made = {name: value for name, value in (made | claims).items() if value is not None}
        used = key or self.dpop_key
        head = {"alg": "ES256", "typ": "dpop+jwt", "jwk": used.as_dict(private=False), **(header or {})}
        return sign(head, made, used)

    def form(self, parameters: Mapping[str, str], **changes: str | None) -> dict[str, str]:
        """The form of an authenticated request; None takes a parameter out."""
        form = {
            "client_id": self.client_id, "client_assertion_type": CLIENT_ASSERTION,
            "client_assertion": self.assertion(), **parameters,
        }  # fmt: skip
        return {name: value for name, value in (form | changes).items() if value is not None}


def sign(header: Mapping[str, Any], claims: object, key: Key) -> str:
    """A compact JWS, whatever its header says."""
    header = {name: value for name, value in header.items() if value is not None}
    algorithm = str(header["alg"])
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return jws.serialize_compact(header, msgspec.json.encode(claims), key, registry=registry)


def authorization(**changes: str | None) -> dict[str, str]:
    """Parameters of a good authorization request."""
    good = {
        "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid", "state": "state-1", "nonce": "nonce-1",
        "code_challenge": to_base64url(hashlib.sha256(VERIFIER.encode()).digest()), "code_challenge_method": "S256",
    }  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not None}


class World:
    """The provider, its clock, its clients and the person at the browser."""

    def __init__(self, db: Database, *, origin: str = ORIGIN, clock: Clock | None = None) -> None:
        self.clock: Any = clock or MovableClock(NOW)
        settings = Settings(base_url=f"{origin}/identity")
        self.means = Means(
            db=db, clock=self.clock, settings=settings, kit=kit(), status=Nobody(), pairwise_key=b"p" * 32,
            session_key=b"s" * 32,
        )  # fmt: skip
        self.keys = {
            realm: ProviderKeys(settings.issuer(realm), realm=realm, store=KeysInMemory(), clock=self.clock)
            for realm in Realm
        }
        self.claims: dict[str, ClaimsOf] = {"hanako": CLAIMS}
        self.posted: list[tuple[str, dict[str, str]]] = []
        self.post_fails: Exception | None = None
        issuer = settings.issuer(Realm.MAIN)
        self.bank = Relying("bank", self.clock, issuer=issuer)
        self.evil = Relying("evil", self.clock, issuer=issuer)
        self.api = Relying("api", self.clock, issuer=issuer)
        self.register(
            Client(
                client_id="bank", name_ja="みほん銀行", name_en="Mihon Bank", sector="bank.example",
                redirect_uris=(REDIRECT, OTHER_REDIRECT), logout_uris=(SIGNED_OUT,),
                backchannel_logout_uri="https://bank.example/logout", jwks=(self.bank.jwk,),
                scopes=frozenset(one.value for one in Scope), payment_locations=frozenset((BANK_API,)),
                grants=frozenset(("authorization_code", "refresh_token", "client_credentials")),
            ),
            Client(
                client_id="evil", name_ja="悪者", name_en="Evil", sector="evil.example",
                redirect_uris=("https://evil.example/cb",), jwks=(self.evil.jwk,), scopes=frozenset(("openid",)),
            ),
            Client(
                client_id="api", name_ja="銀行の窓口", name_en="Bank API", sector="api.example", jwks=(self.api.jwk,),
                audience_of=BANK_API, grants=frozenset(),
            ),
        )  # fmt: skip
        self.ends = SessionEnds(self.means, self.keys, self._post)

    async def _post(self, url: str, form: Mapping[str, str]) -> None:
        if self.post_fails is not None:
            raise self.post_fails
        self.posted.append((url, dict(form)))

    def register(self, *made: Client) -> None:
        with self.means.db.writing() as conn:
            for one in made:
                clients.register(conn, one, self.clock.now())

    def app(self, *, willing: bool = False) -> Litestar:
        """The provider.

        Args:
            willing: its approval page agrees at once for whoever is signed in.
        """
        handlers = [
            part
            for keys in self.keys.values()
            for part in endpoints(self.means, keys, claims_of=lambda _conn, account: self.claims.get(account))
        ]
        pages = page_router(self.means.kit, [*finish.handlers(self.means), *([self._willing()] if willing else [])])
        return Litestar(
            [*handlers, pages, *signing_out.handlers(self.means, self.keys, self.ends)],
            exception_handlers=error_pages(self.means.kit), openapi_config=None,
        )  # fmt: skip

    def _willing(self) -> HTTPRouteHandler:
        @get("/identity/approve/{ask_id:str}")
        async def approve(request: AnyRequest, ask_id: FromPath[str]) -> Response[str]:
            session = await current(self.means, request)
            assert session is not None
            now = self.clock.now()

            def decide(conn: Connection) -> None:
                asks.approve(conn, approved_in(session, asks.get(conn, ask_id, now)), now)

            await self.means.db.write(decide)
            return see_other(f"/identity/finish/{ask_id}")

        return approve

    def sign_in(self, account_id: str = "hanako", *, realm: Realm = Realm.MAIN, shared: bool = False) -> Person:
        now, cookie = self.clock.now(), secrets.token_urlsafe(32)
        session = Session(
            session_id=f"sid-{secrets.token_hex(4)}", realm=realm, account_id=account_id, acr=Acr.CARD,
            amr=("sc", "pin", "mfa"), auth_ms=to_ms(now), started_ms=to_ms(now), seen_ms=to_ms(now), device="Chrome",
            shared_terminal=shared,
        )  # fmt: skip
        with self.means.db.writing() as conn:
            sessions.begin(
                conn, session, secret_hash=secret_hash(self.means, cookie), settings=self.means.settings, now=now
            )
        return Person(self, session, cookie)


@dataclass
class Person:
    """Somebody signed in at a browser, and what they decide."""

    world: World
    session: Session
    cookie: str

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie_name(self.session.realm): self.cookie}

    def approve(self, ask_id: str, *, acting: Acting | None = None, actor: str = "", subject: str = "") -> None:
        """What the approval page does when the person agrees to everything."""
        world, now = self.world, self.world.clock.now()
        with world.means.db.writing() as conn:
            approved = msgspec.structs.replace(
                approved_in(self.session, asks.get(conn, ask_id, now)), acting=acting, actor_account_id=actor,
                account_id=subject or self.session.account_id,
            )  # fmt: skip
            asks.approve(conn, approved, now)

    def deny(self, ask_id: str) -> None:
        """What the approval page does when the person says no."""
        with self.world.means.db.writing() as conn:
            asks.deny(
                conn, ask_id, self.world.clock.now(), account_id=self.session.account_id,
                session_id=self.session.session_id,
            )  # fmt: skip


def approved_in(session: Session, ask: Ask) -> Approved:
    """Somebody agrees to everything."""
    return Approved(
        ask_id=ask.ask_id, realm=ask.realm, client_id=ask.client_id, account_id=session.account_id,
        session_id=session.session_id, acr=session.acr, amr=session.amr, auth_ms=session.auth_ms, scopes=ask.scopes,
        claims=ask.claims, payments=ask.payments, sign_transaction_id=ask.sign_transaction_id,
        shared_terminal=session.shared_terminal, test=session.test,
    )  # fmt: skip


class Http:
    """Requests of clients and browsers."""

    def __init__(self, world: World, client: TestClient[Litestar]) -> None:
        self.world, self.raw = world, client

    def push(self, who: Relying | None = None, *, proof: str | None = None, **changes: str | None) -> Any:
        who = who or self.world.bank
        form = who.form(authorization(), **changes)
        headers = {} if proof is None else {"DPoP": proof}
        return self.raw.post(path(Path.PUSHED), data=form, headers=headers)

    def pushed(self, who: Relying | None = None, **changes: str | None) -> str:
        answer = self.push(who, **changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["request_uri"])

    def authorize(self, request_uri: str | None, client_id: str | None = "bank", **more: str) -> Any:
        query = {"client_id": client_id, "request_uri": request_uri, **more}
        return self.raw.get(
            path(Path.AUTHORIZE), params={k: v for k, v in query.items() if v is not None}, follow_redirects=False
        )

    def ask(self, who: Relying | None = None, **changes: str | None) -> str:
        """Push, bring to the browser; the id of the ask."""
        who = who or self.world.bank
        answer = self.authorize(self.pushed(who, **changes), who.client_id)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"].rpartition("/")[2])

    def finish(self, ask_id: str, person: Person | None) -> Any:
        self.raw.cookies.clear()
        for name, value in (person.cookies if person else {}).items():
            self.raw.cookies.set(name, value)
        answer = self.raw.get(f"/identity/finish/{ask_id}", follow_redirects=False)
        self.raw.cookies.clear()
        return answer

    def code(self, who: Relying | None = None, person: Person | None = None, **changes: str | None) -> str:
        """Everything up to the code."""
        person = person or self.world.sign_in()
        ask_id = self.ask(who, **changes)
        person.approve(ask_id)
        return answered(self.finish(ask_id, person))["code"]

    def token(
        self,
        parameters: Mapping[str, str],
        who: Relying | None = None,
        *,
        proof: str | None = "",
        **changes: str | None,
    ) -> Any:
        who = who or self.world.bank
        headers = {} if proof is None else {"DPoP": proof or who.proof(url(Path.TOKEN))}
        return self.raw.post(path(Path.TOKEN), data=who.form(parameters, **changes), headers=headers)

    def redeem(self, code: str, who: Relying | None = None, *, proof: str | None = "", **changes: str | None) -> Any:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(given, who, proof=proof, **changes)

    def tokens(self, who: Relying | None = None, person: Person | None = None, **changes: str | None) -> dict[str, Any]:
        """A whole flow."""
        answer = self.redeem(self.code(who, person, **changes), who)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def userinfo(self, token: str, who: Relying | None = None, *, proof: str | None = "", scheme: str = "DPoP") -> Any:
        who = who or self.world.bank
        headers = {"Authorization": f"{scheme} {token}"}
        if proof is not None:
            headers["DPoP"] = proof or who.proof(url(Path.USERINFO), "GET", token=token)
        return self.raw.get(path(Path.USERINFO), headers=headers)

    def call(self, place: str, who: Relying, parameters: Mapping[str, str]) -> Any:
        return self.raw.post(path(place), data=who.form(parameters))


def path(place: str, issuer: str = ISSUER) -> str:
    return urlsplit(issuer).path + place


def url(place: str, issuer: str = ISSUER) -> str:
    return issuer + place


def answered(answer: Any) -> dict[str, str]:
    """What a browser brings back to the client."""
    assert answer.status_code == 303, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def claims_in(token: str) -> dict[str, Any]:
    """Payload of a token, unverified."""
    made: dict[str, Any] = msgspec.json.decode(jws.extract_compact(token.encode()).payload)
    return made


def refused(answer: Any, error: str, reason: str = "", status: int = 400) -> None:
    """Asserts an OAuth error."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["error"] == error, body
    assert body["code"], body
    assert answer.headers["cache-control"] == "no-store"
    if reason:
        assert f"({reason})" in body["error_description"] or f" {reason}" in body["error_description"], body
