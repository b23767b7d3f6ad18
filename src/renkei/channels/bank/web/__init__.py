"""Pages of the bank, and its interface for payments."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
