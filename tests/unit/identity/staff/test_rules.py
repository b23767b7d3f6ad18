"""Rules of staff: what an administrator may enter, what a code is, what a role covers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.identity import Acr, StaffUser
from renkei.contracts.staff import (
    AdministratorNeeded,
    AskerNeeded,
    DeciderNeeded,
    Role,
    StaffElsewhere,
    covers,
    may_handle,
    require_place,
    require_role,
)
from renkei.institutions.identity.errors.staff import (
    AffairsMalformed,
    CodeWrong,
    RolesClash,
    RolesMissing,
    StaffFieldMissing,
)
from renkei.institutions.identity.model import staff as model

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)


def enrol(**changes: Any) -> model.Enrolment:
    good: dict[str, Any] = {
        "staff_id": "setagaya-01", "section": "child", "name": "見本 職員", "roles": ["asker"], "affairs": "107",
        "sections": ["child", "desk"],
    }  # fmt: skip
    return model.enrolment(**(good | changes))


def user(*, affairs: tuple[str, ...] = ("107",), roles: tuple[str, ...] = ("asker",)) -> StaffUser:
    return StaffUser(
        staff_id="s-1", name="", body_id="m-131121", section="child", affairs=frozenset(affairs),
        roles=frozenset(roles), terminal="t", sid="sid", acr=Acr.CARD, auth_ms=0,
    )  # fmt: skip


def test_what_is_entered_is_taken_in_any_width() -> None:
    made = enrol(staff_id=" Ｓｅｔａｇａｙａ－０１ ", affairs="１０７、106.1, 73", name="　見本　職員 ")
    assert made.staff_id == "setagaya-01"
    assert made.affairs == {"107", "106.1", "73"}
    assert made.name == "見本　職員"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"staff_id": "a"}, StaffFieldMissing),
        ({"staff_id": "../admin"}, StaffFieldMissing),
        ({"staff_id": "x" * 41}, StaffFieldMissing),
        ({"name": "  "}, StaffFieldMissing),
        ({"name": "x" * 61}, StaffFieldMissing),
        ({"name": "a\x00b"}, StaffFieldMissing),
        ({"section": "elsewhere"}, StaffFieldMissing),
        ({"roles": []}, RolesMissing),
        ({"roles": ["root"]}, RolesMissing),
        ({"roles": ["administrator", "asker"]}, RolesClash),
        ({"roles": ["administrator", "decider"]}, RolesClash),
        ({"affairs": ""}, AffairsMalformed),
        ({"affairs": "*"}, AffairsMalformed),
        ({"affairs": "73.2.1"}, AffairsMalformed),
        ({"affairs": " ".join(str(n) for n in range(1, 60))}, AffairsMalformed),
    ],
)
def test_least_privilege_is_enforced_when_roles_are_given(changes: dict[str, Any], error: type[RenkeiError]) -> None:
    with pytest.raises(error):
        enrol(**changes)


def test_who_only_decides_or_administers_needs_no_affairs() -> None:
    assert enrol(roles=["decider"], affairs="").affairs == frozenset()
    assert enrol(roles=["administrator"], affairs="").roles == {Role.ADMINISTRATOR}


@pytest.mark.parametrize(
    ("granted", "item", "holds"),
    [
        ("73", "73.2", True),
        ("73", "73", True),
        ("73.2", "73.2", True),
        ("73.2", "73.1", False),
        ("7", "73.2", False),
        ("73", "730.1", False),
        ("73.2", "73", False),
    ],
)
def test_a_role_covers_a_row_of_the_table_or_one_item(granted: str, item: str, holds: bool) -> None:
    assert covers(granted, item) is holds
    assert may_handle(user(affairs=(granted,)), item) is holds


def test_what_is_missing_is_named() -> None:
    for role, error in (
        (Role.ASKER, AskerNeeded), (Role.DECIDER, DeciderNeeded), (Role.ADMINISTRATOR, AdministratorNeeded),
    ):  # fmt: skip
        require_role(user(roles=(role.value,)), role)
        with pytest.raises(error):
            require_role(user(roles=()), role)
    require_role(user(), Role.DECIDER, Role.ASKER)
    require_place(user(), body_id="m-131121")
    for place in ({"body_id": "jps"}, {"body_id": "m-131121", "section": "desk"}):
        with pytest.raises(StaffElsewhere):
            require_place(user(), **place)


@given(st.binary(min_size=32, max_size=32), st.text(max_size=20), st.integers(0, 2**43))
def test_a_code_is_typed_back_as_it_was_shown(key: bytes, name: str, made_ms: int) -> None:
    code = model.one_time_code(key, "staff", name, made_ms)
    shown = model.shown_code(code)
    assert len(code) == model.CODE_LENGTH
    for typed in (shown, shown.lower(), shown.replace("-", " "), code):
        assert model.typed_code(typed) == code
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in shown)
    assert model.typed_code(wide) == code


def test_codes_differ_by_kind_name_and_time() -> None:
    made = {
        model.one_time_code(b"k" * 32, kind, name, at)
        for kind in ("staff", "terminal")
        for name in ("a", "b")
        for at in (1, 2)
    }
    assert len(made) == 8


@pytest.mark.parametrize("text", ["", "BCDF", "BCDF-GHJK-LMN", "AEIO-UYAE-IOUY", "x" * 10_000, "１２３", "\x00" * 12])
def test_what_cannot_be_a_code_is_said(text: str) -> None:
    with pytest.raises(CodeWrong):
        model.typed_code(text)


def test_a_code_is_open_for_a_day() -> None:
    made = to_ms(NOW)
    assert model.code_open(made, NOW + timedelta(hours=23, minutes=59))
    assert not model.code_open(made, NOW + timedelta(hours=24))
    assert not model.code_open(0, NOW)
