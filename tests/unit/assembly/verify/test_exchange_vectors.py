"""The published exchange: made by the code, and taken apart by the same functions that the parties use."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from tests.vectors_exchange import CORE, FOLDER, JPS, NAME, SAPPORO, render

from renkei.assembly.verdict import StepFailed
from renkei.assembly.verify import verify_file
from renkei.contracts.evidence import Trust
from renkei.contracts.exchange import (
    Answer,
    AnswerHeader,
    AnswerItem,
    Outcome,
    PermitAsk,
    PermitRequestHeader,
    Presentation,
    RawSheet,
    Report,
)  # fmt: skip
from renkei.contracts.sheets import b64, decode, permit_info, read_sheet, unb64
from renkei.crypto.certificates import BodyIdentity, verify_chain
from renkei.crypto.codes import CodeKeys
from renkei.crypto.manifest import Manifest, parse_manifest_field
from renkei.crypto.messages import VerifiedMessage, verify_request, verify_response
from renkei.crypto.sealing import Opener, SealingPrivateKey
from renkei.institutions.gateway.model.reading import open_payload, opener_of, outcomes_of, read_answer, read_permits
from renkei.institutions.gateway.operations.provisions import read_presentation
from renkei.law import LawBook


@cache
def vectors() -> dict[str, Any]:
    return json.loads((FOLDER / NAME).read_text("utf-8"))


@cache
def trust() -> Trust:
    return msgspec.convert(vectors()["trust"], Trust)


def now() -> datetime:
    return datetime.fromisoformat(vectors()["now"])


@cache
def identities() -> dict[str, BodyIdentity]:
    core = msgspec.json.decode(
        b'"' + vectors()["evidence"][0]["evidence"]["certificates"][1].encode() + b'"', type=bytes
    )
    certificates = [core, *(unb64(entry.certificate) for entry in trust().register.bodies)]
    found = [verify_chain(one, anchors=trust().anchors, at=now(), purpose=None) for one in certificates]
    return {identity.key_id: identity for identity in found}


def message(name: str) -> dict[str, Any]:
    return vectors()["messages"][name]


def body(name: str) -> bytes:
    return message(name)["body"].encode()


def request(name: str, *, at: datetime | None = None) -> VerifiedMessage:
    sent = message(name) | {"body": body(name)}
    return verify_request(**sent, lookup=identities().__getitem__, now=at or now(), tag="renkei-request")


def reply(name: str, to: str, tag: str, *, at: datetime | None = None) -> VerifiedMessage:
    sent = message(name) | {"body": body(name)}
    headers = message(to)["headers"]
    return verify_response(
        **sent, request_headers=headers, lookup=identities().__getitem__, now=at or now(), tag=tag
    )  # fmt: skip


def manifest(verified: VerifiedMessage) -> Manifest:
    return parse_manifest_field(verified.fields.manifest or "")


def key(body_id: str) -> SealingPrivateKey:
    return SealingPrivateKey.from_seed(bytes.fromhex(vectors()["sealing_seeds"][body_id]))


def codes() -> CodeKeys:
    keys = vectors()["code_keys"]
    masters = {int(epoch): bytes.fromhex(master) for epoch, master in keys["masters"].items()}
    return CodeKeys(bytes.fromhex(keys["handle_key"]), masters)


def asks() -> list[PermitAsk]:
    return read_sheet(decode(body("permit_request"), RawSheet), PermitRequestHeader, list[PermitAsk]).items


def test_vectors_are_what_the_code_makes() -> None:
    assert (FOLDER / NAME).read_text("utf-8") == render()


def test_the_requester_asks_under_its_own_codes() -> None:
    assert request("permit_request").identity.body_id == JPS
    for ask, person in zip(asks(), vectors()["resident_record_codes"], strict=True):
        assert ask.code == b64(codes().issue(JPS, codes().handle(person)))


def test_the_core_permits_three_and_refuses_one() -> None:
    verified = reply("permit_reply", "permit_request", "renkei-permit")
    assert verified.identity.body_id == CORE
    permits = read_permits(body("permit_reply"), manifest(verified), requester=JPS, batch="b-0001", asks=asks())
    assert [(refusal.at, refusal.reason) for refusal in permits.refusals] == [(3, "no_code")]
    assert [item.number for item in permits.sheets[0].items] == vectors()["numbers"]


def test_the_provider_opens_its_own_codes() -> None:
    """The codes in the permits are the provider's own for the same persons; nobody else's key opens them."""
    verified = request("presentation")
    presented = decode(body("presentation"), Presentation)
    permit = reply("permit_reply", "permit_request", "renkei-permit")
    assert presented.permit == permit.signed
    sheet = read_presentation(
        presented, manifest=manifest(permit), provider=SAPPORO, requester=verified.identity.body_id
    )  # fmt: skip
    info = permit_info(provider=SAPPORO, requester=JPS, batch=sheet.header.batch)
    opener = Opener(key(SAPPORO), unb64(sheet.header.wrap), info)
    for at, (item, person) in enumerate(zip(sheet.items, vectors()["resident_record_codes"][:3], strict=True)):
        code = opener.open(at, unb64(item.sealed_code), item.number.encode())
        assert code == codes().issue(SAPPORO, codes().handle(person))


def test_the_requester_opens_the_answers() -> None:
    verified = reply("answer", "presentation", "renkei-answer")
    permit = reply("permit_reply", "permit_request", "renkei-permit")
    permits = read_permits(body("permit_reply"), manifest(permit), requester=JPS, batch="b-0001", asks=asks())
    answer = read_answer(body("answer"), manifest(verified), permits.sheets[0], presentation="b-0001-1")
    outcomes = dict(outcomes_of(permits.sheets[0], answer, key(JPS)))
    assert [found.outcome for found in outcomes.values()] == [Outcome.GIVEN, Outcome.PENDING, Outcome.NONE]
    assert outcomes[0].data == vectors()["payload"].encode()


def test_the_late_answer_and_the_report() -> None:
    later = now() + timedelta(days=1)
    assert request("late_answer", at=later).identity.body_id == SAPPORO
    late = read_sheet(decode(body("late_answer"), Answer), AnswerHeader, list[AnswerItem])
    assert open_payload(opener_of(late, key(JPS)), 0, late.items[0])[1] == vectors()["payload"].encode()
    assert request("report", at=later).identity.body_id == SAPPORO
    report = decode(body("report"), Report)
    assert [item.outcome for item in report.items] == [Outcome.GIVEN, Outcome.GIVEN, Outcome.NONE]
    assert reply("report_reply", "report", "renkei-reply", at=later).identity.body_id == CORE


@pytest.mark.parametrize("case", vectors()["evidence"], ids=lambda case: case["outcome"])
def test_evidence_holds(case: dict[str, Any]) -> None:
    data = json.dumps(case["evidence"], ensure_ascii=False).encode()
    assert verify_file(data, trust(), book=LawBook.load()).facts.outcome == case["outcome"]


@pytest.mark.parametrize("case", vectors()["refused"], ids=lambda case: case["why"])
def test_evidence_is_refused(case: dict[str, Any]) -> None:
    data = json.dumps(vectors()["evidence"][0]["evidence"] | case["set"], ensure_ascii=False).encode()
    with pytest.raises(StepFailed) as caught:
        verify_file(data, trust(), book=LawBook.load())
    assert (caught.value.step.id, caught.value.cause.code) == (case["step"], case["code"])
