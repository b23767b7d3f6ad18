"""Copies registered by file into a gateway's own store, in one process."""

from __future__ import annotations

import csv
import random
import time
from pathlib import Path

from bench.country import INFORMATION, address, tax_body
from renkei.assembly.network import sqlite_files
from renkei.institutions.gateway import store
from renkei.institutions.gateway.files.importing import import_copies
from renkei.platform.bulk import insert_many
from renkei.platform.clock import SystemClock


def run_copies(folder: Path, *, runs: int, rows: int) -> list[float]:
    """Rows a second of each run: read, checked against the schema, stored, durable. Each run has a newer file."""
    with sqlite_files(folder)("gateway-copies", store.metadata) as db:
        with db.writing() as conn:
            insert_many(conn, store.person, ("address_number",), [(address(n),) for n in range(rows)])
        measured = []
        for number in range(runs):
            path = folder / f"copies-{number}.csv"
            _write(path, rows, day=number + 1)
            start = time.perf_counter()
            report = import_copies(db, path, now=SystemClock().now())
            measured.append(rows / (time.perf_counter() - start))
            if report.stored != rows:
                raise RuntimeError(f"{report.stored} of {rows} copies were stored")
    return measured


def _write(path: Path, rows: int, *, day: int) -> None:
    dice = random.Random(day)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("address_number", "information", "copied_at", "valid_from", "valid_to", "body"))
        for n in range(rows):
            body = tax_body(dice).decode()
            out.writerow((address(n), INFORMATION, f"2026-06-{day:02d}T00:00:00Z", "2026-04-01", "", body))
