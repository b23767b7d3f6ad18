"""What the PC/SC tests do, in a process of its own: the system's library remembers the first service that it met.

Every act gives plain values: `(code, facts)` for an error of ours.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import msgspec
from tests.contract.card_agent.site_double import check, make_task

from renkei.base.encoding import from_base64url
from renkei.base.errors import RenkeiError
from renkei.contracts.card_agent import Key
from renkei.institutions.card.agent.source import PcscSource, Reader
from renkei.institutions.card.agent.tasks import Asked
from renkei.institutions.card.agent.using import answer
from renkei.institutions.card.host.pcsc import Pcsc
from renkei.institutions.card.host.session import CardSession

SITE = "https://id.example.jp"


def begin(place: str) -> None:
    os.environ["PCSCLITE_CSOCK_NAME"] = place


def readers(only: str = "") -> Any:
    return told(lambda: [(one.reader_id, one.present, one.insertion) for one in asyncio.run(_readers(only))])


def tries(slot: int) -> Any:
    return told(lambda: asyncio.run(_use(slot, lambda session: session.tries_left(Key.AUTHENTICATION))))


def sign_in(slot: int, pin: str, key: Key = Key.AUTHENTICATION) -> Any:
    task = make_task(SITE, key=key)
    asked = Asked(task, from_base64url(task.challenge), ())

    def run() -> str:
        said = asyncio.run(_use(slot, lambda session: answer(session, asked, pin, medium="card")))
        check(task, said)
        return said.medium

    return told(run)


def bare_signature(slot: int) -> Any:
    """A signature with no PIN in this visit."""
    return told(lambda: asyncio.run(_use(slot, lambda session: session.sign(Key.AUTHENTICATION, bytes(32), "RS256"))))


def until_removed(slot: int) -> float:
    async def wait() -> float:
        found = (await _readers())[slot]
        began = time.monotonic()
        await PcscSource().removed(found)
        return time.monotonic() - began

    return asyncio.run(wait())


def removed_since(slot: int, insertion: int) -> bool:
    async def wait() -> bool:
        found = msgspec.structs.replace((await _readers())[slot], insertion=insertion)
        await asyncio.wait_for(PcscSource().removed(found), 5)
        return True

    return asyncio.run(wait())


def two_at_once(slot: int) -> Any:
    def run() -> None:
        name = asyncio.run(_readers())[slot].reader_id
        with Pcsc() as first, first.connect(name), Pcsc() as second, second.connect(name):
            pass

    return told(run)


def gone_in_the_middle(slot: int, seconds: float) -> Any:
    """Keep asking; the test takes the card away meanwhile."""

    def ask(session: CardSession) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            session.tries_left(Key.AUTHENTICATION)

    return told(lambda: asyncio.run(_use(slot, ask)))


def speed(slot: int, pin: str) -> dict[str, float]:
    """Seconds: connecting and asking for the tries, and a whole answer."""
    task = make_task(SITE)
    asked = Asked(task, from_base64url(task.challenge), ())
    found = {}
    for name, act in (
        ("tries", lambda session: session.tries_left(Key.AUTHENTICATION)),
        ("answer", lambda session: answer(session, asked, pin, medium="card")),
    ):
        began = time.perf_counter()
        asyncio.run(_use(slot, act))
        found[name] = time.perf_counter() - began
    return found


def told(act: Any) -> Any:
    try:
        return act()
    except RenkeiError as error:
        return error.code, error.public


async def _readers(only: str = "") -> tuple[Reader, ...]:
    return await PcscSource(only).readers()


async def _use(slot: int, act: Any) -> Any:
    source = PcscSource()
    return await source.use((await source.readers())[slot], act)
