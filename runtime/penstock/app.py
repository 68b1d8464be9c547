"""App: the only module that knows every concrete class; it puts them together and takes them apart again."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from penstock import catalog, jsontext
from penstock import settings as settings_module
from penstock.catalog import Snapshot
from penstock.client import Client
from penstock.clock import Clock, SystemClock
from penstock.context import END, World
from penstock.engine import Run, as_failure
from penstock.entropy import Entropy, SystemEntropy
from penstock.errors import Failure, PenstockError
from penstock.functions import Functions
from penstock.history import ids
from penstock.history.mask import Mask
from penstock.history.record import RunRecord, StepMeta
from penstock.history.store import History
from penstock.problem import Problem
from penstock.server.server import Server
from penstock.settings.codes import UNSET_SECRET
from penstock.templates import Templates

logger = logging.getLogger("penstock")
GRACE = 30.0


class Unsound(PenstockError):
    """The project's files have problems, so it is not served: mend them, `penstock validate` lists them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(slots=True)
class App:
    """A project that is open: its snapshot, its history and, when it serves, its server."""

    root: Path
    snapshot: Snapshot
    history: History
    life: AsyncExitStack
    environ: Mapping[str, str]
    server: Server | None = None

    def reload(self) -> Snapshot:
        """Read the changed files, check the whole, and swap if it is sound; gives the snapshot that was built.

        What was opened with problems is swapped until it is sound for the first time.
        """
        built = catalog.build(self.root, self.snapshot.world, previous=self.snapshot, environ=self.environ)
        if not built.errors or self.snapshot.errors:
            self._follow_settings(built)
            self.snapshot = built
            self.history.learn(_steps(built))
            if self.server is not None:
                self.server.configure(built)
        return built

    def _follow_settings(self, built: Snapshot) -> None:
        """Give the world of a new snapshot what its settings ask for; runs in flight keep the world they began in."""
        old, new, world = self.snapshot.settings, built.settings, built.world
        if new.http != old.http:
            client = Client(new.http.allow, new.http.timeout, world.clock)
            self.life.push_async_exit(client)
            world.http = client
        if new.json != old.json:
            world.encode = _encoder(new)
        for name in ("keep", "keep_errors", "max_size"):
            if getattr(new.history, name) != getattr(old.history, name):
                logger.warning("the setting history.%s is taken at the next start", name)


@asynccontextmanager
async def opened(
    root: Path,
    *,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    environ: Mapping[str, str] | None = None,
    tolerant: bool = False,
) -> AsyncIterator[App]:
    """Open a project. Raises Unsound when its files have errors, unless `tolerant`: then the sound ones are served."""
    clock = clock or SystemClock()
    environ = os.environ if environ is None else environ
    async with AsyncExitStack() as stack:
        secrets = settings_module.secrets(environ)
        settings, _ = settings_module.load(root, environ)
        client = await stack.enter_async_context(Client(settings.http.allow, settings.http.timeout, clock))
        functions = Functions(root)
        stack.callback(functions.close)
        world = World(
            clock=clock,
            entropy=entropy or SystemEntropy(),
            http=client,
            functions=functions,
            settings=settings,
            env=settings.env,
            secrets=secrets,
            encode=_encoder(settings),
            log=_log,
            render=Templates(root / "templates").render,
            cover=_cover(secrets.values()),
        )
        snapshot = catalog.build(root, world, environ=environ)
        problems = (*snapshot.problems, *_unset(snapshot, secrets))
        if not tolerant and any(problem.severity == "error" for problem in problems):
            raise Unsound(problems)
        history = await stack.enter_async_context(
            History(
                root / ".penstock" / "runs.db",
                clock=clock,
                keep=settings.history.keep,
                keep_errors=settings.history.keep_errors,
                max_size=settings.history.max_size,
                secrets=tuple(secrets.values()),
            )
        )
        history.learn(_steps(snapshot))
        yield App(root, snapshot, history, stack, environ)


@asynccontextmanager
async def serving(app: App, **where: Any) -> AsyncIterator[Server]:
    """Serve an open project; takes where to listen as `loop.create_server` does."""
    server = Server(app.snapshot, app.history, asyncio.get_running_loop())
    app.server = server
    await server.listen(**where)
    try:
        yield server
    finally:
        await server.drain(GRACE)


def _steps(snapshot: Snapshot) -> list[StepMeta]:
    """All steps that a run of a snapshot can speak of."""
    return [meta for program in snapshot.programs.values() for meta in program.metas]


def _unset(snapshot: Snapshot, secrets: Mapping[str, str]) -> list[Problem]:
    """A problem for each secret that the files name and nobody has set."""
    hint = "set PENSTOCK_SECRET_{} in the environment"
    return [
        Problem(file, line, column, UNSET_SECRET, f"the secret {name} is not set", hint.format(name))
        for name, (file, line, column) in snapshot.project.secrets.items()
        if name not in secrets
    ]


def _encoder(settings: Any) -> Callable[[Any], bytes]:
    return jsontext.encoder("number" if settings.json.decimals == "number" else "text")


def _log(level: str, message: str, data: Mapping[str, Any]) -> None:
    extra = f" {json.dumps(dict(data), default=str, ensure_ascii=False)}" if data else ""
    logger.log(logging.getLevelNamesMapping()[level.upper()], "%s%s", message, extra)


def _cover(secrets: Iterable[str]) -> Callable[[str, tuple[str, ...]], str]:
    mask = Mask(secrets)

    def cover(text: str, more: tuple[str, ...]) -> str:
        return (mask.joined(more) if more else mask).cover(text)

    return cover


def run_once(root: Path, name: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Run one endpoint or workflow here and now; gives {id, status, answer, steps, error}.

    Raises Unsound when the files have errors, KeyError when there is no such name.
    """
    return asyncio.run(_run_once(root, name, values))


async def _run_once(root: Path, name: str, values: Mapping[str, str]) -> dict[str, Any]:
    async with opened(root) as app:
        return await perform(app, name, values, text=True)


async def perform(app: App, name: str, values: Mapping[str, Any], *, text: bool = False) -> dict[str, Any]:
    """Run one endpoint or workflow without HTTP. `text`: values are text, converted as from a query."""
    snapshot, world = app.snapshot, app.snapshot.world
    program = snapshot.programs[name]
    kind: Literal["endpoint", "workflow"] = "endpoint" if program.document.kind == "endpoint" else "workflow"
    record = RunRecord(
        app.history.ids.next(),
        name,
        kind,
        snapshot.digest,
        world.clock.seconds(),
        world.clock.monotonic(),
        program.level,
    )
    run = Run(world, snapshot, record, None, None)
    failure: Failure | None = None
    result: Any = None
    app.history.start(record)
    try:
        params, given = program.checker.take(values, text=text)
        record.params = params
        record.secrets += program.checker.secrets(params)
        ctx = run.enter(program, params, given)
        async with asyncio.timeout(program.timeout):
            result = await run.perform(program, ctx)
    except TimeoutError:
        run.expired = True
        failure = as_failure(asyncio.CancelledError(), run)
    except Exception as error:
        failure = as_failure(error, run)
    if run.answer is None and result is not None and result is not END:
        record.answer = result.value
    run.finish(failure)
    app.history.finish(record)
    metas = {meta.number: meta for item in snapshot.programs.values() for meta in item.metas}
    steps = [(metas[number], *times, output) for number, *times, _, output in record.steps]
    return {
        "id": ids.text(record.id),
        "status": record.status,
        "http_status": record.http_status,
        "answer": record.answer,
        "error": record.error,
        "duration": record.duration,
        "steps": [
            {
                "path": meta.path,
                "id": meta.id,
                "action": meta.action,
                "file": meta.file,
                "line": meta.line,
                "status": status,
                "duration": end - start,
                "output": output,
            }
            for meta, status, start, end, output in steps
        ],
    }
