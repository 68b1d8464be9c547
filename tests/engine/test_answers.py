"""Answers: what respond, stream, precondition and headers send."""

from collections.abc import Mapping

from tests.support import Live, Reply, live

Ask = Mapping[str, str]
PUBLIC = "security: {access: public}\n"


def get(
    steps: str,
    *,
    headers: Ask | None = None,
    more: str = "",
    files: Mapping[str, str] | None = None,
    target: str = "/x",
    method: str = "GET",
) -> Reply:
    """The answer of an endpoint `GET /x` with these steps."""
    found: list[Reply] = []

    async def body(project: Live) -> None:
        found.append(await project.ask(method, target, headers=headers))

    live(
        {"x.yaml": f"endpoint: GET /x\n{more}{'' if 'security' in more else PUBLIC}steps:\n{steps}\n", **(files or {})},
        body,
    )
    return found[0]


def test_a_written_null_has_no_body_and_a_binding_that_gives_null_has() -> None:
    for steps in ("- respond:", "- respond: null", "- respond: ~"):
        reply = get(steps)
        assert (reply.status, reply.body) == (200, b"")
        assert "content-type" not in reply.headers
    reply = get('- respond: "{{ none }}"')
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"null", "application/json")


def test_bodies_by_content_type() -> None:
    def sent(value: str, content_type: str) -> tuple[bytes, str]:
        reply = get(f"- respond: {value}\n  content_type: {content_type}")
        return reply.body, reply.headers["content-type"]

    assert sent("hé", "application/json") == ('"hé"'.encode(), "application/json")
    assert sent("hé", "application/scim+json") == ('"hé"'.encode(), "application/scim+json")
    assert sent("hé", "text/plain") == ("hé".encode(), "text/plain; charset=utf-8")
    assert sent("'{\"a\": 1}'", "application/xml") == (b'{"a": 1}', "application/xml")
    assert sent("7", "text/plain") == (b"7", "text/plain; charset=utf-8")
    assert sent("\"{{ decimal('0.10') }}\"", "text/plain") == (b"0.10", "text/plain; charset=utf-8")
    assert sent("\"{{ 'a' | encode }}\"", "application/json") == (b"a", "application/json")
    assert sent("\"{{ 'a' | encode }}\"", "image/png") == (b"a", "image/png")
    assert sent("[1, a]", "text/csv") == (b'[1,"a"]', "text/csv; charset=utf-8")


def test_bytes_have_a_type_of_their_own() -> None:
    reply = get("- respond: \"{{ 'a' | encode }}\"")
    assert (reply.body, reply.headers["content-type"]) == (b"a", "application/octet-stream")


def test_statuses() -> None:
    assert get("- respond: {a: 1}\n  status: 204").body == b""
    assert get('- respond: {a: 1}\n  status: "{{ 200 + 1 }}"').status == 201
    assert get("- log: nothing").status == 204
    assert get('- respond: {a: 1}\n  status: "{{ 999 }}"').status == 500
    assert get('- respond: {a: 1}\n  status: "{{ 100 }}"').status == 500


def test_headers_of_an_answer() -> None:
    reply = get(
        '- respond: x\n  headers: {X-Null: "{{ none }}", X-None: null, X-Number: 3, X-True: true, X-List: [a, "{{ 1 + 1 }}"], Location: /é}'
    )
    assert [(name, value) for name, value in reply.raw_headers if name.startswith("x-")] == [
        ("x-number", "3"),
        ("x-true", "true"),
        ("x-list", "a"),
        ("x-list", "2"),
    ]
    for value in ("\"{{ {1: 2} | json ~ '\\n' }}\"", '{a: "{{ 1 }}"}', "\"{{ 'x' | encode }}\""):
        assert get(f"- respond: x\n  headers: {{X-Bad: {value}}}").status == 500


def test_no_header_can_be_smuggled_through_a_content_type() -> None:
    files: dict[str, str] = {}
    for value in ("a/b\\r\\nX-Evil: 1", "a/b; é→"):
        for more, steps in (
            (
                'params: {t: {type: string, default: "' + value + '"}}\n',
                '- respond: x\n  content_type: "{{ params.t }}"',
            ),
            ('params: {t: {type: string, default: "' + value + '"}}\ncontent_type: "{{ params.t }}"\n', "- respond: x"),
        ):
            reply = get(steps, more=more, files=files)
            assert reply.status == 500
            assert "x-evil" not in reply.headers


def test_the_nearest_content_type_wins() -> None:
    files = {"penstock.yaml": "content_type: text/settings\n"}
    assert get("- respond: x", files=files).headers["content-type"] == "text/settings; charset=utf-8"
    files |= {
        "defaults.yaml": "defaults: all\ncontent_type: text/defaults\n",
        "m.yaml": "middleware: m\ncontent_type: text/middleware\nsteps: [{log: x}]\n",
    }
    chain = "security: {access: public, middleware: [m]}\n"

    def kind(steps: str, more: str = "") -> str:
        return get(steps, more=more, files=files).headers["content-type"].split(";")[0]

    assert kind("- respond: x") == "text/defaults"
    assert kind("- respond: x", "content_type: text/endpoint\n") == "text/endpoint"
    assert kind("- respond: x", f"content_type: text/endpoint\n{chain}") == "text/middleware"
    assert kind("- respond: x\n  content_type: text/respond", f"content_type: text/endpoint\n{chain}") == "text/respond"


def test_a_content_type_among_the_headers_is_sent_once() -> None:
    reply = get("- respond: x", more="headers: {Content-Type: text/csv}\n")
    assert [value for name, value in reply.raw_headers if name == "content-type"] == ["text/csv; charset=utf-8"]
    assert reply.text == "x"


def test_headers_of_endpoint_middleware_defaults_and_settings_are_on_every_answer() -> None:
    files = {
        "penstock.yaml": "headers: {X-Settings: s, X-Same: settings}\n",
        "defaults.yaml": "defaults: all\nheaders: {X-Defaults: d, X-Same: defaults}\n",
        "m.yaml": "middleware: m\nheaders: {X-Middleware: m, X-Late: '{{ steps.late }}', X-Same: middleware}\nsteps:\n"
        "  - fail: no\n    status: 404\n    when: request.query.stop is defined\n  - {id: late, foreach: [1], collect: '{{ item }}'}\n",
    }
    more = "params: {n: {type: integer, default: 1}}\nheaders: {X-Endpoint: '{{ params.n }}', X-List: [a, b]}\nsecurity: {access: public, middleware: [m]}\n"
    more = more.replace(", X-List: [a, b]", "")
    for target, status in (("/x", 200), ("/x?n=no", 422), ("/x?stop=1", 404), ("/x?n=0", 500)):
        reply = get("- respond: '{{ 1 / params.n }}'", more=more, files=files, target=target)
        assert reply.status == status
        shown = {name: value for name, value in reply.headers.items() if name.startswith("x-")}
        assert shown["x-settings"] == "s"
        assert shown["x-defaults"] == "d"
        assert shown["x-middleware"] == "m"
        assert shown["x-same"] == "middleware"
        assert ("x-endpoint" in shown) == (status in (200, 500))
    reply = get("- respond: x", more=more, files=files, target="/nowhere")
    assert (reply.status, reply.headers["x-settings"]) == (404, "s")


def test_redirects() -> None:
    reply = get("- respond:\n  redirect: /é?a=→")
    assert (reply.status, reply.headers["location"], reply.body) == (302, "/%C3%A9?a=%E2%86%92", b"")
    assert get("- respond:\n  redirect: /a\n  status: 303").status == 303
    assert get("- respond:\n  redirect: \"{{ '/a\\n' }}\"").status == 500


def test_templates_are_escaped() -> None:
    files = {"templates/p.html": "<b>{{ name }}</b>"}
    reply = get("- respond: {name: '<i>'}\n  template: p.html", files=files)
    assert (reply.text, reply.headers["content-type"]) == ("<b>&lt;i&gt;</b>", "text/html; charset=utf-8")


def test_entity_tags() -> None:
    def asked(steps: str, **headers: str) -> int:
        return get(steps, headers={name.replace("_", "-"): value for name, value in headers.items()}).status

    steps = "- respond: x\n  etag: a b\n"
    assert get(steps).headers["etag"] == '"a b"'
    assert asked(steps, If_None_Match='"a b"') == 304
    assert asked(steps, If_None_Match='W/"a b"') == 304
    assert asked(steps, If_None_Match=', "z" ,, "a b",') == 304
    assert asked(steps, If_None_Match="*") == 304
    assert asked(steps, If_None_Match='"z"') == 200
    assert asked(steps, If_None_Match="a b") == 200
    assert asked('- respond: x\n  etag: "{{ 7 }}"', If_None_Match='"7"') == 304
    steps = "- respond: x\n  last_modified: \"{{ '2026-01-01T00:00:00.5Z' | datetime }}\""
    assert get(steps).headers["last-modified"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    assert asked(steps, If_Modified_Since="Thu, 01 Jan 2026 00:00:00 GMT") == 304
    assert asked(steps, If_Modified_Since="Wed, 31 Dec 2025 00:00:00 GMT") == 200
    assert asked(steps, If_Modified_Since="nonsense") == 200
    assert asked(steps, If_Modified_Since="Thu, 01 Jan 2026 00:00:00 GMT", If_None_Match='"a"') == 200
    steps = "- respond: x\n  last_modified: 2026-01-01T00:00:00Z"
    assert get(steps).headers["last-modified"] == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_preconditions() -> None:
    def asked(tag: str, rest: str = "", **headers: str) -> tuple[int, str]:
        steps = f"- precondition: {tag}{rest}\n- respond: ok"
        reply = get(steps, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return reply.status, reply.json["code"] if reply.status >= 400 else ""

    failed = (412, "precondition_failed")
    assert asked("v1") == (200, "")
    assert asked("v1", "\n  required: true") == (428, "precondition_required")
    assert asked("v1", If_Match='"v1"') == (200, "")
    assert asked("v1", If_Match='"v0", "v1"') == (200, "")
    assert asked("v1", If_Match="*") == (200, "")
    assert asked("v1", If_Match='W/"v1"') == failed
    assert asked("v1", If_Match='"v2"') == failed
    assert asked("v1", If_Match="v1") == failed
    assert asked('"{{ none }}"', If_Match="*") == failed
    assert asked('"{{ none }}"', If_None_Match="*") == (200, "")
    assert asked("v1", If_None_Match="*") == (304, "")
    assert asked("v1", If_None_Match='W/"v1"') == (304, "")
    assert asked('"{{ 3 }}"', If_Match='"3"') == (200, "")
    assert asked("'W/\"v1\"'", If_Match='W/"v1"') == failed


def test_conditions_in_several_lines_are_one_list() -> None:
    async def body(project: Live) -> None:
        data = await project.raw(
            b'GET /x HTTP/1.1\r\nHost: t\r\nIf-Match: "a"\r\nIf-Match: "b"\r\nConnection: close\r\n\r\n'
        )
        assert data.startswith(b"HTTP/1.1 200")

    live({"x.yaml": f"endpoint: GET /x\n{PUBLIC}steps:\n- precondition: b\n- respond: ok\n"}, body)


def test_streamed_values() -> None:
    steps = (
        '- stream: {n: 1}\n- stream: |-\n    a\n    b\n  event: two\n- stream: 3\n- stream: "{{ none }}"\n- stream: [x]'
    )
    reply = get(steps)
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert reply.text == 'data: {"n":1}\n\nevent: two\ndata: a\ndata: b\n\ndata: 3\n\ndata: null\n\ndata: ["x"]\n\n'


def test_errors_are_reshaped_by_the_nearest() -> None:
    files = {
        "penstock.yaml": "errors:\n  status: {invalid_params: 400, internal: 503}\n  messages: {required: settings, type: settings}\n"
        "  body: {at: settings, code: '{{ error.code }}', message: '{{ error.message }}', fields: '{{ error.fields }}'}\n",
        "defaults.yaml": "defaults: all\nerrors: {messages: {type: defaults}, headers: {X-Error: '{{ error.code }}'}}\n",
    }
    more = "params: {a: integer, b: integer}\n"
    reply = get("- respond: '{{ 1 / params.a }}'", more=more, files=files, target="/x?b=no")
    assert (reply.status, reply.headers["x-error"]) == (400, "invalid_params")
    assert reply.json["fields"] == {"a": ["settings"], "b": ["defaults"]}
    reply = get("- respond: '{{ 1 / params.a }}'", more=more, files=files, target="/x?a=0&b=1")
    assert (reply.status, reply.json["code"]) == (503, "internal")
    assert "zero" not in reply.text
    reply = get(
        "- respond: '{{ params.nothing }}'".replace("params.nothing", "request.query.c"),
        more=more + "errors: {content_type: application/vnd.x+json}\n",
        files=files,
        target="/x?a=0&b=1",
    )
    assert (reply.status, reply.json["code"], reply.headers["content-type"]) == (
        503,
        "internal",
        "application/vnd.x+json",
    )


def test_headers_alone_leave_the_plain_form() -> None:
    more = "errors: {headers: {X-Code: '{{ error.code }}'}}\n"
    reply = get("- fail: no\n  status: 409\n  headers: {X-Bad: \"{{ 'a\\nX-Evil: 1' }}\", X-Good: 1}", more=more)
    assert reply.headers["content-type"] == "application/problem+json"
    assert (reply.json["detail"], reply.headers["x-code"], reply.headers["x-good"]) == ("no", "conflict", "1")
    assert "x-evil" not in reply.headers


def test_headers_of_an_endpoint_are_on_its_401_too() -> None:
    reply = get("- respond: x", more="security: {access: authenticated}\nheaders: {X-E: '1'}\n")
    assert (reply.status, reply.headers["x-e"]) == (401, "1")


def test_headers_of_an_endpoint_are_on_the_404_of_a_file_too() -> None:
    reply = get(
        "- respond:\n  file: data/none.txt",
        more="headers: {X-E: '1'}\n",
        files={"penstock.yaml": "headers: {X-S: s}\n"},
    )
    assert (reply.status, reply.headers["x-e"], reply.headers["x-s"]) == (404, "1", "s")


def test_an_error_form_that_fails_gives_the_plain_one() -> None:
    more = "errors: {body: {a: '{{ error.details.missing }}'}}\n"
    reply = get("- fail: no\n  status: 409", more=more)
    assert (reply.status, reply.headers["content-type"]) == (409, "application/problem+json")


def test_codes_and_statuses_of_require_and_fail() -> None:
    def told(steps: str) -> tuple[int, str]:
        reply = get(steps)
        return reply.status, reply.json["code"]

    assert told("- require: 1 == 2\n- respond: x") == (403, "forbidden")
    assert told("- require: 1 == 2\n  status: 404\n- respond: x") == (404, "not_found")
    assert told("- require: 1 == 2\n  code: mine\n- respond: x") == (403, "mine")
    assert told("- fail: x")[0] == 400
    assert told("- fail: x\n  status: 418\n  code: teapot") == (418, "teapot")
    assert told("- fail: x\n  status: '{{ 200 }}'") == (500, "internal")
    reply = get("- fail: x\n  status: 429\n  headers: {Retry-After: 3, X-Bad: \"{{ 'a\\nb' }}\"}")
    assert (reply.status, reply.headers["retry-after"]) == (429, "3")
    assert "x-bad" not in reply.headers


def test_secrets_of_middleware_and_workflows_are_covered_in_errors() -> None:
    files = {
        "m.yaml": "middleware: m\nparams: {key: {in: query, secret: true}}\nsteps: [{return: '{{ params.key }}'}]\n",
        "w.yaml": "workflow: w\nparams: {s: {type: string, secret: true}}\nsteps: [{fail: 'bad {{ params.s }}'}]\n",
    }
    chain = "security: {access: public, middleware: [m]}\n"
    reply = get("- fail: 'bad {{ middleware.m }}'", more=chain, files=files, target="/x?key=hushhush")
    assert "hushhush" not in reply.text and "•••" in reply.text
    reply = get('- call: w\n  with: {s: \'{{ "quiet" ~ "quiet" }}\'}', files=files)
    assert "quietquiet" not in reply.text and "•••" in reply.text


def test_a_strict_endpoint_takes_the_query_of_its_middleware() -> None:
    files = {"m.yaml": "middleware: m\nparams: {key: {in: query}}\nsteps: [{return: '{{ params.key }}'}]\n"}
    more = "strict: true\nparams: {a: integer}\nsecurity: {access: public, middleware: [m]}\n"
    steps = "- respond: '{{ middleware.m }}'"
    assert get(steps, more=more, files=files, target="/x?a=1&key=k").json == "k"
    assert get(steps, more=more, files=files, target="/x?a=1&key=k&z=1").status == 422


def test_middleware_that_answers_or_stops_ends_the_request() -> None:
    chain = "security: {access: public, middleware: [m]}\n"
    for step, status in (("respond: {by: m}", 200), ("respond: {by: m}, continues: true", 200), ("stop: null", 204)):
        files = {"m.yaml": f"middleware: m\nsteps:\n  - if: true\n    then: [{{{step}}}]\n"}
        reply = get("- respond: endpoint", more=chain, files=files)
        assert (reply.status, reply.body) == (status, b'{"by":"m"}' if status == 200 else b"")


def test_an_answer_that_continues_keeps_its_headers_and_the_rest_runs() -> None:
    reply = get(
        "- if: true\n  then: [{respond: x, continues: true}]\n- wait: 1ms\n- fail: later", more="headers: {X-E: '1'}\n"
    )
    assert (reply.status, reply.json, reply.headers["x-e"]) == (200, "x", "1")


def test_what_is_omitted_is_as_if_it_were_not_written() -> None:
    reply = get("- respond: x\n  status: '{{ omit }}'\n  etag: '{{ omit }}'\n  headers: {X-A: '{{ omit }}', X-B: b}")
    assert (reply.status, reply.json, reply.headers["x-b"]) == (200, "x", "b")
    assert not {"etag", "x-a"} & reply.headers.keys()
    reply = get("- respond: '{{ omit }}'\n  status: '{{ 201 if 1 == 1 else omit }}'")
    assert (reply.status, reply.body) == (201, b"")
