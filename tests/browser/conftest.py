"""A real browser (the system's Chromium) against a real server.

`serve` puts an application on a port of this machine; `visit` opens pages as different readers do: by width, with or
without JavaScript, in forced colours, in a language. Where Chromium is missing the tests are skipped on a desk and fail
under CI.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}


# One module long, not one session: while Playwright's synchronous interface runs, so does its event loop, in which
# other tests of the same worker could not run their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        message = "no Chromium: apt-get install chromium fonts-noto-cjk"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Litestar], str]]:
    """Serve an application until the session ends; gives its address without a slash at the end."""
    stops: list[Callable[[], None]] = []

    def start(app: Litestar) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        server = Server(app, port=port, interface=Interfaces.ASGI, log_enabled=False)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
        thread.start()
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        stops.append(lambda: (server.stop(), thread.join(5)))
        return f"http://127.0.0.1:{port}"

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address as some reader does; contexts close with the test.

    Arguments after the address: `width` in CSS pixels, `javascript`, `forced_colors`, `language` (the browser's own).
    """
    contexts: list[BrowserContext] = []

    def open_page(
        url: str, *, width: int = 1280, javascript: bool = False, forced_colors: bool = False, language: str = "ja"
    ) -> Page:
        options: dict[str, Any] = {"forced_colors": "active"} if forced_colors else {}
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            # axe needs to run its own script, which the pages' policy rightly forbids.
            bypass_csp=javascript,
            locale=language,
            **options,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe_problems() -> Callable[[Page], list[str]]:
    """What axe-core finds on a page opened with JavaScript: rule, and the elements."""

    def run(page: Page) -> list[str]:
        violations = Axe().run(page, options=AXE_OPTIONS).response["violations"]
        return [
            f"{found['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
            for found in violations
            for node in found["nodes"]
        ]

    return run


@pytest.fixture(scope="session")
def overflowing() -> Callable[[Page], list[str]]:
    """Elements that stick out of the window sideways, on a page opened with JavaScript or without."""

    def run(page: Page) -> list[str]:
        # The driver may measure although the page may not run scripts of its own.
        return list(
            page.evaluate(
                """() => [...document.querySelectorAll('body *')]
                    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
                              && e.getClientRects().length && !e.closest('.skip, .unseen, thead'))
                    .map(e => e.tagName + '.' + e.className + ' ' + e.getBoundingClientRect().right)"""
            )
        )

    return run


@pytest.fixture(scope="session")
def shoot() -> Callable[[Page, str], None]:
    """Keep a picture of the whole page where SHOTS names a folder; else do nothing."""
    folder = os.environ.get("SHOTS")

    def run(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return run
