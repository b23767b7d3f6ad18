"""One base for every refusal and failure: a stable code, a public sentence, a private detail.

Three families (STYLE §5) tell whose move it is: the law or a policy refused, the other side sent something
wrong, or we failed. Every concrete error names its code and its sentence in Japanese and English; the sentence
says what happened, why, and what to do. `private` never leaves the process that raised it.
"""

from __future__ import annotations

import string
from enum import StrEnum
from typing import ClassVar, NamedTuple


class Family(StrEnum):
    """Whose move it is."""

    REFUSED = "refused"  # the law, the person or a policy says no
    INVALID = "invalid"  # the other side sent something wrong
    FAILED = "failed"  # we failed; nothing of the caller's is lost


class Status(NamedTuple):
    """How an error shows on HTTP and on the command line."""

    http: int
    exit: int


# The one table from family to transport. An error class may narrow its HTTP status, never its exit status.
FAMILY_STATUS: dict[Family, Status] = {
    Family.REFUSED: Status(http=403, exit=3),
    Family.INVALID: Status(http=400, exit=2),
    Family.FAILED: Status(http=503, exit=1),
}

_registry: dict[str, type[RenkeiError]] = {}


class RenkeiError(Exception):
    """Base of every error that Renkei raises on purpose.

    A concrete subclass sets `code`, `ja` and `en`; the sentences may hold `{placeholders}` for *public* facts
    (a row number, a line number, a limit), never for a number, name or payload of a person.

    Args:
        private: detail for the operator's log only.
        public: values for the placeholders of both sentences; a missing one is a programming error.
    """

    family: ClassVar[Family]
    code: ClassVar[str] = ""
    http: ClassVar[int | None] = None
    ja: ClassVar[str]
    en: ClassVar[str]

    def __init__(self, *, private: str = "", **public: object) -> None:
        self.private = private
        self.public = {name: str(value) for name, value in public.items()}
        super().__init__(self.code)

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__dict__.get("code"):
            return
        if cls.code in _registry:
            raise TypeError(f"error code {cls.code!r} is declared twice")
        if _placeholders(cls.ja) != _placeholders(cls.en):
            raise TypeError(f"{cls.code}: the Japanese and English sentences name different facts")
        _registry[cls.code] = cls

    @property
    def status(self) -> Status:
        """HTTP and exit status of this error."""
        base = FAMILY_STATUS[self.family]
        return Status(self.http or base.http, base.exit)

    def sentence(self, language: str = "ja") -> str:
        """The public sentence in `ja` or `en`."""
        return (self.ja if language == "ja" else self.en).format_map(self.public)

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence('en')}"


class Refused(RenkeiError):
    """The law, the person or a policy says no."""

    family = Family.REFUSED


class Invalid(RenkeiError):
    """The other side sent something wrong."""

    family = Family.INVALID


class Failed(RenkeiError):
    """We failed; the caller may try again and nothing is lost."""

    family = Family.FAILED


def catalogue() -> dict[str, type[RenkeiError]]:
    """Every declared error by code, in the order of the codes (rendered to docs/errors.md)."""
    return dict(sorted(_registry.items()))


def from_code(code: str, *, public: dict[str, str] | None = None) -> RenkeiError:
    """Rebuild the error that another party answered with.

    Raises:
        KeyError: the code is not in the catalogue.
    """
    return _registry[code](private="reported by the other party", **(public or {}))


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
