"""What is configured of an identity provider; nothing here is secret."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from renkei.contracts.identity import Realm


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the provider is reached, and how long things last."""

    base_url: str
    """Origin and path below which everything stands, e.g. `http://localhost:8000/identity`; no slash at the end."""
    agents: tuple[str, ...] = ()
    """Card agents offered at sign-in: URLs, e.g. `http://127.0.0.1:35970`."""
    test_card: str = ""
    """URL of the test card's pages, which are a card agent too; empty in production."""
    code_life: timedelta = timedelta(seconds=60)
    pushed_life: timedelta = timedelta(seconds=90)
    access_life: timedelta = timedelta(minutes=5)
    refresh_life: timedelta = timedelta(days=30)
    ask_life: timedelta = timedelta(minutes=10)
    card_task_life: timedelta = timedelta(minutes=3)
    session_life: timedelta = timedelta(hours=8)
    session_idle: timedelta = timedelta(minutes=30)
    shared_idle: timedelta = timedelta(minutes=2)
    """On a terminal that somebody else uses next."""

    def issuer(self, realm: Realm) -> str:
        """Issuer identifier of a realm."""
        return f"{self.base_url}/realms/{realm.value}"

    @property
    def origin(self) -> str:
        """Origin of the provider's pages (RFC 6454)."""
        scheme, _, rest = self.base_url.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"

    @property
    def path(self) -> str:
        """Path of the provider's pages, e.g. `/identity`."""
        return self.base_url[len(self.origin) :]
