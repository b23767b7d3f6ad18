"""`renkei card agent`: the card agent on the person's own machine, in front of PC/SC."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence

import click
from rich.console import Console

from renkei.base.errors import Failed, RenkeiError
from renkei.contracts.card_agent import AGENT_PORT
from renkei.institutions.card.agent.agent import CardAgent
from renkei.institutions.card.agent.app import agent_app
from renkei.institutions.card.agent.delivery import HttpDelivery
from renkei.institutions.card.agent.source import PcscSource
from renkei.institutions.card.agent.tasks import read_origin
from renkei.institutions.card.host.errors import PcscNotInstalled
from renkei.platform.clock import SystemClock
from renkei.platform.http_server import HttpServer

HOST = "127.0.0.1"

Say = Callable[[str], None]


class PortTaken(Failed):
    """Something else listens there, most often a second agent."""

    code = "card_agent_port_taken"
    ja = "ポート{port}は使われています。ほかにカードエージェントが動いていなければ、--portで番号を変えてください。"
    en = "Port {port} is in use. See whether a card agent is running already, or choose another one with --port."


@click.command("agent")
@click.option(
    "--origin", "origins", multiple=True, required=True, metavar="URL",
    help="A site that may ask for the card, by its origin, as https://id.example.jp. May be given several times.",
)  # fmt: skip
@click.option(
    "--port", default=AGENT_PORT, show_default=True, type=click.IntRange(1, 65535), help="Port on this machine."
)
@click.option("--reader", default="", metavar="NAME", help="The reader to use, by its name or the beginning of it.")
def agent(origins: tuple[str, ...], port: int, reader: str) -> None:
    """Let the given sites use the personal-number card in this machine's reader, each time with its holder's PIN."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    asyncio.run(serve(origins, port=port, reader=reader, say=lambda text: console.print(text, markup=False)))


async def serve(origins: Sequence[str], *, port: int, reader: str, say: Say) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        OriginInvalid: a site is named by something other than its origin.
        PcscNotInstalled: this machine has no PC/SC.
        PortTaken: the agent would not be alone at its port.
    """
    served = [read_origin(origin) for origin in origins]
    source = PcscSource(reader)
    for line in await state_of(source):
        say(line)
    delivery = HttpDelivery(served)
    card_agent = CardAgent(source=source, origins=served, clock=SystemClock(), deliver=delivery)
    server = HttpServer(agent_app(card_agent, port=port), host=HOST, port=port)
    try:
        await server.start()
    except OSError as error:
        raise PortTaken(port=port, private=type(error).__name__) from error
    say(f"カードエージェント / card agent: {server.url}/")
    for origin in served:
        say(f"  {origin}")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await card_agent.close()
    await delivery.close()
    await server.stop()


async def state_of(source: PcscSource) -> list[str]:
    """What to tell about readers and cards before anybody asks; what is missing may still come.

    Raises:
        PcscNotInstalled: it will not come by itself.
    """
    try:
        readers = await source.readers()
    except PcscNotInstalled:
        raise
    except RenkeiError as error:
        return _both(error.sentence("ja"), error.sentence("en"))
    if not readers:
        return _both("カードリーダーがありません。つなぐと使えるようになります。", "No card reader yet. Connect one.")
    lines = []
    for one in readers:
        there = ("カードあり", "card in place") if one.present else ("カードなし", "no card")
        lines += _both(f"{one.ja}：{there[0]}", f"{one.en}: {there[1]}")
    return lines


def _both(ja: str, en: str) -> list[str]:
    return [ja, en]


if __name__ == "__main__":
    agent()
