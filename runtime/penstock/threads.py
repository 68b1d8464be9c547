"""Threads: a bounded pool for calls that would hold the event loop."""

import asyncio
import contextlib
import contextvars
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from penstock.errors import Failure

Result = TypeVar("Result")
MAX_WAITING = 1000
"""How many calls may wait for a thread, those among them that nobody awaits any more."""


class Threads:
    """At most `limit` daemon threads, started when needed.

    Not a ThreadPoolExecutor: the interpreter waits at its exit for that one's threads, so a call that never ends would keep a server
    from stopping.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = 0
        self._idle = 0
        self._closed = False

    async def run(self, call: Callable[[], Result]) -> Result:
        """What the call gives, or raises. A cancelled one that has not begun never begins; one that runs goes on to its end.

        Raises Failure `overloaded` when too many wait.
        """
        future: Future[Result] = Future()
        context = contextvars.copy_context()

        def perform() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                outcome = context.run(call)
            except BaseException as error:
                # Whoever awaited it may be gone, with its loop: nobody is left to be told.
                with contextlib.suppress(RuntimeError):
                    future.set_exception(error)
            else:
                with contextlib.suppress(RuntimeError):
                    future.set_result(outcome)

        self._submit(perform)
        return await asyncio.wrap_future(future)

    def _submit(self, call: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError(f"the threads of {self._name} are closed")
            if self._calls.qsize() >= MAX_WAITING:
                raise Failure("overloaded", f"more than {MAX_WAITING} calls wait for the threads of {self._name}")
            self._calls.put(call)
            if self._idle:
                self._idle -= 1
            elif self._started < self._limit:
                self._started += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()

    def _work(self) -> None:
        while True:
            call = self._calls.get()
            if call is None:
                return
            call()
            del call
            with self._lock:
                self._idle += 1

    def close(self) -> None:
        """Take no further calls; the threads end when what was submitted is done."""
        with self._lock:
            self._closed = True
            for _ in range(self._started):
                self._calls.put(None)
