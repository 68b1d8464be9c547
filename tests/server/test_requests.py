"""Requests: routes, methods, bodies, limits, in the order that the dialect gives."""

import asyncio

from tests.support import Live, live, read_reply, request

HELLO = """
endpoint: GET /hello/{name}
security: {access: public}
steps:
  - respond: {message: "Hello, {{ params.name }}!"}
"""
ECHO = """
endpoint: POST /echo
security: {access: public}
limits: {body: 1kB}
params: {text: string, n: {type: integer, default: 1}}
steps:
  - respond: "{{ params }}"
"""
PRIVATE = """
endpoint: POST /private
params: {n: integer}
steps:
  - respond: {ok: true}
"""
FILES = {"hello.yaml": HELLO, "echo.yaml": ECHO, "private.yaml": PRIVATE}


def test_answers_with_json() -> None:
    async def body(project: Live) -> None:
        reply = await project.ask("GET", "/hello/Ada")
        assert reply.status == 200
        assert reply.json == {"message": "Hello, Ada!"}
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["server"] == "penstock"
        assert reply.headers["date"].endswith("GMT")

    live(FILES, body)


def test_percent_encoding_is_decoded_once() -> None:
    async def body(project: Live) -> None:
        assert (await project.ask("GET", "/hello/a%2Fb")).json == {"message": "Hello, a/b!"}
        assert (await project.ask("GET", "/hello/%C3%A9%2520")).json == {"message": "Hello, é%20!"}
        assert (await project.ask("GET", "/hello/%ff")).status == 404

    live(FILES, body)


def test_head_answers_as_get_without_a_body() -> None:
    async def body(project: Live) -> None:
        reply = await project.ask("HEAD", "/hello/Ada")
        assert reply.status == 200
        assert reply.body == b""
        assert reply.headers["content-length"] == str(len(b'{"message":"Hello, Ada!"}'))

    live(FILES, body)


def test_other_methods_and_paths() -> None:
    async def body(project: Live) -> None:
        options = await project.ask("OPTIONS", "/hello/Ada")
        assert options.status == 204
        assert options.headers["allow"] == "GET, HEAD, OPTIONS"
        wrong = await project.ask("DELETE", "/hello/Ada")
        assert wrong.status == 405
        assert wrong.headers["allow"] == "GET, HEAD, OPTIONS"
        assert wrong.headers["content-type"] == "application/problem+json"
        assert wrong.json["code"] == "method_not_allowed"
        missing = await project.ask("GET", "/nothing")
        assert missing.status == 404
        assert missing.json["code"] == "not_found"

    live(FILES, body)


def test_bodies() -> None:
    async def body(project: Live) -> None:
        ok = await project.ask("POST", "/echo", json_body={"text": "é", "other": 1})
        assert ok.json == {"text": "é", "n": 1}
        wrong = await project.ask("POST", "/echo", json_body={"n": "3"})
        assert wrong.status == 422
        assert wrong.json["code"] == "invalid_params"
        assert {(entry["name"], entry["rule"]) for entry in wrong.json["errors"]} == {
            ("text", "required"),
            ("n", "type"),
        }
        broken = await project.ask("POST", "/echo", body=b"{", headers={"Content-Type": "application/json"})
        assert broken.status == 400
        assert broken.json["code"] == "malformed"
        strange = await project.ask("POST", "/echo", body=b"<a/>", headers={"Content-Type": "text/xml"})
        assert strange.status == 415
        form = await project.ask(
            "POST", "/echo", body=b"text=a+b&n=4", headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert form.json == {"text": "a b", "n": 4}
        packed = await project.ask("POST", "/echo", body=b"x", headers={"Content-Encoding": "gzip"})
        assert packed.status == 415

    live(FILES, body)


def test_a_body_in_pieces_and_in_chunks() -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        data = request("POST", "/echo", json_body={"text": "slow"})
        writer.write(data[:-5])
        await writer.drain()
        await project.ask("GET", "/hello/meanwhile")
        writer.write(data[-5:])
        assert (await read_reply(reader)).json["text"] == "slow"
        chunks = b'5\r\n{"tex\r\nB\r\nt": "more"}\r\n0\r\n\r\n'
        head = b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + chunks)
        assert (await read_reply(reader)).json["text"] == "more"
        writer.close()

    live(FILES, body)


def test_expect_continue() -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        data = request("POST", "/echo", json_body={"text": "x"}, headers={"Expect": "100-continue"})
        head, _, rest = data.partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        assert b"100 Continue" in await reader.readuntil(b"\r\n\r\n")
        writer.write(rest)
        assert (await read_reply(reader)).status == 200
        writer.close()

    live(FILES, body)


def test_too_large_a_body_is_413() -> None:
    async def body(project: Live) -> None:
        large = await project.ask("POST", "/echo", json_body={"text": "x" * 2000})
        assert large.status == 413
        head = b"POST /echo HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: application/json\r\n"
        head += b"Transfer-Encoding: chunked\r\n\r\n"
        answer = await project.raw(head + b"800\r\n" + b"x" * 0x800 + b"\r\n0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413")

    live(FILES, body)


def test_headers_that_are_too_large_are_431() -> None:
    async def body(project: Live) -> None:
        answer = await project.raw(b"GET / HTTP/1.1\r\nHost: t\r\nX: " + b"x" * 20_000 + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 431")
        many = b"".join(b"X-%d: y\r\n" % n for n in range(200))
        assert (await project.raw(b"GET / HTTP/1.1\r\nHost: t\r\n" + many + b"\r\n")).startswith(b"HTTP/1.1 431")

    live(FILES, body)


def test_what_is_no_http_is_400() -> None:
    async def body(project: Live) -> None:
        assert (await project.raw(b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400")
        smuggled = b"POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        assert (await project.raw(smuggled)).startswith(b"HTTP/1.1 400")

    live(FILES, body)


def test_a_private_endpoint_is_401_whatever_the_body() -> None:
    async def body(project: Live) -> None:
        for data in (b"", b"{", b'{"n": 1}', b"x" * 10_000):
            reply = await project.ask("POST", "/private", body=data, headers={"Content-Type": "application/json"})
            assert reply.status == 401
            assert reply.headers["www-authenticate"].startswith("Bearer")

    live(FILES, body)


def test_requests_in_a_row_are_answered_in_order() -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        writer.write(b"".join(request("GET", f"/hello/{n}") for n in range(40)))
        for n in range(40):
            assert (await read_reply(reader)).json == {"message": f"Hello, {n}!"}
        writer.write(request("GET", "/hello/last", headers={"Connection": "close"}))
        assert (await read_reply(reader)).headers["connection"] == "close"
        assert await reader.read() == b""
        writer.close()

    live(FILES, body)


def test_health_and_ready() -> None:
    async def body(project: Live) -> None:
        assert (await project.ask("GET", "/-/health")).json == {"status": "alive"}
        assert (await project.ask("GET", "/-/ready")).json == {"status": "ready"}
        assert (await project.ask("POST", "/-/ready")).status == 405
        assert project.app.server is not None
        project.app.server.draining = True
        assert (await project.ask("GET", "/-/ready")).status == 503

    live(FILES, body)


def test_cors_is_off_until_the_settings_say_otherwise() -> None:
    async def off(project: Live) -> None:
        reply = await project.ask("GET", "/hello/a", headers={"Origin": "https://a.example"})
        assert "access-control-allow-origin" not in reply.headers

    live(FILES, off)

    async def on(project: Live) -> None:
        origin = {"Origin": "https://a.example"}
        reply = await project.ask("GET", "/hello/a", headers=origin)
        assert reply.headers["access-control-allow-origin"] == "https://a.example"
        assert reply.headers["vary"] == "Origin"
        asked = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-key"}
        preflight = await project.ask("OPTIONS", "/echo", headers=asked)
        assert preflight.status == 204
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert preflight.headers["access-control-allow-headers"] == "x-key"
        other = await project.ask("GET", "/hello/a", headers={"Origin": "https://b.example"})
        assert "access-control-allow-origin" not in other.headers

    live({**FILES, "penstock.yaml": "cors: {origins: ['https://a.example']}\n"}, on)


def test_slow_headers_are_closed_after_their_time() -> None:
    async def body(project: Live) -> None:
        server = project.app.server
        assert server is not None
        reader, writer = await project.connect()
        writer.write(b"GET /hello/a HTTP/1.1\r\nHost")
        await project.ask("GET", "/hello/b")
        late = server.now() + 16
        for connection in list(server.connections):
            connection.sweep(late)
        assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"HTTP/1.1 408")
        writer.close()

    live(FILES, body)
