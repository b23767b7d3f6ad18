"""What a terminal may rely on: selecting, PINs and their tries, reading, signing."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed
from tests.unit.card_chip.cards import AUTHENTICATION_PIN, HOLDER, ITEMS_PIN, PASSWORD, coming_card, made, make_card
from tests.unit.card_chip.talk import Terminal

from renkei.institutions.card.chip.card import Card
from renkei.institutions.card.chip.errors import CardFileDamaged
from renkei.institutions.card.chip.profile import COMMON_AID, FACE_AID, JPKI_AID, NEXT, REGISTER_AID, SUPPORT_AID
from renkei.institutions.card.chip.records import digest_info

PIN, KEY, CERTIFICATE = 0x0018, 0x0017, 0x000A
SIGN_PIN, SIGN_KEY, SIGN_CERTIFICATE = 0x001B, 0x001A, 0x0001


@pytest.fixture
def terminal() -> Terminal:
    found = Terminal(make_card())
    assert found.application() == "9000"
    return found


def test_tries_are_told_and_asking_costs_none(terminal: Terminal) -> None:
    assert [terminal.tries(PIN) for _ in range(5)] == ["63C3"] * 5
    assert terminal.tries(SIGN_PIN) == "63C5"
    assert terminal.verify(PIN, AUTHENTICATION_PIN) == "9000"
    assert terminal.tries(PIN) == "63C3", "also after the right PIN: clients take anything else for an error"
    assert terminal.ask("0020009B") == "63C5", "by short identifier"


def test_a_wrong_pin_costs_a_try_and_the_right_one_gives_them_back(terminal: Terminal) -> None:
    assert terminal.verify(PIN, "0000") == "63C2"
    assert terminal.verify(PIN, "00000") == "63C1", "one of another length is wrong too, and no hint"
    assert terminal.verify(PIN, AUTHENTICATION_PIN) == "9000"
    assert terminal.tries(PIN) == "63C3"


def test_three_wrong_pins_lock_and_even_the_right_one_is_refused(terminal: Terminal) -> None:
    """Unlocking is the counter's business alone."""
    assert [terminal.verify(PIN, "0000") for _ in range(4)] == ["63C2", "63C1", "63C0", "6984"]
    assert terminal.verify(PIN, AUTHENTICATION_PIN) == "6984"
    assert terminal.tries(PIN) == "63C0"
    terminal.card.reset()
    terminal.application()
    assert terminal.verify(PIN, AUTHENTICATION_PIN) == "6984", "taking the card out does not help"
    assert terminal.tries(SIGN_PIN) == "63C5", "the password is another matter"


def test_a_wrong_pin_ends_what_the_right_one_opened(terminal: Terminal) -> None:
    terminal.verify(PIN, AUTHENTICATION_PIN)
    terminal.verify(PIN, "0000")
    terminal.file(KEY)
    terminal.sign(b"x")
    assert terminal.sw == "6982"


def test_the_try_is_kept_before_the_pin_is_compared() -> None:
    """Pulling the card out at the right moment must not give free tries."""
    kept: list[bytes] = []
    terminal = Terminal(make_card(keep=kept.append))
    terminal.application()
    assert terminal.verify(PIN, AUTHENTICATION_PIN) == "9000"
    assert [Card.from_bytes(data).tries["authentication"] for data in kept] == [2, 3]


def test_no_pin_is_compared_where_the_try_cannot_be_kept() -> None:
    def fail(_: bytes) -> None:
        raise OSError("disk full")

    terminal = Terminal(make_card(keep=fail))
    terminal.application()
    assert terminal.verify(PIN, AUTHENTICATION_PIN) == "6581"
    terminal.file(KEY)
    terminal.sign(b"x")
    assert terminal.sw == "6982"
    assert terminal.tries(PIN) == "63C2"


def test_tries_outlast_the_process(terminal: Terminal) -> None:
    terminal.verify(PIN, "0000")
    terminal.verify(SIGN_PIN, "WRONG00")
    again = Terminal(Card.from_bytes(terminal.card.to_bytes()))
    assert again.ask("00200080") == "6986", "nothing is selected after power-on"
    again.application()
    assert (again.tries(PIN), again.tries(SIGN_PIN)) == ("63C2", "63C4")


@pytest.mark.parametrize(
    "data", [b"", b"renkei card v1\n", b"renkei card v1\n\x80", b"something else", b"renkei card v2\n\x80"]
)
def test_a_damaged_file_is_refused(data: bytes) -> None:
    with pytest.raises(CardFileDamaged):
        Card.from_bytes(data)


def test_a_damaged_key_is_a_memory_failure(terminal: Terminal) -> None:
    kept = terminal.card._chip.kept
    broken = Terminal(Card(msgspec.structs.replace(kept, keys=kept.keys | {"authentication": b"no key"})))
    broken.application()
    broken.verify(PIN, AUTHENTICATION_PIN)
    broken.sign(b"x", p2=0x97)
    assert broken.sw == "6581"


def test_changing_a_pin(terminal: Terminal) -> None:
    terminal.file(PIN)
    assert terminal.change("9999") == "6982", "not before the old one was shown"
    terminal.verify(PIN, AUTHENTICATION_PIN)
    assert terminal.change("99x9") == "6A80"
    assert terminal.change("99999") == "6A80"
    assert terminal.change("9999") == "9000"
    assert terminal.verify(PIN, AUTHENTICATION_PIN) == "63C2"
    assert terminal.verify(PIN, "9999") == "9000"
    terminal.verify(SIGN_PIN, PASSWORD)
    assert terminal.change("lower123") == "6A80", "the client writes capitals"
    assert terminal.change("UPPER123") == "9000"


def test_the_older_command_changes_the_older_pins(terminal: Terminal) -> None:
    """共通 and 住基 take CHANGE KEY (80 32 00 80) instead of CHANGE REFERENCE DATA."""
    for aid in (COMMON_AID, REGISTER_AID):
        terminal.application(aid)
        assert terminal.verify(0x001C, AUTHENTICATION_PIN) == "9000"
        assert terminal.change("4321") == "6A86"
        assert terminal.change("4321", "80320080") == "9000"
        assert terminal.verify(0x001C, "4321") == "9000"


def test_what_is_printed_on_the_card_is_not_changed_by_the_holder(terminal: Terminal) -> None:
    terminal.application(SUPPORT_AID)
    assert terminal.verify(0x0015, HOLDER.number_b) == "9000"
    assert terminal.change("12345678901234") == "6982"


def test_selecting_another_application_forgets_pins_and_the_same_one_keeps_them(terminal: Terminal) -> None:
    terminal.verify(PIN, AUTHENTICATION_PIN)
    terminal.application(JPKI_AID)
    terminal.file(KEY)
    terminal.sign(b"x")
    assert terminal.sw == "9000", "selected again: foreign clients do so between VERIFY and signing"
    assert terminal.application(b"\xa0\x00\x00\x00\x01") == "6A82"
    terminal.sign(b"x")
    assert terminal.sw == "9000", "a name that is not on the card changes nothing"
    terminal.application(SUPPORT_AID)
    terminal.application(JPKI_AID)
    terminal.file(KEY)
    terminal.sign(b"x")
    assert terminal.sw == "6982"


def test_the_signature_certificate_is_closed_until_its_password(terminal: Terminal) -> None:
    """It names the holder and tells birth, sex and address; the authentication certificate tells nothing."""
    assert terminal.read(CERTIFICATE) == made().keys.authentication.certificate
    assert terminal.read(SIGN_CERTIFICATE) == b""
    assert terminal.sw == "6982"
    terminal.verify(PIN, AUTHENTICATION_PIN)
    terminal.read(SIGN_CERTIFICATE)
    assert terminal.sw == "6982", "the other PIN does not open it"
    terminal.verify(SIGN_PIN, PASSWORD)
    signature = made().keys.signature
    assert signature is not None
    assert terminal.read(SIGN_CERTIFICATE) == signature.certificate
    assert terminal.read(0x0002) == signature.authority
    assert terminal.read(0x0008) == b"\x8f\x8f\x00"


def test_a_child_has_no_signature_certificate() -> None:
    """公的個人認証法3条: none under fifteen. EF 0008 says so with nothing presented; a client reads it first."""
    terminal = Terminal(make_card(child=True))
    terminal.application()
    assert terminal.read(0x0008) == b"\x00\x8f\x00"
    assert terminal.tries(SIGN_PIN) == "63C0"
    assert terminal.verify(SIGN_PIN, PASSWORD) == "6984"
    assert terminal.verify(PIN, AUTHENTICATION_PIN) == "9000"
    assert terminal.read(SIGN_CERTIFICATE) == b""
    assert terminal.sw == "6982"
    terminal.file(SIGN_KEY)
    terminal.sign(b"x")
    assert terminal.sw == "6982"


@pytest.mark.parametrize(
    ("aid", "file", "secrets", "opens"),
    [
        (SUPPORT_AID, 0x0001, {0x0011: ITEMS_PIN}, True),
        (SUPPORT_AID, 0x0002, {0x0011: ITEMS_PIN}, True),
        (SUPPORT_AID, 0x0001, {0x0014: "123456789018"}, True),
        (SUPPORT_AID, 0x0002, {0x0014: "123456789018"}, False),
        (SUPPORT_AID, 0x0001, {0x0015: HOLDER.number_b}, False),
        (SUPPORT_AID, 0x0002, {0x0015: HOLDER.number_b}, True),
        (SUPPORT_AID, 0x0003, {}, False),
        (SUPPORT_AID, 0x0004, {}, True),
        (SUPPORT_AID, 0x0005, {}, True),
        (FACE_AID, 0x0001, {}, False),
        (FACE_AID, 0x0001, {0x0011: HOLDER.birth_code}, True),
        (FACE_AID, 0x0002, {0x0011: HOLDER.birth_code}, False),
        (FACE_AID, 0x0002, {0x0012: HOLDER.number_b}, True),
        (FACE_AID, 0x0005, {0x0012: HOLDER.number_b}, False),
        (FACE_AID, 0x0005, {0x0013: "123456789018"}, True),
    ],
)
def test_what_opens_what(terminal: Terminal, aid: bytes, file: int, secrets: dict[int, str], opens: bool) -> None:
    """The personal number (照合番号A) opens the number, 照合番号B the four items, the PIN both: nobody sees more."""
    assert HOLDER.personal_number.reveal() == "123456789018"
    terminal.application(aid)
    for reference, secret in secrets.items():
        assert terminal.verify(reference, secret) == "9000"
    assert bool(terminal.read(file)) is opens
    assert terminal.sw == ("9000" if opens else "6982")


def test_printed_numbers_have_ten_tries(terminal: Terminal) -> None:
    terminal.application(SUPPORT_AID)
    assert terminal.tries(0x0014) == "63CA"


def _public(file: int, terminal: Terminal) -> rsa.RSAPublicKey:
    key = x509.load_der_x509_certificate(terminal.read(file)).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def test_every_scheme_of_the_signing_command(terminal: Terminal) -> None:
    terminal.verify(PIN, AUTHENTICATION_PIN)
    key, message = _public(CERTIFICATE, terminal), b"a message"
    digest, pkcs1 = hashlib.sha256(message).digest(), padding.PKCS1v15()
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    key.verify(terminal.sign(digest_info(digest), p1=0, p2=0x97), message, pkcs1, hashes.SHA256())
    key.verify(terminal.sign(message, p1=1, p2=0x97), digest, pkcs1, NoDigestInfo())
    key.verify(terminal.sign(digest, p1=2, p2=0x97), digest, pkcs1, Prehashed(hashes.SHA256()))
    key.verify(terminal.sign(message, p1=3, p2=0x97), message, pkcs1, hashes.SHA256())
    key.verify(terminal.sign(digest, p1=4, p2=0x97), message, pss, hashes.SHA256())
    key.verify(terminal.sign(message, p1=5, p2=0x97), message, pss, hashes.SHA256())
    assert terminal.sign(digest, p1=4, p2=0x97) != terminal.sign(digest, p1=4, p2=0x97), "salted"
    for p1, data, word in (
        (6, digest, "6A86"),
        (2, digest[1:], "6700"),
        (4, digest + b"x", "6700"),
        (0, bytes(246), "6700"),
    ):
        terminal.sign(data, p1=p1, p2=0x97)
        assert terminal.sw == word


def test_each_key_needs_its_own_pin(terminal: Terminal) -> None:
    terminal.verify(PIN, AUTHENTICATION_PIN)
    terminal.sign(b"x", p2=0x9A)
    assert terminal.sw == "6982"
    terminal.verify(SIGN_PIN, PASSWORD)
    _public(SIGN_CERTIFICATE, terminal).verify(
        terminal.sign(b"x", p1=3, p2=0x9A), b"x", padding.PKCS1v15(), hashes.SHA256()
    )
    assert terminal.sign(b"x", p1=3, p2=0x97), "and both stay open side by side"


@pytest.mark.parametrize(
    ("p2", "word"), [(0x80, "6986"), (0x98, "6981"), (0x93, "6A88"), (0x00, "6A86"), (0x40, "6A86")]
)
def test_signing_with_what_is_no_key(terminal: Terminal, p2: int, word: str) -> None:
    terminal.sign(b"x", p2=p2)
    assert terminal.sw == word


def test_an_answer_that_was_not_asked_for_waits(terminal: Terminal) -> None:
    """A terminal that speaks T=0 sends no Le with the data and fetches the answer."""
    terminal.verify(PIN, AUTHENTICATION_PIN)
    data = digest_info(bytes(32))
    assert terminal.ask(bytes.fromhex("802A0097") + bytes([len(data)]) + data) == "6100", "256 bytes wait"
    assert len(terminal.send("00C0000000")) == 256
    assert terminal.sw == "9000"
    assert terminal.ask("00C0000000") == "6985", "once"
    part = terminal.send(bytes.fromhex("802A0097") + bytes([len(data)]) + data + b"\x10")
    assert (len(part), terminal.sw) == (16, "61F0")
    assert terminal.ask("00200098") == "63C3"
    assert terminal.ask("00C00000F0") == "6985", "another command came between"


@pytest.mark.parametrize(
    ("apdu", "word"),
    [
        ("00FF0000", "6D00"), ("80B0000000", "6D00"), ("01B0000000", "6881"), ("0CB0000000", "6882"),
        ("A0B0000000", "6E00"), ("00A4000C023F00", "6A86"), ("00A4020C020099", "6A82"), ("00A4020C0100", "6700"),
        ("00B0000000", "6986"), ("00B0000001FF", "6700"), ("00B09800FF", "6981"), ("00B08AFFFF", "9000"),
        ("00B28104FF", "6986"), ("0020009700", "6981"), ("0020009500", "6A88"), ("0020001800", "6A86"),
        ("00200198", "6A86"), ("0084000000", "9000"), ("00840000", "6700"), ("0084010010", "6A86"),
    ],
)  # fmt: skip
def test_other_refusals(terminal: Terminal, apdu: str, word: str) -> None:
    assert terminal.ask(apdu) == word


def test_reading_past_the_end(terminal: Terminal) -> None:
    terminal.file(0x0006)
    assert len(terminal.send("00B0000000")) == 160
    assert terminal.ask("00B000A000") == "6B00"
    assert len(terminal.send("00B0009F00")) == 1
    assert len(terminal.send("00B08600000000")) == 160, "by short identifier, extended length"


def test_nothing_of_the_holder_shows_in_a_repr(terminal: Terminal) -> None:
    shown = repr(terminal.card) + repr(terminal.card._chip.kept) + repr(HOLDER)
    for secret in (AUTHENTICATION_PIN, PASSWORD, "見本", HOLDER.personal_number.reveal()):
        assert secret not in shown
    kept = terminal.card.to_bytes()
    assert PASSWORD.encode() not in kept
    assert HOLDER.number_b.encode() not in kept


def test_the_coming_generation_signs_with_p384_and_has_two_pins() -> None:
    """Public so far: ECDSA P-384, two applications, two PINs. The PIN of the one opens the items in the other."""
    terminal = Terminal(coming_card())
    assert set(NEXT.secrets) - {"number_a", "number_b", "birth"} == {"authentication", "signature"}
    terminal.application()
    terminal.verify(PIN, AUTHENTICATION_PIN)
    key = x509.load_der_x509_certificate(terminal.read(CERTIFICATE)).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    digest = hashlib.sha384(b"message").digest()
    for p1, data in ((0, digest), (2, digest), (3, b"message")):
        key.verify(terminal.sign(data, p1=p1, p2=0x97), b"message", ec.ECDSA(hashes.SHA384()))
    with pytest.raises(InvalidSignature):
        key.verify(terminal.sign(digest, p2=0x97), b"another", ec.ECDSA(hashes.SHA384()))
    terminal.sign(b"x", p1=4, p2=0x97)
    assert terminal.sw == "6A86"
    terminal.sign(b"x", p1=0, p2=0x97)
    assert terminal.sw == "6700"
    terminal.application(SUPPORT_AID)
    assert terminal.verify(0x0011, AUTHENTICATION_PIN) == "9000"
    assert terminal.read(0x0002).startswith(b"\xff\x20")
    assert terminal.application(COMMON_AID) == "6A82"
