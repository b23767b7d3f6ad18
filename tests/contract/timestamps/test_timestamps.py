"""The stamping authority as a service: serial numbers, audit, HTTP, on both databases."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.unit.documents.people import NOW, stamping

from renkei.crypto.document_errors import TimestampInvalid
from renkei.crypto.timestamps import make_request, token_of, verify_token
from renkei.institutions.timestamps import store
from renkei.institutions.timestamps.operations import Timestamps
from renkei.institutions.timestamps.web import PATH, QUERY, REPLY, timestamp_handler
from renkei.platform.audit_store import audited
from renkei.platform.clock import MovableClock

DIGEST = hashlib.sha256(b"paper").digest()


@pytest.fixture
def timestamps(open_database) -> Timestamps:
    return Timestamps(db=open_database(store.metadata), authority=stamping()[0], clock=MovableClock(NOW))


def read(answer: bytes, **changes: object):
    return verify_token(token_of(answer), digest=DIGEST, anchors=[stamping()[1]], **changes)


def test_serial_numbers_are_never_given_twice(timestamps: Timestamps) -> None:
    async def many() -> list[bytes]:
        return await asyncio.gather(*(timestamps.stamp(make_request(DIGEST, nonce=at)) for at in range(1, 21)))

    found = [read(answer, nonce=at) for at, answer in enumerate(asyncio.run(many()), start=1)]
    assert len({one.serial for one in found}) == 20
    with timestamps.db.reading() as conn:
        assert len(audited(conn, store.audit_table, name="timestamps.given")) == 20


def test_time_never_runs_backwards(timestamps: Timestamps) -> None:
    """A clock that is set back must not let a later stamp bear an earlier time (RFC 3628 §7.3.1)."""
    first = read(asyncio.run(timestamps.stamp(make_request(DIGEST))))
    timestamps.clock = MovableClock(NOW - timedelta(hours=1))
    second = read(asyncio.run(timestamps.stamp(make_request(DIGEST))))
    assert second.serial > first.serial
    assert second.moment >= first.moment


def test_over_http(timestamps: Timestamps) -> None:
    with TestClient(Litestar([timestamp_handler(timestamps)])) as client:
        answer = client.post(PATH, content=make_request(DIGEST), headers={"content-type": QUERY})
        assert answer.headers["content-type"].startswith(REPLY)
        assert read(answer.content).moment == NOW
        assert client.post(PATH, content=b"{}", headers={"content-type": "application/json"}).status_code == 415
        assert client.post(PATH, content=b"x" * 5_000, headers={"content-type": QUERY}).status_code == 413


def test_what_is_no_request_is_refused_and_noted(timestamps: Timestamps) -> None:
    weak = make_request(hashlib.sha1(b"paper").digest(), hash_name="sha1")
    for bad in (b"", b"\x30\x03\x02\x01\x01", weak):
        with pytest.raises(TimestampInvalid) as caught:
            token_of(asyncio.run(timestamps.stamp(bad)))
        assert caught.value.public["step"] == "refused"
    with timestamps.db.reading() as conn:
        reasons = [row.fields["reason"] for row in audited(conn, store.audit_table, name="timestamps.refused")]
    assert reasons == ["timestamp_request_malformed"] * 2 + ["timestamp_algorithm_refused"]
