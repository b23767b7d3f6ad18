"""What is written into the files of a card. Values in, bytes out.

Layouts: public readers of the card and dumps of JPKI test cards (soltia48/myna-card 3.3, jpki/myna, siketyan/jpki-rs).
"""

from __future__ import annotations

import hashlib
from datetime import date

from renkei.base.encoding import MaskedStruct
from renkei.base.personal_number import PersonalNumber
from renkei.base.wareki import to_wareki
from renkei.institutions.card.chip import images
from renkei.institutions.card.chip.keys import PrivateKey
from renkei.institutions.card.chip.records import RecordIssuer, key_id, public_key
from renkei.institutions.card.chip.tlv import tlv, with_offsets

PRESENT_BYTE, ABSENT_BYTE = b"\x8f", b"\x00"
TOKEN_FLAGS = 0x0000_040D  # RNG, login required, user PIN initialised, token initialised
UNAVAILABLE = 0xFFFF_FFFF
SIGNATURE_TAG_FACE = 0xDF28


class Holder(MaskedStruct, frozen=True, kw_only=True):
    """Whose card it is: what its face says. Synthetic persons only."""

    name: str
    """氏名, family and given name apart by an ideographic space."""
    address: str
    birth: date
    sex: str
    """`1` male, `2` female, `9` not applicable."""
    personal_number: PersonalNumber
    expiry: date
    """Last day of the card."""
    security_code: str
    """Four digits printed on the face."""
    municipality: str
    """Five digits of the issuing municipality's code."""
    serial: str
    """Fifteen digits: the card's number."""

    @property
    def birth_code(self) -> str:
        """YYMMDD of the era, as terminals ask for it."""
        day = to_wareki(self.birth)
        return f"{day.year:02d}{day.month:02d}{day.day:02d}"

    @property
    def number_b(self) -> str:
        """照合番号B: birth, year of expiry, security code."""
        return f"{self.birth_code}{self.expiry.year:04d}{self.security_code}"


def token_info(label: str) -> bytes:
    """CK_TOKEN_INFO in 160 bytes, integers of four bytes; by its label a client tells a card from a phone."""
    texts = [(label, 32), ("RENKEI TEST (SYNTHETIC)", 32), ("VIRTUAL", 16), ("0", 16)]
    head = b"".join(text.encode("ascii").ljust(width) for text, width in texts)
    numbers = [TOKEN_FLAGS, 0, 0, 0, 0, 16, 4, *[UNAVAILABLE] * 4]  # sessions unlimited, PINs of 4 to 16 bytes
    return head + b"".join(number.to_bytes(4, "big") for number in numbers) + b"0301" + b" " * 16


def availability(*, signature: bool) -> bytes:
    """EF 0008: whether there is a signature certificate (none for children under 15), and an authentication one."""
    return (PRESENT_BYTE if signature else ABSENT_BYTE) + PRESENT_BYTE + b"\x00"


def number_file(number: PersonalNumber) -> bytes:
    """個人番号: fifteen bytes and two of filler, all of which its digest covers."""
    return tlv(0xFF10, number.reveal().encode("ascii")) + b"\xff\xff"


def items_file(holder: Holder) -> bytes:
    """基本4情報 behind a table of offsets."""
    return with_offsets(0xFF20, 0xDF21, _items(holder))


def integrity_file(holder: Holder, issuer: RecordIssuer) -> bytes:
    """Digests of the two files above, signed. That of the four items begins behind the table of offsets."""
    digests = tlv(0xDF31, hashlib.sha256(number_file(holder.personal_number)).digest())
    digests += tlv(0xDF32, hashlib.sha256(b"".join(_items(holder))).digest())
    return tlv(0xFF30, digests + tlv(0xDF33, issuer.sign(digests)))


def signed_key_file(card_key: PrivateKey, issuer: RecordIssuer) -> bytes:
    """The key with which the card answers challenges, signed."""
    key = tlv(0xDF51, public_key(card_key))
    return tlv(0xFF50, key + tlv(0xDF52, issuer.sign(key)))


def age_record(holder: Holder, card_key: PrivateKey, issuer: RecordIssuer) -> bytes:
    """The birth date alone, for who has to check an age and nothing else."""
    fields = tlv(0xDF11, _day(holder.birth)) + tlv(0xDF12, public_key(card_key))
    return tlv(0xFF10, fields + tlv(0xDF13, issuer.sign(fields)))


def face_file(holder: Holder, card_key: PrivateKey, issuer: RecordIssuer) -> bytes:
    """The card's face. Expiry and security code stand behind the signature and are not covered by it.

    The pictures of a real card show name, address and photograph (JPEG 2000); ours are specimens (PNG).
    """
    specimen = images.specimen()
    first = tlv(0xDF22, _day(holder.birth)) + tlv(0xDF23, holder.sex.encode()) + tlv(0xDF24, public_key(card_key))
    name, address, photo = (tlv(tag, specimen) for tag in (0xDF25, 0xDF26, 0xDF27))
    signature = issuer.sign_groups([first, name + address, photo])
    fields = [
        tlv(0xDF22, _day(holder.birth)), tlv(0xDF23, holder.sex.encode()), tlv(0xDF24, public_key(card_key)),
        name, address, photo, tlv(SIGNATURE_TAG_FACE, signature),
        tlv(0xDF29, _day(holder.expiry)), tlv(0xDF2A, images.digits(holder.security_code)),
    ]  # fmt: skip
    return with_offsets(0xFF20, 0xDF21, fields)


def number_image(holder: Holder, card_key: PrivateKey, issuer: RecordIssuer) -> bytes:
    """The personal number as a picture, so that it is shown and not copied."""
    fields = tlv(0xDF41, images.digits(holder.personal_number.reveal())) + tlv(0xDF42, public_key(card_key))
    return tlv(0xFF40, fields + tlv(0xDF43, issuer.sign(fields)))


def card_record(holder: Holder) -> bytes:
    """Record 1 of 共通: number of the card, issuing municipality, expiry (28 digits under a simple TLV)."""
    return tlv(0x01, holder.serial.encode() + holder.municipality.encode() + _day(holder.expiry))


def support_basics() -> bytes:
    """Basic data of 券面事項入力補助: layout version, a key identifier, 128 bytes whose meaning is not known."""
    return tlv(
        0xFF40, tlv(0xDF41, bytes.fromhex("01030E01")) + tlv(0xDF42, key_id("9000034")) + tlv(0xDF43, b"\xff" * 128)
    )


def face_basics(holder: Holder) -> bytes:
    """Basic data of 券面事項確認, without the block (DF35) whose meaning is not known."""
    fields = tlv(0xDF31, bytes.fromhex("06030E01")) + tlv(0xDF32, key_id("9000024"))
    return tlv(0xFF30, fields + tlv(0xDF33, b"\x01") + tlv(0xDF34, holder.municipality.encode()))


def _items(holder: Holder) -> list[bytes]:
    return [
        tlv(0xDF22, holder.name.encode()), tlv(0xDF23, holder.address.encode()),
        tlv(0xDF24, _day(holder.birth)), tlv(0xDF25, holder.sex.encode()),
    ]  # fmt: skip


def _day(day: date) -> bytes:
    return day.strftime("%Y%m%d").encode()
