"""The cards of a demonstration: their authority, and test cards in a drawer that anybody may use.

In the country they are issued at the counter of each municipality; here they lie ready, with their PINs on the screen.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from renkei.base.encoding import MaskedStruct
from renkei.base.personal_number import PersonalNumber
from renkei.base.time import add_years
from renkei.contracts.card_agent import Key
from renkei.crypto.codes import KeyUse
from renkei.crypto.signing_keys import SoftwareKeys
from renkei.institutions.card.agent.software_cards import SoftwareCard, SoftwareCards
from renkei.institutions.card.chip.card_files import keeper, open_card, save
from renkei.institutions.card.chip.contents import Holder
from renkei.institutions.card.chip.keys import PrivateKey
from renkei.institutions.card.chip.personalise import Pins, Trust, generate_key
from renkei.institutions.card.chip.profile import Profile
from renkei.institutions.card.chip.records import RecordIssuer
from renkei.institutions.card.making import CardWanted, make_card
from renkei.institutions.card.service import CardAuthority
from renkei.platform.clock import Clock
from renkei.platform.database import Database

PIN, PASSWORD = "1234", "MIHON2026"
CARD_YEARS = 10
_KEYS = "data/test_card_keys.json"


class CardPlan(MaskedStruct, frozen=True, kw_only=True):
    """A test card that is to lie ready."""

    slug: str
    holder_id: str
    """As the authority knows the holder: the resident record code of a person, a name of our own for a clerk's card."""
    ja: str
    en: str
    name: str
    address: str
    birth: date
    sex: str
    """male, female, not_known."""
    personal_number: PersonalNumber
    municipality: str
    """Five digits."""
    municipality_name: str


class CardOffice:
    """The authority of the cards, with a drawer of test cards.

    Args:
        db: of the card room.
        folder: of the country; keys and cards stand below it.
        base_url: origin of the site, which certificates name for their status.
    """

    stand_in: ClassVar[str] = "cards issued at the counter, and readers"

    def __init__(self, db: Database, *, folder: Path, base_url: str, clock: Clock) -> None:
        self._folder, self._clock = folder / "cards", clock
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        keys = SoftwareKeys(folder / "keys" / "cards", use=KeyUse.DEMONSTRATION)
        self.authority = CardAuthority(db, keys=keys, base_url=base_url, clock=clock)
        self.drawer = SoftwareCards()

    async def start(self) -> None:
        """Open the authority's generations, or make the first."""
        await self.authority.start()

    async def lay_out(self, plans: list[CardPlan], *, today: date) -> None:
        """Put the test cards into the drawer; a card that does not exist yet is made."""
        keys = _published_keys()
        records: RecordIssuer | None = None
        for plan in plans:
            path = self._folder / f"{plan.slug}.card"
            if path.exists():
                card = open_card(path)
            else:
                records = records or RecordIssuer.certified_by(next(keys), next(keys), municipality=plan.municipality)
                card = await make_card(
                    self.authority, _wanted(plan, add_years(today, CARD_YEARS)), chosen=_pins(plan, today),
                    records=records, trust=Trust(), user="demonstration", keep=keeper(path),
                    fresh_key=lambda profile: _fresh(keys, profile),
                )  # fmt: skip
                save(path, card.to_bytes())
            pins = {Key.AUTHENTICATION: PIN} | ({Key.SIGNATURE: PASSWORD} if _pins(plan, today).signature else {})
            self.drawer.put(SoftwareCard(slug=plan.slug, ja=plan.ja, en=plan.en, chip=card, pins=pins))


def _pins(plan: CardPlan, today: date) -> Pins:
    """Under fifteen there is no signature certificate, and so no password (公的個人認証法3条)."""
    of_age = add_years(plan.birth, 15) <= today
    return Pins(authentication=PIN, signature=PASSWORD if of_age else None)


def _wanted(plan: CardPlan, expiry: date) -> CardWanted:
    holder = Holder(
        name=plan.name, address=plan.address, birth=plan.birth,
        sex={"male": "1", "female": "2"}.get(plan.sex, "9"), personal_number=plan.personal_number, expiry=expiry,
        security_code="0000", municipality=plan.municipality, serial=f"{card_number(plan.slug):015d}",
    )  # fmt: skip
    return CardWanted(
        label=plan.slug, holder_id=plan.holder_id, holder=holder, municipality_name=plan.municipality_name
    )


def card_number(slug: str) -> int:
    """A card's number of fifteen digits from its name, the same in every run."""
    return int.from_bytes(hashlib.sha256(slug.encode()).digest()[:8], "big") % 10**15


def _published_keys() -> Iterator[PrivateKey]:
    """Keys made beforehand: making RSA keys would take longer than everything else of a demonstration's start."""
    kept = json.loads(files("renkei.assembly").joinpath(_KEYS).read_text("utf-8"))
    for text in kept["keys"]:
        # Made by us and checked when they were made; checking primes anew takes longer than everything else here.
        key = load_der_private_key(b64decode(text), None, unsafe_skip_rsa_key_validation=True)
        if isinstance(key, rsa.RSAPrivateKey):
            yield key


def _fresh(keys: Iterator[PrivateKey], profile: Profile) -> PrivateKey:
    if profile.algorithm != "RS256":
        return generate_key(profile)
    return next(keys, None) or generate_key(profile)
