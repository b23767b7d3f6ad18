"""Kill -9: whatever a writer acknowledged before it died is there when the store is opened again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, select

from renkei.platform.database import Database

SOURCE = Path(__file__).resolve().parents[3] / "src"
metadata = MetaData()
kept = Table("kept", metadata, Column("id", BigInteger, primary_key=True), Column("twin", BigInteger))

CHILD = """
import asyncio, itertools, os, sys
from sqlalchemy import BigInteger, Column, MetaData, Table, insert
from renkei.platform.database import Database

metadata = MetaData()
kept = Table("kept", metadata, Column("id", BigInteger, primary_key=True), Column("twin", BigInteger))
db = Database.open(sys.argv[1], metadata=metadata, schema=sys.argv[2] or None)
numbers = itertools.count(int(sys.argv[3]))

async def writer():
    while True:
        number = next(numbers)
        def work(conn, number=number):
            conn.execute(insert(kept).values(id=2 * number, twin=2 * number + 1))
            conn.execute(insert(kept).values(id=2 * number + 1, twin=2 * number))
        await db.write(work)
        os.write(1, b"%d\\n" % number)

async def main():
    await asyncio.gather(*(writer() for _ in range(16)))

asyncio.run(main())
"""


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_no_acknowledged_write_is_lost(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    on_postgres = dialect == "postgresql"
    url = request.getfixturevalue("postgres_url") if on_postgres else f"sqlite:///{tmp_path}/store.db"
    schema = f"kill_{os.getpid()}" if on_postgres else ""
    moments = random.Random(20261123)
    acknowledged: set[int] = set()
    for life in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, url, schema, str(life * 1_000_000)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
        )
        assert child.stdout is not None
        first = child.stdout.readline()
        time.sleep(moments.uniform(0.02, 0.25))
        child.send_signal(signal.SIGKILL)
        heard = first + child.stdout.read()
        child.wait()
        acknowledged |= {int(line) for line in heard.split(b"\n")[:-1]}

    with Database.open(url, metadata=metadata, schema=schema or None) as db:
        there = dict(tuple(row) for row in db.read_now(lambda conn: conn.execute(select(kept)).all()))
        if on_postgres:
            with db.writing() as conn:
                conn.exec_driver_sql(f'DROP SCHEMA "{schema}" CASCADE')
    assert len(acknowledged) > 30
    assert {2 * number for number in acknowledged} <= there.keys()
    assert all(there[twin] == number for number, twin in there.items()), "half of a transaction is there"
