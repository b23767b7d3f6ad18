"""The registry of own-use areas (空き領域), on both databases, and a card that obeys it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from tests.unit.card_chip.cards import ITEMS_PIN, make_card, registry_key
from tests.unit.card_chip.talk import Terminal

from renkei.institutions.card import store
from renkei.institutions.card.chip.permits import MANAGER_AID, Act, Basis, ReadRule, Signed, aid_of, digest_of
from renkei.institutions.card.chip.tlv import tlv
from renkei.institutions.card.own_use.errors import (
    OwnUseBasisMissing,
    OwnUseChallengeWrong,
    OwnUseEntryUnknown,
    OwnUseNotInForce,
    OwnUseNotYours,
    OwnUsePeriodTooLong,
    OwnUseTooLarge,
)  # fmt: skip
from renkei.institutions.card.own_use.model import DataClass, OwnUse, Wanted
from renkei.institutions.card.own_use.registry import OwnUseRegistry
from renkei.platform.audit_store import audited
from renkei.platform.database import Database

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LIBRARY = OwnUse(
    body_id="m-131016", basis=Basis.ORDINANCE, citation="見本市個人番号カードの利用に関する条例 第3条",
    purpose_ja="図書館の利用者番号", purpose_en="Library reader number", data_class=DataClass.LIBRARY,
    read=ReadRule.OPEN, bytes_max=64, first_day=date(2026, 4, 1), last_day=date(2031, 3, 31),
)  # fmt: skip
CLUB = msgspec.structs.replace(
    LIBRARY, body_id="c-9000000000001", basis=Basis.PERMIT, citation="許可 令8第1号", data_class=DataClass.MEMBERSHIP
)


@pytest.fixture
def registry() -> OwnUseRegistry:
    return OwnUseRegistry(tables=store.own_use, audit_table=store.audit_table, key=registry_key())


@pytest.fixture
def db(database: Database) -> Database:
    with database.writing() as conn:
        store.metadata.create_all(conn)
    return database


def wanted(number: int, act: Act = Act.WRITE, content: bytes = b"reader 4711", **changes: object) -> Wanted:
    given = Wanted(
        number=number, body_id="m-131016", act=act, challenge=bytes(16), digest=digest_of(content), size=len(content)
    )
    return msgspec.structs.replace(given, **changes)


def test_from_ordinance_to_card_and_back(db: Database, registry: OwnUseRegistry) -> None:
    """番号法18条1号: a municipality keeps on the card what its ordinance says, once the holder agreed by PIN."""
    card = make_card()
    terminal = Terminal(card)
    with db.writing() as conn:
        entry = registry.register(conn, LIBRARY, now=NOW)
    terminal.application(MANAGER_AID)
    terminal.verify(0x0011, ITEMS_PIN)

    def act(what: Act, content: bytes) -> str:
        challenge = terminal.send("0084000010")
        with db.writing() as conn:
            signed = registry.permit(conn, wanted(entry.number, what, content, challenge=challenge), now=NOW)
        return show(terminal, signed, content)

    assert act(Act.WRITE, b"reader 4711") == "9000"
    assert terminal.application(aid_of(entry.number)) == "9000"
    assert terminal.read(0x0001) == b"reader 4711"
    terminal.application(MANAGER_AID)
    terminal.verify(0x0011, ITEMS_PIN)
    assert act(Act.REMOVE, b"") == "9000"
    with db.reading() as conn:
        assert registry.entries(conn) == [entry]
        told = [row.name for row in audited(conn, store.audit_table)]
    assert told == ["card.own_use.registered", "card.own_use.permitted", "card.own_use.permitted"]


def show(terminal: Terminal, signed: Signed, content: bytes) -> str:
    data = tlv(0xA1, signed.body) + tlv(0xA2, signed.signature) + (tlv(0xA3, content) if content else b"")
    return terminal.ask(bytes.fromhex("80DE0000") + b"\x00" + len(data).to_bytes(2, "big") + data)


@pytest.mark.parametrize(
    ("use", "refusal"),
    [
        (msgspec.structs.replace(LIBRARY, basis=Basis.PERMIT), OwnUseBasisMissing),
        (msgspec.structs.replace(CLUB, basis=Basis.ORDINANCE), OwnUseBasisMissing),
        (msgspec.structs.replace(LIBRARY, citation=" "), OwnUseBasisMissing),
        (msgspec.structs.replace(LIBRARY, last_day=date(2036, 4, 1)), OwnUsePeriodTooLong),
        (msgspec.structs.replace(LIBRARY, bytes_max=8_193), OwnUseTooLarge),
        (msgspec.structs.replace(LIBRARY, bytes_max=0), OwnUseTooLarge),
    ],
)
def test_what_is_not_registered(db: Database, registry: OwnUseRegistry, use: OwnUse, refusal: type[Exception]) -> None:
    """A municipality acts by ordinance, everybody else by permit; nobody without naming it (18条1号, 2号)."""
    with db.writing() as conn, pytest.raises(refusal):
        registry.register(conn, use, now=NOW)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"number": 9}, OwnUseEntryUnknown),
        ({"body_id": "m-271004"}, OwnUseNotYours),
        ({"size": 65}, OwnUseTooLarge),
        ({"challenge": bytes(15)}, OwnUseChallengeWrong),
    ],
)
def test_what_is_not_permitted(
    db: Database, registry: OwnUseRegistry, changes: dict[str, object], refusal: type[Exception]
) -> None:
    with db.writing() as conn:
        registry.register(conn, LIBRARY, now=NOW)
    with db.writing() as conn, pytest.raises(refusal):
        registry.permit(conn, msgspec.structs.replace(wanted(1), **changes), now=NOW)


def test_after_its_last_day_or_withdrawn_only_removal_is_permitted(db: Database, registry: OwnUseRegistry) -> None:
    """The last day is the day in Japan."""
    last = datetime(2031, 3, 31, 14, 59, tzinfo=UTC)  # 23:59 in Japan
    with db.writing() as conn:
        registry.register(conn, LIBRARY, now=NOW)
        registry.register(conn, CLUB, now=NOW)
        registry.permit(conn, wanted(1), now=last)
        registry.permit(conn, wanted(1, Act.REMOVE, b""), now=last + timedelta(minutes=1))
        registry.withdraw(conn, 2, body_id="c-9000000000001", reason="ended", now=NOW)
        registry.withdraw(conn, 2, body_id="c-9000000000001", reason="ended", now=NOW)
        registry.permit(conn, wanted(2, Act.REMOVE, b"", body_id="c-9000000000001"), now=NOW)
        for asked, moment in (
            (wanted(1), last + timedelta(minutes=1)),
            (wanted(1, Act.READ, b""), last + timedelta(minutes=1)),
            (wanted(1), datetime(2026, 3, 31, 14, 59, tzinfo=UTC)),
            (wanted(2, body_id="c-9000000000001"), NOW),
        ):
            with pytest.raises(OwnUseNotInForce):
                registry.permit(conn, asked, now=moment)
        with pytest.raises(OwnUseNotYours):
            registry.withdraw(conn, 1, body_id="c-9000000000001", reason="not mine", now=NOW)
        assert [row.name for row in audited(conn, store.audit_table, name="card.own_use.withdrawn")] == [
            "card.own_use.withdrawn"
        ]
