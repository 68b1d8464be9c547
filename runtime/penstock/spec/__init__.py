"""Spec: what the files may say, read off the registry: schemas for editors, checks, reference pages."""

import json
from pathlib import Path

from penstock import registry
from penstock.spec import kinds
from penstock.spec.check import check_file, check_step
from penstock.spec.pages import actions_page, problems_page, settings_page
from penstock.spec.steps import action_schema
from penstock.spec.values import Schema

__all__ = [
    "KINDS",
    "action_schema",
    "actions_page",
    "check_file",
    "check_step",
    "file_schema",
    "fresh",
    "pages",
    "problems_page",
    "schemas",
    "settings_page",
    "write",
]

KINDS = kinds.KINDS


def file_schema(kind: str) -> Schema:
    """The JSON Schema of a kind of file, or of `settings`: whole and self-contained, in the words of draft-07."""
    return kinds.file_schema(kind, registry.load())


def schemas() -> dict[str, str]:
    """The text of each file of `schema/`, by its name; that of the settings is `penstock.json`."""
    return {
        f"{'penstock' if kind == 'settings' else kind}.json": json.dumps(
            file_schema(kind), indent=1, ensure_ascii=False
        )
        + "\n"
        for kind in KINDS
    }


def pages() -> dict[str, str]:
    """The text of each generated page of `docs/`, by its name."""
    return {"actions.md": actions_page(), "problems.md": problems_page(), "settings.md": settings_page()}


def write(folder: Path) -> list[str]:
    """Write the schemas into a folder; gives the names of those that have changed."""
    return put(folder, schemas())


def fresh(folder: Path) -> list[str]:
    """The names of the schemas that are missing from a folder or stale in it."""
    return stale(folder, schemas())


def put(folder: Path, texts: dict[str, str]) -> list[str]:
    """Write texts into a folder; gives the names of those that have changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = stale(folder, texts)
    for name in changed:
        (folder / name).write_text(texts[name], "utf-8", newline="\n")
    return changed


def stale(folder: Path, texts: dict[str, str]) -> list[str]:
    """The names of the texts that a folder does not hold as they are."""
    return [
        name
        for name, text in texts.items()
        if not (folder / name).is_file() or (folder / name).read_text("utf-8") != text
    ]
