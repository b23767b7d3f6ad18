"""The asking side end to end: batches in, one dispatch to the core, presentations to providers, results out.

    offered --accept--> written down --core--> permits --provider(s)--> answers --conclude--> recorded
                         |________________ repeatable under the dispatch id ________________|

Batches that arrive together share a dispatch: the protocol is made for many items a message, and the cost of a
message (signatures, commits) is then shared too. Nothing waits longer than for the dispatches under way.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from renkei.base.errors import Refused, RenkeiError
from renkei.contracts.errors import MessageMalformed, PermitExpired, PermitInvalid, TooManyItems
from renkei.contracts.exchange import (
    BRIEF_ITEMS,
    ITEMS_MAX,
    PATH_PERMITS,
    PATH_PRESENTATIONS,
    TAG_ANSWER,
    TAG_PERMIT,
    Outcome,
    Presentation,
)  # fmt: skip
from renkei.contracts.inquiries import InquiryBatch, InquiryResults
from renkei.contracts.peers import Peers, Reply
from renkei.contracts.sheets import CORE, b64, encode
from renkei.crypto.manifest import Manifest
from renkei.crypto.sealing import SealingPrivateKey
from renkei.institutions.gateway import queries
from renkei.institutions.gateway.model.asking import ItemOutcome, results, without_answer
from renkei.institutions.gateway.model.reading import (
    Permits,
    manifest_in,
    outcomes_of,
    read_answer,
    read_permits,
    refusals_of,
)  # fmt: skip
from renkei.institutions.gateway.operations.inquiries import (
    LegTaken,
    PermitTaken,
    accept,
    conclude,
    lapse,
    note_setback,
)  # fmt: skip
from renkei.institutions.gateway.operations.results import stored_results
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.errors import PeerTimeout
from renkei.platform.logging import get_logger
from renkei.platform.logstore import LogStore

DISPATCHES_AT_ONCE = 4
ITEMS_WORTH_ANOTHER = 16
"""With dispatches under way, so many waiting items for each of them are worth one more: a dispatch costs as much as
a few hundred items, so fewer, fuller ones answer single inquiries sooner."""
RETRY_S = (1.0, 2.0, 5.0, 15.0, 60.0)


GIVE_WAY_S = 3.0
"""A dispatch under way for longer no longer counts as under way: one provider that hangs must not stop the others."""
ANSWER_WITHIN_S = 15.0
"""How long those who share a dispatch wait for the slowest provider; a later try finds the answer that it gave."""


class _Turn:
    """A dispatcher's right to go on with what waits."""

    __slots__ = ("over",)

    def __init__(self) -> None:
        self.over = False


class _Offer(NamedTuple):
    batch: InquiryBatch
    body: bytes
    answer: asyncio.Future[InquiryResults]


class Asking:
    """The asking side of one tenant.

    Args:
        key: the body's private sealing key; opens answers.
        peers: how the core and the providers are reached.
    """

    def __init__(
        self, db: Database, *, body_id: str, key: SealingPrivateKey, peers: Peers, log: LogStore, clock: Clock
    ) -> None:
        self._db, self._body_id, self._key, self._peers, self._log, self._clock = db, body_id, key, peers, log, clock
        self._offers: list[_Offer] = []
        self._running: dict[str, asyncio.Task[dict[int, ItemOutcome]]] = {}
        self._dispatchers: set[asyncio.Task[None]] = set()
        self._dispatching = 0
        self._retries: dict[str, asyncio.Task[None]] = {}
        self._closing = False

    async def inquire(self, batch: InquiryBatch, body: bytes) -> InquiryResults:
        """Ask; the results are recorded and durable when this returns.

        Args:
            body: bytes that the batch was decoded from; a repetition under the same id must be the same.

        Raises:
            RequestConflict: the batch id stands for another content.
            TooManyItems: more than `ITEMS_MAX` inquiries.
            MessageMalformed: no inquiry at all.
        """
        if len(batch.inquiries) > ITEMS_MAX:
            raise TooManyItems(limit=ITEMS_MAX)
        if not batch.inquiries:
            raise MessageMalformed(where="inquiries")
        offer = _Offer(batch, body, asyncio.get_running_loop().create_future())
        self._offers.append(offer)
        self._dispatch_if_worth()
        return await offer.answer

    async def result(self, batch_id: str) -> InquiryResults | None:
        """Results of a batch asked before, late answers included; None if there is no such batch."""
        return await self._db.read(lambda conn: stored_results(conn, batch_id, key=self._key))

    async def recover(self) -> int:
        """Finish what a killed process left open; returns how many dispatches were open."""
        left = await self._db.read(queries.open_dispatches)
        for dispatch_id in left:
            if dispatch_id not in self._running:
                await self._try(dispatch_id)
        return len(left)

    async def close(self) -> None:
        """Stop retrying and wait for what is under way."""
        self._closing = True
        for task in self._retries.values():
            task.cancel()
        waiting = (*self._dispatchers, *self._retries.values(), *self._running.values())
        await asyncio.gather(*waiting, return_exceptions=True)

    def _dispatch_if_worth(self) -> None:
        if self._offers and self._worth_another():
            self._dispatching += 1
            self._keep(self._dispatch_offers())

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._dispatchers.add(task)
        task.add_done_callback(self._dispatchers.discard)

    def _worth_another(self) -> bool:
        """Whether what waits deserves a dispatch beside those under way."""
        if self._dispatching >= DISPATCHES_AT_ONCE:
            return False
        wanted = self._dispatching * ITEMS_WORTH_ANOTHER
        return wanted == 0 or sum(len(offer.batch.inquiries) for offer in self._offers) >= wanted

    async def _dispatch_offers(self) -> None:
        turn = _Turn()
        try:
            while self._offers and not turn.over:
                offers = self._take_offers()
                slow = asyncio.get_running_loop().call_later(GIVE_WAY_S, self._give_way, turn)
                try:
                    await self._dispatch(offers)
                except Exception as error:  # noqa: BLE001  # it belongs to the callers that wait, not to this task
                    for offer in offers:
                        if not offer.answer.done():
                            offer.answer.set_exception(error)
                finally:
                    slow.cancel()
        finally:
            if not turn.over:
                self._dispatching -= 1

    def _give_way(self, turn: _Turn) -> None:
        """A dispatch that waits for a slow party no longer keeps others from being sent."""
        turn.over = True
        self._dispatching -= 1
        self._dispatch_if_worth()

    def _take_offers(self) -> list[_Offer]:
        """The oldest offers that fit one message: of one purpose, no batch id twice."""
        taken: list[_Offer] = []
        left: list[_Offer] = []
        items, ids = 0, set()
        for offer in self._offers:
            fits = items + len(offer.batch.inquiries) <= ITEMS_MAX and offer.batch.batch not in ids
            if taken and (not fits or offer.batch.purpose is not taken[0].batch.purpose):
                left.append(offer)
            else:
                taken.append(offer)
                items += len(offer.batch.inquiries)
                ids.add(offer.batch.batch)
        self._offers = left
        return taken

    async def _dispatch(self, offers: Sequence[_Offer]) -> None:
        dispatch_id = uuid.uuid4().hex
        now = self._clock.now()
        offered = [(offer.batch, offer.body) for offer in offers]
        intake = await self._db.write(
            lambda conn: accept(conn, offered, dispatch=dispatch_id, body_id=self._body_id, now=now),
            brief=sum(len(offer.batch.inquiries) for offer in offers) <= BRIEF_ITEMS,
        )
        outcomes: Mapping[int, ItemOutcome] = {}
        if intake.dispatch is not None:
            outcomes = await self._try(dispatch_id, intake.dispatch)
        for offer in offers:
            batch_id = offer.batch.batch
            if offer.answer.done():
                continue  # nobody waits any more
            if batch_id in intake.conflicts:
                offer.answer.set_exception(intake.conflicts[batch_id])
            elif batch_id in intake.planned:
                offer.answer.set_result(results(offer.batch, intake.planned[batch_id], outcomes))
            else:
                # By itself, so that nobody else waits for what an earlier request still waits for.
                self._keep(self._answer_again(offer, intake.known[batch_id]))

    async def _answer_again(self, offer: _Offer, dispatch_id: str) -> None:
        """Answer a repeated request once its dispatch is settled, or was tried once more."""
        try:
            if await self._db.read(lambda conn: dispatch_id in queries.open_dispatches(conn)):
                await self._try(dispatch_id)
            found = await self.result(offer.batch.batch)
        except Exception as error:  # noqa: BLE001  # it belongs to the caller that waits
            if not offer.answer.done():
                offer.answer.set_exception(error)
            return
        if found is not None and not offer.answer.done():
            offer.answer.set_result(found)

    async def _try(self, dispatch_id: str, fresh: queries.Dispatch | None = None) -> Mapping[int, ItemOutcome]:
        """Outcomes of a dispatch as far as they are known now; what is open is tried again later.

        A fault of one dispatch never keeps the tenant from starting or from its other work.
        """
        try:
            return await self._run(dispatch_id, fresh)
        except Exception as error:  # noqa: BLE001  # written down already; it goes on under the same id
            if not isinstance(error, RenkeiError):
                get_logger("gateway").error("dispatch_fault", dispatch=dispatch_id, exc_info=error)
            self._retry_later(dispatch_id)
            return {}

    async def _run(self, dispatch_id: str, fresh: queries.Dispatch | None = None) -> dict[int, ItemOutcome]:
        task = self._running.get(dispatch_id)
        if task is None:
            task = asyncio.create_task(self._exchange(dispatch_id, fresh))
            self._running[dispatch_id] = task
            task.add_done_callback(lambda _: self._running.pop(dispatch_id, None))
        return await asyncio.shield(task)

    async def _exchange(self, dispatch_id: str, fresh: queries.Dispatch | None) -> dict[int, ItemOutcome]:
        dispatch = fresh or await self._db.read(lambda conn: queries.dispatch(conn, dispatch_id))
        if dispatch is None or dispatch.done:
            return {}
        try:
            reply, permits = await self._ask_core(dispatch)
        except RenkeiError as error:
            # A refusal is the core's own decision and final; anything else is between us and the core, and heals.
            await self._note(dispatch_id, 0, CORE, error, final=isinstance(error, Refused))
            if not isinstance(error, Refused):
                self._retry_later(dispatch_id)
            return {at: without_answer(error) for at in range(len(dispatch.asks))}
        settled = set() if fresh else await self._db.read(lambda conn: queries.settled_sheets(conn, dispatch_id))
        left = [place for place in range(len(permits.sheets)) if place + 1 not in settled]
        taken = await asyncio.gather(*(self._present(dispatch_id, reply, permits, place) for place in left))
        legs = [leg for leg in taken if isinstance(leg, LegTaken)]
        permit = PermitTaken(reply.body, reply.signed, reply.sent)
        done = len(legs) == len(left)
        now = self._clock.now()
        await self._db.write(
            lambda conn: conclude(
                conn, dispatch, permit=permit, legs=legs, done=done, body_id=self._body_id, log=self._log, now=now
            ),
            brief=len(dispatch.asks) <= BRIEF_ITEMS,
        )
        if not done:
            self._retry_later(dispatch_id)
        outcomes = dict(refusals_of(permits))
        for place, leg in zip(left, taken, strict=True):
            if isinstance(leg, LegTaken):
                outcomes.update(leg.outcomes)
            else:
                outcomes.update((item.at, without_answer(leg)) for item in permits.sheets[place].items)
        return outcomes

    async def _ask_core(self, dispatch: queries.Dispatch) -> tuple[Reply, Permits]:
        if dispatch.permit is not None and dispatch.permit_signed is not None and dispatch.sent is not None:
            signed = dispatch.permit_signed
            reply = Reply(dispatch.permit, signed, manifest_in(signed), dispatch.sent)
        else:
            reply = await self._peers.core(
                PATH_PERMITS, dispatch.request, request_id=dispatch.dispatch, tag=TAG_PERMIT,
                manifest=dispatch.manifest,
            )  # fmt: skip
        manifest = reply.manifest or Manifest(b"", 0)
        return reply, read_permits(
            reply.body, manifest, requester=self._body_id, batch=dispatch.dispatch, asks=dispatch.asks
        )

    async def _present(self, dispatch_id: str, reply: Reply, permits: Permits, place: int) -> LegTaken | RenkeiError:
        """Present one sheet; the error if there is no answer for now.

        Only a refusal ends it, or the word that the permits are not the core's. Whatever else is wrong may be wrong
        on the way only: the provider may have answered and recorded, and a repetition brings the same answer.
        """
        sheet = permits.sheets[place]
        presentation_id = f"{dispatch_id}-{place + 1}"
        message = Presentation(
            presentation=presentation_id, permit=reply.signed, roots=[b64(root) for root in permits.roots],
            at=place + 1, sheet=permits.raw[place],
        )  # fmt: skip
        try:
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    answer = await self._peers.body(
                        sheet.header.provider, PATH_PRESENTATIONS, encode(message), request_id=presentation_id,
                        tag=TAG_ANSWER,
                    )  # fmt: skip
            except TimeoutError:
                raise PeerTimeout(authority=sheet.header.provider) from None
            read = read_answer(answer.body, answer.manifest or Manifest(b"", 0), sheet, presentation=presentation_id)
            outcomes = dict(outcomes_of(sheet, read, self._key))
        except PermitExpired:
            return LegTaken(place + 1, sheet, lapse(sheet, PermitExpired.code), b"", None, None)
        except (Refused, PermitInvalid) as error:
            return LegTaken(place + 1, sheet, lapse(sheet, error.code, Outcome.REFUSED), b"", None, None)
        except RenkeiError as error:
            await self._note(dispatch_id, place + 1, sheet.header.provider, error, final=False)
            return error
        return LegTaken(place + 1, sheet, outcomes, answer.body, answer.signed, answer.sent)

    async def _note(self, dispatch_id: str, sheet: int, peer: str, error: RenkeiError, *, final: bool) -> None:
        now = self._clock.now()
        await self._db.write(
            lambda conn: note_setback(conn, dispatch_id, sheet=sheet, peer=peer, error=error, final=final, now=now)
        )

    def _retry_later(self, dispatch_id: str) -> None:
        if dispatch_id not in self._retries and not self._closing:
            task = asyncio.create_task(self._retry(dispatch_id))
            self._retries[dispatch_id] = task
            task.add_done_callback(lambda _: self._retries.pop(dispatch_id, None))

    async def _retry(self, dispatch_id: str) -> None:
        for attempt in range(1_000_000):
            await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
            try:
                await self._run(dispatch_id)
                if not await self._db.read(lambda conn: dispatch_id in queries.open_dispatches(conn)):
                    return
            except RenkeiError as error:
                get_logger("gateway").info("dispatch_open", dispatch=dispatch_id, code=error.code)
            except Exception as error:  # noqa: BLE001  # the next attempt may fare better; nothing else is lost
                get_logger("gateway").error("dispatch_fault", dispatch=dispatch_id, exc_info=error)
