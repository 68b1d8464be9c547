"""Validate: every problem of the project's files, at once."""

import os
import sys

import click

from penstock import problem, registry
from penstock.validate.project import load
from penstock_cli import place, show

MANY = 50
"""From that many files on a terminal shows that they are being checked."""


@click.command(
    epilog="""\b
Examples:
  penstock validate
  penstock validate --ignore no-answer
  penstock validate --json | jq '.[].code'

Exit codes: 0 no errors (warnings may be), 1 errors, 2 wrong use."""
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of problems.")
@click.option("--ignore", metavar="CODE", multiple=True, help="Silence a kind of problem (may be repeated).")
@click.pass_context
def validate(ctx: click.Context, as_json: bool, ignore: tuple[str, ...]) -> None:
    """Report every problem of the project's files.

    Each is `file:line:column code: message (hint)`. The codes are explained in docs/problems.md.
    """
    root = place.project(ctx)
    registry.load()
    for code in ignore:
        if code not in problem.CODES:
            hint = problem.suggest(code, problem.CODES)
            raise click.BadParameter(f"there is no problem code {code}" + (f" ({hint})" if hint else ""))
    with show.busy("checking the files", many=sum(1 for _ in (root / place.FOLDER).rglob("*.yaml")) > MANY):
        loaded = load(root, os.environ)
    found = [one for one in loaded.problems if one.code not in ignore]
    if as_json:
        show.as_json([one.view() for one in found])
    else:
        show.problems(root, found)
        click.echo(show.summary(found, sum(name.startswith(place.FOLDER) for name in loaded.files)))
    sys.exit(1 if any(one.severity == "error" for one in found) else 0)
