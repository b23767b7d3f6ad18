"""Errors on the wire: RFC 9457 problem details, readable by people and rebuilt by the other party's client."""

from __future__ import annotations

import msgspec

from renkei.base.errors import RenkeiError, from_code
from renkei.platform.errors import PeerRefused

CONTENT_TYPE = "application/problem+json"
TAG = "renkei-problem"
"""Signature tag of every problem answer, so that none can stand for an answer proper."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem document. Members of later releases are passed over (RFC 9457 §3.2).

    Attributes:
        type: `urn:renkei:error:CODE`.
        title: the English sentence.
        public: the facts that the sentences name.
    """

    type: str
    title: str
    status: int
    code: str
    family: str
    ja: str
    en: str
    public: dict[str, str] = {}


def problem_of(error: RenkeiError) -> Problem:
    """What the other party may know of `error`."""
    en = error.sentence("en")
    return Problem(
        type=f"urn:renkei:error:{error.code}",
        title=en,
        status=error.status.http,
        code=error.code,
        family=error.family.value,
        ja=error.sentence("ja"),
        en=en,
        public=error.public,
    )


def encode_problem(error: RenkeiError) -> bytes:
    """The problem document of `error` as JSON."""
    return msgspec.json.encode(problem_of(error))


def error_of(body: bytes) -> RenkeiError:
    """The error that another party answered with.

    Returns:
        An instance of the declared error, or PeerRefused where this release does not know its code.

    Raises:
        msgspec.DecodeError: not a problem document.
    """
    problem = msgspec.json.decode(body, type=Problem)
    try:
        error = from_code(problem.code, public=problem.public)
        error.sentence("en")
    except (KeyError, TypeError):
        return PeerRefused(code_there=problem.code[:60])
    return error
