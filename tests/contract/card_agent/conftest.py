"""A PC/SC service of our own with the virtual reader behind it, apart from any other on this machine.

`pcscd` has one fixed place for its socket, so it gets a `/run` of its own; clients are told where that is by the
library's own variable. Where no such place can be made, a lock keeps two services from meeting.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.card_chip.cards import make_card

from renkei.institutions.card.chip.card import Card

SYSTEM_SOCKET = Path("/run/pcscd/pcscd.comm")
READER_CONF = """\
FRIENDLYNAME "Test reader"
DEVICENAME   /dev/null:0x{port:04X}
LIBPATH      /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID    0x{port:04X}
"""
LOCK = Path(tempfile.gettempdir()) / "renkei-pcscd.lock"
APART = 'mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd && exec "$2" --foreground -c "$3"'


OFF, ON, RESET, TELL_ATR = 0, 1, 2, 4
ATR = bytes.fromhex("3b888001000000000000000009")


class Slot:
    """A place for a card: PC/SC's driver listens, and sees a card as long as somebody is connected.

    The virtual reader of this package goes the other way round (the driver calls it), which listens on this machine
    only, but can't be without a card: there the driver gives up, and takes the whole service with it.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._line: socket.socket | None = None

    def put(self, card: Card) -> None:
        self._line = socket.create_connection(("127.0.0.1", self._port), timeout=5)
        self._line.settimeout(None)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_serve, args=(self._line, card), daemon=True).start()

    def take_away(self) -> None:
        if self._line is not None:
            self._line.shutdown(socket.SHUT_RDWR)
            self._line.close()
            self._line = None


@dataclass
class Service:
    """The service: where it listens, and what lies on its readers."""

    socket: str
    slots: tuple[Slot, Slot]


def _serve(line: socket.socket, card: Card) -> None:
    with contextlib.suppress(OSError, EOFError):
        while True:
            message = _exactly(line, int.from_bytes(_exactly(line, 2), "big"))
            if len(message) == 1 and message[0] != TELL_ATR:
                card.reset()
                continue
            answer = ATR if len(message) == 1 else card.transmit(message)
            line.sendall(len(answer).to_bytes(2, "big") + answer)


def _exactly(line: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # else 40 ms a command
        part = line.recv(count - len(received))
        if not part:
            raise EOFError
        received += part
    return received


def need(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        message = f"no {program}: apt-get install pcscd vsmartcard-vpcd"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return path


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """pcscd with two cards; another is laid down with `service.slots[n].put(card)`."""
    pcscd = need("pcscd")
    if not Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so").exists():
        need("vpcd")
    folder = Path(tempfile.mkdtemp(prefix="rkpc-"))  # short: a socket's path ends at 107 bytes
    conf = folder / "conf"
    conf.mkdir()
    apart = ["unshare", *(["--map-root-user"] if os.geteuid() else []), "--mount"]
    alone = subprocess.run([*apart, "true"], capture_output=True, check=False).returncode == 0
    with LOCK.open("w") as lock:
        if not alone:
            fcntl.flock(lock, fcntl.LOCK_EX)
        place, port = folder / "pcscd.comm" if alone else SYSTEM_SOCKET, _ports()
        (conf / "reader.conf").write_text(READER_CONF.format(port=port), "utf-8")
        command = [*apart, "sh", "-c", APART, "sh", str(folder), pcscd, str(conf)]
        log = (folder / "log").open("wb")
        with (
            log,
            subprocess.Popen(
                command if alone else [pcscd, "--foreground", "-c", str(conf)], stdout=log, stderr=log
            ) as running,
        ):
            slots = (Slot(port), Slot(port + 1))
            try:
                _until(place.exists, running)
                for slot in slots:
                    slot.put(make_card())
                yield Service(str(place), slots)
            finally:
                for slot in slots:
                    slot.take_away()
                running.terminate()
    shutil.rmtree(folder, ignore_errors=True)


def _ports() -> int:
    """The first of two free ports in a row."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def _until(holds, running: subprocess.Popen[bytes]) -> None:
    for _ in range(500):
        if holds():
            return
        assert running.poll() is None, "pcscd ended"
        time.sleep(0.02)
    raise AssertionError("pcscd does not listen")
