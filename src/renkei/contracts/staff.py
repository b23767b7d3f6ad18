"""What a clerk may do, by role, section and affairs: the same rules at every console. Values in, values out.

Source: 番号法 12条 (safety management). Least privilege: a role is given for one section, its affairs are items of that
section, and whoever gives roles does no casework.
"""

from __future__ import annotations

from enum import StrEnum

from renkei.base.errors import Refused
from renkei.contracts.identity import StaffUser


class Role(StrEnum):
    """What a clerk does."""

    ASKER = "asker"  # asks other bodies, handles cases
    DECIDER = "decider"  # decides on what may not be answered automatically, and on cases
    ADMINISTRATOR = "administrator"  # enrols staff and registers terminals of the body


CASEWORK = frozenset({Role.ASKER, Role.DECIDER})


class StaffSignInNeeded(Refused):
    """Nobody is signed in at this console."""

    code = "staff_sign_in_needed"
    ja = "この画面は、サインインした職員だけが使えます。職員としてサインインしてください。"
    en = "Only staff who are signed in can use this page. Sign in as staff."


class StaffElsewhere(Refused):
    """A clerk of another body or section."""

    code = "staff_elsewhere"
    ja = "この画面は別の機関または部署のものです。ご自身の部署の画面を使うか、管理者に確かめてください。"
    en = "This page belongs to another body or section. Use your own section's page, or ask the administrator."


class StaffRoleMissing(Refused):
    """The clerk's role does not cover this; a subclass names the role that would."""


class AskerNeeded(StaffRoleMissing):
    code = "staff_asker_needed"
    ja = "この操作には「照会・事務の担当」の役割が必要です。必要なときは、機関の管理者に役割を求めてください。"
    en = "This needs the role of asking and casework. If you need it, ask your body's administrator."


class DeciderNeeded(StaffRoleMissing):
    code = "staff_decider_needed"
    ja = "この操作には「回答・決定の判断」の役割が必要です。必要なときは、機関の管理者に役割を求めてください。"
    en = "This needs the role of deciding. If you need it, ask your body's administrator."


class AdministratorNeeded(StaffRoleMissing):
    code = "staff_administrator_needed"
    ja = "この操作は、機関の管理者だけが行えます。管理者に頼んでください。"
    en = "Only an administrator of the body can do this. Ask one."


_MISSING: dict[Role, type[StaffRoleMissing]] = {
    Role.ASKER: AskerNeeded,
    Role.DECIDER: DeciderNeeded,
    Role.ADMINISTRATOR: AdministratorNeeded,
}


def covers(granted: str, item: str) -> bool:
    """Whether an entry of a role covers an affairs item.

    An entry is an item of the order (`73.2`) or a whole row of the appended table (`73`), which stands for its items.
    """
    return item == granted or item.startswith(f"{granted}.")


def may_handle(user: StaffUser, item: str) -> bool:
    """Whether the clerk's role covers an affairs item; the section's own table is checked besides."""
    return any(covers(granted, item) for granted in user.affairs)


def has_role(user: StaffUser, *roles: Role) -> bool:
    """Whether the clerk has one of these roles."""
    return any(role.value in user.roles for role in roles)


def require_role(user: StaffUser, *roles: Role) -> None:
    """Let a clerk go on who has one of these roles.

    Raises:
        StaffRoleMissing: for the first of them.
    """
    if not has_role(user, *roles):
        raise _MISSING[roles[0]]()


def require_place(user: StaffUser, *, body_id: str, section: str = "") -> None:
    """Let a clerk go on who belongs here.

    Args:
        section: any of the body where empty.

    Raises:
        StaffElsewhere: another body or section.
    """
    if user.body_id != body_id or section not in ("", user.section):
        raise StaffElsewhere()
