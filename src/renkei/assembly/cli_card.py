"""`renkei card reader`: two software cards on a virtual reader, for OpenSC and every other program."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click
from rich.console import Console

from renkei.base.errors import Failed
from renkei.base.personal_number import PersonalNumber
from renkei.base.time import add_years, jst_date
from renkei.crypto.signing_keys import SoftwareKeys
from renkei.institutions.card import store
from renkei.institutions.card.chip.card import Card, keep_nothing
from renkei.institutions.card.chip.card_files import keeper, open_card
from renkei.institutions.card.chip.contents import Holder
from renkei.institutions.card.chip.personalise import Pins, Trust, generate_key
from renkei.institutions.card.chip.records import RecordIssuer
from renkei.institutions.card.making import CardWanted, make_card
from renkei.institutions.card.reader import PORT, SLOTS, VirtualReader, reader_conf
from renkei.institutions.card.service import CardAuthority
from renkei.platform.clock import SystemClock
from renkei.platform.database import Database

PIN, PASSWORD = "1234", "MIHON2026"
MUNICIPALITY, MUNICIPALITY_NAME = "13101", "千代田区"
CARD_YEARS = 10
SPECIMENS = (("citizen", "見本　花子", "2", date(1985, 4, 1)), ("proxy", "見本　太郎", "1", date(1958, 9, 30)))


class ReaderPortTaken(Failed):
    """Another reader runs already, or something else listens there."""

    code = "card_reader_port_taken"
    ja = "ポート{port}か、その次のポートが使われています。--portで番号を変えてください。"
    en = "Port {port} or the one after it is in use. Choose another one with --port."


class _Commands(click.Group):
    """The agent is loaded only where it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), "agent"})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "agent":
            return super().get_command(ctx, cmd_name)
        from renkei.assembly.cli_card_agent import agent

        return agent


@click.group(cls=_Commands)
def card() -> None:
    """Personal-number cards: the agent in front of a reader, and a virtual reader with software cards."""


@card.command()
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(1024, 65534), help="Of the first slot.")
@click.option(
    "--conf", type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write reader.conf into (default: a temporary one). It must hold nothing else.",
)  # fmt: skip
def reader(files: tuple[Path, ...], port: int, conf: Path | None) -> None:
    """Serve two software cards to PC/SC, on this machine only.

    FILES are software cards; a name that does not exist yet gets a fresh synthetic card, whose PIN and password are
    shown once, and what is not named is a synthetic card for this run.
    """
    if len(files) > SLOTS:
        raise click.UsageError(f"the reader has {SLOTS} slots")
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    cards = asyncio.run(_cards(files, console))
    folder = conf or Path(tempfile.mkdtemp(prefix="renkei-reader-"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reader.conf").write_text(reader_conf(port), "utf-8")
    try:
        served = VirtualReader(cards, port=port)
    except OSError as error:
        raise ReaderPortTaken(port=port, private=type(error).__name__) from error
    console.print("仮想カードリーダー / virtual card reader. 別の端末で / in another terminal:", markup=False)
    console.print(f"  pcscd --foreground -c {folder}\n  opensc-tool -n", markup=False)
    with served, contextlib.suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.pause()


async def _cards(files: Sequence[Path], console: Console) -> list[Card]:
    named: list[Path | None] = [*files, *[None] * (SLOTS - len(files))]
    kept = {number: open_card(path) for number, path in enumerate(named) if path is not None and path.exists()}
    fresh = [number for number in range(SLOTS) if number not in kept]
    made = await _specimens(fresh, named) if fresh else {}
    for number in fresh:
        console.print(f"見本 / TEST {made[number].label}: PIN {PIN}, password {PASSWORD}", markup=False)
    return [kept.get(number) or made[number] for number in range(SLOTS)]


async def _specimens(numbers: Sequence[int], named: Sequence[Path | None]) -> dict[int, Card]:
    """Fresh synthetic cards under an authority of their own, which ends with this call."""
    clock = SystemClock()
    expiry = add_years(jst_date(clock.now()), CARD_YEARS)
    made: dict[int, Card] = {}
    with tempfile.TemporaryDirectory(prefix="renkei-ca-") as keys:
        db = Database.open("sqlite://", metadata=store.metadata)
        with contextlib.closing(db):
            authority = CardAuthority(
                db, keys=SoftwareKeys(Path(keys)), base_url="https://renkei.invalid", clock=clock
            )  # fmt: skip
            await authority.start()
            records = RecordIssuer.certified_by(generate_key(), generate_key(), municipality=MUNICIPALITY)
            for number in numbers:
                wanted, path = _wanted(number, expiry), named[number]
                chosen = Pins(authentication=PIN, signature=PASSWORD)
                keep = keeper(path) if path else keep_nothing
                made[number] = await make_card(
                    authority, wanted, chosen=chosen, records=records, trust=Trust(), user="renkei card reader",
                    keep=keep,
                )  # fmt: skip
                keep(made[number].to_bytes())
    return made


def _wanted(number: int, expiry: date) -> CardWanted:
    label, name, sex, birth = SPECIMENS[number]
    holder = Holder(
        name=name, address="東京都千代田区見本町１丁目１番１号", birth=birth, sex=sex,
        personal_number=PersonalNumber.from_eleven(f"9999999990{number}"), expiry=expiry, security_code="0000",
        municipality=MUNICIPALITY, serial=f"90000000000000{number}",
    )  # fmt: skip
    return CardWanted(
        label=label, holder_id=f"specimen-{number}", holder=holder, municipality_name=MUNICIPALITY_NAME
    )  # fmt: skip
