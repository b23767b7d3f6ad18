"""What a body's own business systems send to its gateway (route 1: the gateway authenticates the system)."""

from __future__ import annotations

from functools import partial

from renkei.contracts.errors import BatchUnknown, CallerMismatch
from renkei.contracts.exchange import Accepted
from renkei.contracts.inquiries import (
    PATH_CASES,
    PATH_COPIES,
    PATH_INQUIRIES,
    PATH_PERSONS,
    CaseBatch,
    CopyBatch,
    InquiryBatch,
    PersonMarksBatch,
)  # fmt: skip
from renkei.contracts.numbering import PATH_ACQUISITIONS, AcquisitionBatch
from renkei.contracts.sheets import decode, encode
from renkei.crypto.certificates import Purpose
from renkei.institutions.gateway.operations.copies import register_copies
from renkei.institutions.gateway.operations.persons import expect_codes, mark_persons, register_cases
from renkei.institutions.gateway.operations.tenant import Tenant
from renkei.platform.signed_app import SignedAnswer, SignedApp, SignedCall, SignedHandler


class BusinessEndpoints:
    """Inquiries, copies, cases and persons of one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def inquiries(self, call: SignedCall) -> SignedAnswer:
        """Ask: one inquiry or many."""
        batch = decode(call.body, InquiryBatch)
        return SignedAnswer(encode(await self._tenant.asking.inquire(batch, call.body)))

    async def inquiry_results(self, call: SignedCall) -> SignedAnswer:
        """Results of a batch asked before, late answers included."""
        found = await self._tenant.asking.result(call.params["batch"])
        if found is None:
            raise BatchUnknown()
        return SignedAnswer(encode(found))

    async def copies(self, call: SignedCall) -> SignedAnswer:
        """Register copies."""
        batch = decode(call.body, CopyBatch)
        work = partial(register_copies, batch=batch, body=call.body, now=call.now)
        return SignedAnswer(encode(await self._tenant.db.write(work)))

    async def cases(self, call: SignedCall) -> SignedAnswer:
        """Open or close cases of a section."""
        batch = decode(call.body, CaseBatch)
        await self._tenant.db.write(partial(register_cases, batch=batch, now=call.now))
        return SignedAnswer(encode(Accepted(len(batch.cases))))

    async def persons(self, call: SignedCall) -> SignedAnswer:
        """Set the marks of persons."""
        batch = decode(call.body, PersonMarksBatch)
        await self._tenant.db.write(partial(mark_persons, batch=batch, now=call.now))
        return SignedAnswer(encode(Accepted(len(batch.persons))))

    async def acquisitions(self, call: SignedCall) -> SignedAnswer:
        """Persons for whom the body's ledger is obtaining codes."""
        batch = decode(call.body, AcquisitionBatch)
        new = await self._tenant.db.write(partial(expect_codes, batch=batch))
        return SignedAnswer(encode(Accepted(new)))

    def own(self, handler: SignedHandler) -> SignedHandler:
        """Only systems of the tenant's own body may call; nobody reaches another tenant's persons."""

        async def checked(call: SignedCall) -> SignedAnswer:
            if call.identity.body_id != self._tenant.body_id:
                raise CallerMismatch()
            return await handler(call)

        return checked


def mount_business(app: SignedApp, tenant: Tenant) -> None:
    """Let a tenant answer its own body's business systems."""
    endpoints = BusinessEndpoints(tenant)
    systems = frozenset((Purpose.BUSINESS,))
    routes: tuple[tuple[str, str, SignedHandler], ...] = (
        ("POST", PATH_INQUIRIES, endpoints.inquiries),
        ("GET", PATH_INQUIRIES + "/{batch}", endpoints.inquiry_results),
        ("POST", PATH_COPIES, endpoints.copies),
        ("POST", PATH_CASES, endpoints.cases),
        ("POST", PATH_PERSONS, endpoints.persons),
        ("POST", PATH_ACQUISITIONS, endpoints.acquisitions),
    )
    for method, path, handler in routes:
        app.route(method, path, endpoints.own(handler), purposes=systems)
