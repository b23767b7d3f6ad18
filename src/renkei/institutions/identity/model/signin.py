"""A round: from a page of ours to the card (or the passkey) and back to the same browser.

    OPEN -> ANSWERED -> USED      the card answered; the browser that began came back with the code
    OPEN -> USED                  declined, or a passkey, which answers in the page itself
    OPEN, ANSWERED -> expired     by time alone

An answer alone signs nobody in, and neither does a code: the browser must hold the cookie of the round as well.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from renkei.base.encoding import MaskedStruct, from_base64url, to_base64url
from renkei.contracts.card_agent import CERTIFICATE_BYTES_MAX, Assertion, Key, Task, challenge_bytes
from renkei.contracts.identity import Acr, Amr, Realm
from renkei.institutions.identity.errors.signin import AssertionMalformed, CardForTestsRefused, NotSureEnough
from renkei.institutions.identity.model.settings import Settings

SIGNATURE_BYTES_MAX = 1_024
SOFTWARE = "software"
MEDIA = frozenset({"card", SOFTWARE})


class Purpose(StrEnum):
    """What the round is for."""

    SIGN_IN = "sign_in"  # with the card
    CONFIRM = "confirm"  # read the four items from the signature certificate
    PASSKEY = "passkey"  # sign in with a passkey
    ENROL = "enrol"  # enrol a passkey


class RoundState(StrEnum):
    """Where it stands."""

    OPEN = "open"
    ANSWERED = "answered"
    USED = "used"


class Round(MaskedStruct, frozen=True, kw_only=True):
    """What a browser began."""

    txn: str
    purpose: Purpose
    realm: Realm
    challenge: str
    """32 random bytes, base64url."""
    back: str
    """Page of the provider that follows."""
    acr: Acr = Acr.CARD
    """The least that suffices."""
    account_mark: str = ""
    """Stands for the only account that may sign in (`web.sessions.account_mark`); empty for any."""
    account_id: str = ""
    """Whose data are confirmed, or whose passkey is enrolled."""
    name: str = ""
    """What the passkey to be enrolled shall be called."""
    agent: str = ""
    """URL of the card agent that was chosen."""
    shared_terminal: bool = False
    made_ms: int
    expires_ms: int

    @property
    def key(self) -> Key:
        """Key of the card that answers."""
        return Key.SIGNATURE if self.purpose is Purpose.CONFIRM else Key.AUTHENTICATION


class Answer(MaskedStruct, frozen=True, kw_only=True):
    """What the card answered, verified when it came."""

    certificate: bytes
    """DER."""
    medium: str
    pin: bool
    status: bytes
    """The evidence that the certificate was good, DER."""
    answered_ms: int


class Sureness(NamedTuple):
    """What a proof is worth."""

    acr: Acr
    amr: tuple[str, ...]
    test: bool


class Shown(NamedTuple):
    """An assertion with its bytes read."""

    certificate: bytes
    signature: bytes


class TaskWords(NamedTuple):
    """What the agent shows to the person, in both languages."""

    asks_ja: str
    asks_en: str
    purpose_ja: str
    purpose_en: str


def task_of(round_: Round, settings: Settings, *, deliver: str, back: str, words: TaskWords) -> Task:
    """The task that the browser carries to the card agent.

    Args:
        deliver, back: paths of the provider.
    """
    return Task(
        origin=settings.origin, txn=round_.txn, key=round_.key, challenge=round_.challenge, asks_ja=words.asks_ja,
        asks_en=words.asks_en, purpose_ja=words.purpose_ja, purpose_en=words.purpose_en,
        deliver=settings.origin + deliver, back=settings.origin + back, expires_ms=round_.expires_ms,
        shared_terminal=round_.shared_terminal,
    )  # fmt: skip


def task_field(task: Task) -> str:
    """Value of the form field that carries a task."""
    return to_base64url(msgspec.json.encode(task))


def signed_bytes(round_: Round, origin: str) -> bytes:
    """The bytes that the card signed to answer this round."""
    return challenge_bytes(origin, round_.txn, from_base64url(round_.challenge))


def read_assertion(assertion: Assertion) -> Shown:
    """The bytes of an assertion to a round, which has no documents.

    Raises:
        AssertionMalformed: not base64url, too large, or with signatures that were not asked for.
    """
    if assertion.documents or assertion.medium not in MEDIA:
        raise AssertionMalformed()
    # Four characters of base64url are three bytes; what is longer is not even decoded.
    if len(assertion.certificate) > CERTIFICATE_BYTES_MAX * 4 // 3 + 4:
        raise AssertionMalformed()
    if len(assertion.signature) > SIGNATURE_BYTES_MAX * 4 // 3 + 4:
        raise AssertionMalformed()
    try:
        return Shown(_decoded(assertion.certificate), _decoded(assertion.signature))
    except ValueError:
        raise AssertionMalformed() from None


def _decoded(text: str) -> bytes:
    """base64url without padding, in a fraction of the time of `from_base64url`: whether a text is the only one of its
    bytes matters nowhere here, since what is signed are bytes."""
    if "+" in text or "/" in text or "=" in text:
        raise ValueError("not base64url")
    return msgspec.convert(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), bytes)


def sureness(*, medium: str, pin: bool, wanted: Acr, test_cards: bool) -> Sureness:
    """How sure a card makes of who signs in.

    Raises:
        CardForTestsRefused: a software card where none is offered.
        NotSureEnough: less than what is asked for.
    """
    if medium == SOFTWARE and not test_cards:
        raise CardForTestsRefused()
    worth = _WORTH[pin, medium == SOFTWARE]
    if not worth.acr.suffices(wanted):
        raise NotSureEnough()
    return worth


def _worth(*, pin: bool, software: bool) -> Sureness:
    amr = [Amr.CARD, *([Amr.PIN, Amr.SEVERAL] if pin else []), *([Amr.SOFTWARE_KEY] if software else [])]
    return Sureness(Acr.CARD if pin else Acr.CARD_ALONE, tuple(one.value for one in amr), software)


_WORTH: Final = {
    (pin, software): _worth(pin=pin, software=software) for pin in (True, False) for software in (True, False)
}
