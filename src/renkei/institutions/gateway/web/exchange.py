"""What other gateways and the core send to a tenant."""

from __future__ import annotations

from sqlalchemy import Connection

from renkei.contracts.errors import CallerMismatch
from renkei.contracts.exchange import (
    BRIEF_ITEMS,
    PATH_LATE_ANSWERS,
    PATH_PRESENTATIONS,
    TAG_ANSWER,
    TAG_PERMIT,
    Accepted,
    Presentation,
)  # fmt: skip
from renkei.contracts.numbering import PATH_CODE_DELIVERIES, CodeDelivery
from renkei.contracts.sheets import CORE, decode, encode
from renkei.crypto.certificates import Purpose
from renkei.crypto.errors import ManifestMismatch, SignatureInvalid
from renkei.crypto.evidence import verify_base
from renkei.crypto.manifest import Manifest, format_manifest_field, parse_manifest_field
from renkei.institutions.gateway.operations.late import take_late_answer
from renkei.institutions.gateway.operations.persons import take_codes
from renkei.institutions.gateway.operations.provisions import Answered, provide, read_presentation
from renkei.institutions.gateway.operations.tenant import Tenant
from renkei.platform.signed_app import SignedAnswer, SignedApp, SignedCall

MANIFEST = "renkei-manifest"


class ExchangeEndpoints:
    """Presentations, late answers and codes that come to one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def presentations(self, call: SignedCall) -> SignedAnswer:
        """Permits shown by a requester's gateway."""
        tenant = self._tenant
        presentation = decode(call.body, Presentation)
        sheet = read_presentation(
            presentation, manifest=self._permit_manifest(presentation, call), provider=tenant.body_id,
            requester=call.identity.body_id,
        )  # fmt: skip
        seal_key = tenant.directory.seal_key(call.identity)
        recheck = tenant.recheck(call.now)

        def work(conn: Connection) -> Answered:
            return provide(
                conn, sheet, presentation=presentation.presentation, provider=tenant.provider,
                requester_seal=seal_key, recheck=recheck, log=tenant.log, now=call.now,
            )  # fmt: skip

        answered = await tenant.db.write(work, brief=len(sheet.items) <= BRIEF_ITEMS)
        tenant.reporting.grown()
        return SignedAnswer(answered.body, headers={MANIFEST: format_manifest_field(answered.manifest)})

    def _permit_manifest(self, presentation: Presentation, call: SignedCall) -> Manifest:
        """Check the core's signature over the permit, and read which manifest it signed."""
        core = self._tenant.directory.lookup(presentation.permit.key_id, at=call.now)
        fields = verify_base(presentation.permit, core)
        if core.body_id != CORE or core.purpose is not Purpose.CORE or fields.tag != TAG_PERMIT:
            raise SignatureInvalid(private="the permit is not signed by the core, or not as a permit")
        if fields.manifest is None:
            raise ManifestMismatch(private="the permit carries no manifest")
        return parse_manifest_field(fields.manifest)

    async def late_answers(self, call: SignedCall) -> SignedAnswer:
        """An answer that a clerk of the provider decided on."""
        tenant = self._tenant
        if call.fields.manifest is None:
            raise ManifestMismatch(private="a late answer carries a manifest")
        manifest = parse_manifest_field(call.fields.manifest)

        def work(conn: Connection) -> bool:
            return take_late_answer(
                conn, call.body, manifest=manifest, signed=call.signed, caller=call.identity.body_id,
                body_id=tenant.body_id, key=tenant.key, log=tenant.log, now=call.now,
            )  # fmt: skip

        return SignedAnswer(encode(Accepted(int(await tenant.db.write(work)))))

    async def code_deliveries(self, call: SignedCall) -> SignedAnswer:
        """Linkage codes from the core."""
        delivery = decode(call.body, CodeDelivery)
        if call.identity.body_id != CORE or delivery.body_id != self._tenant.body_id:
            raise CallerMismatch()
        taken = await self._tenant.db.write(lambda conn: take_codes(conn, delivery, now=call.now))
        return SignedAnswer(encode(Accepted(taken)))


def mount_exchange(app: SignedApp, tenant: Tenant) -> None:
    """Let a tenant answer the core and other gateways."""
    endpoints = ExchangeEndpoints(tenant)
    gateways = frozenset((Purpose.GATEWAY,))
    app.route("POST", PATH_PRESENTATIONS, endpoints.presentations, answer_tag=TAG_ANSWER, purposes=gateways)
    app.route("POST", PATH_LATE_ANSWERS, endpoints.late_answers, purposes=gateways)
    app.route("POST", PATH_CODE_DELIVERIES, endpoints.code_deliveries, purposes=frozenset((Purpose.CORE,)))
