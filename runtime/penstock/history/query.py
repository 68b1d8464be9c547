"""Query: the run log read by others than the process that writes it."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import aiosqlite

from penstock.errors import PenstockError
from penstock.history.ids import first, parse
from penstock.history.schema import read_only
from penstock.history.slots import LOCKS, Slots
from penstock.history.view import RunRow, RunView, StepRow, run_view, step_numbers

_RUNNING = "status <> 'ok' AND status = 'running'"
STATUSES = ("running", "ok", "failed", "interrupted")

_RUN = """
SELECT runs.id, coalesce(endpoint, '?'), coalesce(kind, '?'), coalesce(method, ''), coalesce(snapshot, ''), status, duration,
    http_status, data
FROM runs LEFT JOIN programs ON programs.id = runs.program
"""
_OVERLAP = 2 << 10 << 21
"""Ids of about two seconds: a run may be written after one that began later."""
_AT_ONCE = 1_000


async def list_runs(
    path: Path,
    *,
    endpoint: str | None = None,
    status: str | None = None,
    since: float | None = None,
    limit: int = 50,
    before: int | None = None,
) -> list[RunView]:
    """The newest runs first; `since` is Unix seconds, `before` an id. No file: no runs. Raises PenstockError when it can't be read."""
    async with _reading(path) as db:
        return [] if db is None else await _list(path, db, endpoint, status, since, limit, before)


async def show(path: Path, number: int) -> RunView | None:
    """One run with its steps, or None. Raises PenstockError when the file can't be read."""
    async with _reading(path) as db:
        if db is None:
            return None
        rows = await _fetch(db, f"{_RUN} WHERE runs.id = ?", (number,))
        views = await _views(path, db, rows)
        return views[0] if views else None


async def tail(path: Path, after: int, *, interval: float = 0.25) -> AsyncGenerator[RunView, None]:
    """Runs as they end, from those begun after the id `after` and those in flight now; looks every `interval` seconds, without end.

    Of more than 1000 runs between two looks the newest are shown.
    """
    ended: set[int] = set()
    waiting: set[int] = set()
    last = after
    low: int | None = None
    while True:
        async with _reading(path) as db:
            views: list[RunView] = []
            if db is not None:
                if low is None:
                    waiting = {row[0] for row in await _fetch(db, f"SELECT id FROM runs WHERE {_RUNNING}", ())}
                low = max(after, last - _OVERLAP)
                look = "SELECT id FROM runs WHERE id > ? ORDER BY id DESC LIMIT ?"
                recent = {row[0] for row in await _fetch(db, look, (low, _AT_ONCE))}
                rows = await _by_id(db, f"{_RUN} WHERE runs.id", (recent | waiting) - ended)
                views = await _views(path, db, sorted(rows))
        waiting.clear()
        for view in views:
            number = parse(view.id)
            last = max(last, number)
            if view.status == "running":
                waiting.add(number)
            else:
                ended.add(number)
                yield view
        ended = {number for number in ended if number > last - 2 * _OVERLAP}
        await asyncio.sleep(interval)


async def newest(path: Path) -> int:
    """The highest run id, 0 when there is none."""
    async with _reading(path) as db:
        if db is None:
            return 0
        return int(next(iter(await db.execute_fetchall("SELECT coalesce(max(id), 0) FROM runs")))[0])


@asynccontextmanager
async def _reading(path: Path) -> AsyncIterator[aiosqlite.Connection | None]:
    try:
        db = await read_only(path)
    except sqlite3.OperationalError as error:
        if await asyncio.to_thread(path.exists):
            raise PenstockError(f"{path} can't be opened: {error}") from error
        yield None
        return
    try:
        yield db
    except sqlite3.Error as error:
        raise PenstockError(f"{path} can't be read: {error}") from error
    finally:
        await db.close()


async def _list(
    path: Path,
    db: aiosqlite.Connection,
    endpoint: str | None,
    status: str | None,
    since: float | None,
    limit: int,
    before: int | None,
) -> list[RunView]:
    terms = ["1"]
    values: list[Any] = []
    if endpoint is not None:
        terms.append("program IN (SELECT id FROM programs WHERE endpoint = ?)")
        values.append(endpoint)
    if since is not None:
        terms.append("runs.id >= ?")
        values.append(first(since))
    if before is not None:
        terms.append("runs.id < ?")
        values.append(before)
    if status == "ok":
        terms.append("status = 'ok'")
    elif status in ("running", "interrupted"):  # of a running row the locks say which it is
        terms.append("status <> 'ok' AND status IN ('running', 'interrupted')")
    elif status is not None:
        terms.append("status <> 'ok' AND status = ?")
        values.append(status)
    found: list[RunView] = []
    below = (1 << 63) - 1
    while len(found) < limit:
        rows = await _fetch(
            db,
            f"{_RUN} WHERE {' AND '.join(terms)} AND runs.id < ? ORDER BY runs.id DESC LIMIT ?",
            (*values, below, limit),
        )
        views = await _views(path, db, rows)
        found += [view for view in views if status is None or view.status == status]
        if len(rows) < limit:
            break
        below = rows[-1][0]
    return found[:limit]


async def _views(path: Path, db: aiosqlite.Connection, rows: Sequence[RunRow]) -> list[RunView]:
    numbers = {number for row in rows for number in step_numbers(row[8])}
    known = {
        row[0]: row
        for row in await _by_id(
            db, "SELECT id, path, step, action, file, line, names, note FROM steps WHERE id", numbers
        )
    }
    slots = Slots(path.with_name(LOCKS))
    return [run_view(row, cast(dict[int, StepRow], known), _status(row, slots)) for row in rows]


def _status(row: RunRow, slots: Slots) -> str:
    if row[5] != "running":
        return row[5]
    try:
        return "running" if slots.alive(row[0] >> 11 & 1023) else "interrupted"
    except OSError:
        return "running"


async def _by_id(db: aiosqlite.Connection, select: str, ids: Collection[int]) -> list[Any]:
    wanted = sorted(ids)
    found: list[Any] = []
    for begin in range(0, len(wanted), _AT_ONCE):
        part = wanted[begin : begin + _AT_ONCE]
        found += await _fetch(db, f"{select} IN ({', '.join('?' * len(part))})", part)
    return found


async def _fetch(db: aiosqlite.Connection, sql: str, values: Sequence[Any]) -> list[Any]:
    return [*await db.execute_fetchall(sql, values)]
