"""World: a context for actions that are called by themselves, without a project."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from penstock import jsontext
from penstock.clock import ManualClock
from penstock.context import Context, HttpClient, HttpReply, World
from penstock.entropy import SystemEntropy

START = datetime(2026, 1, 1, tzinfo=UTC)


class Upstream:
    """Answers with what it is given, in order, and keeps what it was asked."""

    def __init__(self, *replies: HttpReply | Exception) -> None:
        self.replies = list(replies)
        self.asked: list[dict[str, Any]] = []

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
        self.asked.append({"method": method, "url": url, "query": query, "headers": headers, "body": body})
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply


class NoFunctions:
    """A project without functions."""

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        raise AssertionError(name)


def reply(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> HttpReply:
    return HttpReply(status, dict(headers or {}), body, "http://upstream/")


def context(http: HttpClient | None = None) -> Context:
    world = World(
        clock=ManualClock(START),
        entropy=SystemEntropy(),
        http=http or Upstream(reply()),
        functions=NoFunctions(),
        settings=None,
        env={},
        secrets={},
        encode=jsontext.encoder("text"),
        cover=lambda text, more: text,
        log=lambda level, message, data: None,
        render=lambda name, names: "",
    )
    return Context(world, None, None, {}, {})
