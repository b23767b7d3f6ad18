"""The published vectors of signed messages: made by the code, and verified as another implementation would."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import datetime

import msgspec
from tests.vectors_messages import FOLDER, render

from renkei.crypto.certificates import Purpose, verify_chain
from renkei.crypto.evidence import SignedMessage, check_answers
from renkei.crypto.messages import verify_request, verify_response


def test_vectors_are_what_the_code_makes() -> None:
    assert (FOLDER / "messages.json").read_text("utf-8") == render("messages.json")


def test_vectors_verify() -> None:
    vectors = json.loads((FOLDER / "messages.json").read_text("utf-8"))
    now, anchors = datetime.fromisoformat(vectors["now"]), [b64decode(vectors["authority_certificate"])]
    found = {
        vectors["key_ids"][body_id]: verify_chain(b64decode(text), anchors=anchors, at=now, purpose=Purpose.GATEWAY)
        for body_id, text in vectors["certificates"].items()
    }
    request, answer = vectors["request"], vectors["response"]
    evidence = [msgspec.convert(part.pop("evidence"), SignedMessage) for part in (request, answer)]
    request["body"], answer["body"] = request["body"].encode(), answer["body"].encode()
    asked = verify_request(**request, lookup=found.__getitem__, now=now, tag="renkei-request")
    given = {"request_headers": request["headers"], "lookup": found.__getitem__, "now": now, "tag": "renkei-answer"}
    answered = verify_response(**answer, **given)
    assert [asked.signed, answered.signed] == evidence
    check_answers(asked.signed, answered.fields)
