"""Status words that this card answers (ISO/IEC 7816-4 §5.6, JICSAP 7.3)."""

from __future__ import annotations

from enum import IntEnum


class Sw(IntEnum):
    """A status word."""

    OK = 0x9000
    TRIES = 0x63C0  # plus the tries left
    MEMORY_FAILED = 0x6581
    WRONG_LENGTH = 0x6700
    CHANNEL_UNKNOWN = 0x6881
    SECURE_MESSAGING_UNKNOWN = 0x6882
    FILE_KIND = 0x6981
    NOT_PERMITTED = 0x6982
    BLOCKED = 0x6984
    CONDITIONS = 0x6985
    NO_FILE_SELECTED = 0x6986
    DATA_WRONG = 0x6A80
    NOT_SUPPORTED = 0x6A81
    FILE_MISSING = 0x6A82
    RECORD_MISSING = 0x6A83
    NO_SPACE = 0x6A84
    PARAMETERS_WRONG = 0x6A86
    KEY_MISSING = 0x6A88
    OFFSET_WRONG = 0x6B00
    INSTRUCTION_UNKNOWN = 0x6D00
    CLASS_UNKNOWN = 0x6E00
    MORE = 0x6100  # plus the bytes that GET RESPONSE can fetch, 00 for 256 or more


class Refusal(Exception):
    """A command ends with this status word and no data; nothing outside the chip ever sees it raised."""

    def __init__(self, sw: int) -> None:
        self.sw = int(sw)
        super().__init__(f"{self.sw:04X}")
