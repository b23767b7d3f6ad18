"""Cards for demonstrations: chips in memory instead of cards on a reader. Their PINs are on the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeVar

from renkei.contracts.card_agent import Key
from renkei.institutions.card.agent.source import Reader
from renkei.institutions.card.host.errors import CardMissing, CardRemoved
from renkei.institutions.card.host.session import CardSession
from renkei.platform.logging import get_logger

T = TypeVar("T")


class Chip(Protocol):
    """A chip: pure, in memory."""

    def transmit(self, apdu: bytes) -> bytes:
        """One command, one answer."""

    def reset(self) -> None:
        """As if the power went: verified PINs are forgotten, counters are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareCard:
    """A synthetic person's card.

    Attributes:
        slug: names the card in forms, ASCII.
        ja, en: the holder, as the list shows it.
        pins: what to enter, shown on the pages; a key that is not here is not on the card.
    """

    slug: str
    ja: str
    en: str
    chip: Chip = field(repr=False)
    pins: Mapping[Key, str] = field(repr=False)


@dataclass(slots=True)
class _Place:
    card: SoftwareCard
    insertion: int = 1
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class SoftwareCards:
    """A drawer of test cards, each as if on a reader of its own.

    Args:
        saved: called after each use, so that counters and PINs last longer than the process.
    """

    stand_in: ClassVar[str] = "personal-number cards on readers"
    medium: ClassVar[str] = "software"

    def __init__(
        self, cards: Iterable[SoftwareCard] = (), *, saved: Callable[[SoftwareCard], Awaitable[None]] | None = None
    ) -> None:
        self._places = {card.slug: _Place(card) for card in cards}
        self._saved = saved
        get_logger("card").warning("stand_in_started", name=type(self).__name__)

    def put(self, card: SoftwareCard) -> None:
        """Lay a card into the drawer, in place of the one of the same slug (a renewal); that one is taken away."""
        if card.slug in self._places:
            self.take_away(card.slug)
            self._places[card.slug].card = card
        else:
            self._places[card.slug] = _Place(card)

    def take_away(self, slug: str) -> None:
        """As if the holder took the card off the reader; whoever watches it is told. Another use lays it on again.

        Raises:
            CardMissing: there is no such card.
        """
        place = self._place(slug)
        place.insertion += 1
        place.gone.set()
        place.gone = asyncio.Event()

    async def readers(self) -> tuple[Reader, ...]:
        """The cards in the drawer."""
        return tuple(
            Reader(
                reader_id=slug,
                ja=place.card.ja,
                en=place.card.en,
                present=True,
                insertion=place.insertion,
                pins={key.value: pin for key, pin in place.card.pins.items()},
            )
            for slug, place in self._places.items()
        )

    async def use(self, reader: Reader, act: Callable[[CardSession], T]) -> T:
        """Act on the chip; what it counted is kept even where the act failed."""
        place = self._place(reader.reader_id)
        async with place.lock:
            if place.insertion != reader.insertion:
                raise CardRemoved()
            card = place.card
            try:
                return act(CardSession(card.chip.transmit))
            finally:
                card.chip.reset()
                if self._saved is not None:
                    await self._saved(card)

    async def removed(self, reader: Reader) -> None:
        """Wait until the card is taken away."""
        place = self._places.get(reader.reader_id)
        while place is not None and place.insertion == reader.insertion:
            await place.gone.wait()

    def _place(self, slug: str) -> _Place:
        place = self._places.get(slug)
        if place is None:
            raise CardMissing()
        return place
