"""Runs: the history of a project, listed, shown and followed."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from penstock.clock import SystemClock
from penstock.errors import PenstockError
from penstock.history import ids, query
from penstock.history.query import STATUSES
from penstock.history.view import RunView
from penstock.units import duration
from penstock_cli import place, show, timeline

Command = TypeVar("Command", bound=Callable[..., Any])

COLUMNS = ("id", "started", "endpoint", "status", "http", "took", "error")


def instant(text: str) -> float:
    """Unix seconds of so long ago (`2h`) or of a date (`2026-03-01`, `2026-03-01T12:00`; local unless it says its zone)."""
    try:
        return SystemClock().seconds() - duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise click.BadParameter(
            f"{text} is neither a duration (30m, 2h, 7d) nor a date (2026-03-01, 2026-03-01T12:00)"
        )


def filters(limit: int | None) -> Callable[[Command], Command]:
    """The options that choose runs."""
    options = (
        click.option("--endpoint", metavar="NAME", help="Only runs of that endpoint or workflow."),
        click.option("--status", type=click.Choice(STATUSES), help="Only runs that ended so, or still run."),
        click.option("--since", metavar="TIME", type=instant, help="Only runs begun since: 30m, 2h, 7d, or a date."),
        click.option(
            "--limit",
            type=click.IntRange(1, 100_000),
            default=limit,
            show_default=limit is not None,
            help="At most so many." if limit else "End after so many.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON: one array, or one line a run for tail."),
    )

    def apply(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return apply


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  penstock runs
  penstock runs list --status failed --since 2h
  penstock runs show 38ghamvmxzy00
  penstock runs tail --endpoint create_order
  penstock runs --json | jq '.[].duration'""",
)
@filters(50)
@click.pass_context
def runs(ctx: click.Context, /, **options: Any) -> None:
    """Look into the history of runs.

    Without a command: list the newest ones.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, **options)


@runs.command(
    "list",
    epilog="""\b
Examples:
  penstock runs list --endpoint create_order --limit 10
  penstock runs list --status interrupted --json""",
)
@filters(50)
@click.pass_context
def list_(
    ctx: click.Context, endpoint: str | None, status: str | None, since: float | None, limit: int, as_json: bool
) -> None:
    """List the newest runs first."""
    path = file(ctx)
    found = asyncio.run(query.list_runs(path, endpoint=endpoint, status=status, since=since, limit=limit))
    if as_json:
        show.as_json([run.view(steps=False) for run in found])
    elif found:
        show.lines(COLUMNS, [cells(run) for run in found])
    else:
        click.echo("no runs", err=True)


@runs.command(
    "show",
    epilog="""\b
Examples:
  penstock runs show
  penstock runs show 38ghamvmxzy00 --values
  penstock runs show 38ghamvmxzy00 --json""",
)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--values", is_flag=True, help="With what each step was given and gave.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def show_(ctx: click.Context, id_: str | None, values: bool, as_json: bool) -> None:
    """Show one run with its steps as a timeline; without ID the newest one."""
    run = find(file(ctx), id_)
    if as_json:
        show.as_json(run.view())
    else:
        for line in timeline.lines(run, values=values):
            click.echo(line)


@runs.command(
    epilog="""\b
Examples:
  penstock runs tail
  penstock runs tail --status failed
  penstock runs tail --json --limit 100 > runs.jsonl"""
)
@filters(None)
@click.pass_context
def tail(
    ctx: click.Context, endpoint: str | None, status: str | None, since: float | None, limit: int | None, as_json: bool
) -> None:
    """Follow the runs as they end, until Ctrl-C."""
    path = file(ctx)
    try:
        asyncio.run(follow(path, endpoint, status, since, limit, as_json))
    except KeyboardInterrupt:
        sys.exit(0)


async def follow(
    path: Path, endpoint: str | None, status: str | None, since: float | None, limit: int | None, as_json: bool
) -> None:
    """Print each run that fits as it ends."""
    after = await query.newest(path) if since is None else ids.first(since)
    async with aclosing(query.tail(path, after)) as ended:
        async for run in ended:
            if (endpoint is not None and run.endpoint != endpoint) or (status is not None and run.status != status):
                continue
            if as_json:
                click.echo(json.dumps(run.view(steps=False), ensure_ascii=False))
            else:
                click.echo("  ".join(cell for cell in cells(run) if cell))
            if limit is not None:
                limit -= 1
                if not limit:
                    return


def file(ctx: click.Context) -> Path:
    """The project's `runs.db`, whether it exists or not."""
    return place.project(ctx) / ".penstock" / "runs.db"


def find(path: Path, written: str | None) -> RunView:
    """The run of that id, or the newest; PenstockError when there is none."""

    async def look() -> RunView | None:
        return await query.show(path, await query.newest(path) if written is None else ids.parse(written))

    try:
        run = asyncio.run(look())
    except ValueError as error:
        raise PenstockError(str(error))
    if run is None:
        raise PenstockError(
            "there are no runs yet" if written is None else f"there is no run {written} (`penstock runs` lists them)"
        )
    return run


def cells(run: RunView) -> list[str]:
    """One run as a line of the table."""
    error = run.error or {}
    where = f" at {error['where']}" if error.get("where") else ""
    fault = f"{error.get('code')}: {error.get('message')}{where}" if error else ""
    return [
        run.id,
        timeline.moment(run.started),
        timeline.printable(run.endpoint),
        run.status,
        "" if run.http_status is None else str(run.http_status),
        timeline.took(run.duration),
        timeline.printable(fault),
    ]
