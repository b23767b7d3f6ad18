"""One JSON line per event on standard error, holding only what is known to be harmless.

A key that is not in `ALLOWED` is dropped with its value, so a body, a name or a number cannot slip in; long runs of
digits inside an allowed text are masked; of an exception only its type and place are kept, as its message may quote
what it was given.
"""

from __future__ import annotations

import logging as stdlib_logging
import re
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

ALLOWED: dict[str, type | tuple[type, ...]] = {
    "event": str,
    "level": str,
    "at": str,
    "room": str,
    "name": str,
    "code": str,
    "family": str,
    "private": str,
    "method": str,
    "route": str,
    "authority": str,
    "body_id": str,
    "key_id": str,
    "request_id": str,
    "destination": str,
    "kind": str,
    "address": str,
    "role": str,
    "edition": str,
    "step": str,
    "frames": list,
    "status": int,
    "count": int,
    "size": int,
    "attempts": int,
    "exit": int,
    "duration_ms": (int, float),
    "bytes": int,
}
TEXT_MAX = 300
FRAMES_MAX = 12
_DIGITS = re.compile(r"\d{7,}")
_NUMBER = re.compile(r"(?<![0-9a-f])\d{7,}(?![0-9a-f])")


def get_logger(room: str) -> FilteringBoundLogger:
    """The log of one room; works before `configure` too, on the same terms."""
    if not structlog.is_configured():
        _configure_own("info", None)
    logger: FilteringBoundLogger = structlog.get_logger(room=room)
    return logger


def configure(*, level: str = "info", stream: TextIO | None = None) -> None:
    """Send every event, ours and the libraries', to `stream` (standard error) as lines of JSON."""
    _configure_own(level, stream)
    root = stdlib_logging.getLogger()
    root.handlers[:] = [_LibraryHandler()]
    root.setLevel(stdlib_logging.WARNING)


def _configure_own(level: str, stream: TextIO | None) -> None:
    number = stdlib_logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[structlog.processors.add_log_level, _stamp, keep_allowed, _render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def keep_allowed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Drop what is not allowed, shorten and mask what is."""
    error = event.pop("exc_info", None)
    kept: dict[str, Any] = {}
    for key, value in event.items():
        if key in ALLOWED and isinstance(value, ALLOWED[key]) and not isinstance(value, bool):
            kept[key] = _mask(key, value) if isinstance(value, str) else value
    if error:
        kept["frames"] = list(_frames(sys.exc_info()[1] if error is True else error))
    return kept


def _mask(key: str, text: str) -> str:
    if key in ("at", "key_id"):
        return text
    # Ids of ours are hexadecimal and may well hold seven digits in a row.
    return (_NUMBER if key == "request_id" else _DIGITS).sub("*", text[:TEXT_MAX])


def _frames(error: object) -> Iterator[str]:
    """Type and place of an exception and of what caused it, innermost place last."""
    seen = 0
    while isinstance(error, BaseException) and seen < FRAMES_MAX:
        yield type(error).__name__
        for frame in traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]:
            yield f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
        error, seen = error.__cause__ or error.__context__, seen + 1


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["at"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    return event


def _render(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return msgspec.json.encode(event).decode()


class _LibraryHandler(stdlib_logging.Handler):
    """Libraries' own records: their name and level only, as their messages may quote what they were given."""

    def emit(self, record: stdlib_logging.LogRecord) -> None:
        get_logger("library").log(record.levelno, "library_event", name=record.name, exc_info=record.exc_info)
