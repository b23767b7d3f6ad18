"""What a site may ask the agent: origin, places, texts, times; and that a task is taken once, in one browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.encoding import to_base64url
from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.card_agent import TASK_BYTES_MAX, Key, Task, ToSign
from renkei.institutions.card.agent.errors import (
    AgentBusy,
    OriginInvalid,
    TaskExpired,
    TaskFromElsewhere,
    TaskMalformed,
    TaskUnknown,
    TaskUsed,
)
from renkei.institutions.card.agent.tasks import OPEN_MAX, Asked, TaskBook, read_origin, read_task

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SITE = "https://id.example.jp"
DIGEST = to_base64url(bytes(32))


def task(**changes: Any) -> Task:
    plain = Task(
        origin=SITE,
        txn="t" * 24,
        key=Key.AUTHENTICATION,
        challenge=to_base64url(bytes(32)),
        asks_ja="見本市",
        asks_en="Mihon City",
        deliver=f"{SITE}/identity/card/assertions",
        back=f"{SITE}/identity/card/return",
        expires_ms=to_ms(NOW + timedelta(minutes=3)),
    )
    return msgspec.structs.replace(plain, **changes)


def pack(one: Task) -> str:
    return to_base64url(msgspec.json.encode(one))


def read(one: Task, *, sender: str = SITE) -> Asked:
    return read_task(pack(one), sender=sender, origins=[SITE, "https://other.example.jp"], now=NOW)


def test_a_task_of_a_served_site_is_read() -> None:
    asked = read(task(key=Key.SIGNATURE, documents=(ToSign(name="申請書", digest=DIGEST),)))
    assert asked.challenge == bytes(32)
    assert asked.digests == (bytes(32),)
    assert asked.answered_href("c/1") == f"{SITE}/identity/card/return?txn={'t' * 24}&code=c%2F1"
    assert asked.declined_href == f"{SITE}/identity/card/return?txn={'t' * 24}&declined=1"


@pytest.mark.parametrize(
    "sender", ["", "null", "https://id.example.jp.evil.example", "http://id.example.jp", "https://id.example.jp:8443"]
)
def test_only_the_exact_origin_counts(sender: str) -> None:
    with pytest.raises(TaskFromElsewhere):
        read(task(), sender=sender)


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://other.example.jp"},
        {"deliver": "https://other.example.jp/x"},
        {"back": "https://other.example.jp/x"},
        {"back": f"{SITE}@evil.example/x"},
        {"back": f"{SITE}.evil.example/x"},
        {"back": SITE},
        {"back": f"{SITE}//evil.example/x"},
        {"back": f"{SITE}/x?txn=1"},
        {"back": f"{SITE}/x#y"},
        {"back": f"{SITE}/x\\y"},
        {"back": f"{SITE}/x\r\nLocation: https://evil.example"},
        {"deliver": f"{SITE}/" + "a" * 600},
    ],
)
def test_everything_stays_with_the_site_that_sent_it(changes: dict[str, Any]) -> None:
    """A served site cannot have a card's answer handed to another one, nor send the browser there."""
    with pytest.raises(TaskFromElsewhere):
        read(task(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"txn": "short"},
        {"txn": "t" * 129},
        {"txn": "t" * 20 + "&"},
        {"challenge": to_base64url(bytes(31))},
        {"challenge": "=" * 43},
        {"documents": (ToSign(name="申請書", digest=DIGEST),)},
        {"key": Key.SIGNATURE, "documents": (ToSign(name="申請書", digest=to_base64url(bytes(20))),)},
        {"key": Key.SIGNATURE, "documents": (ToSign(name=" ", digest=DIGEST),)},
        {"asks_ja": ""},
        {"asks_en": "a" * 201},
        {"asks_ja": "見本市\u202e"},
        {"purpose_ja": "一行\n二行"},
        {"expires_ms": to_ms(NOW + timedelta(hours=1))},
        {"expires_ms": 10**18},
    ],
)
def test_what_breaks_the_agreement_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(TaskMalformed):
        read(task(**changes))


def test_an_old_task_is_refused() -> None:
    with pytest.raises(TaskExpired):
        read(task(expires_ms=to_ms(NOW)))


@given(text=st.one_of(st.text(max_size=200), st.binary(max_size=300).map(to_base64url)))
def test_any_field_is_a_task_or_an_error_of_ours(text: str) -> None:
    with pytest.raises(RenkeiError):
        read_task(text, sender=SITE, origins=[SITE], now=NOW)


@pytest.mark.parametrize("text", ["A" * (TASK_BYTES_MAX + 1), to_base64url(b"[" * 12_000), to_base64url(b'{"x":1}')])
def test_a_huge_or_deep_task_is_refused(text: str) -> None:
    with pytest.raises(TaskMalformed):
        read_task(text, sender=SITE, origins=[SITE], now=NOW)


@pytest.mark.parametrize("origin", ["https://id.example.jp", "http://127.0.0.1:8000", "http://localhost:8000"])
def test_origins_as_browsers_write_them(origin: str) -> None:
    assert read_origin(origin) == origin


@pytest.mark.parametrize(
    "origin",
    ["", "id.example.jp", "https://id.example.jp/", "https://ID.example.jp", "https://id.example.jp:443", "https://[",
     "http://id.example.jp", "https://u@id.example.jp", "ftp://id.example.jp", "https://id.example.jp:x", "null"],
)  # fmt: skip
def test_what_is_no_origin(origin: str) -> None:
    with pytest.raises(OriginInvalid):
        read_origin(origin)


def test_a_task_is_its_browsers_own() -> None:
    book = TaskBook()
    entry = book.put(read(task()), task_id="one", browser="cookie", now=NOW)
    assert book.get("one", browser="cookie", now=NOW) is entry
    for task_id, browser in (("one", "another"), ("one", ""), ("two", "cookie")):
        with pytest.raises(TaskUnknown):
            book.get(task_id, browser=browser, now=NOW)
    with pytest.raises(TaskExpired):
        book.get("one", browser="cookie", now=NOW + timedelta(minutes=3))
    assert "cookie" not in repr(entry)


def test_a_transaction_is_taken_once() -> None:
    book = TaskBook()
    entry = book.put(read(task()), task_id="one", browser="cookie", now=NOW)
    assert book.put(read(task()), task_id="two", browser="other", now=NOW) is entry
    with pytest.raises(TaskUsed):
        book.put(read(task(asks_ja="別の依頼")), task_id="two", browser="cookie", now=NOW)
    entry.done_href = entry.asked.declined_href
    with pytest.raises(TaskUsed):
        book.put(read(task()), task_id="two", browser="cookie", now=NOW)


def test_room_is_limited_and_comes_back() -> None:
    book = TaskBook()
    for number in range(OPEN_MAX):
        book.put(read(task(txn=f"{number:024}")), task_id=str(number), browser="c", now=NOW)
    with pytest.raises(AgentBusy):
        book.put(read(task()), task_id="more", browser="c", now=NOW)
    book.put(read(task()), task_id="more", browser="c", now=NOW + timedelta(minutes=3))
