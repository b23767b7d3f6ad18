"""The agent itself: takes tasks, looks at cards, uses one, hands over what it said, watches it on a shared terminal."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from renkei.base.errors import RenkeiError
from renkei.contracts.card_agent import Key
from renkei.institutions.card.agent.delivery import Deliver, hand_over, tell_removed
from renkei.institutions.card.agent.errors import AgreementMissing, CardNotChosen, TaskUsed
from renkei.institutions.card.agent.source import CardSource, Reader
from renkei.institutions.card.agent.tasks import Entry, TaskBook, read_origin, read_task
from renkei.institutions.card.agent.using import answer
from renkei.institutions.card.host.errors import CardMissing, ReaderMissing
from renkei.platform.clock import Clock
from renkei.platform.problems import Problem

ID_BYTES = 18
COOKIE_BYTES = 32
WATCH_S_MAX = 12 * 3600.0
WATCHES_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is there for a task."""

    readers: tuple[Reader, ...] = ()
    """Those with a card on them."""
    reader: Reader | None = None
    """The one to use; None where the person has to choose, or there is none."""
    tries: int = 0
    """Of the PIN that the task needs; 0 is locked."""
    trouble: RenkeiError | None = None
    """Why the card can't be used as things are."""


class CardAgent:
    """One agent.

    Args:
        source: where the cards are.
        origins: sites served.
        deliver: carries what the card said to the site.
        path: below which its pages stand, without a slash at the end; empty where it has a port of its own.

    Raises:
        OriginInvalid: a site is named by something other than its origin.
    """

    def __init__(
        self, *, source: CardSource, origins: Sequence[str], clock: Clock, deliver: Deliver, path: str = ""
    ) -> None:
        self.source, self.path = source, path
        self._origins = frozenset(read_origin(origin) for origin in origins)
        self._clock, self._deliver = clock, deliver
        self._book = TaskBook()
        self._watches: set[asyncio.Task[None]] = set()

    @property
    def software(self) -> bool:
        """The cards are test cards: every page says so."""
        return self.source.medium == "software"

    def take(self, text: str, *, sender: str) -> tuple[Entry, str]:
        """Take a task from a site's page.

        Returns:
            The open task, and the secret for a cookie that only its own pages get; empty where the form came before.

        Raises:
            TaskFromElsewhere, TaskMalformed, TaskExpired, TaskUsed, AgentBusy: see errors.
        """
        now = self._clock.now()
        asked = read_task(text, sender=sender, origins=self._origins, now=now)
        task_id, browser = secrets.token_urlsafe(ID_BYTES), secrets.token_urlsafe(COOKIE_BYTES)
        entry = self._book.put(asked, task_id=task_id, browser=browser, now=now)
        return entry, browser if entry.task_id == task_id else ""

    def entry(self, task_id: str, *, browser: str) -> Entry:
        """The browser's own task.

        Raises:
            TaskUnknown, TaskExpired: see errors.
        """
        return self._book.get(task_id, browser=browser, now=self._clock.now())

    async def look(self, entry: Entry) -> Look:
        """Readers, card and tries left. The card is asked in a way that spends no try."""
        try:
            readers = await self.source.readers()
        except RenkeiError as error:
            return Look(trouble=error)
        if not readers:
            return Look(trouble=ReaderMissing())
        there = tuple(reader for reader in readers if reader.present)
        if not there:
            return Look(trouble=CardMissing())
        chosen = there[0] if len(there) == 1 else None
        chosen = next((reader for reader in there if reader.reader_id == entry.reader_id), chosen)
        if chosen is None:
            return Look(readers=there)
        key = entry.asked.task.key
        try:
            tries = await self.source.use(chosen, lambda session: session.tries_left(key))
        except RenkeiError as error:
            return Look(readers=there, reader=chosen, trouble=error)
        return Look(readers=there, reader=chosen, tries=tries)

    async def answer(self, entry: Entry, pin: str) -> str | Problem:
        """Use the card and hand over what it said.

        Returns:
            Where the browser goes on, or the site's reason for not taking it. After a refusal the task is over; after
            a failure of the site the person may try again.

        Raises:
            AgreementMissing: the signature key, without agreement.
            PinWrong, PinLocked, CardRemoved, …: see `using.answer`; the task stays open.
            SiteUnreachable: it stays open, too.
        """
        task = entry.asked.task
        async with entry.lock:
            if entry.done_href:  # the button was pressed twice
                return entry.done_href
            if task.key is Key.SIGNATURE and not entry.agreed:
                raise AgreementMissing()
            seen = await self.look(entry)
            if seen.trouble is not None:
                raise seen.trouble
            if seen.reader is None:
                raise CardMissing()
            act = partial(answer, asked=entry.asked, pin=pin, medium=self.source.medium)
            assertion = await self.source.use(seen.reader, act)
            taken = await hand_over(self._deliver, task.deliver, assertion)
            if isinstance(taken, Problem):
                if taken.status < 500:
                    entry.done_href = entry.asked.declined_href
                return taken
            entry.done_href = entry.asked.answered_href(taken.code)
            if task.shared_terminal:
                self._watch(entry, seen.reader)
            return entry.done_href

    async def decline(self, entry: Entry) -> str:
        """The person does not want to. Gives where the browser goes on."""
        async with entry.lock:
            entry.done_href = entry.done_href or entry.asked.declined_href
            return entry.done_href

    async def agree(self, entry: Entry) -> None:
        """The person agreed to what the certificate discloses.

        Raises:
            TaskUsed: the task is over.
        """
        async with entry.lock:
            self.still_open(entry)
            entry.agreed = True

    async def choose(self, entry: Entry, reader_id: str) -> None:
        """The person chose a card.

        Raises:
            TaskUsed: the task is over.
            CardNotChosen: there is none on that reader.
        """
        async with entry.lock:
            self.still_open(entry)
            if not any(reader.reader_id == reader_id and reader.present for reader in await self.source.readers()):
                raise CardNotChosen()
            entry.reader_id = reader_id

    def still_open(self, entry: Entry) -> None:
        """Check that nothing was handed over or declined yet.

        Raises:
            TaskUsed: it was.
        """
        if entry.done_href:
            raise TaskUsed()

    async def close(self) -> None:
        """Stop watching cards."""
        watches = list(self._watches)
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)

    def _watch(self, entry: Entry, reader: Reader) -> None:
        if len(self._watches) >= WATCHES_MAX:  # the site ends idle sessions by itself
            return
        watch = asyncio.get_running_loop().create_task(self._until_removed(entry, reader))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _until_removed(self, entry: Entry, reader: Reader) -> None:
        task = entry.asked.task
        try:
            async with asyncio.timeout(WATCH_S_MAX):
                await self.source.removed(reader)
        except TimeoutError:
            return
        await tell_removed(self._deliver, task.deliver, task.txn)
