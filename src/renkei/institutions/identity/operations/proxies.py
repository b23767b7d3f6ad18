"""Proxies from grant to end. Every function works in the caller's transaction; `now` is given.

Two ways to grant: the principal drafts one, shows the card, and hands a code to whoever is to act; or a clerk enters
one on the strength of a proofing. Either way whoever is to act accepts. What ends a proxy ends what runs on it in the
same transaction (`Ended`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection, delete, update
from sqlalchemy.exc import IntegrityError

from renkei.base.time import from_ms, jst_date, to_ms
from renkei.contracts.identity import Acr, Act, Acting, ProxyKind, ProxyOffer, StaffUser
from renkei.contracts.proofing import ProvenIdentity
from renkei.institutions.identity.errors.proxies import (
    BirthDiffers,
    CautionNeeded,
    CounterCodeUnknown,
    EvidenceUnfit,
    NameUnconfirmed,
    ProxyCardNeeded,
    ProxyNameWrong,
    ProxyOfOneself,
    ProxyOfProxy,
    ProxyOutsideLimits,
    ProxyOverlaps,
    ProxyScopeWrong,
    ProxyUnknown,
    TaxAccountantUnregistered,
)
from renkei.institutions.identity.model import proxy_codes
from renkei.institutions.identity.model.proxies import (
    CONFIRM_WITHIN,
    COUNTER_CODE_LIFE,
    EVIDENCE_LIFE,
    EndedBy,
    Limits,
    Proxy,
    ProxyState,
    ProxyStep,
    acting_of,
    after,
    collide,
    offer_of,
    rule_of,
    standing,
    statutory_limits,
)
from renkei.institutions.identity.model.proxy_events import ProxyCut, ProxyDecided, ProxyGranted, ProxyUsed
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.operations import grants, guesses
from renkei.institutions.identity.queries import accounts
from renkei.institutions.identity.queries import proxies as queries
from renkei.institutions.identity.store import audit_table
from renkei.institutions.identity.store.proxies import counter_code, use
from renkei.institutions.identity.store.proxies import proxy as table
from renkei.platform.audit_store import audit

NAME_MAX = 60

Ended: TypeAlias = Callable[[Connection, tuple[str, ...], datetime], None]
"""Ends what runs on these proxies, tokens above all, in the transaction that ends the proxies."""


def end_tokens(conn: Connection, proxy_ids: tuple[str, ...], now: datetime) -> None:
    """End every grant made on these proxies, and so their tokens."""
    for proxy_id in proxy_ids:
        grants.end_of_proxy(conn, proxy_id, now)


# --- granted by the principal ---


def draft(
    conn: Connection,
    session: Session,
    *,
    proxy_id: str,
    kind: ProxyKind,
    limits: Limits,
    actor_name: str,
    now: datetime,
) -> Proxy:
    """Keep what a principal wants to entrust; nothing comes of it before `confirm`.

    Args:
        limits: from `model.proxies.chosen_limits`.
        actor_name: to whom the invitation is made out.

    Raises:
        ProxyOfProxy: a clerk is helping in this session; nothing is handed on there.
        ProxyNameWrong: no name.
    """
    if session.helper or queries.open_help(conn, session.session_id) is not None:
        raise ProxyOfProxy()
    made = Proxy(
        proxy_id=proxy_id, kind=kind, state=ProxyState.DRAFT, principal_id=session.account_id, actor_id="",
        affairs=limits.affairs, acts=limits.acts, from_day=limits.from_day, until=limits.until,
        granted_by="principal", actor_name=parse_name(actor_name), made_ms=to_ms(now),
    )  # fmt: skip
    _insert(conn, made)
    return made


def confirm(conn: Connection, session: Session, proxy_id: str, *, key: bytes, now: datetime) -> Proxy:
    """The principal has shown the card since the draft: the invitation is open.

    Raises:
        ProxyUnknown: none of this person's.
        ProxyStepRefused: confirmed or cut before.
        ProxyCardNeeded: the card was not shown since, or too long ago.
    """
    found = own(conn, proxy_id, session.account_id)
    state = after(_standing(found, now), ProxyStep.CONFIRM)
    fresh = session.auth_ms >= found.made_ms and now - from_ms(session.auth_ms) <= CONFIRM_WITHIN
    if not fresh or not session.acr.suffices(Acr.CARD):
        raise ProxyCardNeeded()
    code = proxy_codes.code_of(key, proxy_codes.INVITATION, proxy_id)
    _set(
        conn, found, state=state.value, confirmed_ms=to_ms(now),
        code_hash=proxy_codes.kept(key, proxy_codes.INVITATION, code),
    )  # fmt: skip
    _granted(conn, found, now)
    return queries.get(conn, proxy_id)


def parse_name(text: str) -> str:
    """A name as it was typed.

    Raises:
        ProxyNameWrong: none, too long, or digits in it.
    """
    plain = " ".join(text.split())
    if not plain or len(plain) > NAME_MAX or not plain.isprintable() or any(char.isdigit() for char in plain):
        raise ProxyNameWrong(length_max=NAME_MAX)
    return plain


# --- granted by a clerk ---


def grant_by_clerk(
    conn: Connection,
    staff: StaffUser,
    *,
    proxy_id: str,
    kind: ProxyKind,
    evidence: ProvenIdentity,
    principal_id: str,
    actor_id: str,
    birth: date | None,
    until: date | None = None,
    now: datetime,
) -> Proxy:
    """Enter a parent's or guardian's authority; it waits for whoever is to act.

    Args:
        evidence: proofing of a statutory agent, of the clerk's own body.
        birth: of the person acted for, as the family register says it.

    Raises:
        ProxyScopeWrong: a kind that no clerk grants.
        EvidenceUnfit: not such a proofing, or used before.
        ProxyOfOneself, ProxyOverlaps, NotAMinor, BirthDiffers, ProxyTermWrong: as they say.
        CautionNeeded: one of the two is under protection; the visitor is told no reason.

    Source: 民法818条, 824条, 857条, 859条; 施行令12条2項1号.
    """
    today = jst_date(now)
    rule = rule_of(kind, today)
    if rule.granted != "clerk":
        raise ProxyScopeWrong()
    _check_evidence(evidence, rule.evidence, staff, now)
    if principal_id == actor_id:
        raise ProxyOfOneself()
    if queries.protected(conn, principal_id) or queries.protected(conn, actor_id):
        raise CautionNeeded()
    known = accounts.claims_of(conn, principal_id)
    if known is not None and known.birth is not None and birth is not None and known.birth != birth:
        raise BirthDiffers()
    limits = statutory_limits(kind, birth=birth, until=until, today=today)
    made = Proxy(
        proxy_id=proxy_id, kind=kind, state=ProxyState.OPEN, principal_id=principal_id, actor_id=actor_id,
        affairs=limits.affairs, acts=limits.acts, from_day=limits.from_day, until=limits.until,
        granted_by=staff.staff_id, body_id=staff.body_id, evidence_id=evidence.evidence_id,
        principal_name=accounts.name_of(conn, principal_id), actor_name=accounts.name_of(conn, actor_id),
        made_ms=to_ms(now), confirmed_ms=to_ms(now),
    )  # fmt: skip
    _check_overlap(conn, made, now)
    try:
        with conn.begin_nested():
            _insert(conn, made)
    except IntegrityError:
        raise EvidenceUnfit(reason="used") from None
    _granted(conn, made, now)
    return made


def new_counter_code(conn: Connection, account_id: str, *, row_id: str, key: bytes, now: datetime) -> str:
    """A code by which a clerk finds this account once within fifteen minutes; the one before ends.

    Args:
        row_id: fresh random name.
    """
    code = proxy_codes.code_of(key, proxy_codes.COUNTER, row_id)
    conn.execute(delete(counter_code).where(counter_code.c.account_id == account_id))
    conn.execute(
        counter_code.insert().values(
            code_hash=proxy_codes.kept(key, proxy_codes.COUNTER, code), account_id=account_id,
            expires_ms=to_ms(now + COUNTER_CODE_LIFE),
        )
    )  # fmt: skip
    return code


def use_counter_code(conn: Connection, text: str, *, key: bytes, now: datetime) -> str:
    """The account that shows this code, which is then used up.

    Raises:
        CounterCodeUnknown: no such code, or no longer.
    """
    code = proxy_codes.typed(text)
    found = conn.execute(
        delete(counter_code)
        .where(
            counter_code.c.code_hash == proxy_codes.kept(key, proxy_codes.COUNTER, code),
            counter_code.c.expires_ms > to_ms(now),
        )
        .returning(counter_code.c.account_id)
    ).scalar_one_or_none()
    if found is None:
        raise CounterCodeUnknown()
    return str(found)


# --- accepted or refused ---


def claim(conn: Connection, session: Session, text: str, *, key: bytes, now: datetime) -> Proxy | None:
    """Take an invitation by its code: it waits for this person's answer from now on, and the code is spent.

    Returns:
        None where no open invitation with this code is made out to a person of this name, which is counted as a wrong
        code. Not raised, so that this is kept; the caller raises InvitationUnknown, and InvitationGuessesSpent before.

    Raises:
        NameUnconfirmed: nobody knows this person's name, so no invitation can be theirs.
        ProxyOfOneself: it is their own.
    """
    name = accounts.name_of(conn, session.account_id)
    if not name:
        raise NameUnconfirmed()
    code = proxy_codes.typed(text)
    found = queries.by_code(conn, proxy_codes.kept(key, proxy_codes.INVITATION, code)) if code else None
    if found is not None and found.principal_id == session.account_id:
        raise ProxyOfOneself()
    meant = found is not None and proxy_codes.folded_name(found.actor_name) == proxy_codes.folded_name(name)
    if found is None or not meant or _standing(found, now) is not ProxyState.OPEN:
        guesses.miss(conn, _guesser(session.account_id), now)
        return None
    guesses.clear(conn, _guesser(session.account_id))
    _set(conn, found, actor_id=session.account_id, code_hash=None)
    return queries.get(conn, found.proxy_id)


def guesses_left(conn: Connection, account_id: str, now: datetime) -> int:
    """How many more wrong codes this person may type."""
    return guesses.left(conn, _guesser(account_id), now, most=proxy_codes.GUESSES_MAX)


def decide(
    conn: Connection, session: Session, proxy_id: str, *, accept: bool, registered: bool = False, now: datetime
) -> Proxy:
    """Accept or refuse: an invitation taken by its code, or what a clerk entered.

    Args:
        registered: the register of tax accountants knows this person.

    Raises:
        ProxyUnknown: nothing of the kind waits for them.
        ProxyStepRefused: decided before, or over.
        TaxAccountantUnregistered, ProxyOverlaps, ProxyOfProxy: it cannot be accepted.
    """
    found = queries.get(conn, proxy_id)
    if found.actor_id != session.account_id:
        raise ProxyUnknown()
    state = after(_standing(found, now), ProxyStep.ACCEPT if accept else ProxyStep.REFUSE)
    if accept:
        if session.helper or queries.open_help(conn, session.session_id) is not None:
            raise ProxyOfProxy()
        if found.kind is ProxyKind.TAX_ACCOUNTANT and not registered:
            raise TaxAccountantUnregistered()
        _check_overlap(conn, found, now)
    _set(
        conn, found, state=state.value, decided_ms=to_ms(now),
        actor_name=accounts.name_of(conn, session.account_id) or found.actor_name,
        principal_name=accounts.name_of(conn, found.principal_id) or found.principal_name,
    )  # fmt: skip
    audit(conn, audit_table, ProxyDecided(proxy=found.proxy_id, state=state.value), now=now)
    return queries.get(conn, found.proxy_id)


# --- used ---


def offers(
    conn: Connection, account_id: str, now: datetime, *, name_of: Callable[[Connection, str], str] = accounts.name_of
) -> tuple[ProxyOffer, ...]:
    """For whom this person may act now."""
    today = jst_date(now)
    live = [
        one
        for one in queries.of_actor(conn, account_id)
        if _standing(one, now) is ProxyState.ACTIVE and one.from_day <= today
    ]
    return tuple(offer_of(one, name_of(conn, one.principal_id) or one.principal_name) for one in live)


def acting(
    conn: Connection,
    proxy_id: str,
    actor_account_id: str,
    now: datetime,
    *,
    actor: str = "",
    name_of: Callable[[Connection, str], str] = accounts.name_of,
) -> Acting:
    """What stands in a token while this person acts on this proxy.

    Args:
        actor: their pairwise subject at the client.

    Raises:
        ProxyUnknown, ProxyNotYet, ProxyEnded: they may not.
    """
    found = queries.live(conn, proxy_id, actor_account_id, now)
    return acting_of(
        found, principal=name_of(conn, found.principal_id) or found.principal_name, actor=actor,
        actor_name=name_of(conn, actor_account_id) or found.actor_name,
    )  # fmt: skip


def record_use(
    conn: Connection,
    proxy_id: str,
    actor_account_id: str,
    now: datetime,
    *,
    client_id: str,
    act: Act | None = None,
    affairs: str = "",
    reveals: bool = True,
) -> None:
    """Keep that a proxy is used, where it reaches so far; the principal sees it.

    Args:
        act: None where a client is given tokens and nothing was done yet.
        reveals: the client may tell where somebody lives; False only for one that everybody uses alike.

    Raises:
        ProxyUnknown, ProxyNotYet, ProxyEnded, ProxyOutsideLimits: nothing is kept, and nothing may be done.
    """
    found = queries.live(conn, proxy_id, actor_account_id, now)
    if act is not None and not acting_of(found, principal="", actor="", actor_name="").may(act, affairs):
        raise ProxyOutsideLimits()
    what = act.value if act else ""
    conn.execute(
        use.insert().values(
            proxy_id=proxy_id, at_ms=to_ms(now), client_id=client_id, act=what, affairs=affairs[:64], reveals=reveals
        )
    )
    audit(conn, audit_table, ProxyUsed(proxy=proxy_id, client=client_id, act=what, affairs=affairs[:64]), now=now)


# --- ended ---


def cut(conn: Connection, proxy_id: str, account_id: str, now: datetime, *, ended: Ended = end_tokens) -> Proxy:
    """End a proxy: the principal cuts it, or whoever acts gives it up. Over already, it stays as it is.

    Raises:
        ProxyUnknown: it is neither's.
    """
    found = queries.get(conn, proxy_id)
    if account_id not in (found.principal_id, found.actor_id):
        raise ProxyUnknown()
    by = EndedBy.PRINCIPAL if account_id == found.principal_id else EndedBy.PROXY
    end(conn, [found], by=by, now=now, ended=ended)
    return queries.get(conn, proxy_id)


def cut_all(conn: Connection, account_id: str, now: datetime, *, ended: Ended = end_tokens) -> int:
    """The principal ends every proxy by which others act for them; how many."""
    return end(conn, queries.standing_of(conn, account_id, as_actor=False), by=EndedBy.PRINCIPAL, now=now, ended=ended)


def end_all_of(
    conn: Connection, account_id: str, now: datetime, *, by: EndedBy = EndedBy.CLOSED, ended: Ended = end_tokens
) -> int:
    """End every proxy to and from a person: the account is closed, or they come under protection; how many."""
    return end(conn, queries.standing_of(conn, account_id, as_actor=True), by=by, now=now, ended=ended)


def end(conn: Connection, found: Iterable[Proxy], *, by: EndedBy, now: datetime, ended: Ended) -> int:
    """End those that are not over, and what runs on them; how many."""
    over = [one for one in found if _standing(one, now) in (ProxyState.DRAFT, ProxyState.OPEN, ProxyState.ACTIVE)]
    for one in over:
        state = after(one.state, ProxyStep.CUT)
        _set(conn, one, state=state.value, ended_ms=to_ms(now), ended_by=by.value, code_hash=None)
        audit(conn, audit_table, ProxyCut(proxy=one.proxy_id, by=by.value), now=now)
    if over:
        ended(conn, tuple(one.proxy_id for one in over), now)
    return len(over)


# --- parts ---


def own(conn: Connection, proxy_id: str, account_id: str) -> Proxy:
    """A proxy by which somebody acts for this person.

    Raises:
        ProxyUnknown: there is none.
    """
    found = queries.get(conn, proxy_id)
    if found.principal_id != account_id:
        raise ProxyUnknown()
    return found


def _standing(found: Proxy, now: datetime) -> ProxyState:
    return standing(found, jst_date(now), now_ms=to_ms(now))


def _guesser(account_id: str) -> str:
    return f"proxy:{account_id}"


def _check_overlap(conn: Connection, wanted: Proxy, now: datetime) -> None:
    if wanted.principal_id == wanted.actor_id:
        raise ProxyOfOneself()
    for other in queries.standing_between(conn, wanted.principal_id, wanted.actor_id):
        gone = _standing(other, now) is ProxyState.EXPIRED
        if not gone and other.proxy_id != wanted.proxy_id and collide(wanted, other):
            raise ProxyOverlaps()


def _check_evidence(evidence: ProvenIdentity, cases: tuple[str, ...], staff: StaffUser, now: datetime) -> None:
    if evidence.case not in cases:
        raise EvidenceUnfit(reason="case")
    if evidence.body_id != staff.body_id:
        raise EvidenceUnfit(reason="body")
    if now - from_ms(evidence.at_ms) > EVIDENCE_LIFE or evidence.at_ms > to_ms(now + timedelta(minutes=5)):
        raise EvidenceUnfit(reason="age")


def _insert(conn: Connection, made: Proxy) -> None:
    conn.execute(
        table.insert().values(
            proxy_id=made.proxy_id, kind=made.kind.value, state=made.state.value, principal_id=made.principal_id,
            actor_id=made.actor_id, affairs=",".join(made.affairs), acts=",".join(act.value for act in made.acts),
            from_day=made.from_day.isoformat(), until=made.until.isoformat() if made.until else "",
            granted_by=made.granted_by, body_id=made.body_id, evidence_id=made.evidence_id or None, code_hash=None,
            principal_name=made.principal_name, actor_name=made.actor_name, made_ms=made.made_ms,
            confirmed_ms=made.confirmed_ms, decided_ms=0, ended_ms=0, ended_by="",
        )
    )  # fmt: skip


def _set(conn: Connection, found: Proxy, **values: object) -> None:
    """Change a row that is still in the state in which it was read: of two at once the second is told."""
    query = update(table).where(table.c.proxy_id == found.proxy_id, table.c.state == found.state.value)
    if conn.execute(query.values(**values)).rowcount != 1:
        raise ProxyUnknown()


def _granted(conn: Connection, made: Proxy, now: datetime) -> None:
    event = ProxyGranted(
        proxy=made.proxy_id, kind=made.kind.value, granted_by=made.granted_by, evidence=made.evidence_id
    )
    audit(conn, audit_table, event, now=now)
