"""Upstream texts: what http.request reads out of answers, and what it will not send."""

import asyncio
from typing import Any

import pytest

from penstock.actions.http import request
from penstock.errors import Failure
from tests.actions.world import Upstream, context, reply


def read(body: bytes, content_type: str | None) -> tuple[Any, str]:
    headers = {} if content_type is None else {"content-type": content_type}
    result = asyncio.run(request(context(Upstream(reply(200, body, headers))), "http://upstream/"))
    return result["json"], result["text"]


@pytest.mark.parametrize(
    ("body", "content_type", "json", "text"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}, '{"a": 1}'),
        (b'\xef\xbb\xbf{"a": 1}', "application/json; charset=utf-8", {"a": 1}, '{"a": 1}'),
        (b"[1]", None, [1], "[1]"),
        (b"[1]", "text/plain", [1], "[1]"),
        (b"12", "application/problem+json", 12, "12"),
        (b"12", "text/plain", None, "12"),
        (b"{nope", "application/json", None, "{nope"),
        (b"", "application/json", None, ""),
        (b"[" * 5000, "application/json", None, "[" * 5000),
        (b"caf\xe9", "text/plain; charset=ISO-8859-1", None, "café"),
        (b"caf\xe9", 'text/plain; charset="windows-1252"', None, "café"),
        (b"+AGE-", "text/plain; charset=utf-7", None, "+AGE-"),
        (b"abc", "text/plain; charset=zlib", None, "abc"),
        (b"caf\xe9", "text/plain", None, "caf\ufffd"),
    ],
)
def test_an_answer_is_read(body: bytes, content_type: str | None, json: Any, text: str) -> None:
    assert read(body, content_type) == (json, text)


@pytest.mark.parametrize(
    "auth",
    [
        {},
        {"bearer": None},
        {"bearer": "a\r\nX-Admin: 1"},
        {"basic": ["user"]},
        {"basic": ["user", None]},
        {"basic": [None, "password"]},
        {"basic": "user:password"},
        {"basic": ["us:er", "password"]},
        {"basic": {"user": "a", "password": "b", "realm": "c"}},
        {"bearer": "a", "basic": ["a", "b"]},
        {"digest": ["a", "b"]},
    ],
)
def test_credentials_that_are_none_are_not_sent(auth: dict[str, Any]) -> None:
    upstream = Upstream(reply())
    with pytest.raises(Failure) as caught:
        asyncio.run(request(context(upstream), "http://upstream/", auth=auth))
    assert caught.value.code == "internal"
    assert upstream.asked == []
