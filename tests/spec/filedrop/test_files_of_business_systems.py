"""Files of business systems

A business system that cannot speak the signed interface hands over files: inquiries in the 18-column request file of
the intermediate server (中間サーバー) and results back; copies (副本) in CSV.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.contract.filedrop.samples import request_file, request_row, write_copies
from tests.network import JPS, MOJ, PENSION_CLAIM, SAPPORO, SECTION, Network, address

from renkei.base.errors import RenkeiError
from renkei.base.time import to_ms
from renkei.contracts.inquiries import Case, CaseBatch, PersonMarks, PersonMarksBatch
from renkei.institutions.gateway.files.importing import import_copies
from renkei.institutions.gateway.files.inquiring import InquiryReport, inquire_file
from renkei.institutions.gateway.files.result_file import write_results


@pytest.fixture
def story(tmp_path: Path) -> Callable[[Callable[[Network], Awaitable[None]]], None]:
    """Tells a story in a network where persons 1 to 4 claim a pension; Sapporo registered copies of 1 to 3 by file."""

    async def telling(tell: Callable[[Network], Awaitable[None]]) -> None:
        net = await Network(tmp_path).start()
        try:
            for body_id in (JPS, SAPPORO):
                await net.give_codes(body_id, [1, 2, 3, 4])
            await net.open_cases([1, 2, 3, 4])
            path = write_copies(tmp_path / "tax-2026.csv", [1, 2, 3])
            import_copies(net.gateways[SAPPORO].tenant.db, path, now=net.clock.now())
            await tell(net)
        finally:
            await net.stop()

    return lambda tell: asyncio.run(telling(tell))


async def hand_over(net: Network, *rows: str) -> InquiryReport:
    return await inquire_file(net.system(JPS), request_file(*rows))


def said(report: InquiryReport) -> list[str]:
    return [result.reason or str(result.outcome) for _, result in report.results]


def test_a_request_file_in_a_result_file_out(story) -> None:
    """The pension section asks Sapporo for the tax of three claimants in one file. The result file has a line for each,
    in the order of the request: the data as the city last registered them, when it made that copy, the processing
    number (処理通番) under which all three parties keep a record, and the row of the law that permitted it.
    """

    async def tell(net: Network) -> None:
        report = await hand_over(net, *(request_row(person) for person in (3, 1, 2)))
        lines = write_results(report.results, encoding="utf-8").decode().splitlines()
        assert [line.split(",")[2] for line in lines] == [address(3), address(1), address(2)]
        assert all("local_tax/2026-04" in line and ",73," in line for line in lines)
        assert len({result.number for _, result in report.results}) == 3

    story(tell)


def test_what_is_wrong_with_one_row_stops_that_row_only(story) -> None:
    """A typing mistake in one line of a thousand must not hold up the others. The row is named with its line, its
    column and the reason in Japanese and English; what it said is not repeated, as it may be a person's number.
    """

    async def tell(net: Network) -> None:
        wrong = request_row(2).replace(address(2), "00000000000000X")
        report = await hand_over(net, request_row(1), wrong, request_row(3))
        assert said(report) == ["given", "given"]
        [problem] = report.problems
        assert problem.cells()[:3] == ("2", "統合宛名番号", "row_value")
        assert "X" not in "".join(problem.cells()[3:])

    story(tell)


def test_no_no_and_no_do_not_look_alike(story) -> None:
    """Nothing registered, a clerk of the provider has to decide, the law does not permit it: each has its own status
    and its own sentence. A person marked as protected (支援措置) is never answered by the machine.
    """

    async def tell(net: Network) -> None:
        mark = PersonMarks(address_number=address(2), no_automatic_answer=True, hidden=False)
        await net.system(SAPPORO).mark_persons(PersonMarksBatch(persons=[mark]))
        report = await hand_over(
            net, request_row(4), request_row(2), request_row(1, provider=MOJ, information="child_allowance")
        )
        assert said(report)[:2] == ["no_copy", "waiting_for_clerk"]
        lines = write_results(report.results, encoding="utf-8").decode().splitlines()
        assert [line.split(",")[11] for line in lines] == ["91", "92", "93"]

    story(tell)


def test_the_file_names_no_case_and_none_is_guessed(story) -> None:
    """An inquiry serves a case (事案). The request file has no column for it, so the gateway takes the one open case of
    the person in the asking section for those affairs. If there is none, or more than one, it does not ask.
    """

    async def tell(net: Network) -> None:
        now = to_ms(net.clock.now())
        second = Case(
            case="case-2b", section=SECTION, address_number=address(2), affairs=PENSION_CLAIM, opened_ms=now
        )  # fmt: skip
        closed = Case(
            case="case-3", section=SECTION, address_number=address(3), affairs=PENSION_CLAIM, opened_ms=now,
            closed_ms=now,
        )  # fmt: skip
        await net.system(JPS).register_cases(CaseBatch(cases=[second, closed]))
        report = await hand_over(net, request_row(1), request_row(2), request_row(3))
        assert said(report) == ["given", "case_ambiguous", "case_missing"]

    story(tell)


def test_a_file_handed_over_twice_asks_once(story) -> None:
    """After a night job that broke off, nobody knows how far it came. The same file is simply handed over again: what
    was asked is not asked twice, what was not is asked now, and the result file is the same. Another file under the
    same name is refused.
    """

    async def tell(net: Network) -> None:
        first = await hand_over(net, request_row(1), request_row(2))
        again = await hand_over(net, request_row(1), request_row(2))
        assert write_results(again.results, encoding="utf-8") == write_results(first.results, encoding="utf-8")
        await net.settle()
        assert len(net.faces()) == 2, "one record each"
        with pytest.raises(RenkeiError) as caught:
            await hand_over(net, request_row(1), request_row(3))
        assert caught.value.code == "file_conflict"

    story(tell)


def test_a_half_written_file_is_left_alone() -> None:
    """A file whose last line is cut off is still being written, or was cut on its way. Nothing of it is taken, not even
    the good lines, since nobody can tell what is missing.
    """
    with pytest.raises(RenkeiError) as caught:
        request_file(request_row(1), request_row(2)[:-40])
    assert caught.value.code == "file_half_written"


def test_an_older_copy_never_replaces_a_newer_one(story, tmp_path: Path) -> None:
    """Files arrive late and out of order. What counts is when the copy was made, not when it arrived."""

    async def tell(net: Network) -> None:
        db = net.gateways[SAPPORO].tenant.db
        older = write_copies(tmp_path / "late.csv", [1, 4], at="2026-11-20T09:00:00+09:00")
        report = import_copies(db, older, now=net.clock.now())
        assert (report.stored, report.unchanged) == (1, 1)

    story(tell)
