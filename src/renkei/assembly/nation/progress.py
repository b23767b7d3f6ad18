"""A progress bar over the country while it is being built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from renkei.assembly.nation.model import Household


def with_progress(
    households: Iterable[Household], *, residents: int, text: str, console: Console | None = None
) -> Iterator[Household]:
    """Pass households on and show how many of `residents` have gone by; silent where the console is no terminal.

    Args:
        households: from `Nation.households()`.
        residents: the nation's size.
        text: what is being done, in the reader's language.
        console: by default one on stderr, so that output stays clean.
    """
    screen = console or Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        task = progress.add_task(text, total=residents)
        for household in households:
            yield household
            progress.advance(task, len(household.members))
