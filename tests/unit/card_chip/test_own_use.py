"""Own-use areas on the card (番号法18条): nothing is written without a permit for this card and this moment."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.card_chip.cards import AUTHENTICATION_PIN, ITEMS_PIN, issuer_key, make_card, registry_key
from tests.unit.card_chip.talk import Terminal

from renkei.crypto.signing_keys import SigningKey
from renkei.institutions.card.chip.card import Card
from renkei.institutions.card.chip.permits import (
    AREA_BYTES_MAX,
    MANAGER_AID,
    Act,
    Basis,
    Entry,
    Permit,
    ReadRule,
    aid_of,
    digest_of,
    permit_to_sign,
)  # fmt: skip
from renkei.institutions.card.chip.profile import JPKI_AID
from renkei.institutions.card.chip.tlv import tlv

LIBRARY = Entry(
    number=7, body_id="m-131016", basis=Basis.ORDINANCE, citation="見本市個人番号カードの利用に関する条例 第3条",
    data_class="library", read=ReadRule.OPEN, bytes_max=64, last_day="2030-03-31",
)  # fmt: skip
MEMBERSHIP = msgspec.structs.replace(
    LIBRARY, number=8, body_id="c-9000000000001", basis=Basis.PERMIT, citation="許可 令8第1号", data_class="membership"
)


def show(
    terminal: Terminal, entry: Entry, act: Act, content: bytes = b"", *, key: SigningKey | None = None,
    challenge: bytes | None = None, claimed: bytes | None = None,
) -> str:  # fmt: skip
    """Take a challenge, have a permit signed for it, show it. Returns the status word."""
    given = terminal.send("0084000010")
    permit = Permit(entry=entry, act=act, challenge=challenge or given, digest=digest_of(claimed or content))
    body, to_sign = permit_to_sign(permit)
    data = tlv(0xA1, body) + tlv(0xA2, (key or registry_key()).sign(to_sign)) + (tlv(0xA3, content) if content else b"")
    return present(terminal, data)


def present(terminal: Terminal, data: bytes) -> str:
    return terminal.ask(bytes.fromhex("80DE0000") + b"\x00" + len(data).to_bytes(2, "big") + data)


@pytest.fixture
def terminal() -> Terminal:
    """The directory is selected and the holder has agreed by PIN."""
    found = Terminal(make_card())
    assert found.application(MANAGER_AID) == "9000"
    assert found.verify(0x0011, ITEMS_PIN) == "9000"
    return found


def test_written_with_a_permit_and_read_by_anyone(terminal: Terminal) -> None:
    assert show(terminal, LIBRARY, Act.WRITE, b"reader 4711") == "9000"
    again = Terminal(Card.from_bytes(terminal.card.to_bytes()))
    assert again.application(aid_of(7)) == "9000"
    assert again.read(0x0001) == b"reader 4711"
    assert msgspec.json.decode(again.read(0x0002), type=Entry) == LIBRARY, "by what right it is there, for all to see"
    again.application(MANAGER_AID)
    assert msgspec.json.decode(again.read(0x0001), type=list[Entry]) == [LIBRARY]


def test_no_area_without_an_entry(terminal: Terminal) -> None:
    assert terminal.application(aid_of(7)) == "6A82"
    assert present(terminal, tlv(0xA3, b"content")) == "6985", "no challenge was taken"
    terminal.send("0084000010")
    assert present(terminal, tlv(0xA3, b"content")) == "6A80"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"key": issuer_key()}, "6982"),
        ({"challenge": bytes(16)}, "6982"),
        ({"claimed": b"something else"}, "6982"),
    ],
)
def test_another_key_another_moment_another_content(terminal: Terminal, changes: dict[str, object], word: str) -> None:
    assert show(terminal, LIBRARY, Act.WRITE, b"reader 4711", **changes) == word  # type: ignore[arg-type]
    assert terminal.application(aid_of(7)) == "6A82"


def test_a_permit_serves_once_and_on_one_card(terminal: Terminal) -> None:
    challenge = terminal.send("0084000010")
    body, to_sign = permit_to_sign(
        Permit(entry=LIBRARY, act=Act.WRITE, challenge=challenge, digest=digest_of(b"reader 4711"))
    )
    data = tlv(0xA1, body) + tlv(0xA2, registry_key().sign(to_sign)) + tlv(0xA3, b"reader 4711")
    other = Terminal(make_card())
    other.application(MANAGER_AID)
    other.verify(0x0011, ITEMS_PIN)
    other.send("0084000010")
    assert present(other, data) == "6982"
    assert present(terminal, data) == "9000"
    assert present(terminal, data) == "6985"
    terminal.send("0084000010")
    assert present(terminal, data) == "6982"


def test_the_holder_has_to_agree() -> None:
    terminal = Terminal(make_card())
    terminal.application(MANAGER_AID)
    assert show(terminal, LIBRARY, Act.WRITE, b"x") == "6982"
    terminal.application(JPKI_AID)
    terminal.verify(0x0018, AUTHENTICATION_PIN)
    assert show(terminal, LIBRARY, Act.WRITE, b"x") == "6986", "only in the directory"


def test_limits(terminal: Terminal) -> None:
    assert show(terminal, LIBRARY, Act.WRITE, bytes(65)) == "6A84", "of the entry"
    big = msgspec.structs.replace(LIBRARY, number=100, bytes_max=AREA_BYTES_MAX)
    assert show(terminal, big, Act.WRITE, b"x" * AREA_BYTES_MAX) == "9000"
    assert show(terminal, LIBRARY, Act.WRITE, b"x") == "6A84", "of the card"
    assert show(terminal, big, Act.WRITE, b"x") == "9000", "written over, it makes room"
    for number in range(15):
        assert show(terminal, msgspec.structs.replace(LIBRARY, number=number + 1), Act.WRITE, b"x") == "9000"
    assert show(terminal, MEMBERSHIP, Act.WRITE, b"x") == "9000", "written over"
    assert show(terminal, msgspec.structs.replace(LIBRARY, number=99), Act.WRITE, b"x") == "6A84", "a seventeenth"


def test_removing(terminal: Terminal) -> None:
    assert show(terminal, LIBRARY, Act.REMOVE) == "6A82"
    show(terminal, LIBRARY, Act.WRITE, b"reader 4711")
    assert show(terminal, LIBRARY, Act.REMOVE) == "9000"
    assert terminal.application(aid_of(7)) == "6A82"


def test_an_area_behind_the_holder_s_pin(terminal: Terminal) -> None:
    show(terminal, msgspec.structs.replace(LIBRARY, read=ReadRule.PIN), Act.WRITE, b"reader 4711")
    terminal.application(aid_of(7))
    terminal.read(0x0001)
    assert terminal.sw == "6982", "selecting the area forgot the PIN"
    terminal.verify(0x0011, ITEMS_PIN)
    assert terminal.read(0x0001) == b"reader 4711"


def test_an_area_that_only_its_body_reads(terminal: Terminal) -> None:
    """Read with a permit, for this visit only; a permit for another area does not open it."""
    closed = msgspec.structs.replace(LIBRARY, read=ReadRule.PERMIT)
    show(terminal, closed, Act.WRITE, b"reader 4711")
    terminal.application(aid_of(7))
    terminal.read(0x0001)
    assert terminal.sw == "6982"
    assert show(terminal, MEMBERSHIP, Act.READ) == "6985"
    assert show(terminal, closed, Act.READ) == "9000"
    assert terminal.read(0x0001) == b"reader 4711"
    terminal.application(JPKI_AID)
    terminal.application(aid_of(7))
    terminal.read(0x0001)
    assert terminal.sw == "6982"


def test_a_short_challenge_permits_nothing(terminal: Terminal) -> None:
    terminal.send("0084000008")
    assert present(terminal, tlv(0xA1, b"{}")) == "6985"


def test_signed_but_no_permit(terminal: Terminal) -> None:
    terminal.send("0084000010")
    body = b'{"entry":1}'
    to_sign = b"renkei own-use permit v1\x00" + body
    assert present(terminal, tlv(0xA1, body) + tlv(0xA2, registry_key().sign(to_sign))) == "6A80"
