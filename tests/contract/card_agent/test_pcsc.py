"""PC/SC for real: our calls, Debian's pcscd, its virtual reader driver, our virtual cards."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest
from tests.contract.card_agent import pcsc_acts as acts
from tests.contract.card_agent.conftest import Service
from tests.unit.card_chip.cards import AUTHENTICATION_PIN, PASSWORD, make_card

from renkei.contracts.card_agent import Key
from renkei.institutions.card.host import pcsc
from renkei.institutions.card.host.errors import PcscNotInstalled

UNPLUG_S = 3.0  # the driver looks for a card twice a second


@pytest.fixture(scope="module")
def there(service: Service) -> Iterator[ProcessPoolExecutor]:
    """Runs acts against the service."""
    with _elsewhere(service.socket) as pool:
        _until(pool, lambda: [present for _, present, _ in pool.submit(acts.readers).result()] == [True, True])
        yield pool


@pytest.fixture(autouse=True)
def fresh(service: Service, there: ProcessPoolExecutor) -> None:
    """Both slots hold a fresh card, and PC/SC has seen it."""
    for slot in service.slots:
        slot.take_away()
    _until(there, lambda: not any(present for _, present, _ in there.submit(acts.readers).result()))
    for slot in service.slots:
        slot.put(make_card())
    _until(there, lambda: all(present for _, present, _ in there.submit(acts.readers).result()))


def test_readers_by_name(there: ProcessPoolExecutor) -> None:
    names = [name for name, _, _ in there.submit(acts.readers).result()]
    assert len(names) == 2
    assert [name for name, _, _ in there.submit(acts.readers, names[1]).result()] == [names[1]]
    assert there.submit(acts.readers, "no such reader").result() == []


@pytest.mark.parametrize(("key", "pin"), [(Key.AUTHENTICATION, AUTHENTICATION_PIN), (Key.SIGNATURE, PASSWORD)])
def test_a_challenge_is_answered_through_the_reader(there: ProcessPoolExecutor, key: Key, pin: str) -> None:
    assert there.submit(acts.sign_in, 0, pin, key).result() == "card"


def test_wrong_pins_lock_the_card_and_tries_are_told_before(there: ProcessPoolExecutor) -> None:
    assert there.submit(acts.tries, 0).result() == 3
    assert there.submit(acts.sign_in, 0, "0000").result() == ("card_pin_wrong", {"tries": "2"})
    assert there.submit(acts.tries, 0).result() == 2
    assert there.submit(acts.sign_in, 0, "12").result() == ("card_pin_not_four_digits", {})
    assert there.submit(acts.sign_in, 0, "0000").result() == ("card_pin_wrong", {"tries": "1"})
    assert there.submit(acts.sign_in, 0, "0000").result() == ("card_pin_locked", {})
    assert there.submit(acts.sign_in, 0, AUTHENTICATION_PIN).result() == ("card_pin_locked", {})
    assert there.submit(acts.tries, 1).result() == 3, "the other card is another card"


def test_the_card_forgets_the_pin_with_the_visit(there: ProcessPoolExecutor) -> None:
    assert there.submit(acts.sign_in, 0, AUTHENTICATION_PIN).result() == "card"
    assert there.submit(acts.bare_signature, 0).result() == ("card_answer_unexpected", {"status": "6982"})


def test_nobody_else_shares_the_card(there: ProcessPoolExecutor) -> None:
    assert there.submit(acts.two_at_once, 0).result() == ("card_busy", {})
    assert there.submit(acts.tries, 0).result() == 3


def test_a_card_taken_away_is_noticed(service: Service, there: ProcessPoolExecutor) -> None:
    waiting = there.submit(acts.until_removed, 0)
    time.sleep(0.3)
    assert not waiting.done()
    service.slots[0].take_away()
    assert waiting.result(timeout=10) < UNPLUG_S
    assert there.submit(acts.tries, 0).result() == ("card_missing", {})


def test_a_card_put_back_is_another_visit(service: Service, there: ProcessPoolExecutor) -> None:
    """Shared terminals: taking the card and laying it back at once ends the session all the same."""
    before = there.submit(acts.readers).result()[0][2]
    service.slots[0].take_away()
    _until(there, lambda: not there.submit(acts.readers).result()[0][1])
    service.slots[0].put(make_card())
    _until(there, lambda: there.submit(acts.readers).result()[0][1])
    assert there.submit(acts.removed_since, 0, before).result(timeout=10) is True


def test_a_card_taken_away_in_the_middle(service: Service, there: ProcessPoolExecutor) -> None:
    asking = there.submit(acts.gone_in_the_middle, 0, 10.0)
    time.sleep(0.5)
    service.slots[0].take_away()
    assert asking.result(timeout=10) == ("card_removed", {})


def test_an_answer_takes_no_noticeable_time(there: ProcessPoolExecutor) -> None:
    """A bound far above what is measured (about 0.1 s): it catches the 40 ms that each APDU costs if acks are late."""
    found = there.submit(acts.speed, 0, AUTHENTICATION_PIN).result()
    print(found)
    assert found["answer"] < 2.0


def test_without_the_service_it_is_said_what_to_do() -> None:
    with _elsewhere("/nowhere/pcscd.comm") as pool:
        assert pool.submit(acts.readers).result() == ("pcsc_unavailable", {})


def test_without_the_library_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcsc, "LIBRARY", "libno-such-pcsc.so.1")
    with pytest.raises(PcscNotInstalled) as missing:
        pcsc.Pcsc()
    assert "libpcsclite1" in missing.value.sentence("ja")


def _elsewhere(place: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=acts.begin, initargs=(place,))


def _until(pool: ProcessPoolExecutor, holds) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("PC/SC does not see it")
