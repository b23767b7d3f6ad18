"""Remembers signed requests for as long as they could be accepted again."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from renkei.base.time import Instant, to_ms
from renkei.platform.errors import MessageReplayed, Overloaded

_BUCKET_MS = 60_000


class ReplayWindow:
    """Refuses a (key id, nonce) that was seen before.

    A request is accepted while its time of creation lies within the clock tolerance of now, so each is remembered
    until that has passed: in buckets by minute of creation, 16 bytes each. The memory does not survive a restart;
    what a replay could then repeat is idempotent by request id in every room.

    Args:
        tolerance: of the clock, as the signatures are judged with.
        entries_max: requests remembered at once; beyond it new ones are refused, never old ones forgotten.
    """

    def __init__(self, *, tolerance: timedelta, entries_max: int = 1_000_000) -> None:
        self._tolerance_ms = tolerance // timedelta(milliseconds=1)
        self._entries_max = entries_max
        self._entries = 0
        self._buckets: dict[int, set[bytes]] = {}

    def admit(self, *, key_id: str, nonce: str, created: Instant, now: Instant) -> None:
        """Remember a request whose signature and time were verified.

        Raises:
            MessageReplayed: it was admitted before.
            Overloaded: too many requests to remember.
        """
        bucket = to_ms(created) // _BUCKET_MS
        seen = self._buckets.get(bucket)
        if seen is None:
            self._forget(to_ms(now))
            seen = self._buckets[bucket] = set()
        mark = hashlib.blake2b(f"{key_id} {nonce}".encode(), digest_size=16).digest()
        if mark in seen:
            raise MessageReplayed()
        if self._entries >= self._entries_max:
            self._forget(to_ms(now))
            if self._entries >= self._entries_max:
                raise Overloaded(private="the replay window is full")
        seen.add(mark)
        self._entries += 1

    def _forget(self, now_ms: int) -> None:
        oldest = (now_ms - self._tolerance_ms) // _BUCKET_MS
        for bucket in [bucket for bucket in self._buckets if bucket < oldest]:
            self._entries -= len(self._buckets.pop(bucket))
