"""Connection: one client's TCP connection: parsing, order, deadlines, writing.

It stands on aiohttp's own parser and base protocol. A request that needs no waiting is answered within `data_received`, without a task.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser, HttpVersion10, HttpVersion11, RawRequestMessage
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from penstock.errors import Failure

HEADER_TIMEOUT = 15.0
BODY_TIMEOUT = 60.0
IDLE_TIMEOUT = 75.0
WRITE_TIMEOUT = 60.0
"""How long a client may leave what was sent to it unread."""

PROGRESS = 2**14
"""How many bytes a client must read within that time to count as reading."""

LINGER = 2.0
MAX_LINE = 8190
MAX_HEADERS = 100
MAX_HEAD = 2**16
READ_SIZE = 2**16
MAX_PIPELINED = 64


class Server(Protocol):
    """What a connection asks of its server."""

    def now(self) -> float: ...

    def opened(self, connection: "Connection") -> Failure | None:
        """Take note of a connection; gives why it cannot be taken."""
        ...

    def closed(self, connection: "Connection") -> None: ...

    def handle(self, connection: "Connection", message: RawRequestMessage, payload: StreamReader) -> None:
        """Answer a request: now, or later with `connection.done()` at its end."""
        ...

    def refuse(self, connection: "Connection", failure: Failure) -> None:
        """Answer something that is no request, and close."""
        ...


class Connection(BaseProtocol):
    """One connection. Requests are answered one at a time, in their order.

    `closing`: the answer under way is the last. `ended`: nothing more comes, what has come is answered. `discarding`: what comes is
    thrown away. `after`: something is to be done once no request waits.
    """

    __slots__ = (
        "after",
        "body_end",
        "body_until",
        "busy",
        "closing",
        "deadline",
        "discarding",
        "ended",
        "failure",
        "ip",
        "last",
        "messages",
        "partial",
        "reading",
        "server",
        "stalled",
        "unsent",
    )

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        parser = HttpRequestParser(
            self,
            loop,
            READ_SIZE,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            max_headers=MAX_HEADERS,
            payload_exception=ConnectionError,
            auto_decompress=False,
            max_msg_queue_size=MAX_PIPELINED,
        )
        super().__init__(loop, parser)
        self.server = server
        self.messages: deque[tuple[RawRequestMessage, StreamReader]] = deque()
        self.busy = False
        self.closing = False
        self.ended = False
        self.discarding = False
        self.after = False
        self.failure: Failure | None = None
        self.reading: StreamReader | None = None
        self.last: StreamReader = EMPTY_PAYLOAD
        self.body_end = False
        self.body_until = 0.0
        self.partial = 0
        self.deadline = 0.0
        self.unsent = 0
        self.stalled = 0.0
        self.ip: str | None = None

    # -- events

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.ip = peer[0] if isinstance(peer, tuple) else None
        self.deadline = self.server.now() + HEADER_TIMEOUT
        failure = self.server.opened(self)
        if failure is not None:
            self.server.refuse(self, failure)
            self.abandon()

    def connection_lost(self, exc: BaseException | None) -> None:
        self.messages.clear()
        self._lose_body("the client went away")
        super().connection_lost(exc)
        self.server.closed(self)

    def eof_received(self) -> bool:
        """A client that has sent all keeps the connection half open until it is answered."""
        self._lose_body("the client stopped before the end of the body")
        if self.busy or self.messages:
            self.ended = self.after = True
            return True
        return False

    def _lose_body(self, why: str) -> None:
        """Whoever reads the body that was on its way learns that it won't come."""
        for payload in (self.last, self.reading):
            if payload is not None and not payload.is_eof() and payload.exception() is None:
                payload.set_exception(ConnectionError(why))

    def data_received(self, data: bytes) -> None:
        if self.discarding or self.ended:
            return
        assert self._parser is not None
        try:
            messages, upgraded, _ = self._parser.feed_data(data)
        except BadHttpMessage as error:
            self.bad(error)
            return
        except Exception as error:
            self.bad(BadHttpMessage(str(error)))
            return
        if messages:
            self.messages.extend(messages)
            self.last = messages[-1][1]
            self.partial = 0
            if len(self.messages) >= MAX_PIPELINED:
                # The parser keeps the rest until some are taken.
                self.after = True
                self._pause_reading_for_buffer()
            if not self.busy:
                self.next()
        elif data:
            self._head_bytes(len(data))
        if upgraded:
            self.ended = self.after = True

    def _head_bytes(self, size: int) -> None:
        """Count what belongs to no whole request yet; the bytes of a body, its last piece too, don't count."""
        if not self.last.is_eof():
            self.body_end = True
            return
        if self.body_end:
            self.body_end = False
            return
        if not self.partial and not self.busy:
            self.deadline = self.server.now() + HEADER_TIMEOUT
        self.partial += size
        if self.partial > MAX_HEAD:
            self.bad(LineTooLong(b"", MAX_HEAD))

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.busy and (self.messages or self.after):
            self._loop.call_soon(self.next)

    # -- order

    def next(self) -> None:
        """Take the waiting requests in their order, as long as none has to wait."""
        messages = self.messages
        consumed = self._parser.message_consumed  # type: ignore[union-attr]
        while messages and not self.busy and not self._paused and self.transport is not None:
            message, payload = messages.popleft()
            consumed()
            if message.should_close or message.upgrade or message.version is not HttpVersion11:
                self.closing = True
            self.busy = True
            self.reading = None if payload is EMPTY_PAYLOAD else payload
            if self.closing and message.version < HttpVersion10:
                self.server.refuse(self, Failure("malformed", "this is no HTTP/1.1 request"))
                self.sync_done()
                return
            self.server.handle(self, message, payload)
        if self.after:
            self._afterwards()

    def _afterwards(self) -> None:
        """What was put off until the waiting requests are answered."""
        if self._buffer_paused and len(self.messages) <= MAX_PIPELINED // 2:
            self.after = self.ended or self.failure is not None
            self._resume_reading_for_buffer()
            self._loop.call_soon(self.data_received, b"")
        if self.busy or self.messages or self.discarding:
            return
        if self.failure is not None:
            self.server.refuse(self, self.failure)
            self.abandon()
        elif self.ended:
            self.finish()

    def done(self) -> None:
        """The current request is answered whole."""
        self.sync_done()
        if self.messages or self.after:
            self._loop.call_soon(self.next)

    def sync_done(self) -> None:
        """The same for a request that was answered within `next`."""
        self.busy = False
        payload = self.reading
        if payload is not None:
            self.reading = None
            if not payload.is_eof():
                self.abandon()
                return
            if self._reading_paused:
                self._loop.call_soon(self.resume_reading)
        if self.closing:
            self.finish()
            return
        self.deadline = self.server.now() + (HEADER_TIMEOUT if self.partial else IDLE_TIMEOUT)

    # -- body

    async def body(
        self, payload: StreamReader, limit: int, message: RawRequestMessage, hold: Callable[[int], None]
    ) -> bytes:
        """Read a request's whole body; `hold` is told of its bytes. Raises Failure `too_large`, `timeout` (408) or `malformed`."""
        if message.headers.get("Expect", "").lower() == "100-continue" and message.version is HttpVersion11:
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        parts: list[bytes] = []
        size = 0
        self.body_until = self.server.now() + BODY_TIMEOUT
        try:
            while part := await payload.readany():
                size += len(part)
                if size > limit:
                    raise Failure("too_large", f"the body is larger than {limit} bytes")
                hold(len(part))
                parts.append(part)
        except TimeoutError:
            self.closing = True
            raise Failure("timeout", f"the body did not arrive within {BODY_TIMEOUT:g} s", status=408) from None
        except Failure:
            self.closing = True
            raise
        except Exception as error:
            self.closing = True
            raise Failure("malformed", f"the body could not be read: {error}"[:200]) from None
        finally:
            self.body_until = 0.0
        return b"".join(parts)

    # -- writing and closing

    def write(self, data: bytes) -> None:
        """Send bytes, if the client is still there."""
        transport = self.transport
        if transport is not None and not transport.is_closing():
            transport.write(data)

    async def drain(self) -> None:
        """Wait until a slow client has taken what was written."""
        if self.transport is None:
            return
        try:
            await self._drain_helper()
        except ConnectionError:
            return

    def bad(self, error: BadHttpMessage) -> None:
        """Take note of what is no HTTP: the requests before it are answered, then it is."""
        text = str(error.message or error)
        if isinstance(error, LineTooLong) or "Too many headers" in text:
            failure = Failure(
                "headers_too_large",
                f"a header or the request line is longer than {MAX_LINE} bytes, all headers are longer than {MAX_HEAD}, "
                f"or there are more than {MAX_HEADERS}",
            )
        else:
            failure = Failure("malformed", "this is no HTTP/1.1 request")
        self.ended = self.after = True
        if self.last.is_eof():
            self.failure = failure
        else:
            self._lose_body("it is no HTTP/1.1")
        if not self.busy:
            self._afterwards()

    def abandon(self) -> None:
        """Close after an answer that the client may not have read yet: what it still sends is thrown away for a moment."""
        self.discarding = True
        self.closing = True
        self.messages.clear()
        self.partial = 0
        self.deadline = self.server.now() + LINGER
        self.busy = False
        transport = self.transport
        if transport is None:
            return
        if self._reading_paused or self._buffer_paused:
            self._reading_paused = self._buffer_paused = False
            self._resume_transport_reading()
        try:
            transport.write_eof()
        except (OSError, RuntimeError, NotImplementedError):
            transport.close()

    def finish(self) -> None:
        """Close; what was written still goes out."""
        self.discarding = True
        self.messages.clear()
        if self.transport is not None:
            self.transport.close()

    def sweep(self, now: float) -> None:
        """Close the connection if its time is over."""
        transport = self.transport
        if transport is None:
            return
        if self._paused or transport.is_closing():
            unsent = transport.get_write_buffer_size()
            if self.unsent == 0 or unsent + PROGRESS <= self.unsent:
                self.unsent = max(unsent, 1)
                self.stalled = now + WRITE_TIMEOUT
            elif now >= self.stalled:
                transport.abort()
            return
        self.unsent = 0
        if self.busy:
            if self.body_until and now >= self.body_until and self.reading is not None:
                self.reading.set_exception(TimeoutError())
            return
        if now < self.deadline:
            return
        if self.partial:
            failure = Failure("timeout", f"the headers did not arrive within {HEADER_TIMEOUT:g} s", status=408)
            self.server.refuse(self, failure)
        self.finish()

    def shut(self) -> None:
        """Close as soon as nothing is under way."""
        self.closing = True
        if not self.busy and not self.messages:
            self.finish()


def arrived(payload: StreamReader) -> bytes:
    """A body that has arrived whole. (`read_nowait` would wake the flow control of a stream that is at its end.)"""
    pieces = payload._buffer
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
