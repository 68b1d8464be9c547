"""Parameters by the dialect: what a caller sends, and what comes of it."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from penstock import source
from penstock.errors import Failure
from penstock.model import NOWHERE
from penstock.params import Checker, declare

U = "0a1b2c3d-0000-4000-8000-00000000abcd"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Asked:
    """A request."""

    def __init__(self, method: str = "POST", query: str = "", headers: Any = (), body: Any = b"") -> None:
        self.method = method
        self.query = query
        pairs = list(dict(headers).items()) if isinstance(headers, Mapping) else list(headers)
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
            pairs.append(("Content-Type", JSON))
        self.headers: Any = CIMultiDictProxy(CIMultiDict(pairs))
        self.body = body


def read(text: str, method: str | None = "POST", names: Any = None, data: Any = None) -> Any:
    raw, problems = source.read(f"params:\n{text}".encode(), "a.yaml")
    assert raw is not None and not problems, problems
    return declare(raw["params"], raw.values_at["params"], method=method, path_names=names or {}, data=data)


def checker(text: str, method: str | None = "POST", names: Any = None, data: Any = None, **more: Any) -> Checker:
    made, faults = read(text, method, names, data)
    assert not faults, faults
    more.setdefault("strict", False)
    more.setdefault("messages", {})
    return Checker(made, **more)


def ok(text: str, asked: Asked, values: Any = None, **more: Any) -> Any:
    return checker(text, asked.method, dict.fromkeys(values or {}, "str"), **more).check(asked, values or {})


def bad(text: str, asked: Asked, values: Any = None, code: str = "invalid_params", **more: Any) -> Any:
    with pytest.raises(Failure) as caught:
        ok(text, asked, values, **more)
    assert caught.value.code == code, (caught.value.code, caught.value.message)
    return sorted((e["in"], e["name"], e["rule"]) for e in caught.value.errors)


def q(text: str, query: str, **more: Any) -> Any:
    return ok(text, Asked("GET", query), **more)


def qbad(text: str, query: str, code: str = "invalid_params", **more: Any) -> Any:
    return bad(text, Asked("GET", query), code=code, **more)


TEXT = [
    ("string", "", ""),
    ("string", "a%20b+c", "a b c"),
    ("string", "%C3%A9", "é"),
    ("integer", "3", 3),
    ("integer", "-3", -3),
    ("number", "2.5", 2.5),
    ("number", "1e3", 1000),
    ("decimal", "1.10", Decimal("1.10")),
    ("boolean", "true", True),
    ("boolean", "0", False),
    ("date", "2026-01-31", date(2026, 1, 31)),
    ("datetime", "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ("datetime", "2026-01-31T12:00:00%2B02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
    ("uuid", U, UUID(U)),
    ("email", "ada@example.com", "ada@example.com"),
    ("url", "https://example.com/a", "https://example.com/a"),
    ("object", "%7B%22id%22:[1,2]%7D", {"id": [1, 2]}),
    ("array", "[1,2]", [1, 2]),
    ("any", "x", "x"),
    ("bytes", base64.b64encode(b"ab").decode().replace("=", "%3D"), b"ab"),
]


@pytest.mark.parametrize(("kind", "text", "value"), TEXT)
def test_text_is_converted(kind: str, text: str, value: Any) -> None:
    params, given = q(f"  a: {kind}", f"a={text}")
    assert params == given == {"a": value}
    assert type(params["a"]) is type(value) or kind == "number"


BAD_TEXT = [
    ("integer", "3.5"),
    ("integer", ""),
    ("integer", "x"),
    ("integer", "1e3"),
    ("integer", "%D9%A3"),
    ("integer", "9" * 5000),
    ("number", "nan"),
    ("number", "inf"),
    ("number", "1e999"),
    ("number", ""),
    ("number", "1_0"),
    ("decimal", "NaN"),
    ("decimal", "1e999999"),
    ("decimal", "x"),
    ("decimal", "9" * 100000),
    ("boolean", "maybe"),
    ("boolean", ""),
    ("date", "2026-02-30"),
    ("date", "20260131"),
    ("date", "0000-01-01"),
    ("date", "2026-W01-1"),
    ("datetime", "2026-01-31"),
    ("datetime", "0001-01-01T00:00:00%2B10:00"),
    ("datetime", "2026-01-31T25:00:00Z"),
    ("uuid", "x"),
    ("uuid", "{" + U + "}"),
    ("email", "ada"),
    ("email", "Ada%20%3Ca@b.c%3E"),
    ("url", "javascript:alert(1)"),
    ("url", "example.com"),
    ("url", "http://"),
    ("object", "[1]"),
    ("object", "x"),
    ("object", "{"),
    ("bytes", "a-_"),
]


@pytest.mark.parametrize(("kind", "text"), BAD_TEXT)
def test_text_that_is_not_of_its_type(kind: str, text: str) -> None:
    ((where, name, rule),) = qbad(f"  a: {kind}", f"a={text}")
    assert (where, name) == ("query", "a") and rule in ("type", "format")


JSON_VALUES = [
    ("integer", "3", 3),
    ("integer", "3.0", 3),
    ("integer", "1e2", 100),
    ("number", "3", 3),
    ("number", "3.5", 3.5),
    ("decimal", "0.10", Decimal("0.10")),
    ("decimal", '"0.10"', Decimal("0.10")),
    ("decimal", "3", Decimal(3)),
    ("decimal", "12345678901234567890.123456789", Decimal("12345678901234567890.123456789")),
    ("date", '"2026-01-31"', date(2026, 1, 31)),
    ("uuid", f'"{U}"', UUID(U)),
    ("bytes", '"YWI="', b"ab"),
    ("datetime", '"2026-01-31t12:00:00.5z"', datetime(2026, 1, 31, 12, 0, 0, 500000, tzinfo=UTC)),
    ("any", "[1, 2.5]", [1, 2.5]),
    ("object", '{"a": {"b": 1}}', {"a": {"b": 1}}),
    ("string", '"\\u0000"', "\0"),
    ("integer", "123456789012345678901234567890", 123456789012345678901234567890),
]


@pytest.mark.parametrize(("kind", "text", "value"), JSON_VALUES)
def test_json_values(kind: str, text: str, value: Any) -> None:
    params, given = ok(f"  a: {kind}", Asked(body=f'{{"a": {text}}}'.encode()))
    assert params == given == {"a": value} and type(params["a"]) is type(value)


BAD_JSON = [
    ("integer", '"3"'),
    ("integer", "true"),
    ("integer", "3.5"),
    ("number", '"3"'),
    ("number", "false"),
    ("boolean", "1"),
    ("boolean", '"true"'),
    ("string", "3"),
    ("date", "3"),
    ("date", '"x"'),
    ("uuid", "3"),
    ("decimal", "true"),
    ("decimal", '"x"'),
    ("decimal", '"1e999999"'),
    ("array", '"[1]"'),
    ("object", "[]"),
    ("bytes", '"*"'),
    ("bytes", "3"),
    ("email", '"x"'),
    *(
        (kind, "null")
        for kind in ("string", "integer", "decimal", "any", "object", "array", "datetime", "bytes", "url")
    ),
]


@pytest.mark.parametrize(("kind", "text"), BAD_JSON)
def test_json_is_not_converted(kind: str, text: str) -> None:
    ((where, name, rule),) = bad(f"  a: {kind}", Asked(body=f'{{"a": {text}}}'.encode()))
    assert (where, name) == ("body", "a") and rule in ("type", "format")


def test_absent_null_and_empty_are_three_things() -> None:
    text = "  a: {type: string, optional: true, nullable: true}"
    assert ok(text, Asked(body={})) == ({"a": None}, {})
    assert ok(text, Asked(body={"a": None})) == ({"a": None}, {"a": None})
    assert ok(text, Asked(body={"a": ""})) == ({"a": ""}, {"a": ""})


def test_defaults() -> None:
    text = "  a: {type: datetime, default: 2026-01-01T00:00:00Z}\n  b: {type: array, default: [1]}\n  c: {type: decimal, default: 1.50}"
    made = checker(text)
    params, given = made.check(Asked(body={}), {})
    assert params["a"] == datetime(2026, 1, 1, tzinfo=UTC) and given == {} and isinstance(params["c"], Decimal)
    params["b"].append(2)
    assert made.check(Asked(body={}), {})[0]["b"] == [1]


def test_nullable_with_choices() -> None:
    text = "  a: {type: string, enum: [x], nullable: true}"
    assert ok(text, Asked(body={"a": None}))[0] == {"a": None}
    assert bad(text, Asked(body={"a": "y"})) == [("body", "a", "enum")]
    assert bad("  a: {type: integer, minimum: 2, multipleOf: 2, nullable: true}", Asked(body={"a": 1})) == [
        ("body", "a", "minimum"),
        ("body", "a", "multipleOf"),
    ]


NEST = """
  lines:
    type: array
    minItems: 1
    items:
      type: object
      properties:
        sku: {type: string, pattern: '^[A-Z]{2}$', messages: {pattern: two letters}}
        qty: {type: integer, minimum: 1, default: 1}
        when: {type: date, optional: true}
        price: {type: decimal, nullable: true, minimum: 0.1}
"""


def test_nested_ones_follow_the_same_rules() -> None:
    body = {
        "lines": [
            {"sku": "AB", "price": "1.50", "extra": 1},
            {"sku": "CD", "qty": 2, "when": "2026-01-01", "price": None},
        ]
    }
    params, given = ok(NEST, Asked(body=body))
    assert params == {
        "lines": [
            {"sku": "AB", "qty": 1, "when": None, "price": Decimal("1.50")},
            {"sku": "CD", "qty": 2, "when": date(2026, 1, 1), "price": None},
        ]
    }
    assert given == {
        "lines": [
            {"sku": "AB", "price": Decimal("1.50")},
            {"sku": "CD", "qty": 2, "when": date(2026, 1, 1), "price": None},
        ]
    }
    with pytest.raises(Failure) as caught:
        ok(NEST, Asked(body={"lines": [{"sku": "a", "qty": 0, "when": "x", "price": "0.09"}, {}]}))
    errors = caught.value.errors
    assert sorted(error["rule"] for error in errors) == [
        "format",
        "minimum",
        "minimum",
        "pattern",
        "required",
        "required",
    ]
    assert {error["name"] for error in errors} == {"lines"} and len({error["path"] for error in errors}) == 6
    assert "two letters" in {error["message"] for error in errors}
    assert bad(NEST, Asked(body={"lines": [{"sku": "AB", "price": 1, "x": 1}]}), strict=True) == [
        ("body", "lines", "unknown")
    ]


def test_strict() -> None:
    text = "  a: {type: string, optional: true}\n  q: {in: query, optional: true}"
    assert bad(text, Asked(query="z=1&q=1", body={"a": "1", "b": 1}), strict=True) == [
        ("body", "b", "unknown"),
        ("query", "z", "unknown"),
    ]
    assert bad(text, Asked(headers={"Content-Type": FORM}, body=b"a=1&b=2"), strict=True)[0][1:] == ("b", "unknown")
    assert bad("  a: integer", Asked("GET", "a=1&z=1"), strict=True) == [("query", "z", "unknown")]


def test_extra_keep() -> None:
    text = "  a: {type: object, extra: keep, properties: {x: {type: integer, default: 1}}}"
    assert ok(text, Asked(body={"a": {"y": 2}})) == ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2}})
    assert ok(text, Asked(body={"a": {"y": 2}}), strict=True)[0] == {"a": {"x": 1, "y": 2}}


def test_whole() -> None:
    assert ok("  all: {type: array, items: integer, whole: true}", Asked(body=[1, 2])) == (
        {"all": [1, 2]},
        {"all": [1, 2]},
    )
    assert bad("  all: {type: array, items: integer, whole: true}", Asked(body=[1, "x"])) == [("body", "all", "type")]
    text = "  all: {type: object, whole: true, properties: {a: {type: integer, default: 1}}}"
    assert ok(text, Asked(body={"b": 2}))[0] == {"all": {"a": 1, "b": 2}}
    assert ok(text, Asked(headers={"Content-Type": FORM}, body=b"a=5"))[0]["all"]["a"] == 5
    raw = "  all: {type: bytes, whole: true}"
    assert ok(raw, Asked(headers={"Content-Type": "image/png"}, body=b"\x89\xff"))[0] == {"all": b"\x89\xff"}
    assert ok(raw, Asked(headers={"Content-Type": JSON}, body=b"{bad"))[0] == {"all": b"{bad"}
    assert bad("  all: {type: object, whole: true}", Asked()) == [("body", "all", "required")]
    assert ok("  all: {type: object, whole: true, optional: true}", Asked()) == ({"all": None}, {})
    assert ok("  all: {type: string, whole: true}", Asked(body="x"))[0] == {"all": "x"}


def test_lists_in_the_query() -> None:
    assert q("  t: {type: array, items: string}", "t=a&t=b")[0] == {"t": ["a", "b"]}
    assert q("  t: {type: array, items: integer}", "t=1")[0] == {"t": [1]}
    assert q("  t: {type: array, items: integer}", "t=[1,2]")[0] == {"t": [1, 2]}
    assert q("  t: {type: array, items: integer, split: ','}", "t=1,2&t=3")[0] == {"t": [1, 2, 3]}
    assert q("  t: {type: array, items: string, split: ','}", "t=")[0] == {"t": []}
    assert q("  t: {type: array, items: date, optional: true}", "")[0] == {"t": None}
    assert qbad("  t: {type: array, items: integer}", "t=1&t=x") == [("query", "t", "type")]
    assert qbad("  t: {type: array, items: integer}", 't=["1"]') == [("query", "t", "type")]
    assert qbad("  t: integer", "t=1&t=2") == [("query", "t", "type")]


def test_all_faults_at_once() -> None:
    text = "  id: integer\n  q: {in: query, type: integer}\n  h: {in: header, name: X-H, type: integer}\n  c: {in: cookie, type: integer}\n  b: integer"
    asked = Asked(query="q=x", headers={"X-H": "x", "Cookie": "c=x"}, body={"b": "x"})
    assert [where for where, _, _ in bad(text, asked, {"id": "x"})] == ["body", "cookie", "header", "path", "query"]
    asked = Asked(query="q=1", headers={"x-h": "2", "Cookie": "z=9; c=3"}, body={"b": 4})
    assert ok(text, asked, {"id": "5"})[0] == {"id": 5, "q": 1, "h": 2, "c": 3, "b": 4}


def test_malformed() -> None:
    for query in ("a=%zz", "a=%ff", "a=%", "%ff=1"):
        qbad("  a: string", query, code="malformed")
    qbad("  a: string", "&".join(["b=1"] * 2000), code="malformed")
    for body in (
        b"{",
        b'{"a": "\xff"}',
        b'{"a": NaN}',
        b'{"a": 1e999999}',
        b"{" * 200000,
        b"[" * 200000,
        b'{"a":' * 500 + b"1" + b"}" * 500,
        b"1 2",
    ):
        bad("  a: any", Asked(headers={"Content-Type": JSON}, body=body), code="malformed")
    bad("  a: any", Asked(headers={"Content-Type": FORM}, body=b"a=\xff"), code="malformed")
    bad("  a: any", Asked(headers={"Content-Type": FORM}, body=b"a=%ff"), code="malformed")
    bad("  a: any", Asked(headers={"Content-Type": FORM}, body=b"&".join([b"b=1"] * 2000)), code="malformed")
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        bad("  a: any", Asked(headers={"Content-Type": kind}, body=b"x"), code="malformed")
    bad(
        "  a: {type: decimal}\n  b: any",
        Asked(headers={"Content-Type": JSON}, body=b'{"a": 1, "b": 1e999999}'),
        code="malformed",
    )


def test_media_types() -> None:
    text = "  a: {type: integer}"
    for kind in (JSON, "application/vnd.api+json", "application/json; charset=utf-8", "APPLICATION/JSON", ""):
        headers = {"Content-Type": kind} if kind else {}
        assert ok(text, Asked(headers=headers, body=b'{"a": 1}'))[0] == {"a": 1}
    bad(text, Asked(headers={"Content-Type": "text/plain"}, body=b"a"), code="unsupported_media_type")
    bad("  a: {in: form}", Asked(body={"a": "1"}), code="unsupported_media_type")
    assert bad(text, Asked()) == [("body", "a", "required")]
    assert bad(text, Asked(headers={"Content-Type": JSON})) == [("body", "a", "required")]
    assert ok("  a: {in: query}", Asked(query="a=1", headers={"Content-Type": "text/plain"}, body=b"x"))[0] == {
        "a": "1"
    }
    assert [rule for _, _, rule in bad(text, Asked(body=[1]))] == ["type"]
    assert [rule for _, _, rule in bad(text, Asked(body=None))] == ["type"]


def multipart(*parts: tuple[str, bytes]) -> tuple[dict[str, str], bytes]:
    body = b"".join(
        b"--x\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + data + b"\r\n"
        for head, data in parts
    )
    return {"Content-Type": "multipart/form-data; boundary=x"}, body + b"--x--\r\n"


def test_forms() -> None:
    text = "  a: integer\n  t: {type: array, items: string, optional: true}\n  o: {type: object, optional: true}"
    headers = {"Content-Type": FORM + "; charset=UTF-8"}
    assert ok(text, Asked(headers=headers, body=b"a=1&t=x&t=y&o=%7B%22k%22:1%7D"))[0] == {
        "a": 1,
        "t": ["x", "y"],
        "o": {"k": 1},
    }
    assert bad(text, Asked(headers=headers, body=b"a=x"))[0][1:] == ("a", "type")


def test_files() -> None:
    text = "  f: {type: file, maxLength: 5}\n  n: {type: integer, in: form}\n  more: {type: array, items: file, optional: true}"
    headers, body = multipart(('name="f"; filename="a.txt"\r\nContent-Type: text/plain', b"hi\r\n"), ('name="n"', b"3"))
    params, _ = ok(text, Asked(headers=headers, body=body))
    assert params == {
        "f": {"name": "a.txt", "content_type": "text/plain", "size": 4, "content": b"hi\r\n"},
        "n": 3,
        "more": None,
    }
    headers, body = multipart(('name="f"', b"hi"), ('name="n"; filename="x"', b"3"))
    faults = bad(text, Asked(headers=headers, body=body))
    assert [(name, rule) for _, name, rule in faults] in (
        [("f", "type"), ("n", "type")],
        [("f", "required"), ("n", "type")],
        [("f", "required"), ("n", "required")],
    )
    headers, body = multipart(('name="f"; filename="a"', b"123456"), ('name="n"', b"3"))
    assert [rule for _, _, rule in bad(text, Asked(headers=headers, body=body))] == ["maxLength"]
    headers, body = multipart(*((f'name="f"; filename="a{i}"', b"1") for i in range(150)))
    bad(text, Asked(headers=headers, body=body), code="malformed")
    headers, body = multipart(
        ('name="f"; filename="a"', b"1"), ('name="n"', b"3"), *(('name="more"; filename="b"', b"2") for _ in range(2))
    )
    assert len(ok(text, Asked(headers=headers, body=body))[0]["more"]) == 2


def test_take() -> None:
    text = "  a: {type: datetime}\n  b: {type: decimal, optional: true}\n  c: {type: uuid, optional: true}\n  d: {type: any, optional: true}\n  n: {type: integer, default: 7}"
    made = checker(text, None)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert made.take({"a": now, "b": Decimal("1.5"), "c": UUID(U), "d": {"when": now, "raw": b"x"}})[0] == {
        "a": now,
        "b": Decimal("1.5"),
        "c": UUID(U),
        "d": {"when": now, "raw": b"x"},
        "n": 7,
    }
    assert made.take({"a": "2026-01-01T00:00:00Z", "b": "1.5", "c": U})[1] == {
        "a": now,
        "b": Decimal("1.5"),
        "c": UUID(U),
    }
    assert made.take({"a": now, "b": None, "n": None}) == (
        {"a": now, "b": None, "c": None, "d": None, "n": 7},
        {"a": now},
    )
    for values in ({"a": now, "n": "3"}, {}, {"a": None}, {"a": now, "n": True}, {"a": 3}):
        with pytest.raises(Failure) as caught:
            made.take(values)
        assert caught.value.code == "invalid_params"
    assert made.take({"a": "2026-01-01T00:00:00Z", "n": "3"}, text=True)[1] == {"a": now, "n": 3}
    with pytest.raises(Failure):
        made.take({"a": "2026-01-01T00:00:00Z", "m": "3"}, text=True)
    deep: Any = 1
    for _ in range(2000):
        deep = [deep]
    try:
        made.take({"a": now, "d": deep})
    except Failure:
        pass


def test_secrets() -> None:
    made = checker(
        "  a: {secret: true}\n  b: {type: object, properties: {c: {secret: true}, d: string}}\n  e: {type: array, items: {type: object, properties: {f: {type: object, secret: true}}}}"
    )
    assert made.has_secrets
    found = made.secrets({"a": "one", "b": {"c": "two", "d": "no"}, "e": [{"f": {"g": ["three"]}}]})
    assert set(found) == {"one", "two", "three"}
    assert not checker("  a: string").has_secrets


def test_messages() -> None:
    text = "  a: {type: string, minLength: 2, messages: {minLength: longer}}\n  b: string\n  c: integer"
    with pytest.raises(Failure) as caught:
        ok(
            text,
            Asked(body={"a": "", "c": 1.5}),
            messages={"required": "can't be blank", "minLength": "no", "type": "wrong"},
        )
    assert {e["name"]: e["message"] for e in caught.value.errors} == {
        "a": "longer",
        "b": "can't be blank",
        "c": "wrong",
    }
    for error in caught.value.errors:
        assert set(error) == {"in", "name", "path", "rule", "message"}


def test_wire_names() -> None:
    text = "  a: {name: A-b}\n  h: {in: header, name: X-H}\n  o: {type: object, properties: {x: {name: y}}}"
    params, given = ok(text, Asked(headers={"x-h": "1"}, body={"A-b": "2", "o": {"y": "3"}}))
    assert params == given == {"a": "2", "h": "1", "o": {"x": "3"}}


def test_schema_of_data() -> None:
    data = {
        "order": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"$ref": "#/$defs/id"}},
            "$defs": {"id": {"type": "integer"}},
        }
    }
    text = "  a: {schema: data.order}\n  b: {schema: data.order}"
    assert ok(text, Asked(body={"a": {"id": 1}, "b": {"id": 2}}), data=data)[0] == {"a": {"id": 1}, "b": {"id": 2}}
    assert [name for _, name, _ in bad(text, Asked(body={"a": {"id": "x"}, "b": {}}), data=data)] == ["a", "b"]


def test_many_faults_are_bounded() -> None:
    with pytest.raises(Failure) as caught:
        ok("  a: {type: array, items: integer}", Asked(body={"a": ["x"] * 10000}))
    assert 0 < len(caught.value.errors) <= 1000


DECLARED = [
    ("a: int", "integer"),
    ("a: {tpye: string}", "type"),
    ("a: {type: strng}", "string"),
    ("a: {minLenght: 3}", "minLength"),
    ("a: {type: object, required: [b], properties: {b: string}}", "optional"),
    ("a: {type: [string, 'null']}", "nullable"),
    ("a: {type: integer, default: x}", "default"),
    ("a: {type: integer, minimum: 1, default: 0}", "default"),
    ("a: {default: null}", "default"),
    ("a: {pattern: '(?=x)'}", "pattern"),
    ("a: {pattern: '['}", "pattern"),
    ("a: {minLength: -1}", "minLength"),
    ("a: {type: object, whole: true}\n  b: {type: object, whole: true}", "whole"),
    ("a: {in: path}", "path"),
    ("a: {type: record}", "table"),
    ("a: {type: string, properties: {b: string}}", "object"),
    ("a: {type: string, items: string}", "array"),
    ("a: {in: bodi}", "body"),
    ("a: {type: object, properties: {b: {type: strin}}}", "string"),
    ("a: {type: array, items: {type: strin}}", "string"),
    ("a: {optional: 1}", "optional"),
    ("a: 3", "a"),
    ("a: {type: array, split: 3}", "split"),
    ("a: {split: ','}", "split"),
    ("a: {enum: x}", "enum"),
    ("a: {oneOf: [{type: strin}]}", "oneOf"),
    ("a: {format: emial}", "email"),
    ("a: {type: object, properties: {b: {in: query}}}", "in"),
    ("a: {type: object, extra: kep}", "keep"),
    ("a: {messages: x}", "messages"),
    ("a: {schema: data.ordr}", "order"),
    ("a: {type: object, whole: true}\n  b: string", "b"),
    ("a: {name: x}\n  b: {name: x}", "x"),
    ("a: {in: query, type: file}", "file"),
    ("a: {schema: {$ref: 'http://x/y'}}", "a"),
    ("a: {properties: {b: {type: integer, default: x}}}", "default"),
    ("a: {type: datetime, default: tomorrow}", "default"),
    ("a: {type: date, default: '2026-02-30'}", "default"),
]


@pytest.mark.parametrize(("text", "word"), DECLARED)
def test_faults_of_declarations(text: str, word: str) -> None:
    _, faults = read(f"  {text}", data={"order": {"type": "object"}})
    assert faults, text
    assert any(word in fault.message + fault.hint for fault in faults), faults
    assert all(fault.line > 1 and fault.message == fault.message.rstrip(".") for fault in faults)


def test_several_faults_at_once() -> None:
    _, faults = read("  a: int\n  b: {tpye: string}\n  c: {type: integer, default: x}")
    assert sorted({fault.line for fault in faults}) == [2, 3, 4]


def test_path_names() -> None:
    made, faults = declare(
        None,
        NOWHERE,
        method="GET",
        path_names={"a": "str", "b": "int", "c": "uuid", "d": "path"},
    )
    assert not faults
    assert [(p.name, p.type, p.location) for p in made] == [
        ("a", "string", "path"),
        ("b", "integer", "path"),
        ("c", "uuid", "path"),
        ("d", "string", "path"),
    ]
    assert Checker(made, strict=False, messages={}).check(Asked("GET"), {"a": "x", "b": "2", "c": U, "d": "x/y"})[
        0
    ] == {"a": "x", "b": 2, "c": UUID(U), "d": "x/y"}


def test_a_middlewares_parameters_follow_the_request() -> None:
    made = checker("  a: integer", None)
    assert made.check(Asked("GET", "a=1"), {})[0] == {"a": 1}
    assert made.check(Asked("POST", body={"a": 2}), {})[0] == {"a": 2}
    assert made.check(Asked("POST"), {"a": "3"})[0] == {"a": 3}


def test_decimals_are_exact() -> None:
    text = "  a: {type: decimal, minimum: 0.1, multipleOf: 0.01}"
    assert ok(text, Asked(body=b'{"a": 0.1}'))[0] == {"a": Decimal("0.1")}
    assert bad(text, Asked(body=b'{"a": 0.0999999999999999999999}')) == [
        ("body", "a", "minimum"),
        ("body", "a", "multipleOf"),
    ]
    assert qbad("  a: {type: decimal, maximum: 5}", "a=5.0000000000000000000001") == [("query", "a", "maximum")]
    both = "  a: decimal\n  b: number\n  c: any\n  d: {type: object}\n  i: integer"
    params, given = ok(both, Asked(body=b'{"a": 1.10, "b": 1.5, "c": [2.5], "d": {"e": 3.5}, "i": 4.0}'))
    assert params == given == {"a": Decimal("1.10"), "b": 1.5, "c": [2.5], "d": {"e": 3.5}, "i": 4}
    assert [type(v) for v in (params["b"], params["c"][0], params["d"]["e"], params["i"])] == [float, float, float, int]
    assert ok("  a: {type: decimal, enum: [1.5, '2.50']}", Asked(body={"a": "2.5"}))[0] == {"a": Decimal("2.5")}


def test_given_is_its_own_mapping() -> None:
    params, given = ok("  a: string", Asked(body={"a": "x"}))
    params["a"] = "y"
    assert given == {"a": "x"}


def test_headers_that_are_not_utf8() -> None:
    asked = Asked("GET", headers={"X-H": b"\xff".decode("utf-8", "surrogateescape")})
    with pytest.raises(Failure) as caught:
        ok("  h: {in: header, name: X-H}", asked)
    assert caught.value.code in ("malformed", "invalid_params")


def test_large_values_are_refused_at_their_first_fault() -> None:
    for text in (
        "  a: {type: array, items: {oneOf: [{type: string}, {type: integer}], type: any}}",
        "  a: {type: array, items: {type: object, properties: {x: integer}}}",
    ):
        assert len(bad(text, Asked(body={"a": [{}] * 50000}))) == 1


def test_types_of_values_from_within() -> None:
    made = checker(
        "  b: {type: bytes, maxLength: 2, optional: true}\n  s: {optional: true}\n  n: {type: number, optional: true}",
        None,
    )
    assert made.take({"b": b"ab"})[0]["b"] == b"ab"
    assert made.take({"s": UUID(U)})[0]["s"] == U
    assert made.take({"n": Decimal("1.5")})[0]["n"] == 1.5
    for values in ({"b": b"abc"}, {"n": float("nan")}, {"s": 3}):
        with pytest.raises(Failure):
            made.take(values)


def test_a_schema_that_names_its_type_converts_text() -> None:
    assert q("  a: {schema: data.n}", "a=3", data={"n": {"type": "integer"}})[0] == {"a": 3}
    assert read("  a: {schema: data.n}")[1]
