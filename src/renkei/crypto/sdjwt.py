"""Credentials whose holder shows only what is needed: SD-JWT VC with key binding, and their status lists.

Source: RFC 9901 (SD-JWT), draft-ietf-oauth-sd-jwt-vc, draft-ietf-oauth-status-list. ES256 only; disclosures of object
members only (§4.2.1): what the house issues needs no more, and whatever else a presentation holds is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from renkei.base.encoding import MaskedStruct, from_base64url, to_base64url
from renkei.base.time import to_ms
from renkei.crypto.sdjwt_errors import (
    CredentialExpired,
    CredentialMalformed,
    CredentialNotTrusted,
    CredentialRevoked,
    CredentialStatusUnknown,
    PresentationNotBound,
)

Json = Any
"""A JSON value as the issuer wrote it; checked against the kind of credential by the room that reads it."""

PRESENTATION_BYTES_MAX: Final = 32_768
STATUS_LIST_BYTES_MAX: Final = 1_048_576
BINDING_AGE_MAX: Final = timedelta(minutes=5)
ALGORITHM: Final = "ES256"
CREDENTIAL_TYPE: Final = "dc+sd-jwt"
BINDING_TYPE: Final = "kb+jwt"
STATUS_TYPE: Final = "statuslist+jwt"
_OWN: Final = frozenset({"_sd", "_sd_alg", "...", "iss", "iat", "nbf", "exp", "cnf", "vct", "status"})
"""Names that are never disclosed selectively (SD-JWT VC §3.2.2.2)."""


class Verified(MaskedStruct, frozen=True, kw_only=True):
    """What a presentation proves."""

    issuer: str
    kind: str
    """`vct`."""
    claims: dict[str, Json]
    """Only what was disclosed, and what the issuer never hides."""
    status_list: str
    """Address of the issuer's status list; empty where it has none."""
    status_index: int
    issued_ms: int


def issue(
    claims: Mapping[str, Json], *, hidden: Sequence[str], issuer: str, kind: str, key: ECKey,
    holder: Mapping[str, Json], now: datetime, until: datetime, status_list: str = "", status_index: int = 0,
) -> str:  # fmt: skip
    """Issue a credential.

    Args:
        claims: what it says.
        hidden: names of claims that the holder discloses one by one; the others are always shown.
        issuer: `iss`.
        kind: `vct`.
        key: the issuer's, with a `kid`.
        holder: public JWK of the holder's key (`cnf`).

    Returns:
        `<JWT>~<Disclosure>~…~`.
    """
    wrong = _OWN & set(claims)
    if wrong:
        raise ValueError(f"not claims of a credential: {sorted(wrong)}")
    disclosures = {name: _disclosure(name, claims[name]) for name in hidden}
    body: dict[str, Json] = {name: value for name, value in claims.items() if name not in disclosures}
    body |= {
        "iss": issuer, "vct": kind, "iat": to_ms(now) // 1000, "exp": to_ms(until) // 1000,
        "cnf": {"jwk": dict(holder)}, "_sd_alg": "sha-256",
        "_sd": sorted(_digest(one) for one in disclosures.values()),
    }  # fmt: skip
    if status_list:
        body["status"] = {"status_list": {"idx": status_index, "uri": status_list}}
    signed = _sign(body, key, CREDENTIAL_TYPE)
    return "~".join([signed, *disclosures.values(), ""])


def names_in(credential: str) -> list[str]:
    """What the holder may disclose, in the order of the credential.

    Raises:
        CredentialMalformed: not a credential.
    """
    return [_opened(one)[0] for one in _split(credential)[1]]


def present(credential: str, *, disclose: Sequence[str], key: ECKey, audience: str, nonce: str, now: datetime) -> str:
    """Show some of a credential to one verifier, once.

    Args:
        disclose: names of claims to show.
        key: the holder's.
        audience, nonce: of the verifier's request.

    Raises:
        CredentialMalformed: not a credential.
    """
    signed, disclosures, _ = _split(credential)
    chosen = [one for one in disclosures if _opened(one)[0] in disclose]
    shown = "~".join([signed, *chosen, ""])
    binding = {"iat": to_ms(now) // 1000, "aud": audience, "nonce": nonce, "sd_hash": _digest(shown)}
    return shown + _sign(binding, key, BINDING_TYPE)


def verify(
    presentation: str, *, issuers: Mapping[str, Sequence[ECKey]], audience: str, nonce: str, now: datetime
) -> Verified:
    """Verify a presentation (RFC 9901 §7.3).

    Args:
        issuers: keys by `iss` of those who may issue what is wanted.

    Raises:
        CredentialMalformed, CredentialNotTrusted, CredentialExpired, PresentationNotBound: naming what fails.
    """
    if len(presentation) > PRESENTATION_BYTES_MAX:
        raise CredentialMalformed(what="size")
    signed, disclosures, binding = _split(presentation)
    header, body = _peek(signed)
    keys = issuers.get(str(body.get("iss", "")), ())
    if header.get("typ") != CREDENTIAL_TYPE or _signer(signed, keys) is None:
        raise CredentialNotTrusted()
    now_s = to_ms(now) // 1000
    if not int(body.get("nbf", 0)) <= now_s < _number(body, "exp"):
        raise CredentialExpired()
    claims = _disclosed(body, disclosures)
    _check_binding(body, presentation.rpartition("~")[0] + "~", binding, audience=audience, nonce=nonce, now=now)
    listed = body.get("status", {}).get("status_list", {}) if isinstance(body.get("status"), dict) else {}
    return Verified(
        issuer=str(body["iss"]), kind=str(body.get("vct", "")), claims=claims, status_list=str(listed.get("uri", "")),
        status_index=int(listed.get("idx", 0)), issued_ms=_number(body, "iat") * 1000,
    )  # fmt: skip


def status_list(revoked: Sequence[int], *, size: int, address: str, key: ECKey, now: datetime, until: datetime) -> str:
    """A signed status list of one bit a credential (draft-ietf-oauth-status-list §4): 1 is revoked.

    Args:
        size: how many credentials it speaks of; a multiple of 8.
    """
    bits = bytearray(size // 8)
    for index in revoked:
        bits[index // 8] |= 1 << (index % 8)
    body = {
        "sub": address, "iat": to_ms(now) // 1000, "exp": to_ms(until) // 1000,
        "status_list": {"bits": 1, "lst": to_base64url(zlib.compress(bytes(bits), 9))},
    }  # fmt: skip
    return _sign(body, key, STATUS_TYPE)


def check_status(found: Verified, signed_list: str, *, keys: Sequence[ECKey], now: datetime) -> None:
    """The credential stands, as its issuer's list says.

    Raises:
        CredentialRevoked: the list says that it does not.
        CredentialStatusUnknown: the list is not the issuer's, is too old, or does not speak of this credential.
    """
    try:
        header, body = _peek(signed_list)
        current = to_ms(now) // 1000 < _number(body, "exp") and body.get("sub") == found.status_list
        if header.get("typ") != STATUS_TYPE or not current or _signer(signed_list, keys) is None:
            raise CredentialStatusUnknown()
        inflate = zlib.decompressobj()
        bits = inflate.decompress(from_base64url(body["status_list"]["lst"]), STATUS_LIST_BYTES_MAX)
        bit = bits[found.status_index // 8] >> (found.status_index % 8) & 1
    except (CredentialMalformed, ValueError, TypeError, KeyError, IndexError, zlib.error) as error:
        raise CredentialStatusUnknown(private=type(error).__name__) from error
    if bit:
        raise CredentialRevoked()


def _disclosure(name: str, value: Json) -> str:
    salt = secrets.token_urlsafe(16)
    return to_base64url(json.dumps([salt, name, value], ensure_ascii=False).encode())


def _digest(text: str) -> str:
    return to_base64url(hashlib.sha256(text.encode("ascii")).digest())


def _opened(disclosure: str) -> tuple[str, Json]:
    try:
        _, name, value = json.loads(from_base64url(disclosure))
    except (ValueError, TypeError, RecursionError) as error:
        raise CredentialMalformed(what="disclosure") from error
    if not isinstance(name, str) or name in _OWN:
        raise CredentialMalformed(what="disclosure")
    return name, value


def _disclosed(body: dict[str, Json], disclosures: Sequence[str]) -> dict[str, Json]:
    """Claims with the disclosures put in place; each must be one that the issuer put there, once (§7.1)."""
    promised = body.get("_sd", [])
    if body.get("_sd_alg", "sha-256") != "sha-256" or not isinstance(promised, list):
        raise CredentialMalformed(what="_sd")
    claims = {name: value for name, value in body.items() if name not in _OWN}
    for one in disclosures:
        name, value = _opened(one)
        if promised.count(_digest(one)) != 1 or name in claims:
            raise CredentialMalformed(what="disclosure")
        claims[name] = value
    return claims


def _check_binding(
    body: dict[str, Json], shown: str, binding: str, *, audience: str, nonce: str, now: datetime
) -> None:
    """The holder's key made this presentation, for this verifier and request, a moment ago (§7.3 step 5)."""
    try:
        header, said = _peek(binding)
        holder = ECKey.import_key(body["cnf"]["jwk"])
        age = abs(to_ms(now) // 1000 - _number(said, "iat"))
        same = hmac.compare_digest(str(said.get("nonce")), nonce) and said.get("aud") == audience
        fits = same and hmac.compare_digest(str(said.get("sd_hash")), _digest(shown))
        good = header.get("typ") == BINDING_TYPE and age <= BINDING_AGE_MAX.total_seconds() and fits
    except (CredentialMalformed, JoseError, ValueError, TypeError, KeyError) as error:
        raise PresentationNotBound(private=type(error).__name__) from error
    if not good or _signer(binding, [holder]) is None:
        raise PresentationNotBound()


def _split(text: str) -> tuple[str, list[str], str]:
    signed, *disclosures, last = text.split("~")
    if not text.isascii() or not signed or not all(disclosures) or ("~" not in text):
        raise CredentialMalformed(what="form")
    return signed, disclosures, last


def _peek(compact: str) -> tuple[dict[str, Json], dict[str, Json]]:
    """Header and body of a JWT whose signature is still to be verified."""
    try:
        head, middle, _ = compact.split(".")
        header, body = json.loads(from_base64url(head)), json.loads(from_base64url(middle))
    except (ValueError, RecursionError) as error:
        raise CredentialMalformed(what="JWT") from error
    if not isinstance(header, dict) or not isinstance(body, dict) or header.get("alg") != ALGORITHM:
        raise CredentialMalformed(what="JWT")
    return header, body


def _signer(compact: str, keys: Sequence[ECKey]) -> ECKey | None:
    """Whichever of the keys has signed it."""
    for key in keys:
        try:
            jws.deserialize_compact(compact, key, algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            continue
        return key
    return None


def _sign(body: Mapping[str, Json], key: ECKey, kind: str) -> str:
    header = {"alg": ALGORITHM, "typ": kind} | ({"kid": key.kid} if key.kid else {})
    payload = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(header, payload, key, algorithms=[ALGORITHM])


def _number(body: Mapping[str, Json], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise CredentialMalformed(what=name)
    return value
