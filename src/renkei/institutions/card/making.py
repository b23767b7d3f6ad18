"""From an application to a card in the hand: keys are made, certified by the room's authority, and put on a chip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from renkei.base.encoding import MaskedStruct
from renkei.crypto.person_certificates import CertificateItems
from renkei.institutions.card.chip.card import Card, keep_nothing
from renkei.institutions.card.chip.contents import Holder
from renkei.institutions.card.chip.keys import PrivateKey
from renkei.institutions.card.chip.orders import Replace
from renkei.institutions.card.chip.personalise import (
    CardKeys,
    KeyPair,
    Pins,
    Trust,
    fill,
    generate_key,
    personalise,
)  # fmt: skip
from renkei.institutions.card.chip.profile import PRESENT, Profile
from renkei.institutions.card.chip.records import RecordIssuer
from renkei.institutions.card.chip.state import Keep
from renkei.institutions.card.model.issuing import Application
from renkei.institutions.card.model.standing import Held
from renkei.institutions.card.service import CardAuthority

SEXES = {"1": "male", "2": "female"}

FreshKey = Callable[[Profile], PrivateKey]


class CardWanted(MaskedStruct, frozen=True, kw_only=True):
    """Whose card is made."""

    label: str
    """Which card it is to whoever keeps several; no name of a person, it stands in logs."""
    holder_id: str
    """Opaque id under which the authority knows the holder."""
    holder: Holder
    municipality_name: str = ""
    adult_ward: bool = False


async def make_card(
    authority: CardAuthority,
    wanted: CardWanted,
    *,
    chosen: Pins,
    records: RecordIssuer,
    trust: Trust,
    user: str,
    profile: Profile = PRESENT,
    keep: Keep = keep_nothing,
    fresh_key: FreshKey = generate_key,
) -> Card:
    """Make a card for a holder without certificates. Under fifteen, it has no signature certificate.

    Args:
        fresh_key: makes a key of the card's generation; RSA takes a good part of a second.

    Raises:
        PinFormatWrong: a PIN that the card could never be shown.
        What `CardAuthority.issue` raises.
    """
    keys = await _certified(authority, wanted, profile=profile, renew=False, user=user, fresh_key=fresh_key)
    return personalise(
        label=wanted.label, holder=wanted.holder, card_keys=keys, chosen=chosen, issuer=records, trust=trust,
        profile=profile, keep=keep,
    )  # fmt: skip


async def renewal(
    authority: CardAuthority,
    wanted: CardWanted,
    *,
    records: RecordIssuer,
    user: str,
    profile: Profile = PRESENT,
    fresh_key: FreshKey = generate_key,
) -> Replace:
    """New certificates and files for a card that its holder keeps: an act for `orders.sign_order` at the counter.

    Raises:
        What `CardAuthority.renew` raises.
    """
    keys = await _certified(authority, wanted, profile=profile, renew=True, user=user, fresh_key=fresh_key)
    return fill(wanted.holder, keys, records, profile)


async def _certified(
    authority: CardAuthority, wanted: CardWanted, *, profile: Profile, renew: bool, user: str, fresh_key: FreshKey
) -> CardKeys:
    authentication, own = [await asyncio.to_thread(fresh_key, profile) for _ in range(2)]
    application = _application(wanted, authentication)
    signature = None
    if authority.signature_unavailable(application) is None:
        signature = await asyncio.to_thread(fresh_key, profile)
        application = _application(wanted, authentication, signature)
    issued = await (authority.renew if renew else authority.issue)(application, user=user)
    if issued.authentication is None:
        raise ValueError("a card has an authentication certificate")
    return CardKeys(
        authentication=_pair(authority, authentication, issued.authentication),
        signature=_pair(authority, signature, issued.signature) if signature and issued.signature else None,
        card=own,
    )


def _application(wanted: CardWanted, authentication: PrivateKey, signature: PrivateKey | None = None) -> Application:
    holder = wanted.holder
    sex = SEXES.get(holder.sex, "")
    return Application(
        holder=wanted.holder_id,
        items=CertificateItems.of(name=holder.name, sex=sex, birth=holder.birth, address=holder.address),
        municipality_name=wanted.municipality_name,
        authentication_key=authentication.public_key(),
        signature_key=signature.public_key() if signature else None,
        card_expires=holder.expiry,
        adult_ward=wanted.adult_ward,
    )


def _pair(authority: CardAuthority, key: PrivateKey, held: Held) -> KeyPair:
    return KeyPair(key=key, certificate=held.der, authority=authority.ca(held.issuer_id))
