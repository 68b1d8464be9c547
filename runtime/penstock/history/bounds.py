"""Bounds: how long runs are kept and how large the file grows, held in small bites."""

from dataclasses import dataclass
from pathlib import Path

import aiosqlite

from penstock.history.ids import first, started
from penstock.history.schema import PAGE, number
from penstock.history.slots import Slots

DAY = 86_400.0
SMALLEST = 1_000_000
"""Bytes; a smaller `max_size` counts as this."""
REMEMBERED = 3_600.0
"""Seconds for which a process uses a program's or step's number without asking again."""

_BITE = 250
_VACUUM = 64


@dataclass(frozen=True, slots=True)
class Bounds:
    """`keep` and `keep_errors` are seconds, `max_size` bytes of the file and its write-ahead log together."""

    keep: float = 30 * DAY
    keep_errors: float = 90 * DAY
    max_size: int = 1_000_000_000

    @property
    def wal(self) -> int:
        """Bytes that the write-ahead log has in quiet times; while a reader holds on to it, four times that."""
        return max(4 * PAGE, min(4 << 20, self._size // 16))

    @property
    def pages(self) -> int:
        """Pages that the file itself may have."""
        return (self._size - 4 * self.wal) // PAGE

    @property
    def row(self) -> int:
        """Bytes of one run."""
        return self._size // 16

    @property
    def _size(self) -> int:
        return max(self.max_size, SMALLEST)


class Sweeper:
    """Deletes what is over the bounds: the oldest runs that went well first, then the oldest errors."""

    __slots__ = ("_bounds", "_floor", "_wal")

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self._wal = path.with_name(path.name + "-wal")
        self._bounds = bounds
        self._floor = 0  # no run below that id is ok: errors are kept longer and need not be read again

    def wal_size(self) -> int:
        """Bytes of the write-ahead log."""
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0

    async def sweep(self, db: aiosqlite.Connection, now: float, *, full: bool = False) -> int:
        """Bring the file within its bounds (`now` in Unix seconds); gives how many runs were deleted.

        `full`: something did not fit any more, so room has to be made in any case.
        """
        deleted = await self._expire(db, now)
        deleted += await self._shrink(db, full)
        await self._forget(db, now)
        await self._vacuum(db)
        if self.wal_size() > self._bounds.wal:
            await self.checkpoint(db)
        return deleted

    async def checkpoint(self, db: aiosqlite.Connection) -> None:
        """Empty the write-ahead log, unless a reader holds on to it."""
        timeout = await number(db, "busy_timeout")
        await db.execute_fetchall("PRAGMA busy_timeout = 50")
        try:
            await db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            await db.execute_fetchall(f"PRAGMA busy_timeout = {timeout}")

    async def _expire(self, db: aiosqlite.Connection, now: float) -> int:
        deleted = 0
        while count := await self._delete_ok(db, first(now - self._bounds.keep)):
            deleted += count
        while count := await self._delete_errors(db, first(now - self._bounds.keep_errors)):
            deleted += count
        return deleted

    async def _shrink(self, db: aiosqlite.Connection, full: bool) -> int:
        pages = self._bounds.pages
        end = (1 << 63) - 1
        deleted = 0
        if not full and await self._used(db) < pages * 0.94:
            return 0
        low = min(pages * 0.88, await self._used(db) * 0.88)
        while await self._used(db) > low:
            count = await self._delete_ok(db, end) or await self._delete_errors(db, end)
            if not count:
                break
            deleted += count
        return deleted

    async def _used(self, db: aiosqlite.Connection) -> int:
        return await number(db, "page_count") - await number(db, "freelist_count")

    async def _delete_ok(self, db: aiosqlite.Connection, before: int) -> int:
        if before <= self._floor:
            return 0
        gone = await db.execute_fetchall(
            "DELETE FROM runs WHERE id IN "
            "(SELECT id FROM runs WHERE id >= ? AND id < ? AND status = 'ok' ORDER BY id LIMIT ?) RETURNING id",
            (self._floor, before, _BITE),
        )
        ids = [row[0] for row in gone]
        if ids:
            self._floor = max(ids)
        return len(ids)

    async def _delete_errors(self, db: aiosqlite.Connection, before: int) -> int:
        gone = await db.execute_fetchall(
            "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE id < ? AND status <> 'ok' AND status <> 'running' "
            "ORDER BY id LIMIT ?) RETURNING id",
            (before, _BITE),
        )
        return len(list(gone))

    async def _forget(self, db: aiosqlite.Connection, now: float) -> None:
        # a number is asked for anew every REMEMBERED seconds: what was last seen well before the oldest run has no run
        oldest = next(iter(await db.execute_fetchall("SELECT min(id) FROM runs")))[0]
        since = now if oldest is None else started(oldest)
        for table in ("programs", "steps"):
            await db.execute_fetchall(f"DELETE FROM {table} WHERE seen < ?", (int(since - 3 * REMEMBERED),))

    async def _vacuum(self, db: aiosqlite.Connection) -> None:
        pages = await number(db, "page_count")
        free = await number(db, "freelist_count")
        if free <= _VACUUM + pages // 4 and pages <= self._bounds.pages:
            return
        while free > pages // 8:
            await db.execute_fetchall(f"PRAGMA incremental_vacuum({_VACUUM})")
            pages = await number(db, "page_count")
            left = await number(db, "freelist_count")
            if left >= free:
                break
            free = left
        await self.checkpoint(db)


async def interrupt(db: aiosqlite.Connection, slots: Slots, own: int, *, opening: bool) -> int:
    """Mark the runs that ended processes left running; `opening`: the slot is newly ours, so what ran in it is over too."""
    rows = await db.execute_fetchall(
        "SELECT DISTINCT id >> 11 & 1023 FROM runs WHERE status <> 'ok' AND status = 'running'"
    )
    count = 0
    for slot in [row[0] for row in rows]:
        if opening if slot == own else not slots.alive(slot):
            marked = await db.execute_fetchall(
                "UPDATE runs SET status = 'interrupted' "
                "WHERE status <> 'ok' AND status = 'running' AND id >> 11 & 1023 = ? RETURNING id",
                (slot,),
            )
            count += len(list(marked))
    return count
