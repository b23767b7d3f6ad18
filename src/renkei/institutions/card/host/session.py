"""One visit to a card: tries left, PINs, certificates, signatures, the four items.

    session = CardSession(transmit)
    session.tries_left(Key.AUTHENTICATION)             # spends no try
    session.verify_pin(Key.AUTHENTICATION, "1234")
    session.certificate(Key.AUTHENTICATION)            # DER
    session.sign(Key.AUTHENTICATION, digest, "RS256")

The card forgets a verified PIN when another application is selected, so whatever belongs to one PIN is asked together.
Nothing here keeps a PIN, and no error quotes one.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from renkei.base.personal_number import PersonalNumber
from renkei.contracts.card_agent import CERTIFICATE_BYTES_MAX, Key
from renkei.institutions.card.host import apdu
from renkei.institutions.card.host.apdu import Sw, Transmit
from renkei.institutions.card.host.errors import (
    AuthenticationCertificateMissing,
    CardAnswerUnexpected,
    CardUnknown,
    DigestUnfit,
    PasswordFormatWrong,
    PinLocked,
    PinNotFourDigits,
    PinWrong,
    SignatureCertificateMissing,
)
from renkei.institutions.card.host.items import FourItems, four_items, number, read_length
from renkei.institutions.card.host.layout import FOUR_DIGITS, ITEMS, PRESENT, Layout, Pin, PinFile

Algorithm: TypeAlias = Literal["RS256", "ES384"]

# DigestInfo of SHA-256 up to the digest (RFC 8017 §9.2, note 1). The NULL parameter (0500) belongs there: without it
# strict verifiers refuse the signature.
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
TEXT_FILE_BYTES_MAX = 2_048


@dataclass(frozen=True, slots=True)
class _Hash:
    name: str
    length: int
    prefix: bytes


HASHES: Mapping[Algorithm, _Hash] = {
    "RS256": _Hash("sha256", 32, SHA256_INFO),
    "ES384": _Hash("sha384", 48, b""),  # ECDSA signs the bare digest
}


class CardSession:
    """Speaks to one card.

    Args:
        transmit: sends one APDU, returns data and status word; raises CardRemoved when the card is gone.
        layout: where things lie on this generation of cards.

    Every method raises CardUnknown where the card is no personal-number card, CardAnswerUnexpected where it answers
    what no such card does, and whatever `transmit` raises.
    """

    def __init__(self, transmit: Transmit, *, layout: Layout = PRESENT) -> None:
        self._transmit, self._layout = transmit, layout
        self._selected = b""

    def tries_left(self, pin: Pin) -> int:
        """Wrong tries that the card still takes; 0 is locked. Asking spends none, and no verified PIN is forgotten.

        Raises:
            SignatureCertificateMissing, AuthenticationCertificateMissing: the card has no such PIN.
        """
        tries = self._tries(pin, self._select_pin(pin))
        if tries == 0 and pin == Key.SIGNATURE and not self._has_signature():
            raise SignatureCertificateMissing()  # its password was never set; nothing is locked
        return tries

    def verify_pin(self, pin: Pin, secret: str) -> None:
        """Show the PIN to the card.

        Args:
            secret: as entered; full width becomes half width, and the password's letters become capitals.

        Raises:
            PinNotFourDigits, PasswordFormatWrong: not sent, so that it spends no try.
            PinLocked: no tries are left, before or after this one.
            PinWrong: with the tries left.
        """
        file = self._layout.pins[pin]
        folded = fold_pin(file, secret)
        if self.tries_left(pin) == 0:
            raise PinLocked()
        answer = self._exchange(apdu.verify(folded))
        if answer.sw != Sw.OK:
            raise _pin_refusal(answer)

    def change_pin(self, pin: Pin, old: str, new: str) -> None:
        """Replace a PIN.

        Raises:
            PinNotFourDigits, PasswordFormatWrong: the old or the new one; nothing was sent.
            PinWrong, PinLocked: as `verify_pin`, for the old one.
        """
        folded = fold_pin(self._layout.pins[pin], new)
        self.verify_pin(pin, old)
        answer = self._exchange(apdu.change(folded))
        if answer.sw != Sw.OK:
            raise _pin_refusal(answer)

    def certificate(self, key: Key) -> bytes:
        """DER certificate of a key. The signature certificate needs its PIN verified, for it names the holder.

        Raises:
            SignatureCertificateMissing, AuthenticationCertificateMissing: the card has none.
            CardAnswerUnexpected: with status 6982 where the PIN was not verified.
        """
        self._application(self._layout.jpki, pin=key)
        self._file(self._layout.keys[key].certificate, missing=key)
        der = self._read(limit=CERTIFICATE_BYTES_MAX, tag_bytes=1)
        if der[:1] != b"\x30":  # a file that was made but never written
            raise _missing(key)
        return der

    def sign(self, key: Key, digest: bytes, algorithm: Algorithm) -> bytes:
        """Sign a digest with a key whose PIN was verified.

        Args:
            digest: SHA-256 for RS256, SHA-384 for ES384.
            algorithm: what the certificate's key is for, see `algorithm_of`.

        Raises:
            DigestUnfit: a digest of another length.
        """
        kind = HASHES[algorithm]
        if len(digest) != kind.length:
            raise DigestUnfit(algorithm=algorithm)
        self._application(self._layout.jpki, pin=key)
        self._file(self._layout.keys[key].key, missing=key)
        answer = self._exchange(apdu.sign(kind.prefix + digest))
        if answer.sw != Sw.OK or not answer.data:
            raise _unexpected(answer)
        return answer.data

    def four_items(self, pin: str) -> FourItems:
        """基本4情報 of 券面事項入力補助.

        Raises:
            PinNotFourDigits, PinWrong, PinLocked: as `verify_pin`.
        """
        self.verify_pin(ITEMS, pin)
        self._file(self._layout.items, missing=ITEMS)
        return four_items(self._read(limit=TEXT_FILE_BYTES_MAX, tag_bytes=2))

    def number(self, pin: str) -> PersonalNumber:
        """The personal number of 券面事項入力補助; only for who may collect it (番号法14条, 20条).

        Raises:
            PinNotFourDigits, PinWrong, PinLocked: as `verify_pin`.
        """
        self.verify_pin(ITEMS, pin)
        self._file(self._layout.number, missing=ITEMS)
        return number(self._read(limit=TEXT_FILE_BYTES_MAX, tag_bytes=2))

    def _tries(self, pin: Pin, answer: apdu.Answer) -> int:
        if answer.sw & 0xFFF0 == apdu.TRIES:
            return answer.sw & 0xF
        if answer.sw in apdu.BLOCKED:
            return 0
        raise _missing(pin) if answer.sw in apdu.ABSENT else _unexpected(answer)

    def _select_pin(self, pin: Pin) -> apdu.Answer:
        file = self._layout.pins[pin]
        self._application(file.application, pin=pin)
        self._file(file.file, missing=pin)
        return self._exchange(apdu.query_tries())

    def _has_signature(self) -> bool:
        """Whether the card says that it has a signature certificate; where it says nothing it may have one."""
        selected = self._exchange(apdu.select_file(self._layout.availability))
        answer = self._exchange(apdu.read_binary(0)) if selected.sw == Sw.OK else selected
        return answer.sw != Sw.OK or answer.data[:1] != b"\x00"

    def _application(self, aid: bytes, *, pin: Pin) -> None:
        """Select, unless selected already: some cards forget a verified PIN even then."""
        if self._selected == aid:
            return
        self._selected = b""
        answer = self._exchange(apdu.select_application(aid))
        if answer.sw in apdu.ABSENT:
            raise CardUnknown(private=f"no application for {pin}")
        if answer.sw != Sw.OK:
            raise _unexpected(answer)
        self._selected = aid

    def _file(self, file: int, *, missing: Pin) -> None:
        answer = self._exchange(apdu.select_file(file))
        if answer.sw in apdu.ABSENT:
            raise _missing(missing)
        if answer.sw != Sw.OK:
            raise _unexpected(answer)

    def _read(self, *, limit: int, tag_bytes: int) -> bytes:
        """The selected file, as long as its first tag says: what lies behind is padding."""
        data = self._chunk(0)
        if len(data) <= tag_bytes:
            return b""
        length, begin = read_length(data, tag_bytes)
        total = begin + length
        if total > limit:
            raise CardAnswerUnexpected(status="size")
        while len(data) < total:
            more = self._chunk(len(data))
            if not more:
                raise CardAnswerUnexpected(status="size")
            data += more
        return data[:total]

    def _chunk(self, offset: int) -> bytes:
        answer = self._exchange(apdu.read_binary(offset))
        if answer.sw not in (Sw.OK, Sw.END_OF_FILE, Sw.OFFSET_WRONG):
            raise _unexpected(answer)
        return answer.data

    def _exchange(self, command: bytes) -> apdu.Answer:
        return apdu.exchange(self._transmit, command)


def fold_pin(file: PinFile, secret: str) -> bytes:
    """A PIN as the card compares it.

    Raises:
        PinNotFourDigits, PasswordFormatWrong: it cannot be right, so the card is not asked.
    """
    folded = unicodedata.normalize("NFKC", secret).strip().upper()
    if not file.form.fullmatch(folded):
        raise PinNotFourDigits() if file.form is FOUR_DIGITS else PasswordFormatWrong()
    return folded.encode("ascii")


def algorithm_of(certificate: bytes) -> Algorithm:
    """How the key of a certificate signs. Says nothing about who issued it.

    Raises:
        CardAnswerUnexpected: no certificate, or a key of no card.
    """
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise CardAnswerUnexpected(status="DER") from None
    if isinstance(key, rsa.RSAPublicKey):
        return "RS256"
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP384R1):
        return "ES384"
    raise CardAnswerUnexpected(status="key")


def digest_of(data: bytes, algorithm: Algorithm) -> bytes:
    """The digest that an algorithm signs."""
    return hashlib.new(HASHES[algorithm].name, data).digest()


def _pin_refusal(answer: apdu.Answer) -> PinWrong | PinLocked | CardAnswerUnexpected:
    if answer.sw in apdu.BLOCKED:
        return PinLocked()
    if answer.sw & 0xFFF0 == apdu.TRIES:
        tries = answer.sw & 0xF
        return PinWrong(tries=tries) if tries else PinLocked()
    return _unexpected(answer)


def _missing(pin: Pin) -> SignatureCertificateMissing | AuthenticationCertificateMissing | CardUnknown:
    if pin == Key.SIGNATURE:
        return SignatureCertificateMissing()
    return AuthenticationCertificateMissing() if pin == Key.AUTHENTICATION else CardUnknown()


def _unexpected(answer: apdu.Answer) -> CardAnswerUnexpected:
    return CardAnswerUnexpected(status=f"{answer.sw:04X}")
