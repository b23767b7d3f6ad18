"""One permit decision with code translation, in process: bodies, law row, requester's code in, provider's code out."""

from __future__ import annotations

import time

from bench.country import AFFAIRS, ANSWERING, ASKING, INFORMATION
from renkei.base.time import jst_date
from renkei.contracts.exchange import PermitAsk
from renkei.contracts.register import BodyEntry
from renkei.contracts.sheets import b64
from renkei.crypto.codes import KeyUse, generate_keys
from renkei.institutions.linkage.model import RegisterView, screen
from renkei.law import LawBook
from renkei.platform.clock import SystemClock


def run_permit(*, runs: int, decisions: int) -> list[float]:
    """Microseconds a decision, one at a time, as a single inquiry asks for it."""
    keys = generate_keys(use=KeyUse.DEMONSTRATION)
    bodies = {ASKING: frozenset({"jps"}), ANSWERING: frozenset({"municipality_mayor", "city_mayor"})}
    view = RegisterView(1, {body_id: _entry(body_id, kinds) for body_id, kinds in bodies.items()})
    table = LawBook.load().on(jst_date(SystemClock().now()))
    codes = [b64(keys.issue(ASKING, keys.handle(f"{90_000_000_000 + n:011d}"))) for n in range(decisions)]
    asks = [[PermitAsk(code, ANSWERING, AFFAIRS, INFORMATION, "section", False)] for code in codes]
    measured = []
    for _ in range(runs):
        start = time.perf_counter()
        for ask in asks:
            [candidate], _ = screen(ask, requester=ASKING, view=view, table=table, keys=keys)
            keys.issue(ANSWERING, candidate.handle)
        measured.append((time.perf_counter() - start) / decisions * 1e6)
    return measured


def _entry(body_id: str, kinds: frozenset[str]) -> BodyEntry:
    return BodyEntry(
        body_id=body_id, institution_code="0" * 16, name_ja=body_id, name_en=body_id, kinds=kinds, authority="",
        certificate="", log_key="",
    )  # fmt: skip
