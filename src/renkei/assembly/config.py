"""What one role process is told at its start: a TOML file, checked whole before anything is opened.

    role = "gateway"                       # or "core"
    data = "data"                          # folder of SQLite files; or: database = "postgresql://…"
    keys = "keys"                          # folder of keys (demonstration)

    [listen]
    host = "127.0.0.1"
    port = 8102

    [peers]                                # where each authority is reached
    "core.core.renkei.invalid" = "http://127.0.0.1:8101"

    [[bodies]]                             # a gateway's tenants; for the core: bodies to enter in the register
    body_id = "jps"
    name_ja = "日本年金機構"
    name_en = "Japan Pension Service"

Paths are relative to the file's own folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from renkei.base.errors import Failed
from renkei.crypto.certificates import check_body_id


class ConfigInvalid(Failed):
    """A configuration file that cannot be used."""

    code = "config_invalid"
    ja = "設定ファイル（{file}）を使えません：{what}。直してから、起動し直してください。"
    en = "The configuration file {file} cannot be used: {what}. Correct it and start again."


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Listen(_Part, frozen=True, kw_only=True):
    """Where the process listens; with a certificate (PEM files) over TLS."""

    host: str = "127.0.0.1"
    port: int
    certificate: str = ""
    key: str = ""


class SectionConfig(_Part, frozen=True, kw_only=True):
    """A section (部署) of a body; the core publishes its names, the gateway holds for what it may ask."""

    section: str
    name_ja: str
    name_en: str
    affairs: frozenset[str] = frozenset()


class BodyConfig(_Part, frozen=True, kw_only=True):
    """A body: a tenant of the gateway, or one that the core enters in its register."""

    body_id: str
    name_ja: str
    name_en: str
    institution_code: str = ""
    kinds: frozenset[str] = frozenset()
    sections: tuple[SectionConfig, ...] | None = None
    """Replace those that are held; None leaves them as they are."""


class RoleConfig(_Part, frozen=True, kw_only=True):
    """One role process."""

    role: Literal["core", "gateway"]
    listen: Listen
    keys: str
    data: str = ""
    database: str = ""
    production: bool = False
    peers: dict[str, str] = {}
    bodies: tuple[BodyConfig, ...] = ()


def read_config(path: Path) -> RoleConfig:
    """Read and check a configuration; its paths come back absolute.

    Raises:
        ConfigInvalid: missing, not TOML, or not usable; says what.
    """
    try:
        config = msgspec.toml.decode(path.read_bytes(), type=RoleConfig)
    except OSError as error:
        raise ConfigInvalid(file=path.name, what=error.strerror or "it cannot be read") from error
    except msgspec.MsgspecError as error:
        raise ConfigInvalid(file=path.name, what=str(error)) from error
    what = _objection(config)
    if what:
        raise ConfigInvalid(file=path.name, what=what)
    folder = path.resolve().parent
    listen = msgspec.structs.replace(
        config.listen, certificate=_under(folder, config.listen.certificate), key=_under(folder, config.listen.key)
    )
    return msgspec.structs.replace(
        config, listen=listen, keys=_under(folder, config.keys), data=_under(folder, config.data)
    )


def _under(folder: Path, path: str) -> str:
    return str(folder / path) if path else ""


def _objection(config: RoleConfig) -> str:
    """The first thing wrong with a configuration that is well-formed; empty if nothing is."""
    if bool(config.data) == bool(config.database):
        return "name one of data (a folder for SQLite) and database (a PostgreSQL URL)"
    if config.database and urlsplit(config.database).scheme not in ("postgresql", "postgresql+psycopg"):
        return "database is not a postgresql:// URL"
    if not 1 <= config.listen.port <= 65_535:
        return "listen.port is not a TCP port (1 to 65535)"
    if bool(config.listen.certificate) != bool(config.listen.key):
        return "listen.certificate and listen.key go together"
    for authority, url in config.peers.items():
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            return f"the URL of the peer {authority} is not http(s)://host:port"
    return _objection_to_bodies(config)


def _objection_to_bodies(config: RoleConfig) -> str:
    if config.role == "gateway" and not config.bodies:
        return "a gateway needs at least one [[bodies]]"
    seen: set[str] = set()
    for body in config.bodies:
        try:
            check_body_id(body.body_id)
        except ValueError:
            return f"{body.body_id!r} is not a body id"
        if body.body_id in seen:
            return f"the body {body.body_id} stands twice"
        if config.role == "core" and not (body.institution_code and body.kinds):
            return f"the core's body {body.body_id} needs institution_code and kinds"
        seen.add(body.body_id)
    return ""
