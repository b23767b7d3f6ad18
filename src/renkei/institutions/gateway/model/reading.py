"""Reading what the core and a provider sent: every byte checked before anything is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from renkei.base.time import from_ms, jst_date
from renkei.contracts.errors import AnswerInvalid, PermitInvalid
from renkei.contracts.exchange import (
    Answer,
    AnswerHeader,
    AnswerItem,
    Outcome,
    PermitAsk,
    PermitHeader,
    PermitItem,
    PermitReply,
    RawSheet,
    RefusalHeader,
    RefusalItem,
    Sheet,
)  # fmt: skip
from renkei.contracts.sheets import answer_info, decode, read_sheet, sheet_root, unb64, unb64_many
from renkei.crypto.errors import ManifestMismatch
from renkei.crypto.evidence import SignedMessage, read_base
from renkei.crypto.manifest import Manifest, manifest_of, parse_manifest_field, verify_sheets
from renkei.crypto.sealing import Opener, SealingPrivateKey, commit_payloads
from renkei.institutions.gateway.model.asking import ItemOutcome

SALT_BYTES = 16
_NO_FACTS: Mapping[str, str] = MappingProxyType({})
_ANSWERS = frozenset((Outcome.GIVEN, Outcome.NONE, Outcome.PENDING, Outcome.REFUSED))

PermitSheet = Sheet[PermitHeader, PermitItem]
AnswerSheet = Sheet[AnswerHeader, AnswerItem]


class Permits(NamedTuple):
    """The core's reply, verified against the manifest that it signed."""

    roots: list[bytes]
    refusals: list[RefusalItem]
    raw: list[RawSheet]
    """Permit sheets as received; `raw[i]` is sheet `i + 1` of the reply."""
    sheets: list[PermitSheet]


def manifest_in(signed: SignedMessage) -> Manifest | None:
    """The manifest that a message covers, read from evidence that was verified when it was taken."""
    field = read_base(signed.base).manifest
    return parse_manifest_field(field) if field else None


def read_permits(body: bytes, manifest: Manifest, *, requester: str, batch: str, asks: Sequence[PermitAsk]) -> Permits:
    """Decode the core's reply and check that it answers every item of this request, and nothing else.

    Raises:
        MessageMalformed, PermitInvalid: it does not.
    """
    reply = decode(body, PermitReply)
    roots = [sheet_root(raw) for raw in reply.sheets]
    try:
        verify_sheets(manifest, roots)
    except ManifestMismatch as error:
        raise PermitInvalid(private="the reply is not what its signed manifest says") from error
    refused = read_sheet(reply.sheets[0], RefusalHeader, list[RefusalItem])
    sheets = [read_sheet(raw, PermitHeader, list[PermitItem]) for raw in reply.sheets[1:]]
    if refused.header.batch != batch or any(
        sheet.header.requester != requester or sheet.header.batch != batch for sheet in sheets
    ):
        raise PermitInvalid(private="the reply speaks of another request")
    if refused.header.items != len(refused.items) or any(sheet.header.items != len(sheet.items) for sheet in sheets):
        raise PermitInvalid(private="a sheet has another number of items than its header says")
    places = [item.at for item in refused.items]
    for sheet in sheets:
        for item in sheet.items:
            ask = asks[item.at] if 0 <= item.at < len(asks) else None
            if ask is None or ask.provider != sheet.header.provider or ask.information != item.information:
                raise PermitInvalid(private="a permit differs from what was asked")
            places.append(item.at)
    if sorted(places) != list(range(len(asks))):
        raise PermitInvalid(private="the reply does not answer each item once")
    return Permits(roots, refused.items, reply.sheets[1:], sheets)


def read_answer(body: bytes, manifest: Manifest, permits: PermitSheet, *, presentation: str) -> AnswerSheet:
    """Decode a provider's answer and check it against its signed manifest and against the permits presented.

    Raises:
        MessageMalformed, AnswerInvalid: it is not the answer to these permits.
    """
    sheet = read_sheet(decode(body, Answer), AnswerHeader, list[AnswerItem])
    if manifest_of(sheet.header_bytes, sheet.item_bytes) != manifest:
        raise AnswerInvalid(private="the answer is not what its signed manifest says")
    header, expected = sheet.header, permits.header
    if (header.provider, header.requester, header.presentation) != (
        expected.provider, expected.requester, presentation,
    ):  # fmt: skip
        raise AnswerInvalid(private="the answer speaks of another presentation")
    if [item.number for item in sheet.items] != [item.number for item in permits.items]:
        raise AnswerInvalid(private="the answer does not answer each permit once, in order")
    if not _ANSWERS.issuperset(item.outcome for item in sheet.items):
        raise AnswerInvalid(private="an outcome that no provider can give")
    return sheet


def opener_of(sheet: AnswerSheet, key: SealingPrivateKey) -> Opener:
    """Opener of the payloads of one answer.

    Raises:
        SealBroken: not sealed to us for this presentation.
    """
    header = sheet.header
    info = answer_info(provider=header.provider, requester=header.requester, presentation=header.presentation)
    return Opener(key, unb64(header.wrap), info)


def open_payload(opener: Opener, index: int, item: AnswerItem) -> tuple[bytes, bytes]:
    """Salt and body of one given item, checked against the commitment that the provider signed.

    Raises:
        SealBroken, AnswerInvalid: altered, or not what was committed to.
    """
    return open_payloads(opener, [index], [item])[0]


def open_payloads(opener: Opener, indexes: Sequence[int], items: Sequence[AnswerItem]) -> list[tuple[bytes, bytes]]:
    """`open_payload` for many given items of one answer.

    Raises:
        SealBroken, AnswerInvalid: as `open_payload`, for whichever item.
    """
    sealed = unb64_many([item.sealed for item in items])
    opened = opener.open_many(indexes, sealed, [item.number.encode() for item in items])
    salts = [payload[:SALT_BYTES] for payload in opened]
    bodies = [payload[SALT_BYTES:] for payload in opened]
    try:
        commitments = commit_payloads(salts, bodies)
    except ValueError as error:
        raise AnswerInvalid(private="a payload without its salt") from error
    if commitments != unb64_many([item.commitment for item in items]):
        raise AnswerInvalid(private="payload and commitment differ")
    return list(zip(salts, bodies, strict=True))


def outcomes_of(
    permits: PermitSheet, answer: AnswerSheet, key: SealingPrivateKey | None
) -> Iterator[tuple[int, ItemOutcome]]:
    """Outcome of every permit of a sheet, by position in the request; payloads opened where a key is given."""
    given = [index for index, item in enumerate(answer.items) if key and item.outcome is Outcome.GIVEN]
    payloads: Iterator[tuple[bytes, bytes]] = iter(())
    if key is not None and given:
        payloads = iter(open_payloads(opener_of(answer, key), given, [answer.items[index] for index in given]))
    provider, edition, asked_ms = permits.header.provider, permits.header.edition, permits.header.issued_ms
    answered_ms = answer.header.given_ms
    for permit, item in zip(permits.items, answer.items, strict=True):
        data = next(payloads)[1] if key is not None and item.outcome is Outcome.GIVEN else None
        # Positional, in the order of ItemOutcome: this loop runs once an item.
        facts = _NO_FACTS if item.outcome is not Outcome.REFUSED else facts_of(permits.header, permit)
        yield permit.at, ItemOutcome(
            item.outcome, item.reason, facts, permit.number, provider, permit.row, edition, asked_ms,
            0 if item.outcome is Outcome.PENDING else answered_ms, item.copied_ms, data, item.hidden,
        )  # fmt: skip


def facts_of(header: PermitHeader, permit: PermitItem) -> Mapping[str, str]:
    """What the sentence of a provider's refusal may name: a refusal on the wire is a bare code."""
    return {
        "affairs": permit.affairs, "information": permit.information, "requester": header.requester,
        "provider": header.provider, "body": header.requester, "row": permit.row, "edition": header.edition,
        "date": jst_date(from_ms(header.issued_ms)).isoformat(),
    }  # fmt: skip


def refusals_of(permits: Permits) -> Iterator[tuple[int, ItemOutcome]]:
    """Outcome of every item that the core refused, by position in the request."""
    for refusal in permits.refusals:
        yield refusal.at, ItemOutcome(Outcome.REFUSED, refusal.reason, refusal.facts)
