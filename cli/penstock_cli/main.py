"""Main: the `penstock` command; each subcommand's module is imported only when it is asked for."""

import importlib
from pathlib import Path
from typing import IO, Any

import click

import penstock
from penstock.errors import PenstockError

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("penstock_cli.init:init", "Start a project from a template."),
    "new": ("penstock_cli.new:new", "Add an endpoint, workflow or middleware."),
    "validate": ("penstock_cli.validate:validate", "Report every problem of the project's files."),
    "routes": ("penstock_cli.routes:routes", "List the endpoints in the order of their paths."),
    "dev": ("penstock_cli.serve:dev", "Serve and follow the files while you edit them."),
    "serve": ("penstock_cli.serve:serve", "Serve the project."),
    "run": ("penstock_cli.run:run", "Run one workflow or endpoint here."),
    "runs": ("penstock_cli.runs:runs", "Look into the history of runs."),
}
"""Name → (where it is defined, its help in one line)."""


class Fault(click.ClickException):
    """What a person has to mend: one line on standard error, exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"error: {self.message}", file=file, err=True)


class Lazy(click.Group):
    """A group that knows its commands' names and one-line helps before it imports any of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which they are usually needed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command names the nearest known one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from penstock.problem import suggest

            hint = suggest(args[0], COMMANDS)
            raise click.UsageError(f"there is no command {args[0]}" + (f" ({hint})" if hint else ""), ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run; a PenstockError becomes a Fault."""
        try:
            return super().invoke(ctx)
        except PenstockError as error:
            raise Fault(str(error))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, from the one-line helps."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])


@click.group(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  penstock init shop --template crud
  penstock -C shop dev
  penstock -C shop validate --json""",
)
@click.option(
    "-C",
    "root",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The project's folder (default: here).",
)
@click.version_option(penstock.__version__, prog_name="penstock")
@click.pass_context
def cli(ctx: click.Context, root: Path) -> None:
    """Penstock: a folder of YAML files, committed to git, is a running backend."""
    ctx.obj = {"root": root}


def main() -> None:
    """Run the command line."""
    cli(prog_name="penstock")


if __name__ == "__main__":
    main()
