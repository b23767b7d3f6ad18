"""Sessions of a service that relies on the provider, kept by the service itself: sign-ins under way, and who is in.

One table in the service's own store. A browser holds 32 random bytes; the table is looked up by their keyed hash, and
what it holds (tokens, keys, who it is) is encrypted under a key that is not in the store.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Delete,
    Index,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Update,
    delete,
    insert,
    select,
    update,
)  # fmt: skip

from renkei.base.encoding import MaskedStruct
from renkei.base.time import Instant, to_ms
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.openid.errors import LoginUnknown
from renkei.platform.openid.messages import Grant, LogoutNotice, Pending

T = TypeVar("T")
KEY_BYTES: Final = 32
SECRET_BYTES: Final = 32
COOKIE_MAX: Final = 64
NONCE_BYTES: Final = 12
TOUCH_SHARE: Final = 20
"""A session counts as used anew after a twentieth of its idle time, so that not every page is a write."""
_LOGIN, _SESSION = "login", "session"


def define_rp_session_table(metadata: MetaData, name: str = "rp_session") -> Table:
    """Add the table to a room's metadata."""
    return Table(
        name,
        metadata,
        Column("key_hash", LargeBinary, primary_key=True),  # of the state (login), or of the cookie (session)
        Column("kind", String(8), nullable=False),
        Column("sid", String(64), nullable=False),  # of the provider's session; empty for a login
        Column("sub", String(64), nullable=False),  # pairwise; empty for a login
        Column("body", LargeBinary, nullable=False),  # _Login or _Session, AES-256-GCM
        Column("seen_ms", BigInteger, nullable=False),
        Column("idle_ms", BigInteger, nullable=False),
        Column("expires_ms", BigInteger, nullable=False),
        Index(f"{name}_sid", "sid"),
        Index(f"{name}_expiry", "expires_ms"),
    )


class RpSession(MaskedStruct, frozen=True, kw_only=True):
    """Somebody who is signed in at the service in one browser."""

    handle: bytes
    """Names the session within this process; not the cookie."""
    grant: Grant
    person: bytes
    """Who it is, as the service knows them: JSON of its own making."""
    acting: Grant | None = None
    """Set while the person acts for somebody else."""
    shared: bool = False
    """On a terminal that somebody else uses next."""

    def read(self, type_: type[T]) -> T:
        """Who it is."""
        return msgspec.json.decode(self.person, type=type_)


class _Login(MaskedStruct, frozen=True, kw_only=True):
    browser: bytes
    """Hash of the cookie of the browser that began."""
    pending: Pending


class _Session(MaskedStruct, frozen=True, kw_only=True):
    grant: Grant
    person: bytes
    acting: Grant | None
    shared: bool


class RpSessions:
    """Sessions of one relying party.

    Args:
        table: made by `define_rp_session_table`.
        key: 32 bytes, from which the keys of hashing and of encryption are derived.
        path: of the service's pages, for which alone its cookies are sent.
        cookie: name of the session's cookie; the browser's is `<cookie>_login`.
        life: absolute end of a session.
        idle, shared_idle: end of one that nobody uses; the second on a shared terminal.
    """

    def __init__(
        self, db: Database, table: Table, *, key: bytes, clock: Clock, path: str, cookie: str,
        life: timedelta = timedelta(hours=8), idle: timedelta = timedelta(minutes=30),
        shared_idle: timedelta = timedelta(minutes=2),
    ) -> None:  # fmt: skip
        if len(key) != KEY_BYTES:
            raise ValueError("the key of sessions has 32 bytes")
        self.path, self.cookie, self.browser_cookie = path, cookie, f"{cookie}_login"
        self._db, self._table, self._clock = db, table, clock
        self._hash_key = hmac.new(key, b"rp sessions hash v1", hashlib.sha256).digest()
        self._seal = AESGCM(hmac.new(key, b"rp sessions seal v1", hashlib.sha256).digest())
        self._life, self._idle, self.shared_idle = life, idle, shared_idle

    # --- sign-ins under way ---

    async def keep_login(self, pending: Pending, *, browser: str) -> None:
        """Remember a sign-in that this browser began.

        Args:
            browser: the value of its cookie (`new_secret`).
        """
        key_hash, now = self._hash(_LOGIN, pending.state), self._clock.now()
        body = self._sealed(_LOGIN, key_hash, _Login(browser=self._hash("browser", browser), pending=pending))
        row = {
            "key_hash": key_hash, "kind": _LOGIN, "sid": "", "sub": "", "body": body, "seen_ms": to_ms(now),
            "idle_ms": pending.expires_ms - to_ms(now), "expires_ms": pending.expires_ms,
        }  # fmt: skip
        await self._db.write(lambda conn: self._put(conn, row, now))

    async def take_login(self, state: str, *, browser: str) -> Pending:
        """The sign-in with this state, once, in the browser that began it.

        Raises:
            LoginUnknown: none, or another browser's. It is gone in either case.
        """
        key_hash, now = self._hash(_LOGIN, state), self._clock.now()
        row = await self._db.write(lambda conn: self._take(conn, key_hash, _LOGIN))
        if row is None or row.expires_ms <= to_ms(now):
            raise LoginUnknown()
        login = self._opened(row, _Login)
        if not browser or not hmac.compare_digest(login.browser, self._hash("browser", browser)):
            raise LoginUnknown(private="another browser")
        return login.pending

    # --- sessions ---

    async def create(self, grant: Grant, person: bytes, *, shared: bool = False) -> str:
        """Begin a session; gives the value of its cookie."""
        cookie, now = new_secret(), self._clock.now()
        key_hash = self._hash(_SESSION, cookie)
        body = _Session(grant=grant, person=person, acting=None, shared=shared)
        idle = self.shared_idle if shared else self._idle
        row = {
            "key_hash": key_hash, "kind": _SESSION, "sid": grant.sid, "sub": grant.sub,
            "body": self._sealed(_SESSION, key_hash, body), "seen_ms": to_ms(now),
            "idle_ms": idle // timedelta(milliseconds=1), "expires_ms": to_ms(now + self._life),
        }  # fmt: skip
        await self._db.write(lambda conn: self._put(conn, row, now))
        return cookie

    async def read(self, cookie: str) -> RpSession | None:
        """The session of a cookie, which counts as used now; None where there is none, or its time is over."""
        if not cookie or len(cookie) > COOKIE_MAX or not cookie.isascii():
            return None
        key_hash, table = self._hash(_SESSION, cookie), self._table
        query = select(table).where(table.c.key_hash == key_hash, table.c.kind == _SESSION)
        row = await self._db.read(lambda conn: conn.execute(query).one_or_none())
        now_ms = to_ms(self._clock.now())
        if row is None or now_ms >= row.expires_ms or now_ms - row.seen_ms >= row.idle_ms:
            return None
        if now_ms - row.seen_ms > row.idle_ms // TOUCH_SHARE:
            touched = update(table).where(table.c.key_hash == key_hash).values(seen_ms=now_ms)
            await self._db.write(partial(_run, statement=touched))
        try:
            found = self._opened(row, _Session)
        except LoginUnknown:  # kept under a key that was changed since
            return None
        return RpSession(
            handle=key_hash, grant=found.grant, person=found.person, acting=found.acting, shared=found.shared
        )

    async def save(self, session: RpSession) -> None:
        """Keep what changed in a session: renewed tokens, who is acted for."""
        body = _Session(grant=session.grant, person=session.person, acting=session.acting, shared=session.shared)
        sealed, table = self._sealed(_SESSION, session.handle, body), self._table
        changed = update(table).where(table.c.key_hash == session.handle).values(body=sealed)
        await self._db.write(partial(_run, statement=changed))

    async def end(self, session: RpSession) -> None:
        """End a session."""
        await self._db.write(lambda conn: self._take(conn, session.handle, _SESSION))

    async def end_by(self, notice: LogoutNotice) -> int:
        """End what ended at the provider: the sessions of `sid`, or every session of `sub`; how many."""
        table = self._table
        which = [table.c.kind == _SESSION]
        which += [table.c.sid == notice.sid] if notice.sid else [table.c.sub == notice.sub]
        if notice.sid and notice.sub:
            which.append(table.c.sub == notice.sub)
        return await self._db.write(partial(_run, statement=delete(table).where(*which)))

    # --- the table ---

    def _put(self, conn: Connection, row: dict[str, Any], now: Instant) -> None:
        table = self._table
        conn.execute(delete(table).where(table.c.expires_ms <= to_ms(now)))
        conn.execute(insert(table).values(**row))

    def _take(self, conn: Connection, key_hash: bytes, kind: str) -> Row[Any] | None:
        table = self._table
        taken = delete(table).where(table.c.key_hash == key_hash, table.c.kind == kind).returning(*table.c)
        return conn.execute(taken).one_or_none()

    def _hash(self, purpose: str, secret: str) -> bytes:
        return hmac.new(self._hash_key, purpose.encode() + b"\x00" + secret.encode(), hashlib.sha256).digest()

    def _sealed(self, kind: str, key_hash: bytes, body: msgspec.Struct) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, msgspec.msgpack.encode(body), self._bound(kind, key_hash))

    def _opened(self, row: Row[Any], type_: type[T]) -> T:
        sealed, bound = bytes(row.body), self._bound(row.kind, bytes(row.key_hash))
        try:
            plain = self._seal.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except InvalidTag as error:  # of another key, or moved to another row
            raise LoginUnknown(private="the session cannot be opened") from error
        return msgspec.msgpack.decode(plain, type=type_)

    def _bound(self, kind: str, key_hash: bytes) -> bytes:
        """A body belongs to its own row and to no other."""
        return b"\x00".join((b"rp session v1", self._table.name.encode(), kind.encode(), key_hash))


def _run(conn: Connection, statement: Delete | Update) -> int:
    return conn.execute(statement).rowcount


def new_secret() -> str:
    """A value for a cookie."""
    return secrets.token_urlsafe(SECRET_BYTES)
