"""`make bench`: every figure that is promised, beside what was reached and beside the floor, in one run."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from bench.batch import BatchRun, run_batches
from bench.bench_card import run_card
from bench.bench_chip import run_chip
from bench.bench_code_flow import run_code_flow
from bench.bench_sign_in import run_sign_in
from bench.copies import run_copies
from bench.country import prepare
from bench.floor import Timed, floor
from bench.fresh_demo import run_demo
from bench.permit import run_permit
from bench.processes import ROOT
from bench.singles import run_singles
from renkei.contracts.exchange import ITEMS_MAX

RESULTS = ROOT / "bench" / "results.json"
PERSONS, RUNS, SINGLES, COPIES, DECISIONS, RESIDENTS = 100_000, 3, 3_000, 100_000, 20_000, 2_000
BATCHES_AT_ONCE = 4


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One promise and what was measured."""

    name: str
    unit: str
    measured: list[float]
    reach: float
    at_least: bool
    """Whether more is better."""

    @property
    def median(self) -> float:
        return statistics.median(self.measured)

    @property
    def held(self) -> bool:
        return self.median >= self.reach if self.at_least else self.median <= self.reach


class Results(msgspec.Struct, kw_only=True):
    """What is written to results.json."""

    taken_at: str
    machine: dict[str, str]
    versions: dict[str, str]
    floor_us_per_item: Timed = {}
    cpu_us_per_item: Timed = {}
    figures: list[Figure] = []
    failures: list[str] = []


def main() -> None:
    """Measure everything, or the parts that are named; print and write the results."""
    parts: dict[str, Callable[[Path, Results], None]] = {
        "permit": _permit, "copies": _copies, "batch": _batch, "singles": _singles, "sign-in": _sign_in,
        "ocsp": _ocsp, "card": _card, "code-flow": _code_flow, "demo": _demo,
    }  # fmt: skip
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=", ".join(parts), metavar="PART")
    chosen = parser.parse_args().parts or list(parts)
    results = Results(
        taken_at=datetime.now(UTC).isoformat(timespec="seconds"), machine=_machine(), versions=_versions()
    )
    _say(", ".join(f"{name} {value}" for name, value in (results.machine | results.versions).items()))
    for name in chosen:
        folder = Path(tempfile.mkdtemp(prefix="renkei-bench-"))
        start = time.perf_counter()
        try:
            parts[name](folder, results)
        except Exception as error:  # noqa: BLE001  # the other figures are still worth having
            results.failures.append(f"{name}: {error}")
            _say(f"{name} FAILED: {error}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        _say(f"    ({name}: {time.perf_counter() - start:.0f} s)")
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    missed = [figure.name for figure in results.figures if not figure.held]
    _say(f"MISSED: {'; '.join(missed)}" if missed else "every figure measured was reached")
    sys.exit(1 if results.failures else 0)


# --- the parts ---


def _batch(folder: Path, results: Results) -> None:
    least = floor(folder / "floor", items=ITEMS_MAX, dispatches=4)
    country = prepare(folder / "country", PERSONS)
    runs = run_batches(country, runs=RUNS, items=PERSONS, in_flight=BATCHES_AT_ONCE)
    again = floor(folder / "floor-after", items=ITEMS_MAX, dispatches=4)
    results.floor_us_per_item = {kind: (least[kind] + again[kind]) / 2 * 1e6 for kind in least}
    floor_us = sum(results.floor_us_per_item.values())
    results.cpu_us_per_item = _cpu(runs)
    _say("floor, µs an item: " + _list(results.floor_us_per_item) + f"; in all {floor_us:.1f}")
    _say("processor time, µs an item: " + _list(results.cpu_us_per_item))
    _figure(results, "batch inquiry, last answer", "items/s", [run.items / run.answered_s for run in runs], 20_000)
    _figure(
        results,
        "batch inquiry, core's records complete",
        "items/s",
        [run.items / run.complete_s for run in runs],
        20_000,
    )
    ratios = [run.complete_s / run.items * 1e6 / floor_us for run in runs]
    _figure(results, "batch inquiry, times the floor", "×", ratios, 4, at_least=False)
    memory = [max(used.rss_max_mb for used in run.used.values()) for run in runs]
    _figure(results, "batch inquiry, largest process", "MB", memory, 400, at_least=False)


def _singles(folder: Path, results: Results) -> None:
    runs = run_singles(prepare(folder, 20_000), runs=RUNS, inquiries=SINGLES)
    _figure(results, "single inquiries, 16 at a time", "/s", [run.per_s for run in runs], 500)
    _figure(results, "single inquiries, p99", "ms", [run.p99_ms for run in runs], 60, at_least=False)


def _copies(folder: Path, results: Results) -> None:
    _figure(results, "copies registered by file", "rows/s", run_copies(folder, runs=RUNS, rows=COPIES), 50_000)


def _permit(_folder: Path, results: Results) -> None:
    measured = run_permit(runs=2 * RUNS, decisions=DECISIONS)
    _figure(results, "permit decision with code translation", "µs", measured, 15, at_least=False)


def _demo(folder: Path, results: Results) -> None:
    run = run_demo(folder, residents=RESIDENTS)
    _figure(results, "make demo, fresh clone to page", "s", [run.install_s + run.page_s], 90, at_least=False)
    _figure(results, "make demo, of which not installing", "s", [run.page_s], 10, at_least=False)


def _sign_in(folder: Path, results: Results) -> None:
    runs = run_sign_in(folder, runs=RUNS)
    _say(f"floor of a sign-in: {_median(run.login_floor for run in runs):,.0f} pairs of bare RSA-2048 verifications/s")
    _figure(results, "card sign-in verified, one core", "/s", [run.login for run in runs], 3_000)
    _figure(results, "card sign-in, times the floor", "×", [run.ratio for run in runs], 3, at_least=False)


def _ocsp(folder: Path, results: Results) -> None:
    runs = run_card(folder, runs=RUNS)
    _say(f"floor of an OCSP answer: {_median(run.ocsp_floor for run in runs):,.0f} bare P-256 signatures/s")
    _figure(results, "OCSP answers, each signed, one core", "/s", [run.ocsp for run in runs], 3_000)


def _card(folder: Path, results: Results) -> None:
    runs = run_chip(folder, runs=RUNS)
    _say(f"floor of an APDU: {_median(run.dispatch_us for run in runs):.1f} µs, bare dispatch")
    slowest = [run.slowest_us / 1000 for run in runs]
    _figure(results, "virtual card, slowest APDU but signing", "ms", slowest, 1, at_least=False)


def _code_flow(folder: Path, results: Results) -> None:
    runs = run_code_flow(folder, runs=RUNS)
    floor_ms, used = _median(run.floor_ms for run in runs), _median(run.provider_ms for run in runs)
    _say(f"floor of a code flow: {floor_ms:.2f} ms of bare signatures; the provider uses {used:.2f} ms")
    _figure(results, "code flow with PAR and DPoP over HTTP", "/s", [run.per_s for run in runs], 100)
    _figure(results, "code flow, p99", "ms", [run.p99_ms for run in runs], 100, at_least=False)


# --- saying it ---


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _figure(
    results: Results, name: str, unit: str, measured: Sequence[float], reach: float, *, at_least: bool = True
) -> None:
    figure = Figure(name=name, unit=unit, measured=list(measured), reach=reach, at_least=at_least)
    results.figures.append(figure)
    spread = f"{min(measured):,.1f} … {max(measured):,.1f}" if len(measured) > 1 else "once"
    sign = "≥" if at_least else "≤"
    verdict = "reached" if figure.held else "MISSED"
    _say(f"{verdict:8} {name}: {figure.median:,.1f} {unit} ({spread}), reach {sign} {reach:,g} {unit}")


def _cpu(runs: Sequence[BatchRun]) -> Timed:
    roles = runs[0].used
    return {role: statistics.median([run.used[role].cpu_s / run.items * 1e6 for run in runs]) for role in roles}


def _list(values: Timed) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in values.items())


def _machine() -> dict[str, str]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    model = models[0] if models else platform.processor()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return {"processor": model, "cores": str(os.cpu_count()), "memory": f"{memory:.0f} GiB", "load before": load}


def _versions() -> dict[str, str]:
    packages = ("cryptography", "msgspec", "granian", "uvloop", "SQLAlchemy")
    found = {name: version(name) for name in packages}
    return {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version, **found}


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
