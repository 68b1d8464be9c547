"""Connection: one client's TCP connection: parsing, order, deadlines, writing.

It stands on aiohttp's own parser and base protocol. A request that needs no waiting is answered within `data_received`, without a task.
"""

import asyncio
from collections import deque
from typing import Protocol

from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser, RawRequestMessage
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader

from penstock.errors import Failure

HEADER_TIMEOUT = 15.0
BODY_TIMEOUT = 60.0
IDLE_TIMEOUT = 75.0
LINGER = 2.0
MAX_LINE = 8190
MAX_HEADERS = 100
READ_SIZE = 2**16
MAX_PIPELINED = 64


class Server(Protocol):
    """What a connection asks of its server."""

    def now(self) -> float: ...

    def opened(self, connection: "Connection") -> None: ...

    def closed(self, connection: "Connection") -> None: ...

    def handle(self, connection: "Connection", message: RawRequestMessage, payload: StreamReader) -> None:
        """Answer a request: now, or later with `connection.done()` at its end."""
        ...

    def refuse(self, connection: "Connection", failure: Failure) -> None:
        """Answer something that is no request, and close."""
        ...


class Connection(BaseProtocol):
    """One connection. Requests are answered one at a time, in their order."""

    __slots__ = ("busy", "closing", "deadline", "discarding", "ip", "messages", "reading", "server", "started")

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
        )
        super().__init__(loop, parser)
        self.server = server
        self.messages: deque[tuple[RawRequestMessage, StreamReader]] = deque()
        self.busy = False
        self.closing = False
        self.discarding = False
        self.reading: StreamReader | None = None
        self.started = False
        self.deadline = 0.0
        self.ip: str | None = None

    # -- events

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.ip = peer[0] if isinstance(peer, tuple) else None
        self.deadline = self.server.now() + HEADER_TIMEOUT
        self.server.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.server.closed(self)
        self.messages.clear()
        if self._parser is not None and not self.discarding:
            try:
                self._parser.feed_eof()
            except Exception:
                pass
        if self.reading is not None and not self.reading.is_eof():
            self.reading.set_exception(ConnectionError("the client went away"))
        super().connection_lost(exc)

    def eof_received(self) -> bool:
        """A client that has sent all keeps the connection half open until it is answered."""
        if self.busy or self.messages:
            self.closing = True
            return True
        return False

    def data_received(self, data: bytes) -> None:
        if self.discarding:
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
            self.started = False
            if not self.busy:
                self.next()
            if len(self.messages) > MAX_PIPELINED:
                self._pause_reading_for_buffer()
        elif not self.busy and data:
            if not self.started:
                self.started = True
                self.deadline = self.server.now() + HEADER_TIMEOUT
        if upgraded:
            self.discarding = True

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.busy and self.messages:
            self._loop.call_soon(self.next)

    # -- order

    def next(self) -> None:
        """Take the waiting requests in their order, as long as none has to wait."""
        messages = self.messages
        while messages and not self.busy and not self._paused and self.transport is not None and not self.discarding:
            message, payload = messages.popleft()
            if message.should_close or message.upgrade or message.method == "CONNECT":
                self.closing = True
            self.busy = True
            self.reading = None if payload is EMPTY_PAYLOAD else payload
            self.server.handle(self, message, payload)
        if self._buffer_paused and len(messages) <= MAX_PIPELINED // 2:
            self._resume_reading_for_buffer()

    def done(self) -> None:
        """The current request is answered whole."""
        self.busy = False
        payload = self.reading
        if payload is not None:
            self.reading = None
            if not payload.is_eof():
                self.abandon()
                return
        if self.closing:
            if self.transport is not None:
                self.transport.close()
            return
        if not self.messages:
            self.deadline = self.server.now() + IDLE_TIMEOUT
            return
        if self.messages:
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
        if self.closing:
            if self.transport is not None:
                self.transport.close()
            return
        self.deadline = self.server.now() + IDLE_TIMEOUT

    # -- body

    async def body(self, payload: StreamReader, limit: int, message: RawRequestMessage) -> bytes:
        """Read a request's whole body. Raises Failure `too_large`, `timeout` (408) or `malformed`."""
        if message.headers.get("Expect", "").lower() == "100-continue" and self.transport is not None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                while True:
                    part = await payload.readany()
                    if not part:
                        break
                    size += len(part)
                    if size > limit:
                        raise Failure("too_large", f"the body is larger than {limit} bytes")
                    parts.append(part)
        except TimeoutError:
            self.closing = True
            raise Failure("timeout", f"the body did not arrive within {BODY_TIMEOUT:g} s", status=408) from None
        except Failure:
            self.closing = True
            raise
        except Exception as error:
            self.closing = True
            raise Failure("malformed", f"the body could not be read: {type(error).__name__}") from None
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
        """Answer what is no HTTP."""
        text = str(error.message or error)
        if isinstance(error, LineTooLong) or "Too many headers" in text:
            failure = Failure(
                "headers_too_large",
                f"a header or the request line is longer than {MAX_LINE} bytes, or there are more than {MAX_HEADERS}",
            )
        else:
            failure = Failure("malformed", "this is no HTTP/1.1 request")
        if self.reading is not None and not self.reading.is_eof():
            self.discarding = True
            self.reading.set_exception(error)
            return
        self.discarding = True
        if not self.busy:
            self.server.refuse(self, failure)
            self.abandon()
        else:
            self.closing = True

    def abandon(self) -> None:
        """Close after an answer that the client may not have read yet: what it still sends is thrown away for a moment."""
        self.discarding = True
        self.closing = True
        self.deadline = self.server.now() + LINGER
        self.busy = False
        transport = self.transport
        if transport is None:
            return
        try:
            transport.write_eof()
        except (OSError, RuntimeError, NotImplementedError):
            transport.close()

    def sweep(self, now: float) -> None:
        """Close the connection if its time is over."""
        if self.busy or now < self.deadline:
            return
        if self.started and not self.discarding:
            self.discarding = True
            self.server.refuse(
                self, Failure("timeout", f"the headers did not arrive within {HEADER_TIMEOUT:g} s", status=408)
            )
        if self.transport is not None:
            self.transport.close()

    def shut(self) -> None:
        """Close as soon as nothing is under way."""
        self.closing = True
        if not self.busy and not self.messages and self.transport is not None:
            self.transport.close()


def arrived(payload: StreamReader) -> bytes:
    """A body that has arrived whole. (`read_nowait` would wake the flow control of a stream that is at its end.)"""
    pieces = payload._buffer
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
