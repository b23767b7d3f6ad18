"""From the counter to the card: certified by the room's authority, verified as a relying party does."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import msgspec
import pytest
from tests.unit.card_chip.cards import HOLDER, made
from tests.unit.card_chip.talk import Terminal

from renkei.crypto.person_certificates import Use, read_person_certificate, verify_signature
from renkei.crypto.signing_keys import SoftwareKeys
from renkei.institutions.card import store
from renkei.institutions.card.chip.card import Card
from renkei.institutions.card.chip.card_files import keeper, open_card
from renkei.institutions.card.chip.errors import CardFileDamaged, PinFormatWrong
from renkei.institutions.card.chip.personalise import Pins, Trust, generate_key
from renkei.institutions.card.making import CardWanted, make_card, renewal
from renkei.institutions.card.service import CardAuthority
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WANTED = CardWanted(label="citizen", holder_id="holder-1", holder=HOLDER, municipality_name="千代田区")
PINS = Pins(authentication="1234", signature="HANAKO2026")


@cache
def authority(folder: Path) -> CardAuthority:
    db = Database.open(f"sqlite:///{folder / 'card.db'}", metadata=store.metadata)
    return CardAuthority(db, keys=SoftwareKeys(folder / "keys"), base_url="https://x.invalid", clock=MovableClock(NOW))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> CardAuthority:
    found = authority(tmp_path_factory.mktemp("card"))
    asyncio.run(found.start())
    return found


def make(room: CardAuthority, wanted: CardWanted = WANTED, chosen: Pins = PINS) -> Card:
    return asyncio.run(
        make_card(room, wanted, chosen=chosen, records=made().records, trust=Trust(), user="clerk-1", fresh_key=_key)
    )


def _key(profile: object) -> object:
    return next(_keys)


_keys = iter(generate_key() for _ in iter(int, 1))


def test_both_certificates_verify_and_sign(room: CardAuthority) -> None:
    terminal = Terminal(make(room))
    terminal.application()
    assert terminal.verify(0x0018, "1234") == "9000"
    assert terminal.verify(0x001B, "HANAKO2026") == "9000"
    for file, key, use in ((0x000A, 0x97, Use.AUTHENTICATION), (0x0001, 0x9A, Use.SIGNATURE)):
        certificate = read_person_certificate(terminal.read(file), authorities=room.authorities(), at=NOW)
        assert certificate.use is use
        signature = terminal.sign(b"signed by the card", p1=3, p2=key)
        verify_signature(certificate, algorithm="RS256", signature=signature, data=b"signed by the card")
    assert certificate.items is not None
    assert certificate.items.name == HOLDER.name
    assert terminal.read(0x0002) == room.ca(certificate.issuer_id)


def test_a_child_gets_a_card_without_a_signature_certificate(room: CardAuthority) -> None:
    child = msgspec.structs.replace(HOLDER, birth=date(2015, 5, 5))
    wanted = CardWanted(label="child", holder_id="holder-2", holder=child)
    terminal = Terminal(make(room, wanted, Pins(authentication="1234")))
    terminal.application()
    assert terminal.read(0x0008) == b"\x00\x8f\x00"
    assert len(terminal.read(0x000A)) > 500


def test_a_renewal_is_an_order_for_the_counter(room: CardAuthority) -> None:
    wanted = msgspec.structs.replace(WANTED, holder_id="holder-3")
    terminal = Terminal(make(room, wanted))
    terminal.application()
    before = terminal.read(0x000A)
    act = asyncio.run(renewal(room, wanted, records=made().records, user="clerk-1", fresh_key=_key))
    assert act.contents["authentication_certificate"] not in (b"", before)
    old, new = (
        read_person_certificate(der, authorities=room.authorities(), at=NOW)
        for der in (before, act.contents["authentication_certificate"])
    )
    replaced = asyncio.run(room.replaced(new.serial))
    assert replaced is not None
    assert replaced.serial == old.serial


def test_a_pin_that_could_never_be_shown_makes_no_card(room: CardAuthority) -> None:
    wanted = msgspec.structs.replace(WANTED, holder_id="holder-4")
    with pytest.raises(PinFormatWrong):
        make(room, wanted, Pins(authentication="12345", signature="HANAKO2026"))


def test_a_card_in_a_file(room: CardAuthority, tmp_path: Path) -> None:
    """Every try is on the disk before the card answers; the file is its owner's alone and never half written."""
    path = tmp_path / "citizen.card"
    card = make(room, msgspec.structs.replace(WANTED, holder_id="holder-5"))
    keeper(path)(card.to_bytes())
    terminal = Terminal(open_card(path))
    terminal.application()
    terminal.verify(0x0018, "0000")
    assert open_card(path).tries["authentication"] == 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["citizen.card"]
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CardFileDamaged):
        open_card(path)
    with pytest.raises(CardFileDamaged):
        open_card(tmp_path / "nothing.card")
