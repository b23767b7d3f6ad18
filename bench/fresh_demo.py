"""`make demo` in a fresh clone, until its page answers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

from bench.processes import ROOT

GIVE_UP_S = 240.0


class DemoRun(NamedTuple):
    """One measured run."""

    install_s: float
    page_s: float
    """From `make demo`, all installed, to the page."""


def run_demo(folder: Path, *, residents: int) -> DemoRun:
    """Clone, install, start, wait for the page, stop.

    Raises:
        RuntimeError: the page did not come, with the end of what was printed.
    """
    clone, log = folder / "clone", folder / "demo.log"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    start = time.perf_counter()
    with log.open("wb") as out:
        subprocess.run(["make", ".venv/.run"], cwd=clone, check=True, stdout=out, stderr=out, timeout=GIVE_UP_S)
        install_s = time.perf_counter() - start
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        start = time.perf_counter()
        command = ["make", "demo", f"PORT={port}", f"RESIDENTS={residents}"]
        process = subprocess.Popen(command, cwd=clone, stdout=out, stderr=out, start_new_session=True)
        try:
            _wait_for_page(f"http://127.0.0.1:{port}/", process, log)
            return DemoRun(install_s, time.perf_counter() - start)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait_for_page(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + GIVE_UP_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as page:
                if page.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the demo's page did not come: {log.read_text()[-1500:]}")
