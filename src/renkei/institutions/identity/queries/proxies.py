"""Reads of proxies, their uses, protection and help."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, exists, or_, select

from renkei.base.encoding import MaskedStruct
from renkei.base.time import jst_date, to_ms
from renkei.contracts.identity import Act, ProxyKind
from renkei.institutions.identity.errors.proxies import ProxyEnded, ProxyNotYet, ProxyUnknown
from renkei.institutions.identity.model.proxies import EndedBy, Proxy, ProxyState, Use, standing
from renkei.institutions.identity.store.proxies import counter_code, deed, helping, protection, proxy, use

USES_MAX = 100


class Help(MaskedStruct, frozen=True, kw_only=True):
    """A clerk beside a person, for one session."""

    help_id: str
    session_id: str
    account_id: str
    helper: str
    helper_session_id: str
    body_id: str
    section: str
    terminal: str
    started_ms: int
    seen_ms: int
    ended_ms: int
    ended_why: str


class Deed(NamedTuple):
    """One thing done with help."""

    at_ms: int
    what: str
    client_id: str
    sensitive: bool


def get(conn: Connection, proxy_id: str) -> Proxy:
    """A proxy in any state.

    Raises:
        ProxyUnknown: there is none.
    """
    row = conn.execute(select(proxy).where(proxy.c.proxy_id == proxy_id)).one_or_none()
    if row is None:
        raise ProxyUnknown()
    return _proxy(row)


def of_principal(conn: Connection, account_id: str) -> list[Proxy]:
    """Proxies by which others act for this person, the newest first."""
    query = select(proxy).where(proxy.c.principal_id == account_id)
    return [_proxy(row) for row in conn.execute(query.order_by(proxy.c.made_ms.desc(), proxy.c.proxy_id))]


def of_actor(conn: Connection, account_id: str) -> list[Proxy]:
    """Proxies by which this person acts, or is asked to act, in the order in which they were made.

    Not by when they ended: whoever acted learns that from no order of a list either.
    """
    query = select(proxy).where(proxy.c.actor_id == account_id)
    return [_proxy(row) for row in conn.execute(query.order_by(proxy.c.made_ms.desc(), proxy.c.proxy_id))]


def live(conn: Connection, proxy_id: str, actor_id: str, now: datetime) -> Proxy:
    """A proxy by which this person may act now.

    Raises:
        ProxyUnknown: none of theirs, or never accepted.
        ProxyNotYet: its first day has not come.
        ProxyEnded: over, and the same for whatever ended it.
    """
    found = get(conn, proxy_id)
    if found.actor_id != actor_id or found.decided_ms == 0 or found.state is ProxyState.REFUSED:
        raise ProxyUnknown()
    today = jst_date(now)
    if standing(found, today, now_ms=to_ms(now)) is not ProxyState.ACTIVE:
        raise ProxyEnded()
    if today < found.from_day:
        raise ProxyNotYet(day=found.from_day.isoformat())
    return found


def stands(conn: Connection, proxy_id: str, now: datetime) -> bool:
    """Whether a proxy may be used at this moment: for whoever looks at a token made on it."""
    row = conn.execute(select(proxy).where(proxy.c.proxy_id == proxy_id)).one_or_none()
    if row is None:
        return False
    found, today = _proxy(row), jst_date(now)
    return standing(found, today, now_ms=to_ms(now)) is ProxyState.ACTIVE and found.from_day <= today


def by_code(conn: Connection, code_hash: str) -> Proxy | None:
    """The open invitation with this code."""
    query = select(proxy).where(proxy.c.code_hash == code_hash, proxy.c.state == ProxyState.OPEN.value)
    row = conn.execute(query).one_or_none()
    return None if row is None else _proxy(row)


def uses(conn: Connection, principal_id: str, *, limit: int = USES_MAX) -> list[Use]:
    """What others did for this person, the newest first.

    Where whoever acted is under protection, rows that may tell where they live are not among them, and nothing says so.
    """
    hidden = and_(use.c.reveals.is_(True), exists().where(protection.c.account_id == proxy.c.actor_id).correlate(proxy))
    query = (
        select(use)
        .join(proxy, proxy.c.proxy_id == use.c.proxy_id)
        .where(proxy.c.principal_id == principal_id, ~hidden)
        .order_by(use.c.at_ms.desc(), use.c.number.desc())
        .limit(limit)
    )
    return [
        Use(
            proxy_id=row.proxy_id, at_ms=row.at_ms, client_id=row.client_id, act=Act(row.act) if row.act else None,
            affairs=row.affairs, reveals=bool(row.reveals),
        )
        for row in conn.execute(query)
    ]  # fmt: skip


def protected(conn: Connection, account_id: str) -> int:
    """Since when (ms) a person is under protection; 0 for one who is not. Their address is then shown to nobody."""
    found = conn.execute(
        select(protection.c.since_ms).where(protection.c.account_id == account_id)
    ).scalar_one_or_none()
    return found or 0


def shows_code(conn: Connection, account_id: str, kept: str, now: datetime) -> bool:
    """Whether this person has a counter code of this hash that can still be used."""
    query = select(counter_code.c.account_id).where(
        counter_code.c.code_hash == kept,
        counter_code.c.account_id == account_id,
        counter_code.c.expires_ms > to_ms(now),
    )
    return conn.execute(query).first() is not None


def standing_between(conn: Connection, principal_id: str, actor_id: str) -> list[Proxy]:
    """Proxies between two people that are not over by a step."""
    states = (ProxyState.OPEN.value, ProxyState.ACTIVE.value)
    query = select(proxy).where(
        proxy.c.principal_id == principal_id, proxy.c.actor_id == actor_id, proxy.c.state.in_(states)
    )
    return [_proxy(row) for row in conn.execute(query)]


def standing_of(conn: Connection, account_id: str, *, as_actor: bool) -> list[Proxy]:
    """Every proxy to this person, and with `as_actor` from them, that is not over by a step."""
    states = (ProxyState.DRAFT.value, ProxyState.OPEN.value, ProxyState.ACTIVE.value)
    side = proxy.c.principal_id == account_id
    if as_actor:
        side = or_(side, proxy.c.actor_id == account_id)
    query = select(proxy).where(side, proxy.c.state.in_(states)).order_by(proxy.c.proxy_id)
    return [_proxy(row) for row in conn.execute(query)]


def open_help(conn: Connection, session_id: str) -> Help | None:
    """The help given in a session, where it has not ended."""
    query = select(helping).where(helping.c.session_id == session_id, helping.c.ended_ms == 0)
    row = conn.execute(query).one_or_none()
    return None if row is None else Help(**row._mapping)


def get_help(conn: Connection, help_id: str) -> Help | None:
    """A help by its id."""
    row = conn.execute(select(helping).where(helping.c.help_id == help_id)).one_or_none()
    return None if row is None else Help(**row._mapping)


def helps(conn: Connection, account_id: str, *, limit: int = 20) -> list[Help]:
    """Help that a person was given, the newest first."""
    query = select(helping).where(helping.c.account_id == account_id).order_by(helping.c.started_ms.desc()).limit(limit)
    return [Help(**row._mapping) for row in conn.execute(query)]


def deeds(conn: Connection, help_id: str) -> list[Deed]:
    """What was done with a help, in order."""
    query = select(deed).where(deed.c.help_id == help_id).order_by(deed.c.number)
    return [Deed(row.at_ms, row.what, row.client_id, bool(row.sensitive)) for row in conn.execute(query)]


def _proxy(row: Row[Any]) -> Proxy:
    return Proxy(
        proxy_id=row.proxy_id, kind=ProxyKind(row.kind), state=ProxyState(row.state), principal_id=row.principal_id,
        actor_id=row.actor_id, affairs=tuple(row.affairs.split(",")),
        acts=tuple(Act(act) for act in row.acts.split(",")), from_day=date.fromisoformat(row.from_day),
        until=date.fromisoformat(row.until) if row.until else None, granted_by=row.granted_by, body_id=row.body_id,
        evidence_id=row.evidence_id or "", principal_name=row.principal_name, actor_name=row.actor_name,
        made_ms=row.made_ms, confirmed_ms=row.confirmed_ms, decided_ms=row.decided_ms, ended_ms=row.ended_ms,
        ended_by=EndedBy(row.ended_by) if row.ended_by else None,
    )  # fmt: skip
