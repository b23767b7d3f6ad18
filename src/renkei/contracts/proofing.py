"""The seam to identity proofing (本人確認): whoever acts on the strength of what a clerk saw refers to it by its id."""

from __future__ import annotations

from typing import Protocol

from renkei.base.encoding import MaskedStruct
from renkei.base.errors import Invalid, Refused


class ProofingUnknown(Invalid):
    """No proofing of that id, or not one of this body."""

    code = "proofing_unknown"
    http = 404
    ja = "この番号の本人確認の記録は見つかりません。番号を確かめるか、本人確認の画面から記録してください。"
    en = "There is no record of a proofing under this number. Check it, or record the proofing first."


class ProofingWithdrawn(Refused):
    """The clerk took the record back as a mistake."""

    code = "proofing_withdrawn"
    http = 409
    ja = "この本人確認の記録は取り消されています。もう一度確認して、新しく記録してください。"
    en = "This record of a proofing was withdrawn. Check again and make a new record."


class ProvenIdentity(MaskedStruct, frozen=True, kw_only=True):
    """What others may know of a proofing: the case and the rule that was met, never whose documents they were."""

    evidence_id: str
    case: str
    """Case of `law/proofing.toml`, for instance `statutory_agent_counter`."""
    measures: tuple[str, ...]
    """The measures that were taken, by their ids there."""
    edition: str
    body_id: str
    clerk: str
    """Staff id."""
    at_ms: int


class ProofingPort(Protocol):
    """Whoever keeps the records of proofing."""

    async def evidence(self, evidence_id: str) -> ProvenIdentity:
        """A record that stands.

        Raises:
            ProofingUnknown, ProofingWithdrawn: nothing may be based on it.
        """
