"""Answers: streams, files, headers, CORS and errors, in the hands of those who would break them."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.support import Live, live, read_reply, request

PUBLIC = "security: {access: public}\n"


def endpoint(route: str, steps: str, more: str = "") -> str:
    return f"endpoint: {route}\n{PUBLIC}{more}steps:\n{steps}"


EVENTS = endpoint("GET /events", '  - foreach: [1, 2]\n    do:\n      - stream: "{{ item }}"\n')
ONE = b"GET /events HTTP/1.1\r\nHost: t\r\n\r\n"


def test_head_on_a_stream_has_no_body_and_keeps_the_connection() -> None:
    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        writer.write(ONE.replace(b"GET", b"HEAD") + ONE)
        head = await read_reply(reader, "HEAD")
        assert (head.status, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert (await read_reply(reader)).text == "data: 1\n\ndata: 2\n\n"
        writer.close()

    live({"events.yaml": EVENTS}, body)


def test_a_stream_for_http_1_0_ends_with_its_connection() -> None:
    async def body(project: Live) -> None:
        answer = await project.raw(ONE.replace(b"1.1", b"1.0"))
        head, _, rest = answer.partition(b"\r\n\r\n")
        assert b"chunked" not in head
        assert b"Connection: close" in head
        assert rest == b"data: 1\n\ndata: 2\n\n"

    live({"events.yaml": EVENTS}, body)


@pytest.mark.parametrize(("last", "more"), [("  - fail: no\n", ""), ("  - wait: 1h\n", "timeout: 30ms\n")])
def test_a_stream_that_fails_is_cut_off(last: str, more: str) -> None:
    async def body(project: Live) -> None:
        answer = await project.raw(ONE)
        assert answer.count(b"HTTP/1.1") == 1
        assert b"data: a" in answer
        assert not answer.endswith(b"0\r\n\r\n")
        await project.app.history.flush()

    live({"events.yaml": endpoint("GET /events", "  - stream: a\n" + last, more)}, body)


def test_a_client_that_leaves_its_stream_does_not_stop_the_run() -> None:
    steps = "  - stream: a\n  - wait: 30ms\n  - stream: b\n  - log: done\n"

    async def body(project: Live) -> None:
        said: list[str] = []
        project.app.snapshot.world.log = lambda level, message, data: said.append(message)
        reader, writer = await project.connect()
        writer.write(ONE)
        await reader.readuntil(b"data: a")
        writer.transport.abort()
        assert project.app.server is not None
        await project.app.server.idle.wait()
        assert said == ["done"]

    live({"events.yaml": endpoint("GET /events", steps)}, body)


def test_a_failure_after_the_answer_is_only_in_the_history() -> None:
    steps = "  - respond: first\n    continues: true\n  - wait: 5ms\n  - fail: no\n"

    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        for _ in range(2):
            writer.write(request("GET", "/go"))
            assert (await read_reply(reader)).json == "first"
        assert project.app.server is not None
        await project.app.server.idle.wait()
        writer.write(request("GET", "/go"))
        assert (await read_reply(reader)).status == 200
        writer.close()

    live({"go.yaml": endpoint("GET /go", steps)}, body)


FILE = endpoint("GET /file/{name:path}", '  - respond:\n    file: "{{ params.name }}"\n')
LATER = endpoint("GET /later", "  - respond:\n    file: data/a.json\n    continues: true\n  - wait: 5ms\n")


def test_files_inside_the_project_only() -> None:
    async def body(project: Live) -> None:
        root = project.root
        (root / "large.bin").write_bytes(os.urandom(1_500_000))
        (root / ".hidden").write_text("secret")
        (root / ".penstock").mkdir(exist_ok=True)
        (root / ".penstock" / "key").write_text("secret")
        (root / "outside").symlink_to("/etc/passwd")
        (root / "folder").symlink_to("/etc")
        (root / "inner").symlink_to(root / ".hidden")
        (root / "loop").symlink_to(root / "loop")
        os.mkfifo(root / "pipe")
        (root / "empty.txt").touch()
        names = ["outside", "folder/passwd", "inner", "loop", "pipe", ".hidden", ".penstock/key", "data", "none"]
        names += ["data/../.hidden", "a%00b", "x" * 300, "%2e%2e/%2e%2e/etc/passwd", "%2Fetc%2Fpasswd"]
        for name in names:
            reply = await project.ask("GET", f"/file/{name}")
            assert (reply.status, reply.json["code"]) == (404, "not_found"), name
        large = await project.ask("GET", "/file/large.bin")
        assert large.body == (root / "large.bin").read_bytes()
        assert large.headers["content-type"] == "application/octet-stream"
        head = await project.ask("HEAD", "/file/large.bin")
        assert (head.status, head.headers["content-length"], head.body) == (200, "1500000", b"")
        empty = await project.ask("GET", "/file/empty.txt")
        assert (empty.status, empty.body) == (200, b"")
        reader, writer = await project.connect()
        for _ in range(2):
            writer.write(request("GET", "/later") + request("GET", "/file/data/a.json") + request("HEAD", "/later"))
        for _ in range(2):
            assert (await read_reply(reader)).json == {"a": 1}
            assert (await read_reply(reader)).json == {"a": 1}
            assert (await read_reply(reader, "HEAD")).headers["content-length"] == "8"
        writer.close()

    live({"file.yaml": FILE, "later.yaml": LATER, "data/a.json": '{"a": 1}'}, body)


def test_a_file_that_shrinks_while_it_is_sent_closes_the_connection() -> None:
    async def body(project: Live) -> None:
        file = project.root / "large.bin"
        file.write_bytes(b"x" * 30_000_000)
        reader, writer = await project.connect()
        writer.write(request("GET", "/file/large.bin"))
        await reader.readuntil(b"\r\n\r\n")
        os.truncate(file, 1000)
        assert len(await asyncio.wait_for(reader.read(), 10)) < 30_000_000
        assert (await project.ask("GET", "/file/large.bin")).headers["content-length"] == "1000"
        writer.close()

    live({"file.yaml": FILE}, body)


HOSTILE = "a\r\nX-Evil: 1\r\n\r\n<html>"
PLACES = {
    "header": 'respond: x\n    headers: {X-A: "{{ params.v }}"}',
    "type": 'respond: x\n    content_type: "{{ params.v }}"',
    "away": 'respond:\n    redirect: "{{ params.v }}"',
    "cookie": 'respond: x\n    cookies: {a: {value: "{{ params.v }}"}}',
    "path": 'respond: x\n    cookies: {a: {value: b, path: "{{ params.v }}"}}',
    "tag": 'respond: x\n    etag: "{{ params.v }}"',
    "fail": 'fail: "{{ params.v }}"',
}


@pytest.mark.parametrize("value", [HOSTILE, "a\nX-Evil: 1", "a\rX-Evil: 1", "a\x00b", "é€\u2028", "\ud7ff" * 9000])
def test_no_answer_is_split(value: str) -> None:
    files = {
        f"{name}.yaml": endpoint(f"POST /{name}", f"  - {step}\n", "params: {v: string}\n")
        for name, step in PLACES.items()
    }
    files["all.yaml"] = endpoint(
        "POST /all", "  - respond: x\n", 'params: {v: string}\nheaders: {X-V: "{{ params.v }}"}\n'
    )
    files["shape.yaml"] = endpoint(
        "POST /shape",
        '  - fail: "{{ params.v }}"\n',
        'params: {v: string}\nerrors: {content_type: "{{ error.message }}", headers: {X-M: "{{ error.message }}"}}\n',
    )

    async def body(project: Live) -> None:
        for name in [*PLACES, "all", "shape"]:
            reply = await project.ask("POST", f"/{name}", json_body={"v": value})
            assert "x-evil" not in reply.headers, name
            assert reply.status in (200, 302, 400, 500), (name, reply)
            for _, text in reply.raw_headers:
                assert not set(text) & {"\r", "\n", "\x00"}, name

    live(files, body)


def test_an_error_shape_that_fails_gives_the_plain_form() -> None:
    settings = 'errors: {body: {x: "{{ error.details.nothing.there }}"}}\n'

    async def body(project: Live) -> None:
        reply = await project.ask("GET", "/fail")
        assert (reply.status, reply.headers["content-type"]) == (409, "application/problem+json")
        assert reply.json["code"] == "conflict"

    live({"fail.yaml": endpoint("GET /fail", "  - fail: no\n    status: 409\n"), "penstock.yaml": settings}, body)


def test_errors_of_the_settings_shape_what_no_endpoint_takes() -> None:
    settings = 'errors: {body: {wrong: "{{ error.code }}", s: "{{ error.status }}"}, status: {not_found: 410}}\n'

    async def body(project: Live) -> None:
        missing = await project.ask("GET", "/nothing")
        assert (missing.status, missing.json) == (410, {"wrong": "not_found", "s": 410})
        wrong = await project.ask("POST", "/fail")
        assert (wrong.status, wrong.json["wrong"]) == (405, "method_not_allowed")
        assert wrong.headers["allow"] == "GET, HEAD, OPTIONS"
        head = await project.ask("HEAD", "/nothing")
        assert (head.status, head.body) == (410, b"")

    live({"fail.yaml": endpoint("GET /fail", "  - fail: no\n"), "penstock.yaml": settings}, body)


def test_answers_without_a_body_keep_the_connection_in_step() -> None:
    files = {
        "none.yaml": endpoint("GET /none", "  - respond: {a: 1}\n    status: 204\n"),
        "tag.yaml": endpoint("GET /tag", "  - respond: x\n    etag: v\n"),
        "odd.yaml": endpoint("GET /odd/{s:int}", '  - respond: x\n    status: "{{ params.s }}"\n'),
    }

    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        for path, headers, status in (
            ("/none", {}, 204),
            ("/tag", {"If-None-Match": '"v"'}, 304),
            ("/odd/304", {}, 304),
            ("/odd/100", {}, 500),
            ("/odd/999", {}, 500),
            ("/odd/299", {}, 299),
        ):
            for method in ("GET", "HEAD"):
                writer.write(request(method, path, headers=headers))
                assert (await read_reply(reader, method)).status == status
        writer.close()

    live(files, body)


ORIGIN = {"Origin": "https://a.example"}
ASKED = {**ORIGIN, "Access-Control-Request-Method": "POST"}
PRIVATE = "endpoint: POST /private\nsteps:\n  - respond: x\n"


def test_cors_with_credentials() -> None:
    settings = "cors: {origins: ['https://a.example', 'https://b.example'], credentials: true, max_age: 0s}\n"

    async def body(project: Live) -> None:
        preflight = await project.ask("OPTIONS", "/private", headers=ASKED)
        assert preflight.status == 204
        assert preflight.headers["access-control-allow-origin"] == "https://a.example"
        assert preflight.headers["access-control-allow-credentials"] == "true"
        assert preflight.headers["access-control-max-age"] == "0"
        names = [name for name, _ in preflight.raw_headers]
        assert names.count("access-control-allow-origin") == 1
        refused = await project.ask("POST", "/private", headers=ORIGIN)
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, "https://a.example")
        for origin in ("https://c.example", "null", "https://a.example.evil", "HTTPS://A.EXAMPLE"):
            other = await project.ask("POST", "/private", headers={"Origin": origin})
            assert "access-control-allow-origin" not in other.headers
            assert "access-control-allow-credentials" not in other.headers
            assert other.headers["vary"] == "Origin"
            asked = await project.ask("OPTIONS", "/private", headers={**ASKED, "Origin": origin})
            assert not any(name.startswith("access-control") for name in asked.headers)
        assert (await project.ask("GET", "/nothing")).headers["vary"] == "Origin"

    live({"private.yaml": PRIVATE, "penstock.yaml": settings}, body)


def test_cors_for_all_is_without_credentials() -> None:
    async def body(project: Live) -> None:
        reply = await project.ask("POST", "/private", headers=ORIGIN)
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in reply.headers
        assert (await project.ask("GET", "/file/nothing", headers=ORIGIN)).headers["access-control-allow-origin"] == "*"
        assert (await project.ask("GET", "/events", headers=ORIGIN)).headers["access-control-allow-origin"] == "*"

    files = {"private.yaml": PRIVATE, "file.yaml": FILE, "events.yaml": EVENTS}
    live({**files, "penstock.yaml": "cors: {origins: ['*']}\n"}, body)


def test_an_unreadable_file_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: str = "r", *rest: object, **more: object) -> object:
        raise PermissionError(13, "Permission denied")

    async def body(project: Live) -> None:
        (project.root / "a.bin").write_bytes(b"x")
        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", refuse)
            reply = await project.ask("GET", "/file/a.bin")
        assert reply.status == 404

    live({"file.yaml": FILE}, body)


@pytest.mark.parametrize("more", ["signature: {scheme: github, secret: HOOK}", "roles: {any: [staff]}"])
def test_a_public_endpoint_that_asks_for_more_is_closed_while_nobody_can_show_it(more: str) -> None:
    async def body(project: Live) -> None:
        assert (await project.ask("GET", "/a")).status == 401
        assert (await project.ask("GET", "/below")).status == 401

    asked = f"security: {{access: public, {more}}}\n"
    files = {
        "a.yaml": f"endpoint: GET /a\n{asked}steps: [{{respond: in}}]\n",
        "workflows.d/below/defaults.yaml": f"defaults: below\nsecurity: {{{more}}}\n",
        "workflows.d/below/b.yaml": endpoint("GET /below", "  - respond: in\n"),
    }
    live(files, body, environ={"PENSTOCK_SECRET_HOOK": "abcdefgh"})
