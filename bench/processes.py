"""Role processes of a prepared country: started, watched in /proc, stopped."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.country import ROLES, Country

ROOT = Path(__file__).resolve().parent.parent
START_S = 60.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Used(NamedTuple):
    """What a process has used so far."""

    cpu_s: float
    rss_max_mb: float


def used_by(pid: int | str) -> Used:
    """Processor time and peak resident memory of a process, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    peak = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return Used((int(fields[11]) + int(fields[12])) * _TICK_S, int(peak.split()[1]) / 1024)


@contextmanager
def running(country: Country) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The country's three roles, ready; stopped when the block ends."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for role in ROLES:
            kind = "core" if role == "core" else "gateway"
            command = [sys.executable, "-m", "renkei.assembly.cli_serve", kind, "--config", str(country.configs[role])]
            with (country.folder / f"{role}.log").open("wb") as log:
                processes[role] = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        for role in ROLES:
            _wait_ready(country, role, processes[role])
        yield processes
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        for process in processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_ready(country: Country, role: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the role {role} ended: {(country.folder / f'{role}.log').read_text()[-2000:]}")
        connection = http.client.HTTPConnection("127.0.0.1", country.ports[role], timeout=2)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise RuntimeError(f"the role {role} is not ready after {START_S} s")
