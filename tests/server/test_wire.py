"""Wire: hostile and broken clients, on raw sockets: order, ends, limits, deadlines."""

import asyncio
import re
import socket

import pytest

from penstock.server import server as server_module
from penstock.server.server import Server
from tests.support import Live, live, read_reply, request

PUBLIC = "security: {access: public}\n"
FILES = {
    "hello.yaml": f'endpoint: GET /hello/{{name}}\n{PUBLIC}steps:\n  - respond: "{{{{ params.name }}}}"\n',
    "slow.yaml": f'endpoint: GET /slow/{{n}}\n{PUBLIC}steps:\n  - wait: 20ms\n  - respond: "{{{{ params.n }}}}"\n',
    "long.yaml": f"endpoint: GET /long\n{PUBLIC}steps:\n  - wait: 10s\n  - respond: x\n",
    "length.yaml": (
        f"endpoint: POST /length\n{PUBLIC}limits: {{body: 2MB}}\nparams: {{data: {{type: bytes, whole: true}}}}\n"
        'steps:\n  - respond: "{{ params.data | length }}"\n'
    ),
    "large.yaml": (
        f"endpoint: GET /large\n{PUBLIC}steps:\n  - set: {{x: \"{{{{ 'x' * 60000 }}}}\"}}\n"
        '  - respond: ["{{ vars.x }}", "{{ vars.x }}", "{{ vars.x }}", "{{ vars.x }}"]\n'
    ),
    "dashes.yaml": f'endpoint: GET /{{rest:path}}\n{PUBLIC}steps:\n  - respond: "{{{{ params.rest }}}}"\n',
}


def server_of(project: Live) -> Server:
    assert project.app.server is not None
    return project.app.server


async def until(condition: object) -> None:
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) [A-Z]", answer)]


def post(data: bytes, path: str = "/length") -> bytes:
    return request("POST", path, body=data, headers={"Content-Type": "application/octet-stream"})


def test_a_half_closed_client_gets_all_its_answers() -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        writer.write(
            b"".join(request("GET", f"/slow/{n}") for n in range(3)) + post(b"abc") + request("GET", "/hello/z")
        )
        writer.write_eof()
        answers = [await read_reply(reader) for _ in range(5)]
        assert [answer.json for answer in answers] == ["0", "1", "2", 3, "z"]
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()

    live(FILES, body)


def test_runs_and_bodies_mixed_in_one_pipeline_keep_their_order() -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        sizes = [0, 1, 70_000, 131_072, 200_000, 300_000, 5]

        async def send() -> None:
            for size in sizes:
                writer.write(request("GET", f"/slow/{size}") + post(b"x" * size) + request("GET", f"/hello/{size}"))
            await writer.drain()

        sending = asyncio.ensure_future(send())
        for size in sizes:
            assert (await read_reply(reader)).json == str(size)
            assert (await read_reply(reader)).json == size
            assert (await read_reply(reader)).json == str(size)
        await sending
        writer.close()

    live(FILES, body)


def test_a_body_that_nobody_reads_does_not_stop_the_connection() -> None:
    private = "endpoint: POST /private\nsteps:\n  - respond: x\n"

    async def body(project: Live) -> None:
        for size in (70_000, 131_072, 180_000):
            reader, writer = await project.connect()
            writer.write(post(b"x" * size, "/private"))
            assert (await read_reply(reader)).status == 401
            writer.close()
        reader, writer = await project.connect()
        for _ in range(3):
            writer.write(post(b"x" * 60_000, "/private"))
            assert (await read_reply(reader)).status == 401
        writer.write(request("GET", "/hello/a"))
        assert (await read_reply(reader)).json == "a"
        writer.close()

    live({**FILES, "private.yaml": private}, body)


def test_thousands_of_requests_in_one_pipeline_are_bounded_and_answered() -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        writer.write(request("GET", "/slow/first") + b"".join(request("GET", f"/hello/{n}") for n in range(3000)))
        server = server_of(project)
        await until(lambda: server.active)
        assert all(len(connection.messages) <= 64 for connection in server.connections)
        assert (await read_reply(reader)).json == "first"
        for n in range(3000):
            assert (await read_reply(reader)).json == str(n)
        writer.close()

    live(FILES, body)


def test_nothing_runs_after_a_request_that_closes() -> None:
    async def body(project: Live) -> None:
        await project.app.history.flush()
        last = request("GET", "/slow/1", headers={"Connection": "close"})
        assert statuses(await project.raw(last + request("GET", "/slow/2") * 3)) in ([200], [400])
        server = server_of(project)
        reader, writer = await project.connect()
        writer.write(request("GET", "/slow/1") + request("GET", "/slow/2"))
        await until(lambda: server.active)
        server.draining = True
        assert statuses(await asyncio.wait_for(reader.read(), 5)) == [200]
        writer.close()

    live(FILES, body)


def test_a_client_that_stops_within_its_body_is_answered_and_its_turn_is_free() -> None:
    async def body(project: Live) -> None:
        server = server_of(project)
        reader, writer = await project.connect()
        writer.write(post(b"x" * 100)[:-50])
        writer.write_eof()
        assert (await read_reply(reader)).status == 400
        writer.close()
        _, writer = await project.connect()
        writer.write(post(b"x" * 100)[:-50])
        await until(lambda: server.exchanges)
        writer.transport.abort()
        await asyncio.wait_for(server.idle.wait(), 5)
        assert not server.active
        assert server.held == 0

    live(FILES, body)


def test_bodies_on_their_way_take_no_turn() -> None:
    async def body(project: Live) -> None:
        server = server_of(project)
        writers = []
        for _ in range(4):
            _, writer = await project.connect()
            writer.write(post(b"x" * 100)[:-50])
            writers.append(writer)
        await until(lambda: len(server.exchanges) == 4)
        assert (await project.ask("GET", "/slow/1")).status == 200
        for writer in writers:
            writer.close()

    live({**FILES, "penstock.yaml": "limits: {concurrency: 1, queue: 0}\n"}, body)


def test_a_client_that_leaves_while_it_waits_leaves_the_queue() -> None:
    async def body(project: Live) -> None:
        server = server_of(project)
        first = asyncio.ensure_future(project.ask("GET", "/slow/1"))
        await until(lambda: server.active)
        _, writer = await project.connect()
        writer.write(request("GET", "/slow/2"))
        await until(lambda: server.waiting)
        writer.transport.abort()
        await until(lambda: not server.waiting)
        assert (await project.ask("GET", "/slow/3")).json == "3"
        assert (await first).json == "1"

    live({**FILES, "penstock.yaml": "limits: {concurrency: 1, queue: 1}\n"}, body)


def test_what_waits_when_the_server_stops_is_served_or_refused() -> None:
    async def served(project: Live) -> None:
        server = server_of(project)
        asked = [asyncio.ensure_future(project.ask("GET", f"/slow/{n}")) for n in range(4)]
        await until(lambda: len(server.waiting) == 3)
        assert await server.drain(5)
        assert {(await reply).json for reply in asked} == {"0", "1", "2", "3"}

    async def refused(project: Live) -> None:
        server = server_of(project)
        asked = [asyncio.ensure_future(project.ask("GET", "/long")) for _ in range(3)]
        await until(lambda: len(server.waiting) == 2)
        assert not await server.drain(0.01)
        assert [(await reply).status for reply in asked] == [503, 503, 503]

    settings = {"penstock.yaml": "limits: {concurrency: 1}\n"}
    live({**FILES, **settings}, served)
    live({**FILES, **settings}, refused)


def test_a_body_that_drips_ends_after_its_time() -> None:
    async def body(project: Live) -> None:
        server = server_of(project)
        reader, writer = await project.connect()
        writer.write(post(b"x" * 100)[:-50])
        await until(lambda: server.exchanges and any(connection.body_until for connection in server.connections))
        real = server.now
        server.now = lambda: real() + 59
        server.sweep()
        writer.write(b"x")
        await asyncio.sleep(0.01)
        assert server.exchanges
        server.now = lambda: real() + 61
        server.sweep()
        reply = await read_reply(reader)
        assert (reply.status, reply.json["code"]) == (408, "timeout")
        writer.close()

    live(FILES, body)


def test_a_reader_that_never_reads_is_dropped_and_costs_bounded_memory() -> None:
    async def body(project: Live) -> None:
        server = server_of(project)
        _, writer = await project.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(request("GET", "/large") * 40)
        await until(lambda: any(connection._paused for connection in server.connections))
        (connection,) = server.connections
        assert connection.transport is not None
        assert connection.transport.get_write_buffer_size() < 2_000_000
        real = server.now
        server.sweep()
        server.now = lambda: real() + 61
        server.sweep()
        await until(lambda: not server.connections)
        writer.close()

    live(FILES, body)


def test_idle_connections_are_closed_and_too_many_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "most_connections", lambda: 20)

    async def body(project: Live) -> None:
        server = server_of(project)
        idle = [await project.connect() for _ in range(20)]
        await until(lambda: len(server.connections) == 20)
        reader, writer = await project.connect()
        reply = await read_reply(reader)
        assert (reply.status, reply.headers["retry-after"], reply.json["code"]) == (503, "1", "overloaded")
        writer.close()
        writers = [socket.create_connection(("127.0.0.1", project.port)) for _ in range(50)]
        await asyncio.sleep(0.05)
        assert len(server.connections) <= 24
        for one in writers:
            one.close()
        real = server.now
        server.now = lambda: real() + 16
        server.sweep()
        await until(lambda: not server.connections)
        server.now = real
        assert (await project.ask("GET", "/hello/a")).status == 200
        for _, one_writer in idle:
            one_writer.close()

    live(FILES, body)


def test_a_kept_connection_is_closed_when_it_idles() -> None:
    async def body(project: Live) -> None:
        server = server_of(project)
        reader, writer = await project.connect()
        writer.write(request("GET", "/hello/a"))
        await read_reply(reader)
        real = server.now
        server.now = lambda: real() + 74
        server.sweep()
        writer.write(request("GET", "/hello/b"))
        assert (await read_reply(reader)).json == "b"
        server.now = lambda: real() + 74 + 76
        server.sweep()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()

    live(FILES, body)


GET = b"GET /hello/a HTTP/1.1\r\nHost: t\r\n"
POST = b"POST /length HTTP/1.1\r\nHost: t\r\nContent-Type: application/octet-stream\r\n"


@pytest.mark.parametrize(
    "data",
    [
        POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        POST + b"Content-Length: 3, 4\r\n\r\nabcd",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: +3\r\n\r\nabc",
        POST + b"Content-Length: 0x3\r\n\r\nabc",
        POST + b"Content-Length: three\r\n\r\nabc",
        POST + b"Content-Length: 99999999999999999999999\r\n\r\nabc",
        POST + b"Content-Length: \r\n\r\nabc",
        POST + b"Content-Length : 3\r\n\r\nabc",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: gzip\r\n\r\nabc",
        POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n",
        GET + b" folded: 1\r\n\r\n",
        GET + b"X: a\r\n b\r\n\r\n",
        GET + b"X\x00: a\r\n\r\n",
        GET + b"X: a\x00b\r\n\r\n",
        GET + b"X Y: a\r\n\r\n",
        GET + b": a\r\n\r\n",
        GET + b"X(: a\r\n\r\n",
        GET + b"X: a\rb\r\n\r\n",
        b"GET /hello/a HTTP/1.1\r\n\r\n",
        GET + b"Host: other\r\n\r\n",
        b"get /hello/a HTTP/1.1\r\nHost: t\r\n\r\n",
        b"FROB /hello/a HTTP/1.1\r\nHost: t\r\n\r\n",
        b"GET /hello/\x00 HTTP/1.1\r\nHost: t\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: t\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: t\r\n\r\n",
        b"GET hello HTTP/1.1\r\nHost: t\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"GET /hello/a HTTP/1.1 \r\nHost: t\r\n\r\n",
        b"GET /hello/a\r\n\r\n",
        b"GET /hello/a HTTP/3.7\r\nHost: t\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 60,
        b"\xff" * 100 + b"\r\n\r\n",
    ],
)
def test_what_is_ambiguous_or_broken_is_400_and_closed(data: bytes) -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        writer.write(data)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert statuses(answer) == [400], answer
        assert b"application/problem+json" in answer
        assert b'"malformed"' in answer
        assert (await project.ask("GET", "/hello/still")).json == "still"

    live(FILES, body)


def test_what_comes_before_something_broken_is_answered() -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        writer.write(request("GET", "/slow/1") + request("GET", "/slow/2"))
        server = server_of(project)
        await until(lambda: server.active)
        writer.write(b"broken\r\n\r\n")
        assert statuses(await asyncio.wait_for(reader.read(), 5)) == [200, 200, 400]
        writer.close()

    live(FILES, body)


def test_odd_but_right_requests() -> None:
    async def body(project: Live) -> None:
        absolute = b"GET http://elsewhere.example/hello/b?x=1 HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n"
        chunked = POST + b'Transfer-Encoding: chunked\r\n\r\n3;a="b"\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n'
        upper = POST + b"TRANSFER-ENCODING: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        options = b"OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n"
        reader, writer = await project.connect()
        for data, status, text in (
            (absolute, 200, "b"),
            (chunked, 200, 3),
            (upper, 200, 3),
            (POST + b"Content-Length: 0\r\n\r\n", 200, 0),
            (b"\r\n" + GET + b"\r\n", 200, "a"),
            (GET + b"X!#$%&'*+.^_`|~: \xff\xfe\r\n\r\n", 200, "a"),
            (b"GET //hello//a HTTP/1.1\r\nHost: t\r\n\r\n", 404, None),
            (b"GET /%68ello/a?%ff=%00&=&&a&a=1 HTTP/1.1\r\nHost: t\r\n\r\n", 200, None),
            (options, 204, None),
            (b"GET /" + b"a" * 8100 + b" HTTP/1.1\r\nHost: t\r\n\r\n", 200, "a" * 8100),
        ):
            writer.write(data)
            reply = await read_reply(reader)
            assert reply.status == status, (data, reply)
            if text is not None:
                assert reply.json == text
        writer.close()

    live(FILES, body)


def test_http_1_0_is_closed_after_its_answer() -> None:
    async def body(project: Live) -> None:
        for more in (b"", b"Connection: keep-alive\r\n"):
            answer = await project.raw(b"GET /hello/a HTTP/1.0\r\n" + more + b"\r\n")
            assert statuses(answer) == [200]
            assert b"Connection: close" in answer

    live(FILES, body)


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"other"])
def test_an_upgrade_is_not_taken_but_answered(protocol: bytes) -> None:
    async def body(project: Live) -> None:
        upgrade = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n"
        assert statuses(await project.raw(GET + upgrade + b"\r\n")) == [200]
        assert statuses(await project.raw(GET.replace(b"hello", b"slow") + upgrade + b"\r\nmore")) == [200]
        answer = await project.raw(POST + upgrade + b"Content-Length: 3\r\n\r\nabc")
        assert statuses(answer) == [200]
        assert answer.endswith(b"3")

    live(FILES, body)


def test_a_refused_body_is_not_asked_for() -> None:
    async def body(project: Live) -> None:
        head = POST + b"Content-Length: 3000000\r\nExpect: 100-continue\r\n\r\n"
        answer = await project.raw(head)
        assert statuses(answer) == [413]
        assert statuses(await project.raw(head.replace(b"/length", b"/nowhere"))) == [405]

    live(FILES, body)


def test_all_headers_together_are_bounded() -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        writer.write(GET)
        for number in range(90):
            writer.write(b"X-%d: " % number + b"y" * 1500 + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0)
        assert (await read_reply(reader)).status == 431
        writer.close()
        assert statuses(await project.raw(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: t\r\n\r\n")) == [431]
        chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
        trailers = b"".join(b"X-%d: y\r\n" % number for number in range(200))
        assert statuses(await project.raw(chunked + trailers + b"\r\n"))[0] in (400, 431)

    live(FILES, body)


def test_an_overload_is_answered_at_once() -> None:
    async def body(project: Live) -> None:
        server = server_of(project)
        first = asyncio.ensure_future(project.ask("GET", "/slow/1"))
        await until(lambda: server.active)
        start = server.now()
        reply = await project.ask("GET", "/slow/2", headers={"Origin": "https://a.example"})
        assert server.now() - start < 0.05
        assert reply.status == 503
        assert reply.headers["retry-after"] == "1"
        assert reply.headers["access-control-allow-origin"] == "https://a.example"
        assert (await first).status == 200

    settings = "limits: {concurrency: 1, queue: 0}\ncors: {origins: ['https://a.example']}\n"
    live({**FILES, "penstock.yaml": settings}, body)


def test_the_bytes_of_all_bodies_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MAX_BODIES", 1000)

    async def body(project: Live) -> None:
        server = server_of(project)
        clients = [await project.connect() for _ in range(2)]
        for _, writer in clients:
            writer.write(post(b"x" * 500)[:-10])
        await until(lambda: server.held == 980)
        reader, writer = await project.connect()
        writer.write(post(b"x" * 500)[:-10])
        assert (await read_reply(reader)).status == 503
        writer.close()
        for reader, writer in clients:
            writer.write(b"x" * 10)
            assert (await read_reply(reader)).json == 500
            writer.close()
        await until(lambda: server.held == 0)

    live({**FILES, "length.yaml": FILES["length.yaml"].replace("2MB", "500B")}, body)
