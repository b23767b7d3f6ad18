"""Signed endpoints of a gateway tenant, and its clerk's console."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
