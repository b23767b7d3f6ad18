"""The seam between a web page and the card beside the reader: what the agent is asked, and what it answers.

A page that needs the card sends the browser, by an ordinary form, to the agent: a small program on the person's own
machine in front of PC/SC, or the test card's pages in a demonstration. The agent shows who asks and for what, how many
tries are left, takes the PIN (which never leaves it), uses the card, hands the assertion to the page's site directly
and sends the browser back with a code that only this browser receives. So no script is needed, no PIN reaches a web
site, and a task sent by another site, or finished in another browser, is worth nothing:

1. page -> agent: `POST {agent}/use`, form field `task` = base64url(JSON(Task)). The agent takes it only with an
   `Origin` that it was told to serve, and only if `task.origin`, `deliver` and `back` are of that same origin.
2. person: sees and agrees, enters the PIN.
3. agent -> site: `POST task.deliver`, JSON `Assertion`. Site: `Receipt` with a return code, or a problem document.
4. agent -> browser: 303 to `task.back?txn=…&code=…`; or, where the person declines, `?txn=…&declined=1`.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

import msgspec

from renkei.base.encoding import MaskedStruct

AGENT_PORT = 35970
PATH_USE = "/use"
TASK_FIELD = "task"
TASK_BYTES_MAX = 16_384
CHALLENGE_BYTES = 32
CERTIFICATE_BYTES_MAX = 8_192


class Key(StrEnum):
    """Which key of the card."""

    AUTHENTICATION = "authentication"  # 利用者証明用, 4-digit PIN
    SIGNATURE = "signature"  # 署名用, 6 to 16 letters and digits; its certificate discloses the four items


class ToSign(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One document to be signed."""

    name: str
    """As the person knows it."""
    digest: str
    """SHA-256 (P-384: SHA-384) of what is signed, base64url: for CAdES and XAdES, of the signed attributes."""


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the card is to do. No personal data; it may stand in a browser's history of forms."""

    origin: str
    """Origin of the site that asks, `https://…`."""
    txn: str
    key: Key
    challenge: str
    """32 random bytes, base64url."""
    asks_ja: str
    """Who asks, as registered with the site: shown to the person."""
    asks_en: str
    purpose_ja: str = ""
    purpose_en: str = ""
    documents: tuple[ToSign, ...] = ()
    """Only with the signature key; empty where only the certificate and the challenge are wanted."""
    deliver: str
    """URL that takes the assertion."""
    back: str
    """URL to which the browser returns."""
    expires_ms: int
    shared_terminal: bool = False
    """Somebody else may come next: the agent watches for the card being taken away and tells `deliver` so."""


class Assertion(MaskedStruct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the card said."""

    txn: str
    certificate: str
    """DER, base64url."""
    algorithm: str
    """`RS256` (RSASSA-PKCS1-v1_5, SHA-256) or `ES384`."""
    signature: str
    """Over `challenge_bytes`, base64url."""
    documents: tuple[str, ...] = ()
    """Signatures over the digests of the task, in its order, base64url."""
    medium: str = "card"
    """`card`, or `software` for a test card."""
    pin: bool = True
    """Whether the holder entered the PIN (False: 顔認証, read without one)."""


class Receipt(MaskedStruct, frozen=True, kw_only=True):
    """The site has taken the assertion; the browser proves by the code that it is the one that began."""

    code: str


def challenge_bytes(origin: str, txn: str, challenge: bytes, digests: tuple[str, ...] = ()) -> bytes:
    """The exact bytes that the card signs to answer a challenge.

    They bind the answer to the site (no relay), to this transaction (no replay) and to the documents (none exchanged);
    no document that a person might be made to sign begins like this.
    """
    listed = hashlib.sha256("\n".join(digests).encode()).digest()
    head = b"renkei card challenge v1\x00" + origin.encode() + b"\x00" + txn.encode() + b"\x00"
    return head + challenge + listed
