"""The other parties over signed calls: what gateways, the core, `numbers` and business systems are given."""

from __future__ import annotations

from renkei.contracts.exchange import TAG_REPLY
from renkei.contracts.inquiries import (
    PATH_CASES,
    PATH_COPIES,
    PATH_INQUIRIES,
    PATH_PERSONS,
    CaseBatch,
    CopyBatch,
    CopyReceipt,
    InquiryBatch,
    InquiryResults,
    PersonMarksBatch,
)  # fmt: skip
from renkei.contracts.numbering import (
    PATH_ACQUISITIONS,
    PATH_CODE_DELIVERIES,
    PATH_CODE_ISSUES,
    AcquisitionBatch,
    CodeDelivery,
    CodeIssueRequest,
)
from renkei.contracts.peers import Reply
from renkei.contracts.records import PATH_ACCESS, AccessList, AccessRequest
from renkei.contracts.sheets import CORE, encode
from renkei.crypto.certificates import Purpose
from renkei.crypto.evidence import MANIFEST_FIELD
from renkei.crypto.manifest import Manifest, format_manifest_field, parse_manifest_field
from renkei.crypto.messages import authority_of
from renkei.platform.signed_client import SignedClient

CORE_AUTHORITY = authority_of(CORE, Purpose.CORE)


def gateway_authority(body_id: str) -> str:
    """Where a body's gateway is reached."""
    return authority_of(body_id, Purpose.GATEWAY)


class SignedPeers:
    """`contracts.peers.Peers` over a signed client."""

    def __init__(self, client: SignedClient) -> None:
        self._client = client

    async def core(
        self, path: str, body: bytes, *, request_id: str, tag: str, manifest: Manifest | None = None
    ) -> Reply:
        """As `Peers.core`."""
        return await self._call(CORE_AUTHORITY, path, body, request_id, tag, manifest)

    async def body(
        self, body_id: str, path: str, body: bytes, *, request_id: str, tag: str, manifest: Manifest | None = None
    ) -> Reply:
        """As `Peers.body`."""
        return await self._call(gateway_authority(body_id), path, body, request_id, tag, manifest)

    async def _call(
        self, authority: str, path: str, body: bytes, request_id: str, tag: str, manifest: Manifest | None
    ) -> Reply:
        headers = {MANIFEST_FIELD: format_manifest_field(manifest)} if manifest else None
        reply = await self._client.call(
            authority, "POST", path, body, request_id=request_id, headers=headers, answer_tag=tag
        )
        field = reply.fields.manifest
        return Reply(reply.body, reply.signed, parse_manifest_field(field) if field else None, reply.sent)


class GatewayClient:
    """A body's gateway as its business systems reach it (`contracts.inquiries.InquiryPort`)."""

    def __init__(self, client: SignedClient, body_id: str) -> None:
        self._client, self._authority = client, gateway_authority(body_id)

    async def inquire(self, batch: InquiryBatch) -> InquiryResults:
        """Ask; see `gateway.operations.asking.Asking.inquire`."""
        reply = await self._client.call(self._authority, "POST", PATH_INQUIRIES, encode(batch), request_id=batch.batch)
        return reply.decode(InquiryResults)

    async def result(self, batch: str) -> InquiryResults:
        """Results of a batch asked before."""
        reply = await self._client.call(self._authority, "GET", f"{PATH_INQUIRIES}/{batch}")
        return reply.decode(InquiryResults)

    async def register_copies(self, batch: CopyBatch) -> CopyReceipt:
        """Register copies."""
        reply = await self._client.call(self._authority, "POST", PATH_COPIES, encode(batch), request_id=batch.batch)
        return reply.decode(CopyReceipt)

    async def register_cases(self, batch: CaseBatch) -> None:
        """Open or close cases."""
        await self._client.call(self._authority, "POST", PATH_CASES, encode(batch))

    async def mark_persons(self, batch: PersonMarksBatch) -> None:
        """Set marks of persons."""
        await self._client.call(self._authority, "POST", PATH_PERSONS, encode(batch))

    async def expect_codes(self, batch: AcquisitionBatch) -> None:
        """Say which address numbers the acquisition numbers of an order stand for."""
        await self._client.call(self._authority, "POST", PATH_ACQUISITIONS, encode(batch))


class CoreClient:
    """The core as `numbers` and the channels reach it."""

    def __init__(self, client: SignedClient) -> None:
        self._client = client

    async def issue_codes(self, request: CodeIssueRequest) -> None:
        """Have codes issued; they go to the body's gateway, not back here."""
        await self._client.call(CORE_AUTHORITY, "POST", PATH_CODE_ISSUES, encode(request))

    async def access_list(self, request: AccessRequest) -> AccessList:
        """A person's access list, under the channel's own code."""
        reply = await self._client.call(CORE_AUTHORITY, "POST", PATH_ACCESS, encode(request))
        return reply.decode(AccessList)


async def deliver_codes(client: SignedClient, delivery: CodeDelivery) -> None:
    """The core hands issued codes to the gateway of the body that they are for."""
    await client.call(
        gateway_authority(delivery.body_id), "POST", PATH_CODE_DELIVERIES, encode(delivery), answer_tag=TAG_REPLY
    )
