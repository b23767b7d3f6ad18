"""`renkei card agent` as it runs: the program, PC/SC, a card, a site, and what a browser sends."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from litestar import Litestar
from tests.contract.card_agent.conftest import Service
from tests.contract.card_agent.site_double import Site, check, make_task, pack
from tests.unit.card_chip.cards import AUTHENTICATION_PIN, make_card

from renkei.assembly.cli_card_agent import PortTaken, serve, state_of
from renkei.institutions.card.agent.errors import OriginInvalid
from renkei.institutions.card.agent.source import PcscSource, Reader
from renkei.institutions.card.host.errors import PcscNotInstalled, PcscUnavailable
from renkei.platform.http_server import HttpServer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Browser:
    """As much of a browser as the agent sees."""

    def __init__(self, port: int) -> None:
        self.port, self.cookie = port, ""

    def send(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "en", **headers}
        if self.cookie:
            sent["Cookie"] = self.cookie
        line.request(method, path, urlencode(form or {}), sent)
        answer = line.getresponse()
        text = answer.read().decode()
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        return answer.status, answer.getheader("Location") or "", text


@pytest.fixture
def running(service: Service) -> Iterator[tuple[int, str, subprocess.Popen[str]]]:
    """The program: its port, the site it serves, its process."""
    port, site_port = free_port(), free_port()
    origin = f"http://127.0.0.1:{site_port}"
    command = [sys.executable, "-m", "renkei.assembly.cli_card_agent", "--origin", origin, "--port", str(port)]
    env = os.environ | {"PCSCLITE_CSOCK_NAME": service.socket, "PYTHONPATH": "src"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as process:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, origin, process
        process.kill()


def test_a_sign_in_through_the_program(service: Service, running: tuple[int, str, subprocess.Popen[str]]) -> None:
    port, origin, process = running
    service.slots[1].take_away()
    site, task = Site(origin=origin), make_task(origin, shared_terminal=True)

    async def whole() -> None:
        server = HttpServer(Litestar(site.handlers(), openapi_config=None), port=int(origin.rpartition(":")[2]))
        await server.start()
        try:
            await asyncio.to_thread(person, Browser(port))
        finally:
            await server.stop()

    def person(browser: Browser) -> None:
        status, path, _ = browser.send("POST", "/use", {"task": pack(task)}, Origin=origin)
        assert status == 303
        for _ in range(40):  # the other card is just leaving
            status, _, text = browser.send("GET", path)
            if "Authentication PIN" in text:
                break
            time.sleep(0.1)
        assert "3 tries left" in text
        status, _, text = browser.send("POST", f"{path}/pin", {"pin": "0000"}, Origin=f"http://127.0.0.1:{port}")
        assert (status, "2 tries left" in text) == (422, True)
        status, back, _ = browser.send(
            "POST", f"{path}/pin", {"pin": AUTHENTICATION_PIN}, Origin=f"http://127.0.0.1:{port}"
        )
        assert (status, back) == (303, f"{origin}/back?txn={task.txn}&code=one-time")
        service.slots[0].take_away()
        for _ in range(100):
            if site.removed:
                break
            time.sleep(0.05)

    asyncio.run(whole())
    service.slots[0].put(make_card())
    service.slots[1].put(make_card())
    check(task, site.assertions[0])
    assert site.assertions[0].medium == "card"
    assert site.removed == [task.txn]
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=15)
    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}/" in said
    assert "card in place" in said
    assert AUTHENTICATION_PIN not in said.replace(str(port), "").replace(origin, "")


def test_other_names_and_other_sites_are_refused(running: tuple[int, str, subprocess.Popen[str]]) -> None:
    port, origin, _ = running
    browser = Browser(port)
    status, _, text = browser.send("GET", "/", Host="evil.example")
    assert (status, "card_agent_host_refused" in text) == (421, True)
    for sender in ("https://evil.example", "null", f"http://127.0.0.1:{port}"):
        status, _, text = browser.send("POST", "/use", {"task": pack(make_task(origin))}, Origin=sender)
        assert (status, "card_task_from_elsewhere" in text) == (403, True)
    assert browser.send("POST", "/use", {"task": pack(make_task(origin))})[0] == 403
    assert browser.send("POST", "/use", {"task": "A" * 40_000}, Origin=origin)[0] == 413
    assert browser.send("GET", "/use")[0] == 405
    status, _, text = browser.send("GET", "/")
    assert status == 200
    assert re.search(r"Test reader \d\d 00", text)
    assert browser.cookie == ""


def test_a_pin_from_another_page_is_not_taken(running: tuple[int, str, subprocess.Popen[str]]) -> None:
    """A page elsewhere knows no task; were one to leak, its form still says where it comes from."""
    port, origin, _ = running
    browser = Browser(port)
    _, path, _ = browser.send("POST", "/use", {"task": pack(make_task(origin))}, Origin=origin)
    status, _, text = browser.send("POST", f"{path}/pin", {"pin": "1234"}, Origin=origin)
    assert (status, "form_from_elsewhere" in text) == (403, True)


def test_a_taken_port_and_a_wrong_site_are_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_readers(self: PcscSource) -> tuple[Reader, ...]:
        return ()

    monkeypatch.setattr(PcscSource, "readers", no_readers)
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        with pytest.raises(PortTaken) as error:
            asyncio.run(serve(["https://id.example.jp"], port=port, reader="", say=said.append))
    assert str(port) in error.value.sentence("ja")
    assert "No card reader yet. Connect one." in said
    with pytest.raises(OriginInvalid):
        asyncio.run(serve(["id.example.jp"], port=port, reader="", say=said.append))


def test_what_is_missing_is_said_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_service(self: PcscSource) -> tuple[Reader, ...]:
        raise PcscUnavailable()

    async def no_library(self: PcscSource) -> tuple[Reader, ...]:
        raise PcscNotInstalled(library="libpcsclite.so.1")

    monkeypatch.setattr(PcscSource, "readers", no_service)
    assert "pcscd" in asyncio.run(state_of(PcscSource()))[0]
    monkeypatch.setattr(PcscSource, "readers", no_library)
    with pytest.raises(PcscNotInstalled):
        asyncio.run(state_of(PcscSource()))
