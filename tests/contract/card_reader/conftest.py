"""PC/SC with the virtual reader behind it, apart from any other PC/SC service on this machine.

`pcscd` has one fixed place for its socket, so it gets a `/run` of its own where the system lets it; clients are told by
the library's own variable where that is. Elsewhere a lock keeps two services from meeting.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.card_chip.cards import make_card

from renkei.institutions.card.chip.card import Card
from renkei.institutions.card.reader import VirtualReader, reader_conf

SYSTEM_SOCKET = Path("/run/pcscd/pcscd.comm")
LOCK = Path(tempfile.gettempdir()) / "renkei-pcscd.lock"
APART = 'mount -t tmpfs none /run && mkdir /run/pcscd && mount --bind "$1" /run/pcscd && exec "$2" --foreground -c "$3"'
MODULES = ("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so", "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so")
PACKAGES = "opensc pcscd vsmartcard-vpcd libengine-pkcs11-openssl openssl"


@dataclass
class Tools:
    """Debian's card tools on our reader: slot 0 the citizen's card, slot 1 a child's."""

    citizen: Card
    child: Card
    environment: dict[str, str]
    folder: Path

    @property
    def module(self) -> str:
        """OpenSC's PKCS#11 module."""
        return next(path for path in MODULES if Path(path).exists())

    def run(self, *command: str, fails: bool = False) -> str:
        """Standard output and error of a tool that must succeed (or must not)."""
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=self.environment, timeout=60, check=False
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path


def need(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        message = f"no {program}: apt-get install {PACKAGES}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return path


@pytest.fixture(scope="module")
def tools() -> Iterator[Tools]:
    """The tools, with pcscd and the virtual reader running."""
    pcscd = need("pcscd")
    for program in ("opensc-tool", "pkcs15-tool", "pkcs11-tool", "openssl"):
        need(program)
    if not Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so").exists():
        need("vpcd")
    folder = Path(tempfile.mkdtemp(prefix="rkrd-"))  # short: a socket's path ends at 107 bytes
    (folder / "conf").mkdir()
    apart = ["unshare", *(["--map-root-user"] if os.geteuid() else []), "--mount"]
    alone = subprocess.run([*apart, "true"], capture_output=True, check=False).returncode == 0
    citizen, child, port = make_card(), make_card(child=True, label="child"), _ports()
    (folder / "conf" / "reader.conf").write_text(reader_conf(port), "utf-8")
    with LOCK.open("w") as lock, VirtualReader((citizen, child), port=port), (folder / "log").open("wb") as log:
        if not alone:
            fcntl.flock(lock, fcntl.LOCK_EX)
        place = folder / "pcscd.comm" if alone else SYSTEM_SOCKET
        command = [*apart, "sh", "-c", APART, "sh", str(folder), pcscd, str(folder / "conf")]
        command = command if alone else [pcscd, "--foreground", "-c", str(folder / "conf")]
        with subprocess.Popen(command, stdout=log, stderr=log) as running:
            try:
                _until_served(place, running)
                environment = os.environ | {"PCSCLITE_CSOCK_NAME": str(place), "LC_ALL": "C.UTF-8"}
                yield Tools(citizen, child, environment, folder)
            finally:
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


def _until_served(place: Path, running: subprocess.Popen[bytes]) -> None:
    environment = os.environ | {"PCSCLITE_CSOCK_NAME": str(place)}
    for _ in range(200):
        assert running.poll() is None, "pcscd ended"
        if place.exists():
            listed = subprocess.run(["opensc-tool", "-l"], capture_output=True, text=True, env=environment, check=False)
            if listed.stdout.count("Yes") == 2:
                return
        time.sleep(0.05)
    raise AssertionError("no reader with two cards")
