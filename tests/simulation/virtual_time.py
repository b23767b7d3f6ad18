"""An event loop in which time passes only when nobody has anything to do: hours in milliseconds, the same every run."""

from __future__ import annotations

import asyncio
import contextvars
import selectors
from collections.abc import Coroutine
from typing import Any, Protocol


class Owner(Protocol):
    """A process of the simulation: it knows its tasks, and whether it was killed."""

    dead: bool
    tasks: dict[asyncio.Task[Any], None]


OWNER: contextvars.ContextVar[Owner | None] = contextvars.ContextVar("owner", default=None)
"""The process in which the present task runs; inherited by the tasks that it starts."""


class _Selector(selectors.SelectSelector):
    """Never waits: the time that it was asked to wait has passed when it returns."""

    loop: VirtualTimeLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits for somebody else")
        if timeout > 0:
            self.loop.virtual_s += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        selector = _Selector()
        super().__init__(selector)
        selector.loop = self
        self.virtual_s = 0.0
        self.set_task_factory(self._make_task)

    def time(self) -> float:
        return self.virtual_s

    @staticmethod
    def _make_task(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any) -> Any:
        context = options.get("context")
        owner = context.get(OWNER) if context is not None else OWNER.get()
        task = asyncio.Task(work, loop=loop, **options)
        if owner is not None:
            owner.tasks[task] = None
            task.add_done_callback(lambda done: owner.tasks.pop(done, None))
            if owner.dead:
                task.cancel()
        return task
