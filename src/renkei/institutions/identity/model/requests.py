"""An authorization request as it is pushed (RFC 9126): read and judged against the client's registration. Pure.

Everything that FAPI 2.0 narrows is narrowed here: code flow only, PKCE S256 always, exact redirect URI. `state` and
`nonce` are wanted besides, as デジタル認証アプリ wants them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from renkei.base.encoding import MaskedStruct
from renkei.contracts.identity import FOUR_ITEM_SCOPES, PAYMENT_DETAIL, TRUST_FRAMEWORK, Acr, Payment, Scope
from renkei.institutions.identity.errors.protocol import (
    ClientNotAllowed,
    DetailsRefused,
    ObjectUnsupported,
    RedirectUnregistered,
    RequestMalformed,
    ScopeUnregistered,
)
from renkei.institutions.identity.model.asks import Return
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.device import readable

CODE_GRANT = "authorization_code"
STATE_MAX, NONCE_MAX, PURPOSE_MAX, CLAIMS_MAX, DETAILS_MAX = 512, 256, 300, 4096, 4096
PAYMENTS_MAX = 4
AMOUNT_MAX_YEN = 10**12
TEXT_MAX = 120
MAX_AGE_MAX_S = 10 * 366 * 24 * 3600
PROMPTS = frozenset(("none", "login", "consent", "select_account"))

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_TRANSACTION = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_PRINTABLE = re.compile(r"[\x20-\x7e]+", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z0-9._:/-]{1,64}", re.ASCII)


class Pushed(MaskedStruct, frozen=True, kw_only=True):
    """A request that was pushed and judged."""

    client_id: str
    scopes: tuple[str, ...]
    claims: tuple[str, ...] = ()
    essential: tuple[str, ...] = ()
    purpose: str = ""
    payments: tuple[Payment, ...] = ()
    acr: Acr = Acr.CARD
    max_age_s: int | None = None
    prompt: tuple[str, ...] = ()
    hinted: str = ""
    """Pairwise subject of an `id_token_hint`: nobody but this person."""
    sign_transaction_id: str = ""
    returns: Return


class Wish(msgspec.Struct, frozen=True):
    """How a claim is asked for (OpenID Connect Core 1.0 §5.5.1)."""

    essential: bool = False
    value: str | None = None
    values: tuple[str, ...] = ()
    purpose: str = ""


class _Verification(msgspec.Struct, frozen=True):
    trust_framework: Wish | None = None


class _VerifiedWish(msgspec.Struct, frozen=True):
    claims: dict[str, Wish | None]
    verification: _Verification = _Verification()


class _UserinfoWish(msgspec.Struct, frozen=True):
    verified_claims: _VerifiedWish | tuple[_VerifiedWish, ...] = ()
    name: Wish | msgspec.UnsetType | None = msgspec.UNSET
    address: Wish | msgspec.UnsetType | None = msgspec.UNSET
    birthdate: Wish | msgspec.UnsetType | None = msgspec.UNSET
    gender: Wish | msgspec.UnsetType | None = msgspec.UNSET


class _IdTokenWish(msgspec.Struct, frozen=True):
    acr: Wish | None = None


class _ClaimsWish(msgspec.Struct, frozen=True):
    userinfo: _UserinfoWish = _UserinfoWish()
    id_token: _IdTokenWish = _IdTokenWish()


class _Detail(msgspec.Struct, frozen=True):
    type: str = ""


Parameters: TypeAlias = Mapping[str, str]

_read_claims = msgspec.json.Decoder(_ClaimsWish).decode
_read_types = msgspec.json.Decoder(tuple[_Detail, ...]).decode
_read_payments = msgspec.json.Decoder(tuple[Payment, ...]).decode


def read_request(parameters: Parameters, client: Client, *, key_thumbprint: str = "", hinted: str = "") -> Pushed:
    """Judge a pushed request.

    Args:
        key_thumbprint: of the DPoP proof sent along, if any; `dpop_jkt` must agree with it (RFC 9449 §10.1).
        hinted: subject of a verified `id_token_hint`.

    Raises:
        RequestMalformed, RedirectUnregistered, ObjectUnsupported, ScopeUnregistered, DetailsRefused, ClientNotAllowed.
    """
    if CODE_GRANT not in client.grants:
        raise ClientNotAllowed(what=CODE_GRANT)
    if "request" in parameters:
        raise ObjectUnsupported()
    if "request_uri" in parameters:  # RFC 9126 §2.1
        raise RequestMalformed(parameter="request_uri")
    returns = _returns(parameters, client, key_thumbprint)
    scopes = read_scopes(parameters.get("scope", ""), client)
    if Scope.OPENID not in scopes:
        raise RequestMalformed(parameter="scope")
    wishes = _wishes(parameters.get("claims", ""))
    plain, claims, essential = _four_items(wishes)
    _within(client, (*plain, *claims))
    sign_id = _fitting(parameters, "sign_transaction_id", _TRANSACTION)
    if bool(sign_id) != (Scope.SIGN in scopes):  # one without the other says nothing
        raise RequestMalformed(parameter="sign_transaction_id")
    return Pushed(
        client_id=client.client_id, scopes=tuple(dict.fromkeys((*scopes, *plain))), claims=claims,
        essential=essential, purpose=_purpose(parameters, wishes),
        payments=read_payments(parameters.get("authorization_details", ""), client),
        acr=_acr(parameters.get("acr_values", ""), wishes.id_token.acr), max_age_s=_max_age(parameters),
        prompt=_prompt(parameters.get("prompt", "")), hinted=hinted, sign_transaction_id=sign_id, returns=returns,
    )  # fmt: skip


def read_scopes(text: str, client: Client) -> tuple[str, ...]:
    """Scopes asked for, each once, all of them registered.

    Raises:
        ScopeUnregistered, RequestMalformed.
    """
    scopes = tuple(dict.fromkeys(text.split(" "))) if text else ()
    for scope in scopes:
        if scope not in set(Scope):
            raise ScopeUnregistered(scope=_safe(scope))
    _within(client, scopes)
    return scopes


def read_payments(text: str, client: Client) -> tuple[Payment, ...]:
    """`authorization_details` of a request (RFC 9396 §5): payments at banks for which the client is registered.

    Raises:
        DetailsRefused.
    """
    if not text:
        return ()
    if len(text) > DETAILS_MAX:
        raise DetailsRefused(reason="size")
    try:
        types = _read_types(text)
        if any(detail.type != PAYMENT_DETAIL for detail in types):
            raise DetailsRefused(reason="type")
        payments = _read_payments(text)
    except (msgspec.DecodeError, RecursionError):
        raise DetailsRefused(reason="form") from None
    if not 1 <= len(payments) <= PAYMENTS_MAX:
        raise DetailsRefused(reason="count")
    for payment in payments:
        _judge(payment, client)
    return payments


def _judge(payment: Payment, client: Client) -> None:
    if len(payment.locations) != 1 or payment.locations[0] not in client.payment_locations:
        raise DetailsRefused(reason="locations")
    if not 1 <= payment.amount_yen <= AMOUNT_MAX_YEN:
        raise DetailsRefused(reason="amount_yen")
    if not payment.payee.strip() or not readable(payment.payee, TEXT_MAX):
        raise DetailsRefused(reason="payee")
    if not readable(payment.purpose, TEXT_MAX):
        raise DetailsRefused(reason="purpose")
    if not _REFERENCE.fullmatch(payment.reference):
        raise DetailsRefused(reason="reference")


def _returns(parameters: Parameters, client: Client, key_thumbprint: str) -> Return:
    if parameters.get("response_type") != "code":
        raise RequestMalformed(parameter="response_type")
    if parameters.get("response_mode", "query") != "query":
        raise RequestMalformed(parameter="response_mode")
    if parameters.get("redirect_uri") not in client.redirect_uris:
        raise RedirectUnregistered()
    if parameters.get("code_challenge_method") != "S256":
        raise RequestMalformed(parameter="code_challenge_method")
    wanted = _fitting(parameters, "dpop_jkt", _THUMBPRINT)
    if wanted and key_thumbprint and wanted != key_thumbprint:
        raise RequestMalformed(parameter="dpop_jkt")
    challenge = _fitting(parameters, "code_challenge", _THUMBPRINT)
    if not challenge:
        raise RequestMalformed(parameter="code_challenge")
    return Return(
        redirect_uri=parameters["redirect_uri"], state=_plain(parameters, "state", STATE_MAX),
        nonce=_plain(parameters, "nonce", NONCE_MAX), code_challenge=challenge,
        key_thumbprint=wanted or key_thumbprint,
    )  # fmt: skip


def _within(client: Client, scopes: Iterable[str]) -> None:
    for scope in scopes:
        if scope not in client.scopes:
            raise ScopeUnregistered(scope=_safe(scope))


def _wishes(text: str) -> _ClaimsWish:
    if len(text) > CLAIMS_MAX:
        raise RequestMalformed(parameter="claims")
    try:
        return _read_claims(text) if text else _ClaimsWish()
    except (msgspec.DecodeError, RecursionError):
        raise RequestMalformed(parameter="claims") from None


def _four_items(wishes: _ClaimsWish) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Items asked for plainly, as verified claims, and which of both the client cannot do without.

    A wish for another trust framework than ours is one for nothing (OpenID Connect for Identity Assurance 1.0 §6.3).
    Names that are none of the four items are passed over (Core 1.0 §5.5).
    """
    info = wishes.userinfo
    asked = info.verified_claims if isinstance(info.verified_claims, tuple) else (info.verified_claims,)
    verified: dict[str, bool] = {}
    for one in asked:
        if _takes_ours(one.verification.trust_framework):
            verified |= {name: bool(wish and wish.essential) for name, wish in one.claims.items()}
    plain = {"name": info.name, "address": info.address, "birthdate": info.birthdate, "gender": info.gender}
    wanted = tuple(item.value for item in FOUR_ITEM_SCOPES if plain[item.value] is not msgspec.UNSET)
    claims = tuple(item.value for item in FOUR_ITEM_SCOPES if item.value in verified)
    essential = tuple(
        item.value for item in FOUR_ITEM_SCOPES
        if verified.get(item.value) or (isinstance(wish := plain[item.value], Wish) and wish.essential)
    )  # fmt: skip
    return wanted, claims, essential


def _takes_ours(framework: Wish | None) -> bool:
    """Whether a wish for a trust framework is met by ours; one that names none is met by any."""
    if framework is None or (framework.value is None and not framework.values):
        return True
    return TRUST_FRAMEWORK in (framework.value, *framework.values)


def _purpose(parameters: Parameters, wishes: _ClaimsWish) -> str:
    """What for: the parameter, else the first purpose that stands at a claim."""
    purpose = parameters.get("purpose", "")
    if not purpose:
        asked = wishes.userinfo.verified_claims
        for one in asked if isinstance(asked, tuple) else (asked,):
            purpose = purpose or next((wish.purpose for wish in one.claims.values() if wish and wish.purpose), "")
    if not readable(purpose, PURPOSE_MAX):
        raise RequestMalformed(parameter="purpose")
    return purpose


def _acr(text: str, wish: Wish | None) -> Acr:
    """The weakest of the levels that the client accepts; card and PIN where it names none that we know.

    Other words are passed over, such as `crl`, which デジタル認証アプリ has here.
    """
    named = [*text.split(), *((wish.value,) if wish and wish.value else ()), *(wish.values if wish else ())]
    known = [Acr(name) for name in named if name in set(Acr)]
    return min(known, key=lambda acr: acr.rank) if known else Acr.CARD


def _max_age(parameters: Parameters) -> int | None:
    text = parameters.get("max_age")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_AGE_MAX_S):
        raise RequestMalformed(parameter="max_age")
    return int(text)


def _prompt(text: str) -> tuple[str, ...]:
    prompt = tuple(dict.fromkeys(text.split(" "))) if text else ()
    if set(prompt) - PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise RequestMalformed(parameter="prompt")
    return prompt


def _plain(parameters: Parameters, name: str, length_max: int) -> str:
    value = parameters.get(name, "")
    if len(value) > length_max or not _PRINTABLE.fullmatch(value):
        raise RequestMalformed(parameter=name)
    return value


def _fitting(parameters: Parameters, name: str, pattern: re.Pattern[str]) -> str:
    value = parameters.get(name, "")
    if value and not pattern.fullmatch(value):
        raise RequestMalformed(parameter=name)
    return value


def _safe(word: str) -> str:
    """A word of the client's as it may stand in a message."""
    return word if word.isascii() and word.isprintable() and 0 < len(word) <= 40 else "?"
