"""Engine: one run of a program: its names, its answer, its record."""

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from types import CoroutineType
from typing import Any, Protocol

from penstock import web
from penstock.compile import Program
from penstock.context import END, Answer, Context, Signal, World, undo
from penstock.errors import Failure
from penstock.history import ids
from penstock.history.record import RunRecord

MAX_CALLS = 64
"""How deep workflows may call one another."""

MAX_STEPS = 5_000
"""How many steps of one run are recorded."""

NO_HEADERS: Mapping[str, str] = {}


class Snapshot(Protocol):
    """What a run needs of the files it runs on."""

    @property
    def digest(self) -> str: ...

    @property
    def programs(self) -> Mapping[str, Program]: ...

    @property
    def data(self) -> Mapping[str, Any]: ...


class Caller(Protocol):
    """The request that a run answers."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def view(self) -> dict[str, Any]:
        """What a binding sees as `request`."""
        ...


class Wire(Protocol):
    """Where a run's answer goes while the run goes on."""

    def send(self, answer: Answer) -> None:
        """Send the answer now."""
        ...

    async def stream(self, event: bytes) -> None:
        """Send one server-sent event."""
        ...


class Run:
    """One run: it lives from the request (or the command) to the last step."""

    __slots__ = (
        "answer",
        "content_type",
        "events",
        "expired",
        "given_headers",
        "record",
        "request",
        "sent",
        "shown",
        "snapshot",
        "wire",
        "world",
    )

    def __init__(
        self, world: World, snapshot: Snapshot, record: RunRecord, request: Caller | None, wire: Wire | None
    ) -> None:
        self.world = world
        self.snapshot = snapshot
        self.record = record
        self.request = request
        self.wire = wire
        self.answer: Answer | None = None
        self.sent = False
        self.events = 0
        self.expired = False
        self.content_type: str | None = None
        self.given_headers: list[tuple[Program, Context]] = []
        self.shown: dict[str, Any] | None = None

    # -- what bindings and actions see

    @property
    def id(self) -> str:
        """The run's id as text."""
        return ids.text(self.record.id)

    @property
    def view(self) -> dict[str, Any]:
        """What a binding sees as `run`."""
        return {"id": self.id, "started_at": datetime.fromtimestamp(self.record.started, UTC), "attempt": 1}

    @property
    def method(self) -> str:
        """The request's method; GET when nothing was asked by HTTP."""
        return "GET" if self.request is None else self.request.method

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers."""
        return NO_HEADERS if self.request is None else self.request.headers

    def request_view(self) -> dict[str, Any] | None:
        """What a binding sees as `request`."""
        if self.request is None:
            return None
        if self.shown is None:
            self.shown = {**self.request.view(), "id": self.id}
        return self.shown

    def answered(self, answer: Answer, *, continues: bool) -> Any:
        """Take the run's answer; one that continues is sent at once, and awaiting what this gives lets it go out."""
        if self.answer is not None:
            raise Failure("internal", "the run is answered already")
        self.answer = answer
        if not continues:
            return None
        self.record.answer = answer.shown
        self.record.http_status = answer.status
        if self.wire is not None:
            self.add_headers(answer)
            self.wire.send(answer)
            self.sent = True
        return asyncio.sleep(0)

    async def stream(self, event: bytes) -> None:
        """Send one server-sent event."""
        if self.answer is not None:
            raise Failure("internal", "the run is answered already: nothing can be streamed")
        self.events += 1
        if self.wire is not None:
            await self.wire.stream(event)

    def add_headers(self, answer: Answer) -> None:
        """Add the headers of the endpoint and its middleware; those of the answer itself win."""
        names = {name.lower() for name, _ in answer.headers}
        for program, ctx in reversed(self.given_headers):
            for name, render in program.headers:
                if name.lower() in names:
                    continue
                try:
                    pairs = web.headers({name: render(ctx)})
                except Exception:
                    # it speaks of what the run has not come to, and the answer goes out all the same
                    continue
                if pairs:
                    names.add(name.lower())
                    answer.headers += pairs
        answer.headers += [pair for pair in self.world.settings.headers.items() if pair[0].lower() not in names]

    def hide(self, texts: tuple[str, ...]) -> None:
        """Keep texts out of the history, logs and error bodies of this run."""
        known = self.record.secrets
        self.record.secrets += tuple(text for text in texts if text not in known)

    def full(self) -> bool:
        """Whether the record holds as many steps as a run may keep."""
        return len(self.record.steps) >= MAX_STEPS

    # -- programs

    def enter(self, program: Program, params: dict[str, Any], given: dict[str, Any]) -> Context:
        """A fresh context for one program of the run."""
        ctx = Context(self.world, self, self.snapshot, params, given)
        if program.ids:
            ctx.steps = dict.fromkeys(program.ids)
        if program.has_undo:
            ctx.undos = []
        if program.level == "steps" or program.level == "full":
            ctx.record = _forget if self.full() else self.record.steps.append
        return ctx

    async def perform(self, program: Program, ctx: Context) -> Any:
        """Run a program's steps; on a failure its finished steps are undone."""
        try:
            result = program.block(ctx)
            return await result if type(result) is CoroutineType else result
        except BaseException:
            await undo(ctx)
            raise

    async def call(self, ctx: Context, name: str, arguments: Mapping[str, Any]) -> Any:
        """Run a workflow within this run; gives what its `return` gave, END when it stopped the run."""
        program = self.snapshot.programs[name]
        if ctx.depth >= MAX_CALLS:
            raise Failure("loop_limit", f"workflows call one another more than {MAX_CALLS} deep")
        params, given = program.checker.take(arguments)
        if program.checker.has_secrets:
            self.hide(program.checker.secrets(params))
        inner = self.enter(program, params, given)
        inner.user = ctx.user
        inner.depth = ctx.depth + 1
        try:
            async with asyncio.timeout(program.document.timeout) as limit:
                result = await self.perform(program, inner)
        except TimeoutError:
            if not limit.expired():
                raise
            raise Failure("timeout", f"{name} took longer than {program.document.timeout:g} s") from None
        if result is END:
            return END
        return result.value if type(result) is Signal else None

    async def chain(self, program: Program, values: Mapping[str, str]) -> None:
        """Run an endpoint: its middleware in order, then its parameters are checked, then its steps."""
        request = self.request
        assert request is not None
        results: dict[str, Any] = {}
        if program.headers:
            outer = self.enter(program, {}, {})
            self.given_headers.append((program, outer))
        for middleware in program.chain:
            params, given = middleware.checker.check(request, values)
            if middleware.checker.has_secrets:
                self.hide(middleware.checker.secrets(params))
            ctx = self.enter(middleware, params, given)
            ctx.middleware = results
            if middleware.headers:
                self.given_headers.append((middleware, ctx))
            if middleware.content_type is not None:
                self.content_type = _media(middleware.content_type(ctx))
            if middleware.has_undo:
                result = await self.perform(middleware, ctx)
            else:
                result = middleware.block(ctx)
                if type(result) is CoroutineType:
                    result = await result
            if result is END or self.answer is not None:
                return
            results[middleware.document.name] = result.value if result is not None else None
        params, given = program.checker.check(request, values)
        record = self.record
        record.params = params
        if program.checker.has_secrets:
            self.hide(program.checker.secrets(params))
        ctx = self.enter(program, params, given)
        ctx.middleware = results
        if program.headers:
            self.given_headers[0] = (program, ctx)
        if program.content_type is not None and self.content_type is None:
            self.content_type = _media(program.content_type(ctx))
        if program.has_undo:
            await self.perform(program, ctx)
        else:
            result = program.block(ctx)
            if type(result) is CoroutineType:
                await result

    # -- the end

    def finish(self, failure: Failure | None) -> None:
        """Fill in the record."""
        record = self.record
        record.duration = self.world.clock.monotonic() - record.t0
        if failure is not None:
            record.status = "failed"
            record.error = {
                "code": failure.code,
                "message": failure.message,
                "status": failure.status,
                "step": failure.step_id or failure.step,
                "where": failure.where,
            }
            if failure.errors:
                record.error["errors"] = list(failure.errors)
        else:
            record.status = "ok"
        answer = self.answer
        if answer is not None:
            record.http_status = answer.status
            record.answer = answer.shown


def _media(value: Any) -> str | None:
    """A content type that is safe to send."""
    return None if value is None else web.header("Content-Type", value)[1]


def _forget(_: Any) -> None:
    """What records the steps of a run that has too many of them."""


def drive(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits, here and now."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value
    work.close()
    raise RuntimeError("a program that was compiled as never waiting has waited")


def as_failure(error: BaseException, run: Run) -> Failure:
    """The Failure that ends a run."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, asyncio.CancelledError):
        message = "the run took longer than its timeout" if run.expired else "the server stopped before the run ended"
        return Failure("timeout" if run.expired else "overloaded", message)
    return Failure("internal", f"{type(error).__name__}: {error}"[:500])
