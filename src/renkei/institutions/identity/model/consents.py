"""What a person may agree to, what is left to ask, and what becomes of a choice. Values in, values out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

import msgspec

from renkei.base.audit import AuditEvent
from renkei.base.encoding import MaskedStruct
from renkei.contracts.identity import Scope
from renkei.institutions.identity.model.asks import Approved, Ask, AskKind
from renkei.institutions.identity.model.sessions import Session

FRESH_MS = 60_000
"""A sensitive act wants the card again, unless it was used this shortly before the ask."""
SENSITIVE_AGE_MS = 5 * 60_000
"""Longest time between the card and the answer to a sensitive ask."""

ONCE = frozenset((Scope.SIGN,))
"""Asked about every time: there is no standing consent to it."""


class EventKind(StrEnum):
    """What happened to a consent."""

    GIVEN = "given"
    USED = "used"
    PAID = "paid"  # a payment was approved
    WITHDRAWN = "withdrawn"


class Consent(MaskedStruct, frozen=True, kw_only=True):
    """One thing that one client may have of one person."""

    client_id: str
    item: Scope
    ask_id: str
    since_ms: int
    used_ms: int


class Event(MaskedStruct, frozen=True, kw_only=True):
    """One line of a person's record of consents."""

    client_id: str
    at_ms: int
    kind: EventKind
    items: tuple[Scope, ...]


class Needed(NamedTuple):
    """What a person has not agreed to yet."""

    items: tuple[Scope, ...]
    """Of the scopes and claims asked for, in the order of `Scope`."""
    always: bool
    """A payment, a signature, or a client that wants to be asked for (`prompt=consent`)."""

    def __bool__(self) -> bool:
        return self.always or bool(self.items)


def items_of(scopes: Iterable[str], claims: Iterable[str] = ()) -> tuple[Scope, ...]:
    """Everything that scopes and claims ask for, each once: a claim and the scope of its name are the same thing."""
    asked = {*scopes, *claims}
    return tuple(scope for scope in Scope if scope.value in asked)


def still_needed(
    asked: Iterable[Scope], *, given: Collection[Scope], first_party: bool, always: bool = False
) -> Needed:
    """What is left to ask.

    Args:
        given: what the person agreed to before.
        first_party: the provider's own house; that it knows who signs in goes without saying.
        always: ask in any case.
    """
    free = {Scope.OPENID} if first_party else set()
    return Needed(tuple(item for item in asked if item in ONCE or item not in {*given, *free}), always)


def always_asks(ask: Ask) -> bool:
    """Whether no earlier consent can answer this.

    What began on another screen is always looked at: somebody else may have begun it (RFC 8628 §5.4, CIBA §14).
    """
    elsewhere = ask.kind is not AskKind.CODE
    return elsewhere or bool(ask.payments or ask.sign_transaction_id or "consent" in ask.prompt)


def sensitive(ask: Ask, session: Session) -> bool:
    """Whether the card is asked for again: payments, and whatever is asked while a helper sits beside the person.

    A signature is not: giving it uses the card.
    """
    return not ask.sign_transaction_id and bool(ask.payments or session.helper)


def proved_enough(ask: Ask, session: Session, *, now_ms: int) -> bool:
    """Whether the person has proved who they are as surely and as lately as the ask wants.

    Time is counted up to the ask, not to this moment, so that reading the page slowly asks for nothing twice.
    """
    since = ask.made_ms - session.auth_ms
    if not session.acr.suffices(ask.acr):
        return False
    if {"login", "select_account"} & set(ask.prompt) and since > 0:
        return False
    if ask.max_age_s is not None and since > ask.max_age_s * 1000:
        return False
    return not sensitive(ask, session) or (since <= FRESH_MS and now_ms - session.auth_ms <= SENSITIVE_AGE_MS)


def approved_of(ask: Ask, session: Session, chosen: Collection[Scope]) -> Approved:
    """What comes of an ask when the person leaves these items in; `openid` and a signature asked for cannot be left
    out, as without them there is no answer at all."""
    kept = {item.value for item in chosen} | {Scope.OPENID.value}
    if ask.sign_transaction_id:
        kept.add(Scope.SIGN.value)
    return Approved(
        ask_id=ask.ask_id, realm=ask.realm, client_id=ask.client_id, account_id=session.account_id,
        session_id=session.session_id, acr=session.acr, amr=session.amr, auth_ms=session.auth_ms,
        scopes=tuple(scope for scope in ask.scopes if scope in kept),
        claims=tuple(claim for claim in ask.claims if claim in kept), payments=ask.payments,
        nonce=ask.returns.nonce if ask.returns else "", sign_transaction_id=ask.sign_transaction_id,
        test=session.test, shared_terminal=session.shared_terminal,
    )  # fmt: skip


class ReceiptItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing agreed to."""

    item: str
    since: str
    last_used: str


class ConsentReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A record of a consent for the person to keep; shaped after ISO/IEC TS 27560 (no claim of conformity)."""

    schema: str = "urn:renkei:consent-receipt:1"
    issuer: str
    receipt_at: str
    party: str
    party_public_body: bool
    client_id: str
    subject: str
    """Pairwise: as the party knows the person."""
    items: tuple[ReceiptItem, ...]
    withdraw_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(AuditEvent):
    """A person agreed to what a client asked."""

    name: ClassVar[str] = "identity.consent_given"
    account: str
    client: str
    ask: str
    items: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentUsed(AuditEvent):
    """A client was answered from what the person agreed to before; no page was shown."""

    name: ClassVar[str] = "identity.consent_used"
    account: str
    client: str
    ask: str
    items: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(AuditEvent):
    """A person withdrew a consent; the client's tokens ended with it."""

    name: ClassVar[str] = "identity.consent_withdrawn"
    account: str
    client: str
    items: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRefused(AuditEvent):
    """A person said no, or could not be asked where no page was allowed."""

    name: ClassVar[str] = "identity.ask_refused"
    ask: str
    client: str
    reason: str
