"""Routes: what an endpoint's line says, and where a request's path goes."""

from typing import Any

import pytest

from penstock.model import NOWHERE, Segment
from penstock.route import Routes, parse_endpoint


def routes(*lines: str) -> Routes[str]:
    parsed = [(line, parse_endpoint(line, NOWHERE)) for line in lines]
    assert not any(faults for _, (_, _, _, faults) in parsed)
    return Routes((method, segments, line) for line, (method, _, segments, _) in parsed)


UUID = "0a1b2c3d-0000-4000-8000-00000000abcd"
TABLE = routes(
    "GET /",
    "GET /orders",
    "POST /orders",
    "GET /orders/new",
    "GET /orders/{id:int}",
    "GET /orders/{key:uuid}",
    "GET /orders/{slug}",
    "DELETE /orders/{number}",
    "GET /files/{rest:path}",
    "GET /a/{x}/b/{y}",
    "GET /a/{x}/c",
    "GET /a%2Fb/c",
    "GET /caf%C3%A9",
    "GET /100%25",
    "GET /slash/",
)

FOUND: list[tuple[str, str, str, dict[str, str]]] = [
    ("GET", "/", "GET /", {}),
    ("GET", "/orders", "GET /orders", {}),
    ("HEAD", "/orders", "GET /orders", {}),
    ("GET", "/orders/new", "GET /orders/new", {}),
    ("GET", "/orders/n%65w", "GET /orders/new", {}),
    ("GET", "/orders/12", "GET /orders/{id:int}", {"id": "12"}),
    ("HEAD", "/orders/12", "GET /orders/{id:int}", {"id": "12"}),
    ("GET", "/orders/-1", "GET /orders/{id:int}", {"id": "-1"}),
    ("GET", "/orders/1.5", "GET /orders/{slug}", {"slug": "1.5"}),
    ("GET", f"/orders/{UUID}", "GET /orders/{key:uuid}", {"key": UUID}),
    ("GET", "/orders/%E2%82%AC%2F", "GET /orders/{slug}", {"slug": "€/"}),
    ("GET", "/orders/..", "GET /orders/{slug}", {"slug": ".."}),
    ("GET", "/orders/a+b%20c", "GET /orders/{slug}", {"slug": "a+b c"}),
    ("GET", "/orders/%2500", "GET /orders/{slug}", {"slug": "%00"}),
    ("DELETE", "/orders/12", "DELETE /orders/{number}", {"number": "12"}),
    ("DELETE", "/orders/new", "DELETE /orders/{number}", {"number": "new"}),
    ("GET", "/files/a/b%2Fc", "GET /files/{rest:path}", {"rest": "a/b/c"}),
    ("GET", "/files/" + "a/" * 200, "GET /files/{rest:path}", {"rest": "a/" * 200}),
    ("GET", "/a/b/b/c", "GET /a/{x}/b/{y}", {"x": "b", "y": "c"}),
    ("GET", "/a%2Fb/c", "GET /a%2Fb/c", {}),
    ("GET", "/caf%C3%A9", "GET /caf%C3%A9", {}),
    ("GET", "/100%25", "GET /100%25", {}),
    ("GET", "/slash/", "GET /slash/", {}),
]


@pytest.mark.parametrize(("method", "path", "target", "values"), FOUND)
def test_found(method: str, path: str, target: str, values: dict[str, str]) -> None:
    match = TABLE.match(method, path)
    assert (match.target, dict(match.values)) == (target, values)


NOT_FOUND = [
    "/nope",
    "/orders/",
    "//orders",
    "/orders//",
    "/slash",
    "/100%",
    "/a/b/c/d",
    "/orders/%zz",
    "/orders/%ff",
    "/orders/%00",
    "/orders/\udcff",
    "/files/",
    "/files",
    "/x/../orders",
    "/" * 5000,
    "*",
    "",
]


@pytest.mark.parametrize("path", NOT_FOUND)
def test_not_found(path: str) -> None:
    match = TABLE.match("GET", path)
    assert (match.target, match.allowed) == (None, ())


def test_an_encoded_slash_stays_within_its_part() -> None:
    assert routes("GET /a%2Fb").match("GET", "/a/b").target is None
    assert routes("GET /a/b", "GET /a%2Fb").match("GET", "/a/b").target == "GET /a/b"
    assert routes("GET /a%2Fb", "GET /a/b").match("GET", "/a/b").target == "GET /a/b"


def test_the_methods_of_a_path() -> None:
    assert TABLE.match("PUT", "/orders").allowed == ("GET", "HEAD", "OPTIONS", "POST")
    assert TABLE.match("PUT", "/orders/12").allowed == ("DELETE", "GET", "HEAD", "OPTIONS")
    assert TABLE.match("OPTIONS", "/slash/").allowed == ("GET", "HEAD", "OPTIONS")


FAULTS: list[tuple[str, str, int]] = [
    ("FETCH /a", "FETCH is no method", 1),
    ("get /a", "get is no method", 1),
    ("/a", "/a is no method", 1),
    ("GET a", "begins with a slash", 5),
    ("GET", "begins with a slash", 4),
    ("GET /-/a", "server's own", 5),
    ("GET /{a}/{a}", "twice", 10),
    ("GET /{a:integer}", "no type of a path parameter", 6),
    ("GET /{a:path}/b", "stands last", 6),
    ("GET /x{a}", "whole part", 6),
    ("GET /{}", "no name", 6),
    ("GET /a/../b", "cannot stand in a path", 8),
    ("GET /a b", "characters", 6),
    ("GET /" + "a/" * 80, "at most", 5),
]


@pytest.mark.parametrize(("text", "message", "column"), FAULTS)
def test_faults(text: str, message: str, column: int) -> None:
    faults = parse_endpoint(text, NOWHERE)[3]
    assert [(fault.column, fault.code) for fault in faults if message in fault.message] == [(column, "bad-route")], (
        faults
    )


def test_segments() -> None:
    method, path, segments, faults = parse_endpoint("PUT /a/{id:int}/{rest:path}", NOWHERE)
    expected: Any = (Segment("a"), Segment("id", "int"), Segment("rest", "path"))
    assert (method, path, segments, faults) == ("PUT", "/a/{id:int}/{rest:path}", expected, [])
