"""Style sheets, pictures and the few scripts, held in memory under a name that carries the hash of the content.

Because a name never changes its content, browsers may keep a file for ever; a new release has new names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
PREFIX = "/static/"
# The kit's own sheets travel as one file, in this order.
KIT_SHEETS = ("tokens.css", "base.css", "layout.css", "parts.css", "lists.css", "records.css", "forms.css", "media.css")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """Files by their public name; `url` finds the public name by the name in the source."""

    served: Mapping[str, Asset]
    names: Mapping[str, str]

    def url(self, name: str) -> str:
        """Public path of `package/file.css`.

        Raises:
            KeyError: no such file; templates are checked at start-up, so a page never meets it.
        """
        return PREFIX + self.names[name]


def load_assets(packages: Mapping[str, Path]) -> Assets:
    """Read the `static/` of every package; the kit's sheets become `kit/kit.css`."""
    served: dict[str, Asset] = {}
    names: dict[str, str] = {}
    for package, path in packages.items():
        for name, content in _files(package, path / "static").items():
            stem, _, suffix = name.rpartition(".")
            digest = hashlib.sha256(content).hexdigest()[:16]
            names[name] = public = f"{stem.replace('/', '-')}.{digest}.{suffix}"
            served[public] = Asset(content, TYPES["." + suffix])
    return Assets(served, names)


def _files(package: str, folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    files = {f"{package}/{path.name}": path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in TYPES}
    if package == "kit":
        files["kit/kit.css"] = b"\n".join(files.pop(f"kit/{sheet}") for sheet in KIT_SHEETS)
    return files
