"""The agent's pages."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
"""Folder for the web kit: templates `agent/….html`, messages `agent.…`."""
