"""Python: functions of the project's own `functions/` folder."""

from typing import Annotated, Any

from penstock.context import Context
from penstock.registry import Example, Static, action


@action(
    "python",
    effect="python",
    examples=(
        Example(
            "Call a function",
            '- id: twice\n  python: samples.double\n  with: {x: "{{ params.qty }}"}\n- respond: "{{ steps.twice }}"',
            answer=42,
            params={"qty": 21},
        ),
    ),
)
async def python(
    ctx: Context, function: Annotated[str, Static("function")], *, with_: dict[str, Any] | None = None
) -> Any:
    """Call a function of a module in `functions/`.

    `pricing.quote` is `def quote(…)` in functions/pricing.py. An async function is awaited; any other runs in one of a few threads, and
    one that has begun runs to its end even when the step's time is over. The arguments are copies, given by name. The result must be plain
    data: tuples become lists, dataclasses mappings. A module imports its siblings as `from functions.prices import net`. Raise
    `penstock.errors.Failure(code, message)` to fail with a code; any other exception is `internal`, and its traceback is in the log.

    function: module and function, as `pricing.quote`
    with: the arguments
    Result: what the function returned
    """
    return await ctx.world.functions.call(function, with_ or {})
