"""HTTP: what `http.request` sends, takes and refuses; the client itself is tested in tests/client."""

import asyncio
import base64
import json
from email.parser import BytesParser
from typing import Any

import pytest

from penstock.actions import http
from penstock.client import Client
from penstock.clock import SystemClock
from penstock.errors import Failure
from tests.actions.world import Upstream, context, reply
from tests.client.peer import echo, serving


def ask(upstream: Upstream, **options: Any) -> dict[str, Any]:
    return asyncio.run(http.request(context(upstream), "http://upstream/", **options))


def sent(**options: Any) -> dict[str, Any]:
    """What the upstream is asked."""
    upstream = Upstream(reply())
    ask(upstream, **options)
    return upstream.asked[0]


def failing(upstream: Upstream, **options: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        ask(upstream, **options)
    return caught.value


def test_a_request_with_nothing_more() -> None:
    assert sent() == {"method": "GET", "url": "http://upstream/", "query": None, "headers": {}, "body": None}


@pytest.mark.parametrize(
    ("options", "body", "content_type"),
    [
        ({"json": {"a": [1, None]}}, b'{"a":[1,null]}', "application/json"),
        ({"json": None}, b"null", "application/json"),
        ({"json": 1, "headers": {"Content-Type": "application/scim+json"}}, b"1", "application/scim+json"),
        (
            {"form": {"a b": "c&d", "n": [1, 2], "none": None, "t": True}},
            b"a+b=c%26d&n=1&n=2&t=true",
            "application/x-www-form-urlencoded",
        ),
        ({"form": {}}, b"", "application/x-www-form-urlencoded"),
        ({"body": "hé"}, "hé".encode(), "text/plain; charset=utf-8"),
        ({"body": b"\x00"}, b"\x00", "application/octet-stream"),
        ({"body": "<a/>", "headers": {"CONTENT-TYPE": "text/xml"}}, b"<a/>", "text/xml"),
    ],
)
def test_bodies(options: dict[str, Any], body: bytes, content_type: str) -> None:
    asked = sent(method="POST", **options)
    assert asked["body"] == body
    assert asked["headers"] == {"content-type": content_type}


def test_files() -> None:
    files = {
        "photo": {"name": 'a"b\r\n.png', "content_type": "image/png", "content": b"\x89PNG"},
        "notes": [{"content": "one"}, {"name": "two.txt", "content": "two"}],
    }
    asked = sent(method="POST", form={"title": "x", "tags": [1, 2]}, files=files, headers={"content-type": "ignored"})
    head = f"Content-Type: {asked['headers']['content-type']}\r\n\r\n".encode()
    parts: Any = BytesParser().parsebytes(head + asked["body"]).get_payload()
    seen = [(part["Content-Disposition"], part.get("Content-Type"), part.get_payload(decode=True)) for part in parts]
    assert seen == [
        ('form-data; name="title"', None, b"x"),
        ('form-data; name="tags"', None, b"1"),
        ('form-data; name="tags"', None, b"2"),
        ('form-data; name="photo"; filename="a%22b%0D%0A.png"', "image/png", b"\x89PNG"),
        ('form-data; name="notes"; filename="notes"', "application/octet-stream", b"one"),
        ('form-data; name="notes"; filename="two.txt"', "application/octet-stream", b"two"),
    ]


@pytest.mark.parametrize(
    ("auth", "value"),
    [
        ({"basic": ["Aladdin", "open sesame"]}, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),  # RFC 7617, section 2
        ({"basic": ["test", "123£"]}, "Basic dGVzdDoxMjPCow=="),  # RFC 7617, section 2.1
        ({"basic": {"user": "a", "password": "b:c"}}, "Basic " + base64.b64encode(b"a:b:c").decode()),
        ({"bearer": "abc"}, "Bearer abc"),
    ],
)
def test_auth(auth: dict[str, Any], value: str) -> None:
    assert sent(auth=auth)["headers"] == {"authorization": value}


@pytest.mark.parametrize(
    "options",
    [
        {"auth": {}},
        {"auth": {"basic": "a:b"}},
        {"auth": {"basic": ["a"]}},
        {"auth": {"basic": ["a:b", "c"]}},
        {"auth": {"basic": {"user": "a"}}},
        {"auth": {"bearer": "a", "basic": ["a", "b"]}},
        {"auth": {"bearer": "a\r\nX: y"}},
        {"auth": {"digest": "a"}},
        {"auth": {"bearer": "a"}, "headers": {"Authorization": "b"}},
        {"headers": {"X": "a\r\nY: b"}},
        {"headers": {"X: y\r\nZ": "b"}},
        {"json": 1, "body": "x"},
        {"json": 1, "form": {}},
        {"body": "x", "files": {}},
        {"files": {"a": "text"}},
        {"files": {"a": {"content": 1}}},
        {"files": {"a": {"content": "x", "content_type": "a\r\nb"}}},
        {"expect": 99},
        {"expect": 600},
        {"expect": "6xx"},
        {"expect": [True]},
        {"expect": [200, "all"]},
        {"expect": [None]},
    ],
)
def test_what_cannot_be_sent(options: dict[str, Any]) -> None:
    upstream = Upstream(reply())
    assert failing(upstream, **options).code == "internal"
    assert upstream.asked == []


def test_headers_are_text_and_nulls_are_left_out() -> None:
    headers = {"X-A": 1, "X-B": None, "X-C": ["a", None, "b"], "X-D": [], "X-E": True}
    assert sent(headers=headers)["headers"] == {"x-a": "1", "x-c": "a, b", "x-e": "true"}


@pytest.mark.parametrize(
    ("body", "content_type", "data", "text"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}, '{"a": 1}'),
        (b'{"a": 1}', "application/problem+json; charset=utf-8", {"a": 1}, '{"a": 1}'),
        (b"[1]", "text/plain", [1], "[1]"),
        (b"7", "text/plain", None, "7"),
        (b"7", "application/json", 7, "7"),
        (b"{", "application/json", None, "{"),
        (b"", "application/json", None, ""),
        (b"h\xe9", "text/plain; charset=iso-8859-1", None, "hé"),
        (b"h\xe9", "text/plain; charset=utf-8", None, "h\ufffd"),
        (b"x", "text/plain; charset=idna", None, "x"),
        (b"x", "text/plain; charset=zlib", None, "x"),
        (b"[" * 10_000, "application/json", None, "[" * 10_000),
    ],
)
def test_results(body: bytes, content_type: str, data: Any, text: str) -> None:
    result = ask(Upstream(reply(200, body, {"content-type": content_type})))
    assert result == {"status": 200, "headers": {"content-type": content_type}, "json": data, "text": text}


@pytest.mark.parametrize(
    ("expect", "status", "holds"),
    [
        (None, 200, True),
        (None, 204, True),
        (None, 302, True),
        (None, 400, False),
        (None, 500, False),
        ("any", 500, True),
        (["any"], 404, True),
        ([200, 201], 201, True),
        ([200, 201], 204, False),
        ([200, "4xx"], 404, True),
        ([200, "4xx"], 500, False),
        (404, 404, True),
        ("4xx", 200, False),
    ],
)
def test_statuses_that_are_expected(expect: Any, status: int, holds: bool) -> None:
    upstream = Upstream(reply(status, b'{"why": "so"}', {"content-type": "application/json"}))
    if holds:
        assert ask(upstream, expect=expect)["status"] == status
        return
    failure = failing(upstream, expect=expect)
    assert (failure.code, failure.status) == ("upstream_failed", 502)
    assert failure.details == {
        "status": status,
        "headers": {"content-type": "application/json"},
        "json": {"why": "so"},
        "text": '{"why": "so"}',
    }


def test_a_failure_keeps_little_of_the_answer() -> None:
    body = json.dumps(["x" * 50_000]).encode()
    headers = {"content-type": "application/json", **{f"x-{number}": "y" * 1000 for number in range(50)}}
    details = failing(Upstream(reply(500, body, headers))).details
    assert details["json"] is None
    assert len(details["text"]) == 10_000
    assert sum(map(len, details["headers"].values())) <= 10_000


def test_a_failure_of_the_client_passes() -> None:
    assert failing(Upstream(Failure("timeout", "no whole answer"))).code == "timeout"


def test_over_the_wire() -> None:
    async def main() -> Any:
        async with serving({"/echo": echo}) as port, Client(["127.0.0.1"], 5, SystemClock()) as client:
            return await http.request(
                context(client),
                f"http://127.0.0.1:{port}/echo",
                method="PUT",
                query={"page": 2},
                json={"name": "Ada"},
                auth={"basic": ["a", "b"]},
                headers={"X-One": "1"},
            )

    result = asyncio.run(main())
    said = result["json"]
    assert result["status"] == 200
    assert result["headers"]["content-type"] == "application/json; charset=utf-8"
    assert (said["method"], said["target"], said["body"]) == ("PUT", "/echo?page=2", '{"name":"Ada"}')
    assert said["headers"]["authorization"] == "Basic YTpi"
    assert said["headers"]["content-type"] == "application/json"
    assert said["headers"]["x-one"] == "1"
