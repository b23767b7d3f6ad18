"""Token exchange (RFC 8693): whoever is signed in at a client gets a token with which they act for somebody there.

    subject_token            the actor's own access token, of this client and this DPoP key
    authorization_details    [{"type": "urn:renkei:proxy", "proxy_id": …, "act": …, "affairs": …}]; act and affairs
                             where something is to be done now, else the client only begins
    scope                    at most those of the subject token, and of these only what a proxy is given

The answer's subject is the person acted for, `act` says who acts (§4.1). There is no chain: a token with `act` is
taken for nothing here. The exchange itself is the record that the principal sees.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from renkei.base.encoding import MaskedStruct
from renkei.base.time import jst_midnight
from renkei.contracts.identity import ALL_AFFAIRS, EXCHANGE_GRANT, FOUR_ITEM_SCOPES, PROXY_DETAIL, Act, Acting, Scope
from renkei.institutions.identity.errors.protocol import DetailsRefused, RequestMalformed, ScopeUnregistered, TokenWrong
from renkei.institutions.identity.errors.proxies import ProxyOfProxy, ProxyUnknown
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.jose import Unreadable
from renkei.institutions.identity.model.subjects import pairwise_subject
from renkei.institutions.identity.model.tokens import ACCESS_TYPE, GrantHandler, GrantRequest, OwnClaims, TokenAnswer
from renkei.institutions.identity.operations import grants, proxies, tokens
from renkei.institutions.identity.operations.keys import ProviderKeys
from renkei.institutions.identity.queries import proxies as queries

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
KNOWN = frozenset(
    ("grant_type", "subject_token", "subject_token_type", "requested_token_type", "authorization_details", "scope",
     "audience", "client_id")
)  # fmt: skip
GIVEN_ALWAYS = frozenset((Scope.OPENID.value, Scope.NAME.value))
AFFAIRS_MAX = 64


class ProxyDetail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The proxy wanted, and what is to be done on it now."""

    type: str
    proxy_id: str
    act: Act | None = None
    affairs: str = ""


class Wanted(MaskedStruct, frozen=True, kw_only=True):
    """An exchange as it was asked for."""

    subject_token: str
    detail: ProxyDetail
    scopes: tuple[str, ...] | None
    """None: as many as a proxy is given."""


class Issue(Protocol):
    """Makes tokens (`operations.tokens.issue`, its means and keys given)."""

    def __call__(
        self, approved: Approved, client: Client, *, key_thumbprint: str, how: str, until: datetime | None
    ) -> Awaitable[TokenAnswer]: ...


Verify = Callable[[str], OwnClaims]
"""Claims of an access token of this issuer. Raises TokenWrong."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the exchange comes to, before it is signed."""

    approved: Approved
    until: datetime | None


def exchange_grant(
    means: Means,
    keys: ProviderKeys,
    *,
    issue: Issue | None = None,
    verify: Verify | None = None,
) -> GrantHandler:
    """The handler of `urn:ietf:params:oauth:grant-type:token-exchange`.

    Args:
        keys: of the realm of people.
        issue: tests hand in another.
        verify: likewise.
    """
    make: Issue = issue or partial(tokens.issue, means, keys)
    read: Verify = verify or partial(verified, keys)

    async def handle(request: GrantRequest) -> TokenAnswer:
        wanted = read_request(request.parameters)
        now, claims = means.clock.now(), read(wanted.subject_token)
        given = await means.db.write(
            partial(_give, request=request, wanted=wanted, claims=claims, key=means.pairwise_key, now=now)
        )
        answer = await make(
            given.approved, request.client, key_thumbprint=request.key_thumbprint, how=EXCHANGE_GRANT, until=given.until
        )
        return msgspec.structs.replace(answer, issued_token_type=ACCESS_TOKEN)

    return handle


def read_request(parameters: Mapping[str, str]) -> Wanted:
    """The request's parameters.

    Raises:
        RequestMalformed, DetailsRefused: something is missing, of a type that is not served, or not known here.
        ProxyOfProxy: an `actor_token`, as if the actor stood in for yet another.
    """
    if "actor_token" in parameters:
        raise ProxyOfProxy()
    if unknown := sorted(set(parameters) - KNOWN):
        raise RequestMalformed(parameter=unknown[0][:40])
    token = parameters.get("subject_token", "")
    if not token:
        raise RequestMalformed(parameter="subject_token")
    if parameters.get("subject_token_type") != ACCESS_TOKEN:
        raise RequestMalformed(parameter="subject_token_type")
    if parameters.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
        raise RequestMalformed(parameter="requested_token_type")
    asked = parameters.get("scope")
    return Wanted(
        subject_token=token, detail=_read_detail(parameters.get("authorization_details", "")),
        scopes=tuple(dict.fromkeys(asked.split())) if asked is not None else None,
    )  # fmt: skip


def verified(keys: ProviderKeys, token: str) -> OwnClaims:
    """Claims of an access token of this issuer; whether its grant still stands is asked apart.

    Raises:
        TokenWrong: no such token.
    """
    try:
        return keys.verify_own(token, ACCESS_TYPE, keys.issuer)
    except Unreadable as error:
        raise TokenWrong(reason=str(error)) from None


def scopes_given(
    wanted: tuple[str, ...] | None, *, held: tuple[str, ...], acting: Acting, hidden: bool
) -> tuple[str, ...]:
    """Scopes of a token on which somebody acts.

    `openid` and `name` always; the other items of the person acted for only where the proxy may view the affairs of
    residence; the address never of one under protection.

    Args:
        held: scopes of the actor's own token.
        hidden: the person acted for is under protection.

    Raises:
        ScopeUnregistered: more is asked for than that.
    """
    offered = set(GIVEN_ALWAYS)
    if acting.may(Act.VIEW, "residence") or ALL_AFFAIRS in acting.affairs:
        offered |= {scope.value for scope in FOUR_ITEM_SCOPES}
    if hidden:
        offered.discard(Scope.ADDRESS.value)
    possible = tuple(scope for scope in held if scope in offered)
    if wanted is None:
        return possible
    if beyond := [scope for scope in wanted if scope not in possible]:
        raise ScopeUnregistered(scope=beyond[0][:40])
    return tuple(scope for scope in possible if scope in wanted)


def _give(
    conn: Connection, *, request: GrantRequest, wanted: Wanted, claims: OwnClaims, key: bytes, now: datetime
) -> Given:
    """Check, record the use, and say what is to be signed: in one transaction, so that a cut comes before or after."""
    client, detail = request.client, wanted.detail
    grant = grants.of_token(conn, claims, now)
    own = grant.approved
    if own is None or grant.client_id != client.client_id or grant.key_thumbprint != request.key_thumbprint:
        raise TokenWrong(reason="subject_token")
    if own.acting is not None:
        raise ProxyOfProxy()
    proxies.record_use(
        conn, detail.proxy_id, own.account_id, now, client_id=client.client_id, act=detail.act,
        affairs=detail.affairs, reveals=not client.first_party,
    )  # fmt: skip
    subject = pairwise_subject(key, sector=client.sector, account_id=own.account_id)
    acting = proxies.acting(conn, detail.proxy_id, own.account_id, now, actor=subject)
    principal_id = queries.live(conn, detail.proxy_id, own.account_id, now).principal_id
    hidden = bool(queries.protected(conn, principal_id))
    scopes = scopes_given(wanted.scopes, held=grant.scopes, acting=acting, hidden=hidden)
    four = {scope.value for scope in FOUR_ITEM_SCOPES}
    approved = msgspec.structs.replace(
        own, account_id=principal_id, actor_account_id=own.account_id, acting=acting, scopes=scopes,
        claims=tuple(scope for scope in scopes if scope in four), payments=(), nonce="", sign_transaction_id="",
    )  # fmt: skip
    # The last day is within the proxy; it ends with the midnight that follows, in Japan.
    until = jst_midnight(acting.until + timedelta(days=1)) if acting.until else None
    return Given(approved, until)


def _read_detail(text: str) -> ProxyDetail:
    try:
        found = msgspec.json.decode(text or "[]", type=list[ProxyDetail])
    except msgspec.DecodeError:
        raise DetailsRefused(reason="form") from None
    if len(found) != 1:
        raise DetailsRefused(reason="count")
    [detail] = found
    if detail.type != PROXY_DETAIL:
        raise DetailsRefused(reason="type")
    if not detail.proxy_id or len(detail.proxy_id) > 64 or not detail.proxy_id.isascii():
        raise ProxyUnknown()
    if (detail.act is None) != (detail.affairs == "") or len(detail.affairs) > AFFAIRS_MAX:
        raise DetailsRefused(reason="affairs")
    return detail
