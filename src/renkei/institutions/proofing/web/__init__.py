"""A clerk's pages: record a proofing, look at the records of one's own body."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parent
"""Folder for the web kit: templates `proofing/….html`, messages `proofing.…`."""
