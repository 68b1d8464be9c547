"""Server: requests to runs: routes, limits, runs in flight, a graceful end."""

import asyncio
import logging
import resource
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp.http import RawRequestMessage
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from penstock import engine
from penstock.catalog import Snapshot
from penstock.context import Answer
from penstock.engine import Run
from penstock.errors import Failure
from penstock.history.ids import RunIds
from penstock.history.record import RunRecord
from penstock.server import problems, response
from penstock.server.connection import Connection, arrived
from penstock.server.cors import Cors
from penstock.server.exchange import Exchange
from penstock.server.request import Request
from penstock.shape import PLAIN

logger = logging.getLogger("penstock.server")
MAX_BODIES = 2**28
"""How many bytes of bodies are held at once, of all requests that are being read, wait or run."""

MAX_CONNECTIONS = 10_000


def most_connections() -> int:
    """How many connections may be open at once: well below the number of files that the process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if files == resource.RLIM_INFINITY else max(8, min(MAX_CONNECTIONS, files * 3 // 4))


class History(Protocol):
    """Where runs are recorded."""

    @property
    def ids(self) -> RunIds: ...

    def start(self, record: RunRecord) -> None: ...

    def finish(self, record: RunRecord) -> None: ...


class Server:
    """The HTTP server of a project. `snapshot` is swapped as one reference; runs in flight keep theirs."""

    def __init__(self, snapshot: Snapshot, history: History, loop: asyncio.AbstractEventLoop) -> None:
        self.world = snapshot.world
        self.snapshot = snapshot
        self.history = history
        self.loop = loop
        self.connections: set[Connection] = set()
        self.exchanges: set[Exchange] = set()
        self.active: set[Exchange] = set()
        self.waiting: deque[Exchange] = deque()
        self.held = 0
        self.most = most_connections()
        self.draining = False
        self.show_run: Callable[[RunRecord], None] | None = None
        self.unready: Callable[[], str | None] = lambda: None
        self.seconds = self.world.clock.seconds
        self.now = self.world.clock.monotonic
        self.date = response.date_line(self.seconds())
        self.listener: asyncio.Server | None = None
        self.ticker: asyncio.TimerHandle | None = None
        self.idle = asyncio.Event()
        self.idle.set()
        self.root = Path()
        self.settings: Any = None
        self.cors: Cors | None = None
        self.configure(snapshot)

    def configure(self, snapshot: Snapshot) -> None:
        """Go live with a snapshot: the assignment of one reference."""
        settings = snapshot.settings
        cors = settings.cors
        self.settings = settings
        self.root = snapshot.root
        self.cors = (
            None
            if cors is None
            else Cors(
                tuple(cors.origins),
                tuple(cors.methods or ()),
                tuple(cors.headers or ()),
                bool(cors.credentials),
                600 if cors.max_age is None else int(cors.max_age),
            )
        )
        self.world = snapshot.world
        self.snapshot = snapshot

    # -- life

    async def listen(self, **where: Any) -> None:
        """Listen; takes what `loop.create_server` takes."""
        self.listener = await self.loop.create_server(lambda: Connection(self, self.loop), backlog=2048, **where)
        self._tick()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self.listener is not None
        return int(self.listener.sockets[0].getsockname()[1])

    def _tick(self) -> None:
        self.date = response.date_line(self.seconds())
        self.sweep()
        self.ticker = self.loop.call_later(1.0, self._tick)

    def sweep(self) -> None:
        """Close connections whose time is over."""
        now = self.now()
        for connection in list(self.connections):
            connection.sweep(now)

    async def drain(self, grace: float) -> bool:
        """Stop listening, let runs in flight finish; False if some had to be cancelled after `grace` seconds."""
        self.draining = True
        if self.listener is not None:
            self.listener.close()
        for connection in list(self.connections):
            connection.shut()
        whole = True
        try:
            await asyncio.wait_for(self.idle.wait(), grace)
        except TimeoutError:
            whole = False
            for exchange in list(self.exchanges):
                exchange.cancel()
            try:
                await asyncio.wait_for(self.idle.wait(), 1.0)
            except TimeoutError:
                pass
        if self.ticker is not None:
            self.ticker.cancel()
        for connection in list(self.connections):
            if connection.transport is not None:
                connection.transport.close()
        return whole

    def opened(self, connection: Connection) -> Failure | None:
        """Take note of a connection; gives why it cannot be taken. What is far over the bound gets no answer."""
        self.connections.add(connection)
        if len(self.connections) <= self.most:
            return None
        if len(self.connections) > self.most + self.most // 8 + 1 and connection.transport is not None:
            connection.transport.abort()
        return Failure("overloaded", "too many open connections; try again soon", headers={"Retry-After": "1"})

    def closed(self, connection: Connection) -> None:
        """A connection is gone. What it has waiting for its turn leaves the queue; what runs goes on."""
        self.connections.discard(connection)
        if self.waiting:
            for exchange in [exchange for exchange in self.waiting if exchange.connection is connection]:
                exchange.leave()

    # -- requests

    def handle(self, connection: Connection, message: RawRequestMessage, payload: StreamReader) -> None:
        """Answer one request: here and now if nothing has to wait, else by a task."""
        method = message.method
        target = message.path
        if target[:1] != "/":
            origin = _origin_form(target)
            if origin is None:
                self._targetless(connection, method, target)
                return
            target = origin
        path, _, query = target.partition("?")
        snapshot = self.snapshot
        match = snapshot.routes.match(method, path)
        program = match.target
        if program is None:
            self._unrouted(connection, message, path, match.allowed)
            return
        request = Request(method, path, query, message.headers, connection.ip, snapshot.settings.base_url)
        now = self.now()
        record = RunRecord(
            self.history.ids.next(),
            program.document.name,
            "endpoint",
            snapshot.digest,
            self.seconds(),
            now,
            program.level,
        )
        record.method = method
        record.path = path
        run = Run(self.world, snapshot, record, request, None)
        try:
            if program.document.security.access != "public":
                raise Failure(
                    "unauthenticated",
                    "this endpoint asks for a signed-in caller",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            if payload is not EMPTY_PAYLOAD:
                limit = program.body_limit
                if message.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
                    raise Failure(
                        "unsupported_media_type",
                        "send the body without a content encoding",
                        headers={"Accept-Encoding": "identity"},
                    )
                if not payload.is_eof():
                    declared = message.headers.get("Content-Length")
                    if declared is not None and int(declared) > limit:
                        raise Failure("too_large", f"the body is larger than {limit} bytes")
                    self._wait(connection, message, payload, run, program, match.values)
                    return
                request.body = arrived(payload)
                if len(request.body) > limit:
                    raise Failure("too_large", f"the body is larger than {limit} bytes")
            if program.waits:
                self._wait(connection, message, None, run, program, match.values)
                return
            engine.drive(run.chain(program, match.values))
            failure = None
        except BaseException as error:
            if not isinstance(error, Exception):
                raise
            failure = engine.as_failure(error, run)
            if not isinstance(error, Failure):
                logger.exception("%s %s failed", method, path)
        answer = self.settle(run, program, failure)
        if answer.file is not None:
            self._wait(connection, message, None, run, program, match.values, answer=answer)
            return
        close = connection.closing or self.draining
        if self.cors is not None:
            answer.headers += self.cors.answer(message.headers)
        data = response.whole(answer, self.date, close=close, bodyless=method == "HEAD")
        transport = connection.transport
        if transport is not None:
            transport.write(data)
        connection.closing = close
        self.finished(record)
        connection.sync_done()

    def settle(self, run: Run, program: Any, failure: Failure | None) -> Answer:
        """The run's answer, headers and all; its record is filled in."""
        answer = run.answer
        if failure is not None:
            if answer is None:
                answer = problems.answer(failure, run.id, program.shape, self.world.encode)
                if self.world.secrets or run.record.secrets:
                    answer.body = self.world.cover(answer.body.decode(), run.record.secrets).encode()
                run.answer = answer
            if failure.code in ("internal", "undefined", "loop_limit") and failure.status >= 500:
                logger.error(
                    "run %s of %s failed at %s: %s: %s",
                    run.id,
                    program.name,
                    failure.where,
                    failure.code,
                    failure.message,
                )
        elif answer is None:
            answer = run.answer = Answer(200 if run.events else 204, [], b"", None)
        if not run.sent:
            if failure is not None and program.headers and not run.given_headers:
                run.given_headers.append((program, run.enter(program, {}, {})))
            if run.given_headers or self.settings.headers:
                run.add_headers(answer)
        run.finish(failure)
        run.record.size = len(answer.body) + len(run.request.body if run.request is not None else b"")
        return answer

    def _wait(
        self,
        connection: Connection,
        message: RawRequestMessage,
        payload: StreamReader | None,
        run: Run,
        program: Any,
        values: Mapping[str, str],
        answer: Answer | None = None,
    ) -> None:
        """Go on in a task, at most `limits.concurrency` at once, the rest in a bounded queue."""
        exchange = Exchange(self, connection, message, payload, run, program, values, answer)
        if payload is None and answer is None:
            try:
                self.admit(exchange)
            except Failure as failure:
                refusal = self.settle(run, program, failure)
                self.finished(run.record)
                self.deliver(connection, message, refusal)
                connection.sync_done()
                return
        exchange.begin()

    def deliver(self, connection: Connection, message: RawRequestMessage, answer: Answer) -> None:
        """Write an answer whose body is at hand."""
        close = connection.closing or self.draining
        connection.closing = close
        if self.cors is not None:
            answer.headers += self.cors.answer(message.headers)
        connection.write(response.whole(answer, self.date, close=close, bodyless=message.method == "HEAD"))

    def admit(self, exchange: Exchange) -> None:
        """Give a run its turn, now or later. Raises Failure `overloaded` when too many wait already."""
        limits = self.settings.limits
        if len(self.active) < limits.concurrency and not self.waiting:
            self.active.add(exchange)
        elif len(self.waiting) < limits.queue:
            exchange.turn = self.loop.create_future()
            self.waiting.append(exchange)
        else:
            raise Failure("overloaded", "too many runs at once; try again soon", headers={"Retry-After": "1"})

    def hold(self, exchange: Exchange, size: int) -> None:
        """Count a piece of a body. Raises Failure `overloaded` when too much is held already."""
        if self.held + size > max(MAX_BODIES, 2 * exchange.program.body_limit):
            raise Failure("overloaded", "too many large requests at once; try again soon", headers={"Retry-After": "1"})
        self.held += size
        exchange.held += size

    def finished(self, record: RunRecord) -> None:
        """A run is over: it goes to the history, and is shown to whoever develops."""
        if record.level != "off":
            self.history.finish(record)
        if self.show_run is not None:
            self.show_run(record)

    def free(self, exchange: Exchange) -> None:
        """A run is over: the next may begin."""
        self.active.discard(exchange)
        while self.waiting and len(self.active) < self.settings.limits.concurrency:
            following = self.waiting.popleft()
            self.active.add(following)
            assert following.turn is not None
            if not following.turn.done():
                following.turn.set_result(None)

    def left(self, exchange: Exchange) -> None:
        """An exchange is over."""
        if exchange in self.waiting:
            self.waiting.remove(exchange)
        self.free(exchange)
        self.held -= exchange.held
        self.exchanges.discard(exchange)
        if not self.exchanges:
            self.idle.set()

    def _targetless(self, connection: Connection, method: str, target: str) -> None:
        """Answer what names no path: `OPTIONS *`, and what is no target (RFC 9112, section 3.2)."""
        if target == "*" and method == "OPTIONS":
            answer = Answer(204, [("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")], b"", None)
        else:
            failure = Failure("malformed", "the target of the request is no path")
            answer = problems.answer(failure, None, self.snapshot.shape, self.world.encode)
        close = connection.closing or self.draining
        connection.closing = close
        connection.write(response.whole(answer, self.date, close=close, bodyless=method == "HEAD"))
        connection.sync_done()

    def _unrouted(
        self, connection: Connection, message: RawRequestMessage, path: str, allowed: tuple[str, ...]
    ) -> None:
        """Answer what no endpoint takes: the server's own routes, OPTIONS, 405, 404."""
        method = message.method
        answer = self._own(method, path)
        if answer is None and allowed:
            allow = ("Allow", ", ".join(allowed))
            if method == "OPTIONS":
                headers = [allow]
                if self.cors is not None and "Access-Control-Request-Method" in message.headers:
                    headers += self.cors.preflight(message.headers, allowed)
                answer = Answer(204, headers, b"", None)
            else:
                failure = Failure("method_not_allowed", f"{path} takes {allow[1]}", headers={"Allow": allow[1]})
                answer = problems.answer(failure, None, self.snapshot.shape, self.world.encode)
        if answer is None:
            failure = Failure("not_found", f"there is nothing at {path[:200]}")
            answer = problems.answer(failure, None, self.snapshot.shape, self.world.encode)
        own = {name.lower() for name, _ in answer.headers}
        answer.headers += [pair for pair in self.settings.headers.items() if pair[0].lower() not in own]
        self.deliver(connection, message, answer)
        connection.sync_done()

    def _own(self, method: str, path: str) -> Answer | None:
        if path == "/-/health":
            state, status = {"status": "alive"}, 200
        elif path == "/-/ready":
            reason = "the server is stopping" if self.draining else self.unready()
            state, status = (
                ({"status": "ready"}, 200) if reason is None else ({"status": "unready", "reason": reason}, 503)
            )
        else:
            return None
        if method not in ("GET", "HEAD"):
            failure = Failure("method_not_allowed", f"{path} takes GET, HEAD", headers={"Allow": "GET, HEAD"})
            return problems.answer(failure, None, PLAIN, self.world.encode)
        return Answer(status, [("Cache-Control", "no-store")], self.world.encode(state), "application/json")

    def refuse(self, connection: Connection, failure: Failure) -> None:
        """Answer something that is no request; the connection is closed after it."""
        answer = problems.answer(failure, None, PLAIN, self.world.encode)
        connection.write(response.whole(answer, self.date, close=True, bodyless=False))


def _origin_form(target: str) -> str | None:
    """The path and query of an absolute-form target (RFC 9112, section 3.2.2); None when it is none."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
