"""Show: problems and tables, in colour on a terminal, plain in a pipe."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from penstock.problem import Problem

WINDOW = 100
"""At most that many characters of a source line are shown."""


def terminal(err: bool = False) -> bool:
    """Whether a person reads what is printed."""
    return (sys.stderr if err else sys.stdout).isatty()


def as_json(value: Any) -> None:
    """Print one JSON value."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def problems(root: Path, found: Sequence[Problem], err: bool = False) -> None:
    """Every problem with its place, on standard output or, with `err`, on standard error."""
    for problem in found:
        if terminal(err):
            _coloured(root, problem, err)
        else:
            click.echo(str(problem), err=err)


@contextlib.contextmanager
def busy(what: str, many: bool) -> Iterator[None]:
    """On a terminal, say what is being done as long as it takes; `many`: whether it is worth saying."""
    if not (many and terminal(err=True)):
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


def summary(found: Sequence[Problem], files: int) -> str:
    """`3 files: 1 error, 2 warnings`."""
    errors = sum(problem.severity == "error" for problem in found)
    warnings = len(found) - errors
    counts = [count(number, word) for number, word in ((errors, "error"), (warnings, "warning")) if number]
    return f"{count(files, 'file')}: {', '.join(counts) or 'no problems'}"


def count(number: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def milliseconds(seconds: float) -> str:
    """A duration as people read it."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Rows under headings: a table on a terminal, columns apart by tabs in a pipe."""
    if not terminal():
        for row in rows:
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The same with each row as one line, however narrow the terminal, so that no word of it is broken."""
    if not terminal():
        table(columns, rows)
        return
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for index, row in enumerate((columns, *rows)):
        line = "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        click.echo(line if index else click.style(line, bold=True))


def _coloured(root: Path, problem: Problem, err: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    colour = "red" if problem.severity == "error" else "yellow"
    console = Console(stderr=err, highlight=False, soft_wrap=True)
    console.print(
        Text.assemble(
            (f"{problem.file}:{problem.line}:{problem.column}", "bold"),
            " ",
            (problem.code, f"bold {colour}"),
        )
    )
    line = _source(root / problem.file, problem.line)
    if line:
        number = str(problem.line)
        start = max(0, problem.column - 1 - WINDOW // 2) if len(line) > WINDOW else 0
        margin = " " * (len(number) + 2)
        console.print(Text.assemble((f"  {number} │ ", "dim"), line[start : start + WINDOW]))
        console.print(
            Text.assemble((f"{margin} │ ", "dim"), " " * (problem.column - 1 - start), ("^", f"bold {colour}"))
        )
    console.print(Text.assemble("  ", problem.message, (f" ({problem.hint})" if problem.hint else "", "cyan")))
    console.print()


def _source(path: Path, number: int) -> str:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    if not 0 < number <= len(lines):
        return ""
    return "".join(char if char.isprintable() else " " for char in lines[number - 1])
