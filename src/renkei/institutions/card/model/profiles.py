"""Generations of cards and authorities as data: algorithm, how long certificates last, what can be lifted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from renkei.crypto.person_certificates import Use
from renkei.crypto.signing_keys import Algorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One generation of cards, as far as its certificates go."""

    name: str
    algorithm: Algorithm
    """Of the authority's key and of the holder's keys."""
    authority_years: int
    birthdays: int
    """A certificate ends with so-manieth birthday after the day of issue."""
    hold_is_lifted: Mapping[Use, bool]
    """Whether a certificate on hold may stand again."""
    source: str


# Counters tell holders that the signature certificate is lost once the card is reported missing, while the hold of the
# card and its authentication certificate is lifted when it is found; verifiers are told that a hold is never lifted.
_LIFTED: Final = MappingProxyType({Use.AUTHENTICATION: True, Use.SIGNATURE: False})

PRESENT: Final = Profile(
    name="rsa-2048",
    algorithm="RS256",
    authority_years=10,
    birthdays=5,
    hold_is_lifted=_LIFTED,
    source="公的個人認証法5条; the network's certificate policy; counters' notices on 一時停止",
)
NEXT: Final = Profile(
    name="p-384",
    algorithm="ES384",
    authority_years=20,
    birthdays=10,
    hold_is_lifted=_LIFTED,
    source="次期個人番号カードタスクフォース 最終とりまとめ: ECDSA P-384, SHA-384, ten years",
)
PROFILES: Final[Mapping[str, Profile]] = MappingProxyType({one.name: one for one in (PRESENT, NEXT)})
