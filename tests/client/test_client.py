"""Client: requests that arrive as they were meant, and failures that say what is known."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from penstock import jsontext
from penstock.errors import Failure
from tests.client.peer import answering, client, echo, serving, talking


def run(main: Callable[[], Awaitable[Any]]) -> Any:
    async def within() -> Any:
        return await asyncio.wait_for(main(), 20)

    return asyncio.run(within())


def failing(main: Callable[[], Awaitable[Any]]) -> Failure:
    with pytest.raises(Failure) as caught:
        run(main)
    return caught.value


def test_a_request_arrives_as_it_was_meant() -> None:
    async def main() -> Any:
        async with serving({"/{path:.*}": echo}) as port, client("127.0.0.1") as http:
            reply = await http.request(
                "post",
                f"http://127.0.0.1:{port}/a%20b/x?kept=1%2F2#part",
                query={
                    "q": "a b&c=d+e",
                    "n": [1, 2, None],
                    "none": None,
                    "yes": True,
                    "at": datetime(2026, 1, 1, tzinfo=UTC),
                    "d": Decimal("0.10"),
                },
                headers={"X-One": "a", "Content-Type": "text/x"},
                body=b"\x00\xff",
            )
            return reply, jsontext.decode(reply.body)

    reply, said = run(main)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert said["method"] == "POST"
    path, _, query = said["target"].partition("?")
    assert path == "/a%20b/x"
    assert query == "kept=1%2F2&q=a+b%26c%3Dd%2Be&n=1&n=2&yes=true&at=2026-01-01T00:00:00.000000Z&d=0.10"
    assert said["body"] == "\x00\xff"
    assert said["headers"]["x-one"] == "a"
    assert said["headers"]["content-type"] == "text/x"
    assert said["headers"]["user-agent"] == "penstock"
    assert "cookie" not in said["headers"]


def test_a_connection_is_used_again_and_keeps_no_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    peers = []

    async def cookie(request: web.Request) -> web.Response:
        assert request.transport is not None
        peers.append((request.transport.get_extra_info("peername"), request.headers.get("Cookie")))
        reply = web.Response(text="x")
        reply.set_cookie("session", "1")
        reply.headers.add("X-Many", "a")
        reply.headers.add("X-Many", "b")
        return reply

    async def main() -> Any:
        async with serving({"/": cookie}) as port, client("127.0.0.1") as http:
            await http.request("GET", f"http://127.0.0.1:{port}/")
            return await http.request("GET", f"http://127.0.0.1:{port}/")

    reply = run(main)
    assert reply.headers["x-many"] == "a, b"
    assert peers[0] == peers[1]
    assert peers[1][1] is None


def test_nothing_is_opened_before_the_first_request() -> None:
    async def main() -> Any:
        async with client() as http:
            return http._outgoing

    assert run(main) is None


HOSTILE = [
    *(Path(__file__).parent / "hostile_urls.txt").read_text().split(),
    "",
    " ",
    "http://127.0.0.1:{port}/ HTTP/1.1\r\nX: y",
    "http://127.0.0.1:{port}/\r\nHost: x",
    "http://127.0.0.1:{port}/\x00",
    "\thttp://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}/" + "a" * 9000,
    "http://" + "a" * 300 + ".example/",
    "http://" + "a." * 200 + "example/",
]


def test_hostile_urls_reach_nothing() -> None:
    """None of them gets a connection, each is `unreachable`, and none is an error of another kind."""
    reached: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append("connected")

    async def main() -> Any:
        async with talking(talk) as port, client(timeout=2) as http:
            for url in HOSTILE:
                with pytest.raises(Failure) as caught:
                    await http.request("GET", url.replace("{port}", str(port)))
                assert caught.value.code == "unreachable", url
                assert "secret" not in caught.value.message

    assert len(HOSTILE) >= 40
    run(main)
    assert reached == []


def test_a_name_that_resolves_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def rebound(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "rebound.example" else host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)

    async def main(*allow: str) -> Any:
        async with serving({"/": echo}) as port, client(*allow) as http:
            return await http.request("GET", f"http://rebound.example:{port}/")

    failure = failing(main)
    assert failure.code == "unreachable"
    assert "http.allow" in failure.message
    assert run(lambda: main("rebound.example")).status == 200
    assert run(lambda: main("127.0.0.0/8")).status == 200


def test_a_port_is_allowed_alone() -> None:
    async def main() -> Any:
        async with (
            serving({"/": echo}) as port,
            serving({"/": echo}) as other,
            client(f"127.0.0.1:{port}", f"localhost:{port}") as http,
        ):
            assert (await http.request("GET", f"http://127.0.0.1:{port}/")).status == 200
            assert (await http.request("GET", f"http://localhost:{port}/")).status == 200
            await http.request("GET", f"http://127.0.0.1:{other}/")

    assert failing(main).code == "unreachable"


def to(location: str, status: int = 302) -> Any:
    async def redirect(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location})

    return redirect


@pytest.mark.parametrize(
    ("status", "method", "after", "body"),
    [
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (303, "POST", "GET", ""),
        (303, "PUT", "GET", ""),
        (301, "PUT", "PUT", "x"),
        (302, "DELETE", "DELETE", "x"),
        (307, "POST", "POST", "x"),
        (308, "POST", "POST", "x"),
        (302, "GET", "GET", "x"),
    ],
)
def test_a_redirect_is_followed(status: int, method: str, after: str, body: str) -> None:
    async def main() -> Any:
        async with serving({"/": to("/after?x=1", status), "/after": echo}) as port, client("127.0.0.1") as http:
            reply = await http.request(
                method, f"http://127.0.0.1:{port}/", body=b"x", headers={"Content-Type": "text/x", "Authorization": "a"}
            )
            assert reply.url == f"http://127.0.0.1:{port}/after?x=1"
            return jsontext.decode(reply.body)

    said = run(main)
    assert (said["method"], said["body"]) == (after, body)
    assert ("content-type" in said["headers"]) is (body == "x")
    assert said["headers"]["authorization"] == "a"


def test_another_origin_sees_no_credentials() -> None:
    async def main() -> Any:
        async with (
            client("127.0.0.1") as http,
            serving({"/after": echo}) as other,
            serving({"/": to(f"http://127.0.0.1:{other}/after", 307)}) as port,
        ):
            headers = {"Authorization": "a", "Cookie": "b", "X-Api-Key": "c", "X-Other": "d", "Host": "h"}
            reply = await http.request("POST", f"http://127.0.0.1:{port}/", headers=headers, body=b"x")
            return jsontext.decode(reply.body)["headers"], other

    headers, other = run(main)
    assert not {"authorization", "cookie", "x-api-key"} & headers.keys()
    assert headers["x-other"] == "d"
    assert headers["host"] == f"127.0.0.1:{other}"


def test_a_redirect_is_not_followed_when_it_should_not() -> None:
    async def main() -> Any:
        async with serving({"/": to("/after")}) as port, client("127.0.0.1") as http:
            return await http.request("GET", f"http://127.0.0.1:{port}/", follow_redirects=False)

    reply = run(main)
    assert (reply.status, reply.headers["location"]) == (302, "/after")


@pytest.mark.parametrize(
    "location",
    [
        "http://[::1]/",
        "http://localhost./",
        "http://169.254.169.254/latest/",
        "//10.0.0.1/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "http://user:pass@127.0.0.1/",
        "http://127.0.0.1:x/",
        "http://[",
        "javascript:alert(1)",
        "/a b\\c",
    ],
)
def test_a_redirect_leads_nowhere_it_should_not(location: str) -> None:
    async def main(method: str) -> Any:
        async with serving({"/": to(location)}) as port, client("127.0.0.1") as http:
            await http.request(method, f"http://127.0.0.1:{port}/")

    assert failing(lambda: main("GET")).code == "unreachable"
    # The first hop has taken it, so nobody may think that it never arrived.
    assert failing(lambda: main("POST")).code == "upstream_failed"


def test_redirects_end() -> None:
    count = 0

    async def again(request: web.Request) -> web.Response:
        nonlocal count
        count += 1
        return web.Response(status=302, headers={"Location": f"/?n={count}"})

    async def main() -> Any:
        async with serving({"/": again}) as port, client("127.0.0.1") as http:
            await http.request("GET", f"http://127.0.0.1:{port}/")

    failure = failing(main)
    assert (failure.code, count) == ("upstream_failed", 6)


def test_a_compressed_answer_is_read_and_its_real_size_counts() -> None:
    async def small(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})

    async def deflated(request: web.Request) -> web.Response:
        return web.Response(body=zlib.compress(b"hello"), headers={"Content-Encoding": "deflate"})

    async def bomb(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"0" * 30_000_000), headers={"Content-Encoding": "gzip"})

    async def main() -> Any:
        routes = {"/small": small, "/deflated": deflated, "/bomb": bomb}
        async with serving(routes) as port, client("127.0.0.1") as http:
            assert (await http.request("GET", f"http://127.0.0.1:{port}/small")).body == b"hello"
            assert (await http.request("GET", f"http://127.0.0.1:{port}/deflated")).body == b"hello"
            await http.request("GET", f"http://127.0.0.1:{port}/bomb", max_size=1_000_000)

    failure = failing(main)
    assert failure.code == "upstream_failed"
    assert "larger than 1000000 bytes" in failure.message


def test_an_endless_answer_ends() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse()
        await reply.prepare(request)
        while True:
            await reply.write(b"x" * 10_000)

    async def main() -> Any:
        async with serving({"/": endless}) as port, client("127.0.0.1") as http:
            await http.request("GET", f"http://127.0.0.1:{port}/", max_size=100_000)

    assert failing(main).code == "upstream_failed"


def test_a_size_that_just_fits() -> None:
    async def main(size: int) -> Any:
        async with (
            talking(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")) as port,
            client("127.0.0.1") as http,
        ):
            return (await http.request("GET", f"http://127.0.0.1:{port}/", max_size=size)).body

    assert run(lambda: main(5)) == b"hello"
    assert failing(lambda: main(4)).code == "upstream_failed"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x02\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbroken header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 5_000 + b"\r\n",
        b"HTTP/1.1 200 " + b"a" * 20_000 + b"\r\n\r\n",
    ],
)
def test_a_broken_answer_is_upstream_failed(data: bytes) -> None:
    async def main() -> Any:
        async with talking(answering(data)) as port, client("127.0.0.1") as http:
            await http.request("POST", f"http://127.0.0.1:{port}/?key=hidden")

    failure = failing(main)
    assert failure.code == "upstream_failed"
    assert "hidden" not in failure.message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_no_whole_answer_in_time_is_timeout(data: bytes) -> None:
    async def main() -> Any:
        async with talking(answering(data, close=False)) as port, client("127.0.0.1", timeout=0.1) as http:
            await http.request("GET", f"http://127.0.0.1:{port}/")

    assert failing(main).code == "timeout"


def test_the_time_is_that_of_all_hops() -> None:
    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(0.06)
        return web.Response(status=302, headers={"Location": "/"})

    async def main() -> Any:
        async with serving({"/": slow}) as port, client("127.0.0.1") as http:
            await http.request("GET", f"http://127.0.0.1:{port}/", timeout=0.15)

    assert failing(main).code == "timeout"


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

        async def main() -> Any:
            async with client("127.0.0.1") as http:
                await http.request("POST", f"http://127.0.0.1:{port}/")

        assert failing(main).code == "unreachable"


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*rest: Any, **more: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    async def main() -> Any:
        async with client() as http:
            await http.request("POST", "https://nobody.example/")

    failure = failing(main)
    assert (failure.code, failure.message) == ("unreachable", "https://nobody.example/: the host name is not known")


def test_tls_that_fails_is_surely_not_sent() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def main() -> Any:
        async with talking(plain) as port, client("127.0.0.1") as http:
            await http.request("POST", f"https://127.0.0.1:{port}/")

    assert failing(main).code == "unreachable"


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nY: b"},
        {"X": "a\nb"},
        {"X": "a\x00"},
        {"X\r\nY": "b"},
        {"X Y": "b"},
        {"": "b"},
        {"X": "a" * 9000},
        {"X": "\u20ac"},
        {"Content-Length": "3"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "close"},
        {"Expect": "100-continue"},
        {f"X-{number}": "a" for number in range(200)},
    ],
)
def test_headers_cannot_be_injected(headers: dict[str, str]) -> None:
    async def main() -> Any:
        async with client() as http:
            await http.request("GET", "http://127.0.0.1/", headers=headers)

    assert failing(main).code == "internal"


@pytest.mark.parametrize("method", ["GET /", "G\r\nX: y", "", "CONNECT", "trace", "GÉT"])
def test_methods_cannot_be_injected(method: str) -> None:
    async def main() -> Any:
        async with client() as http:
            await http.request(method, "http://127.0.0.1/")

    assert failing(main).code == "internal"


def test_a_cancelled_request_leaves_nothing_behind() -> None:
    async def main() -> Any:
        async with talking(answering(b"", close=False)) as port, client("127.0.0.1") as http:
            task = asyncio.create_task(http.request("GET", f"http://127.0.0.1:{port}/"))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main)


def test_many_requests_at_once() -> None:
    async def main() -> Any:
        async with serving({"/": echo}) as port, client("127.0.0.1") as http:
            replies = await asyncio.gather(*(http.request("GET", f"http://127.0.0.1:{port}/") for _ in range(150)))
            return {reply.status for reply in replies}

    assert run(main) == {200}
