"""The whole story of a pension claim, headless, in a temporary country; every check is made and printed.

claim filed → bodies asked instead of the claimant → decided → evidence saved and verified offline → what is not
permitted is refused → a protected person waits for a clerk → the claimant sees every look → logs reconciled
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from renkei.assembly.agencies import PENSION_SECTION as SECTION
from renkei.assembly.agencies import children_of
from renkei.assembly.demo import Demonstration, open_account, open_demonstration
from renkei.assembly.loading import Known, enrolment_of, own_number
from renkei.assembly.nation import Persona
from renkei.assembly.site import evidence_file
from renkei.assembly.trust import TRUST_FILE, read_trust
from renkei.assembly.verdict import StepFailed
from renkei.assembly.verify import verify_file
from renkei.assembly.verify_logs import CORE_FILE, Findings, check_folder, check_stores
from renkei.base.errors import RenkeiError
from renkei.base.time import from_ms, to_ms
from renkei.contracts.errors import CaseMissing, NoCode, NoCopy
from renkei.contracts.exchange import Outcome, Purpose
from renkei.contracts.inquiries import Case, CaseBatch, Inquiry, InquiryBatch, InquiryResult
from renkei.institutions.agencies.pension import queries as pension_queries
from renkei.institutions.agencies.pension.model.claims import AFFAIRS, Answer, Claim, Need, State
from renkei.institutions.agencies.welfare import queries as welfare_queries
from renkei.institutions.agencies.welfare.model.claims import State as WelfareState
from renkei.institutions.gateway import queries as gateway_queries
from renkei.law import LawBook
from renkei.law.errors import NotPermitted

JPS, PENSION = "jps", "pension"


CLERK, ACCOUNT = "jps-clerk-01", "story-claimant"


class Told(NamedTuple):
    """One step of the story and whether it held."""

    step: str
    said: str
    held: bool
    details: dict[str, Any]


class Story:
    """Tells the story in one country.

    Args:
        demonstration: an open, loaded country in which nothing was exchanged yet.
        evidence: folder for evidence files; made where missing.
        tell: hears each step as it is told.
    """

    def __init__(self, demonstration: Demonstration, *, evidence: Path, tell: Callable[[Told], None]) -> None:
        self._country, self._agencies = demonstration.country, demonstration.agencies
        self._nation = demonstration.nation
        self._personas = {persona.slug: persona for persona in self._nation.personas()}
        self._folder, self._tell = evidence, tell
        self._steps: list[Told] = []

    @property
    def held(self) -> bool:
        """Whether every step so far held."""
        return all(told.held for told in self._steps)

    async def tell(self) -> list[Told]:
        """Tell everything, in order; a step that raises is told as not held."""
        steps = (
            self._claim, self._allowance, self._refusals, self._nothing_to_give, self._protected, self._repetition,
            self._access, self._logs,
        )  # fmt: skip
        for step in steps:
            try:
                await step()
            except RenkeiError as error:
                self._say(step.__name__.strip("_"), error.sentence("en"), held=False, code=error.code)
        return self._steps

    def _say(self, step: str, said: str, *, held: bool, **details: Any) -> None:
        told = Told(step, said, held, details)
        self._steps.append(told)
        self._tell(told)

    # --- the claim -------------------------------------------------------------------------------------------

    async def _claim(self) -> None:
        office = self._agencies.pension
        claim = await office.file(own_number(self._personas["claimant"].person), user=CLERK)
        papers = [need.value for need in claim.needs]
        self._say("filed", f"Claim {claim.claim_id} filed; papers needed before: {len(papers)}", held=len(papers) == 2,
                  papers_before=papers)  # fmt: skip
        claim = await office.ask_for_claim(claim.claim_id, user=CLERK)
        answers = await office.db.read(partial(pension_queries.answers, claim_id=claim.claim_id))
        for need, answer in answers.items():
            self._say_answer(need, answer)
        self._say("papers", "Papers needed after: 0", held=claim.state is State.READY, papers_after=0)
        await self._decide(claim)
        for answer in answers.values():
            await self._evidence(answer.number)

    def _say_answer(self, need: Need, answer: Answer) -> None:
        lang = "en"
        words = self._country.words
        self._say(
            "answered",
            f"{words.body(answer.provider, lang)} answered “{words.information(answer.information, lang)}”",
            held=answer.outcome is Outcome.GIVEN, need=need.value, provider=answer.provider,
            information=answer.information, outcome=answer.outcome.value, number=answer.number, row=answer.row,
            citation=words.ground(edition=answer.edition, row=answer.row, affairs=AFFAIRS, language=lang).citation,
            copied_at=from_ms(answer.copied_ms).isoformat(),
        )  # fmt: skip

    async def _decide(self, claim: Claim) -> None:
        decided = await self._agencies.pension.grant(claim.claim_id, user=CLERK)
        self._say(
            "decided", f"Granted {decided.yearly_yen:,} yen a year from {decided.from_month}",
            held=decided.state is State.GRANTED, yearly_yen=decided.yearly_yen, from_month=decided.from_month,
        )  # fmt: skip

    async def _evidence(self, number: str) -> None:
        content = await evidence_file(self._country, JPS, number, user=CLERK)
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"evidence-{number}.json"
        path.write_bytes(content)
        trust = read_trust(self._country.folder / TRUST_FILE)
        try:
            verdict = verify_file(content, trust, book=LawBook.load(), now=self._country.clock.now())
        except StepFailed as failed:
            self._say("evidence", failed.sentence("en"), held=False, file=str(path))
            return
        self._say("evidence", verdict.as_json()["en"], held=True, file=str(path), number=number)

    async def _allowance(self) -> None:
        """The other way round: a municipality asks, the former one and the Pension Service answer (児童手当法 7条)."""
        persona = self._personas["mother"]
        home, body_id = persona.household, persona.household.municipality.body_id
        office = self._agencies.welfare[body_id]
        clerk = f"{body_id}-child-01"
        moved = home.move
        await office.enrol([enrolment_of(self._nation, Known(persona.person, home))])
        claim = await office.file(
            own_number(persona.person), children=children_of(home), moved_in_on=moved.moved_on if moved else None,
            moved_from=moved.former.body_id if moved and moved.former else "", user=clerk,
        )  # fmt: skip
        claim = await office.ask_for_claim(claim.claim_id, user=clerk)
        answers = await office.db.read(partial(welfare_queries.answers, claim_id=claim.claim_id))
        outcomes = {need.value: f"{one.provider}: {one.outcome.value}" for need, one in answers.items()}
        given = all(one.outcome is Outcome.GIVEN for one in answers.values())
        granted = await office.grant(claim.claim_id, user=clerk)
        self._say(
            "allowance", f"Child allowance {claim.claim_id} granted to someone who moved in, without a paper",
            held=granted.state is WelfareState.GRANTED and given, answers=outcomes,
        )  # fmt: skip

    # --- what is not given -------------------------------------------------------------------------------------

    async def _ask(self, persona: Persona, batch: str, *, information: str, provider: str, case: bool) -> InquiryResult:
        """One inquiry of the pension office about someone, by own number, with or without an open case."""
        port = self._country.bodies[JPS].relay(PENSION)
        number = own_number(persona.person)
        case_id = f"story-{batch}"
        if case:
            now_ms = to_ms(self._country.clock.now())
            opened = Case(case=case_id, section=SECTION, address_number=number, affairs=AFFAIRS, opened_ms=now_ms)
            await port.register_cases(CaseBatch(cases=[opened]))
        inquiry = Inquiry(
            ref="1", address_number=number, case=case_id, affairs=AFFAIRS, information=information, provider=provider
        )
        found = await port.inquire(
            InquiryBatch(
                batch=f"story-{batch}", section=SECTION, user=CLERK, purpose=Purpose.REVIEW,
                inquiries=[inquiry],
            )
        )  # fmt: skip
        return found.results[0]

    async def _refusals(self) -> None:
        claimant = self._personas["claimant"]
        home = claimant.household.municipality.body_id
        denied = await self._ask(claimant, "denied", information="child_allowance", provider=home, case=True)
        self._say_refused("not_permitted", denied, Outcome.REFUSED, NotPermitted.code)
        caseless = await self._ask(claimant, "caseless", information="local_tax", provider=home, case=False)
        self._say_refused("no_case", caseless, Outcome.REFUSED, CaseMissing.code)

    async def _nothing_to_give(self) -> None:
        copyless = self._personas["no-copy"]
        found = await self._ask(
            copyless, "no-copy", information="local_tax", provider=copyless.household.municipality.body_id, case=True
        )
        expected = (Outcome.NONE, NoCopy.code) if found.outcome is Outcome.NONE else (Outcome.REFUSED, NoCode.code)
        self._say_refused("no_data", found, *expected)
        claimant = self._personas["claimant"]
        elsewhere = next(
            body_id for body_id, node in self._country.bodies.items()
            if body_id.startswith("m-") and body_id not in _homes(claimant)
        )  # fmt: skip
        codeless = await self._ask(claimant, "no-code", information="local_tax", provider=elsewhere, case=True)
        self._say_refused("no_code", codeless, Outcome.REFUSED, NoCode.code)

    def _say_refused(self, step: str, found: InquiryResult, outcome: Outcome, reason: str) -> None:
        held = found.outcome is outcome and found.reason == reason
        self._say(step, f"{found.outcome.value}: {found.reason}", held=held, outcome=found.outcome.value,
                  reason=found.reason)  # fmt: skip

    # --- a clerk decides -----------------------------------------------------------------------------------------

    async def _protected(self) -> None:
        persona = self._personas["protected"]
        home = persona.household.municipality.body_id
        found = await self._ask(persona, "protected", information="resident_record", provider=home, case=True)
        self._say("protected", "A protected person is not answered automatically",
                  held=found.outcome is Outcome.PENDING, outcome=found.outcome.value, reason=found.reason)  # fmt: skip
        tenant = self._country.bodies[home].gateway.tenant
        now_ms = to_ms(self._country.clock.now())
        waiting = await tenant.db.read(lambda conn: gateway_queries.waiting(conn, now_ms=now_ms))
        numbers = [row.number for row in waiting]
        await tenant.decide(found.number, give=False, user=f"{home}-desk-01")
        late = found
        for _ in range(100):
            results = await self._country.bodies[JPS].relay(PENSION).result("story-protected")
            late = results.results[0]
            if late.outcome is not Outcome.PENDING:
                break
            await asyncio.sleep(0.05)
        held = found.number in numbers and late.outcome is Outcome.NONE and late.reason == "withheld"
        self._say("decided_by_clerk", "A clerk decided not to answer; the requester learns that, and no more",
                  held=held, outcome=late.outcome.value, reason=late.reason, number=found.number)  # fmt: skip

    async def _repetition(self) -> None:
        tenant = self._country.bodies[JPS].gateway.tenant
        before = (await tenant.db.read(gateway_queries.counts))["asked"]
        persona = self._personas["protected"]
        home = persona.household.municipality.body_id
        again = await self._ask(persona, "protected", information="resident_record", provider=home, case=False)
        after = (await tenant.db.read(gateway_queries.counts))["asked"]
        self._say("repeated", "The same request again: the same answer, no second record",
                  held=before == after and again.reason == "withheld", records=after)  # fmt: skip

    # --- the person sees, the logs hold ------------------------------------------------------------------------

    async def _access(self) -> None:
        await self._country.settle()
        claimant = self._personas["claimant"]
        await open_account(self._country, ACCOUNT, claimant)
        view = await self._country.portal.access(ACCOUNT)
        words = self._country.words
        entries = [
            {
                "who": words.body(one.entry.requester, "en"),
                "section": words.section(one.entry.requester, one.entry.section, "en"),
                "whom": words.body(one.entry.provider, "en"),
                "what": words.information(one.entry.information, "en"),
                "row": one.entry.row,
                "asked_at": from_ms(one.entry.asked_ms).isoformat(),
                "outcome": one.entry.outcome.value if one.entry.outcome else "asked",
                "log_entry": one.leaf_index,
                "log_size": one.size,
            }
            for one in view.shown
        ]
        given = {entry["what"] for entry in entries if entry["outcome"] == "given"}
        self._say("access_list", f"The claimant sees {len(entries)} exchanges, each proved in the core's log",
                  held=len(given) == 2, entries=entries, withheld=view.withheld)  # fmt: skip

    async def _logs(self) -> None:
        findings = await asyncio.to_thread(self._check)
        found = findings.reconciled
        self._say(
            "logs", f"{len(findings.logs)} logs recomputed; the three parties' records reconciled",
            held=findings.hold and found is not None and not found.unfinished,
            exchanges=found.exchanges if found else 0, states=found.states if found else {},
        )  # fmt: skip

    def _check(self) -> Findings:
        """Check the data folder as an auditor would; where the stores are no files, over the parties' connections."""
        country = self._country
        trust = read_trust(country.folder / TRUST_FILE)
        if (country.folder / CORE_FILE).is_file():
            return check_folder(country.folder, trust)
        with ExitStack() as stack:
            core = stack.enter_context(country.core.core.db.reading())
            gateways = {
                body_id: stack.enter_context(node.gateway.tenant.db.reading())
                for body_id, node in country.bodies.items()
            }
            return check_stores(core, gateways, trust)


def _homes(persona: Persona) -> set[str]:
    household = persona.household
    former = household.move.former if household.move else None
    homes = {household.municipality.body_id, *(tax.body_id for tax in persona.person.taxes)}
    return homes | ({former.body_id} if former else set())


async def tell_pension(
    folder: Path, *, evidence: Path, seed: int, residents: int, tell: Callable[[Told], None]
) -> bool:
    """Make a country in `folder`, tell the story of a pension claim in it, and close it; whether everything held."""
    demonstration = await open_demonstration(folder, seed=seed, residents=residents)
    story = Story(demonstration, evidence=evidence, tell=tell)
    try:
        await story.tell()
    finally:
        await demonstration.country.stop()
    return story.held
