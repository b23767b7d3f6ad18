"""A small nation: a provider double that speaks the protocol, the bank and the filing service on one site.

The double approves at once, or declines where told so; signatures are those of a declared person. Everything between
the services (pushed requests, tokens bound to keys, introspection, payments over HTTP) is real.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils
from litestar import Litestar, Response, get
from litestar.testing import TestClient
from tests.unit.documents import people

from renkei.base.encoding import from_base64url, to_base64url
from renkei.base.time import to_ms
from renkei.channels.bank import store as bank_store
from renkei.channels.bank.model import SampleAccount
from renkei.channels.bank.operations import Bank
from renkei.channels.bank.web import PACKAGE as BANK_PAGES
from renkei.channels.bank.web.api import api_handlers
from renkei.channels.bank.web.pages import page_handlers as bank_pages
from renkei.channels.filing import queries
from renkei.channels.filing import store as filing_store
from renkei.channels.filing.bank import BankClient
from renkei.channels.filing.model.returns import Return
from renkei.channels.filing.model.tax import Slip
from renkei.channels.filing.operations import Filing, Trust
from renkei.channels.filing.web import PACKAGE as FILING_PAGES
from renkei.channels.filing.web.pages import page_handlers as filing_pages
from renkei.contracts.identity import Payment, SignedIn
from renkei.crypto.signing_keys import SoftwareKey
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database
from renkei.platform.openid.errors import ProviderUnreachable
from renkei.platform.openid.flow import half_hash
from renkei.platform.openid.jose import Header, Jwk, ec_public, jwk_of, open_jws, sign_jws, thumbprint
from renkei.platform.openid.relying_party import RelyingParty
from renkei.platform.openid.resource import ResourceServer
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, error_pages, page_router, see_other, static_handler
from renkei.platform.web.rp_sessions import RpSessions
from renkei.platform.wire import Response as Answer

OPENING_YEN = 500_000
SLIP = Slip(payer="見本商事株式会社", pay_yen=5_000_000, withheld_yen=120_900, social_insurance_yen=720_000)
Headers = Mapping[str, str]


class Op:
    """The provider double."""

    def __init__(self, origin: str, clock: MovableClock) -> None:
        self.issuer, self.clock = f"{origin}/op", clock
        self.key = SoftwareKey.generate("ES256")
        self.person = "hanako"
        self.deny = self.forget_signatures = self.down = False
        self.pushed: dict[str, dict[str, str]] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.transactions: dict[str, dict[str, Any]] = {}
        self.touches = 0
        self.status_at: Any = None

    async def send(
        self, method: Literal["GET", "POST"], url: str, *, headers: Headers, body: bytes = b""
    ) -> Answer:  # fmt: skip
        if self.down:
            raise ProviderUnreachable()
        path = url.removeprefix(self.issuer)
        form = dict(parse_qsl(body.decode())) if body else {}
        if path == "/.well-known/openid-configuration":
            return self._metadata()
        if path == "/keys":
            return _json({"keys": [self._jwk()]})
        if path == "/par":
            uri = f"urn:ietf:params:oauth:request_uri:{secrets.token_hex(8)}"
            self.pushed[uri] = form
            return _json({"request_uri": uri, "expires_in": 60}, 201)
        if path == "/token":
            return self._token(form, headers)
        if path == "/userinfo":
            token = self.tokens[headers["authorization"].partition(" ")[2]]
            return _json({"sub": token["sub"], "name": "見本花子"})
        if path == "/introspect":
            return self._introspect(form)
        if path == "/sign" and method == "POST":
            txn = secrets.token_hex(8)
            self.transactions[txn] = {"documents": json.loads(form["documents"]), "result": None}
            return _json({"sign_transaction_id": txn}, 201)
        return self._signatures(path.removeprefix("/sign/"), headers)

    def approve(self, request: AnyRequest) -> str:
        """The person decides; gives where the browser goes."""
        asked = self.pushed.pop(request.query_params["request_uri"])
        answer = {"state": asked["state"], "iss": self.issuer}
        if self.deny:
            return f"{urlsplit(asked['redirect_uri']).path}?{urlencode(answer | {'error': 'access_denied'})}"
        if txn := asked.get("sign_transaction_id"):
            self._touch(txn)
        code = secrets.token_hex(8)
        self.codes[code] = asked
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode(answer | {'code': code})}"

    def _touch(self, txn: str) -> None:
        """One card touch."""
        self.touches += 1
        signer, documents = people.signer("RS256"), self.transactions[txn]["documents"]
        pieces = []
        for one in documents:
            signed = signer.key.private_key.sign(  # type: ignore[attr-defined]
                from_base64url(one["digest"]), padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())
            )
            pieces.append({**one, "signature": to_base64url(signed)})
        status = people.status(signer, at=self.status_at or self.clock.now())
        self.transactions[txn]["result"] = {
            "sign_transaction_id": txn, "certificate": to_base64url(signer.der), "algorithm": "RS256",
            "documents": pieces, "status": to_base64url(status), "status_source": "ocsp", "medium": "software",
        }  # fmt: skip

    def _token(self, form: dict[str, str], headers: Headers) -> Answer:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None:
            return _json({"error": "invalid_grant"}, 400)
        proof_key = open_jws(headers["dpop"], typ=lambda _typ: True).header.jwk
        assert isinstance(proof_key, Jwk)
        client, now_s = asked["client_id"], to_ms(self.clock.now()) // 1000
        details = json.loads(asked.get("authorization_details", "[]"))
        sub, common = f"{client}-{self.person}", {"iss": self.issuer, "iat": now_s, "exp": now_s + 300, "sid": "s1"}
        audience = [self.issuer, *[at for one in details for at in one["locations"]]]
        access = sign_jws(
            Header(alg="ES256", typ="at+jwt", kid=self._jwk().kid),
            common
            | {
                "sub": sub, "aud": audience, "jti": secrets.token_hex(4), "client_id": client,
                "scope": asked["scope"], "acr": "aal3", "cnf": {"jkt": thumbprint(proof_key)},
                "authorization_details": details,
            },
            self.key,
        )  # fmt: skip
        self.tokens[access] = {
            "sub": sub, "person": self.person, "client_id": client, "details": details, "live": True,
            "txn": asked.get("sign_transaction_id"),
        }  # fmt: skip
        claims = {
            "sub": sub, "aud": client, "nonce": asked["nonce"], "acr": "aal3", "amr": ["sc", "pin"], "test": True,
            "auth_time": now_s, "at_hash": half_hash(access),
        }  # fmt: skip
        identity = sign_jws(Header(alg="ES256", typ="JWT", kid=self._jwk().kid), common | claims, self.key)
        return _json(
            {
                "access_token": access, "token_type": "DPoP", "expires_in": 300, "id_token": identity,
                "scope": asked["scope"], "authorization_details": details,
            }
        )  # fmt: skip

    def _introspect(self, form: dict[str, str]) -> Answer:
        token = self.tokens.get(form["token"])
        if token is None or not token["live"]:
            return _json({"active": False})
        return _json(
            {
                "active": True, "sub": f"{form['client_id']}-{token['person']}", "client_id": token["client_id"],
                "authorization_details": token["details"],
            }
        )  # fmt: skip

    def _signatures(self, txn: str, headers: Headers) -> Answer:
        token = self.tokens[headers["authorization"].partition(" ")[2]]
        found = self.transactions.get(txn)
        if found is None or token["txn"] != txn or found["result"] is None:
            return _json({"error": "invalid_request"}, 400)
        result, found["result"] = found["result"], None
        if self.forget_signatures:
            raise ProviderUnreachable()
        return _json(result)

    def _metadata(self) -> Answer:
        endpoints = {
            "authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys",
            "pushed_authorization_request_endpoint": "/par", "userinfo_endpoint": "/userinfo",
            "introspection_endpoint": "/introspect", "sign_transactions_endpoint": "/sign",
        }  # fmt: skip
        return _json({"issuer": self.issuer} | {name: self.issuer + path for name, path in endpoints.items()})

    def _jwk(self) -> Jwk:
        return jwk_of(ec_public(self.key))


class BankWire:
    """HTTP from the filing service to the bank, which can fail before or after the bank heard it."""

    def __init__(self) -> None:
        self.app: Litestar | None = None
        self.down = self.loses_answers = False
        self.orders = 0

    async def send(
        self, method: Literal["GET", "POST"], url: str, *, headers: Headers, body: bytes = b""
    ) -> Answer:  # fmt: skip
        if self.down:
            raise ProviderUnreachable()
        self.orders += 1
        assert self.app is not None
        transport = httpx.ASGITransport(app=cast(Any, self.app))
        async with httpx.AsyncClient(transport=transport) as client:
            made = await client.request(method, url, headers=dict(headers), content=body)
        if self.loses_answers:
            raise ProviderUnreachable()
        return Answer(made.status_code, dict(made.headers), made.content)


class World:
    """Everything on one site."""

    def __init__(self, bank_db: Database, filing_db: Database, *, origin: str = "http://nation.example") -> None:
        self.origin, self.clock = origin, MovableClock(people.NOW)
        self.op, self.wire = Op(origin, self.clock), BankWire()
        self.slips: Sequence[Slip] = (SLIP,)
        self.stamps_down = False
        self.bank_base = f"{origin}/bank/api"
        self.bank_rp, self.filing_rp = self._rp("bank"), self._rp("filing")
        self.bank = Bank(
            db=bank_db, key=SoftwareKey.generate("ES256"), base_url=self.bank_base, clock=self.clock,
            accounts=lambda _person: SampleAccount(number="001-1234567", opening_yen=OPENING_YEN),
        )  # fmt: skip
        self.filing = Filing(
            db=filing_db, rp=self.filing_rp, payee="見本税務署", issuer=f"{origin}/filing", clock=self.clock,
            key=SoftwareKey.generate("ES256"), slips=self._slips, stamp=self._stamp,
            bank=BankClient(base_url=self.bank_base, key=self.bank.jwk, http=self.wire, clock=self.clock),
            trust=Trust(people.authorities(), [people.stamping()[1]]),
        )  # fmt: skip
        self.app = self._app()
        self.wire.app = self.app

    def _rp(self, name: str) -> RelyingParty:
        return RelyingParty(
            client_id=name, issuer=self.op.issuer, key=SoftwareKey.generate("ES256"), http=self.op, clock=self.clock,
            redirect_uri=f"{self.origin}/{name}/return", scopes=("openid", "name"),
        )  # fmt: skip

    async def _slips(self, _person: SignedIn, _year: int) -> Sequence[Slip]:
        return self.slips

    async def _stamp(self, request: bytes) -> bytes:
        if self.stamps_down:
            raise ConnectionError
        return people.answer(request, at=self.clock.now())

    def _app(self) -> Litestar:
        kit = WebKit([BANK_PAGES, FILING_PAGES])
        sessions: Callable[..., RpSessions] = lambda db, table, name: RpSessions(  # noqa: E731
            db, table, key=b"k" * 32, clock=self.clock, path=f"/{name}", cookie=f"{name}_sid"
        )
        resource = ResourceServer(provider=self.bank_rp.provider, audience=self.bank_base, clock=self.clock)

        @get("/op/auth")
        async def authorize(request: AnyRequest) -> Response[str]:
            return see_other(self.op.approve(request))

        pages = [
            *bank_pages(
                kit=kit, bank=self.bank, rp=self.bank_rp,
                sessions=sessions(self.bank.db, bank_store.rp_session, "bank"),
            ),
            *filing_pages(
                kit=kit, filing=self.filing, rp=self.filing_rp, bank_href="/bank",
                sessions=sessions(self.filing.db, filing_store.rp_session, "filing"),
            ),
            authorize,
        ]  # fmt: skip
        return Litestar(
            [
                page_router(kit, pages), static_handler(kit),
                *api_handlers(self.bank, resource=resource, rp=self.bank_rp),
            ],
            exception_handlers=error_pages(kit), openapi_config=None,
        )  # fmt: skip

    # --- what tests do and look at ---

    def client(self) -> TestClient[Litestar]:
        made = TestClient(self.app, base_url=self.origin)
        made.headers["sec-fetch-site"] = "same-origin"
        return made

    def found(self, person: str = "hanako") -> Return:
        return self.filing.db.read_now(lambda conn: queries.return_of(conn, f"filing-{person}", 2025))

    def payment(self, person: str = "hanako") -> Payment:
        payment = self.filing.payment_of(self.found(person))
        assert payment is not None
        return payment


def make_world(open_database: Callable[..., Database], **options: Any) -> World:
    return World(
        open_database(bank_store.metadata, name="bank"), open_database(filing_store.metadata, name="filing"), **options
    )


def _json(body: object, status: int = 200) -> Answer:
    return Answer(status, {"content-type": "application/json"}, msgspec.json.encode(body))
