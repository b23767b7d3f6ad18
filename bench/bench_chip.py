"""The virtual card: a command beside a bare dispatch, a signature beside a bare one, a durable try beside its fsyncs.

python -m bench.bench_chip
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from renkei.base.personal_number import PersonalNumber
from renkei.base.time import add_years, jst_midnight
from renkei.institutions.card.chip.card import Card, keep_nothing
from renkei.institutions.card.chip.card_files import keeper
from renkei.institutions.card.chip.contents import Holder
from renkei.institutions.card.chip.keys import PrivateKey
from renkei.institutions.card.chip.personalise import CardKeys, KeyPair, Pins, generate_key, personalise
from renkei.institutions.card.chip.profile import JPKI_AID, NEXT, PRESENT, SUPPORT_AID, Profile
from renkei.institutions.card.chip.records import RecordIssuer
from renkei.institutions.card.chip.state import Keep

PIN, PASSWORD = "1234", "MIHON2026"
COMMANDS, SIGNATURES, DURABLE = 5_000, 500, 200
DAY = date(2026, 11, 23)

SELECT = b"\x00\xa4\x04\x0c\x0a" + JPKI_AID
SELECT_SUPPORT = b"\x00\xa4\x04\x0c\x0a" + SUPPORT_AID
VERIFY = b"\x00\x20\x00\x98\x04" + PIN.encode()
VERIFY_ITEMS = b"\x00\x20\x00\x91\x04" + PIN.encode()
SIGN = b"\x80\x2a\x03\x97\x20" + bytes(32) + b"\x00"


class ChipRun(NamedTuple):
    """One run, microseconds a command."""

    dispatch_us: float
    """An unknown instruction: parse, look up, refuse."""
    commands_us: dict[str, float]
    """Every command but signing."""
    sign_us: float
    sign_floor_us: float
    sign_p384_us: float
    sign_p384_floor_us: float
    durable_try_us: float
    """A right PIN on a card in a file: spent, kept, compared, given back, kept."""
    durable_try_floor_us: float
    """The same writes and fsyncs without a card."""

    @property
    def slowest_us(self) -> float:
        """Of the commands other than signing, on a card in memory."""
        return max(self.commands_us.values())


_Made: TypeAlias = tuple[Card, PrivateKey]


def run_chip(folder: Path, *, runs: int) -> list[ChipRun]:
    """Measure a card of the present generation and one of the coming, `runs` times."""
    card, coming = make(PRESENT), make(NEXT)
    path = folder / "bench.card"
    durable = make(PRESENT, keep=keeper(path))
    return [_run(card, coming, durable, path) for _ in range(runs)]


def _run(cards: _Made, coming: _Made, durable: _Made, path: Path) -> ChipRun:
    card, rsa_key = cards
    card.transmit(SELECT)
    card.transmit(VERIFY)
    commands = {
        "SELECT": (SELECT,),
        "SELECT file": (b"\x00\xa4\x02\x0c\x02\x00\x0a",),
        "READ BINARY": (b"\x00\xb0\x8a\x00\x00",),
        "tries left": (b"\x00\x20\x00\x98",),
        "VERIFY": (VERIFY,),
        "GET CHALLENGE": (b"\x00\x84\x00\x00\x10",),
        "CHANGE": (b"\x00\xa4\x02\x0c\x02\x00\x18", VERIFY, b"\x00\x24\x01\x80\x04" + PIN.encode()),
        "four items": (SELECT_SUPPORT, VERIFY_ITEMS, b"\x00\xb0\x82\x00\x00"),
    }
    measured = {
        name: _each_us(lambda given=given: [card.transmit(one) for one in given], COMMANDS) / len(given)
        for name, given in commands.items()
    }
    card.transmit(SELECT)
    card.transmit(VERIFY)
    other, ec_key = coming
    other.transmit(SELECT)
    other.transmit(VERIFY)
    kept, data = durable[0], durable[0].to_bytes()
    kept.transmit(SELECT)
    write = keeper(path.with_name("floor.card"))
    return ChipRun(
        dispatch_us=_each_us(lambda: card.transmit(b"\x00\xff\x00\x00"), COMMANDS),
        commands_us=measured,
        sign_us=_each_us(lambda: card.transmit(SIGN), SIGNATURES),
        sign_floor_us=_each_us(_bare(rsa_key), SIGNATURES),
        sign_p384_us=_each_us(lambda: other.transmit(SIGN), SIGNATURES),
        sign_p384_floor_us=_each_us(_bare(ec_key), SIGNATURES),
        durable_try_us=_each_us(lambda: kept.transmit(VERIFY), DURABLE),
        durable_try_floor_us=_each_us(lambda: [write(data), write(data)], DURABLE),
    )


def _bare(key: PrivateKey) -> Callable[[], object]:
    message = bytes(32)
    if isinstance(key, rsa.RSAPrivateKey):
        return lambda: key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return lambda: key.sign(message, ec.ECDSA(hashes.SHA384()))


def _each_us(act: Callable[[], object], times: int) -> float:
    start = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - start) / times * 1e6


def make(profile: Profile, *, keep: Keep = keep_nothing) -> _Made:
    """A card, and its authentication key."""
    authority, key, signature, own = (generate_key(profile) for _ in range(4))
    holder = Holder(
        name="見本　花子", address="東京都千代田区見本町１丁目１番１号", birth=date(1985, 4, 1), sex="2",
        personal_number=PersonalNumber.from_eleven("99999999900"), expiry=add_years(DAY, 10), security_code="0000",
        municipality="13101", serial="900000000000000",
    )  # fmt: skip
    pairs = [KeyPair(key=one, certificate=_certificate(authority, one), authority=b"") for one in (key, signature)]
    card = personalise(
        label="bench", holder=holder, card_keys=CardKeys(authentication=pairs[0], signature=pairs[1], card=own),
        chosen=Pins(authentication=PIN, signature=PASSWORD),
        issuer=RecordIssuer.certified_by(authority, authority, municipality="13101"), profile=profile, keep=keep,
    )  # fmt: skip
    return card, key


def _certificate(authority: PrivateKey, key: PrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    begin, end = jst_midnight(DAY), jst_midnight(add_years(DAY, 5))
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begin, end)
    digest = hashes.SHA256() if isinstance(authority, rsa.RSAPrivateKey) else hashes.SHA384()
    return builder.sign(authority, digest).public_bytes(Encoding.DER)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="renkei-bench-", dir=os.environ.get("TMPDIR")) as folder:
        runs = run_chip(Path(folder), runs=3)

    def median(of: Callable[[ChipRun], float]) -> float:
        return statistics.median(of(run) for run in runs)

    print(f"{'bare dispatch':28} {median(lambda run: run.dispatch_us):9.1f} µs")
    for name in runs[0].commands_us:
        print(f"{name:28} {median(lambda run, name=name: run.commands_us[name]):9.1f} µs")
    for name, of, floor in (
        ("sign RSA-2048", lambda run: run.sign_us, lambda run: run.sign_floor_us),
        ("sign P-384", lambda run: run.sign_p384_us, lambda run: run.sign_p384_floor_us),
        ("durable VERIFY, in a file", lambda run: run.durable_try_us, lambda run: run.durable_try_floor_us),
    ):
        print(f"{name:28} {median(of):9.1f} µs   floor {median(floor):9.1f} µs   × {median(of) / median(floor):.2f}")


if __name__ == "__main__":
    main()
