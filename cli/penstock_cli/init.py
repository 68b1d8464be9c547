"""Init: a new project from a template."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from penstock_cli import place

GITIGNORE = ".penstock/\n__pycache__/\n"

TEMPLATES: dict[str, tuple[str, str, dict[str, str]]] = {
    "hello": ("one public endpoint", "curl http://127.0.0.1:8080/hello/Ada", {}),
    "crud": (
        "create, read, change, list and delete notes, kept by Python functions",
        "curl -H 'Content-Type: application/json' -d '{\"title\": \"Milk\"}' http://127.0.0.1:8080/notes",
        {},
    ),
    "webhook": ("receive signed webhooks, answer at once, work on", "", {"WEBHOOK_KEY": "$(openssl rand -hex 32)"}),
    "auth": (
        "a log-in that gives tokens, and middleware that asks for them",
        'curl -H \'Content-Type: application/json\' -d \'{"email": "admin@example.com", "password": "…"}\' '
        "http://127.0.0.1:8080/login",
        {"ADMIN_PASSWORD": "'a password of your own'", "JWT_KEY": "$(openssl rand -hex 32)"},
    ),
}
"""Name → (what it is, a first request, the secrets that it needs and how to make them)."""


@click.command(
    epilog="""\b
Examples:
  penstock init
  penstock init shop --template crud

\b
Templates:
"""
    + "\n".join(f"  {name:8} {what}" for name, (what, _, _) in TEMPLATES.items())
)
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--template",
    type=click.Choice(list(TEMPLATES)),
    default="hello",
    show_default=True,
    help="What to begin with.",
)
@click.pass_context
def init(ctx: click.Context, folder: Path | None, template: str) -> None:
    """Start a project from a template.

    It is written to FOLDER (default: the folder of -C). Nothing that exists is overwritten.
    """
    root = place.named(ctx) / folder if folder else place.named(ctx)
    found = {name: text.replace("@NAME@", root.name or template) for name, text in texts(template).items()}
    if not (root / ".gitignore").exists():
        found[".gitignore"] = GITIGNORE
    place.write(root, found)
    place.schemas(root)
    _next(folder, template)


def texts(template: str) -> dict[str, str]:
    """A template's files with the line that tells editors their schema."""
    found: dict[str, str] = {}
    _collect(files("penstock_cli") / "templates" / template, "", found)
    for name, text in found.items():
        if name.endswith(".yaml"):
            found[name] = place.modeline(name, place.kind(text) or "penstock") + text
    return found


def _collect(folder: Traversable, prefix: str, found: dict[str, str]) -> None:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                _collect(entry, f"{prefix}{entry.name}/", found)
        else:
            found[prefix + entry.name] = entry.read_text("utf-8")


def _next(folder: Path | None, template: str) -> None:
    _, request, secrets = TEMPLATES[template]
    click.echo("\nnext:")
    if folder:
        click.echo(f"  cd {folder}")
    for name, value in secrets.items():
        click.echo(f"  export PENSTOCK_SECRET_{name}={value}")
    click.echo("  penstock dev")
    if request:
        click.echo(f"  {request}")
