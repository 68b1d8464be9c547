"""Run: one workflow or endpoint, here and now, with its answer and steps."""

import sys
from typing import Any

import click

from penstock import app
from penstock_cli import place, show

MARKS = {"ok": "✓", "skipped": "-", "failed": "✗", "retried": "↻"}


@click.command(
    epilog="""\b
Examples:
  penstock run hello name=Ada
  penstock run create_order customer=Ada qty=3 express=true
  penstock run nightly_report --json

A value is converted to the parameter's type; an object or list is written as JSON."""
)
@click.argument("name")
@click.argument("arguments", metavar="[KEY=VALUE]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print answer, steps and error as one JSON object.")
@click.pass_context
def run(ctx: click.Context, name: str, arguments: tuple[str, ...], as_json: bool) -> None:
    """Run one workflow or endpoint here and print its answer and steps.

    NAME is that of an endpoint, workflow or middleware. Also beside a running server.
    """
    root = place.project(ctx)
    result = app.run_once(root, name, pairs(arguments))
    if as_json:
        show.as_json(result)
    else:
        _print(result)
    sys.exit(1 if result["error"] else 0)


def pairs(arguments: tuple[str, ...]) -> dict[str, str]:
    """`k=v` texts as a mapping."""
    found: dict[str, str] = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{argument} is not KEY=VALUE")
        if key in found:
            raise click.UsageError(f"{key} is given twice")
        found[key] = value
    return found


def _print(result: dict[str, Any]) -> None:
    show.as_json(result["answer"])
    for step in result["steps"]:
        label = step["id"] or step["action"]
        click.echo(
            f"{MARKS.get(step['status'], '?')} {label}  {step['status']}  {show.milliseconds(step['duration'])}  "
            f"{step['file']}:{step['line']}",
            err=True,
        )
    error = result["error"]
    if error:
        where = f" at {error['where']}" if error.get("where") else ""
        click.echo(f"{error['code']}: {error['message']}{where}", err=True)
    if result["status"] is not None:
        click.echo(f"status {result['status']}", err=True)
