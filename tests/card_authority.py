"""A synthetic authority for tests: generations of both uses, people, keys made once a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime, timedelta
from functools import cache, wraps
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from renkei.crypto.person_authority import Addresses, PersonAuthority, Question, Standing, read_ocsp_request
from renkei.crypto.person_certificates import (
    PersonAuthorities,
    PersonCertificate,
    Use,
    authority_name,
    read_person_certificate,
)
from renkei.crypto.person_items import CertificateItems
from renkei.crypto.revocation import ocsp_request
from renkei.crypto.signing_keys import Algorithm, SigningKey, SoftwareKey, as_private_key, hash_of
from renkei.institutions.card import store
from renkei.institutions.card.model.issuing import Application
from renkei.institutions.card.model.profiles import PRESENT, Profile
from renkei.institutions.card.service import CardAuthority
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
ADDRESSES = Addresses("https://card.example/jpki/crl/x.crl", "https://card.example/jpki/ocsp")
ITEMS = CertificateItems.of(
    name="見本　太郎", sex="male", birth=date(1980, 2, 3), address="見本県見本市見本町１－１", name_substitutes="01000"
)
MINUTES = timedelta(minutes=10)


@cache
def _made(_name: str, algorithm: Algorithm) -> SoftwareKey:
    return SoftwareKey.generate(algorithm)


def key(name: str, algorithm: Algorithm = "RS256") -> SoftwareKey:
    """A key by name; RSA keys are slow to make, so one of a name is made once a run."""
    return _made(name, algorithm)


class MemoryKeys:
    """A key store that forgets; `prefix` parts one test's keys from another's where that matters."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix

    def obtain(self, name: str, algorithm: Algorithm) -> SigningKey:
        return key(f"{self._prefix}{name}", algorithm)


def _delegated(authority: PersonAuthority, own: SigningKey, responder: SigningKey) -> PersonAuthority:
    der = authority.delegate(responder.public_key, not_before=NOW - YEAR, not_after=NOW + YEAR)
    return PersonAuthority.open(authority.certificate, own, responder=der, responder_key=responder)


def generation(use: Use, number: int = 1, algorithm: Algorithm = "RS256") -> PersonAuthority:
    """A generation with a responder; every number bears the same name."""
    return _generation(use, number, algorithm)


@cache
def _generation(use: Use, number: int, algorithm: Algorithm) -> PersonAuthority:
    own = key(f"{use.value}-{number}", algorithm)
    made = PersonAuthority.create(use, own, not_before=NOW - 3 * YEAR, not_after=NOW + 7 * YEAR)
    return _delegated(made, own, key(f"{use.value}-{number}-ocsp", "ES256"))


def authorities(*generations: PersonAuthority) -> PersonAuthorities:
    """Trust in these generations; in the first of both uses where none is named."""
    chosen = generations or tuple(generation(use) for use in Use)
    return PersonAuthorities([one.certificate for one in chosen])


def person(by: PersonAuthority, *, holder: SigningKey | None = None, serial: int = 4711, **changes: Any) -> bytes:
    """A person's certificate, DER."""
    use = by.authority.use
    algorithm: Algorithm = "ES384" if by.authority.public_key.key_size == 384 else "RS256"
    given = {
        "serial": serial, "common_name": "A1B2C3D4131121", "not_before": NOW - YEAR, "not_after": NOW + YEAR,
        "addresses": ADDRESSES, "items": ITEMS if use is Use.SIGNATURE else None,
    }  # fmt: skip
    return by.issue((holder or key("person", algorithm)).public_key, **{**given, **changes})


def read(der: bytes, *generations: PersonAuthority, at: datetime = NOW) -> PersonCertificate:
    """The verified certificate."""
    return read_person_certificate(der, authorities=authorities(*generations), at=at)


def certificate(use: Use = Use.AUTHENTICATION, number: int = 1) -> PersonCertificate:
    """A good certificate."""
    by = generation(use, number)
    return read(person(by), by)


def question(of: PersonCertificate, trusted: PersonAuthorities, **changes: Any) -> tuple[bytes, Question]:
    """An OCSP request, and what the responder reads."""
    request = ocsp_request(of, authorities=trusted, **changes)
    return request, read_ocsp_request(request)


def answer(by: PersonAuthority, asked: Question, standing: Standing | None = None, *, at: datetime = NOW) -> bytes:
    """The responder's answer; good where no standing is named."""
    return by.answer(asked, standing or Standing(), now=at, good_for=MINUTES)


def forged(
    by: SigningKey, *, issuer: x509.Name, without: type[x509.ExtensionType] | None = None,
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = (), use: Use = Use.AUTHENTICATION,
) -> bytes:  # fmt: skip
    """A certificate like a good one, signed by any key, under any name, with an extension left out or replaced."""
    model = x509.load_der_x509_certificate(person(generation(use)))
    builder = (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(model.subject)
        .public_key(model.public_key())
        .serial_number(model.serial_number)
        .not_valid_before(model.not_valid_before_utc)
        .not_valid_after(model.not_valid_after_utc)
    )
    replaced = {type(value) for value, _ in extra}
    for extension in model.extensions:
        kind = type(extension.value)
        if kind is not without and kind not in replaced:
            builder = builder.add_extension(extension.value, critical=extension.critical)
    for value, critical in extra:
        builder = builder.add_extension(value, critical=critical)
    return builder.sign(as_private_key(by), hash_of(by.algorithm)).public_bytes(Encoding.DER)


def name_of(use: Use) -> x509.Name:
    """The name of every generation."""
    return authority_name(use)


def application(holder: str = "holder-1", **changes: Any) -> Application:
    """Both certificates for an adult."""
    given = {
        "holder": holder, "items": ITEMS, "municipality": "131121", "municipality_name": "見本市",
        "authentication_key": key("person").public_key, "signature_key": key("person-2").public_key,
        "card_expires": date(2035, 2, 3),
    }  # fmt: skip
    return Application(**{**given, **changes})


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that awaits, run in a loop of its own."""

    @wraps(test)
    def run(*args: Any, **given: Any) -> None:
        asyncio.run(test(*args, **given))

    return run


async def opened(
    folder: Path | None = None, *, db: Database | None = None, clock: MovableClock | None = None,
    profile: Profile = PRESENT, keys: Callable[[], Any] = MemoryKeys,
) -> tuple[CardAuthority, MovableClock]:  # fmt: skip
    """A running authority over a store, with its clock."""
    clock = clock or MovableClock(NOW)
    db = db or Database.open(f"sqlite:///{folder / 'card.db'}" if folder else "sqlite://", metadata=store.metadata)
    authority = CardAuthority(db, keys=keys(), base_url="https://card.example", clock=clock, profile=profile)
    await authority.start()
    return authority, clock
