"""The card's authority: a certificate verified for a sign-in, and OCSP answers, each beside its raw signatures.

python -m bench.bench_card
"""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from renkei.crypto.person_certificates import (
    CertificateItems,
    PersonCertificate,
    check,
    read_person_certificate,
    verify_signature,
)  # fmt: skip
from renkei.crypto.revocation import check_good, ocsp_request, read_ocsp
from renkei.crypto.signing_keys import Algorithm, SigningKey, SoftwareKey, hash_of
from renkei.institutions.card import store
from renkei.institutions.card.model.issuing import Application
from renkei.institutions.card.model.profiles import NEXT, PRESENT, Profile
from renkei.institutions.card.service import CardAuthority
from renkei.platform.clock import SystemClock
from renkei.platform.database import Database

HOLDERS = 2_000
SECONDS = 1.5
"""For each measured line and run."""


class CardRun(NamedTuple):
    """One run; all but the ratio are a second, on one core."""

    login: float
    """Challenge, chain and kept status of an authentication certificate, RSA-2048."""
    login_floor: float
    """Two bare verifications."""
    login_p384: float
    login_p384_floor: float
    ocsp: float
    """Answers with a nonce, each signed: read, looked up in a store of `HOLDERS` holders, signed."""
    ocsp_floor: float
    """Bare P-256 signatures."""
    ocsp_kept: float
    """Answers without nonce, given again."""

    @property
    def login_ratio(self) -> float:
        """Times the floor."""
        return self.login_floor / self.login

    @property
    def login_p384_ratio(self) -> float:
        """Times the floor."""
        return self.login_p384_floor / self.login_p384


class _Keys:
    """Keys of this process alone."""

    def __init__(self) -> None:
        self._made: dict[str, SoftwareKey] = {}

    def obtain(self, name: str, algorithm: Algorithm) -> SigningKey:
        if name not in self._made:
            self._made[name] = SoftwareKey.generate(algorithm)
        return self._made[name]


class _Sample(NamedTuple):
    authority: CardAuthority
    holder: SoftwareKey
    shown: list[PersonCertificate]


def run_card(folder: Path, *, runs: int) -> list[CardRun]:
    """Measure; the two generations' stores are made once."""
    samples = {profile.name: asyncio.run(_prepare(folder, profile)) for profile in (PRESENT, NEXT)}
    try:
        return [_once(samples[PRESENT.name], samples[NEXT.name]) for _ in range(runs)]
    finally:
        for sample in samples.values():
            sample.authority.db.close()


async def _prepare(folder: Path, profile: Profile) -> _Sample:
    db = Database.open(f"sqlite:///{folder / profile.name}.db", metadata=store.metadata)
    authority = CardAuthority(db, keys=_Keys(), base_url="https://card.example", clock=SystemClock(), profile=profile)
    await authority.start()
    holder = SoftwareKey.generate(profile.algorithm)
    items = CertificateItems.of(
        name="見本　太郎", sex="male", birth=date(1980, 2, 3), address="見本県見本市見本町１－１"
    )
    shown, trusted = [], authority.authorities()
    for number in range(HOLDERS if profile is PRESENT else 10):
        applied = Application(
            holder=f"holder-{number}", items=items, authentication_key=holder.public_key,
            card_expires=date(2035, 1, 1),
        )  # fmt: skip
        issued = await authority.issue(applied, user="bench")
        if issued.authentication is None:
            raise RuntimeError("nothing was issued")
        now = datetime.now(UTC)
        shown.append(read_person_certificate(issued.authentication.der, authorities=trusted, at=now))
    return _Sample(authority, holder, shown)


def _once(present: _Sample, coming: _Sample) -> CardRun:
    key = SoftwareKey.generate("ES256")
    return CardRun(
        _per_second(_login(present)),
        _per_second(_verify_twice(present)),
        _per_second(_login(coming)),
        _per_second(_verify_twice(coming)),
        asyncio.run(_answers(present, nonce=True)),
        _per_second(lambda: key.sign(b"x" * 300)),
        asyncio.run(_answers(present, nonce=False)),
    )


def _login(sample: _Sample) -> Callable[[], object]:
    trusted, now = sample.authority.authorities(), datetime.now(UTC)
    shown = sample.shown[0]
    answer = asyncio.run(sample.authority.ocsp(ocsp_request(shown, authorities=trusted)))
    status = read_ocsp(answer, certificate=shown, authorities=trusted, at=now)
    challenge = secrets.token_bytes(200)
    signature, algorithm = sample.holder.sign(challenge), sample.holder.algorithm

    def login() -> None:
        read = read_person_certificate(shown.der, authorities=trusted, at=now)
        verify_signature(read, algorithm=algorithm, signature=signature, data=challenge)
        check_good(status, now)

    return login


def _verify_twice(sample: _Sample) -> Callable[[], object]:
    key, kind = sample.holder.public_key, hash_of(sample.holder.algorithm)
    data = os.urandom(900)
    signature = sample.holder.sign(data)

    def verify() -> None:
        check(key, signature, data, kind)
        check(key, signature, data, kind)

    return verify


async def _answers(sample: _Sample, *, nonce: bool) -> float:
    trusted = sample.authority.authorities()
    requests = [ocsp_request(shown, authorities=trusted, nonce=nonce) for shown in sample.shown]
    answered, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        for request in requests[:200]:
            await sample.authority.ocsp(request)
        answered += len(requests[:200])
    return answered / (time.perf_counter() - start)


def _per_second(work: Callable[[], object]) -> float:
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        for _ in range(50):
            work()
        done += 50
    return done / (time.perf_counter() - start)


def main() -> None:
    """Print three runs."""
    with tempfile.TemporaryDirectory(prefix="renkei-bench-") as folder:
        for run in run_card(Path(folder), runs=3):
            print(
                f"sign-in RSA-2048 {run.login:,.0f}/s, {run.login_ratio:.2f} × floor; "
                f"P-384 {run.login_p384:,.0f}/s, {run.login_p384_ratio:.2f} × floor; "
                f"OCSP with nonce {run.ocsp:,.0f}/s (bare signatures {run.ocsp_floor:,.0f}/s), "
                f"without {run.ocsp_kept:,.0f}/s"
            )


if __name__ == "__main__":
    main()
