"""The session against a double of the card: tries, locks, certificates, signatures, what a broken card may answer."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import date

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.card_host.double import JPKI, Double, four_items_file, make_certificate

from renkei.base.errors import RenkeiError
from renkei.contracts.card_agent import Key
from renkei.institutions.card.host.errors import (
    CardAnswerUnexpected,
    CardRemoved,
    CardUnknown,
    DigestUnfit,
    PasswordFormatWrong,
    PinLocked,
    PinNotFourDigits,
    PinWrong,
    SignatureCertificateMissing,
)
from renkei.institutions.card.host.items import four_items, number
from renkei.institutions.card.host.layout import ITEMS
from renkei.institutions.card.host.session import CardSession, algorithm_of, digest_of

VERIFY = 0x20


def test_asking_for_the_tries_left_spends_none_and_forgets_no_pin() -> None:
    card = Double()
    session = CardSession(card.transmit)
    for _ in range(5):
        assert session.tries_left(Key.AUTHENTICATION) == 3
    session.verify_pin(Key.AUTHENTICATION, "1234")
    assert session.tries_left(Key.SIGNATURE) == 5
    assert session.sign(Key.AUTHENTICATION, bytes(32), "RS256")


def test_three_wrong_pins_lock_the_card_and_it_is_not_asked_again() -> None:
    """公的個人認証: the four-digit PIN locks at the third wrong try; only the municipality's counter resets it."""
    card = Double()
    session = CardSession(card.transmit)
    for left in (2, 1):
        with pytest.raises(PinWrong) as wrong:
            session.verify_pin(Key.AUTHENTICATION, "9999")
        assert wrong.value.tries == left
        assert str(left) in wrong.value.sentence("ja")
    with pytest.raises(PinLocked):
        session.verify_pin(Key.AUTHENTICATION, "9999")
    card.sent.clear()
    with pytest.raises(PinLocked) as locked:
        session.verify_pin(Key.AUTHENTICATION, "1234")
    assert card.sent.count(VERIFY) == 1, "only the tries were asked for"
    assert "市区町村" in locked.value.sentence("ja")


@pytest.mark.parametrize("pin", ["", "123", "12345", "12a4", "１２３", "1234 5678", "十二三四"])
def test_what_cannot_be_a_pin_costs_no_try(pin: str) -> None:
    card = Double()
    with pytest.raises(PinNotFourDigits):
        CardSession(card.transmit).verify_pin(Key.AUTHENTICATION, pin)
    assert card.sent == []


@pytest.mark.parametrize("password", ["", "ABC12", "A" * 17, "ABC-123", "パスワード123"])
def test_what_cannot_be_a_password_costs_no_try(password: str) -> None:
    card = Double()
    with pytest.raises(PasswordFormatWrong):
        CardSession(card.transmit).verify_pin(Key.SIGNATURE, password)
    assert card.sent == []


@pytest.mark.parametrize("password", ["ABC123", "abc123", "ａｂｃ１２３", " Abc123 "])
def test_the_password_may_be_typed_in_any_case_and_width(password: str) -> None:
    card = Double()
    session = CardSession(card.transmit)
    session.verify_pin(Key.SIGNATURE, password)
    assert session.certificate(Key.SIGNATURE) == make_certificate("rsa", 1)


def test_full_width_digits_are_digits() -> None:
    CardSession(Double().transmit).verify_pin(Key.AUTHENTICATION, "１２３４")


def test_certificate_is_cut_where_it_ends() -> None:
    assert CardSession(Double().transmit).certificate(Key.AUTHENTICATION) == make_certificate("rsa", 0)


def test_the_signature_certificate_is_closed_before_its_password() -> None:
    """It carries name, address, birth date and sex (公的個人認証法7条), so the card keeps it closed."""
    with pytest.raises(CardAnswerUnexpected) as refused:
        CardSession(Double().transmit).certificate(Key.SIGNATURE)
    assert refused.value.public == {"status": "6982"}


def test_a_child_has_no_signature_certificate() -> None:
    """公的個人認証法3条: as a rule none is issued under 15."""
    session = CardSession(Double(child=True).transmit)
    with pytest.raises(SignatureCertificateMissing):
        session.tries_left(Key.SIGNATURE)
    with pytest.raises(SignatureCertificateMissing):
        session.certificate(Key.SIGNATURE)
    assert session.tries_left(Key.AUTHENTICATION) == 3


@pytest.mark.parametrize("key", list(Key))
def test_rsa_signature_verifies(key: Key) -> None:
    session = CardSession(Double().transmit)
    session.verify_pin(key, "1234" if key is Key.AUTHENTICATION else "ABC123")
    der = session.certificate(key)
    assert algorithm_of(der) == "RS256"
    signature = session.sign(key, digest_of(b"message", "RS256"), "RS256")
    public = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(signature, b"message", padding.PKCS1v15(), hashes.SHA256())


def test_p384_signature_verifies() -> None:
    session = CardSession(Double("p384").transmit)
    session.verify_pin(Key.AUTHENTICATION, "1234")
    der = session.certificate(Key.AUTHENTICATION)
    assert algorithm_of(der) == "ES384"
    signature = session.sign(Key.AUTHENTICATION, hashlib.sha384(b"message").digest(), "ES384")
    public = x509.load_der_x509_certificate(der).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, b"message", ec.ECDSA(hashes.SHA384()))


@pytest.mark.parametrize("length", [0, 20, 31, 33, 48])
def test_a_digest_of_another_length_is_not_signed(length: int) -> None:
    card = Double()
    with pytest.raises(DigestUnfit):
        CardSession(card.transmit).sign(Key.AUTHENTICATION, bytes(length), "RS256")
    assert card.sent == []


def test_pin_is_changed_after_the_old_one() -> None:
    card = Double()
    with pytest.raises(PinNotFourDigits):
        CardSession(card.transmit).change_pin(Key.AUTHENTICATION, "1234", "12345")
    with pytest.raises(PinWrong):
        CardSession(card.transmit).change_pin(Key.AUTHENTICATION, "0000", "5678")
    CardSession(card.transmit).change_pin(Key.AUTHENTICATION, "1234", "5678")
    card.reset()
    CardSession(card.transmit).verify_pin(Key.AUTHENTICATION, "5678")


def test_four_items_and_number() -> None:
    card = Double(items=four_items_file("見本　花子", "東京都千代田区見本" * 6, "19900403", "2"))
    items = CardSession(card.transmit).four_items("4321")
    assert (items.name, items.birth, items.sex) == ("見本　花子", date(1990, 4, 3), "2")
    assert items.address == "東京都千代田区見本" * 6
    assert "花子" not in repr(items)
    card.reset()
    number_read = CardSession(card.transmit).number("4321")
    assert number_read.reveal() == "123456789018"
    with pytest.raises(PinWrong):
        CardSession(card.transmit).four_items("0000")


def test_an_unknown_day_of_birth_is_no_date() -> None:
    """A register may not know the day (住民基本台帳事務処理要領): zeros stand for it."""
    items = four_items(four_items_file("見本", "見本市", "19500000", "1"))
    assert (items.birth, items.birth_text) == (None, "19500000")


def test_another_card_is_told_apart() -> None:
    card = Double()
    card.before = lambda command: b"\x6a\x82"
    with pytest.raises(CardUnknown):
        CardSession(card.transmit).tries_left(Key.AUTHENTICATION)


def test_a_card_taken_away_is_said_so() -> None:
    card = Double()

    def gone(command: bytes) -> bytes | None:
        if command[1] == 0xB0:
            raise CardRemoved()
        return None

    card.before = gone
    with pytest.raises(CardRemoved):
        CardSession(card.transmit).certificate(Key.AUTHENTICATION)


def test_held_back_answers_are_fetched() -> None:
    """A reader with T=0 says 61xx, and 6Cxx for a wrong length; the session hides both."""
    card, der = Double(), make_certificate("rsa", 0)
    state = {"at": 0}

    def slow(command: bytes) -> bytes | None:
        if command[1] == 0xB0 and command[4] == 0:
            return b"\x6c\x64"
        if command[1] == 0xB0:
            state["at"] = int.from_bytes(command[2:4], "big")
            return b"\x61\x64"
        if command[1] == 0xC0:
            return der[state["at"] : state["at"] + command[4]] + b"\x90\x00"
        return None

    card.before = slow
    assert CardSession(card.transmit).certificate(Key.AUTHENTICATION) == der


@pytest.mark.parametrize("file", [b"\x30\x82\xff\xff" + bytes(252), b"\x30\x84\x00\x00\x01\x00" + bytes(250), b""])
def test_a_certificate_that_is_too_long_or_none_is_refused(file: bytes) -> None:
    card = Double()
    card.before = lambda command: file + b"\x90\x00" if command[1] == 0xB0 else None
    with pytest.raises(RenkeiError):
        CardSession(card.transmit).certificate(Key.AUTHENTICATION)


def test_a_card_that_never_ends_its_answer_is_refused() -> None:
    card = Double()
    card.before = lambda command: bytes(255) + b"\x61\xff"
    with pytest.raises(CardAnswerUnexpected):
        CardSession(card.transmit).tries_left(Key.AUTHENTICATION)


@given(answers=st.lists(st.binary(max_size=300), min_size=1, max_size=6))
def test_whatever_a_card_answers_is_a_value_or_an_error_of_ours(answers: list[bytes]) -> None:
    turn = iter(answers * 400)
    session = CardSession(lambda command: next(turn))
    for act in (
        lambda: session.tries_left(ITEMS),
        lambda: session.certificate(Key.AUTHENTICATION),
        lambda: session.sign(Key.SIGNATURE, bytes(32), "RS256"),
        lambda: session.four_items("1234"),
        lambda: session.number("1234"),
    ):
        with contextlib.suppress(RenkeiError, StopIteration):  # StopIteration: the script ran out
            act()


@given(raw=st.binary(max_size=200))
def test_any_file_content_is_a_value_or_an_error_of_ours(raw: bytes) -> None:
    for head, read in ((b"\xff\x20", four_items), (b"\xff\x10", number)):
        for content in (raw, head + bytes([min(len(raw), 127)]) + raw):
            with contextlib.suppress(CardAnswerUnexpected):
                read(content)


@given(raw=st.binary(max_size=64))
def test_any_certificate_is_an_algorithm_or_an_error_of_ours(raw: bytes) -> None:
    with pytest.raises(CardAnswerUnexpected):
        algorithm_of(raw)


def test_application_is_selected_once() -> None:
    card = Double()
    selected: list[bytes] = []
    card.before = lambda command: selected.append(command[5:]) if command[1] == 0xA4 and command[2] == 4 else None
    session = CardSession(card.transmit)
    session.verify_pin(Key.AUTHENTICATION, "1234")
    session.certificate(Key.AUTHENTICATION)
    session.sign(Key.AUTHENTICATION, bytes(32), "RS256")
    assert selected == [JPKI]
