"""Pages of the filing service."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
