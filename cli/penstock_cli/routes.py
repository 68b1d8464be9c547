"""Routes: the endpoints of a project, in the order of their paths."""

import os
import sys
from typing import Any

import click

from penstock.model import Document
from penstock.validate.project import load
from penstock_cli import place, show


@click.command(
    epilog="""\b
Examples:
  penstock routes
  penstock routes --json | jq '.[] | select(.access == "public")'"""
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@click.pass_context
def routes(ctx: click.Context, as_json: bool) -> None:
    """List the endpoints in the order of their paths, with who may call them and where they are written."""
    root = place.project(ctx)
    loaded = load(root, os.environ)
    listed = [view(one) for one in loaded.documents if one.kind == "endpoint"]
    listed.sort(key=lambda one: (one["path"], one["method"]))
    if as_json:
        show.as_json(listed)
    else:
        columns = ("method", "path", "name", "access", "middleware", "file")
        show.table(
            columns,
            [[", ".join(one[c]) if c == "middleware" else str(one[c]) for c in columns] for one in listed],
        )
    faults = sum(one.severity == "error" for one in loaded.problems)
    if faults:
        click.echo(f"{show.count(faults, 'error')} in the files, shown by `penstock validate`", err=True)
        sys.exit(1)


def view(document: Document) -> dict[str, Any]:
    """One route as JSON data."""
    return {
        "method": document.method,
        "path": document.path,
        "name": document.name,
        "access": document.security.access,
        "middleware": [name for name, _ in document.security.middleware],
        "summary": document.summary,
        "file": document.file,
    }
