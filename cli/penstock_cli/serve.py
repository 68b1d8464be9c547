"""Serve: the project over HTTP, and the same with reload for whoever edits it."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from penstock import process
from penstock_cli import place, show


def listening(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `serve` and `dev`."""
    for option in (
        click.option("--fd", type=click.IntRange(min=0), hidden=True, help="Accept on this open socket."),
        click.option("--poll", is_flag=True, help="Look at the files by polling, where the system sends no events."),
        click.option(
            "--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes."
        ),
        click.option(
            "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 picks a free one."
        ),
        click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on."),
    ):
        command = option(command)
    return command


@click.command(
    epilog="""\b
Examples:
  penstock serve
  penstock serve --host 0.0.0.0 --port 80 --workers 4
  penstock serve --watch"""
)
@listening
@click.option("--watch", is_flag=True, help="Follow the files and reload.")
@click.option("--verbose", is_flag=True, help="Say more of what happens.")
@click.pass_context
def serve(ctx: click.Context, /, watch: bool, poll: bool, verbose: bool, **where: Any) -> None:
    """Serve the project.

    Refuses to start while the files have errors. SIGTERM lets the runs in flight finish.
    """
    _serve(ctx, watch=watch or poll, poll=poll, verbose=verbose, tolerant=False, **where)


@click.command(
    epilog="""\b
Examples:
  penstock dev
  penstock dev --port 0"""
)
@listening
@click.pass_context
def dev(ctx: click.Context, /, poll: bool, **where: Any) -> None:
    """Serve and follow the files while you edit them.

    Every run and reload is shown. A file with errors is shown with its problems, and its last good version keeps serving.
    """
    place.schemas(place.project(ctx))
    _serve(ctx, watch=True, poll=poll, verbose=True, tolerant=True, **where)


def _serve(ctx: click.Context, **options: Any) -> None:
    root = place.project(ctx)
    sys.exit(process.serve(root, show=partial(show.problems, root, err=True), **options))
