"""A virtual card reader: serves two software cards to PC/SC, so that OpenSC and every other program can use them.

PC/SC reaches us through Debian's `vsmartcard-vpcd`, told to call us instead of listening to the world: its driver then
connects to two ports of this machine, one for each of its slots, and `pcscd` aborts unless both answer. So there are
always two cards, and neither can be taken away while it runs.

On the wire each message is a length of two bytes, big-endian, and so many bytes: one byte is a control (0 off, 1 on,
2 reset, 4 tell the ATR, the only one that is answered), more are a command APDU.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Sequence
from functools import reduce
from operator import xor
from typing import ClassVar

from renkei.institutions.card.chip.card import Card
from renkei.platform.logging import get_logger

HOST = "127.0.0.1"
PORT = 35963
"""Of the first slot; the second is the next one."""
SLOTS = 2

TELL_ATR = 4
PIN_INSTRUCTIONS = frozenset({0x20, 0x24, 0x32})

_ATR_BODY = bytes.fromhex("888001") + bytes(8)
ATR = b"\x3b" + _ATR_BODY + bytes([reduce(xor, _ATR_BODY)])
"""As contactless readers answer for a card of type B (PC/SC part 3 §3.1.3.2.3), which some programs look for."""

READER_CONF = """\
FRIENDLYNAME "Renkei virtual reader"
DEVICENAME   {host}:0x{port:04X}
LIBPATH      /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID    0x{port:04X}
"""


def reader_conf(port: int = PORT) -> str:
    """The file for `pcscd --foreground -c FOLDER` that makes it call this reader."""
    return READER_CONF.format(host=HOST, port=port)


class Slot:
    """Where one card lies: answers messages, one at a time, whoever sends them."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._lock = threading.Lock()
        self._log = get_logger("card")

    def answer(self, message: bytes) -> bytes | None:
        """The answer to one message; None where none is expected."""
        with self._lock:
            if len(message) != 1:
                return self._exchange(self._card, message)
            if message[0] == TELL_ATR:
                return ATR
            self._card.reset()
            return None

    def _exchange(self, card: Card, apdu: bytes) -> bytes:
        if len(apdu) < 2 or apdu[1] not in PIN_INSTRUCTIONS:
            return card.transmit(apdu)
        before = card.tries
        answer = card.transmit(apdu)
        for secret, left in card.tries.items():
            if left != before[secret]:
                self._log.info("card_tries_left", name=card.label, kind=secret, count=left)
        return answer


class VirtualReader:
    """Two slots behind two ports of this machine; a thread each.

    Args:
        cards: what lies in the slots at first.
        port: of the first slot; the second is the next one.

    Raises:
        OSError: a port is taken.
    """

    stand_in: ClassVar[str] = "a card reader"

    def __init__(self, cards: Sequence[Card], *, port: int = PORT) -> None:
        if len(cards) != SLOTS:
            raise ValueError("PC/SC's driver has two slots, and fails where one is empty")
        self.port = port
        self.slots = tuple(Slot(card) for card in cards)
        self._listening: list[socket.socket] = []
        self._connected: set[socket.socket] = set()
        self._closing = False
        try:
            for number in range(SLOTS):
                self._listening.append(_listen(port + number))
        except OSError:
            self.close()
            raise
        self._threads = [
            threading.Thread(target=self._serve, args=pair, name=f"card-slot-{number}", daemon=True)
            for number, pair in enumerate(zip(self._listening, self.slots, strict=True))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop serving. Whoever stops `pcscd` first spares it an error."""
        self._closing = True
        for each in [*self._listening, *self._connected]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def wait(self) -> None:
        """Until `close`."""
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> VirtualReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _serve(self, listening: socket.socket, slot: Slot) -> None:
        """One caller after the other: `pcscd` keeps its connection until it ends."""
        while not self._closing:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            self._connected.add(caller)
            with caller, contextlib.suppress(OSError, EOFError):
                caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while True:
                    answer = slot.answer(_receive(caller))
                    if answer is not None:
                        caller.sendall(len(answer).to_bytes(2, "big") + answer)
            self._connected.discard(caller)


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(1)
    except OSError:
        listening.close()
        raise
    return listening


def _receive(caller: socket.socket) -> bytes:
    return _exactly(caller, int.from_bytes(_exactly(caller, 2), "big"))


def _exactly(caller: socket.socket, count: int) -> bytes:
    """So many bytes.

    The driver writes a length and then its bytes; unless each acknowledgement leaves at once, the second write waits
    40 ms for it. Linux forgets the option after a while, so it is set before each receive.

    Raises:
        EOFError: the other side has gone.
    """
    received = b""
    while len(received) < count:
        if hasattr(socket, "TCP_QUICKACK"):
            caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = caller.recv(count - len(received))
        if not part:
            raise EOFError
        received += part
    return received
