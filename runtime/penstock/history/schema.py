"""Schema: the file `runs.db`, its tables, and how it is opened."""

import asyncio
import sqlite3
import urllib.parse
from pathlib import Path

import aiosqlite

from penstock.errors import PenstockError

VERSION = 2
PAGE = 16_384
"""Bytes a page: a batch of small rows fills few of them."""
MOVED = ".corrupt"
"""What is added to the name of a file that can't be used any more."""


class WrongVersion(PenstockError):
    """The file was written by another version of penstock."""


_TABLES = (
    # endpoint, kind, method and snapshot are the same for very many runs; `seen` (Unix seconds) is when a process last asked for the number
    """
    CREATE TABLE IF NOT EXISTS programs (
        id INTEGER PRIMARY KEY, endpoint TEXT NOT NULL, kind TEXT NOT NULL, method TEXT NOT NULL, snapshot TEXT NOT NULL,
        seen INTEGER NOT NULL, UNIQUE (endpoint, kind, method, snapshot)
    ) STRICT
    """,
    """
    CREATE TABLE IF NOT EXISTS steps (
        id INTEGER PRIMARY KEY, path TEXT NOT NULL, step TEXT NOT NULL, action TEXT NOT NULL, file TEXT NOT NULL,
        line INTEGER NOT NULL, names TEXT NOT NULL, note TEXT NOT NULL, seen INTEGER NOT NULL
    ) STRICT
    """,
    # duration: microseconds. data: JSON [path, caller, params, answer, error, [[step, status, begin, end, inputs, output], …], left out, start]
    """
    CREATE TABLE IF NOT EXISTS runs (
        id INTEGER PRIMARY KEY, program INTEGER NOT NULL, status TEXT NOT NULL, duration INTEGER, http_status INTEGER,
        data TEXT NOT NULL
    ) STRICT
    """,
    # most runs are ok and cost this index nothing
    "CREATE INDEX IF NOT EXISTS unusual ON runs (status, id) WHERE status <> 'ok'",
)
_TRIES = 40


async def connect(path: Path, *, pages: int, wal: int, timeout: float = 5.0) -> aiosqlite.Connection:
    """The file opened for writing, made when it is absent: at most `pages` pages and about `wal` bytes of write-ahead log.

    Raises sqlite3.Error, or WrongVersion when the file is of another version.
    """
    db = await aiosqlite.connect(path, isolation_level=None, timeout=timeout)
    try:
        for left in reversed(range(_TRIES)):
            try:
                await _prepare(db)
                break
            except sqlite3.OperationalError as error:
                # the change to WAL fails at once while another process opens the same new file
                if not left or "locked" not in str(error):
                    raise
                await asyncio.sleep(0.05)
        await db.execute_fetchall("PRAGMA synchronous = NORMAL")
        await db.execute_fetchall(f"PRAGMA wal_autocheckpoint = {max(1, wal // PAGE)}")
        await db.execute_fetchall(f"PRAGMA journal_size_limit = {wal}")
        await db.execute_fetchall(f"PRAGMA max_page_count = {pages}")
    except BaseException:
        await db.close()
        raise
    return db


async def read_only(path: Path) -> aiosqlite.Connection:
    """The file opened for reading."""
    uri = f"file:{urllib.parse.quote(str(path))}?mode=ro"
    return await aiosqlite.connect(uri, uri=True, isolation_level=None)


async def number(db: aiosqlite.Connection, pragma: str) -> int:
    """What a PRAGMA that gives one integer gives."""
    for row in await db.execute_fetchall(f"PRAGMA {pragma}"):
        return int(row[0])
    return 0


async def _prepare(db: aiosqlite.Connection) -> None:
    version = await number(db, "user_version")
    if version == VERSION:
        await db.execute_fetchall("PRAGMA journal_mode = WAL")
        return
    if version:
        raise WrongVersion(f"runs.db is of version {version}, this penstock knows version {VERSION}")
    await db.execute_fetchall(f"PRAGMA page_size = {PAGE}")
    await db.execute_fetchall("PRAGMA auto_vacuum = INCREMENTAL")
    await db.execute_fetchall("PRAGMA journal_mode = WAL")
    await db.execute_fetchall("BEGIN IMMEDIATE")
    try:
        for statement in _TABLES:
            await db.execute_fetchall(statement)
        await db.execute_fetchall(f"PRAGMA user_version = {VERSION}")
        await db.execute_fetchall("COMMIT")
    except BaseException:
        await db.execute_fetchall("ROLLBACK")
        raise
