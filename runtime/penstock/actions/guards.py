"""Guards: the actions around steps that may fail: try, transaction."""

import asyncio
from contextlib import suppress
from typing import Annotated, Any

from penstock.blocks import go
from penstock.context import Context, begin_undo, end_undo, undo
from penstock.errors import Failure
from penstock.registry import Block, Example, Flow, Static, action

FAMILY = "flow"
LAST = 10.0
"""Seconds that `finally` has in a run that was cancelled."""


@action(
    "try",
    effect="flow",
    examples=(
        Example(
            "Catch a failure",
            '- try: [{fail: No stock left, code: conflict}]\n  catch:\n    - respond: "{{ error.code }}: {{ error.message }}"',
            answer="conflict: No stock left",
        ),
    ),
)
async def try_(
    ctx: Context,
    body: Annotated[Block, Flow("guarded")],
    *,
    codes: list[str] | None = None,
    catch: Annotated[Block, Flow("handler", ("error",))] | None = None,
    finally_: Annotated[Block, Flow("always")] | None = None,
) -> Any:
    """Run steps; on a failure run `catch`, and `finally` in any case.

    In `catch`, `error` has `code`, `status`, `message`, `step` and `details`; `fail: "{{ error }}"` throws it on. Steps of the body
    that have an `undo` are undone before `catch` runs.

    body: the steps to try
    codes: catch only failures of these codes
    catch: the steps to run on a failure
    finally: the steps to run in any case; if they answer, return, break or continue, that is what counts
    """
    result: Any = None
    try:
        outer = begin_undo(ctx)
        try:
            result = await go(body, ctx)
        except Failure as failure:
            if catch is None or (codes is not None and failure.code not in codes):
                raise
            await undo(ctx)
            end_undo(ctx, outer)
            outer = None
            result = await go(catch, ctx.child({"error": failure.view(), "_failure": failure}))
        finally:
            end_undo(ctx, outer)
    except Failure:
        last = None if finally_ is None else await go(finally_, ctx)
        if last is None:
            raise
        return last
    except BaseException:
        if finally_ is not None:
            # the run was cancelled, by its timeout say: what cleans up after it has an end too
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST):
                    await go(finally_, ctx)
        raise
    last = None if finally_ is None else await go(finally_, ctx)
    return result if last is None else last


@action(
    "transaction",
    effect="flow",
    examples=(
        Example(
            "All or nothing",
            '- set: {n: 1}\n- try:\n    - transaction: [{set: {n: 2}}, {fail: no}]\n  catch: []\n- respond: "{{ vars.n }}"',
            answer=1,
        ),
    ),
)
async def transaction(
    ctx: Context,
    body: Annotated[Block, Flow("once")],
    *,
    read_only: Annotated[bool, Static("bool")] = False,
) -> Any:
    """Run steps that take effect together or not at all; what they set counts only from a run that commits.

    body: the steps
    read_only: one consistent snapshot that makes nobody wait
    """
    inner = ctx.copy({})
    result = await go(body, inner)
    ctx.vars.update(inner.vars)
    ctx.steps.update(inner.steps)
    return result
