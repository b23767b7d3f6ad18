"""A clerk's screen over one store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from litestar import Litestar

from renkei.base.time import to_ms
from renkei.contracts.identity import Acr, StaffUser
from renkei.institutions.proofing import store
from renkei.institutions.proofing.service import ProofingOffice
from renkei.institutions.proofing.web import PACKAGE
from renkei.institutions.proofing.web.pages import handlers
from renkei.platform.clock import MovableClock
from renkei.platform.database import Database
from renkei.platform.web.kit import WebKit
from renkei.platform.web.pages import AnyRequest, error_pages, page_router, static_handler

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)


def staff(body_id: str = "m-131121") -> StaffUser:
    return StaffUser(
        staff_id="s-1", name="見本職員", body_id=body_id, section="residents", affairs=frozenset(), roles=frozenset(),
        terminal="t-1", sid="x", acr=Acr.CARD, auth_ms=to_ms(NOW),
    )  # fmt: skip


class Desk:
    """Who sits at the screen."""

    def __init__(self) -> None:
        self.staff: StaffUser | None = staff()

    async def __call__(self, request: AnyRequest) -> StaffUser | None:
        return self.staff


def app_of(db: Database, desk: Desk) -> Litestar:
    kit = WebKit([PACKAGE])
    office = ProofingOffice(db, clock=MovableClock(NOW))
    routes = handlers(kit=kit, office=office, staff_of=desk, sign_in_href=lambda back: f"/sign-in?back={back}")
    return Litestar(
        [page_router(kit, routes), static_handler(kit)], exception_handlers=error_pages(kit), openapi_config=None
    )


def proofing_app(folder: Path) -> Litestar:
    """The pages over a store of their own."""
    return app_of(Database.open(f"sqlite:///{folder / 'proofing.db'}", metadata=store.metadata), Desk())
