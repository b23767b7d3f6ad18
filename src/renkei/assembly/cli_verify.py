"""`renkei verify` and `renkei log verify`: checks that need no running network, only files and a trust file."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from renkei.assembly.reconcile import ORDERLY
from renkei.assembly.trust import find_trust, read_trust
from renkei.assembly.verdict import STEPS, StepFailed, failure_json
from renkei.assembly.verify import verify_file
from renkei.assembly.verify_logs import Findings, check_folder
from renkei.law import LawBook

_FAILED = 2
_trust_option = click.option(
    "--trust", "trust_path", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Trust file (default: trust.json beside it, or in the nearest folder above).",
)  # fmt: skip
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_MARKS = {"held": "✓", "failed": "✗", "not_reached": "–"}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_trust_option
@_json_option
def verify(file: Path, trust_path: Path | None, as_json: bool) -> None:
    """Check an evidence file offline: exit 0 if everything holds, 2 if not; names the step that fails."""
    trust_path = trust_path or find_trust(file.parent)
    trust = read_trust(trust_path)
    now = None if trust.synthetic else datetime.now(UTC)  # a demonstration's clock may have been moved ahead
    try:
        verdict = verify_file(file.read_bytes(), trust, book=LawBook.load(), now=now)
    except StepFailed as failed:
        _show(failure_json(failed), trust_path, trust.synthetic, as_json)
        sys.exit(_FAILED)
    _show(verdict.as_json(), trust_path, trust.synthetic, as_json)


def _show(result: dict[str, Any], trust_path: Path, synthetic: bool, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(result))
        return
    console = Console(highlight=False, soft_wrap=True)
    for step in STEPS:
        mark = _MARKS.get(result["steps"].get(step.id, ""), " ")
        console.print(f"{mark} {step.number:2} {step.ja} / {step.en}", markup=False)
    console.print(f"\n{result['ja']}\n{result['en']}", markup=False)
    if synthetic:
        console.print("\n架空のデータによる実演用ネットワークです。 A demonstration network; all data are synthetic.")
    console.print(f"信頼ファイル / trust file: {trust_path}", markup=False, style="dim")


@click.group(name="log")
def log() -> None:
    """The parties' transparency logs."""


@log.command(name="verify")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_trust_option
@_json_option
def log_verify(folder: Path, trust_path: Path | None, as_json: bool) -> None:
    """Check every log in FOLDER and reconcile the three parties' records: exit 0 only if all of it holds.

    FOLDER is a country's data folder, or holds logs exported as tlog-tiles (then there are no records to reconcile).
    """
    trust = read_trust(trust_path or find_trust(folder))
    findings = check_folder(folder, trust)
    if as_json:
        click.echo(msgspec.json.encode(findings.as_json()))
    else:
        _show_findings(findings)
    if not findings.hold:
        sys.exit(_FAILED)


def _show_findings(findings: Findings) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table("記録簿 / log", "件数 / entries", "記録 / records", "消去済み / erased", "結果 / result", box=None)
    for checked in findings.logs:
        result = "✓" if checked.holds else f"✗ {checked.fault}"
        table.add_row(checked.origin, *(f"{n:,}" for n in (checked.size, checked.records, checked.erased)), result)
    console.print(table)
    for checked in findings.logs:
        for number in checked.altered:
            console.print(f"✗ {checked.origin}: {number}", markup=False)
    report = findings.reconciled
    if report is None:
        console.print("\n記録は照合していません（記録簿だけのフォルダです）。 Logs only: no records to reconcile.")
        return
    console.print(f"\n照合 / reconciled: {report.exchanges:,}", markup=False)
    for state, count in report.states.items():
        if count:
            console.print(f"  {ORDERLY[state].ja} / {ORDERLY[state].en}: {count:,}", markup=False)
    for number in report.unfinished:
        console.print(f"  … {number}", markup=False)
    for found in report.differences:
        values = ", ".join(f"{party}={value}" for party, value in found.values.items())
        console.print(f"✗ {found.number} {found.field}: {values}", markup=False)
    if report.differing:
        console.print(f"✗ 相違 / differences: {report.differing:,}", markup=False)
    console.print("✓ すべて一致します。 All of it holds." if findings.hold else "✗ 成り立ちません。 It does not hold.")
