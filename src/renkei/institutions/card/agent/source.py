"""Where the agent finds cards: readers of this machine over PC/SC. `software_cards` is the other source."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol, TypeVar

from renkei.base.encoding import MaskedStruct
from renkei.base.errors import Failed
from renkei.institutions.card.host.errors import ReaderMissing
from renkei.institutions.card.host.pcsc import Pcsc, ReaderState
from renkei.institutions.card.host.session import CardSession

T = TypeVar("T")
WAIT_MS = 1_000  # a thread that waits for a card can't be called off sooner


class Reader(MaskedStruct, frozen=True, kw_only=True):
    """A reader, or a test card that stands for one with a card on it."""

    reader_id: str
    ja: str
    en: str
    present: bool
    """A card is on it."""
    insertion: int
    """Another number is another visit of a card."""
    pins: Mapping[str, str] = {}
    """Of a test card: what to enter, by `Key`. A real card's are known to its holder only."""


class CardSource(Protocol):
    """Gives cards to the agent."""

    medium: ClassVar[str]
    """`card` or `software`, as the assertion says it."""

    async def readers(self) -> tuple[Reader, ...]:
        """All readers, with a card or without.

        Raises:
            PcscUnavailable, PcscNotInstalled: there is no asking.
        """

    async def use(self, reader: Reader, act: Callable[[CardSession], T]) -> T:
        """Do something with the card, alone with it; afterwards it has forgotten every PIN.

        Raises:
            CardMissing, CardRemoved, CardBusy, ReaderMissing: see `host.errors`; and what `act` raises.
        """

    async def removed(self, reader: Reader) -> None:
        """Return when the card of that visit is gone, at once where it is gone already."""


class PcscSource:
    """Readers of this machine.

    Args:
        only: name of the one reader to use, or its beginning; every reader where empty.
    """

    medium: ClassVar[str] = "card"

    def __init__(self, only: str = "") -> None:
        self._only = only

    async def readers(self) -> tuple[Reader, ...]:
        """The readers as they are connected now."""
        return await asyncio.to_thread(self._readers)

    async def use(self, reader: Reader, act: Callable[[CardSession], T]) -> T:
        """Connect, act, reset the card."""

        def run() -> T:
            with Pcsc() as pcsc, pcsc.connect(reader.reader_id) as card:
                return act(CardSession(card.transmit))

        return await asyncio.to_thread(run)

    async def removed(self, reader: Reader) -> None:
        """Watch the reader; one that is unplugged, or a service that ends, has taken the card away too."""
        known = ReaderState(present=True, insertion=reader.insertion)
        while await asyncio.to_thread(_still, reader.reader_id, known):
            pass

    def _readers(self) -> tuple[Reader, ...]:
        found = []
        with Pcsc() as pcsc:
            for name in pcsc.readers():
                if name.startswith(self._only):
                    try:
                        state = pcsc.state(name)
                    except ReaderMissing:  # unplugged just now
                        continue
                    found.append(
                        Reader(reader_id=name, ja=name, en=name, present=state.present, insertion=state.insertion)
                    )
        return tuple(found)


def _still(reader: str, known: ReaderState) -> bool:
    try:
        with Pcsc() as pcsc:
            return pcsc.wait(reader, known, WAIT_MS) == known
    except Failed:
        return False
