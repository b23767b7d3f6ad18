"""What the chip keeps without power, and what it knows only while it has power."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from renkei.base.encoding import MaskedStruct
from renkei.institutions.card.chip import keys as card_keys
from renkei.institutions.card.chip.errors import CardFileDamaged
from renkei.institutions.card.chip.permits import MANAGER_AID, Entry, ReadRule, aid_of
from renkei.institutions.card.chip.pins import UNSET, SecretState
from renkei.institutions.card.chip.profile import PROFILES, Application, File, Profile
from renkei.institutions.card.chip.words import Refusal, Sw

Keep: TypeAlias = Callable[[bytes], None]
"""Makes a card's bytes durable, all or nothing; it returns only then."""

Draw: TypeAlias = Callable[[int], bytes]
"""count → so many random bytes."""

MAGIC = b"renkei card v1\n"
AREA_FILE, ENTRY_FILE = 0x0001, 0x0002
OWN_USE_PIN = 0x0011


class Area(MaskedStruct, frozen=True, array_like=True):
    """An own-use area: the registry's entry, and what was written under it."""

    entry: Entry
    content: bytes


class Kept(MaskedStruct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that outlasts the power. Held in the clear: whoever keeps these bytes keeps the card."""

    label: str
    """Which card it is to whoever keeps several; no name of a person."""
    profile: str
    contents: dict[str, bytes]
    keys: dict[str, bytes]
    secrets: dict[str, SecretState]
    areas: dict[int, Area]
    registry_key: bytes
    """Of the registry of own-use areas, SubjectPublicKeyInfo DER; empty where the card takes none."""
    issuer_key: bytes
    """Of the card's issuer, whose orders the card follows at the counter."""


@dataclass(slots=True)
class Visit:
    """From one reset to the next."""

    application: Application | None = None
    file: int | None = None
    opened: set[str] = field(default_factory=set)
    """Secrets verified in the selected application, and own-use areas whose read permit was shown."""
    pending: bytes = b""
    challenge: bytes = b""


class Chip:
    """State, and how it changes. `card.Card` puts the commands on it."""

    def __init__(self, kept: Kept, *, keep: Keep, draw: Draw) -> None:
        self.profile: Profile = PROFILES[kept.profile]
        self.kept = kept
        self.visit = Visit()
        self.draw = draw
        self._keep = keep
        self._keys: dict[str, card_keys.PrivateKey] = {}

    def change(self, **fields: object) -> None:
        """Replace what is kept, and make it durable before anything else happens.

        Raises:
            Refusal: 6581, it could not be kept; the chip works on with the new state until it loses power.
        """
        self.kept = msgspec.structs.replace(self.kept, **fields)
        try:
            self._keep(dump(self.kept))
        except Exception as error:  # whatever the keeper raises, a card answers with a status word
            raise Refusal(Sw.MEMORY_FAILED) from error

    def key(self, name: str) -> card_keys.PrivateKey | None:
        """A private key, read once.

        Raises:
            Refusal: 6581, what is kept is no key.
        """
        if name not in self._keys:
            der = self.kept.keys.get(name)
            if der is None:
                return None
            try:
                self._keys[name] = card_keys.load(der)
            except ValueError:
                raise Refusal(Sw.MEMORY_FAILED) from None
        return self._keys[name]

    def forget_keys(self) -> None:
        """Read the keys anew, after an order replaced them."""
        self._keys.clear()

    def secret(self, name: str) -> SecretState:
        """A PIN as kept; one without value and tries where none was ever set."""
        return self.kept.secrets.get(name, UNSET)

    def set_secret(self, name: str, state: SecretState) -> None:
        """Keep a PIN's new state. Raises as `change`."""
        self.change(secrets=self.kept.secrets | {name: state})

    def application(self, aid: bytes) -> Application | None:
        """An application of the profile, the directory of own-use areas, or one of these areas."""
        found = self.profile.application(aid)
        if found is not None or not aid.startswith(MANAGER_AID[:-3]):
            return found
        if aid == MANAGER_AID:
            files = {AREA_FILE: File("own_use_directory")}
        else:
            area = next((area for number, area in self.kept.areas.items() if aid_of(number) == aid), None)
            if area is None:
                return None
            files = {
                AREA_FILE: File(f"area {area.entry.number}", self._readers(area.entry)),
                ENTRY_FILE: File(f"entry {area.entry.number}"),
            }
        secret = self.profile.own_use_secret
        return Application(name="own_use", aid=aid, files=files, secrets={OWN_USE_PIN: secret})

    def content(self, name: str) -> bytes:
        """What is in a file; nothing where it was made but never written."""
        if name == "own_use_directory":
            return msgspec.json.encode([area.entry for area in self.kept.areas.values()])
        kind, _, number = name.partition(" ")
        if kind == "area":
            return self.kept.areas[int(number)].content
        if kind == "entry":
            return msgspec.json.encode(self.kept.areas[int(number)].entry)
        return self.kept.contents.get(name, b"")

    def _readers(self, entry: Entry) -> frozenset[str]:
        by_rule: Mapping[ReadRule, frozenset[str]] = {
            ReadRule.OPEN: frozenset(),
            ReadRule.PIN: frozenset({self.profile.own_use_secret}),
            ReadRule.PERMIT: frozenset({read_mark(entry.number)}),
        }
        return by_rule[entry.read]


def read_mark(number: int) -> str:
    """Stands among the opened secrets once a read permit for this area was shown."""
    return f"area {number}"


def dump(kept: Kept) -> bytes:
    """A card's bytes."""
    return MAGIC + msgspec.msgpack.encode(kept)


def load(data: bytes) -> Kept:
    """The inverse of `dump`.

    Raises:
        CardFileDamaged: anything else.
    """
    if not data.startswith(MAGIC):
        raise CardFileDamaged()
    try:
        kept = msgspec.msgpack.decode(data[len(MAGIC) :], type=Kept)
    except msgspec.DecodeError:
        raise CardFileDamaged(private="content") from None
    if kept.profile not in PROFILES:
        raise CardFileDamaged(private="profile")
    return kept
