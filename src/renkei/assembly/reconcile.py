"""Reconciling the three parties' records of every exchange: one merge over three ordered streams, in flat memory.

The core, the requester and the provider each keep their own record (番号法 23条). They agree in every field but the
person's code, which differs by party on purpose. Some states on the way look different and are in order; anything
else is named exactly: the number, the field, and what each party says.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from renkei.contracts.exchange import Outcome
from renkei.contracts.records import Party, RecordFace

LISTED_MAX = 100
"""Differences and unfinished exchanges that are named one by one; all are counted."""

_SHARED = ("requester", "provider", "section", "affairs", "information", "row", "asked_ms")
_NO_ANSWER = (Outcome.LAPSED.value, Outcome.REFUSED.value)
_PENDING = Outcome.PENDING.value


class State(NamedTuple):
    """A state in which the three records are in order."""

    ja: str
    en: str


ORDERLY: Final[Mapping[str, State]] = {
    "settled": State("三者の記録が一致", "all three agree"),
    "report_due": State("両機関が一致（コアへの報告待ち）", "both bodies agree; the report to the core is due"),
    "pending": State("提供者の職員の判断待ち", "a clerk of the provider decides"),
    "unanswered": State("提供なし（期限切れまたは拒否）", "permitted, nothing provided: lapsed or refused"),
    "unused": State("使われなかった許可", "a permit that was never presented"),
    "unfinished": State(
        "続行中のやり取り（再起動後に自動で完了）", "to be finished; goes on by itself after a restart"
    ),
}


class Difference(NamedTuple):
    """One field about which the parties disagree; `record` where a party has none."""

    number: str
    field: str
    values: dict[str, str]


class Reconciliation(NamedTuple):
    """What a reconciliation found."""

    exchanges: int
    states: dict[str, int]
    differing: int
    """Exchanges with a difference."""
    differences: list[Difference]
    unfinished: list[str]
    """Numbers of exchanges to be finished."""

    @property
    def holds(self) -> bool:
        """No difference at all."""
        return not self.differing

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**self._asdict(), "differences": [found._asdict() for found in self.differences]}


def reconcile(
    core: Iterable[RecordFace],
    requesters: Iterable[Iterable[RecordFace]],
    providers: Iterable[Iterable[RecordFace]],
    *,
    open_bodies: Collection[str],
) -> Reconciliation:
    """Compare the records of every exchange.

    Args:
        core: the core's records, in the order of their numbers; so is every other stream.
        requesters, providers: of each gateway.
        open_bodies: bodies that have requests still to be finished.
    """
    states: Counter[str] = Counter()
    differences: list[Difference] = []
    unfinished: list[str] = []
    exchanges = differing = 0
    for number, faces in _together(core, requesters, providers):
        exchanges += 1
        state, found = compare(faces, open_bodies)
        if found:
            differing += 1
            differences += [Difference(number, *one) for one in dict(found).items()][: LISTED_MAX - len(differences)]
            continue
        states[state] += 1
        if state == "unfinished" and len(unfinished) < LISTED_MAX:
            unfinished.append(number)
    return Reconciliation(exchanges, {state: states[state] for state in ORDERLY}, differing, differences, unfinished)


Faces = dict[Party, RecordFace]
Found = list[tuple[str, dict[str, str]]]


def _together(
    core: Iterable[RecordFace], requesters: Iterable[Iterable[RecordFace]], providers: Iterable[Iterable[RecordFace]]
) -> Iterator[tuple[str, Faces]]:
    """The records of one number after the other."""
    streams = [_of(Party.CORE, core)]
    streams += [_of(Party.REQUESTER, stream) for stream in requesters]
    streams += [_of(Party.PROVIDER, stream) for stream in providers]
    number, faces = "", Faces()
    for face, party in heapq.merge(*streams, key=_number):
        if face.number != number:
            if faces:
                yield number, faces
            number, faces = face.number, {}
        faces[party] = face
    if faces:
        yield number, faces


def _of(party: Party, stream: Iterable[RecordFace]) -> Iterator[tuple[RecordFace, Party]]:
    for face in stream:
        yield face, party


def _number(pair: tuple[RecordFace, Party]) -> str:
    return pair[0].number


def compare(faces: Faces, open_bodies: Collection[str]) -> tuple[str, Found]:
    """The state of one exchange, and where the parties disagree (the state then means nothing)."""
    core, asked, given = faces.get(Party.CORE), faces.get(Party.REQUESTER), faces.get(Party.PROVIDER)
    if core == asked == given:  # nearly always
        return "settled", []
    found = [found for field in _SHARED if (found := _disagreement(faces, field))]
    if core is None:
        return "", [("record", _presence(faces)), *found]
    if asked is None:
        return _without_requester(faces, core, given, open_bodies, found)
    if given is None:
        if asked.outcome not in _NO_ANSWER:
            return "", [("record", _presence(faces)), *found]
        found += _unequal(faces, core, asked, "hidden")
        return "unanswered", found + (_differ(faces, "outcome") if core.outcome else [])
    if asked.outcome == given.outcome:
        found += [one for field in ("given_ms", "hidden") for one in _unequal(faces, asked, given, field)]
        return _with_both(faces, core, given, found)
    if asked.outcome == _PENDING and core.outcome in ("", given.outcome):
        return "unfinished", found  # the late answer is on its way
    return "", found + _differ(faces, "outcome")


def _without_requester(
    faces: Faces, core: RecordFace, given: RecordFace | None, open_bodies: Collection[str], found: Found
) -> tuple[str, Found]:
    if core.requester in open_bodies:
        return "unfinished", found
    if given is None and not core.outcome:
        return "unused", found
    return "", [("record", _presence(faces)), *found]


def _with_both(faces: Faces, core: RecordFace, given: RecordFace, found: Found) -> tuple[str, Found]:
    """Both bodies agree on the outcome; the core learns it by report, and of waiting not at all."""
    if core.outcome:
        for field in ("outcome", "given_ms", "hidden"):
            found += _unequal(faces, core, given, field)
        return "settled", found
    if core.hidden and not given.hidden:
        found += _differ(faces, "hidden")
    return "pending" if given.outcome == _PENDING else "report_due", found


def _disagreement(faces: Faces, field: str) -> tuple[str, dict[str, str]] | None:
    values = {getattr(face, field) for face in faces.values()}
    return None if len(values) <= 1 else (field, _values(faces, field))


def _unequal(faces: Faces, one: RecordFace, other: RecordFace, field: str) -> Found:
    return _differ(faces, field) if getattr(one, field) != getattr(other, field) else []


def _differ(faces: Faces, field: str) -> Found:
    return [(field, _values(faces, field))]


def _values(faces: Faces, field: str) -> dict[str, str]:
    return {party.value: str(getattr(face, field)) for party, face in faces.items()}


def _presence(faces: Faces) -> dict[str, str]:
    return {party.value: "present" if party in faces else "missing" for party in Party}
