"""Timeline: one run of the history drawn for people, step by step."""

import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from penstock.history.view import RunView, StepView
from penstock_cli import show

MARKS = {"ok": ("✓", "green"), "skipped": ("-", "bright_black"), "failed": ("✗", "red"), "retried": ("↻", "yellow")}
COLOURS = {"ok": "green", "failed": "red", "running": "cyan", "interrupted": "yellow"}
EIGHTHS = " ▏▎▍▌▋▊▉█"

_NAMES = 34
_VALUE = 2_000


def lines(run: RunView, *, values: bool) -> Iterator[str]:
    """The run, its error and its steps in the order in which they began; `values`: with their inputs and outputs."""
    width = shutil.get_terminal_size((100, 24)).columns
    status = run.status + (f" {run.http_status}" if run.http_status is not None else "")
    what = f"{run.method} {run.path or ''}".strip() if run.method else run.kind
    yield f"run {run.id}  {click.style(printable(run.endpoint), bold=True)}  {printable(what)}  " + click.style(
        status, fg=COLOURS.get(run.status)
    )
    facts = [moment(run.started), took(run.duration), f"snapshot {run.snapshot[:12]}"]
    facts += [f"by {printable(run.caller)}"] if run.caller else []
    yield click.style(" · ".join(facts), dim=True)
    if run.error:
        yield from _error(run.error)
    yield from _value("params", run.params)
    yield from _value("answer", run.answer)
    if run.steps:
        yield ""
        yield from _steps(run, width, values)
    if run.left_out:
        yield f"… and {show.count(run.left_out, 'further step')} too many to keep"


def printable(text: str) -> str:
    """The text without what would move a terminal's cursor or change its colours."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "�" for char in text)


def moment(seconds: float) -> str:
    """A time as people here read it."""
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "milliseconds")[:23]


def took(seconds: float | None) -> str:
    """A duration, or what stands for none."""
    if seconds is None:
        return "-"
    return show.milliseconds(seconds) if seconds >= 0.0005 else f"{seconds * 1e6:.0f} µs"


def _error(error: Any) -> Iterator[str]:
    where = f" at {error['where']}" if error.get("where") else ""
    step = f" ({error['step']})" if error.get("step") else ""
    text = f"{error.get('code')}: {error.get('message')}{where}{step}"
    yield click.style(printable(text), fg="red")


def _value(name: str, value: Any) -> Iterator[str]:
    if value is None:
        return
    text = json.dumps(value, ensure_ascii=False)
    cut = text if len(text) <= _VALUE else text[:_VALUE] + "…"
    yield f"{click.style(name, dim=True)} {printable(cut)}"


def _steps(run: RunView, width: int, values: bool) -> Iterator[str]:
    end = max(step.begin + step.duration for step in run.steps)
    whole = max(run.duration or 0.0, end, 1e-6)
    steps = sorted(run.steps, key=lambda step: (step.begin, _depth(step)))
    named = [("  " * _depth(step) + printable(step.id or step.action), step) for step in steps]
    names = min(_NAMES, max(len(name) for name, _ in named))
    bar = max(12, min(40, width - names - 50))
    for name, step in named:
        mark, colour = MARKS.get(step.status, ("?", "red"))
        yield (
            f"{click.style(mark, fg=colour)} {_fit(name, names)} "
            f"{click.style(_bar(step, whole, bar), fg=colour)} {took(step.duration):>9}  {printable(step.file)}:{step.line}"
        )
        if step.status in ("failed", "retried") and isinstance(step.output, dict) and "code" in step.output:
            yield click.style(
                printable(f"  {' ' * names} {step.output['code']}: {step.output.get('message')}"), fg=colour
            )
        if values:
            for label, value in (("in", step.input), ("out", step.output)):
                for line in _value(label, value):
                    yield f"  {'  ' * _depth(step)}  {line}"


def _depth(step: StepView) -> int:
    return min(8, max(0, step.path.count("[") - 1))


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else text[: width - 1] + "…"


def _bar(step: StepView, whole: float, width: int) -> str:
    """The step's share of the run's time, to an eighth of a character at its end."""
    begin = min(int(step.begin / whole * width), width - 1)
    eighths = max(1, min(round(step.duration / whole * width * 8), (width - begin) * 8))
    if step.status == "skipped":
        return (" " * begin + "·").ljust(width)
    return (" " * begin + "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()).ljust(width)
