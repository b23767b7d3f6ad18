"""The commands of the card, one function each: chip and command in, answer data out, or a Refusal.

Sources: ISO/IEC 7816-4; the JICSAP rules that public readers of the card describe (soltia48/myna-card, jpki/myna);
OpenSC `card-jpki.c` for what a foreign client relies on.
"""

from __future__ import annotations

from renkei.institutions.card.chip import keys, pins
from renkei.institutions.card.chip.apdu import Command
from renkei.institutions.card.chip.permits import CHALLENGE_BYTES
from renkei.institutions.card.chip.profile import Application, File, KeyFile
from renkei.institutions.card.chip.state import Chip
from renkei.institutions.card.chip.words import Refusal, Sw

BY_NAME, BY_FILE = 0x04, 0x02
SHORT_ID = 0x80
CURRENT = 0x80
SHORT_ID_MASK = 0x1F
TRIES_SHOWN_MAX = 0xF
CHALLENGE_MAX = 256


def select(chip: Chip, command: Command) -> bytes:
    """SELECT an application by its full name, or a file of the selected application.

    Selecting another application forgets every verified PIN; selecting the same one again keeps them, and a name that
    is not on the card changes nothing.
    """
    if command.p1 == BY_NAME:
        application = chip.application(command.data)
        if application is None:
            raise Refusal(Sw.FILE_MISSING)
        visit = chip.visit
        if visit.application is None or visit.application.aid != application.aid:
            visit.opened.clear()
        visit.application, visit.file = application, None
        return b""
    if command.p1 != BY_FILE:
        raise Refusal(Sw.PARAMETERS_WRONG)
    if len(command.data) != 2:
        raise Refusal(Sw.WRONG_LENGTH)
    _become_current(chip, int.from_bytes(command.data, "big"))
    return b""


def read_binary(chip: Chip, command: Command) -> bytes:
    """READ BINARY of the current file or of one named by its short identifier, to its end at most."""
    if command.data or command.le is None:
        raise Refusal(Sw.WRONG_LENGTH)
    if command.p1 & SHORT_ID:
        _become_current(chip, command.p1 & SHORT_ID_MASK)
        offset = command.p2
    else:
        offset = command.p1 << 8 | command.p2
    content = _readable(chip, record=False)
    if offset >= len(content):
        raise Refusal(Sw.OFFSET_WRONG)
    return content[offset : offset + command.le]


def read_record(chip: Chip, command: Command) -> bytes:
    """READ RECORD by number. Every record file of this card has one record."""
    if command.data or command.le is None:
        raise Refusal(Sw.WRONG_LENGTH)
    if command.p2 & 0x07 != 0x04:
        raise Refusal(Sw.NOT_SUPPORTED)
    if command.p2 >> 3:
        _become_current(chip, command.p2 >> 3)
    content = _readable(chip, record=True)
    if command.p1 != 1 or not content:
        raise Refusal(Sw.RECORD_MISSING)
    return content[: command.le]


def verify(chip: Chip, command: Command) -> bytes:
    """VERIFY a PIN; without data, tell the tries left, which costs none and is told even after a right PIN.

    The try is spent and made durable before the PIN is compared: a card that is pulled out, or a machine that loses
    power, between the two has lost a try and told nothing.
    """
    name = _secret(chip, command)
    state, rule = chip.secret(name), chip.profile.secrets[name]
    if not command.data:
        raise Refusal(Sw.TRIES | min(state.tries, TRIES_SHOWN_MAX))
    if len(command.data) > pins.SHOWN_BYTES_MAX:
        raise Refusal(Sw.WRONG_LENGTH)
    if not state.tries:
        raise Refusal(Sw.BLOCKED)
    chip.visit.opened.discard(name)
    state = pins.spend(state)
    chip.set_secret(name, state)
    if not pins.matches(state, command.data):
        raise Refusal(Sw.TRIES | min(state.tries, TRIES_SHOWN_MAX))
    chip.set_secret(name, pins.refill(state, rule))
    chip.visit.opened.add(name)
    return b""


def change_reference(chip: Chip, command: Command) -> bytes:
    """CHANGE REFERENCE DATA (or JICSAP CHANGE KEY): replace a PIN that was verified in this application."""
    name = _secret(chip, command, p1=None)
    rule = chip.profile.secrets[name]
    if rule.change != (command.cla, command.ins, command.p1):
        raise Refusal(Sw.PARAMETERS_WRONG if rule.change else Sw.NOT_PERMITTED)
    if name not in chip.visit.opened:
        raise Refusal(Sw.NOT_PERMITTED)
    try:
        new = pins.seal(command.data, rule, salt=chip.draw(pins.SALT_BYTES))
    except ValueError:
        raise Refusal(Sw.DATA_WRONG) from None
    chip.set_secret(name, new)
    return b""


def compute_signature(chip: Chip, command: Command) -> bytes:
    """COMPUTE DIGITAL SIGNATURE with the current key (P2 80), one named by short identifier, or the default (00)."""
    application = _application(chip)
    if command.p2 == 0:
        named = application.default_key
        if named is None:
            raise Refusal(Sw.PARAMETERS_WRONG)
    elif command.p2 & ~SHORT_ID_MASK == CURRENT:
        named = command.p2 & SHORT_ID_MASK or chip.visit.file
        if named is None:
            raise Refusal(Sw.NO_FILE_SELECTED)
    else:
        raise Refusal(Sw.PARAMETERS_WRONG)
    file = application.keys.get(named)
    if file is None:
        raise Refusal(Sw.FILE_KIND if _exists(application, named) else Sw.KEY_MISSING)
    _check_opened(chip, file)
    key = chip.key(file.key)
    if key is None:
        raise Refusal(Sw.KEY_MISSING)
    if not command.data:
        raise Refusal(Sw.WRONG_LENGTH)
    return keys.sign(key, command.p1, command.data)


def get_challenge(chip: Chip, command: Command) -> bytes:
    """GET CHALLENGE: random bytes. One of 16 bytes or more can be answered by a permit or an order, once."""
    if command.data or command.le is None:
        raise Refusal(Sw.WRONG_LENGTH)
    if command.p1 or command.p2:
        raise Refusal(Sw.PARAMETERS_WRONG)
    challenge = chip.draw(min(command.le, CHALLENGE_MAX))
    chip.visit.challenge = challenge if len(challenge) >= CHALLENGE_BYTES else b""
    return challenge


def _application(chip: Chip) -> Application:
    if chip.visit.application is None:
        raise Refusal(Sw.NO_FILE_SELECTED)
    return chip.visit.application


def _exists(application: Application, file: int | None) -> bool:
    return file in application.files or file in application.keys or file in application.secrets


def _become_current(chip: Chip, file: int) -> None:
    if not _exists(_application(chip), file):
        raise Refusal(Sw.FILE_MISSING)
    chip.visit.file = file


def _readable(chip: Chip, *, record: bool) -> bytes:
    application, current = _application(chip), chip.visit.file
    if current is None:
        raise Refusal(Sw.NO_FILE_SELECTED)
    file = application.files.get(current)
    if file is None or file.record is not record:
        raise Refusal(Sw.FILE_KIND)
    _check_opened(chip, file)
    return chip.content(file.content)


def _check_opened(chip: Chip, file: File | KeyFile) -> None:
    if file.opened_by and file.opened_by.isdisjoint(chip.visit.opened):
        raise Refusal(Sw.NOT_PERMITTED)


def _secret(chip: Chip, command: Command, *, p1: int | None = 0) -> str:
    """Name of the PIN that P2 means: that of the current file, or one named by its short identifier."""
    if command.p2 & ~SHORT_ID_MASK != CURRENT or (p1 is not None and command.p1 != p1):
        raise Refusal(Sw.PARAMETERS_WRONG)
    application = _application(chip)
    named = command.p2 & SHORT_ID_MASK or chip.visit.file
    if named is None:
        raise Refusal(Sw.NO_FILE_SELECTED)
    name = application.secrets.get(named)
    if name is None:
        raise Refusal(Sw.FILE_KIND if _exists(application, named) else Sw.KEY_MISSING)
    return name
