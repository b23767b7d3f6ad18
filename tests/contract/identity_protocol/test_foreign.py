"""A client that we did not write signs people in: oauth4webapi, on Node.js, over HTTP on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.identity_protocol.world import CLAIMS, REDIRECT, World

from renkei.institutions.identity.model.subjects import pairwise_subject
from renkei.institutions.identity.store import metadata
from renkei.platform.clock import SystemClock
from renkei.platform.database import Database
from renkei.platform.http_server import HttpServer

HERE = Path(__file__).parent / "foreign"
NPM = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]


@pytest.fixture(scope="session")
def installed() -> Path:
    """The client with its library, in a folder of its own that later runs find again."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    lock = (HERE / "package-lock.json").read_bytes()
    folder = Path(tempfile.gettempdir()) / f"renkei-foreign-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "node_modules" / "oauth4webapi").exists():
        folder.mkdir(exist_ok=True, mode=0o700)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        done = subprocess.run(NPM, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            pytest.skip("the foreign client cannot be installed without its package registry")
    shutil.copy(HERE / "client.mjs", folder)
    return folder


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with Database.open(f"sqlite:///{tmp_path / 'identity.db'}", metadata=metadata) as db:
        yield World(db, origin=f"http://127.0.0.1:{port}", clock=SystemClock())


def run(world: World, folder: Path, *scenarios: str) -> dict[str, Any]:
    """Serve the provider, let the client play its scenarios, return what it found."""
    person = world.sign_in()
    ((name, value),) = person.cookies.items()
    task = {
        "issuer": world.bank.issuer, "client_id": "bank", "redirect_uri": REDIRECT, "kid": world.bank.key.thumbprint(),
        "jwk": world.bank.key.as_dict(private=True), "cookie": f"{name}={value}", "scenarios": scenarios,
        "forged": "https://evil.example/realms/main",
    }  # fmt: skip

    async def play() -> bytes:
        port = int(world.means.settings.origin.rpartition(":")[2])
        server = HttpServer(world.app(willing=True), port=port)
        await server.start()
        try:
            client = await asyncio.create_subprocess_exec(
                "node", "client.mjs", cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            out, err = await asyncio.wait_for(client.communicate(json.dumps(task).encode()), 60)
            assert client.returncode == 0, err.decode()
            return out
        finally:
            await server.stop()

    found: dict[str, Any] = json.loads(asyncio.run(play()))
    return found


def test_a_foreign_client_goes_all_the_way(world: World, installed: Path) -> None:
    """Discovery, PAR, PKCE, private_key_jwt, DPoP, ID token, userinfo, refresh and revocation."""
    found = run(world, installed, "flow")["flow"]
    assert found["type"] == "dpop"
    sub = pairwise_subject(world.means.pairwise_key, sector="bank.example", account_id="hanako")
    assert found["claims"]["sub"] == sub
    assert found["claims"]["acr"] == "aal3"
    assert found["person"]["verified_claims"]["claims"]["name"] == CLAIMS.name
    assert found["refreshed"] == "openid name offline_access"
    assert found["after"] == 401


def test_a_foreign_client_refuses_mixed_up_answers(world: World, installed: Path) -> None:
    """It refuses a forged or missing `iss`; a code that is injected into another sign-in is refused by us."""
    found = run(world, installed, "mixedUp", "unnamed", "injected")
    assert found["mixedUp"] == "OAUTH_INVALID_RESPONSE"
    assert found["unnamed"] == "OAUTH_INVALID_RESPONSE"
    assert found["injected"] == "invalid_grant"
