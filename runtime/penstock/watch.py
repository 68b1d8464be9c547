"""Watch: the project's folder, as a stream of «something has changed»."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from watchfiles import Change, awatch

FOLDERS = ("workflows.d", "functions", "data", "templates")
SETTINGS = "penstock.yaml"
QUIET_MS = 20
"""A burst of changes counts as one when nothing more comes for so long."""
POLL = 0.1
"""Seconds between two looks at the files when they are polled."""


async def changes(root: Path, *, poll: bool = False) -> AsyncIterator[None]:
    """Give one item for each burst of changes in the folders and settings of a project, and one when the watch stands.

    What an event says is not trusted: whoever listens compares content.
    """
    async for _ in _polled(root) if poll else _notified(root):
        yield None


async def _polled(root: Path) -> AsyncIterator[None]:
    """Look at the files again and again; a burst is over when two looks see the same."""
    told: object = None
    before = await asyncio.to_thread(_look, root)
    while True:
        now = await asyncio.to_thread(_look, root)
        if now == before and now != told:
            told = now
            yield None
        before = now
        await asyncio.sleep(POLL)


def _look(root: Path) -> frozenset[tuple[str, int, int]]:
    """Path, size and time of every file."""
    return frozenset(_files(root))


def _files(root: Path) -> Iterator[tuple[str, int, int]]:
    places = [
        root / SETTINGS,
        *(Path(folder) / name for top in FOLDERS for folder, _, names in os.walk(root / top) for name in names),
    ]
    for path in places:
        if not _passing(path):
            with contextlib.suppress(OSError):
                state = path.stat()
                yield str(path), state.st_size, state.st_mtime_ns


def _passing(path: Path) -> bool:
    """Whether a file is one of those that editors and Python leave for a moment."""
    return path.name.endswith(("~", ".swp", ".swx", ".pyc")) or "__pycache__" in path.parts


async def _notified(root: Path) -> AsyncIterator[None]:
    """Ask the system for events."""
    pulse = asyncio.Event()
    top = asyncio.ensure_future(_follow([root], pulse, recursive=False))
    deep: asyncio.Future[None] | None = None
    watched: list[tuple[Path, int]] = []
    try:
        while True:
            present = [(path, path.stat().st_ino) for path in (root / name for name in FOLDERS) if path.is_dir()]
            if present != watched or (deep is not None and deep.done()):
                if deep is not None:
                    await _end(deep)
                watched = present
                paths = [path for path, _ in present]
                deep = asyncio.ensure_future(_follow(paths, pulse, recursive=True)) if paths else None
                # Once the watch stands, one burst more: what has changed before it stood was seen by nobody.
                await asyncio.sleep(0)
                pulse.set()
            await pulse.wait()
            pulse.clear()
            yield None
    finally:
        await _end(top)
        if deep is not None:
            await _end(deep)


async def _follow(paths: list[Path], pulse: asyncio.Event, *, recursive: bool) -> None:
    known = {SETTINGS, *FOLDERS}

    def interesting(change: Change, path: str) -> bool:
        return not _passing(Path(path)) if recursive else Path(path).name in known

    while True:
        try:
            async for _ in awatch(
                *paths, watch_filter=interesting, debounce=400, step=QUIET_MS, recursive=recursive, force_polling=False
            ):
                pulse.set()
        except OSError:
            pulse.set()
            return
        if recursive:
            pulse.set()
            return


async def _end(task: "asyncio.Future[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
