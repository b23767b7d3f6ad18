"""Sessions of a relying party, on both databases: what is kept, for whom, for how long."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import MetaData, select
from tests.conftest import OpenDatabase

from renkei.platform.clock import MovableClock
from renkei.platform.database import Database
from renkei.platform.openid import Grant, LogoutNotice, Pending
from renkei.platform.openid.errors import LoginUnknown
from renkei.platform.openid.flow import new_pending
from renkei.platform.web.rp_sessions import RpSession, RpSessions, define_rp_session_table, new_secret

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
METADATA = MetaData()
TABLE = define_rp_session_table(METADATA)
OTHER = define_rp_session_table(METADATA, "other_session")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
def db(open_database: OpenDatabase) -> Database:
    return open_database(METADATA)


@pytest.fixture
def sessions(db: Database, clock: MovableClock) -> RpSessions:
    return RpSessions(db, TABLE, key=b"k" * 32, clock=clock, path="/portal", cookie="portal_session")


def grant(sub: str = "hanako", sid: str = "sid-1", token: str = "access-secret") -> Grant:
    return Grant(
        sub=sub, sid=sid, acr="aal3", auth_ms=0, access_token=token, refresh_token="refresh-secret", expires_ms=1,
        dpop_key=b"d" * 32, claims=b'{"sub":"hanako"}',
    )  # fmt: skip


def create(sessions: RpSessions, given: Grant | None = None, *, shared: bool = False) -> str:
    return asyncio.run(sessions.create(given or grant(), b'{"name":"\xe8\xa6\x8b"}', shared=shared))


def read(sessions: RpSessions, cookie: str) -> RpSession | None:
    return asyncio.run(sessions.read(cookie))


def pending(clock: MovableClock) -> Pending:
    return new_pending(acr="aal3", max_age_s=None, extra="/portal/access", now=clock.now())


def test_a_session_is_found_by_its_cookie_alone(sessions: RpSessions) -> None:
    cookie = create(sessions)
    found = read(sessions, cookie)
    assert found is not None
    assert found.grant == grant()
    assert found.read(dict[str, str]) == {"name": "見"}
    for wrong in ("", cookie[:-1], cookie + "x", new_secret(), "x" * 65, "é"):
        assert read(sessions, wrong) is None


def test_nothing_in_the_store_lets_anyone_in(sessions: RpSessions, db: Database) -> None:
    """A stolen copy of the store holds no cookie, no token and no name."""
    cookie = create(sessions)
    with db.reading() as conn:
        [row] = conn.execute(select(TABLE)).all()
    kept = b"".join(bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row)
    for secret in (cookie.encode(), b"access-secret", b"refresh-secret", "見".encode(), b"d" * 32):
        assert secret not in kept


def test_what_is_sealed_belongs_to_its_row(sessions: RpSessions, db: Database) -> None:
    """Whoever can write to the store cannot give one person another's session."""
    one, other = create(sessions), create(sessions, grant("taro", "sid-2"))
    with db.writing() as conn:
        rows = {row.sub: row for row in conn.execute(select(TABLE))}
        conn.execute(TABLE.update().where(TABLE.c.sub == "hanako").values(body=rows["taro"].body))
    assert read(sessions, one) is None
    assert read(sessions, other) is not None


def test_another_key_opens_nothing(sessions: RpSessions, db: Database, clock: MovableClock) -> None:
    cookie = create(sessions)
    changed = RpSessions(db, TABLE, key=b"n" * 32, clock=clock, path="/portal", cookie="portal_session")
    assert read(changed, cookie) is None


@pytest.mark.parametrize(("shared", "idle"), [(False, timedelta(minutes=30)), (True, timedelta(minutes=2))])
def test_a_session_that_nobody_uses_ends(
    sessions: RpSessions, clock: MovableClock, shared: bool, idle: timedelta
) -> None:
    cookie = create(sessions, shared=shared)
    for _ in range(4):  # in use it goes on
        clock.move(idle - timedelta(seconds=1))
        assert read(sessions, cookie) is not None
    clock.move(idle)
    assert read(sessions, cookie) is None


def test_a_session_ends_after_a_working_day_however_much_it_is_used(sessions: RpSessions, clock: MovableClock) -> None:
    cookie = create(sessions)
    for _ in range(23):
        clock.move(timedelta(minutes=20))
        assert read(sessions, cookie) is not None
    clock.move(timedelta(minutes=20))
    assert read(sessions, cookie) is None


def test_ending_a_session_ends_that_one(sessions: RpSessions) -> None:
    one, other = create(sessions), create(sessions)
    found = read(sessions, one)
    assert found is not None
    asyncio.run(sessions.end(found))
    asyncio.run(sessions.end(found))
    assert read(sessions, one) is None
    assert read(sessions, other) is not None


@pytest.mark.parametrize(
    ("notice", "left"),
    [
        (LogoutNotice(sub="hanako", sid="sid-1"), ["sid-2", "sid-3"]),
        (LogoutNotice(sub="", sid="sid-1"), ["sid-2", "sid-3"]),
        (LogoutNotice(sub="hanako", sid=""), ["sid-3"]),
        (LogoutNotice(sub="taro", sid="sid-1"), ["sid-1", "sid-2", "sid-3"]),
        (LogoutNotice(sub="jiro", sid=""), ["sid-1", "sid-2", "sid-3"]),
    ],
)
def test_a_logout_at_the_provider_ends_what_it_names(
    sessions: RpSessions, db: Database, clock: MovableClock, notice: LogoutNotice, left: list[str]
) -> None:
    for sub, sid in (("hanako", "sid-1"), ("hanako", "sid-2"), ("taro", "sid-3")):
        create(sessions, grant(sub, sid))
    asyncio.run(sessions.keep_login(pending(clock), browser="b"))
    assert asyncio.run(sessions.end_by(notice)) == 3 - len(left)
    with db.reading() as conn:
        assert sorted(row.sid for row in conn.execute(select(TABLE).where(TABLE.c.kind == "session"))) == left


def test_who_is_acted_for_is_kept(sessions: RpSessions) -> None:
    cookie = create(sessions)
    found = read(sessions, cookie)
    assert found is not None
    asyncio.run(sessions.save(msgspec.structs.replace(found, acting=grant("mother"))))
    again = read(sessions, cookie)
    assert again is not None
    assert again.acting is not None
    assert (again.grant.sub, again.acting.sub) == ("hanako", "mother")


def test_a_sign_in_is_finished_once_in_the_browser_that_began(sessions: RpSessions, clock: MovableClock) -> None:
    begun = pending(clock)
    asyncio.run(sessions.keep_login(begun, browser="mine"))
    assert asyncio.run(sessions.take_login(begun.state, browser="mine")) == begun
    with pytest.raises(LoginUnknown):
        asyncio.run(sessions.take_login(begun.state, browser="mine"))


@pytest.mark.parametrize("browser", ["", "other"])
def test_a_sign_in_brought_to_another_browser_is_lost(sessions: RpSessions, clock: MovableClock, browser: str) -> None:
    """Login CSRF: somebody sends a link that would sign the victim in as themselves."""
    begun = pending(clock)
    asyncio.run(sessions.keep_login(begun, browser="mine"))
    for tried in (browser, "mine"):
        with pytest.raises(LoginUnknown):
            asyncio.run(sessions.take_login(begun.state, browser=tried))


def test_a_sign_in_has_a_quarter_of_an_hour(sessions: RpSessions, clock: MovableClock) -> None:
    begun = pending(clock)
    asyncio.run(sessions.keep_login(begun, browser="mine"))
    clock.move(timedelta(minutes=15))
    with pytest.raises(LoginUnknown):
        asyncio.run(sessions.take_login(begun.state, browser="mine"))


def test_a_sign_in_under_way_is_no_session_and_no_session_a_sign_in(sessions: RpSessions, clock: MovableClock) -> None:
    begun = pending(clock)
    asyncio.run(sessions.keep_login(begun, browser="mine"))
    assert read(sessions, begun.state) is None
    with pytest.raises(LoginUnknown):
        asyncio.run(sessions.take_login(create(sessions), browser="mine"))


def test_what_is_over_is_swept_away(sessions: RpSessions, db: Database, clock: MovableClock) -> None:
    create(sessions)
    asyncio.run(sessions.keep_login(pending(clock), browser="mine"))
    clock.move(timedelta(hours=9))
    create(sessions, grant(sid="sid-2"))
    with db.reading() as conn:
        assert [row.sid for row in conn.execute(select(TABLE))] == ["sid-2"]


def test_two_services_in_one_store_do_not_share_sessions(
    sessions: RpSessions, db: Database, clock: MovableClock
) -> None:
    other = RpSessions(db, OTHER, key=b"k" * 32, clock=clock, path="/gateway", cookie="gateway_session")
    assert read(other, create(sessions)) is None


def test_the_key_must_be_one() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        RpSessions(None, TABLE, key=b"short", clock=MovableClock(NOW), path="/", cookie="c")  # type: ignore[arg-type]
