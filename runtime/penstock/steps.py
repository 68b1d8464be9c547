"""Steps: what a compiled step leans on: failing with its place, trying again."""

import asyncio
import logging
from collections.abc import Callable
from types import CoroutineType, FunctionType, TracebackType
from typing import Any

from penstock.context import Context, begin_undo, end_undo, undo
from penstock.errors import Failure
from penstock.history.record import StepMeta
from penstock.model import Retry

logger = logging.getLogger("penstock")


def failed(ctx: Context, meta: StepMeta, start: float, error: BaseException) -> BaseException:
    """Record a failed step and give the exception to raise: a Failure that knows its place, or the cancellation itself."""
    record = ctx.record
    if isinstance(error, Failure):
        failure = error
    elif isinstance(error, Exception):
        failure = _unexpected(meta, error)
    else:
        if record is not None:
            record(
                (
                    meta.number,
                    "failed",
                    start,
                    ctx.world.clock.monotonic(),
                    None,
                    {"code": "timeout", "message": "cancelled"},
                )
            )
        return error
    if failure.file is None:
        failure.file = meta.file
        failure.line = _line(error.__traceback__, meta)
        failure.step = meta.path
        failure.step_id = meta.id
    if record is not None:
        shown = {"code": failure.code, "message": failure.message}
        record((meta.number, "failed", start, ctx.world.clock.monotonic(), _inputs(error.__traceback__, meta), shown))
    return failure


def _inputs(traceback: TracebackType | None, meta: StepMeta) -> tuple[Any, ...] | None:
    """The inputs of a failed step, read off its block's frame: known when all were computed, so that the action was called."""
    inner = None if traceback is None else traceback.tb_next
    if traceback is None or inner is None or not meta.names:
        return None
    code = inner.tb_frame.f_code
    values = traceback.tb_frame.f_locals
    action = traceback.tb_frame.f_globals.get(f"_do_{values.get('_at')}")
    if code is not attempt.__code__ and code is not getattr(action, "__code__", None):
        return None
    return tuple(values.get(f"_v{index}") for index in range(len(meta.names)))


def _unexpected(meta: StepMeta, error: Exception) -> Failure:
    logger.error("%s:%s %s failed", meta.file, meta.line, meta.action, exc_info=error)
    return Failure("internal", f"{type(error).__name__}: {error}"[:500])


def _line(traceback: TracebackType | None, meta: StepMeta) -> int:
    """The innermost line of the step's file in a traceback: the line of the value that failed."""
    line = meta.line
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename.endswith(meta.file) and traceback.tb_lineno >= meta.line:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


async def attempt(ctx: Context, meta: StepMeta, policy: tuple[Retry | None, float | None], call: FunctionType) -> Any:
    """Call a step's action with its `timeout` and `retry`."""
    retry, timeout = policy
    tries = 0
    while True:
        start = ctx.world.clock.monotonic()
        outer = begin_undo(ctx)
        try:
            return await _within(call, timeout)
        except Exception as error:
            failure = error if isinstance(error, Failure) else _unexpected(meta, error)
            if retry is None or not _again(retry, failure, tries):
                raise
            if ctx.record is not None:
                cells = dict(zip(call.__code__.co_freevars, call.__closure__ or (), strict=True))
                inputs = tuple(cells[f"_v{index}"].cell_contents for index in range(len(meta.names)))
                shown = {"code": failure.code, "message": failure.message}
                ctx.record((meta.number, "retried", start, ctx.world.clock.monotonic(), inputs or None, shown))
            await undo(ctx)
        finally:
            end_undo(ctx, outer)
        tries += 1
        await ctx.world.clock.sleep(delay(retry, tries))


async def _within(call: Callable[[], Any], timeout: float | None) -> Any:
    if timeout is None:
        result = call()
        return await result if type(result) is CoroutineType else result
    try:
        async with asyncio.timeout(timeout) as limit:
            result = call()
            return await result if type(result) is CoroutineType else result
    except TimeoutError:
        if not limit.expired():
            raise
        raise Failure("timeout", f"the step took longer than {timeout:g} s") from None


def _again(retry: Retry, failure: Failure, tries: int) -> bool:
    if retry.times is not None and tries >= retry.times:
        return False
    return not retry.codes or failure.code in retry.codes or failure.status in retry.codes


def delay(retry: Retry, tries: int) -> float:
    """Seconds to wait before the next try, after `tries` tries."""
    if retry.backoff == "exponential":
        seconds = retry.delay * 2.0 ** min(tries - 1, 60)
    elif retry.backoff == "linear":
        seconds = retry.delay * tries
    else:
        seconds = retry.delay
    return min(seconds, retry.max_delay)
