"""Slots: which processes live, told by locks that end with their process."""

import fcntl
import os
from pathlib import Path

from penstock.history.ids import SLOTS

LOCKS = "processes.lock"
"""The lock file's name beside `runs.db`."""


class _Held:
    """The lock file as this process has it open, once: closing any descriptor of a file gives up all of its locks."""

    __slots__ = ("descriptor", "pid", "slots")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.pid = os.getpid()
        self.slots: set[int] = set()


_held: dict[tuple[int, int], _Held] = {}


class Slots:
    """The slots of one lock file: byte N is locked (POSIX, exclusive) by the process that has slot N."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def claim(self) -> int:
        """Take the lowest free slot until `release` or the end of the process. Raises OSError when there is none."""
        held = self._open()
        for slot in range(SLOTS):
            if slot not in held.slots and _lock(held.descriptor, slot):
                held.slots.add(slot)
                return slot
        raise OSError(f"{self._path}: all {SLOTS} slots are taken by living processes")

    def release(self, slot: int) -> None:
        """Give a slot back."""
        held = self._open()
        held.slots.discard(slot)
        fcntl.lockf(held.descriptor, fcntl.LOCK_UN, 1, slot)

    def alive(self, slot: int) -> bool:
        """Whether a process, this one included, has the slot."""
        if not self._path.exists():
            return False
        held = self._open()
        if slot in held.slots:
            return True
        if not _lock(held.descriptor, slot):
            return True
        fcntl.lockf(held.descriptor, fcntl.LOCK_UN, 1, slot)
        return False

    def _open(self) -> _Held:
        held = self._known()
        if held is None:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            status = os.fstat(descriptor)
            held = _held[status.st_dev, status.st_ino] = _Held(descriptor)
        return held

    def _known(self) -> _Held | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        held = _held.get((status.st_dev, status.st_ino))
        if held is not None and held.pid == os.getpid():  # a forked child inherits the entry but not the locks
            return held
        return None


def _lock(descriptor: int, slot: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
    except OSError:
        return False
    return True
