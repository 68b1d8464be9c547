"""New: one more file of the project, ready to be filled in."""

import os
import re
from pathlib import Path

import click

from penstock.errors import PenstockError
from penstock_cli import place

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"\{([a-z][a-z0-9_]*)(?::(int|uuid|path))?\}")
TYPES = {"int": "integer", "uuid": "uuid"}

ENDPOINT = """\
endpoint: {method} {path}
summary: {summary}
security: {{access: public}}      # left out, an endpoint is private
{params}steps:
  - respond: {answer}
"""

WORKFLOW = """\
workflow: {name}
summary: {summary}
params:
  subject: {{type: string, example: world}}
steps:
  - log: "{name} runs for {{{{ params.subject }}}}"
  - return: {{done: true}}
"""

MIDDLEWARE = """\
middleware: {name}
summary: {summary}
steps:
  - require: request.method in ["GET", "HEAD"]
    status: 403
    message: this is read only
  - return: {{passed: true}}
"""


@click.group(
    epilog="""\b
Examples:
  penstock new endpoint GET /orders/{id:int}
  penstock new workflow send_welcome
  penstock new middleware read_only"""
)
def new() -> None:
    """Add an endpoint, workflow or middleware."""


@new.command(
    epilog="""\b
Examples:
  penstock new endpoint GET /orders/{id:int}
  penstock new endpoint POST /orders"""
)
@click.argument("method", metavar="METHOD", type=click.Choice(METHODS, case_sensitive=False))
@click.argument("path")
@click.pass_context
def endpoint(ctx: click.Context, method: str, path: str) -> None:
    """Add the endpoint METHOD PATH, for example GET /orders/{id:int}."""
    method = method.upper()
    literal = PARAMETER.sub("", path)
    if not path.startswith("/") or path.startswith("/-/") or re.search(r"[{}\s?#]", literal):
        raise click.BadParameter(
            f"{path} is no path: it begins with / (not /-/) and its parameters are {{name}} or {{name:int|uuid|path}}"
        )
    names = PARAMETER.findall(path)
    params = "".join(f"  {name}: {{type: {TYPES.get(converter, 'string')}}}\n" for name, converter in names)
    if method in ("POST", "PUT", "PATCH") and "title" not in dict(names):
        params += "  title: {type: string, minLength: 1, maxLength: 80, example: Something}\n"
        names = [*names, ("title", "")]
    answer = ", ".join(f'{name}: "{{{{ params.{name} }}}}"' for name, _ in names) or "ok: true"
    words = [word for word in re.split(r"[^a-z0-9]+", PARAMETER.sub(r"\1", path).lower()) if word]
    text = ENDPOINT.format(
        method=method,
        path=path,
        summary=f"Say what {method} {path} is for".replace("{", "").replace("}", "").replace(":", " "),
        params=f"params:\n{params}" if params else "",
        answer=f"{{{answer}}}",
    )
    _write(ctx, "endpoint", "_".join([method.lower(), *words]), text, route=f"{method} {path}")


@new.command(
    epilog="""\b
Example:
  penstock new workflow send_welcome"""
)
@click.argument("name")
@click.pass_context
def workflow(ctx: click.Context, name: str) -> None:
    """Add the workflow NAME."""
    _check(name)
    _write(ctx, "workflow", name, WORKFLOW.format(name=name, summary=f"Say what {name} is for"))


@new.command(
    epilog="""\b
Example:
  penstock new middleware read_only"""
)
@click.argument("name")
@click.pass_context
def middleware(ctx: click.Context, name: str) -> None:
    """Add the middleware NAME."""
    _check(name)
    _write(ctx, "middleware", name, MIDDLEWARE.format(name=name, summary=f"Say what {name} is for"))


def _check(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise click.BadParameter(f"{name} is no name: names are [a-z][a-z0-9_]*, at most 63 characters")


def _write(ctx: click.Context, kind: str, name: str, text: str, route: str = "") -> None:
    root: Path = place.project(ctx)
    file = f"{place.FOLDER}/{name}.yaml"
    if not (root / file).exists():
        _free(root, name, route)
    place.write(root, {file: place.modeline(file, kind) + text})
    place.schemas(root)


def _free(root: Path, name: str, route: str) -> None:
    """PenstockError when another file has the name or the route already."""
    from penstock.validate.project import load

    for document in load(root, os.environ).documents:
        if route and _form(f"{document.method} {document.path}") == _form(route):
            raise PenstockError(f"nothing was written: {document.file} has {document.method} {document.path} already")
        if document.name == name and document.kind in ("endpoint", "workflow", "middleware"):
            raise PenstockError(
                f"nothing was written: the {document.kind} of {document.file} has the name {name} already"
            )


def _form(route: str) -> str:
    """A route without the names of its parameters."""
    return PARAMETER.sub(lambda found: f"{{{found[2] or ''}}}", route)
