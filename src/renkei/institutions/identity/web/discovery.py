"""What the provider says of itself (OpenID Connect Discovery 1.0, RFC 8414), and its keys."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from litestar import Response, get
from litestar.types import ControllerRouterHandler

from renkei.contracts.identity import (
    BACKCHANNEL_GRANT,
    DEVICE_GRANT,
    FOUR_ITEM_SCOPES,
    PAYMENT_DETAIL,
    PROXY_DETAIL,
    TRUST_FRAMEWORK,
    Acr,
    Path,
    Scope,
)
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.jose import ALGORITHMS
from renkei.institutions.identity.model.verified import EVIDENCE_TYPE
from renkei.institutions.identity.operations.keys import ALGORITHM, ProviderKeys
from renkei.institutions.identity.web.oauth_errors import json_answer

KEPT_S = 300
"""Shorter than the next key is published before it signs, by far."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of one issuer."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    pushed_authorization_request_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    introspection_endpoint: str
    revocation_endpoint: str
    end_session_endpoint: str
    sign_transactions_endpoint: str
    backchannel_authentication_endpoint: str | msgspec.UnsetType = msgspec.UNSET
    device_authorization_endpoint: str | msgspec.UnsetType = msgspec.UNSET
    scopes_supported: tuple[str, ...]
    claims_supported: tuple[str, ...]
    grant_types_supported: tuple[str, ...]
    acr_values_supported: tuple[str, ...]
    response_types_supported: tuple[str, ...] = ("code",)
    response_modes_supported: tuple[str, ...] = ("query",)
    prompt_values_supported: tuple[str, ...] = ("none", "login", "consent", "select_account")
    subject_types_supported: tuple[str, ...] = ("pairwise",)
    claim_types_supported: tuple[str, ...] = ("normal",)
    id_token_signing_alg_values_supported: tuple[str, ...] = (ALGORITHM,)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("private_key_jwt",)
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = ALGORITHMS
    introspection_endpoint_auth_methods_supported: tuple[str, ...] = ("private_key_jwt",)
    introspection_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = ALGORITHMS
    revocation_endpoint_auth_methods_supported: tuple[str, ...] = ("private_key_jwt",)
    revocation_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = ALGORITHMS
    dpop_signing_alg_values_supported: tuple[str, ...] = ALGORITHMS
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)
    require_pushed_authorization_requests: bool = True
    authorization_response_iss_parameter_supported: bool = True
    authorization_details_types_supported: tuple[str, ...] = (PAYMENT_DETAIL, PROXY_DETAIL)
    claims_parameter_supported: bool = True
    request_parameter_supported: bool = False
    request_uri_parameter_supported: bool = False
    backchannel_token_delivery_modes_supported: tuple[str, ...] = ("poll",)
    backchannel_user_code_parameter_supported: bool = False
    backchannel_logout_supported: bool = True
    backchannel_logout_session_supported: bool = True
    verified_claims_supported: bool = True
    trust_frameworks_supported: tuple[str, ...] = (TRUST_FRAMEWORK,)
    evidence_supported: tuple[str, ...] = (EVIDENCE_TYPE,)
    claims_in_verified_claims_supported: tuple[str, ...] = tuple(item.value for item in FOUR_ITEM_SCOPES)
    ui_locales_supported: tuple[str, ...] = ("ja", "en")


def metadata(issuer: str, grant_types: Iterable[str]) -> Metadata:
    """Metadata of an issuer that answers these grant types."""
    grants = tuple(grant_types)
    items = tuple(item.value for item in FOUR_ITEM_SCOPES)
    return Metadata(
        issuer=issuer, authorization_endpoint=issuer + Path.AUTHORIZE, token_endpoint=issuer + Path.TOKEN,
        pushed_authorization_request_endpoint=issuer + Path.PUSHED, userinfo_endpoint=issuer + Path.USERINFO,
        jwks_uri=issuer + Path.KEYS, introspection_endpoint=issuer + Path.INTROSPECT,
        revocation_endpoint=issuer + Path.REVOKE, end_session_endpoint=issuer + Path.LOGOUT,
        backchannel_authentication_endpoint=issuer + Path.BACKCHANNEL if BACKCHANNEL_GRANT in grants else msgspec.UNSET,
        device_authorization_endpoint=issuer + Path.DEVICE if DEVICE_GRANT in grants else msgspec.UNSET,
        sign_transactions_endpoint=issuer + Path.SIGN,
        scopes_supported=tuple(scope.value for scope in Scope),
        claims_supported=(
            "sub", "iss", "aud", "exp", "iat", "nonce", "auth_time", "acr", "amr", "sid", "at_hash", "act",
            "verified_claims", *items, "name_substitutes", "address_substitutes", "proxies",
        ),
        grant_types_supported=grants, acr_values_supported=tuple(acr.value for acr in Acr),
    )  # fmt: skip


def published(means: Means, keys: ProviderKeys, grant_types: Iterable[str]) -> list[ControllerRouterHandler]:
    """Handlers of what is published."""
    base = f"{means.settings.path}/realms/{keys.realm.value}"
    document = msgspec.json.encode(metadata(keys.issuer, grant_types))

    # RFC 8414 §3.1 puts its well-known part before the path of the issuer, OpenID Connect Discovery behind it.
    @get([base + Path.CONFIGURATION, f"/.well-known/oauth-authorization-server{base}"], sync_to_thread=False)
    def configuration() -> Response[bytes]:
        return json_answer(document, kept_s=KEPT_S)

    @get(base + Path.KEYS, sync_to_thread=False)
    def jwks() -> Response[bytes]:
        return json_answer(keys.jwks(), kept_s=KEPT_S)

    return [configuration, jwks]
