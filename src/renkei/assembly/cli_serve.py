"""`renkei serve ROLE --config FILE`: one role of the network as a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from renkei.assembly.config import ConfigInvalid, read_config
from renkei.base.errors import RenkeiError


@click.command()
@click.argument("role", type=click.Choice(["core", "gateway"]))
@click.option(
    "--config", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="TOML file of the role."
)
def serve(role: str, path: Path) -> None:
    """Run ROLE (core or gateway) until it is told to stop (SIGTERM)."""
    from renkei.assembly.roles import run_role  # the web server is loaded only where it is needed

    try:
        config = read_config(path)
        if config.role != role:
            raise ConfigInvalid(file=path.name, what=f"it is for the role {config.role}, not {role}")
        run_role(config)
    except RenkeiError as error:
        click.echo(error.sentence("ja"), err=True)
        click.echo(error.sentence("en"), err=True)
        sys.exit(error.status.exit)
    except OSError as error:
        click.echo(f"the role cannot start: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    serve()
