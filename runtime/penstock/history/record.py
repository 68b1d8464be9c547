"""Record: what one run leaves behind, as the engine fills it in."""

from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["off", "runs", "steps", "full"]
StepStatus = Literal["ok", "skipped", "failed", "retried"]
RunStatus = Literal["running", "ok", "failed", "interrupted"]


@dataclass(frozen=True, slots=True, eq=False)
class StepMeta:
    """What is known of a step before it runs; one for each compiled step, told apart by identity.

    `names` are the names of its inputs.
    """

    path: str
    id: str | None
    action: str
    file: str
    line: int
    names: tuple[str, ...] = ()


StepRecord = tuple[StepMeta, StepStatus, float, float, tuple[Any, ...] | None, Any]
"""One try of a step: its meta, status, start and end (monotonic seconds), inputs (parallel to `meta.names`) and output.

The output of a failed or retried try is `{"code": …, "message": …}`.
"""


@dataclass(slots=True)
class RunRecord:
    """One run. `started` is Unix seconds, `t0` the monotonic second it began at, `duration` seconds.

    `error` is `{code, message, status, step, where}`. `secrets` are values to mask besides those of the whole process. `size` is about
    how many bytes it keeps from being freed (body and answer), so that the queue is bounded in bytes too.
    """

    id: int
    endpoint: str
    kind: Literal["endpoint", "workflow"]
    snapshot: str
    started: float
    t0: float
    level: Level = "steps"
    caller: str | None = None
    duration: float | None = None
    status: RunStatus = "running"
    http_status: int | None = None
    method: str | None = None
    path: str | None = None
    params: Any = None
    answer: Any = None
    error: dict[str, Any] | None = None
    steps: list[StepRecord] = field(default_factory=list)
    secrets: tuple[str, ...] = ()
    size: int = 0
