"""Folder: a project on disk for tests of checking."""

from collections.abc import Mapping
from pathlib import Path

from penstock.validate import project
from penstock.validate.project import Project


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write the files of a project; names without a folder are put into workflows.d."""
    for name, text in files.items():
        path = root / (name if "/" in name or name == "penstock.yaml" else f"workflows.d/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def load(root: Path, files: Mapping[str, str], previous: Project | None = None) -> Project:
    """Write files and load the project."""
    write(root, files)
    return project.load(root, {}, previous)


def lines(loaded: Project) -> list[str]:
    """The problems as they are printed."""
    return [str(problem) for problem in loaded.problems]
