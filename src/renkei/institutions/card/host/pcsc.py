"""PC/SC through the system's own library (pcsc-lite, `libpcsclite.so.1`): the few calls that a card session needs.

By ctypes: the Python bindings that exist are under a licence that would bind users of this one. Calls block; give them
a thread. A `Pcsc` is used by one thread at a time.

    with Pcsc() as pcsc, pcsc.connect(reader) as card:
        CardSession(card.transmit)

Source: PC/SC Workgroup specification part 5, as pcsc-lite's `winscard.h` and `pcsclite.h` have it on Linux.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_long, c_ubyte, c_ulong, c_void_p
from functools import lru_cache
from types import TracebackType
from typing import Final, NamedTuple

from renkei.base.errors import RenkeiError
from renkei.institutions.card.host.errors import (
    CardBusy,
    CardMissing,
    CardRemoved,
    PcscFailed,
    PcscNotInstalled,
    PcscUnavailable,
    ReaderMissing,
)

LIBRARY = "libpcsclite.so.1"
SCOPE_SYSTEM: Final = 2
SHARE_EXCLUSIVE: Final = 1
PROTOCOLS_ANY: Final = 3  # T=0 or T=1
RESET_CARD: Final = 1
STATE_UNAWARE: Final = 0x0000
STATE_CHANGED: Final = 0x0002
STATE_PRESENT: Final = 0x0020
ATR_BYTES_MAX: Final = 33
ANSWER_BYTES_MAX: Final = 65_546
STATUS_BYTES: Final = 2

OK: Final = 0
TIMEOUT: Final = 0x8010000A
NO_READERS: Final = 0x8010002E

ERRORS: dict[int, type[RenkeiError]] = {
    0x80100003: PcscUnavailable,  # invalid handle: the service was started anew
    0x80100009: ReaderMissing,
    0x8010000B: CardBusy,
    0x8010000C: CardMissing,
    0x80100013: PcscUnavailable,  # communication with the service failed
    0x80100016: CardRemoved,  # not transacted: the card no longer answers
    0x80100017: ReaderMissing,
    0x8010001D: PcscUnavailable,
    0x8010001E: PcscUnavailable,
    0x8010002E: ReaderMissing,
    0x8010002F: CardRemoved,  # communication with the card lost
    0x80100066: CardRemoved,  # unresponsive
    0x80100067: CardRemoved,  # unpowered
    0x80100068: CardRemoved,  # reset by somebody else
    0x80100069: CardRemoved,
}


class _ReaderState(ctypes.Structure):
    _fields_ = (
        ("reader", c_char_p),
        ("user_data", c_void_p),
        ("current_state", c_ulong),
        ("event_state", c_ulong),
        ("atr_length", c_ulong),
        ("atr", c_ubyte * ATR_BYTES_MAX),
    )


class _IoRequest(ctypes.Structure):
    _fields_ = (("protocol", c_ulong), ("length", c_ulong))


class ReaderState(NamedTuple):
    """What is on a reader."""

    present: bool
    insertion: int
    """Counts insertions and removals: another number is another visit, even of the same card."""


class Pcsc:
    """A context with the smart-card service.

    Raises:
        PcscNotInstalled: the library is not there.
        PcscUnavailable: the service does not run.
    """

    def __init__(self) -> None:
        self._library = _load(LIBRARY)
        self._context = c_long()
        _check(self._library.SCardEstablishContext(SCOPE_SYSTEM, None, None, byref(self._context)))

    def __enter__(self) -> Pcsc:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the service; the second time does nothing."""
        if self._context.value:
            self._library.SCardReleaseContext(self._context)
            self._context = c_long()

    def readers(self) -> tuple[str, ...]:
        """Names of the readers, none where none is connected."""
        length = c_ulong()
        code = _code(self._library.SCardListReaders(self._context, None, None, byref(length)))
        if code == NO_READERS:
            return ()
        _check(code)
        names = ctypes.create_string_buffer(length.value)
        code = _code(self._library.SCardListReaders(self._context, None, names, byref(length)))
        if code == NO_READERS:
            return ()
        _check(code)
        return tuple(name.decode("utf-8", "replace") for name in names.raw[: length.value].split(b"\x00") if name)

    def state(self, reader: str) -> ReaderState:
        """What is on a reader now."""
        return self._status(reader, STATE_UNAWARE, 0)[0]

    def wait(self, reader: str, known: ReaderState, timeout_ms: int) -> ReaderState:
        """Wait until something other than `known` is on a reader, `timeout_ms` at most; gives what is there then."""
        now, event = self._status(reader, STATE_UNAWARE, 0)
        return now if now != known else self._status(reader, event & ~STATE_CHANGED, timeout_ms)[0]

    def connect(self, reader: str) -> PcscCard:
        """Power the card and keep every other program away from it until it is closed: none shares a verified PIN.

        Raises:
            ReaderMissing, CardMissing, CardBusy, PcscUnavailable: see errors.
        """
        handle, protocol = c_long(), c_ulong()
        _check(
            self._library.SCardConnect(
                self._context, reader.encode(), SHARE_EXCLUSIVE, PROTOCOLS_ANY, byref(handle), byref(protocol)
            )
        )
        return PcscCard(self._library, handle, protocol.value)

    def _status(self, reader: str, current: int, timeout_ms: int) -> tuple[ReaderState, int]:
        states = (_ReaderState * 1)()
        states[0].reader, states[0].current_state = reader.encode(), current
        code = _code(self._library.SCardGetStatusChange(self._context, timeout_ms, states, 1))
        if code != TIMEOUT:
            _check(code)
        event = int(states[0].event_state) if code != TIMEOUT else current
        return ReaderState(bool(event & STATE_PRESENT), event >> 16), event


class PcscCard:
    """A connected card; made by `Pcsc.connect`."""

    def __init__(self, library: ctypes.CDLL, handle: c_long, protocol: int) -> None:
        self._library, self._handle = library, handle
        self._request = _IoRequest(protocol, ctypes.sizeof(_IoRequest))
        self._answer = ctypes.create_string_buffer(ANSWER_BYTES_MAX)

    def __enter__(self) -> PcscCard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Reset the card, so that it forgets a verified PIN, and let go of it; the second time does nothing."""
        if self._handle.value:
            self._library.SCardDisconnect(self._handle, RESET_CARD)
            self._handle = c_long()
        ctypes.memset(self._answer, 0, ANSWER_BYTES_MAX)

    def transmit(self, apdu: bytes) -> bytes:
        """Send one APDU; data and status word come back.

        Raises:
            CardRemoved: the card, or its reader, is gone.
            PcscUnavailable, PcscFailed: the service is.
        """
        command = ctypes.create_string_buffer(apdu, len(apdu))
        length = c_ulong(ANSWER_BYTES_MAX)
        try:
            code = _code(
                self._library.SCardTransmit(
                    self._handle, byref(self._request), command, len(apdu), None, self._answer, byref(length)
                )
            )
        finally:
            ctypes.memset(command, 0, len(apdu))  # it may have held a PIN
        if ERRORS.get(code) in (ReaderMissing, CardMissing):
            raise CardRemoved()
        _check(code)
        if length.value < STATUS_BYTES:  # some drivers call it success when the card goes just then
            raise CardRemoved()
        return ctypes.string_at(self._answer, length.value)


@lru_cache(maxsize=1)
def _load(name: str) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(name)
    except OSError as error:
        raise PcscNotInstalled(library=name) from error
    signatures: dict[str, tuple[object, ...]] = {
        "SCardEstablishContext": (c_ulong, c_void_p, c_void_p, POINTER(c_long)),
        "SCardReleaseContext": (c_long,),
        "SCardListReaders": (c_long, c_char_p, c_char_p, POINTER(c_ulong)),
        "SCardConnect": (c_long, c_char_p, c_ulong, c_ulong, POINTER(c_long), POINTER(c_ulong)),
        "SCardDisconnect": (c_long, c_ulong),
        "SCardTransmit": (c_long, c_void_p, c_void_p, c_ulong, c_void_p, c_void_p, POINTER(c_ulong)),
        "SCardGetStatusChange": (c_long, c_ulong, POINTER(_ReaderState), c_ulong),
    }
    for function, arguments in signatures.items():
        called = getattr(library, function)
        called.restype, called.argtypes = c_long, arguments
    return library


def _code(returned: int) -> int:
    return returned & 0xFFFFFFFF


def _check(returned: int) -> None:
    code = _code(returned)
    if code == OK:
        return
    error = ERRORS.get(code)
    raise error(private=f"{code:08X}") if error else PcscFailed(status=f"{code:08X}")
