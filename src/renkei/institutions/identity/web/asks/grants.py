"""The two grants whose client waits: it asks again and again at the token endpoint until the person has decided."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from renkei.institutions.identity.errors.asks import AskExpired, AskPending, AskPolledTooFast, AskUnknown
from renkei.institutions.identity.errors.protocol import RequestMalformed
from renkei.institutions.identity.means import Means
from renkei.institutions.identity.model.asks import Approved, AskKind
from renkei.institutions.identity.model.clients import Client
from renkei.institutions.identity.model.device import Verdict
from renkei.institutions.identity.model.tokens import GrantHandler, GrantRequest, TokenAnswer
from renkei.institutions.identity.operations import asks, waiting
from renkei.institutions.identity.web.asks.oauth import registered_for

Issue: TypeAlias = Callable[[Approved, Client, str], Awaitable[TokenAnswer]]
"""Makes tokens of an approval, bound to the thumbprint of a DPoP key."""


def waiting_grant(means: Means, issue: Issue, *, kind: AskKind, grant: str, parameter: str) -> GrantHandler:
    """The handler of a grant whose client holds a handle.

    Args:
        grant: its `grant_type`, for which the client has to be registered.
        parameter: name of the form parameter that carries the handle.
    """

    async def handle(request: GrantRequest) -> TokenAnswer:
        registered_for(request.client, grant)
        handle = request.parameters.get(parameter, "")
        if not handle or len(handle) > 128:
            raise RequestMalformed(parameter=parameter)
        now = means.clock.now()
        told = await means.db.write(
            partial(
                waiting.poll, now=now, key=means.session_key, kind=kind, handle=handle,
                client_id=request.client.client_id,
            )
        )  # fmt: skip
        if told.verdict is Verdict.UNKNOWN:
            raise AskUnknown()
        if told.verdict is Verdict.EXPIRED:
            raise AskExpired()
        if told.verdict is Verdict.TOO_FAST:
            raise AskPolledTooFast(interval_s=told.interval_ms // 1000)
        if told.verdict is Verdict.PENDING:
            raise AskPending()
        approved = await means.db.write(partial(asks.use, ask_id=told.ask_id, now=now))
        return await issue(approved, request.client, request.key_thumbprint)

    return handle
