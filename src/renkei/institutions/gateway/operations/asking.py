"""The asking side end to end: batches in, one dispatch to the core, presentations to providers, results out.

    offered --accept--> written down --core--> permits --provider(s)--> answers --conclude--> recorded
                         |________________ repeatable under the dispatch id ________________|

Batches that arrive together share a dispatch: the protocol is made for many items a message, and the cost of a
message (signatures, commits) is then shared too. Nothing waits longer than for the dispatches under way.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from renkei.base.errors import Failed, RenkeiError
from renkei.contracts.errors import ExchangeInterrupted, MessageMalformed, PermitExpired, TooManyItems
from renkei.contracts.exchange import (
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
from renkei.contracts.sheets import b64, encode
from renkei.crypto.manifest import Manifest
from renkei.crypto.sealing import SealingPrivateKey
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.model.asking import ItemOutcome, Planned, results
from renkei.institutions.gateway.model.events import InquiriesInterrupted
from renkei.institutions.gateway.model.reading import (
    Permits,
    outcomes_of,
    read_answer,
    read_permits,
    refusals_of,
)  # fmt: skip
from renkei.institutions.gateway.operations.inquiries import LegTaken, PermitTaken, accept, conclude, lapse
from renkei.institutions.gateway.operations.results import stored_results
from renkei.platform.audit_store import audit
from renkei.platform.clock import Clock
from renkei.platform.database import Database
from renkei.platform.logstore import LogStore

DISPATCHES_AT_ONCE = 3
RETRY_S = (1.0, 2.0, 5.0, 15.0, 60.0)


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
        self._retries: dict[str, asyncio.Task[None]] = {}

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
        if len(self._dispatchers) < DISPATCHES_AT_ONCE:
            task = asyncio.create_task(self._dispatch_offers())
            self._dispatchers.add(task)
            task.add_done_callback(self._dispatchers.discard)
        return await offer.answer

    async def result(self, batch_id: str) -> InquiryResults | None:
        """Results of a batch asked before, late answers included; None if there is no such batch."""
        return await self._db.read(lambda conn: stored_results(conn, batch_id, key=self._key))

    async def recover(self) -> int:
        """Finish what a killed process left open; returns how many dispatches were open."""
        left = await self._db.read(queries.open_dispatches)
        for dispatch_id in left:
            if dispatch_id not in self._running:
                try:
                    await self._run(dispatch_id)
                except RenkeiError:
                    self._retry_later(dispatch_id)
        return len(left)

    async def close(self) -> None:
        """Stop retrying and wait for what is under way."""
        for task in self._retries.values():
            task.cancel()
        await asyncio.gather(*self._dispatchers, *self._retries.values(), return_exceptions=True)

    async def _dispatch_offers(self) -> None:
        while self._offers:
            offers = self._take_offers()
            try:
                await self._dispatch(offers)
            except Exception as error:  # noqa: BLE001  # it belongs to the callers that wait, not to this task
                for offer in offers:
                    if not offer.answer.done():
                        offer.answer.set_exception(error)

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
            lambda conn: accept(conn, offered, dispatch=dispatch_id, body_id=self._body_id, now=now)
        )
        outcomes: dict[int, ItemOutcome] = {}
        if intake.dispatch is not None:
            try:
                outcomes = await self._run(dispatch_id, intake.dispatch)
            except RenkeiError:
                self._retry_later(dispatch_id)
        for offer in offers:
            await self._answer(offer, intake.known, intake.conflicts, intake.planned, outcomes)

    async def _answer(
        self,
        offer: _Offer,
        known: Mapping[str, str],
        conflicts: Mapping[str, RenkeiError],
        planned: Mapping[str, list[Planned]],
        outcomes: Mapping[int, ItemOutcome],
    ) -> None:
        batch_id = offer.batch.batch
        if batch_id in conflicts:
            offer.answer.set_exception(conflicts[batch_id])
            return
        if batch_id in known:
            await self._settle(known[batch_id])
            found = await self.result(batch_id)
            if found is not None:
                offer.answer.set_result(found)
            return
        offer.answer.set_result(results(offer.batch, planned[batch_id], outcomes))

    async def _settle(self, dispatch_id: str) -> None:
        """Wait for a dispatch that is under way, or try once more to finish one that was interrupted."""
        if await self._db.read(lambda conn: dispatch_id in queries.open_dispatches(conn)):
            try:
                await self._run(dispatch_id)
            except RenkeiError:
                self._retry_later(dispatch_id)

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
        reply = await self._ask_core(dispatch)
        manifest = reply.manifest or Manifest(b"", 0)
        permits = read_permits(reply.body, manifest, requester=self._body_id, batch=dispatch_id, asks=dispatch.asks)
        settled = set() if fresh else await self._db.read(lambda conn: queries.settled_sheets(conn, dispatch_id))
        left = [place for place in range(len(permits.sheets)) if place + 1 not in settled]
        taken = await asyncio.gather(*(self._present(dispatch_id, reply, permits, place) for place in left))
        legs = [leg for leg in taken if leg is not None]
        permit = PermitTaken(reply.body, reply.signed, reply.sent)
        done = len(legs) == len(left)
        now = self._clock.now()
        await self._db.write(
            lambda conn: conclude(
                conn, dispatch, permit=permit, legs=legs, done=done, body_id=self._body_id, log=self._log, now=now
            )
        )
        if not done:
            self._retry_later(dispatch_id)
        outcomes = dict(refusals_of(permits))
        for leg in legs:
            outcomes.update(leg.outcomes)
        return outcomes

    async def _ask_core(self, dispatch: queries.Dispatch) -> Reply:
        try:
            return await self._peers.core(
                PATH_PERMITS, dispatch.request, request_id=dispatch.dispatch, tag=TAG_PERMIT,
                manifest=dispatch.manifest,
            )  # fmt: skip
        except Failed as error:
            await self._note_interruption(dispatch.dispatch, "core", error)
            raise ExchangeInterrupted(private=error.code) from error

    async def _present(self, dispatch_id: str, reply: Reply, permits: Permits, place: int) -> LegTaken | None:
        """Present one sheet; None if the provider cannot be reached for now."""
        sheet = permits.sheets[place]
        presentation_id = f"{dispatch_id}-{place + 1}"
        message = Presentation(
            presentation=presentation_id, permit=reply.signed, roots=[b64(root) for root in permits.roots],
            at=place + 1, sheet=permits.raw[place],
        )  # fmt: skip
        try:
            answer = await self._peers.body(
                sheet.header.provider, PATH_PRESENTATIONS, encode(message), request_id=presentation_id,
                tag=TAG_ANSWER,
            )  # fmt: skip
            read = read_answer(answer.body, answer.manifest or Manifest(b"", 0), sheet, presentation=presentation_id)
            outcomes = dict(outcomes_of(sheet, read, self._key))
        except Failed as error:
            await self._note_interruption(dispatch_id, sheet.header.provider, error)
            return None
        except PermitExpired:
            return LegTaken(place + 1, sheet, lapse(sheet, PermitExpired.code), b"", None, None)
        except RenkeiError as error:
            return LegTaken(place + 1, sheet, lapse(sheet, error.code, Outcome.REFUSED), b"", None, None)
        return LegTaken(place + 1, sheet, outcomes, answer.body, answer.signed, answer.sent)

    async def _note_interruption(self, dispatch_id: str, peer: str, error: RenkeiError) -> None:
        event = InquiriesInterrupted(dispatch=dispatch_id, peer=peer, reason=error.code)
        now = self._clock.now()
        await self._db.write(lambda conn: audit(conn, store.audit_table, event, now=now))

    def _retry_later(self, dispatch_id: str) -> None:
        if dispatch_id not in self._retries:
            task = asyncio.create_task(self._retry(dispatch_id))
            self._retries[dispatch_id] = task
            task.add_done_callback(lambda _: self._retries.pop(dispatch_id, None))

    async def _retry(self, dispatch_id: str) -> None:
        for attempt in range(1_000_000):
            await asyncio.sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
            try:
                await self._run(dispatch_id)
            except RenkeiError:
                continue
            if not await self._db.read(lambda conn: dispatch_id in queries.open_dispatches(conn)):
                return
