"""The seam between a body's addressee ledger and `numbers`; the only message that carries personal numbers.

Kept apart from `contracts.numbering`, so that the core and the gateways cannot even import it.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

PATH_CODE_ORDERS = "/codes/orders"


class CodeOrderItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A one-off acquisition number and the personal number it stands for."""

    acquisition_number: str
    personal_number: str

    def __repr__(self) -> str:
        return "CodeOrderItem(…)"


class CodeOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body's order of linkage codes."""

    body_id: str
    items: list[CodeOrderItem]


class CodeOrderPort(Protocol):
    """`numbers`, as an addressee ledger sees it."""

    async def order_codes(self, order: CodeOrder) -> int:
        """Forward the order to the core; returns how many persons were found.

        Raises:
            PersonalNumberUnknown: a number was never assigned.
        """
