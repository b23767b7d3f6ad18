"""An ask: a client wants something of a person, who sees it and decides.

The code flow, CIBA and device authorization differ in how the ask arrives and how the answer leaves; in between they
are the same thing: one page, one decision, one record.

    OPEN -> APPROVED -> USED
    OPEN -> DENIED, said as often as the client asks
    OPEN, APPROVED, DENIED -> expired, by time alone
"""

from __future__ import annotations

from enum import StrEnum

from renkei.base.encoding import MaskedStruct
from renkei.contracts.identity import Acr, Acting, Payment, Realm


class AskKind(StrEnum):
    """How it arrived."""

    CODE = "code"  # a browser came from the client (RFC 6749 §4.1, RFC 9126)
    BACKCHANNEL = "backchannel"  # the client asked behind the scenes (CIBA)
    DEVICE = "device"  # a television shows a code (RFC 8628)


class AskState(StrEnum):
    """Where it stands."""

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    USED = "used"  # the client has fetched the outcome; nothing more comes of it


class Ask(MaskedStruct, frozen=True, kw_only=True):
    """What a client wants of a person."""

    ask_id: str
    realm: Realm
    kind: AskKind
    client_id: str
    scopes: tuple[str, ...]
    claims: tuple[str, ...] = ()
    """Of the four items, those asked for as verified claims."""
    essential: tuple[str, ...] = ()
    """Of the claims, those without which the client says that it cannot go on; the others can be left out."""
    purpose: str = ""
    """What it is for, in the client's own words (`purpose`, OpenID Connect for Identity Assurance 1.0 §8)."""
    payments: tuple[Payment, ...] = ()
    acr: Acr = Acr.CARD
    max_age_s: int | None = None
    """The person must have proved who they are within this time; 0 asks for the card now."""
    prompt: tuple[str, ...] = ()
    """`login`, `consent`, `none`, `select_account` (OpenID Connect Core 1.0 §3.1.2.1)."""
    account_id: str = ""
    """Who is meant, where the client said so (`login_hint_token`, `id_token_hint`); empty for whoever signs in."""
    message: str = ""
    """`binding_message` of CIBA, or the user code of a device: shown on both screens."""
    device: str = ""
    """What the device calls itself (device authorization)."""
    sign_transaction_id: str = ""
    made_ms: int
    expires_ms: int
    returns: Return | None = None
    """Code flow only."""


class Return(MaskedStruct, frozen=True, kw_only=True):
    """How the answer goes back to the browser (code flow)."""

    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str
    """S256 (RFC 7636)."""
    key_thumbprint: str = ""
    """Of the DPoP key to which the code is bound (RFC 9449 §10); empty where the client gave none."""


class Approved(MaskedStruct, frozen=True, kw_only=True):
    """What a person agreed to: all that tokens are made from."""

    ask_id: str
    realm: Realm
    client_id: str
    account_id: str
    """Of the subject: the person, or the principal where someone acts."""
    session_id: str
    acr: Acr
    amr: tuple[str, ...]
    auth_ms: int
    scopes: tuple[str, ...]
    claims: tuple[str, ...] = ()
    payments: tuple[Payment, ...] = ()
    nonce: str = ""
    sign_transaction_id: str = ""
    acting: Acting | None = None
    actor_account_id: str = ""
    test: bool = False
    shared_terminal: bool = False


class Outcome(StrEnum):
    """Why nothing was agreed: error codes of OAuth 2.0 and OpenID Connect (Core 1.0 §3.1.2.6)."""

    DENIED = "access_denied"
    LOGIN = "login_required"
    CONSENT = "consent_required"
    INTERACTION = "interaction_required"


class Standing(MaskedStruct, frozen=True, kw_only=True):
    """Where an ask stands."""

    ask: Ask
    state: AskState
    account_id: str
    """Who decided; before that, whom it is meant for; empty for whoever signs in."""
    session_id: str
    """In which session it was decided; empty before, and where no person was asked."""
    reason: Outcome | None
    """Why it was denied."""
    expired: bool
