"""What a clerk changes about, and looks up of, one person."""

from __future__ import annotations

from sqlalchemy import Connection, update

from renkei.base.personal_number import PersonalNumber
from renkei.base.time import Instant
from renkei.contracts.addressees import FourItems
from renkei.institutions.addressees import queries, store
from renkei.institutions.addressees.errors import AddresseeMerged, PersonalNumberElsewhere
from renkei.institutions.addressees.model import Addressee, CodeState, ItemsChanged, PeopleSearched, Wanted
from renkei.institutions.addressees.operations.enrolling import ITEM_COLUMNS, item_values
from renkei.platform.audit_store import audit

_TABLE = store.addressee


def standing(conn: Connection, address_number: str) -> Addressee:
    """The person with this number, if it was not merged into another.

    Raises:
        AddresseeUnknown, AddressNumberFormat: nobody has it.
        AddresseeMerged: it was merged.
    """
    found = queries.addressee(conn, address_number)
    if found.merged_into is not None:
        raise AddresseeMerged()
    return found


def change_items(conn: Connection, address_number: str, items: FourItems, *, user: str, now: Instant) -> None:
    """Enter changed items (氏名, 生年月日, 性別, 住所).

    Raises:
        AddresseeUnknown, AddresseeMerged: as `standing`.
    """
    found = standing(conn, address_number)
    values = dict(zip(ITEM_COLUMNS, item_values(items), strict=True))
    conn.execute(update(_TABLE).where(_TABLE.c.address_number == found.address_number).values(values))
    audit(conn, store.audit_table, ItemsChanged(what="items", user=user), now=now)


def change_personal_number(
    conn: Connection, address_number: str, personal_number: PersonalNumber | None, *, user: str, now: Instant
) -> None:
    """Enter another personal number: the former one leaked (番号法7条2項) or was someone else's; None takes it away.

    The linkage code is asked for anew: the core gives the same one where it is the same person.

    Raises:
        PersonalNumberElsewhere: it stands with another address number.
        AddresseeUnknown, AddresseeMerged: as `standing`.
    """
    found = standing(conn, address_number)
    if personal_number is not None:
        stands = queries.by_personal_numbers(conn, [personal_number])
        if any(number != found.address_number for number in stands.values()):
            raise PersonalNumberElsewhere()
    set_personal_number(conn, found.address_number, personal_number)
    audit(conn, store.audit_table, ItemsChanged(what="personal_number", user=user), now=now)


def set_personal_number(conn: Connection, address_number: str, personal_number: PersonalNumber | None) -> None:
    """Write the number and have the code asked for anew."""
    values = {
        "personal_number": personal_number.reveal() if personal_number else None,
        "code_state": CodeState.NONE.value,
        "ordered_ms": 0,
    }
    conn.execute(update(_TABLE).where(_TABLE.c.address_number == address_number).values(values))
    pending = store.acquisition
    conn.execute(pending.delete().where(pending.c.address_number == address_number))


def search_by_number(conn: Connection, personal_number: PersonalNumber, *, user: str, now: Instant) -> Addressee | None:
    """Who has this personal number; every such search is kept."""  # fmt: skip
    found = queries.by_personal_numbers(conn, [personal_number]).get(personal_number.reveal())
    event = PeopleSearched(by="personal_number", found=int(found is not None), user=user)
    audit(conn, store.audit_table, event, now=now)
    return queries.addressee(conn, found) if found else None


def search_by_exact_items(conn: Connection, items: FourItems, *, user: str, now: Instant) -> list[Addressee]:
    """Everyone whose four items are all equal once width, spaces and kana are folded; kept."""
    numbers = [number for found in queries.by_items(conn, [items]).values() for number in found]
    audit(conn, store.audit_table, PeopleSearched(by="items", found=len(numbers), user=user), now=now)
    return [queries.addressee(conn, number) for number in sorted(numbers)]


def search_by_parts(conn: Connection, wanted: Wanted, *, limit: int = 50, user: str, now: Instant) -> list[Addressee]:
    """People who match parts of name, reading and address, and the date of birth; kept.

    Raises:
        SearchTooWide: nothing to search by.
    """  # fmt: skip
    found = queries.search(conn, wanted, limit=limit)
    audit(conn, store.audit_table, PeopleSearched(by="parts", found=len(found), user=user), now=now)
    return found
