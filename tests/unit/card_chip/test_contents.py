"""The files as a terminal reads and checks them, by the layouts that public readers of the card describe."""

from __future__ import annotations

import hashlib
import struct
import zlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo
from tests.unit.card_chip.cards import HOLDER, ITEMS_PIN, made, make_card
from tests.unit.card_chip.talk import Terminal

from renkei.institutions.card.chip import images
from renkei.institutions.card.chip.profile import COMMON_AID, FACE_AID, SUPPORT_AID
from renkei.institutions.card.chip.records import digest_info
from renkei.institutions.card.chip.tlv import objects, tlv
from renkei.institutions.card.host.session import CardSession

PKCS1, SHA256 = padding.PKCS1v15(), hashes.SHA256()


def fields(data: bytes) -> dict[int, tuple[int, bytes, bytes]]:
    """Tag (two bytes) → offset, value, and the object as written."""
    found, at = {}, 0
    while at < len(data) and data[at] != 0xFF:
        tag, head = int.from_bytes(data[at : at + 2], "big"), at + 2
        if data[head] == 0x82:
            length, begin = int.from_bytes(data[head + 1 : head + 3], "big"), head + 3
        elif data[head] == 0x81:
            length, begin = data[head + 1], head + 2
        else:
            length, begin = data[head], head + 1
        found[tag] = (at, data[begin : begin + length], data[at : begin + length])
        at = begin + length
    return found


def inside(data: bytes) -> tuple[int, dict[int, tuple[int, bytes, bytes]]]:
    """Length of the outer header, and its fields."""
    header = {0x82: 5, 0x81: 4}.get(data[2], 3)
    return header, fields(data[header:])


def key_of(data: bytes) -> rsa.RSAPublicKey:
    parts = dict(objects(data))
    return rsa.RSAPublicNumbers(int.from_bytes(parts[0x90], "big"), int.from_bytes(parts[0x91], "big")).public_key()


@pytest.fixture(scope="module")
def support() -> Terminal:
    terminal = Terminal(make_card())
    terminal.application(SUPPORT_AID)
    terminal.verify(0x0011, ITEMS_PIN)
    return terminal


@pytest.fixture(scope="module")
def face() -> Terminal:
    terminal = Terminal(make_card())
    terminal.application(FACE_AID)
    for reference, secret in ((0x0013, HOLDER.personal_number.reveal()), (0x0011, HOLDER.birth_code)):
        assert terminal.verify(reference, secret) == "9000"
    return terminal


def issuer(terminal: Terminal) -> rsa.RSAPublicKey:
    """The key that the card's certificate (EF 0004) certifies, once its signature was checked with the authority's."""
    certificate = fields(fields(terminal.read(0x0004))[0x7F21][1])
    body = certificate[0x5F4E][1]
    authority = made().authority.public_key()
    assert isinstance(authority, rsa.RSAPublicKey)
    authority.verify(certificate[0x5F37][1], body, PKCS1, SHA256)
    assert len(body) == 297
    return key_of(body[32:])


def test_the_personal_number(support: Terminal) -> None:
    number = support.read(0x0001)
    assert number == b"\xff\x10\x0c" + HOLDER.personal_number.reveal().encode() + b"\xff\xff"


def test_the_four_items_and_their_offsets(support: Terminal) -> None:
    raw = support.read(0x0002)
    header, items = inside(raw)
    assert items[0xDF22][1].decode() == HOLDER.name
    assert items[0xDF23][1].decode() == HOLDER.address
    assert (items[0xDF24][1], items[0xDF25][1]) == (b"19800217", b"2")
    offsets = struct.unpack(">4H", items[0xDF21][1])
    assert offsets == tuple(header + items[tag][0] for tag in (0xDF22, 0xDF23, 0xDF24, 0xDF25))


def test_the_digests_over_number_and_items_are_signed(support: Terminal) -> None:
    """The digest of the number covers the file as stored, that of the items begins behind the table of offsets."""
    _, record = inside(support.read(0x0003))
    raw = support.read(0x0002)
    header, items = inside(raw)
    assert record[0xDF31][1] == hashlib.sha256(support.read(0x0001)).digest()
    assert record[0xDF32][1] == hashlib.sha256(raw[header + items[0xDF22][0] :]).digest()
    issuer(support).verify(record[0xDF33][1], record[0xDF31][2] + record[0xDF32][2], PKCS1, SHA256)


def test_the_card_proves_that_it_is_there(support: Terminal) -> None:
    """A challenge answered by the key whose public half the issuer signed: no copy of the files can do that."""
    _, record = inside(support.read(0x0007))
    issuer(support).verify(record[0xDF52][1], record[0xDF51][2], PKCS1, SHA256)
    challenge = b"a terminal's challenge"
    answer = support.sign(digest_info(hashlib.sha256(challenge).digest()), p2=0x00)
    key_of(record[0xDF51][1]).verify(answer, challenge, PKCS1, SHA256)


def test_an_age_without_anything_else(face: Terminal) -> None:
    _, record = inside(face.read(0x0001))
    assert record[0xDF11][1] == b"19800217"
    issuer(face).verify(record[0xDF13][1], record[0xDF11][2] + record[0xDF12][2], PKCS1, SHA256)


def test_the_face(face: Terminal) -> None:
    """Signed in three groups, so that it can be checked without handing the photograph over."""
    raw = face.read(0x0002)
    header, record = inside(raw)
    offsets = struct.unpack(f">{len(record[0xDF21][1]) // 2}H", record[0xDF21][1])
    assert offsets == tuple(header + record[tag][0] for tag in range(0xDF22, 0xDF2B))
    groups = [(0xDF22, 0xDF23, 0xDF24), (0xDF25, 0xDF26), (0xDF27,)]
    digests = b"".join(hashlib.sha256(b"".join(record[tag][2] for tag in group)).digest() for group in groups)
    issuer(face).verify(record[0xDF28][1], digest_info(digests), PKCS1, NoDigestInfo())
    assert record[0xDF29][1] == b"20350217"
    for tag in (0xDF25, 0xDF26, 0xDF27, 0xDF2A):
        assert record[tag][1].startswith(b"\x89PNG")


def test_the_number_as_a_picture(face: Terminal) -> None:
    _, record = inside(face.read(0x0005))
    assert record[0xDF41][1] == images.digits(HOLDER.personal_number.reveal())
    issuer(face).verify(record[0xDF43][1], record[0xDF41][2] + record[0xDF42][2], PKCS1, SHA256)


def test_the_card_record() -> None:
    terminal = Terminal(make_card())
    terminal.application(COMMON_AID)
    terminal.file(0x0001)
    assert terminal.send("00B2010400") == b"\x01\x1c" + b"900000000000001" + b"13101" + b"20350217"
    assert len(terminal.send("00B2010C00")) == 30, "by short identifier 1"
    assert terminal.ask("00B2020400") == "6A83"
    assert terminal.ask("00B2010500") == "6A81"
    assert terminal.ask("00B0000000") == "6981", "records are not read by offset"


def test_the_token_tells_a_card_from_a_phone() -> None:
    terminal = Terminal(make_card())
    terminal.application()
    info = terminal.read(0x0006)
    assert len(info) == 160
    assert info[:32] == b"JPKIAPICCTOKEN2".ljust(32)
    assert struct.unpack(">11I", info[96:140])[5:7] == (16, 4)


def test_verification_number_b_is_as_on_a_test_card() -> None:
    """1980-02-17 (昭和55), card until 2035, code 2285: 55021720352285."""
    assert HOLDER.number_b == "55021720352285"


def test_pictures_are_plain_pngs() -> None:
    picture = images.digits("0123456789")
    width, height, depth, colour = struct.unpack(">IIBB", picture[16:26])
    assert (width, height, depth, colour) == (60, 12, 1, 0)
    length = struct.unpack(">I", picture[33:37])[0]
    assert len(zlib.decompress(picture[41 : 41 + length])) == 12 * (1 + 8)
    with pytest.raises(ValueError, match="digits"):
        images.digits("12a")


@pytest.mark.parametrize("length", [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF])
def test_tlv_lengths(length: int) -> None:
    assert list(objects(tlv(0x90, bytes(length)))) == [(0x90, bytes(length))]


@pytest.mark.parametrize("data", [b"\x90", b"\x90\x05abc", b"\x90\x84\x00\x00\x00\x01a", b"\x90\x82\x01"])
def test_no_tlv(data: bytes) -> None:
    with pytest.raises(ValueError, match="TLV"):
        list(objects(data))


def test_our_own_client_reads_the_card() -> None:
    session = CardSession(make_card().transmit)
    items = session.four_items(ITEMS_PIN)
    assert (items.name, items.address, items.birth, items.sex) == (HOLDER.name, HOLDER.address, HOLDER.birth, "2")
    assert session.number(ITEMS_PIN) == HOLDER.personal_number
