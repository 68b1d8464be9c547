"""View: a run of the log as people and programs read it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from penstock.history.ids import started, text


@dataclass(frozen=True, slots=True)
class StepView:
    """One try of a step: `begin` and `duration` are seconds, `begin` counts from the run's start; `input` is by name."""

    path: str
    id: str | None
    action: str
    file: str
    line: int
    status: str
    begin: float
    duration: float
    input: Mapping[str, Any] | None
    output: Any
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """One run: `started` is Unix seconds, `duration` seconds (None while it runs, or when it was interrupted).

    `left_out` is how many further steps were too many to keep.
    """

    id: str
    endpoint: str
    kind: str
    method: str | None
    path: str | None
    snapshot: str
    caller: str | None
    status: str
    http_status: int | None
    started: float
    duration: float | None
    params: Any
    answer: Any
    error: Mapping[str, Any] | None
    steps: tuple[StepView, ...]
    left_out: int

    def view(self, *, steps: bool = True) -> dict[str, Any]:
        """The run as JSON data; `started` is RFC 3339 in UTC."""
        data = asdict(self)
        data["started"] = (
            datetime.fromtimestamp(self.started, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        )
        if not steps:
            del data["steps"], data["left_out"]
        return data


RunRow = tuple[int, str, str, str, str, str, int | None, int | None, str]
"""id, endpoint, kind, method, snapshot, status, duration, HTTP status, data."""
StepRow = tuple[int, str, str, str, str, int, str, str]
"""number, path, step's id, action, file, line, names, note."""

_UNKNOWN: StepRow = (0, "?", "", "?", "?", 0, "", "")


def step_numbers(data: str) -> list[int]:
    """The numbers of the steps that a row's data speaks of."""
    return [step[0] for step in _decode(data)[5]]


def run_view(row: RunRow, steps: Mapping[int, StepRow], status: str) -> RunView:
    """The view of a row; `status` may differ from the row's when the process that ran it is gone."""
    number, endpoint, kind, method, snapshot, _, duration, http_status, data = row
    path, caller, params, answer, error, done, left_out, start = _decode(data)
    return RunView(
        id=text(number),
        endpoint=endpoint,
        kind=kind,
        method=method or None,
        path=path,
        snapshot=snapshot,
        caller=caller,
        status=status,
        http_status=http_status,
        started=started(number),
        duration=None if duration is None else duration / 1e6,
        params=params,
        answer=answer,
        error=error,
        steps=tuple(_steps(done, steps, start)),
        left_out=left_out,
    )


def _steps(done: Iterable[list[Any]], known: Mapping[int, StepRow], start: float) -> Iterable[StepView]:
    for number, status, begin, end, inputs, output in done:
        _, path, step, action, file, line, names, note = known.get(number, _UNKNOWN)
        yield StepView(
            path=path,
            id=step or None,
            action=action,
            file=file,
            line=line,
            status=status,
            begin=round(begin - start, 6),
            duration=round(end - begin, 6),
            input=None if inputs is None else dict(zip(names.split("\n"), inputs, strict=False)),
            output=output,
            note=note or None,
        )


def _decode(data: str) -> list[Any]:
    decoded: list[Any] = msgspec.json.decode(data)
    return decoded
