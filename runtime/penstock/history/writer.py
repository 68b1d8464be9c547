"""Writer: puts rows into `runs.db`, and goes on when the file or the disk does not."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path

import aiosqlite

from penstock.clock import Clock
from penstock.errors import PenstockError
from penstock.history.bounds import REMEMBERED, Bounds, Sweeper, interrupt
from penstock.history.mask import Mask
from penstock.history.record import RunRecord, StepMeta
from penstock.history.rows import LIGHT, Row, Rows
from penstock.history.schema import MOVED, WrongVersion, connect
from penstock.history.slots import Slots

BATCH = 1024
"""Runs in one statement."""

_SIZES = (BATCH, 256, 64, 16, 4, 1)
_COLUMNS = "(id, program, status, duration, http_status, data)"
_INSERT = {
    size: f"INSERT OR REPLACE INTO runs {_COLUMNS} VALUES " + ", ".join(["(?, ?, ?, ?, ?, ?)"] * size)
    for size in _SIZES
}
_PROGRAM = """
INSERT INTO programs (endpoint, kind, method, snapshot, seen) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (endpoint, kind, method, snapshot) DO UPDATE SET seen = excluded.seen RETURNING id
"""
_STEP = """
INSERT INTO steps (id, path, step, action, file, line, names, note, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen
"""
_QUIET = 60.0
_PATIENCE = 1.0
_FAULTS = (sqlite3.Error, OSError, PenstockError, ValueError)  # ValueError: aiosqlite's "Connection closed"

log = logging.getLogger("penstock.history")


class Pinned(PenstockError):
    """The write-ahead log is as large as it may be, and a reader keeps it from being emptied."""


class Writer:
    """The file and its connection. What can't be written is lost, logged and counted by the caller; nothing is raised."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        bounds: Bounds,
        mask: Mask,
        slots: Slots,
        slot: int,
        on_new_file: Callable[[], None],
    ) -> None:
        self.rows = Rows(mask, bounds.row)
        self._path = path
        self._clock = clock
        self._bounds = bounds
        self._sweeper = Sweeper(path, bounds)
        self._slots = slots
        self._slot = slot
        self._db: aiosqlite.Connection | None = None
        self._on_new_file = on_new_file  # called when rows made until now can't go into the file that is open now
        self._inode = 0
        self._generation = 0
        self._asked = 0.0
        self._said = -_QUIET
        self._unpinned = -_PATIENCE
        self._opening = asyncio.Lock()
        self._fresh = True
        self._steps: dict[int, StepMeta] = {}
        self._told: set[int] = set()  # the numbers of those that the file knows
        self._new = False

    async def open(self) -> int:
        """Open the file; gives its highest run id (0: none, or it can't be opened now)."""
        try:
            db = await self._connection()
            for row in await db.execute_fetchall("SELECT max(id) FROM runs"):
                return int(row[0] or 0)
        except _FAULTS as error:
            await self._mend(error)
        return 0

    async def close(self) -> None:
        """Close the file."""
        db, self._db = self._db, None
        if db is not None:
            await db.close()

    async def write(self, rows: list[Row], records: list[RunRecord]) -> int:
        """Put runs into the file, some of them encoded already; gives how many are lost."""
        generation = self._generation
        lost = 0
        for _ in range(2):
            try:
                db = await self._connection()
                if rows and generation != self._generation:  # their numbers are those of the file before
                    lost += len(rows)
                    rows.clear()
                await self._write(db, rows, records)
                return lost
            except Pinned as error:
                self._say(error)
                break
            except _FAULTS as error:
                await self._mend(error)
        return lost + len(rows) + len(records)

    async def remove(self, ids: Sequence[int]) -> None:
        """Take runs out of the file again."""
        try:
            db = await self._connection()
            await db.executemany("DELETE FROM runs WHERE id = ?", [(number,) for number in ids])
        except _FAULTS as error:
            await self._mend(error)

    async def sweep(self) -> int:
        """Hold the bounds and mark interrupted runs; gives how many runs were deleted."""
        try:
            if self._replaced():
                await self.close()
            db = await self._connection()
            now = self._clock.seconds()
            await interrupt(db, self._slots, self._slot, opening=False)
            deleted = await self._sweeper.sweep(db, now)
        except _FAULTS as error:
            await self._mend(error)
            return 0
        if now - self._asked > REMEMBERED:
            self._asked = now
            self.rows.programs.clear()
            self._untold()
        return deleted

    async def _write(self, db: aiosqlite.Connection, rows: list[Row], records: list[RunRecord]) -> None:
        if self._sweeper.wal_size() > 3 * self._bounds.wal:
            await self._unpin(db)
        if self._new:
            await self._tell(db)
        if rows:
            self.rows.cover(rows)
            await self._insert(db, rows)
        if not records:
            return
        await self._learn(db, records)
        made: list[Row] = []
        size = 0
        for record in records:
            row = await self.rows.careful(record)
            made.append(row)
            size += len(row[5])
            if size > self._bounds.wal // 2:
                await self._insert(db, made)
                made.clear()
                size = 0
        await self._insert(db, made)

    async def _unpin(self, db: aiosqlite.Connection) -> None:
        now = self._clock.monotonic()
        if now >= self._unpinned + _PATIENCE or now < self._unpinned:
            self._unpinned = now
            await self._sweeper.checkpoint(db)
            if self._sweeper.wal_size() <= 3 * self._bounds.wal:
                return
        raise Pinned(f"{self._path}-wal can't be emptied while another program reads runs.db")

    async def _insert(self, db: aiosqlite.Connection, rows: list[Row]) -> None:
        begin = 0
        largest = BATCH if self._bounds.wal >= BATCH * LIGHT else self._bounds.wal // LIGHT
        for size in _SIZES:
            while len(rows) - begin >= size <= largest:
                values = list(chain.from_iterable(rows[begin : begin + size]))
                await db.execute_fetchall(_INSERT[size], values)
                begin += size

    async def _learn(self, db: aiosqlite.Connection, records: Sequence[RunRecord]) -> None:
        programs = self.rows.unknown(records)
        seen = int(self._clock.seconds())
        for program in programs:
            for row in await db.execute_fetchall(_PROGRAM, (*program, seen)):
                self.rows.programs[program] = row[0]

    def learn(self, metas: Iterable[StepMeta]) -> None:
        """From now on, these are the steps that records speak of."""
        self._steps = {meta.number: meta for meta in metas}
        self._new = True

    def _untold(self) -> None:
        self._told.clear()
        self._new = bool(self._steps)

    async def _tell(self, db: aiosqlite.Connection) -> None:
        """Write the steps that the file does not know."""
        self._new = False
        seen = int(self._clock.seconds())
        missing = [meta for number, meta in self._steps.items() if number not in self._told]
        rows = [
            (
                *(meta.number, meta.path, meta.id or "", meta.action, meta.file, meta.line),
                *("\n".join(meta.names), meta.note or "", seen),
            )
            for meta in missing
        ]
        await db.execute_fetchall("BEGIN IMMEDIATE")
        try:
            await db.executemany(_STEP, rows)
            await db.execute_fetchall("COMMIT")
        except BaseException:
            self._new = True
            await db.execute_fetchall("ROLLBACK")
            raise
        self._told.update(meta.number for meta in missing)

    async def _connection(self) -> aiosqlite.Connection:
        if self._db is None:
            async with self._opening:
                if self._db is None:
                    self._db = await self._connect()
        return self._db

    async def _connect(self) -> aiosqlite.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = await connect(self._path, pages=self._bounds.pages, wal=self._bounds.wal)
        try:
            inode = self._path.stat().st_ino
            if inode != self._inode:
                self._inode = inode
                self._generation += 1
                self._sweeper = Sweeper(self._path, self._bounds)
                self.rows.programs.clear()
                self._untold()
                self._on_new_file()
            await interrupt(db, self._slots, self._slot, opening=self._fresh)
            self._fresh = False
        except BaseException:
            await db.close()
            raise
        return db

    def _replaced(self) -> bool:
        try:
            return self._db is not None and self._path.stat().st_ino != self._inode
        except OSError:
            return True

    async def _mend(self, error: Exception) -> None:
        """After a fault: what lets the next try go better."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        self._say(error)
        if code == sqlite3.SQLITE_BUSY:
            return
        if code == sqlite3.SQLITE_FULL:
            await self._make_room()
            return
        gone = self._replaced()
        await self.close()
        if not gone and (code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or isinstance(error, WrongVersion)):
            self._move_aside()

    async def _make_room(self) -> None:
        if self._db is not None:
            try:
                await self._sweeper.sweep(self._db, self._clock.seconds(), full=True)
            except _FAULTS as error:
                log.debug("no room could be made: %s", error)

    def _move_aside(self) -> None:
        moved = self._path.with_name(self._path.name + MOVED)
        log.error("%s can't be read: it is now %s, and a new one is begun", self._path, moved)
        try:
            self._path.replace(moved)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            log.error("%s can't be moved aside: %s", self._path, error)

    def _say(self, error: Exception) -> None:
        now = self._clock.monotonic()
        if now - self._said >= _QUIET:
            self._said = now
            log.warning("runs can't be written to %s: %s", self._path, error)
