"""The seam by which a body obtains linkage codes without any party seeing both ends (施行令 26条, 27条).

    body --(acquisition number, personal number)--> numbers          contracts/number_orders.py
    numbers --(acquisition number, resident record code)--> core     CodeIssueRequest
    core --(acquisition number, linkage code)--> the body's gateway  CodeDelivery

The gateway knows which address number an acquisition number stands for (AcquisitionBatch, from the body's own
addressee ledger) and forgets the acquisition number as soon as the code has come.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from renkei.contracts.exchange import BodyId, ShortWord, Word

PATH_CODE_ISSUES = "/codes/issues"
PATH_CODE_DELIVERIES = "/codes/deliveries"
PATH_ACQUISITIONS = "/codes/acquisitions"


AddressText = Annotated[str, msgspec.Meta(max_length=15)]


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    pass


class CodeIssueItem(_Item, frozen=True):
    """One code to issue; sent by `numbers` only."""

    acquisition_number: ShortWord
    resident_record_code: ShortWord


class CodeIssueRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes to issue to one body."""

    body_id: BodyId
    items: list[CodeIssueItem]


class CodeDeliveryItem(_Item, frozen=True):
    """One issued code; `already_held` says that the body had it before (施行令 27条の4)."""

    acquisition_number: ShortWord
    code: Word
    already_held: bool


class CodeDelivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Codes issued to the receiving body."""

    body_id: BodyId
    items: list[CodeDeliveryItem]


class AcquisitionItem(_Item, frozen=True):
    """Which address number an acquisition number stands for."""

    acquisition_number: ShortWord
    address_number: AddressText


class AcquisitionBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Persons for whom the body's addressee ledger is obtaining codes."""

    items: list[AcquisitionItem]
