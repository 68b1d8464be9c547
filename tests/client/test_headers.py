"""Headers: what servers send that is no text, and a name with addresses of both kinds."""

import asyncio
import socket
from typing import Any

import pytest

from penstock.errors import Failure
from tests.client.peer import answering, client, talking


@pytest.mark.parametrize(("sent", "read"), [(b"caf\xe9", "café"), ("café".encode(), "café"), (b"\xff\xfe", "ÿþ")])
def test_a_header_is_always_text(sent: bytes, read: str) -> None:
    async def main() -> str:
        data = b"HTTP/1.1 200 OK\r\nX-Name: " + sent + b"\r\nContent-Length: 0\r\n\r\n"
        async with talking(answering(data)) as port, client("127.0.0.1") as http:
            return (await http.request("GET", f"http://127.0.0.1:{port}/")).headers["x-name"]

    assert asyncio.run(main()) == read


def test_a_request_that_was_sent_to_one_address_is_not_said_to_be_refused_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()

        async def resolve(host: str, port: int, **how: Any) -> Any:
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("10.0.0.1", "127.0.0.1")
            ]

        monkeypatch.setattr(loop, "getaddrinfo", resolve)
        async with talking(answering(b"")) as port, client("127.0.0.1") as http:
            await http.request("POST", f"http://two.example:{port}/")

    with pytest.raises(Failure) as caught:
        asyncio.run(main())
    assert caught.value.code == "upstream_failed"
