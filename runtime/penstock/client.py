"""Client: HTTP requests to other servers; what it needs is imported and opened at the first one."""

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from penstock.addresses import Allowed
from penstock.clock import Clock
from penstock.context import HttpClient, HttpReply


class Client:
    """The outgoing side of a process: one pool of connections.

    `allow`: the private hosts and networks that may be reached (the setting `http.allow`). `timeout`: seconds that a request may take
    with all its redirects, when it does not say.
    """

    def __init__(self, allow: Sequence[str], timeout: float, clock: Clock) -> None:
        self._allowed = Allowed(allow)
        self._timeout = timeout
        self._clock = clock
        self._outgoing: Any = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._outgoing is not None:
            await self._outgoing.close()

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
    ) -> HttpReply:
        """Send a request and read the whole answer, of at most `max_size` bytes after decompression.

        Raises Failure `unreachable` (surely not sent), `timeout` (may have arrived), `upstream_failed` (the answer is broken or too large).
        """
        outgoing: HttpClient = self._outgoing or await self._open()
        return await outgoing.request(
            method,
            url,
            query=query,
            headers=headers,
            body=body,
            timeout=self._timeout if timeout is None else timeout,
            max_size=max_size,
            follow_redirects=follow_redirects,
        )

    async def _open(self) -> HttpClient:
        # It takes a fifth of a second to import, too long to hold the event loop.
        module = await asyncio.to_thread(importlib.import_module, "penstock.outgoing")
        if self._outgoing is None:
            self._outgoing = module.Outgoing(self._allowed)
        opened: HttpClient = self._outgoing
        return opened
