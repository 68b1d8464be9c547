"""Flow: the actions that steer a run: set, if, switch, call, require, fail, return, stop, wait, log."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from penstock.context import END, Context, Signal
from penstock.errors import Failure, code_for
from penstock.registry import Block, Check, Duration, Example, Expr, Flow, Static, action


@dataclass(frozen=True, slots=True)
class Branch:
    """One `elif`: a condition and its steps."""

    if_: Expr
    then: Annotated[Block, Flow("branch")]


def _status(status: int) -> None:
    if not 400 <= status <= 599:
        raise Failure("internal", f"an error's status is 400 to 599, not {status}")


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
    status: Annotated[int, Check(_status)] = 403,
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
    status: Annotated[int | None, Check(_status)] = None,
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
