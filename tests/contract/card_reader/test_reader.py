"""The virtual reader's own wire, and the command that serves it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.contract.card_reader.conftest import _ports
from tests.unit.card_chip.cards import make_card

from renkei.institutions.card.chip.card_files import open_card
from renkei.institutions.card.chip.profile import JPKI_AID
from renkei.institutions.card.reader import ATR, HOST, VirtualReader, reader_conf

SELECT = b"\x00\xa4\x04\x0c\x0a" + JPKI_AID


class Driver:
    """What PC/SC's driver does: length, bytes, and an answer to all but power."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection((HOST, port), timeout=10)

    def tell(self, message: bytes) -> None:
        self._line.sendall(len(message).to_bytes(2, "big") + message)

    def ask(self, message: bytes) -> bytes:
        self.tell(message)
        return self._exactly(int.from_bytes(self._exactly(2), "big"))

    def _exactly(self, count: int) -> bytes:
        received = b""
        while len(received) < count:
            part = self._line.recv(count - len(received))
            assert part
            received += part
        return received

    def close(self) -> None:
        self._line.close()


@contextlib.contextmanager
def call(port: int) -> Iterator[Driver]:
    driver = Driver(port)
    try:
        yield driver
    finally:
        driver.close()


@pytest.fixture
def reader() -> Iterator[VirtualReader]:
    with VirtualReader([make_card(), make_card(label="proxy")], port=_ports()) as served:
        yield served


def test_power_selection_and_two_cards_apart(reader: VirtualReader) -> None:
    with call(reader.port) as first, call(reader.port + 1) as second:
        for driver in (first, second):
            driver.tell(b"\x01")
            assert driver.ask(b"\x04") == ATR
            assert driver.ask(SELECT) == b"\x90\x00"
        assert first.ask(b"\x00\x20\x00\x98\x040000") == b"\x63\xc2"
        assert second.ask(b"\x00\x20\x00\x98") == b"\x63\xc3"
        first.tell(b"\x02")
        assert first.ask(b"\x00\x20\x00\x98") == b"\x69\x86", "nothing is selected after a reset"


def test_another_call_after_the_first_hung_up(reader: VirtualReader) -> None:
    for _ in range(3):
        with call(reader.port) as driver:
            assert driver.ask(b"\x04") == ATR


def test_nonsense_is_answered(reader: VirtualReader) -> None:
    with call(reader.port) as driver:
        assert driver.ask(b"\x00\x00") == b"\x67\x00"
        assert driver.ask(b"\xff" * 65_535)[-2:] == b"\x67\x00"
        assert driver.ask(b"\x04") == ATR


def test_the_log_tells_tries_and_never_a_pin() -> None:
    cards, port = [make_card(), make_card()], _ports()
    with capture_logs() as lines, VirtualReader(cards, port=port), call(port) as driver:
        driver.ask(SELECT)
        driver.ask(b"\x00\x20\x00\x98\x044821")
        driver.ask(b"\x00\x20\x00\x98\x041234")
    assert [(line["name"], line["kind"], line["count"]) for line in lines if line["event"] == "card_tries_left"] == [
        ("citizen", "authentication", 2),
        ("citizen", "authentication", 3),
    ]
    assert "4821" not in str(lines)


def test_it_listens_on_this_machine_alone() -> None:
    assert reader_conf(35963).splitlines()[1] == "DEVICENAME   127.0.0.1:0x8C7B"
    with pytest.raises(ValueError, match="two slots"):
        VirtualReader([make_card()])


def test_a_port_that_is_taken(reader: VirtualReader) -> None:
    with pytest.raises(OSError, match="in use"):
        VirtualReader([make_card(), make_card()], port=reader.port)


@contextlib.contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    code = "from renkei.assembly.cli_card import card; card(prog_name='renkei card')"
    run = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": "src", "COLUMNS": "200"},
    )  # fmt: skip
    try:
        yield run
    finally:
        run.kill()
        run.wait()


def until_it_listens(port: int, run: subprocess.Popen[str]) -> None:
    for _ in range(300):
        assert run.poll() is None, run.stderr and run.stderr.read()
        with contextlib.suppress(OSError), call(port) as driver:
            assert driver.ask(b"\x04") == ATR
            return
        time.sleep(0.1)
    raise AssertionError("the command does not listen")


def test_the_command_makes_cards_keeps_them_and_ends_quietly(tmp_path: Path) -> None:
    port, path, conf = _ports(), tmp_path / "citizen.card", tmp_path / "conf"
    arguments = ("reader", str(path), "--port", str(port), "--conf", str(conf))
    for expected in (b"\x63\xc2", b"\x63\xc1"):
        with command(*arguments) as run:
            until_it_listens(port, run)
            with call(port) as driver:
                driver.ask(SELECT)
                assert driver.ask(b"\x00\x20\x00\x98\x040000") == expected, "tries outlast the command"
            run.send_signal(signal.SIGTERM)
            assert run.wait(10) == 0
            assert run.stderr is not None
            assert "Traceback" not in run.stderr.read()
    assert (conf / "reader.conf").read_text("utf-8") == reader_conf(port)
    assert open_card(path).tries["authentication"] == 1


def test_the_command_refuses_what_is_no_card(tmp_path: Path) -> None:
    (tmp_path / "x.card").write_bytes(b"no card")
    with command("reader", str(tmp_path / "x.card"), "--port", str(_ports())) as run:
        assert run.wait(30) != 0
    with command("reader", "a", "b", "c") as run:
        assert run.wait(30) == 2
