"""Run: one workflow or endpoint, here and now, with its answer and steps."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from penstock import app
from penstock.problem import suggest
from penstock.validate.project import load
from penstock_cli import place, show, timeline

RUNNABLE = ("endpoint", "workflow", "middleware")
MANY = 10
"""So many names are listed to who asks for an unknown one."""
MARKS = {"ok": ("✓", "green"), "skipped": ("-", "bright_black"), "failed": ("✗", "red"), "retried": ("↻", "yellow")}


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
    values = pairs(arguments)
    try:
        result = app.run_once(root, name, values)
    except app.Unsound as unsound:
        show.problems(root, unsound.problems, err=True)
        sys.exit(1)
    except KeyError:
        known = sorted(found.name for found in load(root, os.environ).documents if found.kind in RUNNABLE)
        hint = suggest(name, known) or f"there are {', '.join(known[:MANY])}{', …' if len(known) > MANY else ''}"
        raise click.UsageError(f"there is no workflow or endpoint {name}" + (f" ({hint})" if known else ""), ctx)
    if as_json:
        show.as_json(result)
    else:
        _print(result)
        if result["error"] and result["error"]["code"] == "invalid_params":
            _declared(root, name, values)
    sys.exit(0 if result["status"] == "ok" else 1)


def _declared(root: Path, name: str, values: dict[str, str]) -> None:
    """Name the nearest parameter for each that the workflow or endpoint does not have."""
    for document in load(root, os.environ).documents:
        if document.name == name:
            known = [param.name for param in document.params]
            for key in values:
                if key not in known and (hint := suggest(key, known)):
                    click.echo(f"{key}: {hint}", err=True)


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
    """The answer on standard output, so that it can be piped on; the rest on standard error."""
    show.as_json(result["answer"])
    names = [step["id"] or step["action"] for step in result["steps"]]
    width = max(map(len, names), default=0)
    for step, name in zip(result["steps"], names, strict=True):
        took = timeline.took(step["duration"])
        mark = click.style(*MARKS[step["status"]])
        click.echo(f"{mark} {name:{width}}  {took:>9}  {step['file']}:{step['line']}", err=True)
    status = f" {result['http_status']}" if result["http_status"] is not None else ""
    click.echo(f"run {result['id']} {result['status']}{status} in {timeline.took(result['duration'])}", err=True)
    error = result["error"]
    if error:
        where = f" at {error['where']}" if error.get("where") else ""
        click.echo(f"{error['code']}: {error['message']}{where}", err=True)
