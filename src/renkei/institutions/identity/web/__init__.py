"""Endpoints and pages of the identity provider."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
