"""Support: records, clocks and histories for the tests of the run log."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from penstock.clock import Clock, ManualClock
from penstock.history.record import RunRecord, StepMeta
from penstock.history.store import History

META = StepMeta("steps[0]", "order", "set", "workflows.d/order.yaml", 7, ("set", "with"))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def clock() -> ManualClock:
    return ManualClock(NOON)


def record(history: History, time: Clock, *, step: Any = None, **more: Any) -> RunRecord:
    """A run that went well in a millisecond, with one step."""
    made = RunRecord(history.ids.next(), "order", "endpoint", "cafe", time.seconds(), time.monotonic())
    made.method, made.path, made.params, made.answer = "POST", "/order", {"qty": 3}, {"total": 28.5}
    made.status, made.http_status, made.duration = "ok", 200, 0.001
    made.steps.append((META.number, "ok", made.t0 + 0.0001, made.t0 + 0.0003, ({"a": 1}, None), step))
    for name, value in more.items():
        setattr(made, name, value)
    return made


def history(path: Path, time: ManualClock, body: Callable[[History], Awaitable[None]], **settings: Any) -> None:
    """Run a test's body with a history that writes only when it is told to."""

    async def main() -> None:
        async with History(path, clock=time, flush_interval=None, **settings) as opened:
            opened.learn([META])
            await body(opened)

    asyncio.run(main())
