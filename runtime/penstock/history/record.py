"""Record: what one run leaves behind, as the engine fills it in."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["off", "runs", "steps", "full"]
StepStatus = Literal["ok", "skipped", "failed", "retried"]
RunStatus = Literal["running", "ok", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class StepMeta:
    """What is known of a step before it runs; one for each compiled step. `names` are the names of its inputs.

    `number` stands for it in records: 52 bits of a hash of all the rest, so that it is the same in every process and file.
    """

    path: str
    id: str | None
    action: str
    file: str
    line: int
    names: tuple[str, ...] = ()
    note: str | None = None
    number: int = field(init=False)

    def __post_init__(self) -> None:
        text = "\0".join(
            (self.path, self.id or "", self.action, self.file, str(self.line), *self.names, self.note or "")
        )
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        object.__setattr__(self, "number", int.from_bytes(digest) >> 12)


StepRecord = tuple[int, StepStatus, float, float, tuple[Any, ...] | None, Any]
"""One try of a step: its number, status, start and end (monotonic seconds), inputs (parallel to `meta.names`) and output.

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
