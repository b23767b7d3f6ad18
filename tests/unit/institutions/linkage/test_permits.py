"""The core's decision on a batch: whatever is asked, each item gets one permit or one refusal."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from renkei.contracts.exchange import PermitAsk
from renkei.contracts.register import BodyEntry, BodyState
from renkei.contracts.sheets import b64, unb64
from renkei.crypto.codes import KeyUse, generate_keys
from renkei.institutions.linkage.model import RegisterView, issue, processing_numbers, screen, without_code
from renkei.law import LawBook

KEYS = generate_keys(use=KeyUse.DEMONSTRATION)
TABLE = LawBook.load().on(date(2026, 11, 23))
MAYOR = frozenset({"municipality_mayor", "city_mayor"})
HANDLES = [KEYS.handle(f"99{person:09d}") for person in range(4)]
BODIES = {
    "jps": (frozenset({"jps"}), BodyState.ACTIVE),
    "m-1": (MAYOR, BodyState.ACTIVE),
    "m-2": (MAYOR, BodyState.ACTIVE),
    "stopped": (MAYOR, BodyState.STOPPED),
    "moj": (frozenset({"moj_minister"}), BodyState.ACTIVE),
}
VIEW = RegisterView(
    1,
    {
        body_id: BodyEntry(
            body_id=body_id, institution_code="0" * 16, name_ja=body_id, name_en=body_id, kinds=kinds, authority="",
            certificate="", log_key="", state=state,
        )
        for body_id, (kinds, state) in BODIES.items()
    },
)  # fmt: skip
HELD = {body_id: set() for body_id in BODIES} | {"m-1": set(HANDLES), "m-2": {HANDLES[0]}}
ASKS = st.builds(
    PermitAsk,
    st.sampled_from([*(b64(KEYS.issue("jps", handle)) for handle in HANDLES), b64(KEYS.issue("m-1", HANDLES[0])), "?"]),
    st.sampled_from([*BODIES, "nobody"]),
    st.sampled_from(["73.2", "157.1", "999.9"]),
    st.sampled_from(["local_tax", "family_register", "medical_insurance_benefit", "shoe_size"]),
    st.just("section"),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ASKS, max_size=40))
def test_each_item_is_answered_exactly_once(asks: list[PermitAsk]) -> None:
    candidates, refusals = screen(asks, requester="jps", view=VIEW, table=TABLE, keys=KEYS)
    by_provider, codeless = without_code(candidates, HELD)
    places = [refusal.at for refusal in refusals + codeless]
    for provider, group in by_provider.items():
        numbers = processing_numbers(date(2026, 11, 23), 1, len(group))
        issued = issue(
            group, provider=provider, numbers=numbers, keys=KEYS, seal=lambda indexes, codes, numbers: list(codes)
        )
        for item, subject, candidate in zip(issued.items, issued.subjects, group, strict=True):
            code = unb64(item.sealed_code)
            assert KEYS.handle_of(provider, code) == candidate.handle, "the provider's own code of the same person"
            assert item.affairs == asks[item.at].affairs
            assert VIEW.bodies[provider].state is BodyState.ACTIVE
            assert subject not in (code, KEYS.issue("jps", candidate.handle)), "the core's own code differs"
        places += [item.at for item in issued.items]
    assert sorted(places) == list(range(len(asks)))
    assert all(refusal.reason for refusal in refusals + codeless)


def test_processing_numbers_follow_each_other() -> None:
    numbers = processing_numbers(date(2026, 11, 23), 999, 3)
    assert numbers == sorted(numbers)
    assert numbers[0] == "20261123000000000999"
    assert {len(number) for number in numbers} == {20}
