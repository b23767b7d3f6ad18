"""A request file through the gateway, on both databases and both transports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.contract.filedrop.samples import TAX, request_file, request_row
from tests.network import JPS, PENSION_CLAIM, SAPPORO, SECTION, Network, address, case_of

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.inquiries import Case, CaseBatch
from renkei.institutions.gateway import queries, store
from renkei.institutions.gateway.files import inquiring
from renkei.institutions.gateway.files.inquiring import InquiryReport, inquire_file

Test = Callable[[Network], Awaitable[None]]
Run = Callable[[Test], None]


@pytest.fixture(params=["in_process", "http"])
def run(request: pytest.FixtureRequest, tmp_path: Path, open_database: Any) -> Run:
    """Runs a test in a network where persons 1 to 4 have codes and copies, and 1 to 3 an open case."""

    async def running(test: Test) -> None:
        def opened(name: str, metadata: Any) -> Any:
            return open_database(metadata, name=name.replace("-", "_"))

        net = Network(tmp_path, open_database=opened, http=request.param == "http")
        await net.start()
        try:
            for body_id in (JPS, SAPPORO):
                await net.give_codes(body_id, [1, 2, 3, 4])
            await net.give_copies(SAPPORO, "local_tax", [1, 2, 3, 4], TAX)
            await net.open_cases([1, 2, 3])
            await test(net)
        finally:
            await net.stop()

    return lambda test: asyncio.run(running(test))


def outcomes(report: InquiryReport) -> dict[int, tuple[str, str]]:
    return {row.line: (str(result.outcome), result.reason) for row, result in report.results}


def records(net: Network) -> int:
    with net.gateways[JPS].tenant.db.reading() as conn:
        return queries.counts(conn)["asked"]


async def open_case(
    net: Network, person: int, case: str, *, closed: bool = False, affairs: str = PENSION_CLAIM
) -> None:
    now = to_ms(net.clock.now())
    entry = Case(
        case=case, section=SECTION, address_number=address(person), affairs=affairs, opened_ms=now,
        closed_ms=now if closed else 0,
    )  # fmt: skip
    await net.system(JPS).register_cases(CaseBatch(cases=[entry]))


def test_the_case_is_the_one_that_is_open(run: Run) -> None:
    """The file has no column for the case (事案): one open case of the person is taken, none or several are refused."""

    async def test(net: Network) -> None:
        await open_case(net, 2, "case-2b")
        await open_case(net, 3, "case-3b", closed=True)
        await open_case(net, 3, "case-3c", affairs="72.1")
        await open_case(net, 4, "case-4", closed=True)
        report = await inquire_file(net.system(JPS), request_file(*(request_row(person) for person in (1, 2, 3, 4, 5))))
        assert outcomes(report) == {
            1: ("given", ""), 2: ("refused", "case_ambiguous"), 3: ("given", ""), 4: ("refused", "case_missing"),
            5: ("refused", "person_unknown"),
        }  # fmt: skip
        assert report.problems == []
        assert records(net) == 2
        with net.gateways[JPS].tenant.db.reading() as conn:
            kept = conn.execute(store.inquiry_batch.select()).one()
        assert [step.facts.get("case") for step in queries.planned(kept)] == [case_of(1), None, case_of(3), None, None]

    run(test)


def test_a_repeated_file_changes_nothing(run: Run) -> None:
    """The same file again: the same answers, one record each, whatever the registers say by now."""

    async def test(net: Network) -> None:
        request = request_file(request_row(1), request_row(4))
        first = await inquire_file(net.system(JPS), request)
        await open_case(net, 1, case_of(1), closed=True)
        await open_case(net, 4, "case-4")
        again = await inquire_file(net.system(JPS), request)
        assert [result for _, result in again.results] == [result for _, result in first.results]
        assert outcomes(again) == {1: ("given", ""), 2: ("refused", "case_missing")}
        assert records(net) == 1

    run(test)


def test_another_file_of_the_same_name_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(net: Network) -> None:
        inquire = partial(inquire_file, net.system(JPS))
        await inquire(request_file(request_row(1), request_row(2)))
        for other in (
            [request_row(1)],
            [request_row(1), request_row(2), request_row(3)],
            [request_row(2), request_row(1)],
            [request_row(1).replace("01,", "02,", 1)],  # nothing good in it at all
        ):
            with pytest.raises(RenkeiError) as caught:
                await inquire(request_file(*other))
            assert caught.value.code == "file_conflict"
        assert records(net) == 2

    monkeypatch.setattr(inquiring, "ITEMS_MAX", 1)  # the second row would be a batch of its own
    run(test)


def test_own_numbers_are_translated_by_the_ledger(run: Run) -> None:
    """A business system holds own numbers only; one that the ledger does not know is an error of its row."""

    async def test(net: Network) -> None:
        known = {f"{701:015d}": address(1), f"{702:015d}": address(2)}
        asked: list[list[str]] = []

        def translate(own_numbers: Iterable[str]) -> Mapping[str, str]:
            asked.append(sorted(own_numbers))
            return {number: known[number] for number in own_numbers if number in known}

        request = request_file(request_row(0, own=701), request_row(3), request_row(0, own=799))
        report = await inquire_file(net.system(JPS), request, translate=translate)
        assert outcomes(report) == {1: ("given", ""), 2: ("given", "")}
        assert [(problem.line, problem.error.code) for problem in report.problems] == [(3, "row_person_unknown")]
        assert asked == [[f"{701:015d}", f"{799:015d}"]]

        known[f"{799:015d}"] = address(2)
        again = await inquire_file(net.system(JPS), request, translate=translate)
        assert outcomes(again) == outcomes(report), "what was asked under this name stays what it was"
        assert [problem.error.code for problem in again.problems] == ["row_person_unknown"]

        alone = await inquire_file(
            net.system(JPS), request_file(request_row(0, own=701), name="P640R110_20261123120001")
        )
        assert [problem.error.code for problem in alone.problems] == ["row_ledger_missing"]
        assert alone.results == []

    run(test)


def test_an_interrupted_file_goes_on_where_it_was(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The business system dies between two batches; the same file again asks only what was not asked yet."""

    class Dies:
        def __init__(self, port: Any) -> None:
            self.port, self.left = port, 2

        async def inquire(self, batch: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise ConnectionError
            return await self.port.inquire(batch)

    async def test(net: Network) -> None:
        request = request_file(request_row(1), request_row(2), request_row(3))
        with pytest.raises(ConnectionError):
            await inquire_file(Dies(net.system(JPS)), request)  # type: ignore[arg-type]
        assert records(net) == 2
        report = await inquire_file(net.system(JPS), request)
        assert outcomes(report) == {1: ("given", ""), 2: ("given", ""), 3: ("given", "")}
        assert records(net) == 3

    monkeypatch.setattr(inquiring, "ITEMS_MAX", 1)
    monkeypatch.setattr(inquiring, "BATCHES_AT_ONCE", 1)
    run(test)
