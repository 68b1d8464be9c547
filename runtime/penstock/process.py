"""Process: a project served by a process of its own, or several: signals, log, reload, workers."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from penstock import settings as settings_module
from penstock.app import GRACE, App, Unsound, opened
from penstock.history import ids
from penstock.history.mask import Mask
from penstock.history.record import RunRecord
from penstock.problem import Problem
from penstock.server.server import Server
from penstock.watch import changes

logger = logging.getLogger("penstock")


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
        gc.set_threshold(10_000, 50, 100)
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
