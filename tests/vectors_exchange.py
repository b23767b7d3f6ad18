"""Writes vectors/exchange.json: `python -m tests.vectors_exchange` from the root of the repository.

One whole exchange between fixed parties with fixed keys: permits, a presentation, answers, a late answer, a report,
the evidence of it, and evidence that must be refused. Everything is the same on every run; only the HPKE wraps, which
are random by nature, are taken over from the present file while they still open. All persons are synthetic.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.vectors_messages import FOLDER, Pki, octets
from tests.vectors_messages import _wrap as wrap_or_keep

from renkei.base.time import to_ms
from renkei.contracts.evidence import (
    EVIDENCE_FORM,
    TRUST_FORM,
    Evidence,
    Payload,
    PermitPart,
    RecordPart,
    SignedItem,
    Trust,
)  # fmt: skip
from renkei.contracts.exchange import (
    PATH_LATE_ANSWERS,
    PATH_PERMITS,
    PATH_PRESENTATIONS,
    PATH_REPORTS,
    TAG_ANSWER,
    TAG_PERMIT,
    TAG_REPLY,
    TAG_REQUEST,
    Accepted,
    AnswerHeader,
    AnswerItem,
    Outcome,
    PermitAsk,
    PermitHeader,
    PermitItem,
    PermitRequestHeader,
    Presentation,
    Purpose,
    RawSheet,
    RefusalHeader,
    RefusalItem,
    Report,
    ReportItem,
)  # fmt: skip
from renkei.contracts.records import Party, RecordLeaf
from renkei.contracts.register import BodyEntry, Register
from renkei.contracts.sheets import (
    WrittenSheet,
    answer_info,
    b64,
    encode,
    permit_info,
    write_sheet,
    write_sheets,
)  # fmt: skip
from renkei.crypto.certificates import Purpose as Use
from renkei.crypto.codes import CodeKeys
from renkei.crypto.evidence import SignedMessage
from renkei.crypto.manifest import Manifest, format_manifest_field, prove_item, sheets_of
from renkei.crypto.merkle import leaf_hashes, levels_path, tree_levels
from renkei.crypto.messages import authority_of, sign_request, sign_response
from renkei.crypto.notes import Checkpoint, KeyKind, NoteSigner, format_vkey, sign_checkpoint
from renkei.crypto.sealing import commit_payload
from renkei.crypto.tlog import commit_many

NAME = "exchange.json"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CORE, JPS, SAPPORO, SETAGAYA = "core", "jps", "m-011002", "m-131121"
BODIES = {
    JPS: ("日本年金機構", "Japan Pension Service", "9901000000000002", {"jps"}),
    SAPPORO: ("札幌市", "Sapporo", "0220101100201700", {"municipality_mayor", "city_mayor"}),
    SETAGAYA: ("世田谷区", "Setagaya", "0220113112101700", {"municipality_mayor", "city_mayor"}),
}
PERSONS = ("00000000001", "00000000002", "12345678901", "98765432109")
"""Synthetic resident record codes: given, decided by a clerk, nothing held, no code at the provider."""
BODY = (
    b'{"schema":"local_tax/2026-04","years":[{"fiscal_year":2026,"income_year":2025,"salary_income_yen":3100000,'
    b'"pension_income_yen":0,"business_income_yen":0,"total_income_yen":2090000,"dependants":1,'
    b'"income_levy_yen":96000,"per_capita_levy_yen":5000,"exempt":false}]}'
)
ABOUT = (
    "One exchange of docs/protocol.md. Signatures are to be verified, not reproduced; wraps are to be opened. "
    "Keys are hexadecimal, `body` is the exact text that was sent. All persons are synthetic."
)


class Sent(NamedTuple):
    """A signed message with its body, and the headers as sent."""

    signed: SignedMessage
    headers: dict[str, str]
    body: bytes
    json: dict[str, Any]


class Maker:
    """Makes the messages of one exchange, in order."""

    def __init__(self) -> None:
        gateways = [(body_id, names[0], Use.GATEWAY) for body_id, names in BODIES.items()]
        self.pki = Pki((CORE, "情報提供ネットワークシステム", Use.CORE), *gateways, label="exchange")
        self.codes = CodeKeys(octets("exchange handle key"), {1: octets("exchange code master 1")})
        self.logs = {
            name: NoteSigner(
                f"renkei.invalid/log/{name}", KeyKind.ED25519,
                Ed25519PrivateKey.from_private_bytes(octets(f"exchange {name} log")),
            )
            for name in (CORE, *BODIES)
        }  # fmt: skip
        present = FOLDER / NAME
        self.present = json.loads(present.read_text("utf-8"))["wraps"] if present.exists() else {}
        self.wraps: dict[str, str] = {}

    def authority(self, body_id: str) -> str:
        return authority_of(body_id, Use.CORE if body_id == CORE else Use.GATEWAY)

    def code(self, body_id: str, person: int) -> bytes:
        """A person's linkage code at a body."""
        return self.codes.issue(body_id, self.codes.handle(PERSONS[person]))

    def seal(
        self, label: str, body_id: str, info: bytes, parts: Sequence[tuple[bytes, bytes]]
    ) -> tuple[str, list[str]]:
        """Wrap, and items sealed under a fixed content key (index = place)."""
        key = octets(f"exchange content key {label}")
        kept = self.wraps.get(label) or self.present.get(label, "")
        self.wraps[label] = wrap_or_keep(kept, self.pki.sealing[body_id], key, info)
        sealed = [AESGCM(key).encrypt(at.to_bytes(12), text, aad) for at, (text, aad) in enumerate(parts)]
        return b64(bytes.fromhex(self.wraps[label])), [b64(one) for one in sealed]

    def request(
        self, sender: str, receiver: str, path: str, request_id: str, body: bytes, *, manifest: Manifest | None = None,
        at: datetime = NOW,
    ) -> Sent:  # fmt: skip
        headers = {"content-type": "application/json", "renkei-request-id": request_id}
        if manifest:
            headers["renkei-manifest"] = format_manifest_field(manifest)
        made = sign_request(
            method="POST", authority=self.authority(receiver), path=path, headers=headers, body=body,
            signer=self.pki.signers[sender], created=at, nonce=octets(f"nonce {request_id}", 16).hex(),
            tag=TAG_REQUEST,
        )  # fmt: skip
        whole = headers | made.headers
        shown = {"method": "POST", "authority": self.authority(receiver), "path": path, "headers": whole}
        return Sent(made.signed, whole, body, shown | {"body": body.decode()})

    def reply(
        self, sender: str, to: Sent, body: bytes, tag: str, *, manifest: Manifest | None = None, at: datetime = NOW
    ) -> Sent:
        headers = {"content-type": "application/json"}
        if manifest:
            headers["renkei-manifest"] = format_manifest_field(manifest)
        made = sign_response(
            status=200, headers=headers, body=body, request_headers=to.headers, signer=self.pki.signers[sender],
            created=at + timedelta(seconds=1), tag=tag,
        )  # fmt: skip
        whole = headers | made.headers
        return Sent(made.signed, whole, body, {"status": 200, "headers": whole, "body": body.decode()})


def manifest_of(sheet: WrittenSheet) -> Manifest:
    """Manifest of one sheet."""
    return Manifest(sheet.root, len(sheet.items) + 1)


def part(sent: Sent, sheet: WrittenSheet, at: int) -> SignedItem:
    """One item of a signed sheet, for evidence."""
    proof = prove_item(sheet.header, sheet.items, at)
    return SignedItem(signed=sent.signed, header=sheet.header.decode(), item=sheet.items[at].decode(), proof=proof)


class Exchange:
    """The exchange: its sheets and messages."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.ask()
        self.permit()
        self.presentation = self.present(NOW)
        self.answer_sheet, self.answer = self.give("answer", self.presentation, NOW + timedelta(seconds=2))
        self.late_sheet, self.late = self.give_late(NOW + timedelta(days=1))
        items = [
            ReportItem(self.numbers[at], Outcome(outcome), ms, False) for at, (outcome, ms) in self.finals().items()
        ]
        report = encode(Report(provider=SAPPORO, items=items))
        self.report = maker.request(
            SAPPORO, CORE, PATH_REPORTS, "report-m-011002-4", report, at=NOW + timedelta(days=1)
        )
        self.accepted = maker.reply(
            CORE, self.report, encode(Accepted(len(items))), TAG_REPLY, at=NOW + timedelta(days=1)
        )

    def finals(self) -> dict[int, tuple[str, int]]:
        """Final outcome and time of each permit."""
        soon, later = to_ms(NOW + timedelta(seconds=2)), to_ms(NOW + timedelta(days=1))
        return {0: ("given", soon), 1: ("given", later), 2: ("none", soon)}

    def ask(self) -> None:
        header = PermitRequestHeader(batch="b-0001", requester=JPS, purpose=Purpose.APPLICATION, asked_ms=to_ms(NOW))
        asks = [
            PermitAsk(b64(self.maker.code(JPS, person)), SAPPORO, "73.2", "local_tax", "pension-claims", False)
            for person in range(4)
        ]
        self.ask_sheet = write_sheet(header, asks)
        manifest = manifest_of(self.ask_sheet)
        self.asked = self.maker.request(JPS, CORE, PATH_PERMITS, "b-0001", self.ask_sheet.body, manifest=manifest)

    def permit(self) -> None:
        self.numbers = [f"20261123{n:012d}" for n in (1, 2, 3)]
        info = permit_info(provider=SAPPORO, requester=JPS, batch="b-0001")
        parts = [(self.maker.code(SAPPORO, at), number.encode()) for at, number in enumerate(self.numbers)]
        wrap, sealed = self.maker.seal("permit", SAPPORO, info, parts)
        refusals = [RefusalItem(3, "no_code", {})]
        refusal_header = RefusalHeader(batch="b-0001", requester=JPS, issued_ms=to_ms(NOW), items=1)
        header = PermitHeader(
            provider=SAPPORO, requester=JPS, batch="b-0001", purpose=Purpose.APPLICATION, edition="order-r6-9",
            issued_ms=to_ms(NOW), expires_ms=to_ms(NOW + timedelta(minutes=5)),
            answer_by_ms=to_ms(NOW + timedelta(days=14)), items=3, wrap=wrap,
        )  # fmt: skip
        items = [
            PermitItem(at, number, "pension-claims", "73.2", "local_tax", "73", False, sealed[at])
            for at, number in enumerate(self.numbers)
        ]
        self.sheets = [write_sheet(refusal_header, refusals), write_sheet(header, items)]
        manifest = sheets_of([sheet.root for sheet in self.sheets])
        self.permitted = self.maker.reply(CORE, self.asked, write_sheets(self.sheets), TAG_PERMIT, manifest=manifest)

    def present(self, at: datetime) -> Sent:
        body = encode(
            Presentation(
                presentation="b-0001-1", permit=self.permitted.signed, roots=[b64(sheet.root) for sheet in self.sheets],
                at=1, sheet=msgspec.json.decode(self.sheets[1].body, type=RawSheet),
            )
        )  # fmt: skip
        return self.maker.request(JPS, SAPPORO, PATH_PRESENTATIONS, "b-0001-1", body, at=at + timedelta(seconds=1))

    def give(self, label: str, to: Sent, at: datetime, *, signer: str = SAPPORO) -> tuple[WrittenSheet, Sent]:
        """The provider's answer: given, waiting for a clerk, nothing held."""
        info = answer_info(provider=SAPPORO, requester=JPS, presentation="b-0001-1")
        salt = octets("exchange salt 0", 16)
        wrap, [sealed] = self.maker.seal(label, JPS, info, [(salt + BODY, self.numbers[0].encode())])
        header = AnswerHeader(provider=SAPPORO, requester=JPS, presentation="b-0001-1", given_ms=to_ms(at), wrap=wrap)
        copied_ms = to_ms(NOW - timedelta(days=30))
        commitment = b64(commit_payload(salt, BODY))
        sheet = write_sheet(
            header,
            [
                AnswerItem(self.numbers[0], Outcome.GIVEN, "", False, copied_ms, commitment, sealed),
                AnswerItem(self.numbers[1], Outcome.PENDING, "waiting_for_clerk", False, 0, "", ""),
                AnswerItem(self.numbers[2], Outcome.NONE, "no_copy", False, 0, "", ""),
            ],
        )
        return sheet, self.maker.reply(signer, to, sheet.body, TAG_ANSWER, manifest=manifest_of(sheet), at=at)

    def give_late(self, at: datetime) -> tuple[WrittenSheet, Sent]:
        """What the clerk decided the day after."""
        presentation = f"late-{self.numbers[1]}"
        info = answer_info(provider=SAPPORO, requester=JPS, presentation=presentation)
        salt = octets("exchange salt 1", 16)
        wrap, [sealed] = self.maker.seal("late", JPS, info, [(salt + BODY, self.numbers[1].encode())])
        header = AnswerHeader(provider=SAPPORO, requester=JPS, presentation=presentation, given_ms=to_ms(at), wrap=wrap)
        copied_ms = to_ms(NOW - timedelta(days=30))
        item = AnswerItem(
            self.numbers[1], Outcome.GIVEN, "", False, copied_ms, b64(commit_payload(salt, BODY)), sealed
        )  # fmt: skip
        sheet = write_sheet(header, [item])
        sent = self.maker.request(
            SAPPORO, JPS, PATH_LATE_ANSWERS, "late-m-011002-1", sheet.body, manifest=manifest_of(sheet), at=at
        )
        return sheet, sent

    # --- the requester's log and the evidence ---

    def leaves(self) -> list[bytes]:
        """Records of the requester: three when answered, and one more when the clerk had decided."""
        first = {**self.finals(), 1: ("pending", 0)}
        rows = [(at, *first[at]) for at in range(3)] + [(1, *self.finals()[1])]
        return [
            encode(
                RecordLeaf(
                    Party.REQUESTER, b64(self.maker.code(JPS, at)), self.numbers[at], JPS, SAPPORO, "pension-claims",
                    "73.2", "local_tax", "73", to_ms(NOW), False, outcome, given_ms,
                )
            )
            for at, outcome, given_ms in rows
        ]  # fmt: skip

    def record(self, place: int, log: str = JPS) -> RecordPart:
        """One record with its proof."""
        leaves = self.leaves()
        salts = [octets(f"exchange log salt {n}", 16) for n in range(len(leaves))]
        levels = tree_levels(leaf_hashes(commit_many(salts, leaves)))
        signer = self.maker.logs[log]
        note = sign_checkpoint(Checkpoint(signer.name, len(leaves), levels[-1][0]), signer)
        return RecordPart(
            leaf=leaves[place].decode(), salt=salts[place], index=place, path=levels_path(levels, place),
            checkpoint=note.decode(),
        )  # fmt: skip

    def evidence(self, at: int, **changes: Any) -> Evidence:
        """Evidence of one inquiry of the batch; the fourth was refused by the core."""
        refused, pki = at == 3, self.maker.pki
        signers = [JPS, CORE] if refused else [JPS, CORE, SAPPORO]
        sheet = self.sheets[0 if refused else 1]
        place = 0 if refused else at
        permit = part(self.permitted, sheet, place)
        salts = {0: "exchange salt 0", 1: "exchange salt 1"}
        payload = Payload(salt=octets(salts[at], 16), body=BODY.decode()) if at in salts else None
        evidence = Evidence(
            v=EVIDENCE_FORM,
            synthetic=True,
            certificates=tuple(pki.certificates[body_id] for body_id in signers),
            asked=part(self.asked, self.ask_sheet, at),
            permit=PermitPart(
                signed=permit.signed, header=permit.header, item=permit.item, proof=permit.proof,
                roots=tuple(sheet.root for sheet in self.sheets), at=0 if refused else 1,
            ),
            presented=None if refused else self.presentation.signed,
            answer=None if refused else part(self.answer, self.answer_sheet, at),
            late=part(self.late, self.late_sheet, 0) if at == 1 else None,
            payload=payload,
            record=None if refused else self.record(3 if at == 1 else at),
        )  # fmt: skip
        return msgspec.structs.replace(evidence, **changes)


def register(maker: Maker) -> Register:
    """The register of the network."""
    return Register(
        version=1,
        issued_ms=to_ms(NOW),
        core_log_key=format_vkey(maker.logs[CORE].verifier),
        bodies=[
            BodyEntry(
                body_id=body_id, institution_code=code, name_ja=ja, name_en=en, kinds=frozenset(kinds),
                authority=maker.authority(body_id), certificate=b64(maker.pki.certificates[body_id]),
                log_key=format_vkey(maker.logs[body_id].verifier),
            )
            for body_id, (ja, en, code, kinds) in BODIES.items()
        ],
    )  # fmt: skip


def refused(exchange: Exchange) -> list[dict[str, Any]]:
    """Evidence that must be refused: why, at which step, with which code. `set` replaces members of the first one."""
    good, pki = exchange.evidence(0), exchange.maker.pki
    assert good.answer is not None
    assert good.payload is not None
    replace = msgspec.structs.replace
    late_sheet, late = exchange.give("expired", exchange.presentation, NOW + timedelta(minutes=5))
    _, wrong = exchange.give("answer", exchange.presentation, NOW + timedelta(seconds=2), signer=SETAGAYA)
    three = (*good.certificates[:2], pki.certificates[SETAGAYA])
    altered = replace(good.answer, item=good.answer.item.replace('"given",""', '"given","x"'))
    shown = replace(good.payload, body=good.payload.body.replace("2090000", "1090000"))
    header = replace(good.answer, header=exchange.late_sheet.header.decode())
    cases = [
        ("an altered item of the answer", "answer_item", "manifest_mismatch", {"answer": altered}),
        ("another header over the same item", "answer_item", "manifest_mismatch", {"answer": header}),
        ("a payload with another amount", "payload", "digest_mismatch", {"payload": shown}),
        (
            "an answer signed by another body than the permit names", "answer_signature", "signature_invalid",
            {"answer": part(wrong, exchange.answer_sheet, 0), "certificates": three},
        ),
        (
            "an answer given in the very instant at which the permit expired", "agreement", "evidence_out_of_time",
            {"answer": part(late, late_sheet, 0)},
        ),
        ("an answer to another permit", "agreement", "evidence_inconsistent", {"answer": exchange.evidence(2).answer}),
        ("a permit for another item", "permit_item", "permit_invalid", {"permit": exchange.evidence(2).permit}),
        ("the checkpoint of another log", "record", "signature_missing", {"record": exchange.record(0, SAPPORO)}),
        ("the record of another inquiry", "record", "evidence_inconsistent", {"record": exchange.record(2)}),
        ("a real network's claim", "certificates", "evidence_foreign", {"synthetic": False}),
    ]  # fmt: skip
    found = [
        {"why": why, "step": step, "code": code, "set": msgspec.to_builtins(changes)}
        for why, step, code, changes in cases
    ]
    extra = {"note": "nobody signed this"}
    return [*found, {"why": "an extra member", "step": "form", "code": "evidence_member_unknown", "set": extra}]


def exchange_vectors() -> dict[str, Any]:
    """The content of the file."""
    maker = Maker()
    exchange = Exchange(maker)
    trust = Trust(v=TRUST_FORM, synthetic=True, anchors=(maker.pki.authority.cert_der,), register=register(maker))
    messages = {
        "permit_request": exchange.asked, "permit_reply": exchange.permitted, "presentation": exchange.presentation,
        "answer": exchange.answer, "late_answer": exchange.late, "report": exchange.report,
        "report_reply": exchange.accepted,
    }  # fmt: skip
    outcomes = ["given", "given", "none", "refused"]
    return {
        "about": ABOUT,
        "now": NOW.isoformat(),
        "private_keys": {
            body_id: f"{key.private_numbers().private_value:064x}" for body_id, key in maker.pki.keys.items()
        },
        "sealing_seeds": {body_id: key.seed.hex() for body_id, key in maker.pki.sealing.items()},
        "log_keys": {name: signer.private.private_bytes_raw().hex() for name, signer in maker.logs.items()},
        "code_keys": {
            "handle_key": octets("exchange handle key").hex(), "masters": {"1": octets("exchange code master 1").hex()},
        },
        "resident_record_codes": list(PERSONS),
        "content_keys": {label: octets(f"exchange content key {label}").hex() for label in maker.wraps},
        "wraps": maker.wraps,
        "trust": json.loads(msgspec.json.encode(trust, order="deterministic")),
        "messages": {name: sent.json for name, sent in messages.items()},
        "numbers": exchange.numbers,
        "payload": BODY.decode(),
        "evidence": [
            {"outcome": outcome, "evidence": msgspec.to_builtins(exchange.evidence(at))}
            for at, outcome in enumerate(outcomes)
        ],
        "refused": refused(exchange),
    }  # fmt: skip


def render() -> str:
    """The text of the file."""
    return json.dumps(exchange_vectors(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    (FOLDER / NAME).write_text(render(), "utf-8")
