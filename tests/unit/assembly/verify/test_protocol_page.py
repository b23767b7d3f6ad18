"""docs/protocol.md shows what the vectors hold, and names what the code has."""

from __future__ import annotations

import re

from tests.vectors_protocol import PAGE, render

from renkei.assembly.verdict import STEPS
from renkei.base.errors import catalogue
from renkei.contracts import exchange
from renkei.crypto.certificates import ARC


def test_every_example_is_that_of_the_vectors() -> None:
    page = PAGE.read_text("utf-8")
    assert page == render(page), "write them again: python -m tests.vectors_protocol"
    assert page.count("<!-- example ") == 14


def test_the_page_names_what_there_is() -> None:
    page = PAGE.read_text("utf-8")
    for name in (name for name in vars(exchange) if name.startswith(("PATH_", "TAG_"))):
        assert getattr(exchange, name) in page, name
    assert f"`{ARC}`" in page
    steps = re.findall(r"^\| (\d+) \| `([a-z_]+)` \|", page, re.MULTILINE)
    assert steps == [(str(step.number), step.id) for step in STEPS]
    codes = {code for code in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", page) if not code.endswith("_ms")}
    members = {"answer_signature", "answer_item", "permit_signature", "permit_item", "local_tax"}
    assert not codes - catalogue().keys() - members
