"""Threads: a bounded pool, with a bounded queue before it."""

import asyncio
import contextvars
import threading

import pytest

from penstock import threads
from penstock.errors import Failure
from penstock.threads import Threads


def test_no_more_threads_than_that_and_no_longer_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MAX_WAITING", 3)

    async def main() -> None:
        pool = Threads(2, "test")
        go = threading.Event()
        running = threading.Semaphore(0)

        def work() -> str:
            running.release()
            go.wait(10)
            return threading.current_thread().name

        calls = [asyncio.ensure_future(pool.run(work)) for _ in range(2)]
        await asyncio.sleep(0)
        for _ in calls:
            assert running.acquire(timeout=10)
        calls += [asyncio.ensure_future(pool.run(work)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Failure) as caught:
            await pool.run(work)
        assert caught.value.code == "overloaded"
        go.set()
        assert {await call for call in calls} <= {"test-1", "test-2"}
        assert await pool.run(lambda: 1) == 1
        pool.close()
        with pytest.raises(RuntimeError):
            await pool.run(work)

    asyncio.run(main())


def test_a_call_that_nobody_awaits_any_more_does_not_begin() -> None:
    async def main() -> list[str]:
        pool = Threads(1, "test")
        go = threading.Event()
        done: list[str] = []
        first = asyncio.ensure_future(pool.run(lambda: go.wait(10)))
        second = asyncio.ensure_future(pool.run(lambda: done.append("second")))
        third = asyncio.ensure_future(pool.run(lambda: done.append("third")))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.sleep(0)
        go.set()
        await first
        await third
        pool.close()
        return done

    assert asyncio.run(main()) == ["third"]


def test_a_call_sees_the_context_of_its_caller() -> None:
    name: contextvars.ContextVar[str] = contextvars.ContextVar("name")

    async def main() -> str:
        pool = Threads(1, "test")
        name.set("ada")
        found = await pool.run(name.get)
        pool.close()
        return found

    assert asyncio.run(main()) == "ada"
