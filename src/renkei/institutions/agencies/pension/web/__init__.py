"""The pension office's pages: claims, and one claim with its papers before and now, its answers and its decision."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
"""Folder for the web kit: templates `pension/….html`, messages `pension.…`."""
