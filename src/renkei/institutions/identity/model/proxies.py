"""Acting for somebody (代理): on what it rests, its states and limits. Values in, values out.

    DRAFT -> OPEN        the principal confirms with the card
    OPEN -> ACTIVE       whoever is to act accepts
    OPEN -> REFUSED      or refuses
    DRAFT, OPEN, ACTIVE -> CUT   principal, proxy, clerk or protection
    any -> expired, by time alone

Whoever acted sees of an ended proxy that it ended, and nothing else: neither by whom nor when nor why. So nobody can
read from a screen or an answer that somebody is under protection.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

import msgspec

from renkei.base.encoding import MaskedStruct
from renkei.base.time import attains_on
from renkei.contracts.identity import ALL_AFFAIRS, Act, Acting, ProxyKind, ProxyOffer
from renkei.institutions.identity.errors.proxies import (
    NotAMinor,
    ProxyScopeWrong,
    ProxyStepRefused,
    ProxyTermWrong,
)
from renkei.law.data import read_toml

DRAFT_LIFE = timedelta(minutes=30)
INVITATION_LIFE = timedelta(days=14)
COUNTER_CODE_LIFE = timedelta(minutes=15)
CONFIRM_WITHIN = timedelta(minutes=5)
"""Between showing the card and confirming a grant."""
EVIDENCE_LIFE = timedelta(days=30)
"""How old a proofing may be on which a clerk grants a proxy: ours."""


class ProxyState(StrEnum):
    """Where a proxy stands."""

    DRAFT = "draft"
    OPEN = "open"  # granted, not accepted
    ACTIVE = "active"
    REFUSED = "refused"
    CUT = "cut"
    EXPIRED = "expired"  # never stored: `standing` says it by the day


class ProxyStep(StrEnum):
    """What can happen to a proxy."""

    CONFIRM = "confirm"
    ACCEPT = "accept"
    REFUSE = "refuse"
    CUT = "cut"


TRANSITIONS: dict[tuple[ProxyState, ProxyStep], ProxyState] = {
    (ProxyState.DRAFT, ProxyStep.CONFIRM): ProxyState.OPEN,
    (ProxyState.OPEN, ProxyStep.ACCEPT): ProxyState.ACTIVE,
    (ProxyState.OPEN, ProxyStep.REFUSE): ProxyState.REFUSED,
    (ProxyState.DRAFT, ProxyStep.CUT): ProxyState.CUT,
    (ProxyState.OPEN, ProxyStep.CUT): ProxyState.CUT,
    (ProxyState.ACTIVE, ProxyStep.CUT): ProxyState.CUT,
}
STANDING = (ProxyState.DRAFT, ProxyState.OPEN, ProxyState.ACTIVE)


def after(state: ProxyState, step: ProxyStep) -> ProxyState:
    """The state that a step leads to.

    Raises:
        ProxyStepRefused: the step is not possible in this state.
    """
    found = TRANSITIONS.get((state, step))
    if found is None:
        raise ProxyStepRefused()
    return found


class EndedBy(StrEnum):
    """Who ended a proxy; for the principal's own screen."""

    PRINCIPAL = "principal"
    PROXY = "proxy"  # gave it up
    CLERK = "clerk"
    PROTECTION = "protection"
    CLOSED = "closed"  # an account was closed


class Proxy(MaskedStruct, frozen=True, kw_only=True):
    """One proxy."""

    proxy_id: str
    kind: ProxyKind
    state: ProxyState
    principal_id: str
    """Account acted for."""
    actor_id: str
    """Account that acts; empty until somebody accepts."""
    affairs: tuple[str, ...]
    acts: tuple[Act, ...]
    from_day: date
    until: date | None
    """Last day (JST)."""
    granted_by: str
    """`principal`, or the clerk's staff id."""
    body_id: str = ""
    evidence_id: str = ""
    """Proofing on which a clerk granted it."""
    principal_name: str = ""
    """As of the acceptance. Later names are not shown to whom the proxy no longer concerns."""
    actor_name: str = ""
    """Before the acceptance, the name to which the invitation is made out."""
    made_ms: int
    confirmed_ms: int = 0
    decided_ms: int = 0
    ended_ms: int = 0
    ended_by: EndedBy | None = None


def standing(proxy: Proxy, today: date, *, now_ms: int) -> ProxyState:
    """Where a proxy stands now, time counted in."""
    if proxy.state not in STANDING:
        return proxy.state
    over = proxy.until is not None and proxy.until < today
    if proxy.state is ProxyState.DRAFT:
        over = over or now_ms - proxy.made_ms >= DRAFT_LIFE // timedelta(milliseconds=1)
    if proxy.state is ProxyState.OPEN:
        over = over or now_ms - proxy.confirmed_ms >= INVITATION_LIFE // timedelta(milliseconds=1)
    return ProxyState.EXPIRED if over else proxy.state


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the law says of a kind of proxy (`law/proxies.toml`)."""

    kind: ProxyKind
    granted: str
    """`principal`, `clerk` or `session`."""
    affairs: tuple[str, ...]
    acts: tuple[Act, ...]
    chosen: bool
    """The principal chooses among affairs and acts; else all of them are given."""
    evidence: tuple[str, ...] = ()
    """Cases of proofing of which a clerk must hold a record."""
    ends_at_age: int = 0
    days_max: int = 0
    ours: str = ""
    valid_from: date = date.min
    valid_to: date | None = None
    source: str


@cache
def _rules() -> tuple[Rule, ...]:
    return msgspec.convert(read_toml("proxies.toml")["kind"], tuple[Rule, ...])


def rule_of(kind: ProxyKind, day: date) -> Rule:
    """The rule of a kind in force on that day (JST).

    Raises:
        ProxyScopeWrong: none is in force.
    """
    for rule in _rules():
        if rule.kind is kind and rule.valid_from <= day and (rule.valid_to is None or day < rule.valid_to):
            return rule
    raise ProxyScopeWrong()


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How far a proxy reaches, and how long."""

    affairs: tuple[str, ...]
    acts: tuple[Act, ...]
    from_day: date
    until: date | None


def chosen_limits(
    kind: ProxyKind,
    *,
    affairs: Iterable[str],
    acts: Iterable[str],
    from_day: date | None,
    until: date | None,
    today: date,
) -> Limits:
    """Limits that a principal chose, in the order of the rule.

    Raises:
        ProxyScopeWrong: nothing, or something that this kind does not offer.
        ProxyTermWrong: no last day, a first day in the past, or too long.
    """
    rule = rule_of(kind, today)
    wanted, doing = set(affairs), set(acts)
    offered = {act.value for act in rule.acts}
    if rule.granted != "principal" or not wanted or not doing or wanted - set(rule.affairs) or doing - offered:
        raise ProxyScopeWrong()
    first = from_day or today
    if until is None or first < today or until < first or (until - first).days >= rule.days_max:
        raise ProxyTermWrong(days_max=rule.days_max)
    return Limits(
        affairs=tuple(one for one in rule.affairs if one in wanted),
        acts=tuple(act for act in rule.acts if act.value in doing), from_day=first, until=until,
    )  # fmt: skip


def statutory_limits(kind: ProxyKind, *, birth: date | None, until: date | None, today: date) -> Limits:
    """Limits of a parent or guardian: everything; a parent's until the person is of age, a guardian's for its term.

    Args:
        birth: of the person acted for; without it a parent's proxy has no end and is refused.
        until: last day that the clerk gives; None for the longest.

    Raises:
        NotAMinor: a parent, and the person is of age (民法4条, 818条).
        ProxyTermWrong: the day given lies before today.
    """
    rule = rule_of(kind, today)
    ends = [until] if until else []
    if rule.ends_at_age:
        # An age is attained with the end of the day before the birthday: that day is the last one.
        last = attains_on(birth, rule.ends_at_age) if birth else None
        if last is None or last < today:
            raise NotAMinor()
        ends.append(last)
    if rule.days_max:
        ends.append(today + timedelta(days=rule.days_max - 1))
    end = min(ends) if ends else None
    if end is not None and end < today:
        raise ProxyTermWrong(days_max=(max(ends) - today).days + 1)
    return Limits(affairs=rule.affairs, acts=rule.acts, from_day=today, until=end)


def collide(one: Proxy, other: Proxy) -> bool:
    """Whether two proxies of the same two people and kind cover some of the same on some day."""
    same = (one.principal_id, one.actor_id, one.kind) == (other.principal_id, other.actor_id, other.kind)
    affairs = ALL_AFFAIRS in (*one.affairs, *other.affairs) or bool(set(one.affairs) & set(other.affairs))
    days = (one.until is None or other.from_day <= one.until) and (other.until is None or one.from_day <= other.until)
    return same and affairs and bool(set(one.acts) & set(other.acts)) and days


def offer_of(proxy: Proxy, principal: str) -> ProxyOffer:
    """A live proxy as a client of the actor sees it."""
    return ProxyOffer(
        proxy_id=proxy.proxy_id, kind=proxy.kind, principal=principal, affairs=proxy.affairs, acts=proxy.acts,
        until=proxy.until,
    )  # fmt: skip


def acting_of(proxy: Proxy, *, principal: str, actor: str, actor_name: str) -> Acting:
    """A live proxy as it stands in a token.

    Args:
        actor: pairwise subject of the one who acts.
    """
    return Acting(
        proxy_id=proxy.proxy_id, kind=proxy.kind, principal=principal, actor=actor, actor_name=actor_name,
        affairs=proxy.affairs, acts=proxy.acts, until=proxy.until,
    )  # fmt: skip


class Use(MaskedStruct, frozen=True, kw_only=True):
    """One use of a proxy, as the principal sees it."""

    proxy_id: str
    at_ms: int
    client_id: str
    act: Act | None
    """None where the use only begins: tokens were given, nothing was done yet."""
    affairs: str
    reveals: bool
    """Where it was used may tell where somebody lives."""
