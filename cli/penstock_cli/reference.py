"""Reference: docs/commands.md, read off the commands themselves."""

import textwrap
from collections.abc import Iterator

import click

from penstock_cli.main import cli

HEAD = """\
# Commands

Generated from the commands themselves by `make generate`; `penstock COMMAND --help` says the same.

Exit codes: 0 well, 1 what was asked found faults, 2 wrong use.
"""


def page() -> str:
    """The whole page as Markdown."""
    return HEAD + "".join(_sections(cli, "penstock"))


def _sections(command: click.Command, name: str) -> Iterator[str]:
    with click.Context(command, info_name=name) as ctx:
        yield f"\n## `{name}`\n\n{_prose(command.help or '')}\n"
        usage = " ".join(command.collect_usage_pieces(ctx))
        yield f"\n```\n{name} {usage}\n```\n"
        rows = [_row(param) for param in command.params if _shown(param)]
        if rows:
            yield "\n| option | meaning |\n|---|---|\n"
            yield from rows
        if command.epilog:
            yield "\n" + _epilog(command.epilog) + "\n"
        if isinstance(command, click.Group):
            for child in command.list_commands(ctx):
                found = command.get_command(ctx, child)
                if found is not None and not found.hidden:
                    yield from _sections(found, f"{name} {child}")


def _shown(param: click.Parameter) -> bool:
    """Options that are not hidden, and arguments that are one of a few words: the usage says all of the others."""
    return isinstance(param.type, click.Choice) or not (
        isinstance(param, click.Argument) or getattr(param, "hidden", False)
    )


def _row(param: click.Parameter) -> str:
    if isinstance(param, click.Argument):
        left, meaning = param.human_readable_name, ""
    else:
        left, meaning = ", ".join(param.opts), getattr(param, "help", None) or ""
        if not getattr(param, "is_flag", False):
            left += f" {param.metavar or param.name.upper() if param.name else ''}"
    if isinstance(param.type, click.Choice):
        meaning += f" One of {', '.join(f'`{choice}`' for choice in param.type.choices)}."
    if getattr(param, "show_default", False):
        meaning += f" Default: `{param.default}`."
    return f"| `{left}` | {_cell(meaning)} |\n"


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.replace("\b\n", "").strip().split("\n\n"))


def _epilog(text: str) -> str:
    parts = []
    for part in text.strip().split("\n\n"):
        first, _, rest = part.removeprefix("\b\n").partition("\n")
        parts.append(f"{first}\n\n```\n{textwrap.dedent(rest)}\n```" if rest.strip() else first)
    return "\n\n".join(parts)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    click.echo(page(), nl=False)
