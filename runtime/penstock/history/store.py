"""Store: takes finished runs at no cost to them, and writes them in batches beside."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import cast

from penstock.clock import Clock
from penstock.history.bounds import DAY, Bounds
from penstock.history.ids import SLOTS, RunIds
from penstock.history.mask import Mask
from penstock.history.record import RunRecord, StepMeta
from penstock.history.rows import Row
from penstock.history.slots import LOCKS, Slots
from penstock.history.writer import BATCH, Writer

HEAVY = 4_096
"""Runs that may wait to be encoded: those that are large, long or secret."""
HELD = 64_000_000
"""Bytes (by `RunRecord.size`) that they may hold."""
SWEEP = 30.0
"""Seconds between two sweeps."""

_RUNNING_STEPS = 2_000
_SWEEP_AFTER = 100_000

log = logging.getLogger("penstock.history")


class History:
    """The run log of one process, in a file that several may write.

    `keep` and `keep_errors` are seconds, `max_size` bytes, `flush_interval` seconds (None: only `flush` writes). `dropped` counts the
    runs that were not kept because the queue was full or the file could not be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        keep: float = 30 * DAY,
        keep_errors: float = 90 * DAY,
        max_size: int = 1_000_000_000,
        secrets: Iterable[str] = (),
        flush_interval: float | None = 0.25,
        capacity: int = 50_000,
    ) -> None:
        self.dropped = 0
        self.slot = 0
        self.ids = RunIds(0, clock)
        self._path = path
        self._clock = clock
        self._bounds = Bounds(keep, keep_errors, max_size)
        self._mask = Mask(secrets)
        self._interval = flush_interval
        self._capacity = capacity
        self._queue: deque[Row | RunRecord] = deque()
        self._heavy = 0  # how many of them are not encoded yet
        self._held = 0
        self._running: dict[int, RunRecord] = {}
        self._written: dict[int, int] = {}  # id of a run that has a row `running` → how many steps that row has
        self._gone: list[int] = []
        self._wake = asyncio.Event()
        self._sweep = asyncio.Event()
        self._lock = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._said = 0

    async def __aenter__(self) -> "History":
        slots = Slots(self._path.with_name(LOCKS))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self.slot = slots.claim()
            self._claimed: Slots | None = slots
        except OSError as error:
            log.warning("no process slot could be taken: %s", error)
            self.slot = SLOTS - 1
            self._claimed = None
        self._writer = Writer(self._path, self._clock, self._bounds, self._mask, slots, self.slot, self._forget_rows)
        self._rows = self._writer.rows
        self.ids = RunIds(self.slot, self._clock, await self._writer.open())
        if self._interval is not None:
            self._tasks = [asyncio.create_task(self._pump(self._interval)), asyncio.create_task(self._sweeps())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.flush()
        await self._writer.close()
        if self._claimed is not None:
            self._claimed.release(self.slot)

    def learn(self, steps: Iterable[StepMeta]) -> None:
        """From now on, these are the steps that records speak of by their numbers."""
        self._writer.learn(steps)

    def start(self, record: RunRecord) -> None:
        """A run that waits for something: it is shown as running, and as interrupted should the process end."""
        if record.level != "off":
            self._running[record.id] = record

    def finish(self, record: RunRecord) -> None:
        """A run that is over. Never waits; past the queue's bounds the run is dropped and counted."""
        queue = self._queue
        size = len(queue)
        if record.level == "off":
            return
        if size >= self._capacity:
            self._drop(record)
            return
        if self._running:
            self._running.pop(record.id, None)
        # encoded here while its values are at hand (and can't change any more): that is cheaper than to keep them
        row = self._rows.light(record)
        if row is None:
            self._keep(record)
        else:
            queue.append(row)
        if size == BATCH - 1:
            self._wake.set()

    async def flush(self) -> None:
        """Write all that is finished or running now."""
        async with self._lock:
            await self._write(len(self._queue))
            await self._write_running(0.0)

    async def sweep(self) -> int:
        """Hold the bounds, and mark runs of ended processes; gives how many runs were deleted."""
        return await self._writer.sweep()

    def mask(self, secrets: Iterable[str]) -> None:
        """From now on, these are the values to mask."""
        self._mask = self._rows.mask = Mask(secrets)

    def _keep(self, record: RunRecord) -> None:
        if self._heavy >= HEAVY or self._held > HELD:
            self._drop(record)
        else:
            self._heavy += 1
            self._held += record.size
            self._queue.append(record)

    def _forget_rows(self) -> None:
        kept = [item for item in self._queue if isinstance(item, RunRecord)]
        self.dropped += len(self._queue) - len(kept)
        self._queue.clear()
        self._queue.extend(kept)

    def _drop(self, record: RunRecord) -> None:
        self.dropped += 1
        self._running.pop(record.id, None)
        if self._written.pop(record.id, None) is not None:
            self._gone.append(record.id)

    async def _write(self, count: int) -> None:
        queue = self._queue
        while count > 0 and queue:
            take = queue.popleft
            batch = [take() for _ in range(min(BATCH, count, len(queue)))]
            count -= len(batch)
            rows: list[Row]
            records: list[RunRecord] = []
            if self._heavy:
                rows = [item for item in batch if isinstance(item, tuple)]
                records = [item for item in batch if isinstance(item, RunRecord)]
                self._heavy -= len(records)
                self._held -= sum(record.size for record in records)
            else:
                rows = cast(list[Row], batch)
            if self._written:
                for number in [row[0] for row in rows] + [record.id for record in records]:
                    self._written.pop(number, None)
            self.dropped += await self._writer.write(rows, records)
        if self._gone:
            gone, self._gone = self._gone, []
            await self._writer.remove(gone)

    async def _write_running(self, age: float) -> None:
        """Rows for runs in flight for that many seconds, when they are new or have further steps."""
        before = self._clock.monotonic() - age
        room = _RUNNING_STEPS
        batch: list[RunRecord] = []
        for record in list(self._running.values()):
            steps = len(record.steps)
            known = self._written.get(record.id)
            if record.status != "running" or record.t0 > before or steps == known:
                continue
            if known is not None and known > 200 and steps < known * 1.5:
                continue  # long runs are written again ever more seldom
            batch.append(record)
            room -= steps + 1
            if room < 0:
                break
        for record in batch:
            self._written[record.id] = len(record.steps)
            self._running[record.id] = self._running.pop(record.id)  # to the end: the others' turn comes first
        for begin in range(0, len(batch), BATCH):
            await self._writer.write(
                [], [record for record in batch[begin : begin + BATCH] if record.id in self._running]
            )

    async def _pump(self, interval: float) -> None:
        loop = asyncio.get_running_loop()
        tick = loop.time() + interval
        written = 0
        while True:
            try:
                async with asyncio.timeout_at(tick):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                async with self._lock:
                    while len(self._queue) >= BATCH:
                        written += BATCH
                        await self._write(BATCH)
                    if loop.time() >= tick:
                        tick = loop.time() + interval
                        await self._write(len(self._queue))
                        await self._write_running(interval)
                        self._report()
                if written >= _SWEEP_AFTER:
                    written = 0
                    self._sweep.set()
            except Exception:
                log.exception("runs could not be written")

    async def _sweeps(self) -> None:
        while True:
            try:
                async with asyncio.timeout(SWEEP):
                    await self._sweep.wait()
            except TimeoutError:
                pass
            self._sweep.clear()
            try:
                await self.sweep()
            except Exception:
                log.exception("runs could not be swept")

    def _report(self) -> None:
        if self.dropped > self._said:
            log.warning("%d runs were not kept", self.dropped - self._said)
            self._said = self.dropped
