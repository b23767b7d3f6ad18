"""基本4情報 as a relying party gets them: verified claims (OpenID Connect for Identity Assurance 1.0), and plain ones.

Two claims of our own stand beside `name` and `address` in `verified_claims`: `name_substitutes` and
`address_substitutes`, one `0` or `1` a character of the text (代替文字): `1` where the character is not the register's
own. The certificate's serial number is not given: it is the same everywhere and would undo pairwise subjects.
Stale claims (revoked because the content changed) are not given at all; `claims_stale` says why.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from renkei.base.encoding import MaskedStruct
from renkei.base.time import from_ms
from renkei.contracts.identity import TRUST_FRAMEWORK, ClaimsOf, ProxyOffer, Scope

EVIDENCE_TYPE = "electronic_record"
RECORD_TYPE = "jpki_signature_certificate"
CHECK_METHOD = "vcrypt"  # verified by cryptography (OpenID Identity Assurance schema 1.0, check methods)


class Address(MaskedStruct, frozen=True, kw_only=True):
    """`address` (OpenID Connect Core 1.0 §5.1.1)."""

    formatted: str
    country: str = "JP"


class Check(msgspec.Struct, frozen=True):
    """How the evidence was checked."""

    check_method: str = CHECK_METHOD


class Record(msgspec.Struct, frozen=True):
    """What the evidence is."""

    type: str = RECORD_TYPE


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """On what the claims rest."""

    type: str = EVIDENCE_TYPE
    check_details: tuple[Check, ...] = (Check(),)
    record: Record = Record()


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """By which rules the claims were verified, and when."""

    trust_framework: str = TRUST_FRAMEWORK
    time: str
    """ISO 8601, UTC."""
    evidence: tuple[Evidence, ...] = (Evidence(),)


class Claims(MaskedStruct, frozen=True, kw_only=True, omit_defaults=True):
    """The four items; those that were not asked for, not agreed to or not known are absent."""

    name: str = ""
    name_substitutes: str = ""
    address: Address | None = None
    address_substitutes: str = ""
    birthdate: str = ""
    """`YYYY-MM-DD`; absent where the register does not know it."""
    gender: str = ""


class VerifiedClaims(MaskedStruct, frozen=True, kw_only=True):
    """`verified_claims`."""

    verification: Verification
    claims: Claims


class UserInfo(MaskedStruct, frozen=True, kw_only=True, omit_defaults=True):
    """Answer of the userinfo endpoint."""

    sub: str
    name: str = ""
    address: Address | None = None
    birthdate: str = ""
    gender: str = ""
    verified_claims: VerifiedClaims | None = None
    claims_stale: bool = False
    """The person's data changed; they have to confirm them with a new certificate before they are given again."""
    proxies: tuple[ProxyOffer, ...] | None = None
    """For whom the person may act (scope `proxies`)."""


def user_info(
    sub: str,
    known: ClaimsOf | None,
    *,
    scopes: Collection[str],
    claims: Collection[str],
    proxies: tuple[ProxyOffer, ...] | None = None,
) -> UserInfo:
    """What a relying party is told of a person.

    Args:
        known: None where the signature certificate was never read.
        scopes, claims: what the person agreed to; the scopes of the four items give them plainly as well.
    """
    items = {*scopes, *claims} & {Scope.NAME, Scope.ADDRESS, Scope.BIRTHDATE, Scope.GENDER}
    if known is None or known.stale or not items:
        stale = bool(known and known.stale and items)
        return UserInfo(sub=sub, claims_stale=stale, proxies=proxies)
    verified = _claims(known, items)
    plain = _claims(known, set(scopes))
    return UserInfo(
        sub=sub, name=plain.name, address=plain.address, birthdate=plain.birthdate, gender=plain.gender,
        verified_claims=VerifiedClaims(
            verification=Verification(time=from_ms(known.verified_ms).strftime("%Y-%m-%dT%H:%M:%SZ")), claims=verified
        ),
        proxies=proxies,
    )  # fmt: skip


def _claims(known: ClaimsOf, items: Collection[str]) -> Claims:
    return Claims(
        name=known.name if Scope.NAME in items else "",
        name_substitutes=known.name_substitutes if Scope.NAME in items else "",
        address=Address(formatted=known.address) if Scope.ADDRESS in items and known.address else None,
        address_substitutes=known.address_substitutes if Scope.ADDRESS in items else "",
        birthdate=known.birth.isoformat() if Scope.BIRTHDATE in items and known.birth else "",
        gender=known.sex if Scope.GENDER in items else "",
    )
