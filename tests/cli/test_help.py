"""The command line itself: help, version, wrong use, and what it does not import."""

import subprocess
import sys

import click
import pytest
from tests.cli.console import ROOT, Run, environment

from penstock_cli.main import COMMANDS, cli


def imported(*arguments: str) -> set[str]:
    """The packages that a command line has imported at its end."""
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('modules', *{name.partition('.')[0] for name in sys.modules}))\n"
        f"sys.argv = ['penstock', *{arguments!r}]\n"
        "from penstock_cli.main import main\n"
        "main()"
    )
    output = subprocess.run(
        [sys.executable, "-c", script], env=environment(), cwd=ROOT, capture_output=True, text=True, timeout=60
    ).stdout
    return set(output.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("init", "--help"), ("new", "--help")])
def test_help_is_light(arguments: tuple[str, ...]) -> None:
    assert not imported(*arguments) & {"aiohttp", "asyncio", "rich", "jinja2", "yaml", "jsonschema", "jsonschema_rs"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    with click.Context(cli) as ctx:
        command = cli.get_command(ctx, name)
    assert command is not None
    short = COMMANDS[name][1].rstrip(".")
    assert (command.help or "").replace("\n", " ").startswith(short)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_examples(name: str) -> None:
    with click.Context(cli) as ctx:
        command = cli.get_command(ctx, name)
    assert command is not None
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    for one in (command, *inner):
        assert "Example" in (one.epilog or ""), one.name


def test_version(penstock: Run) -> None:
    result = penstock("--version")
    assert (result.returncode, result.stdout) == (0, "penstock, version 0.1.0\n")


def test_an_unknown_command_names_the_nearest(inside: Run) -> None:
    result = inside("validat")
    assert result.returncode == 2
    assert "there is no command validat (did you mean validate?)" in result.stderr


@pytest.mark.parametrize("name", ["validate", "routes", "serve", "dev"])
def test_no_project_is_wrong_use(inside: Run, name: str) -> None:
    result = inside(name)
    assert result.returncode == 2
    assert "is no project" in result.stderr
    assert inside("-C", "nowhere", name).returncode == 2
