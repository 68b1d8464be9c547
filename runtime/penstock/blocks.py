"""Blocks: nested steps run alone, in rounds, or several at once."""

import asyncio
from collections.abc import Awaitable, Callable
from types import CoroutineType
from typing import Any

from penstock.context import Context, Signal
from penstock.registry import Block

TURN = 0.005
"""Seconds that a loop may hold the event loop before it lets others have a turn."""


async def go(block: Block, ctx: Context) -> Any:
    """Run a block of either kind."""
    result = block(ctx)
    return await result if type(result) is CoroutineType else result


async def one_round(ctx: Context, do: Block | None) -> Any:
    """One round of a loop, its body's steps null at the start."""
    if do is None:
        return None
    for step in do.ids:
        ctx.steps[step] = None
    if ctx.record is not None and ctx.run.full():
        ctx.record = _forget
    result = do(ctx)
    return await result if type(result) is CoroutineType else result


def _forget(_: Any) -> None:
    """What records the steps of a run that has too many of them."""


async def together(
    total: int, work: Callable[[int], Awaitable[Any]], *, limit: int, ends: tuple[str, ...], turn: Callable[[], float]
) -> list[Any]:
    """Run at most `limit` at once; the first failure, or a signal of `ends`, cancels the rest. `turn` gives the time."""
    results: list[Any] = [None] * total
    pending = iter(range(total))
    done = asyncio.Event()

    async def worker() -> None:
        late = turn() + TURN
        for index in pending:
            if done.is_set():
                return
            result = results[index] = await work(index)
            if type(result) is Signal and result.kind in ends:
                done.set()
                return
            if turn() > late:
                await asyncio.sleep(0)
                late = turn() + TURN

    tasks = [asyncio.ensure_future(worker()) for _ in range(min(limit, total))]
    try:
        while tasks:
            finished, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                task.result()
            if done.is_set():
                break
            tasks = list(rest)
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
    return results
