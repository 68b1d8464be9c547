"""App: the only module that knows every concrete class; it puts them together and takes them apart again."""

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import socket
import sys
import time
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
from penstock.watch import changes

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


class _Covering(logging.Formatter):
    """Log lines, tracebacks too, with the secrets of the process covered."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
        self._mask = Mask(secrets)

    def format(self, record: logging.LogRecord) -> str:
        return self._mask.cover(super().format(record))


def _log_to_stderr(*, verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Covering(settings_module.secrets(os.environ).values()))
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler])
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    logging.getLogger("penstock").setLevel(logging.INFO)


# -- the commands


def serve(
    root: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    watch: bool = False,
    poll: bool = False,
    verbose: bool = False,
    workers: int = 1,
    fd: int | None = None,
    show: Callable[[Sequence[Problem]], None] | None = None,
    tolerant: bool = False,
) -> int:
    """Serve a project until a signal ends it; gives the exit code. `show` prints problems."""
    _log_to_stderr(verbose=verbose)
    show = show or _show
    try:
        if workers > 1 and fd is None:
            return _supervise(root, host, port, workers, watch=watch, poll=poll, verbose=verbose, tolerant=tolerant)
        main = _serve(root, host, port, watch, poll, verbose, fd, show, tolerant)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(main)
    except Unsound as unsound:
        show(unsound.problems)
        return 1
    except OSError as error:
        print(f"cannot listen on {host}:{port}: {error.strerror or error}", file=sys.stderr)
        return 1


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _show(problems: Sequence[Problem]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)


async def _serve(
    root: Path,
    host: str,
    port: int,
    watch: bool,
    poll: bool,
    verbose: bool,
    fd: int | None,
    show: Callable[[Sequence[Problem]], None],
    tolerant: bool,
) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    signals = 0

    def signalled() -> None:
        nonlocal signals
        signals += 1
        if signals > 1:
            os._exit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled)
    async with opened(root, tolerant=tolerant) as app:
        if app.snapshot.problems:
            show(app.snapshot.problems)
        where: dict[str, Any] = {"sock": socket.socket(fileno=fd)} if fd is not None else {"host": host, "port": port}
        server = Server(app.snapshot, app.history, loop)
        app.server = server
        if verbose:
            server.show_run = _show_run
        await server.listen(**where)
        shown = f"[{host}]" if ":" in host else host
        if fd is None:
            print(f"listening on http://{shown}:{server.port}", flush=True)
        gc.collect()
        gc.freeze()
        beside = [asyncio.ensure_future(_follow(app, poll, show))] if watch else []
        if fd is not None:
            # A worker's standard input is a pipe that its supervisor holds open: when it ends, the supervisor is gone.
            loop.add_reader(0, stop.set)
        await stop.wait()
        if fd is not None:
            loop.remove_reader(0)
        for task in beside:
            task.cancel()
        await server.drain(GRACE)
    return 0


def _show_run(record: RunRecord) -> None:
    """One line for each run, on standard error."""
    took = (record.duration or 0.0) * 1000
    error = record.error
    why = (
        f"  {error['code']}: {error['message']}" + (f" at {error['where']}" if error["where"] else "") if error else ""
    )
    line = f"{record.method} {record.path} {record.http_status} in {took:.1f} ms  {ids.text(record.id)}{why}"
    print(line, file=sys.stderr, flush=True)


async def _follow(app: App, poll: bool, show: Callable[[Sequence[Problem]], None]) -> None:
    """Reload after each burst of changes."""
    digest = app.snapshot.digest
    async for _ in changes(app.root, poll=poll):
        start = time.perf_counter()
        try:
            built = app.reload()
        except Exception:
            logger.exception("the reload failed; the last good version keeps serving")
            continue
        if built.digest == digest:
            continue
        digest = built.digest
        took = (time.perf_counter() - start) * 1000
        if built.errors and built is not app.snapshot:
            show(built.problems)
            print(
                f"{len(built.errors)} problem{'s' * (len(built.errors) != 1)}: the last good version keeps serving",
                file=sys.stderr,
            )
        else:
            if built.problems:
                show(built.problems)
            print(f"reloaded {built.digest} in {took:.0f} ms", file=sys.stderr, flush=True)


def _supervise(
    root: Path, host: str, port: int, workers: int, *, watch: bool, poll: bool, verbose: bool, tolerant: bool
) -> int:
    """Serve with several processes on one socket; one that dies is started again."""
    import subprocess

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    listener.set_inheritable(True)
    fd = listener.fileno()
    command = [sys.executable, "-m", "penstock_cli", "-C", str(root), "dev" if tolerant else "serve", "--fd", str(fd)]
    if not tolerant:
        command += ["--watch"] * watch + ["--verbose"] * verbose
    command += ["--poll"] * poll
    life, _held = os.pipe()
    stopping = False
    children: dict[int, tuple[subprocess.Popen[bytes], float]] = {}

    def stop(number: int, _: Any) -> None:
        nonlocal stopping
        stopping = True
        for child, _started in list(children.values()):
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(number)

    def start(index: int) -> None:
        # In a group of its own, so that a signal from the terminal reaches it once: through `stop`.
        child = subprocess.Popen(command, stdin=life, pass_fds=[fd], process_group=0)
        children[index] = child, time.monotonic()
        if stopping:
            child.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for index in range(workers):
        start(index)
    shown = f"[{host}]" if ":" in host else host
    print(f"listening on http://{shown}:{listener.getsockname()[1]}", flush=True)
    code = 0
    while children:
        for index, (child, started) in list(children.items()):
            try:
                result = child.wait(timeout=0.2 / len(children))
            except subprocess.TimeoutExpired:
                continue
            del children[index]
            young = time.monotonic() - started < 2.0
            if stopping or (young and result > 0):
                # One that was told to stop before it could listen to that is no fault.
                code = max(code, 0 if stopping and result == -signal.SIGTERM else abs(result))
                if not stopping:
                    print(f"a worker ended at once with {result}: stopping", file=sys.stderr)
                    stop(signal.SIGTERM, None)
                continue
            logger.error("worker %s ended with %s; starting another", child.pid, result)
            if young:
                time.sleep(0.5)
            start(index)
    return min(code, 1)


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
