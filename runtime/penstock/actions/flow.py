"""Flow: the actions that steer a run: set, if, loops, try, call, require, fail, return."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from types import CoroutineType
from typing import Annotated, Any, Literal

from penstock.context import BREAK, CONTINUE, END, Context, Signal, begin_undo, end_undo, undo
from penstock.errors import Failure, code_for
from penstock.expression import OMIT
from penstock.registry import Block, Duration, Example, Expr, Flow, Static, action

MAX_ROUNDS = 10_000
LAST = 10.0
"""Seconds that `finally` has in a run that was cancelled."""
TURN = 0.005
"""Seconds that a loop may hold the event loop before it lets others have a turn."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One `elif`: a condition and its steps."""

    if_: Expr
    then: Annotated[Block, Flow("branch")]


@action(
    "set",
    effect="set",
    examples=(
        Example(
            "Keep a value for later steps",
            '- set: {total: "{{ params.qty * 9.5 }}"}\n- respond: "{{ vars.total }}"',
            answer=28.5,
            params={"qty": 3},
        ),
    ),
)
def set_(ctx: Context, values: dict[str, Any]) -> None:
    """Set variables, read later as `vars.NAME`.

    All values are computed before any is set.

    values: a mapping of names to values
    """
    ctx.vars.update(values)


@action(
    "if",
    effect="flow",
    examples=(
        Example(
            "Choose by a condition",
            "- if: params.qty >= 100\n  then: [{set: {tier: gold}}]\n  else: [{set: {tier: basic}}]\n"
            '- respond: {tier: "{{ vars.tier }}"}',
            answer={"tier": "gold"},
            params={"qty": 120},
        ),
    ),
)
def if_(
    ctx: Context,
    condition: Expr,
    *,
    then: Annotated[Block, Flow("branch")],
    elif_: list[Branch] | None = None,
    else_: Annotated[Block, Flow("branch")] | None = None,
) -> Any:
    """Run `then` if the condition is true, else the first `elif` that is, else `else`.

    condition: a bare expression
    then: the steps to run
    elif: a list of {if, then}
    else: the steps to run when nothing was true
    """
    if condition(ctx):
        return then(ctx)
    for branch in elif_ or ():
        if branch.if_(ctx):
            return branch.then(ctx)
    return None if else_ is None else else_(ctx)


@action(
    "switch",
    effect="flow",
    examples=(
        Example(
            "Choose by a value",
            '- switch: "{{ params.kind }}"\n  cases:\n    invoice: [{respond: to pay}]\n    receipt: [{respond: paid}]\n'
            "  default: [{respond: unknown}]",
            answer="paid",
            params={"kind": "receipt"},
        ),
    ),
)
def switch(
    ctx: Context,
    value: str | int | float | bool | None,
    *,
    cases: Annotated[dict[str, Block], Flow("branch")],
    default: Annotated[Block, Flow("branch")] | None = None,
) -> Any:
    """Run the steps of the case that the value names; no case fits and no default: nothing.

    value: compared as text with the names of the cases
    cases: a mapping of values to steps
    default: the steps to run when no case fits
    """
    if isinstance(value, bool):
        name = "true" if value else "false"
    else:
        name = "null" if value is None else str(value)
    block = cases.get(name, default)
    return None if block is None else block(ctx)


@action(
    "foreach",
    effect="flow",
    examples=(
        Example(
            "Collect a value for each item",
            '- id: doubled\n  foreach: "{{ params.numbers }}"\n  as: n\n  collect: "{{ n * 2 }}"\n- respond: "{{ steps.doubled }}"',
            answer=[2, 4, 6],
            params={"numbers": [1, 2, 3]},
        ),
    ),
)
async def foreach(
    ctx: Context,
    items: list[Any],
    *,
    as_: Annotated[str, Static("name")] = "item",
    concurrency: int = 1,
    do: Annotated[Block, Flow("loop", ("item", "loop"))] | None = None,
    collect: Annotated[Expr, Flow("loop", ("item", "loop"))] | None = None,
) -> Any:
    """Run `do` once for each item of a list.

    Each round starts with its body's steps null. With `concurrency` above 1, rounds work on copies of `vars` and `steps`, and only
    what `collect` gives comes out, in the order of the items.

    items: the list
    as: the name of the item (default item); `loop.index` counts from 1, `loop.index0` from 0
    concurrency: how many rounds run at once
    do: the steps of a round
    collect: one value for each item, in order; `omit` leaves it out, and so does a round that ended by `continue`
    Result: what `collect` gave for each item, else null
    """
    if concurrency < 1:
        raise Failure("internal", f"concurrency must be at least 1, not {concurrency}")
    collected: list[Any] = []
    if concurrency > 1:
        return await _concurrent(ctx, items, as_, min(concurrency, 100), do, collect)
    monotonic = ctx.world.clock.monotonic
    turn = monotonic() + TURN
    total = len(items)
    for index, item in enumerate(list(items)):
        here = ctx.child({as_: item, "loop": _loop(index, total)})
        result = await _round(here, do)
        if result is BREAK:
            break
        if result is not None and result is not CONTINUE:
            return result
        if collect is not None and result is None and (value := collect(here)) is not OMIT:
            collected.append(value)
        if monotonic() > turn:
            await asyncio.sleep(0)
            turn = monotonic() + TURN
    return None if collect is None else collected


@action(
    "while",
    effect="flow",
    examples=(
        Example(
            "Count down",
            '- set: {n: 3}\n- while: vars.n > 0\n  do: [{set: {n: "{{ vars.n - 1 }}"}}]\n- respond: "{{ vars.n }}"',
            answer=0,
        ),
    ),
)
async def while_(
    ctx: Context,
    condition: Expr,
    *,
    do: Annotated[Block, Flow("loop", ("loop",))],
    max: int = MAX_ROUNDS,
) -> Any:
    """Run `do` as long as the condition is true; after `max` rounds it fails with `loop_limit`.

    condition: a bare expression
    do: the steps of a round
    max: how many rounds at the most
    """
    monotonic = ctx.world.clock.monotonic
    turn = monotonic() + TURN
    index = 0
    here = ctx.child({"loop": None})
    while condition(here):
        if index >= max:
            raise Failure("loop_limit", f"while ran its {max} rounds and the condition is still true")
        here = ctx.child({"loop": {"index": index + 1, "index0": index, "first": index == 0}})
        result = await _round(here, do)
        if result is BREAK:
            break
        if result is not None and result is not CONTINUE:
            return result
        index += 1
        if monotonic() > turn:
            await asyncio.sleep(0)
            turn = monotonic() + TURN
    return None


@action(
    "break",
    ends=True,
    effect="loop",
    examples=(
        Example(
            "Leave a loop early",
            "- foreach: [1, 2, 3]\n  do:\n    - if: item == 2\n      then: [{break: null}]\n"
            '    - set: {last: "{{ item }}"}\n- respond: "{{ vars.last }}"',
            answer=1,
        ),
    ),
)
def break_(nothing: None = None) -> Signal:
    """Leave the innermost loop.

    break: nothing
    """
    return BREAK


@action(
    "continue",
    ends=True,
    effect="loop",
    examples=(
        Example(
            "Pass over an item",
            "- set: {sum: 0}\n- foreach: [1, 2, 3]\n  do:\n    - if: item == 2\n      then: [{continue: null}]\n"
            '    - set: {sum: "{{ vars.sum + item }}"}\n- respond: "{{ vars.sum }}"',
            answer=4,
        ),
    ),
)
def continue_(nothing: None = None) -> Signal:
    """Go on with the next round of the innermost loop.

    continue: nothing
    """
    return CONTINUE


@action(
    "parallel",
    effect="parallel",
    examples=(
        Example(
            "Two things at once",
            '- id: both\n  parallel:\n    stock: [{return: 3}]\n    price: [{return: 9.5}]\n- respond: "{{ steps.both }}"',
            answer={"stock": 3, "price": 9.5},
        ),
    ),
)
async def parallel(ctx: Context, branches: Annotated[dict[str, Block], Flow("parallel")]) -> Any:
    """Run branches at the same time; the first failure cancels the rest.

    Branches work on copies of `vars` and `steps`; in a branch `return` ends the branch.

    branches: a mapping of names to steps
    Result: a mapping of each branch's name to what its `return` gave, or null
    """
    names = list(branches)

    def branch(index: int) -> Awaitable[Any]:
        return _go(branches[names[index]], ctx.copy({}))

    results = await _together(len(names), branch, limit=len(names), ends=("end",), turn=ctx.world.clock.monotonic)
    for result in results:
        if result is END:
            return END
    return {name: result.value if type(result) is Signal else None for name, result in zip(names, results, strict=True)}


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
            result = await _go(body, ctx)
        except Failure as failure:
            if catch is None or (codes is not None and failure.code not in codes):
                raise
            await undo(ctx)
            end_undo(ctx, outer)
            outer = None
            result = await _go(catch, ctx.child({"error": failure.view(), "_failure": failure}))
        finally:
            end_undo(ctx, outer)
    except Failure:
        last = None if finally_ is None else await _go(finally_, ctx)
        if last is None:
            raise
        return last
    except BaseException:
        if finally_ is not None:
            # the run was cancelled, by its timeout say: what cleans up after it has an end too
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST):
                    await _go(finally_, ctx)
        raise
    last = None if finally_ is None else await _go(finally_, ctx)
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
    result = await _go(body, inner)
    ctx.vars.update(inner.vars)
    ctx.steps.update(inner.steps)
    return result


@action(
    "call",
    signals=True,
    effect="call",
    examples=(
        Example(
            "Use another workflow's result",
            '- id: greeting\n  call: greet\n  with: {name: Ada}\n- respond: "{{ steps.greeting }}"',
            answer="Hello, Ada",
        ),
    ),
)
async def call(
    ctx: Context,
    workflow: Annotated[str, Static("workflow")],
    *,
    with_: dict[str, Any] | None = None,
) -> Any:
    """Run a workflow and wait for it; its failure is the caller's, unchanged.

    workflow: the workflow's name
    with: its parameters
    Result: what its `return` gave
    """
    return await ctx.call(workflow, with_ or {})


@action(
    "require",
    effect="flow",
    examples=(
        Example(
            "Go on only if",
            '- try: [{require: params.qty > 5, status: 409, message: too few}]\n  catch: [{respond: "{{ error.message }}"}]',
            answer="too few",
            params={"qty": 2},
        ),
    ),
)
def require(
    ctx: Context,
    condition: Expr,
    *,
    status: int = 403,
    code: str | None = None,
    message: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Go on only if the condition is true; else fail.

    condition: a bare expression
    status: what the caller is answered with (default 403)
    code: the failure's code (default: the status's own)
    message: what went wrong, for the caller
    details: a mapping for the caller
    """
    if not condition(ctx):
        _status(status)
        raise Failure(code or code_for(status), message or "a requirement was not met", status=status, details=details)


@action(
    "fail",
    ends=True,
    effect="flow",
    examples=(
        Example(
            "Stop with an error",
            '- try: [{fail: No stock left, status: 409}]\n  catch: [{respond: "{{ error.status }}"}]',
            answer=409,
        ),
    ),
)
def fail(
    ctx: Context,
    message: str | dict[str, Any],
    *,
    status: int | None = None,
    code: str | None = None,
    details: dict[str, Any] | None = None,
    headers: dict[str, Any] | None = None,
) -> None:
    """Fail the run, or throw a caught error on with `fail: "{{ error }}"`.

    message: what went wrong, or a caught `error`
    status: what the caller is answered with (default 400)
    code: the failure's code (default: the status's own)
    details: a mapping for the caller
    headers: headers of the error answer
    """
    caught: Failure | None = None
    if isinstance(message, dict):
        known = message
        caught = ctx.names.get("_failure") if known is ctx.names.get("error") else None
        message = str(known.get("message") or "failed")
        status = status if status is not None else known.get("status")
        code = code or known.get("code")
        details = details if details is not None else known.get("details")
        errors = known.get("errors") or ()
    else:
        errors = ()
    status = 400 if status is None else status
    _status(status)
    failure = Failure(code or code_for(status), message, status=status, details=details, headers=headers, errors=errors)
    if caught is not None:
        failure.headers = {**caught.headers, **failure.headers}
        failure.file, failure.line, failure.step, failure.step_id = (
            caught.file,
            caught.line,
            caught.step,
            caught.step_id,
        )
    raise failure


@action(
    "return",
    ends=True,
    effect="return",
    examples=(
        Example(
            "Give a result",
            '- id: both\n  parallel: {a: [{return: 1}]}\n- respond: "{{ steps.both.a }}"',
            answer=1,
        ),
    ),
)
def return_(value: Any = None) -> Signal:
    """End a workflow, a middleware or a parallel branch with a result.

    value: the result
    """
    return Signal("return", value)


@action(
    "stop",
    ends=True,
    effect="stop",
    examples=(Example("End with what was answered", "- respond: ok\n  continues: true\n- stop:", answer="ok"),),
)
def stop(nothing: None = None) -> Signal:
    """End the run with what has been answered.

    stop: nothing
    """
    return END


@action("wait", effect="wait", examples=(Example("Pause", "- wait: 1ms\n- respond: done", answer="done"),))
async def wait(ctx: Context, duration: Duration) -> None:
    """Wait.

    duration: how long: 250ms, 5s, 1h30m
    """
    await ctx.world.clock.sleep(float(duration))


@action(
    "log", effect="log", examples=(Example("Write to the server's log", "- log: paid\n- respond: ok", answer="ok"),)
)
def log(
    ctx: Context,
    message: Any,
    *,
    level: Literal["debug", "info", "warning", "error"] = "info",
    data: dict[str, Any] | None = None,
) -> None:
    """Write a line to the server's log.

    message: the text
    level: debug, info, warning or error
    data: more values, logged beside it
    """
    ctx.world.log(level, message if isinstance(message, str) else ctx.world.encode(message).decode(), data or {})


def _status(status: int) -> None:
    if not 400 <= status <= 599:
        raise Failure("internal", f"an error's status is 400 to 599, not {status}")


def _loop(index: int, total: int) -> dict[str, Any]:
    return {"index": index + 1, "index0": index, "first": index == 0, "last": index == total - 1, "length": total}


async def _go(block: Block, ctx: Context) -> Any:
    """Run a block of either kind."""
    result = block(ctx)
    return await result if type(result) is CoroutineType else result


async def _round(ctx: Context, do: Block | None) -> Any:
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


async def _concurrent(
    ctx: Context, items: list[Any], name: str, concurrency: int, do: Block | None, collect: Expr | None
) -> Any:
    total = len(items)

    async def one(index: int) -> Any:
        here = ctx.copy({name: items[index], "loop": _loop(index, total)})
        result = await _round(here, do)
        if result is None and collect is not None and (value := collect(here)) is not OMIT:
            return (value,)
        return result

    results = await _together(total, one, limit=concurrency, ends=_ENDS_LOOP, turn=ctx.world.clock.monotonic)
    for result in results:
        if type(result) is Signal and result.kind in ("end", "return"):
            return result
    return None if collect is None else [result[0] for result in results if type(result) is tuple]


_ENDS_LOOP = ("end", "return", "break")


async def _together(
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
