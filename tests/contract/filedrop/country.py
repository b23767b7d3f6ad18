"""A small country of synthetic people for these tests, running over HTTP or stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from tests.contract.filedrop.samples import TAX
from tests.network import JPS, SAPPORO, Network

from renkei.assembly.trust import write_trust
from renkei.platform.clock import MovableClock

Way = Callable[[str], list[str]]
"""Options by which a body's files are handed over."""


@contextmanager
def country(folder: Path, *, http: bool) -> Iterator[Way]:
    """A country with persons 1 to 3, cases of 1 and 2, a copy of 1; running over HTTP or stopped."""
    ready, done = Event(), Event()
    urls: list[str] = []

    async def live() -> None:
        clock = MovableClock(datetime.now(UTC))
        net = await Network(folder, http=http, clock=clock).start()
        for body_id in (JPS, SAPPORO):
            await net.give_codes(body_id, [1, 2, 3])
        await net.give_copies(SAPPORO, "local_tax", [1], TAX)
        await net.open_cases([1, 2])
        core, now = net.core.core, clock.now()
        with core.db.reading() as conn:
            register = core.published(core.view(conn, now), now)
        write_trust(folder / "trust.json", anchors=[net.means.keyring.anchor], register=register, synthetic=True)
        if net.server is not None:
            urls.append(net.server.url)
            ready.set()
            await asyncio.to_thread(done.wait)
        await net.stop()

    if not http:
        asyncio.run(live())
        yield lambda body_id: ["--data", str(folder), "--body", body_id]
        return
    thread = Thread(target=asyncio.run, args=(live(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield lambda body_id: [
            "--url", urls[0], "--key", str(folder / "keys" / f"{body_id}.business.json"), "--body", body_id,
        ]  # fmt: skip
    finally:
        done.set()
        thread.join(10)
