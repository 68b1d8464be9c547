"""Place: the project's folder that a command works on, and files that are never overwritten."""

import contextlib
from pathlib import Path

import click

from penstock.errors import PenstockError

SETTINGS = "penstock.yaml"
FOLDER = "workflows.d"


def project(ctx: click.Context) -> Path:
    """The project's folder as `-C` names it; wrong use (exit code 2) when there is no project."""
    root = named(ctx)
    if not root.is_dir():
        raise click.UsageError(f"there is no folder {root}", ctx)
    if not (root / SETTINGS).is_file() and not (root / FOLDER).is_dir():
        raise click.UsageError(
            f"{root} is no project: it has neither {SETTINGS} nor {FOLDER}/ (`penstock init` starts one)", ctx
        )
    return root


def named(ctx: click.Context) -> Path:
    """The folder that `-C` names, whether it exists or not."""
    root: Path = ctx.find_root().obj["root"]
    return root.resolve()


def write(root: Path, files: dict[str, str]) -> None:
    """Write new files, or none: PenstockError names the ones that are there already."""
    taken = sorted(name for name in files if (root / name).exists())
    if taken:
        raise PenstockError(f"nothing was written: {', '.join(taken)} exists already in {root}")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        click.echo(f"wrote {name}")


def schemas(root: Path) -> None:
    """Write the schemas that the files' first lines name, as this version knows them; a folder that is read-only stays without."""
    from penstock import spec

    with contextlib.suppress(OSError):
        spec.write(root / ".penstock" / "schema")


def modeline(name: str, kind: str) -> str:
    """The line that tells editors which schema a file follows; the schemas lie in `.penstock/schema`."""
    up = "../" * name.count("/") or "./"
    return f"# yaml-language-server: $schema={up}.penstock/schema/{kind}.json\n"


def kind(text: str) -> str | None:
    """What a file is, by its key: endpoint, workflow, middleware, table, defaults or test."""
    for line in text.splitlines():
        word = line.partition(":")[0]
        if word in ("endpoint", "workflow", "middleware", "table", "defaults", "test"):
            return word
    return None
