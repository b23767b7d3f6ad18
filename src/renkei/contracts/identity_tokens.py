"""What an ID token and the userinfo endpoint say, as both the provider and its clients read it.

The standard members are those of OpenID Connect Core 1.0 and of Identity Assurance 1.0; ours are `principal`, the
limits in `act`, `test`, `shared_terminal`, and in the staff realm the members of `StaffClaims`.
"""

from __future__ import annotations

from datetime import date

from renkei.base.encoding import MaskedStruct
from renkei.contracts.identity import PROXY_DETAIL, Acr, Act, Acting, ProxyKind, ProxyOffer, SignedIn, StaffUser


class ActorClaim(MaskedStruct, frozen=True, kw_only=True):
    """`act`: who acts for the subject (RFC 8693 §4.1), and within which limits."""

    sub: str
    name: str = ""
    proxy_id: str = ""
    kind: ProxyKind = ProxyKind.MANDATE
    affairs: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()
    until: date | None = None


class PersonClaims(MaskedStruct, frozen=True, kw_only=True):
    """Members of an ID token of the main realm beyond those that every client checks."""

    sub: str
    sid: str = ""
    acr: Acr
    amr: tuple[str, ...] = ()
    auth_time: int
    act: ActorClaim | None = None
    principal: str = ""
    """Name of the person acted for, on the actor's screen."""
    test: bool = False
    shared_terminal: bool = False


class ItemClaims(MaskedStruct, frozen=True, kw_only=True):
    """基本4情報, as far as the person agreed to give them."""

    name: str = ""
    address: str | dict[str, str] = ""
    birthdate: str = ""
    gender: str = ""


class VerifiedClaims(MaskedStruct, frozen=True, kw_only=True):
    """`verified_claims` (Identity Assurance 1.0 §5), the part that clients here read."""

    claims: ItemClaims = ItemClaims()


class PersonInfo(MaskedStruct, frozen=True, kw_only=True):
    """The userinfo answer, the part that clients here read."""

    sub: str
    verified_claims: VerifiedClaims = VerifiedClaims()
    name: str = ""
    proxies: tuple[ProxyOffer, ...] | None = None
    """Scope `proxies`: for whom the person may act."""

    @property
    def shown_name(self) -> str:
        """The person's name; empty where it was not given or is not known."""
        return self.verified_claims.claims.name or self.name


class StaffClaims(MaskedStruct, frozen=True, kw_only=True):
    """Members of an ID token of the staff realm."""

    sid: str
    acr: Acr
    auth_time: int
    staff_id: str
    name: str
    body_id: str
    section: str
    affairs: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    terminal: str
    test: bool = False


def signed_in(claims: PersonClaims, info: PersonInfo | None = None) -> SignedIn:
    """A person as a client keeps them; without `info` where nothing but the sign-in is wanted."""
    return SignedIn(
        sub=claims.sub, sid=claims.sid, acr=claims.acr, amr=claims.amr, auth_ms=claims.auth_time * 1000,
        name=info.shown_name if info else "", offers=(info.proxies if info else None) or (), acting=acting_of(claims),
        test=claims.test, shared_terminal=claims.shared_terminal,
    )  # fmt: skip


def acting_of(claims: PersonClaims) -> Acting | None:
    """Who acts for the subject of a token; None where nobody does."""
    act = claims.act
    if act is None:
        return None
    return Acting(
        proxy_id=act.proxy_id, kind=act.kind, principal=claims.principal, actor=act.sub, actor_name=act.name,
        affairs=act.affairs, acts=act.acts, until=act.until,
    )  # fmt: skip


def staff_user(claims: StaffClaims) -> StaffUser:
    """A clerk as a console keeps them."""
    return StaffUser(
        staff_id=claims.staff_id, name=claims.name, body_id=claims.body_id, section=claims.section,
        affairs=claims.affairs, roles=claims.roles, terminal=claims.terminal, sid=claims.sid, acr=claims.acr,
        auth_ms=claims.auth_time * 1000, test=claims.test,
    )  # fmt: skip


def proxy_detail(proxy_id: str, *, act: Act | None = None, affairs: str = "") -> dict[str, str]:
    """`authorization_details` of a token exchange that names a proxy.

    Args:
        act, affairs: what is to be done now, which the provider checks and records; both, or neither to begin.
    """
    detail = {"type": PROXY_DETAIL, "proxy_id": proxy_id}
    return detail if act is None else detail | {"act": act.value, "affairs": affairs}
