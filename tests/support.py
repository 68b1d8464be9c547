"""Support: a real project on disk and a real server on a free port, for tests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from penstock.app import App, opened, serving
from penstock.clock import Clock


@dataclass(slots=True)
class Reply:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes
    raw_headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(slots=True)
class Live:
    """A project that is served."""

    root: Path
    app: App
    port: int

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(
        self,
        method: str,
        target: str,
        *,
        json_body: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request on a connection of its own."""
        reader, writer = await self.connect()
        try:
            writer.write(request(method, target, json_body=json_body, body=body, headers=headers))
            return await read_reply(reader, method)
        finally:
            writer.close()

    async def raw(self, data: bytes) -> bytes:
        """Send bytes, give all that comes until the server closes."""
        reader, writer = await self.connect()
        try:
            writer.write(data)
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()


def request(
    method: str,
    target: str,
    *,
    json_body: Any = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a request."""
    fields = {"Host": "test"}
    if json_body is not None:
        body = json.dumps(json_body).encode()
        fields["Content-Type"] = "application/json"
    if body is not None:
        fields["Content-Length"] = str(len(body))
    fields.update(headers or {})
    head = (
        f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
    )
    return head.encode("latin-1") + (body or b"")


async def read_reply(reader: asyncio.StreamReader, method: str = "GET") -> Reply:
    """Read one answer."""
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
    lines = head.split("\r\n")
    status = int(lines[0].split(" ", 2)[1])
    pairs = [(name.lower(), value) for name, value in (line.split(": ", 1) for line in lines[1:] if line)]
    headers = dict(pairs)
    if status == 100:
        return await read_reply(reader, method)
    if method == "HEAD" or status in (204, 304):
        return Reply(status, headers, b"", pairs)
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers["content-length"]))
    return Reply(status, headers, body, pairs)


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write files of a project."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@asynccontextmanager
async def served(
    files: Mapping[str, str], *, clock: Clock | None = None, environ: Mapping[str, str] | None = None
) -> AsyncIterator[Live]:
    """Serve a project of these files; names without a folder are put into workflows.d."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "workflows.d").mkdir()
        write(
            root,
            {
                name if "/" in name or name == "penstock.yaml" else f"workflows.d/{name}": text
                for name, text in files.items()
            },
        )
        async with (
            opened(root, clock=clock, environ=environ or {}) as app,
            serving(app, host="127.0.0.1", port=0) as server,
        ):
            yield Live(root, app, server.port)


def live(
    files: Mapping[str, str],
    body: Callable[[Live], Awaitable[None]],
    *,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Run a test's body against a served project."""

    async def main() -> None:
        async with served(files, clock=clock, environ=environ) as project:
            await body(project)

    asyncio.run(main())
