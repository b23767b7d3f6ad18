"""Staff and terminals in the store, on both databases: enrolled, bound, ended; who is a clerk here and now."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.conftest import OpenDatabase
from tests.contract.identity_ways_in.world import HANAKO, Person, World

from renkei.base.time import to_ms
from renkei.contracts.identity import Acr, Realm
from renkei.contracts.staff import Role
from renkei.crypto.person_certificates import PersonCertificate, read_person_certificate
from renkei.institutions.identity.errors.signin import WrongRealm
from renkei.institutions.identity.errors.staff import (
    CodeWrong,
    StaffIdTaken,
    StaffNotFound,
    StaffOneself,
    StaffUnknown,
    TerminalElsewhere,
    TerminalUnregistered,
)
from renkei.institutions.identity.model.asks import Approved
from renkei.institutions.identity.model.sessions import Session
from renkei.institutions.identity.model.staff import (
    TEST_TERMINAL,
    Enrolment,
    Staff,
    StaffState,
    Terminal,
    TerminalState,
    shown_code,
    typed_code,
)
from renkei.institutions.identity.operations import accounts, sessions, staff, terminals
from renkei.institutions.identity.queries import staff as queries
from renkei.institutions.identity.store import audit_table, metadata
from renkei.institutions.identity.store import staff as tables

KEY = b"s" * 32
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
BODY = "m-131121"


class Desk:
    """A store with an authority that issues staff cards."""

    def __init__(self, world: World) -> None:
        self.world, self.db = world, world.db
        self.now = NOW

    def card(self, holder: str = "s-1") -> PersonCertificate:
        person: Person = self.world.person(holder, HANAKO)
        assert person.issued is not None
        return read_person_certificate(
            person.issued.authentication.der, authorities=self.world.authority.authorities(), at=self.now
        )

    def enrol(self, staff_id: str = "setagaya-01", *, body: str = BODY, roles: Any = (Role.ASKER,)) -> Staff:
        wanted = Enrolment(staff_id, "child-allowance", "見本 職員", frozenset(roles), frozenset(("107", "106.1")))
        with self.db.writing() as conn:
            return staff.enrol(conn, wanted, body_id=body, by="admin-01", key=KEY, now=self.now)

    def terminal(self, body: str = BODY) -> tuple[Terminal, str]:
        secret = secrets.token_urlsafe(32)
        with self.db.writing() as conn:
            made = terminals.prepare(conn, body_id=body, place="3番窓口", by="admin-01", key=KEY, now=self.now)
            code = terminals.code_hash_of(KEY, terminals.code_for(made, KEY))
            hashed = terminals.secret_hash_of(KEY, secret)
            return terminals.register(conn, code_hash=code, secret_hash=hashed, now=self.now), secret

    def admit(self, card: PersonCertificate, code: str = "", *, terminal_of: str = BODY) -> Staff:
        with self.db.writing() as conn:
            return staff.admit(
                conn, card, code_hash=staff.code_hash_of(KEY, code) if code else None, terminal_of=terminal_of,
                test=False, new_account_id=secrets.token_urlsafe(32), now=self.now,
            )  # fmt: skip

    def session(self, clerk: Staff, terminal: str, *, test: bool = False, realm: Realm = Realm.STAFF) -> Session:
        at = to_ms(self.now)
        begun = Session(
            session_id=f"sid-{secrets.token_hex(4)}", realm=realm, account_id=clerk.account_id, acr=Acr.CARD,
            amr=("sc", "pin", "mfa"), auth_ms=at, started_ms=at, seen_ms=at, device="?", terminal=terminal, test=test,
        )  # fmt: skip
        with self.db.writing() as conn:
            sessions.begin(conn, begun, secret_hash=secrets.token_bytes(32), settings=self.world.settings, now=self.now)
        return begun

    def read(self, work: Callable[..., Any], *args: Any) -> Any:
        return self.db.read_now(lambda conn: work(conn, *args))

    def events(self) -> list[str]:
        with self.db.reading() as conn:
            names = conn.execute(select(audit_table.c.name).order_by(audit_table.c.number)).scalars()
            return [name for name in names if ".staff_" in name or ".terminal_" in name]


@pytest.fixture
def desk(open_database: OpenDatabase) -> Any:
    world = World(open_database(metadata))
    yield Desk(world)
    world.close()


def test_a_clerk_is_enrolled_by_a_code_and_known_by_the_card_from_then_on(desk: Desk) -> None:
    """番号法12条: who handles the number system's data is known person by person."""
    made = desk.enrol()
    assert made.state is StaffState.ENROLLED
    card, code = desk.card(), staff.code_for(made, KEY)
    with pytest.raises(StaffUnknown):
        desk.admit(card)
    bound = desk.admit(card, code)
    assert bound.state is StaffState.ACTIVE
    assert desk.admit(card).account_id == bound.account_id
    assert desk.events() == ["identity.staff_enrolled", "identity.staff_bound"]


def test_a_code_serves_once_and_for_one_day(desk: Desk) -> None:
    made = desk.enrol()
    code = staff.code_for(made, KEY)
    desk.admit(desk.card("s-1"), code)
    other = desk.card("s-2")
    with pytest.raises(StaffUnknown):
        desk.admit(other, code)
    late = desk.enrol("setagaya-02")
    desk.now += timedelta(hours=24)
    with pytest.raises(StaffUnknown):
        desk.admit(other, staff.code_for(late, KEY))


def test_a_code_used_at_another_bodys_terminal_binds_nothing(desk: Desk) -> None:
    made = desk.enrol()
    card, code = desk.card(), staff.code_for(made, KEY)
    with pytest.raises(StaffUnknown):
        desk.admit(card, code, terminal_of="jps")
    assert desk.admit(card, code).account_id


def test_nothing_kept_shows_a_code_or_a_cookie(desk: Desk) -> None:
    made = desk.enrol()
    _, secret = desk.terminal()
    code = staff.code_for(made, KEY)
    with desk.db.reading() as conn:
        rows = [*conn.execute(select(tables.staff)), *conn.execute(select(tables.terminal))]
    kept = b"".join(bytes(value) for row in rows for value in row if isinstance(value, bytes | memoryview))
    assert code.encode() not in kept
    assert secret.encode() not in kept


def test_a_persons_own_card_is_not_a_staff_card(desk: Desk) -> None:
    card = desk.card()
    made = desk.enrol()
    with desk.db.writing() as conn:
        accounts.open_account(
            conn, accounts.Account(account_id="a-1", realm=Realm.MAIN, opened_ms=0, test=False), desk.now
        )
        accounts.bind(conn, card, account_id="a-1", via="first", now=desk.now)
    with pytest.raises(WrongRealm):
        desk.admit(card, staff.code_for(made, KEY))


def test_a_new_card_takes_the_place_of_the_old_one(desk: Desk) -> None:
    """A lost card: the administrator gives a new code; the old card opens nothing any more."""
    made = desk.enrol()
    old, new = desk.card("s-1"), desk.card("s-2")
    first = desk.admit(old, staff.code_for(made, KEY))
    desk.now += timedelta(minutes=1)
    with desk.db.writing() as conn:
        renewed = staff.renew_code(conn, first, by="admin-01", key=KEY, now=desk.now)
    second = desk.admit(new, staff.code_for(renewed, KEY))
    assert second.account_id == first.account_id
    with pytest.raises(StaffUnknown):
        desk.admit(old)
    assert desk.admit(new).staff_id == "setagaya-01"


def test_one_card_is_one_clerk(desk: Desk) -> None:
    one, other = desk.enrol("setagaya-01"), desk.enrol("setagaya-02")
    card = desk.card()
    desk.admit(card, staff.code_for(one, KEY))
    with pytest.raises(StaffUnknown):
        desk.admit(card, staff.code_for(other, KEY))


def test_staff_ids_are_unique_in_the_whole_country(desk: Desk) -> None:
    """They stand in the records of the exchange: one id, one person."""
    desk.enrol("clerk-01")
    with pytest.raises(StaffIdTaken):
        desk.enrol("clerk-01", body="jps")


def test_a_clerk_who_left_comes_in_no_more(desk: Desk) -> None:
    made = desk.enrol()
    card = desk.card()
    bound = desk.admit(card, staff.code_for(made, KEY))
    with desk.db.writing() as conn:
        staff.end(conn, bound, by="admin-01", now=desk.now)
        staff.end(conn, bound, by="admin-01", now=desk.now)
    with pytest.raises(StaffUnknown):
        desk.admit(card)
    with desk.db.writing() as conn, pytest.raises(StaffUnknown):
        staff.renew_code(conn, queries.staff_in(conn, BODY, "setagaya-01"), by="x", key=KEY, now=desk.now)
    assert desk.events().count("identity.staff_ended") == 1


def test_an_administrator_does_not_leave_the_body_without_one(desk: Desk) -> None:
    admin = desk.enrol("admin-01", roles=(Role.ADMINISTRATOR,))
    with desk.db.writing() as conn, pytest.raises(StaffOneself):
        staff.end(conn, admin, by="admin-01", now=desk.now)


def test_staff_of_another_body_are_not_found(desk: Desk) -> None:
    desk.enrol()
    machine, _ = desk.terminal()
    for work, name in ((queries.staff_in, "setagaya-01"), (queries.terminal_in, machine.terminal_id)):
        assert desk.read(work, BODY, name)
        with pytest.raises(StaffNotFound):
            desk.read(work, "jps", name)
    assert [one.staff_id for one in desk.read(queries.staff_list, BODY)] == ["setagaya-01"]
    assert desk.read(queries.staff_list, "jps") == []
    assert [one.place for one in desk.read(queries.terminal_list, BODY)] == ["3番窓口"]


# --- terminals ---


def test_a_terminal_is_registered_at_the_machine_once(desk: Desk) -> None:
    with desk.db.writing() as conn:
        made = terminals.prepare(conn, body_id=BODY, place=" 3番窓口 ", by="admin-01", key=KEY, now=desk.now)
    assert (made.state, made.place) == (TerminalState.PREPARED, "3番窓口")
    code = terminals.code_for(made, KEY)
    hashed = terminals.code_hash_of(KEY, typed_code(shown_code(code).lower()))
    with desk.db.writing() as conn:
        terminals.register(conn, code_hash=hashed, secret_hash=b"1" * 32, now=desk.now)
    assert desk.read(queries.terminal_by_secret, b"1" * 32).state is TerminalState.REGISTERED
    with desk.db.writing() as conn, pytest.raises(CodeWrong):
        terminals.register(conn, code_hash=hashed, secret_hash=b"2" * 32, now=desk.now)


def test_a_terminal_registered_anew_is_the_new_machine(desk: Desk) -> None:
    made, _ = desk.terminal()
    desk.now += timedelta(minutes=1)
    with desk.db.writing() as conn:
        renewed = terminals.renew_code(conn, made, by="admin-01", key=KEY, now=desk.now)
        code = terminals.code_hash_of(KEY, terminals.code_for(renewed, KEY))
        terminals.register(conn, code_hash=code, secret_hash=b"2" * 32, now=desk.now)
    with desk.db.reading() as conn:
        [row] = conn.execute(select(tables.terminal.c.secret_hash)).all()
    assert bytes(row.secret_hash) == b"2" * 32


def test_a_terminal_out_of_use_is_no_terminal(desk: Desk) -> None:
    made, secret = desk.terminal()
    with desk.db.writing() as conn:
        terminals.end(conn, made, by="admin-01", now=desk.now)
        terminals.end(conn, made, by="admin-01", now=desk.now)
    assert desk.read(queries.terminal_by_secret, terminals.secret_hash_of(KEY, secret)) is None
    with desk.db.writing() as conn, pytest.raises(StaffNotFound):
        terminals.renew_code(conn, queries.terminal_in(conn, BODY, made.terminal_id), by="x", key=KEY, now=desk.now)
    assert desk.events().count("identity.terminal_ended") == 1


# --- who is a clerk here and now ---


def approved(session: Session, *, realm: Realm = Realm.STAFF) -> Approved:
    return Approved(
        ask_id="a", realm=realm, client_id="desk", account_id=session.account_id, session_id=session.session_id,
        acr=session.acr, amr=session.amr, auth_ms=session.auth_ms, scopes=("openid",),
    )  # fmt: skip


def test_an_id_token_says_body_section_role_affairs_and_terminal(desk: Desk) -> None:
    clerk = desk.admit(desk.card(), staff.code_for(desk.enrol(), KEY))
    machine, _ = desk.terminal()
    said = desk.read(queries.staff_claims, approved(desk.session(clerk, machine.terminal_id)))
    assert said == {
        "staff_id": "setagaya-01", "name": "見本 職員", "body_id": BODY, "section": "child-allowance",
        "affairs": ["106.1", "107"], "roles": ["asker"], "terminal": machine.terminal_id,
    }  # fmt: skip


def test_nobody_is_said_to_be_staff_in_the_realm_of_people(desk: Desk) -> None:
    clerk = desk.admit(desk.card(), staff.code_for(desk.enrol(), KEY))
    machine, _ = desk.terminal()
    session = desk.session(clerk, machine.terminal_id, realm=Realm.MAIN)
    assert desk.read(queries.staff_claims, approved(session, realm=Realm.MAIN)) == {}
    with pytest.raises(StaffUnknown):
        desk.read(queries.staff_claims, approved(session))


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("none", TerminalUnregistered),
        ("ended", TerminalUnregistered),
        ("elsewhere", TerminalElsewhere),
        ("test", TerminalUnregistered),
        ("left", StaffUnknown),
        ("stranger", StaffUnknown),
    ],
)
def test_no_token_calls_somebody_staff_who_is_not_here_and_now(desk: Desk, case: str, error: type[Exception]) -> None:
    """A terminal or a clerk that ended during the session counts at the next token."""
    clerk = desk.admit(desk.card(), staff.code_for(desk.enrol(), KEY))
    machine, _ = desk.terminal("jps" if case == "elsewhere" else BODY)
    at = {"none": "", "test": TEST_TERMINAL}.get(case, machine.terminal_id)
    session = desk.session(clerk, at)
    with desk.db.writing() as conn:
        if case == "ended":
            terminals.end(conn, machine, by="admin-01", now=desk.now)
        if case == "left":
            staff.end(conn, clerk, by="admin-01", now=desk.now)
    given = approved(session)
    if case == "stranger":
        given = Approved(**{**{name: getattr(given, name) for name in given.__struct_fields__}, "session_id": "none"})
    with pytest.raises(error):
        desk.read(queries.staff_claims, given)


def test_a_test_card_may_stand_at_the_test_terminal(desk: Desk) -> None:
    clerk = desk.admit(desk.card(), staff.code_for(desk.enrol(), KEY))
    session = desk.session(clerk, TEST_TERMINAL, test=True)
    assert desk.read(queries.user_of, session).test
