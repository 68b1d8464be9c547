"""Coverage plugin: coverage.py measures the lines of workflow files.

Name it in `.coveragerc`: `[run] plugins = penstock.coverage_plugin`.
"""

from pathlib import Path
from typing import Any

from coverage import CoveragePlugin, FileReporter, FileTracer

from penstock import registry
from penstock.compile import compile_document
from penstock.validate.document import read_document

FOLDER = "workflows.d"


class Plugin(CoveragePlugin):
    """Takes over the files of `workflows.d`."""

    def file_tracer(self, filename: str) -> FileTracer | None:
        path = Path(filename)
        return Tracer(filename) if path.suffix in (".yaml", ".yml") and FOLDER in path.parts else None

    def file_reporter(self, filename: str) -> FileReporter:
        return Reporter(filename)


class Tracer(FileTracer):
    """One workflow file, as compiled code names it."""

    def __init__(self, filename: str) -> None:
        self._filename = filename

    def source_filename(self) -> str:
        return self._filename


class Reporter(FileReporter):
    """The lines of a workflow file that can run."""

    def lines(self) -> set[int]:
        path = Path(self.filename)
        at = len(path.parts) - 1 - path.parts[::-1].index(FOLDER)
        root = Path(*path.parts[:at])
        actions = registry.load()
        document, _ = read_document(path.relative_to(root).as_posix(), path.read_bytes(), actions)
        if document is None or document.kind not in ("endpoint", "workflow", "middleware"):
            return set()
        return set(compile_document(document, actions, root=root, level="steps", timeout=30.0).lines)


def coverage_init(reg: Any, options: Any) -> None:
    """What coverage.py calls."""
    reg.add_file_tracer(Plugin())
