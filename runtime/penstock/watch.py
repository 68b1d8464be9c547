"""Watch: the project's folder, as a stream of «something has changed»."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import Change, awatch

FOLDERS = ("workflows.d", "functions", "data", "templates")
QUIET_MS = 20
"""A burst of changes counts as one when nothing more comes for so long."""


async def changes(root: Path, *, poll: bool = False, stop: asyncio.Event | None = None) -> AsyncIterator[None]:
    """Give one item for each burst of changes in the folders and settings of a project.

    What an event says is not trusted: whoever listens compares content.
    """
    pulse = asyncio.Event()
    stop = stop or asyncio.Event()
    top = asyncio.ensure_future(_follow([root], pulse, stop, recursive=False, poll=poll))
    deep: asyncio.Future[None] | None = None
    watched: list[tuple[Path, int]] = []
    try:
        while not stop.is_set():
            present = [(path, path.stat().st_ino) for path in (root / name for name in FOLDERS) if path.is_dir()]
            if present != watched or (deep is not None and deep.done()):
                if deep is not None:
                    await _end(deep)
                watched = present
                paths = [path for path, _ in present]
                deep = asyncio.ensure_future(_follow(paths, pulse, stop, recursive=True, poll=poll)) if paths else None
                # Once the watch stands, one burst more: what has changed before it stood was seen by nobody.
                await asyncio.sleep(0)
                pulse.set()
            await pulse.wait()
            pulse.clear()
            if stop.is_set():
                return
            yield None
    finally:
        await _end(top)
        if deep is not None:
            await _end(deep)


async def _follow(paths: list[Path], pulse: asyncio.Event, stop: asyncio.Event, *, recursive: bool, poll: bool) -> None:
    known = {"penstock.yaml", *FOLDERS}

    def interesting(change: Change, path: str) -> bool:
        name = Path(path).name
        if not recursive:
            return name in known
        return not (name.endswith(("~", ".swp", ".swx", ".pyc")) or "__pycache__" in path)

    while not stop.is_set():
        try:
            async for _ in awatch(
                *paths,
                watch_filter=interesting,
                debounce=400,
                step=QUIET_MS,
                recursive=recursive,
                force_polling=poll,
                poll_delay_ms=100,
            ):
                pulse.set()
        except (FileNotFoundError, OSError):
            pulse.set()
            return
        if recursive:
            pulse.set()
            return


async def _end(task: "asyncio.Future[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
