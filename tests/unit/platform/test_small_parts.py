"""Replay window, clock, problem documents, the log of operations."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import structlog

from renkei.platform.clock import Clock, MovableClock, SystemClock, refuse_stand_ins
from renkei.platform.errors import (
    BodyTooLarge,
    MessageReplayed,
    Overloaded,
    PeerRefused,
    StandInRefused,
)
from renkei.platform.logging import configure, get_logger
from renkei.platform.problems import encode_problem, error_of
from renkei.platform.replay import ReplayWindow

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOLERANCE = timedelta(minutes=5)


# --- replay window ---


def test_a_nonce_is_admitted_once_per_key() -> None:
    window = ReplayWindow(tolerance=TOLERANCE)
    window.admit(key_id="k", nonce="1", created=NOW, now=NOW)
    window.admit(key_id="l", nonce="1", created=NOW, now=NOW)
    with pytest.raises(MessageReplayed):
        window.admit(key_id="k", nonce="1", created=NOW, now=NOW + timedelta(minutes=4))


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(minutes=5), -timedelta(minutes=5)])
def test_a_message_is_remembered_as_long_as_it_could_be_accepted(ahead: timedelta) -> None:
    window = ReplayWindow(tolerance=TOLERANCE)
    created = NOW + ahead
    window.admit(key_id="k", nonce="1", created=created, now=NOW)
    moment = NOW
    while moment <= created + TOLERANCE:
        window.admit(key_id="k", nonce=str(moment), created=moment, now=moment)
        with pytest.raises(MessageReplayed):
            window.admit(key_id="k", nonce="1", created=created, now=moment)
        moment += timedelta(seconds=30)


def test_a_full_window_refuses_the_new_and_forgets_with_time() -> None:
    window = ReplayWindow(tolerance=TOLERANCE, entries_max=3)
    for nonce in "abc":
        window.admit(key_id="k", nonce=nonce, created=NOW, now=NOW)
    with pytest.raises(Overloaded):
        window.admit(key_id="k", nonce="d", created=NOW, now=NOW)
    with pytest.raises(MessageReplayed):
        window.admit(key_id="k", nonce="a", created=NOW, now=NOW)
    later = NOW + timedelta(minutes=7)
    window.admit(key_id="k", nonce="d", created=later, now=later)


# --- clock ---


def test_clocks_tell_utc_and_never_run_backwards() -> None:
    clock: Clock = SystemClock()
    assert clock.now().tzinfo is UTC
    movable = MovableClock(NOW)
    assert movable.move(timedelta(hours=1)) == movable.now() == NOW + timedelta(hours=1)
    with pytest.raises(ValueError, match="backwards"):
        movable.move_to(NOW)


def test_a_stand_in_is_refused_in_production() -> None:
    refuse_stand_ins([SystemClock(), object()])
    with pytest.raises(StandInRefused):
        refuse_stand_ins([SystemClock(), MovableClock(NOW)])


# --- problem documents ---


def test_an_error_survives_the_way() -> None:
    error = error_of(encode_problem(BodyTooLarge(limit_bytes=7, private="secret")))
    assert isinstance(error, BodyTooLarge)
    assert error.public == {"limit_bytes": "7"}
    assert b"secret" not in encode_problem(BodyTooLarge(limit_bytes=7, private="secret"))


def test_a_problem_document_reads_as_rfc_9457_says() -> None:
    document = json.loads(encode_problem(BodyTooLarge(limit_bytes=7)))
    assert document["type"] == "urn:renkei:error:body_too_large"
    assert document["status"] == 413
    assert document["title"] == document["en"]
    assert "7" in document["ja"]


@pytest.mark.parametrize("change", [{"code": "not_ours"}, {"public": {}}, {"public": {"self": "x"}}])
def test_what_this_release_cannot_rebuild_is_still_an_error(change: dict[str, object]) -> None:
    document = {**json.loads(encode_problem(BodyTooLarge(limit_bytes=7))), **change}
    assert isinstance(error_of(msgspec.json.encode(document)), PeerRefused)


# --- the log of operations ---


@pytest.fixture
def lines():
    stream = io.StringIO()
    import logging

    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure(stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    structlog.reset_defaults()


def test_only_known_keys_of_known_kinds_are_written(lines) -> None:
    get_logger("test").info(
        "thing_done", code="x", body=b"secret", person="山田太郎", count="12", status=200, route=["a"]
    )
    (line,) = lines()
    assert {k: v for k, v in line.items() if k != "at"} == {
        "event": "thing_done",
        "level": "info",
        "room": "test",
        "code": "x",
        "status": 200,
    }


def test_long_numbers_are_masked_even_in_allowed_texts(lines) -> None:
    get_logger("test").info(
        "thing_done", private="number 123456789018 refused", request_id="ab12345678cd", name="1" * 12
    )
    (line,) = lines()
    assert line["private"] == "number * refused"
    assert line["request_id"] == "ab12345678cd"
    assert line["name"] == "*"


def test_of_an_exception_only_type_and_place_are_written(lines) -> None:
    try:
        raise ValueError("山田太郎")
    except ValueError as error:
        get_logger("test").error("thing_failed", exc_info=error)
    (line,) = lines()
    assert "山田" not in json.dumps(line, ensure_ascii=False)
    assert line["frames"][0] == "ValueError"
    assert line["frames"][-1].startswith("test_small_parts.py:")


def test_libraries_events_lose_their_message(lines) -> None:
    import logging

    logging.getLogger("some.library").warning("row %s", "山田太郎")
    logging.getLogger("some.library").info("quiet")
    (line,) = lines()
    assert line["name"] == "some.library"
    assert "山田" not in json.dumps(line, ensure_ascii=False)
