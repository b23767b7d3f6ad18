"""Signing in with the card: everything that is checked of an answer, with the status kept, beside its raw signatures.

    python -m bench.bench_sign_in

A login here is one call of `operations.card_signin.verify` with the answer read from JSON: challenge, chain, profile,
period, sureness, kept status, and the answer made ready to be stored. What the store adds is told apart.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from renkei.base.encoding import from_base64url, to_base64url
from renkei.base.time import to_ms
from renkei.contracts.card_agent import Assertion, challenge_bytes
from renkei.contracts.identity import Acr, Realm
from renkei.crypto.person_certificates import CertificateItems
from renkei.crypto.signing_keys import Algorithm, SigningKey, SoftwareKey
from renkei.institutions.card import store as card_store
from renkei.institutions.card.model.issuing import Application
from renkei.institutions.card.service import CardAuthority
from renkei.institutions.identity import store
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.settings import Settings
from renkei.institutions.identity.model.signin import Purpose, Round
from renkei.institutions.identity.operations import rounds
from renkei.institutions.identity.operations.card_signin import CardTrust, Statuses, deliver, verify
from renkei.platform.clock import SystemClock
from renkei.platform.database import Database
from renkei.platform.web.kit import WebKit

PEOPLE = 200
LOGINS, STORED = 6_000, 1_000
AT_ONCE = 64
CHUNK = 200
ORIGIN = "https://id.example"


class SignInRun(NamedTuple):
    """One run, a second, on one core."""

    login: float
    login_floor: float
    """Two bare RSA-2048 verifications: the authority's on the certificate, the card's by the key read from it."""
    stored: float
    """Logins delivered and durable in SQLite, `AT_ONCE` at a time."""

    @property
    def ratio(self) -> float:
        """Times the floor."""
        return self.login_floor / self.login


class _Keys:
    """Keys of this process alone."""

    def __init__(self) -> None:
        self._made: dict[str, SoftwareKey] = {}

    def obtain(self, name: str, algorithm: Algorithm) -> SigningKey:
        return self._made.setdefault(name, SoftwareKey.generate(algorithm))


class _NoLinks:
    async def replaced(self, at: object) -> None:
        return None

    partner = replaced


class _Bench(NamedTuple):
    means: Means
    trust: CardTrust
    holder: SoftwareKey
    certificates: list[bytes]
    anchor: x509.Certificate


def run_sign_in(folder: Path, *, runs: int) -> list[SignInRun]:
    """Measure; the people are made once."""
    return asyncio.run(_run(folder, runs))


async def _run(folder: Path, runs: int) -> list[SignInRun]:
    with (
        Database.open("sqlite://", metadata=card_store.metadata) as card_db,
        Database.open(f"sqlite:///{folder / 'identity.db'}", metadata=store.metadata) as db,
    ):
        bench = await _prepare(card_db, db)
        return [await _once(bench) for _ in range(runs)]


async def _prepare(card_db: Database, db: Database) -> _Bench:
    clock = SystemClock()
    authority = CardAuthority(card_db, keys=_Keys(), base_url="https://card.example", clock=clock)
    await authority.start()
    holder = SoftwareKey.generate("RS256")
    items = CertificateItems.of(name="見本　太郎", sex="male", birth=date(1980, 2, 3), address="見本市見本町１－１")
    certificates = []
    for number in range(PEOPLE):
        applied = Application(
            holder=f"holder-{number}", items=items, authentication_key=holder.public_key, card_expires=date(2036, 1, 1)
        )
        issued = await authority.issue(applied, user="bench")
        assert issued.authentication is not None
        certificates.append(issued.authentication.der)
    means = Means(
        db=db, clock=clock, settings=Settings(base_url=f"{ORIGIN}/identity"), kit=WebKit(), status=authority,
        pairwise_key=bytes(32), session_key=bytes(32),
    )  # fmt: skip
    authorities = authority.authorities()
    own = x509.load_der_x509_certificate(certificates[0])
    anchor = next(
        found for found in map(x509.load_der_x509_certificate, authority.anchors) if found.subject == own.issuer
    )
    trust = CardTrust(authorities, Statuses(authority, authorities), _NoLinks())
    return _Bench(means, trust, holder, certificates, anchor)


async def _once(bench: _Bench) -> SignInRun:
    asked = [_round(bench, number) for number in range(LOGINS)]
    for round_, body in asked[:PEOPLE]:  # the statuses are kept from now on
        await _login(bench, round_, body)
    login_s = floor_s = 0.0
    for first in range(0, LOGINS, CHUNK):  # in turns, so that both meet the same machine
        part = asked[first : first + CHUNK]
        login_s += await _timed(lambda part=part: _logins(bench, part))
        floor_s += _floor(bench, first, len(part))
    with bench.means.db.writing() as conn:
        for round_, _ in asked[:STORED]:
            rounds.open_round(conn, round_, browser_hash=bytes(32))
    stored_s = await _timed(lambda: _store(bench, [body for _, body in asked[:STORED]]))
    return SignInRun(LOGINS / login_s, LOGINS / floor_s, STORED / stored_s)


def _round(bench: _Bench, number: int) -> tuple[Round, bytes]:
    now = datetime.now(UTC)
    round_ = Round(
        txn=to_base64url(secrets.token_bytes(32)), purpose=Purpose.SIGN_IN, realm=Realm.MAIN, back="/identity/account",
        challenge=to_base64url(secrets.token_bytes(32)), acr=Acr.CARD, made_ms=to_ms(now),
        expires_ms=to_ms(now + timedelta(minutes=10)),
    )  # fmt: skip
    message = challenge_bytes(ORIGIN, round_.txn, from_base64url(round_.challenge))
    assertion = Assertion(
        txn=round_.txn, certificate=to_base64url(bench.certificates[number % PEOPLE]), algorithm="RS256",
        signature=to_base64url(bench.holder.sign(message)),
    )  # fmt: skip
    return round_, msgspec.json.encode(assertion)


async def _login(bench: _Bench, round_: Round, body: bytes) -> None:
    assertion = msgspec.json.decode(body, type=Assertion)
    await verify(bench.means, bench.trust, round_, assertion, bench.means.clock.now())


async def _logins(bench: _Bench, asked: list[tuple[Round, bytes]]) -> None:
    for round_, body in asked:
        await _login(bench, round_, body)


async def _store(bench: _Bench, bodies: list[bytes]) -> None:
    left = list(bodies)

    async def work() -> None:
        while left:
            assertion = msgspec.json.decode(left.pop(), type=Assertion)
            now = bench.means.clock.now()
            await deliver(bench.means, bench.trust, assertion, code_hash=bytes(32), now=now)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


def _floor(bench: _Bench, first: int, count: int) -> float:
    """Seconds for the same signatures, verified and nothing else.

    The holder's key is read from the certificate each time, as every login meets another person: a key that was just
    read is slower than one that verified before. The authority's key is kept.
    """
    pkcs1, sha = padding.PKCS1v15(), hashes.SHA256()
    issuer = bench.anchor.public_key()
    assert isinstance(issuer, rsa.RSAPublicKey)
    message = b"x" * 150
    proof = bench.holder.sign(message)
    start = time.perf_counter()
    for number in range(first, first + count):
        certificate = x509.load_der_x509_certificate(bench.certificates[number % PEOPLE])
        issuer.verify(certificate.signature, certificate.tbs_certificate_bytes, pkcs1, sha)
        certificate.public_key().verify(proof, message, pkcs1, sha)  # type: ignore[union-attr,call-arg,arg-type]
    return time.perf_counter() - start


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    start = time.perf_counter()
    await work()
    return time.perf_counter() - start


def main() -> None:
    """Measure three runs and print them."""
    with tempfile.TemporaryDirectory() as folder:
        measured = run_sign_in(Path(folder), runs=3)
    for run in measured:
        print(
            f"login {run.login:,.0f}/s; floor (2 RSA verifications) {run.login_floor:,.0f}/s; {run.ratio:.2f} times the"
            f" floor; delivered and durable {run.stored:,.0f}/s"
        )
    ratio = statistics.median(run.ratio for run in measured)
    login = statistics.median(run.login for run in measured)
    print(f"median: {login:,.0f}/s (promised 3,000), {ratio:.2f} times the floor (promised 3)")


if __name__ == "__main__":
    main()
