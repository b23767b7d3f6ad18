"""What the approval page shows of an ask, in one language. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from renkei.base.time import from_ms
from renkei.contracts.identity import FOUR_ITEM_SCOPES, ClaimsOf, Payment, Scope
from renkei.institutions.identity.model.asks import Ask, AskKind
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.consents import items_of
from renkei.institutions.identity.model.signing import SignTransaction
from renkei.institutions.identity.web.asks.parts import Substituted
from renkei.platform.web.catalogue import Language
from renkei.platform.web.kit import WebKit
from renkei.platform.web.parts import Chip, Choice, Fact, Field, Figure, Lines, Step, StepState, Text

CHOOSABLE = (*FOUR_ITEM_SCOPES, Scope.PROXIES, Scope.OFFLINE)
"""Everything that can be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """A payment in plain words."""

    amount: Figure
    facts: list[Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What is asked for, by what the person can do about it."""

    fixed: tuple[Scope, ...]
    """Given with any answer."""
    choosable: tuple[Scope, ...]
    unavailable: tuple[Scope, ...]
    """Asked for, but not known, or to be confirmed first."""


def split(ask: Ask, claims: ClaimsOf | None) -> Split:
    """Sort what is asked for. What is not known cannot be given, and nobody agrees to what they do not see."""
    asked = [item for item in items_of(ask.scopes, ask.claims) if item in CHOOSABLE]
    held = claims is not None and not claims.stale
    gone = [item for item in asked if item in FOUR_ITEM_SCOPES and not (held and _known(item, claims))]
    fixed = [item for item in asked if item.value in ask.essential and item not in gone]
    free = [item for item in asked if item not in fixed and item not in gone]
    return Split(fixed=tuple(fixed), choosable=tuple(free), unavailable=tuple(gone))


def _known(item: Scope, claims: ClaimsOf | None) -> bool:
    return claims is not None and (item is not Scope.BIRTHDATE or claims.birth is not None)


class Teller:
    """Tells what an ask is about."""

    def __init__(self, kit: WebKit, language: Language, *, now: datetime, refresh_life: timedelta) -> None:
        self.language, self._kit, self._now, self._refresh_life = language, kit, now, refresh_life
        self.formats = kit.formats(language)

    def say(self, key: str, **values: object) -> str:
        """A message of these pages."""
        return self._kit.text(self.language, f"identity.asks.{key}", **values)

    def party(self, client: Client) -> str:
        """The registered name of who asks."""
        return client.name_ja if self.language is Language.JA else client.name_en

    def kind(self, client: Client) -> Chip:
        """Whether a public body or a private company asks."""
        return Chip(self.say("party.public"), "blue") if client.public_body else Chip(self.say("party.private"))

    def who(self, ask: Ask, client: Client) -> list[Fact]:
        """Who asks, and where the answer goes."""
        facts = [Fact(term=self.say("who.party"), value=Lines(self.party(client), self.kind(client)))]
        if ask.returns is not None:
            facts.append(Fact(term=self.say("who.back"), value=urlsplit(ask.returns.redirect_uri).netloc))
        if ask.device:
            facts.append(Fact(term=self.say("who.device"), value=ask.device))
        if ask.purpose:
            facts.append(Fact(term=self.say("who.purpose"), value=ask.purpose, note=self.say("who.own_words")))
        facts.append(Fact(term=self.say("who.until"), value=self.until(ask)))
        return facts

    def until(self, ask: Ask) -> str:
        """How long the client may use what it gets."""
        if Scope.OFFLINE.value not in ask.scopes:
            return self.say("until.once")
        return self.say("until.offline", day=self.formats.day((self._now + self._refresh_life).date()))

    def value(self, item: Scope, claims: ClaimsOf) -> Text:
        """One of the four items as it would be given."""
        if item is Scope.NAME:
            return Substituted(claims.name, claims.name_substitutes)
        if item is Scope.ADDRESS:
            return Substituted(claims.address, claims.address_substitutes)
        if item is Scope.BIRTHDATE:
            return self.formats.day(claims.birth) if claims.birth else self.say("item.unknown")
        return self.say(f"sex.{claims.sex}")

    def label(self, item: Scope) -> str:
        """What a scope or claim is called."""
        return self.say(f"item.{item.value}")

    def note(self, item: Scope, claims: ClaimsOf | None) -> Text:
        """What would be given."""
        if item in FOUR_ITEM_SCOPES and claims is not None:
            return self.value(item, claims)
        return self.say(f"note.{item.value}")

    def choices(self, items: Iterable[Scope], claims: ClaimsOf | None, *, ticked: Sequence[str]) -> Field:
        """The items that can be left out."""
        listed = tuple(Choice(value=item.value, text=self.label(item), note=self.note(item, claims)) for item in items)
        return Field(
            name="items", label=self.say("choose.label"), support=self.say("choose.support"), kind="checkboxes",
            value=tuple(ticked), choices=listed,
        )  # fmt: skip

    def facts(self, items: Iterable[Scope], claims: ClaimsOf | None) -> list[Fact]:
        """The items that are given with any answer."""
        return [Fact(term=self.label(item), value=self.note(item, claims)) for item in items]

    def four(self, claims: ClaimsOf) -> list[Fact]:
        """Everything that the signature certificate says."""
        return [Fact(term=self.label(item), value=self.value(item, claims)) for item in FOUR_ITEM_SCOPES]

    def substitutes(self, claims: ClaimsOf | None, items: Iterable[Scope]) -> bool:
        """Whether a marked character is on the page."""
        shown = [self.value(item, claims) for item in items if item in FOUR_ITEM_SCOPES] if claims else []
        return any(isinstance(one, Substituted) and one.any for one in shown)

    def payment(self, payment: Payment) -> PaymentView:
        """A payment."""
        facts = [
            Fact(term=self.say("pay.payee"), value=payment.payee),
            Fact(term=self.say("pay.reference"), value=payment.reference, note=self.say("pay.once")),
        ]
        if payment.purpose:
            facts.append(Fact(term=self.say("pay.purpose"), value=payment.purpose))
        for location in payment.locations:
            facts.append(Fact(term=self.say("pay.bank"), value=urlsplit(location).netloc))
        return PaymentView(
            amount=Figure(label=self.say("pay.amount"), value=self.formats.yen(payment.amount_yen)), facts=facts
        )

    def documents(self, transaction: SignTransaction) -> list[str]:
        """Names of the documents to be signed."""
        return [one.name for one in transaction.documents]

    def sign_steps(self, *, at: int) -> list[Step]:
        """Where the person stands on the way to a signature: what is signed and disclosed, then the card."""
        states = [StepState.DONE] * at + [StepState.CURRENT] + [StepState.AHEAD] * (1 - at)
        return [
            Step(text=self.say(f"steps.{name}"), state=state)
            for name, state in zip(("read", "card"), states, strict=True)
        ]

    def title(self, ask: Ask, client: Client) -> str:
        """The question that the page asks."""
        who = self.party(client)
        if ask.sign_transaction_id:
            return self.say("title.sign_and_pay" if ask.payments else "title.sign", who=who)
        return self.say("title.pay" if ask.payments else "title.give", who=who)

    def approve_text(self, ask: Ask) -> str:
        """What the button says that agrees."""
        if ask.sign_transaction_id:
            return self.say("button.sign")
        if ask.payments:
            total = sum(one.amount_yen for one in ask.payments)
            return self.say("button.pay", amount=self.formats.yen(total))
        return self.say("button.approve")

    def deny_text(self, ask: Ask) -> str:
        """What the button says that declines."""
        if ask.sign_transaction_id:
            return self.say("button.deny_sign")
        return self.say("button.deny_pay" if ask.payments else "button.deny")

    def over(self, ask: Ask, client: Client, *, approved: bool) -> tuple[str, str]:
        """Heading and text once a decision for another screen is made."""
        which = "approved" if approved else "denied"
        where = "device" if ask.kind is AskKind.DEVICE else "backchannel"
        return self.say(f"done.{which}"), self.say(f"done.{which}_{where}", who=self.party(client))

    def expires(self, ask: Ask) -> str:
        """Until when the question can be answered."""
        return self.say("expires", moment=self.formats.moment(from_ms(ask.expires_ms)))
