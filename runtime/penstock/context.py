"""Context: all that an action may touch: the run's names, and the world behind one boundary."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import CoroutineType
from typing import Any, Protocol

from penstock.clock import Clock
from penstock.entropy import Entropy
from penstock.errors import Failure

logger = logging.getLogger("penstock")
UNDO = 30.0
"""Seconds that the undoing of one step may take."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What an upstream answered. `headers` have lower-case names; repeated ones are joined with `, `."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class HttpClient(Protocol):
    """Outgoing HTTP. Raises Failure `unreachable` (surely not sent), `timeout` (may have arrived), `upstream_failed`."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
        max_size: int = 10_000_000,
        follow_redirects: bool = True,
    ) -> HttpReply: ...


class Functions(Protocol):
    """The Python functions of the project's `functions/` folder."""

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Call `module.function`; one that is not async runs in a bounded thread pool."""
        ...


class Signal:
    """How a block ended before its end: `end` (the run is answered or stopped), `return`, `break`, `continue`."""

    __slots__ = ("kind", "value")

    def __init__(self, kind: str, value: Any = None) -> None:
        self.kind = kind
        self.value = value


END = Signal("end")
BREAK = Signal("break")
CONTINUE = Signal("continue")


@dataclass(slots=True)
class Answer:
    """What a caller is sent. `body` is bytes as sent; `shown` is the value that the history keeps."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    content_type: str | None
    shown: Any = None
    file: str | None = None


@dataclass(slots=True)
class World:
    """Everything outside of a run. One for a process."""

    clock: Clock
    entropy: Entropy
    http: HttpClient
    functions: Functions
    settings: Any
    env: Mapping[str, Any]
    secrets: Mapping[str, str]
    encode: Callable[[Any], bytes]
    log: Callable[[str, str, Mapping[str, Any]], None]
    """level, message, data → the server's log"""
    render: Callable[[str, Mapping[str, Any]], str]
    """template name, names → text"""
    cover: Callable[[str, tuple[str, ...]], str]
    """text, further secrets → the text with the secrets of the process and these covered"""


class Context:
    """The names of one program's run, and the world. Concurrent branches run on copies.

    `names` holds what blocks see in addition (`item`, `loop`, `error`, the name of `as`). `run` is the Run (engine).
    """

    __slots__ = (
        "data",
        "depth",
        "env",
        "given",
        "middleware",
        "names",
        "params",
        "record",
        "run",
        "secrets",
        "snapshot",
        "steps",
        "undos",
        "user",
        "vars",
        "world",
    )

    def __init__(self, world: World, run: Any, snapshot: Any, params: dict[str, Any], given: dict[str, Any]) -> None:
        self.world = world
        self.run = run
        self.snapshot = snapshot
        self.params = params
        self.given = given
        self.steps: dict[str, Any] = {}
        self.vars: dict[str, Any] = {}
        self.names: dict[str, Any] = {}
        self.middleware: dict[str, Any] = {}
        self.user: Any = None
        self.env = world.env
        self.secrets = world.secrets
        self.data: Mapping[str, Any] = snapshot.data if snapshot is not None else {}
        self.record: Callable[[Any], None] | None = None
        self.undos: list[Any] | None = None
        self.depth = 0

    @property
    def request(self) -> Any:
        """The request as bindings see it; null when nothing was asked by HTTP."""
        return self.run.request_view()

    @property
    def now(self) -> datetime:
        """The current time."""
        return self.world.clock.now()

    def child(self, names: Mapping[str, Any]) -> "Context":
        """The same run with further names in sight; `steps` and `vars` are shared."""
        other = self._same()
        other.names = {**self.names, **names}
        return other

    def copy(self, names: Mapping[str, Any]) -> "Context":
        """A copy for a concurrent branch: what it sets stays in it."""
        other = self.child(names)
        other.steps = dict(self.steps)
        other.vars = dict(self.vars)
        return other

    def _same(self) -> "Context":
        other = Context.__new__(Context)
        for name in Context.__slots__:
            setattr(other, name, getattr(self, name))
        return other

    def call(self, name: str, arguments: Mapping[str, Any]) -> Awaitable[Any]:
        """Run another workflow of the same snapshot within this run; gives what it returns."""
        result: Awaitable[Any] = self.run.call(self, name, arguments)
        return result


def push_undo(ctx: Context, block: Callable[[Context], Any]) -> None:
    """Remember how a finished step is undone, with the values of this moment: a later round of a loop changes them."""
    if ctx.undos is not None:
        ctx.undos.append((block, ctx.copy({})))


def begin_undo(ctx: Context) -> list[Any] | None:
    """Begin to note finished steps apart, until `end_undo`: a failure that is handled undoes only those."""
    outer = ctx.undos
    if outer is not None:
        ctx.undos = []
    return outer


def end_undo(ctx: Context, outer: list[Any] | None) -> None:
    """Finished steps that are not undone yet are the outer block's again."""
    if outer is not None:
        outer += ctx.undos or ()
        ctx.undos = outer


async def undo(ctx: Context) -> None:
    """Undo the finished steps, the last one first, whatever cancels the run. One that fails is logged, and the others still run."""
    if ctx.undos:
        await asyncio.shield(asyncio.ensure_future(_undo(ctx.undos)))


async def _undo(undos: list[Any]) -> None:
    while undos:
        block, ctx = undos.pop()
        try:
            async with asyncio.timeout(UNDO):
                result = block(ctx)
                if type(result) is CoroutineType:
                    await result
        except Failure as failure:
            logger.error("%s undo failed: %s: %s", failure.where, failure.code, failure.message)
        except TimeoutError:
            logger.error("an undo took longer than %g s", UNDO)
