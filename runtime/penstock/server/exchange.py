"""Exchange: a request whose run has to wait: it reads its body, waits for its turn, runs and is answered in a task of its own."""

import asyncio
import logging
import mimetypes
import os
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader

from penstock import engine
from penstock.context import Answer, World
from penstock.engine import Run
from penstock.errors import Failure
from penstock.history.record import RunRecord
from penstock.server import problems, response
from penstock.server.connection import Connection
from penstock.server.cors import Cors
from penstock.server.request import Request

logger = logging.getLogger("penstock.server")
CHUNK = 2**18


class History(Protocol):
    """Where a run is shown as running."""

    def start(self, record: RunRecord) -> None: ...


class Host(Protocol):
    """What an exchange asks of its server."""

    loop: asyncio.AbstractEventLoop
    idle: asyncio.Event
    exchanges: "set[Exchange]"
    waiting: "deque[Exchange]"
    cors: Cors | None
    date: bytes
    draining: bool
    root: Path
    world: World

    @property
    def history(self) -> History: ...

    def settle(self, run: Run, program: Any, failure: Failure | None) -> Answer: ...

    def deliver(self, connection: Connection, message: RawRequestMessage, answer: Answer) -> None: ...

    def admit(self, exchange: "Exchange") -> None: ...

    def hold(self, exchange: "Exchange", size: int) -> None: ...

    def finished(self, record: RunRecord) -> None: ...

    def free(self, exchange: "Exchange") -> None: ...

    def left(self, exchange: "Exchange") -> None: ...


class Exchange:
    """A request that has to wait for something: it lives in a task of its own, whatever the client does.

    First its body is read, then it waits for its turn, then it runs; only while it runs it counts against `limits.concurrency`.
    """

    __slots__ = (
        "answer",
        "beside",
        "connection",
        "freed",
        "gone",
        "held",
        "message",
        "opened",
        "payload",
        "program",
        "run",
        "server",
        "task",
        "timer",
        "turn",
        "values",
    )

    def __init__(
        self,
        server: Host,
        connection: Connection,
        message: RawRequestMessage,
        payload: StreamReader | None,
        run: Run,
        program: Any,
        values: Mapping[str, str],
        answer: Answer | None,
    ) -> None:
        self.server = server
        self.connection = connection
        self.message = message
        self.payload = payload
        self.run = run
        self.program = program
        self.values = values
        self.answer = answer
        self.opened = False
        self.freed = False
        self.gone = False
        self.held = 0
        self.turn: asyncio.Future[None] | None = None
        self.beside: asyncio.Task[None] | None = None
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        run.wire = self

    def begin(self) -> None:
        self.server.exchanges.add(self)
        self.server.idle.clear()
        self.task = self.server.loop.create_task(self._live())

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def leave(self) -> None:
        """Leave the queue: the client is gone, and nothing has run yet."""
        self.gone = True
        self.server.waiting.remove(self)
        self.cancel()

    def _expire(self) -> None:
        self.run.expired = True
        self.cancel()

    async def _live(self) -> None:
        server, connection, run = self.server, self.connection, self.run
        recorded = False
        try:
            if self.answer is None:
                failure = await self._perform()
                if self.gone:
                    return
                self.answer = server.settle(run, self.program, failure)
                server.free(self)
                if self.opened and failure is not None:
                    connection.closing = True
                    return
            if self.answer.file is None or run.sent:
                recorded = True
                server.finished(run.record)
            if not run.sent:
                await self._send_last(self.answer)
            if self.beside is not None:
                await self.beside
        except Exception:
            logger.exception("the answer of run %s could not be sent", run.id)
            connection.closing = True
        except asyncio.CancelledError:
            connection.closing = True
        finally:
            if not recorded and not self.gone:
                server.finished(run.record)
            server.left(self)
            if not self.freed:
                connection.done()

    async def _perform(self) -> Failure | None:
        """Run the chain under its deadline; gives how it failed."""
        server, run = self.server, self.run
        try:
            if self.payload is not None:
                assert isinstance(run.request, Request)
                run.request.body = await self.connection.body(
                    self.payload, self.program.body_limit, self.message, self._hold
                )
                server.admit(self)
            if self.turn is not None:
                await self.turn
            server.history.start(run.record)
            work = run.chain(self.program, self.values)
            if self.program.waits:
                self.timer = server.loop.call_later(self.program.timeout, self._expire)
            await work
        except asyncio.CancelledError as error:
            return engine.as_failure(error, run)
        except Exception as error:
            if not isinstance(error, Failure):
                logger.exception("%s failed", self.program.name)
            return engine.as_failure(error, run)
        finally:
            if self.timer is not None:
                self.timer.cancel()
        return None

    def _hold(self, size: int) -> None:
        self.server.hold(self, size)

    def _free_connection(self) -> None:
        """The caller has its answer: the connection goes on to its next request while the run goes on."""
        self.freed = True
        self.server.loop.call_soon(self.connection.done)

    async def _send_last(self, answer: Answer) -> None:
        if self.opened:
            self._end_stream()
        elif answer.file is not None:
            await self._send_file(answer)
            return
        else:
            self.server.deliver(self.connection, self.message, answer)
        await self.connection.drain()

    def send(self, answer: Answer) -> None:
        """Send an answer now, while the run goes on after it."""
        if self.opened:
            self._end_stream()
        elif answer.file is not None:
            # It is read while the run goes on.
            self.beside = self.server.loop.create_task(self._send_beside(answer))
            self.freed = True
            return
        else:
            self.server.deliver(self.connection, self.message, answer)
        if not self.freed:
            self._free_connection()

    async def _send_beside(self, answer: Answer) -> None:
        try:
            await self._send_file(answer)
        finally:
            self.connection.done()

    async def stream(self, event: bytes) -> None:
        """Send a server-sent event; the first opens the stream. HEAD gets no more than the stream's headers."""
        connection, server = self.connection, self.server
        if not self.opened:
            self.opened = True
            answer = Answer(
                200,
                [("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")],
                b"",
                "text/event-stream; charset=utf-8",
            )
            self.run.add_headers(answer)
            if server.cors is not None:
                answer.headers += server.cors.answer(self.message.headers)
            connection.closing = connection.closing or server.draining
            connection.write(response.head(answer, server.date, None, close=connection.closing, chunked=self._chunked))
            if self.message.method == "HEAD":
                self._free_connection()
        if self.freed:
            return
        connection.write(b"%x\r\n%b\r\n" % (len(event), event) if self._chunked else event)
        await connection.drain()

    @property
    def _chunked(self) -> bool:
        """Whether the caller knows chunks; else a stream ends with its connection (RFC 9112, section 6.1)."""
        return bool(self.message.version >= (1, 1))

    def _end_stream(self) -> None:
        if not self.freed and self._chunked:
            self.connection.write(b"0\r\n\r\n")

    async def _send_file(self, answer: Answer) -> None:
        """Send a file of the project, piece by piece."""
        connection, server = self.connection, self.server
        assert answer.file is not None
        try:
            stream, path, size = await asyncio.to_thread(_inside, server.root, answer.file)
        except Failure as failure:
            plain = problems.answer(failure, self.run.id, self.program.shape, server.world.encode)
            self.run.add_headers(plain)
            self.run.record.http_status = plain.status
            server.deliver(connection, self.message, plain)
            return
        try:
            guessed = mimetypes.guess_type(path.name)[0]
            answer.content_type = answer.content_type or guessed or "application/octet-stream"
            if server.cors is not None:
                answer.headers += server.cors.answer(self.message.headers)
            connection.closing = connection.closing or server.draining
            connection.write(response.head(answer, server.date, size, close=connection.closing))
            if self.message.method == "HEAD":
                return
            while size > 0 and connection.transport is not None:
                piece = await asyncio.to_thread(stream.read, min(CHUNK, size))
                if not piece:
                    connection.closing = True
                    return
                size -= len(piece)
                connection.write(piece)
                await connection.drain()
        finally:
            if size > 0 and self.message.method != "HEAD":
                connection.closing = True
            stream.close()


def _inside(root: Path, name: str) -> tuple[BinaryIO, Path, int]:
    """A file of the project that may be sent, open, and its size: nothing hidden, nothing outside, nothing that is no plain file."""
    try:
        path = (root / name).resolve()
        base = root.resolve()
        if (
            not path.is_relative_to(base)
            or any(part.startswith(".") for part in path.relative_to(base).parts)
            or not path.is_file()
        ):
            raise Failure("not_found", "there is no such file")
        stream = path.open("rb")
    except (OSError, ValueError, RuntimeError):
        raise Failure("not_found", "there is no such file") from None
    return stream, path, os.fstat(stream.fileno()).st_size
