"""PRESENT PERMIT (80 DE 00 00): the one way to write into an own-use area, or to read a closed one.

Data field: `A1` permit, `A2` its signature, `A3` what is written (absent where nothing is). Ours, see `permits`.
"""

from __future__ import annotations

import hmac

import msgspec
from cryptography.exceptions import InvalidSignature

from renkei.institutions.card.chip.apdu import Command
from renkei.institutions.card.chip.permits import (
    APPLETS_MAX,
    AREA_BYTES_MAX,
    MANAGER_AID,
    Act,
    Permit,
    Signed,
    aid_of,
    digest_of,
    read_permit,
)  # fmt: skip
from renkei.institutions.card.chip.state import Area, Chip, read_mark
from renkei.institutions.card.chip.tlv import objects
from renkei.institutions.card.chip.words import Refusal, Sw

BODY, SIGNATURE, CONTENT = 0xA1, 0xA2, 0xA3


def present_permit(chip: Chip, command: Command) -> bytes:
    """Check a permit and do what it is for.

    Writing and removing need the directory of own-use areas selected and the holder's PIN verified there; reading needs
    the area itself selected. A challenge serves once, also where the permit is refused.
    """
    application = chip.visit.application
    if application is None or application.name != "own_use":
        raise Refusal(Sw.NO_FILE_SELECTED)
    if command.p1 or command.p2:
        raise Refusal(Sw.PARAMETERS_WRONG)
    challenge, chip.visit.challenge = chip.visit.challenge, b""
    if not challenge:
        raise Refusal(Sw.CONDITIONS)
    permit, content = _permitted(chip, command.data)
    if not hmac.compare_digest(permit.challenge, challenge) or permit.digest != digest_of(content):
        raise Refusal(Sw.NOT_PERMITTED)
    if permit.act is Act.READ:
        if application.aid != aid_of(permit.entry.number):
            raise Refusal(Sw.CONDITIONS)
        chip.visit.opened.add(read_mark(permit.entry.number))
        return b""
    if application.aid != MANAGER_AID:
        raise Refusal(Sw.CONDITIONS)
    if chip.profile.own_use_secret not in chip.visit.opened:
        raise Refusal(Sw.NOT_PERMITTED)
    _write(chip, permit, content) if permit.act is Act.WRITE else _remove(chip, permit)
    return b""


def _permitted(chip: Chip, data: bytes) -> tuple[Permit, bytes]:
    try:
        parts = dict(objects(data))
        signed = Signed(parts[BODY], parts[SIGNATURE])
        permit = read_permit(signed, registry_key=chip.kept.registry_key)
    except InvalidSignature:
        raise Refusal(Sw.NOT_PERMITTED) from None
    except (ValueError, KeyError, msgspec.DecodeError):
        raise Refusal(Sw.DATA_WRONG) from None
    return permit, parts.get(CONTENT, b"")


def _write(chip: Chip, permit: Permit, content: bytes) -> None:
    entry = permit.entry
    others = {number: area for number, area in chip.kept.areas.items() if number != entry.number}
    used = sum(len(area.content) for area in others.values())
    if len(content) > entry.bytes_max or used + len(content) > AREA_BYTES_MAX or len(others) >= APPLETS_MAX:
        raise Refusal(Sw.NO_SPACE)
    chip.change(areas=others | {entry.number: Area(entry, content)})


def _remove(chip: Chip, permit: Permit) -> None:
    if permit.entry.number not in chip.kept.areas:
        raise Refusal(Sw.FILE_MISSING)
    chip.change(areas={number: area for number, area in chip.kept.areas.items() if number != permit.entry.number})
