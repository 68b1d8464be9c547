"""Loops: the actions that repeat steps, and the one that runs branches at the same time."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Any

from penstock.blocks import TURN, go, one_round, together
from penstock.context import BREAK, CONTINUE, END, Context, Signal
from penstock.errors import Failure
from penstock.expression import OMIT
from penstock.registry import Block, Check, Example, Expr, Flow, Static, action

FAMILY = "flow"
MAX_ROUNDS = 10_000
_ENDS_LOOP = ("end", "return", "break")


def _concurrency(concurrency: int) -> None:
    if concurrency < 1:
        raise Failure("internal", f"concurrency must be at least 1, not {concurrency}")


def _rounds(rounds: int) -> None:
    if rounds < 1:
        raise Failure("internal", f"max must be at least 1, not {rounds}")


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
    concurrency: Annotated[int, Check(_concurrency)] = 1,
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
    _concurrency(concurrency)
    collected: list[Any] = []
    if concurrency > 1:
        return await _concurrent(ctx, items, as_, min(concurrency, 100), do, collect)
    monotonic = ctx.world.clock.monotonic
    turn = monotonic() + TURN
    total = len(items)
    for index, item in enumerate(list(items)):
        here = ctx.child({as_: item, "loop": _loop(index, total)})
        result = await one_round(here, do)
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
    max: Annotated[int, Check(_rounds)] = MAX_ROUNDS,
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
        result = await one_round(here, do)
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
        return go(branches[names[index]], ctx.copy({}))

    results = await together(len(names), branch, limit=len(names), ends=("end",), turn=ctx.world.clock.monotonic)
    for result in results:
        if result is END:
            return END
    return {name: result.value if type(result) is Signal else None for name, result in zip(names, results, strict=True)}


def _loop(index: int, total: int) -> dict[str, Any]:
    return {"index": index + 1, "index0": index, "first": index == 0, "last": index == total - 1, "length": total}


async def _concurrent(
    ctx: Context, items: list[Any], name: str, concurrency: int, do: Block | None, collect: Expr | None
) -> Any:
    total = len(items)

    async def one(index: int) -> Any:
        here = ctx.copy({name: items[index], "loop": _loop(index, total)})
        result = await one_round(here, do)
        if result is None and collect is not None and (value := collect(here)) is not OMIT:
            return (value,)
        return result

    results = await together(total, one, limit=concurrency, ends=_ENDS_LOOP, turn=ctx.world.clock.monotonic)
    for result in results:
        if type(result) is Signal and result.kind in ("end", "return"):
            return result
    return None if collect is None else [result[0] for result in results if type(result) is tuple]
