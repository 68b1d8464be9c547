"""Runs: answers before the end, streams, limits, clients that leave, a graceful stop, errors."""

import asyncio

from tests.support import Live, live, read_reply, request


def endpoint(route: str, steps: str, more: str = "") -> str:
    return f"endpoint: {route}\nsecurity: {{access: public}}\n{more}steps:\n{steps}"


SLOW = endpoint("GET /slow", "  - wait: 200ms\n  - respond: slow\n")


def test_continues_answers_first() -> None:
    steps = "  - respond: first\n    continues: true\n  - wait: 100ms\n  - id: after\n    wait: 1ms\n"

    async def body(project: Live) -> None:
        reader, writer = await project.connect()
        writer.write(request("GET", "/go") * 2)
        assert (await read_reply(reader)).json == "first"
        assert project.app.server is not None
        assert len(project.app.server.active) >= 1
        assert (await read_reply(reader)).json == "first"
        await project.app.server.idle.wait()
        writer.close()

    live({"go.yaml": endpoint("GET /go", steps)}, body)


def test_stream_sends_events() -> None:
    steps = '  - foreach: [1, 2]\n    do:\n      - stream: {n: "{{ item }}"}\n  - stream: "a\\nb"\n    event: last\n'

    async def body(project: Live) -> None:
        reply = await project.ask("GET", "/events")
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert reply.text == 'data: {"n":1}\n\ndata: {"n":2}\n\nevent: last\ndata: a\ndata: b\n\n'

    live({"events.yaml": endpoint("GET /events", steps)}, body)


def test_a_client_that_leaves_does_not_stop_its_run() -> None:
    async def body(project: Live) -> None:
        _, writer = await project.connect()
        writer.write(request("GET", "/slow"))
        await writer.drain()
        server = project.app.server
        assert server is not None
        while not server.active:
            await asyncio.sleep(0)
        writer.transport.abort()
        record = next(iter(server.active)).run.record
        await server.idle.wait()
        assert record.status == "ok"
        assert record.http_status == 200

    live({"slow.yaml": SLOW}, body)


def test_more_runs_than_allowed_are_queued_then_refused() -> None:
    settings = "limits: {concurrency: 1, queue: 1}\n"

    async def body(project: Live) -> None:
        replies = await asyncio.gather(*(project.ask("GET", "/slow") for _ in range(4)))
        assert sorted(reply.status for reply in replies) == [200, 200, 503, 503]
        refused = next(reply for reply in replies if reply.status == 503)
        assert refused.headers["retry-after"] == "1"
        assert refused.json["code"] == "overloaded"

    live({"slow.yaml": SLOW, "penstock.yaml": settings}, body)


def test_a_run_that_takes_too_long_is_504() -> None:
    async def body(project: Live) -> None:
        reply = await project.ask("GET", "/long")
        assert reply.status == 504
        assert reply.json["code"] == "timeout"

    live({"long.yaml": endpoint("GET /long", "  - wait: 1h\n  - respond: x\n", "timeout: 50ms\n")}, body)


def test_a_step_timeout_and_retry() -> None:
    steps = "  - wait: 1h\n    timeout: 10ms\n    retry: {times: 2, delay: 1ms}\n  - respond: x\n"

    async def body(project: Live) -> None:
        reply = await project.ask("GET", "/step")
        assert reply.status == 504
        await project.app.history.flush()

    live({"step.yaml": endpoint("GET /step", steps)}, body)


def test_a_graceful_stop_lets_runs_finish() -> None:
    async def body(project: Live) -> None:
        server = project.app.server
        assert server is not None
        asked = asyncio.ensure_future(project.ask("GET", "/slow"))
        idle, writer = await project.connect()
        while not server.active:
            await asyncio.sleep(0)
        assert await server.drain(5)
        assert (await asked).json == "slow"
        assert await idle.read() == b""
        writer.close()

    live({"slow.yaml": SLOW}, body)


def test_failures_are_problem_json() -> None:
    files = {
        "fail.yaml": endpoint("GET /fail", "  - fail: No stock left\n    status: 409\n    details: {left: 0}\n"),
        "require.yaml": endpoint("GET /require", "  - require: 1 > 2\n  - respond: x\n"),
        "broken.yaml": endpoint("GET /broken", "  - respond: \"{{ 1 + 'a' }}\"\n"),
        "given.yaml": endpoint("POST /given", '  - respond: "{{ params.data.missing }}"\n', "params: {data: any}\n"),
    }

    async def body(project: Live) -> None:
        fail = await project.ask("GET", "/fail")
        assert fail.status == 409
        assert fail.headers["content-type"] == "application/problem+json"
        assert fail.json["code"] == "conflict"
        assert fail.json["detail"] == "No stock left"
        assert fail.json["details"] == {"left": 0}
        assert fail.json["title"]
        assert fail.json["type"]
        assert (await project.ask("GET", "/require")).status == 403
        broken = await project.ask("GET", "/broken")
        assert broken.status == 500
        assert broken.json["code"] == "internal"
        assert set(broken.json) == {"type", "title", "status", "detail", "code", "run_id"}
        given = await project.ask("POST", "/given", json_body={"data": {}})
        assert given.status == 500
        assert given.json["code"] == "internal"

    live(files, body)


def test_errors_can_be_reshaped() -> None:
    settings = (
        'errors:\n  body: {errors: "{{ error.fields or error.details }}"}\n  status: {invalid_params: 400}\n'
        '  messages: {required: "can\'t be blank"}\n'
    )
    steps = endpoint("POST /x", "  - respond: {}\n", "params: {name: string}\n")

    async def body(project: Live) -> None:
        reply = await project.ask("POST", "/x", json_body={})
        assert reply.status == 400
        assert reply.json == {"errors": {"name": ["can't be blank"]}}

    live({"x.yaml": steps, "penstock.yaml": settings}, body)


def test_middleware_runs_in_order_and_gives_results() -> None:
    files = {
        "key.yaml": (
            "middleware: key\nparams: {key: {in: header, name: X-Key}}\nsteps:\n"
            "  - require: params.key == 'open'\n    status: 401\n  - return: {who: Ada}\nheaders: {X-Who: \"{{ params.key }}\"}\n"
        ),
        "me.yaml": (
            "endpoint: GET /me\nsecurity: {access: public, middleware: [key]}\nparams: {n: integer}\nsteps:\n"
            '  - respond: "{{ middleware.key.who }}"\n'
        ),
    }

    async def body(project: Live) -> None:
        missing = await project.ask("GET", "/me")
        assert missing.status == 422
        assert [entry["name"] for entry in missing.json["errors"]] == ["X-Key"]
        assert (await project.ask("GET", "/me?n=x", headers={"X-Key": "shut"})).status == 401
        wrong = await project.ask("GET", "/me?n=x", headers={"X-Key": "open"})
        assert wrong.status == 422
        assert wrong.headers["x-who"] == "open"
        good = await project.ask("GET", "/me?n=1", headers={"X-Key": "open"})
        assert good.json == "Ada"
        assert good.headers["x-who"] == "open"

    live(files, body)


def test_answers_of_all_kinds() -> None:
    files = {
        "text.yaml": endpoint("GET /text", "  - respond: héllo\n    content_type: text/plain\n"),
        "none.yaml": endpoint("GET /none", "  - respond:\n    status: 201\n    headers: {X-A: b, X-None: null}\n"),
        "null.yaml": endpoint("GET /null", '  - respond: "{{ none }}"\n'),
        "silent.yaml": endpoint("GET /silent", "  - log: nothing\n"),
        "away.yaml": endpoint("GET /away", "  - respond:\n    redirect: /text\n"),
        "tag.yaml": endpoint("GET /tag", "  - respond: x\n    etag: v1\n"),
        "cookie.yaml": endpoint("GET /cookie", "  - respond: x\n    cookies: {a: {value: b, max_age: 60}}\n"),
        "file.yaml": endpoint("GET /file/{name:path}", '  - respond:\n    file: "data/{{ params.name }}"\n'),
        "page.yaml": endpoint("GET /page", "  - respond: {name: '<b>'}\n    template: page.html\n"),
        "templates/page.html": "<p>{{ name }}</p>",
        "data/a.json": '{"a": 1}',
    }

    async def body(project: Live) -> None:
        text = await project.ask("GET", "/text")
        assert text.text == "héllo"
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
        none = await project.ask("GET", "/none")
        assert none.status == 201
        assert none.body == b""
        assert none.headers["x-a"] == "b"
        assert "x-none" not in none.headers
        assert (await project.ask("GET", "/null")).body == b"null"
        assert (await project.ask("GET", "/silent")).status == 204
        away = await project.ask("GET", "/away")
        assert (away.status, away.headers["location"]) == (302, "/text")
        assert (await project.ask("GET", "/tag")).headers["etag"] == '"v1"'
        assert (await project.ask("GET", "/tag", headers={"If-None-Match": 'W/"v1"'})).status == 304
        assert (await project.ask("GET", "/cookie")).headers["set-cookie"] == (
            "a=b; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax"
        )
        file = await project.ask("GET", "/file/a.json")
        assert file.json == {"a": 1}
        assert file.headers["content-type"] == "application/json"
        assert (await project.ask("GET", "/file/../penstock.yaml")).status == 404
        assert (await project.ask("GET", "/file/..%2F..%2F..%2Fetc/passwd")).status == 404
        page = await project.ask("GET", "/page")
        assert page.text == "<p>&lt;b&gt;</p>"
        assert page.headers["content-type"] == "text/html; charset=utf-8"

    live(files, body)


def test_undo_runs_backwards_when_a_later_step_fails() -> None:
    steps = "  - set: {a: 1}\n    undo: [{log: undone a}]\n  - set: {b: 1}\n    undo: [{log: undone b}]\n  - fail: no\n"

    async def body(project: Live) -> None:
        said: list[str] = []
        project.app.snapshot.world.log = lambda level, message, data: said.append(message)
        assert (await project.ask("GET", "/saga")).status == 400
        assert said == ["undone b", "undone a"]

    live({"saga.yaml": endpoint("GET /saga", steps)}, body)


def test_what_an_upstream_said_stays_inside() -> None:
    steps = "  - fail: http://10.0.0.1 answered 500\n    code: upstream_failed\n    status: 502\n    details: {text: internal}\n"

    async def body(project: Live) -> None:
        reply = await project.ask("GET", "/up")
        assert reply.status == 502
        assert reply.json["code"] == "upstream_failed"
        assert b"10.0.0.1" not in reply.body
        assert b"internal" not in reply.body

    live({"up.yaml": endpoint("GET /up", steps)}, body)


def test_every_401_says_how_to_sign_in() -> None:
    async def body(project: Live) -> None:
        reply = await project.ask("GET", "/no")
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == "Bearer"

    live({"no.yaml": endpoint("GET /no", "  - require: 1 > 2\n    status: 401\n  - respond: x\n")}, body)
