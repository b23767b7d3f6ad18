"""Tasks: what a site asks for, checked; and the book of those that are open. Values and `now` in, no I/O."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import msgspec

from renkei.base.encoding import from_base64url
from renkei.base.time import Instant, from_ms
from renkei.contracts.card_agent import CHALLENGE_BYTES, TASK_BYTES_MAX, Key, Task
from renkei.institutions.card.agent.errors import (
    AgentBusy,
    OriginInvalid,
    TaskExpired,
    TaskFromElsewhere,
    TaskMalformed,
    TaskUnknown,
    TaskUsed,
)

TXN = re.compile(r"[A-Za-z0-9_-]{16,128}")
TEXT_MAX = 200
URL_MAX = 500
LIFE_MAX = timedelta(minutes=15)
OPEN_MAX = 200
DIGEST_BYTES = frozenset({32, 48})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A task that keeps to the agreement."""

    task: Task
    challenge: bytes = field(repr=False)
    digests: tuple[bytes, ...] = field(repr=False)

    @property
    def declined_href(self) -> str:
        """Back to the site without an answer."""
        return f"{self.task.back}?{urlencode({'txn': self.task.txn, 'declined': '1'})}"

    def answered_href(self, code: str) -> str:
        """Back to the site with the code that only this browser receives."""
        return f"{self.task.back}?{urlencode({'txn': self.task.txn, 'code': code})}"


def read_origin(text: str) -> str:
    """An origin as browsers write it: `https://…`, or `http://` on this machine for demonstrations.

    Raises:
        OriginInvalid: something else.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise OriginInvalid(origin=text[:URL_MAX]) from None
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    standard = port in (None, {"https": 443, "http": 80}.get(parts.scheme))
    origin = f"{parts.scheme}://{shown}" + ("" if standard else f":{port}")
    local = host in LOOPBACK or host.endswith(".localhost")
    if not host or origin != text or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise OriginInvalid(origin=text[:URL_MAX])
    return origin


def read_task(text: str, *, sender: str, origins: Iterable[str], now: Instant) -> Asked:
    """Check a task.

    Args:
        text: the form field, base64url(JSON(Task)).
        sender: the `Origin` header of the request; a browser sets it, no page can.
        origins: the sites that this agent serves.

    Raises:
        TaskFromElsewhere: from another site, or it would answer to another site.
        TaskMalformed: not a task.
        TaskExpired: too late.
    """
    if sender not in frozenset(origins):
        raise TaskFromElsewhere(private="origin not served")
    task = _decode(text)
    if task.origin != sender or not all(_is_of(url, sender) for url in (task.deliver, task.back)):
        raise TaskFromElsewhere(private="task names another origin")
    _check_texts(task)
    if not TXN.fullmatch(task.txn):
        raise TaskMalformed(what="txn")
    challenge = _bytes_of(task.challenge, "challenge")
    if len(challenge) != CHALLENGE_BYTES:
        raise TaskMalformed(what="challenge")
    digests = tuple(_bytes_of(one.digest, "documents") for one in task.documents)
    if not {len(digest) for digest in digests} <= DIGEST_BYTES or (digests and task.key is not Key.SIGNATURE):
        raise TaskMalformed(what="documents")
    ends = _moment(task.expires_ms)
    if ends <= now:
        raise TaskExpired()
    if ends > now + LIFE_MAX:
        raise TaskMalformed(what="expires_ms")
    return Asked(task, challenge, digests)


@dataclass(slots=True)
class Entry:
    """An open task, and how far the person has come."""

    task_id: str
    holder: bytes = field(repr=False)
    """Hash of the browser's cookie."""
    asked: Asked
    reader_id: str = ""
    agreed: bool = False
    done_href: str = field(default="", repr=False)
    """Where the browser goes on; set once the task is finished or declined."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    """One use of the card at a time: the button may be pressed twice."""


class TaskBook:
    """Open tasks, in memory only: when the agent ends, nothing of them is left."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._by_txn: dict[tuple[str, str], str] = {}

    def put(self, asked: Asked, *, task_id: str, browser: str, now: Instant) -> Entry:
        """Take a task, or find it where the same form was sent before; only the browser that has the cookie goes on.

        Args:
            task_id: for a new one, fresh and unguessable.
            browser: for a new one, what its cookie will hold.

        Raises:
            TaskUsed: it is finished, or another task came under its name.
            AgentBusy: no room.
        """
        self._forget(now)
        known = self._by_txn.get((asked.task.origin, asked.task.txn))
        if known is not None:
            entry = self._entries[known]
            if entry.done_href or entry.asked != asked:
                raise TaskUsed()
            return entry
        if len(self._entries) >= OPEN_MAX:
            raise AgentBusy()
        entry = Entry(task_id, _hash(browser), asked)
        self._entries[task_id] = entry
        self._by_txn[asked.task.origin, asked.task.txn] = task_id
        return entry

    def get(self, task_id: str, *, browser: str, now: Instant) -> Entry:
        """The browser's own task.

        Raises:
            TaskUnknown: there is none, or it is another browser's.
            TaskExpired: its time is over.
        """
        entry = self._entries.get(task_id)
        if entry is None or not hmac.compare_digest(entry.holder, _hash(browser)):
            raise TaskUnknown()
        if _ends(entry) <= now:
            raise TaskExpired()
        return entry

    def _forget(self, now: Instant) -> None:
        """Drop what has expired; until then a finished task stays, so that it is not taken twice."""
        for task_id in [one for one, entry in self._entries.items() if _ends(entry) <= now]:
            task = self._entries.pop(task_id).asked.task
            del self._by_txn[task.origin, task.txn]


def _ends(entry: Entry) -> Instant:
    return from_ms(entry.asked.task.expires_ms)


def _hash(browser: str) -> bytes:
    return hashlib.sha256(browser.encode()).digest()


def _decode(text: str) -> Task:
    if not text or len(text) > TASK_BYTES_MAX:
        raise TaskMalformed(what="size")
    try:
        return msgspec.json.decode(from_base64url(text), type=Task)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise TaskMalformed(what="JSON", private=type(error).__name__) from None


def _is_of(url: str, origin: str) -> bool:
    """Whether a URL is a plain path of an origin: no query (one is added), no fragment, nothing that hides a host."""
    path = url.removeprefix(origin)
    return (
        url.startswith(f"{origin}/")
        and len(url) <= URL_MAX
        and re.fullmatch(r"[A-Za-z0-9/_.~%-]+", path) is not None
        and not path.startswith("//")
    )


def _check_texts(task: Task) -> None:
    """What is shown is short and shows itself: no control, no mark that turns the direction of writing."""
    needed = [task.asks_ja, task.asks_en, *(one.name for one in task.documents)]
    texts = [*needed, task.purpose_ja, task.purpose_en]
    if not all(text.strip() for text in needed):
        raise TaskMalformed(what="text")
    if any(len(text) > TEXT_MAX or _hidden(text) for text in texts):
        raise TaskMalformed(what="text")


def _hidden(text: str) -> bool:
    return any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in text)


def _bytes_of(text: str, what: str) -> bytes:
    try:
        return from_base64url(text)
    except ValueError:
        raise TaskMalformed(what=what) from None


def _moment(ms: int) -> Instant:
    try:
        return from_ms(ms)
    except OverflowError:
        raise TaskMalformed(what="expires_ms") from None
