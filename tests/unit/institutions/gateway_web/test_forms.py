"""The console's forms: what is typed in any width is taken, what cannot be is said at its field."""

from __future__ import annotations

import pytest

from renkei.institutions.gateway.model.asking import CaseKey
from renkei.institutions.gateway.web.forms import OTHER, AskForm, address_number_of, batch_of, case_named, faults

CASE = CaseKey("2026-1", "000000000000007", "73.2")
OFFERED = {"affairs": {"73.2"}, "informations": {"local_tax"}, "providers": {"m-011002"}}
GOOD = AskForm(once="a", target="2026-1/000000000000007", information="local_tax", provider="m-011002")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("7", "000000000000007"),
        ("０００７", "000000000000007"),
        (" 12-34 ５６　７８ー９ ", "000000123456789"),
        ("1" * 15, "1" * 15),
        ("1" * 16, ""),
        ("1" * 10_000, ""),
        ("", ""),
        ("abc", ""),
        ("12a", ""),
        ("١٢٣", ""),
        ("①", "000000000000001"),
        ("一", ""),
    ],
)
def test_an_address_number_is_taken_in_any_width(typed: str, number: str) -> None:
    assert address_number_of(typed) == number


def test_a_case_from_the_list() -> None:
    assert faults(GOOD, {CASE}, **OFFERED) == []
    assert case_named(GOOD, {CASE}) == CASE
    assert faults(GOOD, set(), **OFFERED) == [("target", "wrong")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"target": ""}, [("target", "missing")]),
        ({"information": "child_allowance"}, [("information", "missing")]),
        ({"provider": "x" * 500}, [("provider", "missing")]),
        (
            {"target": "", "information": "", "provider": ""},
            [("target", "missing"), ("information", "missing"), ("provider", "missing")],
        ),
        ({"target": OTHER}, [("address_number", "missing"), ("case", "missing"), ("affairs", "missing")]),
        (
            {"target": OTHER, "address_number": "x", "case": "c" * 65, "affairs": "1.1"},
            [("address_number", "wrong"), ("case", "wrong"), ("affairs", "missing")],
        ),
        ({"target": OTHER, "address_number": "７", "case": "\x00", "affairs": "73.2"}, [("case", "missing")]),
        ({"target": OTHER, "address_number": "７", "case": " ２０２６-１ ", "affairs": "73.2"}, []),
    ],
)  # fmt: skip
def test_each_fault_is_said_once_at_its_field(changes: dict[str, str], expected: list[tuple[str, str]]) -> None:
    form = AskForm(
        **({"once": "a", "target": GOOD.target, "information": "local_tax", "provider": "m-011002"} | changes)
    )
    assert faults(form, {CASE}, **OFFERED) == expected
    if not expected:
        assert case_named(form, set()) == CASE


def test_the_same_form_sent_twice_asks_once() -> None:
    """A double click or a reload must not make a second record (番号法23条)."""
    again = AskForm(**{name: getattr(GOOD, name) for name in GOOD.__dataclass_fields__})
    assert batch_of(GOOD, CASE, user="u") == batch_of(again, CASE, user="u")
    others = {
        batch_of(AskForm(once="b", information="local_tax", provider="m-011002"), CASE, user="u"),
        batch_of(GOOD, CASE._replace(case="2026-2"), user="u"),
        batch_of(GOOD, CASE, user="v"),
        batch_of(GOOD, CASE, user="u"),
    }
    assert len(others) == 4
    assert all(len(batch) <= 64 for batch in others)
