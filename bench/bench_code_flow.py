"""The whole code flow over HTTP: pushed request, authorization, decision, way back, tokens under DPoP.

The provider runs in a process of its own, on a file store that is synced at every commit. The person is played by a
page that agrees at once; everything else is what relying parties meet. Client and provider share the machine's cores.

    python -m bench.bench_code_flow
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from litestar import Litestar, Response, get
from litestar.params import FromPath
from sqlalchemy import Connection

from renkei.base.encoding import to_base64url
from renkei.base.time import to_ms
from renkei.contracts.identity import CLIENT_ASSERTION, Acr, Realm, Scope
from renkei.contracts.identity import Path as Endpoint
from renkei.crypto.signing_keys import SoftwareKey, SoftwareKeys, to_jose
from renkei.institutions.identity import store
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.operations import asks, clients, sessions
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.web import PACKAGE, finish
from renkei.institutions.identity.web.endpoints import endpoints
from renkei.institutions.identity.web.sessions import cookie_name, current, secret_hash
from renkei.platform.clock import SystemClock
from renkei.platform.database import Database
from renkei.platform.http_client import HttpWire
from renkei.platform.http_server import HttpServer
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, error_pages, page_router, see_other
from renkei.platform.wire import Request

ROOT = Path(__file__).resolve().parent.parent
FLOWS, IN_FLIGHT, RUNS, WARM_UP = 1_000, 4, 3, 100
REDIRECT = "https://bank.example/cb"
VERIFIER = "v" * 43
CHALLENGE = to_base64url(hashlib.sha256(VERIFIER.encode()).digest())
VERIFICATIONS, SIGNATURES = 3, 2
"""Of the provider, a flow: two client assertions and a DPoP proof; an access token and an ID token."""
CLIENT_SIGNATURES = 3


class CodeFlowRun(NamedTuple):
    """One measured run."""

    per_s: float
    p50_ms: float
    p99_ms: float
    provider_ms: float
    """Processor time of the provider, a flow."""
    floor_ms: float
    """Of which bare signatures and verifications."""


def run_code_flow(
    folder: Path, *, runs: int = RUNS, flows: int = FLOWS, in_flight: int = IN_FLIGHT
) -> list[CodeFlowRun]:
    """Measure; the floor is taken before and after."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    key = SoftwareKey.generate("ES256")
    cookie = _prepare(folder, port, key)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"}
    command = [sys.executable, "-m", "bench.bench_code_flow", "--serve", str(folder), "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        server.stdout.readline()
        floor_ms = floor()
        measured = []
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            driver = Driver(port, key, cookie)
            runner.run(driver.drive(WARM_UP, in_flight))
            for _ in range(runs):
                before = _cpu_s(server.pid)
                took, each = runner.run(driver.drive(flows, in_flight))
                used = _cpu_s(server.pid) - before
                each.sort()
                measured.append(
                    CodeFlowRun(
                        flows / took, statistics.median(each) * 1e3, each[int(0.99 * len(each))] * 1e3,
                        used / flows * 1e3, floor_ms,
                    )
                )  # fmt: skip
            runner.run(driver.close())
        return measured
    finally:
        server.terminate()
        server.wait()


def _cpu_s(pid: int) -> float:
    """Processor time that a process has used so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def floor(rounds: int = 300) -> float:
    """Milliseconds of the bare signatures and verifications of one flow at the provider."""
    key = ec.generate_private_key(ec.SECP256R1())
    public, scheme, data = key.public_key(), ec.ECDSA(SHA256()), b"x" * 400
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(rounds):
            for _ in range(SIGNATURES):
                signature = key.sign(data, scheme)
            for _ in range(VERIFICATIONS):
                public.verify(signature, data, scheme)
        best = min(best, (time.perf_counter() - start) / rounds)
    return best * 1e3


# --- the client ---


class Driver:
    """A relying party and its person's browser, as lean as can be."""

    def __init__(self, port: int, key: SoftwareKey, cookie: str) -> None:
        self._origin = f"http://127.0.0.1:{port}"
        self._issuer = f"{self._origin}/identity/realms/main"
        self._base = urlsplit(self._issuer).path
        self._key, self._cookie, self._kid = key, cookie, jwk_of(key)["kid"]
        self._wire: HttpWire | None = None

    async def drive(self, flows: int, in_flight: int) -> tuple[float, list[float]]:
        """Seconds in all, and of each flow."""
        self._wire = self._wire or HttpWire(lambda _: self._origin, connections_max=in_flight)
        left = [flows]
        each: list[float] = []

        async def work() -> None:
            while left[0] > 0:
                left[0] -= 1
                start = time.perf_counter()
                await self._flow()
                each.append(time.perf_counter() - start)

        start = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(in_flight)))
        return time.perf_counter() - start, each

    async def close(self) -> None:
        if self._wire is not None:
            await self._wire.close()

    async def _flow(self) -> None:
        dpop = SoftwareKey.generate("ES256")
        pushed = await self._form(
            Endpoint.PUSHED,
            {
                "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid", "state": secrets.token_urlsafe(9),
                "nonce": secrets.token_urlsafe(9), "code_challenge": CHALLENGE, "code_challenge_method": "S256",
                "dpop_jkt": jwk_of(dpop)["kid"],
            },
        )  # fmt: skip
        reference = msgspec.json.decode(pushed)["request_uri"]
        query = urlencode({"client_id": "bank", "request_uri": reference})
        there = await self._follow(f"{self._base}{Endpoint.AUTHORIZE}?{query}")
        there = await self._follow(there)
        there = await self._follow(there)
        code = dict(parse_qsl(urlsplit(there).query))["code"]
        proof = self._sign(
            {"alg": "ES256", "typ": "dpop+jwt", "jwk": jwk_of(dpop)},
            {
                "htm": "POST", "htu": self._issuer + Endpoint.TOKEN, "jti": secrets.token_urlsafe(9),
                "iat": int(time.time()),
            },
            dpop,
        )  # fmt: skip
        answer = await self._form(
            Endpoint.TOKEN,
            {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER},
            {"dpop": proof},
        )
        if "id_token" not in msgspec.json.decode(answer):
            raise RuntimeError("no ID token")

    async def _form(self, place: str, parameters: dict[str, str], headers: dict[str, str] | None = None) -> bytes:
        now = int(time.time())
        claims = {
            "iss": "bank", "sub": "bank", "aud": self._issuer, "jti": secrets.token_urlsafe(9), "iat": now,
            "exp": now + 60,
        }  # fmt: skip
        assertion = self._sign({"alg": "ES256", "kid": self._kid}, claims, self._key)
        body = urlencode({**parameters, "client_assertion_type": CLIENT_ASSERTION, "client_assertion": assertion})
        sent = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
        answer = await self._send("POST", self._base + place, sent, body.encode())
        if answer.status not in (200, 201):
            raise RuntimeError(f"{place}: {answer.status}")
        return answer.body

    async def _follow(self, path: str) -> str:
        answer = await self._send("GET", path, {"cookie": self._cookie}, b"")
        if answer.status != 303:
            raise RuntimeError(f"{path}: {answer.status}")
        return answer.headers["location"]

    async def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        assert self._wire is not None
        answer = await self._wire.send(Request(method, urlsplit(self._origin).netloc, path, headers, body))
        return Answer(answer.status, dict(answer.headers), answer.body)

    @staticmethod
    def _sign(header: dict[str, object], claims: dict[str, object], key: SoftwareKey) -> str:
        text = f"{to_base64url(msgspec.json.encode(header))}.{to_base64url(msgspec.json.encode(claims))}"
        return f"{text}.{to_base64url(to_jose('ES256', key.sign(text.encode())))}"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def jwk_of(key: SoftwareKey) -> dict[str, str]:
    """The public key as it is registered, named by its thumbprint."""
    assert isinstance(key.public_key, ec.EllipticCurvePublicKey)
    numbers = key.public_key.public_numbers()
    x, y = (to_base64url(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    digest = hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest()
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": to_base64url(digest), "alg": "ES256"}


# --- the provider ---


def _means(folder: Path, port: int) -> Means:
    db = Database.open(f"sqlite:///{folder / 'identity.db'}", metadata=store.metadata, brief=True)
    return Means(
        db=db, clock=SystemClock(), settings=Settings(base_url=f"http://127.0.0.1:{port}/identity"),
        kit=WebKit([PACKAGE]), status=_Nobody(), pairwise_key=b"p" * 32, session_key=b"s" * 32,
    )  # fmt: skip


class _Nobody:
    async def ask(self, request_der: bytes) -> bytes:
        raise NotImplementedError


def _prepare(folder: Path, port: int, key: SoftwareKey) -> str:
    """Register the client and sign the person in; returns the browser's cookie."""
    means = _means(folder, port)
    now, cookie = means.clock.now(), secrets.token_urlsafe(32)
    session = Session(
        session_id="sid-1", realm=Realm.MAIN, account_id="a-1", acr=Acr.CARD, amr=("sc", "pin", "mfa"),
        auth_ms=to_ms(now), started_ms=to_ms(now), seen_ms=to_ms(now), device="Chrome",
    )  # fmt: skip
    bank = Client(
        client_id="bank", name_ja="みほん銀行", name_en="Mihon Bank", sector="bank.example", redirect_uris=(REDIRECT,),
        jwks=(jwk_of(key),), scopes=frozenset((Scope.OPENID.value,)),
    )  # fmt: skip
    with means.db.writing() as conn:
        clients.register(conn, bank, now)
        sessions.begin(conn, session, secret_hash=secret_hash(means, cookie), settings=means.settings, now=now)
    means.db.close()
    return f"{cookie_name(Realm.MAIN)}={cookie}"


async def serve(folder: Path, port: int) -> None:
    """Be the provider until the process is ended."""
    means = _means(folder, port)
    keys = ProviderKeys(
        means.settings.issuer(Realm.MAIN), realm=Realm.MAIN, store=SoftwareKeys(folder / "keys"), clock=means.clock
    )

    @get("/identity/approve/{ask_id:str}")
    async def approve(request: AnyRequest, ask_id: FromPath[str]) -> Response[str]:
        session = await current(means, request)
        if session is None:
            raise RuntimeError("nobody is signed in")
        now = means.clock.now()
        await means.db.write(partial(_decide, ask_id=ask_id, session=session, now=now), brief=True)
        return see_other(f"/identity/finish/{ask_id}")

    pages = page_router(means.kit, [*finish.handlers(means), approve])
    app = Litestar([*endpoints(means, keys), pages], exception_handlers=error_pages(means.kit), openapi_config=None)
    server = HttpServer(app, port=port)
    await server.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


def _decide(conn: Connection, *, ask_id: str, session: Session, now: object) -> None:
    ask = asks.get(conn, ask_id, now)  # type: ignore[arg-type]
    approved = Approved(
        ask_id=ask_id, realm=ask.realm, client_id=ask.client_id, account_id=session.account_id,
        session_id=session.session_id, acr=session.acr, amr=session.amr, auth_ms=session.auth_ms, scopes=ask.scopes,
    )  # fmt: skip
    asks.approve(conn, approved, now)  # type: ignore[arg-type]


def main() -> None:
    """Measure and print, or serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--in-flight", type=int, default=IN_FLIGHT)
    chosen = parser.parse_args()
    if chosen.serve:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(chosen.serve, chosen.port))
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as folder:
        for run in run_code_flow(Path(folder), in_flight=chosen.in_flight):
            print(
                f"{run.per_s:.0f} flows/s, p50 {run.p50_ms:.1f} ms, p99 {run.p99_ms:.1f} ms; provider: "
                f"{run.provider_ms:.2f} ms of processor time a flow (bare signatures {run.floor_ms:.2f} ms)"
            )


if __name__ == "__main__":
    main()
