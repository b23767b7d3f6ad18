"""The reference pages say what the code says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests import manual

from renkei.assembly import docs

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(("name", "page"), docs.PAGES.items())
def test_a_reference_page_is_what_the_code_makes_today(name: str, page: Callable[[], str]) -> None:
    docs.load_everything()
    assert (DOCS / name).read_text("utf-8") == page(), "run: python -m renkei.assembly.docs docs"


def test_the_manual_is_what_the_specification_says_today() -> None:
    assert (DOCS / "manual.md").read_text("utf-8") == manual.render(), "run: python -m tests.manual docs/manual.md"


def test_every_link_of_the_documents_leads_somewhere() -> None:
    import re

    for page in (*DOCS.parent.glob("*.md"), *DOCS.glob("**/*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} → {target}"
