"""The fast way of checking against the thorough one, on the same requests; and both against nonsense."""

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import Failure
from penstock.params.check import Request
from penstock.params.fast import compiled
from penstock.params.field import field
from penstock.params.value import has_decimals
from tests.params.test_dialect import Asked, read

DECLARED = """
  id: {type: integer, minimum: 0, in: path}
  q: {in: query, type: array, items: integer, optional: true}
  s: {in: query, type: boolean, default: false}
  d: {in: query, type: decimal, minimum: 0.5, nullable: true, optional: true}
  h: {in: header, name: X-H, type: datetime, optional: true}
  name: {type: string, minLength: 1, maxLength: 5, pattern: '^[a-z]*$'}
  n: {type: integer, minimum: 1, default: 3}
  price: {type: decimal, maximum: 10, optional: true, nullable: true}
  day: {type: date, optional: true}
  free: {type: any, optional: true}
  lines:
    type: array
    optional: true
    maxItems: 2
    items: {type: object, properties: {qty: {type: integer, default: 1}, at: {type: uuid, optional: true}, x: {type: number}}}
"""
PLAIN = "\n".join(line for line in DECLARED.splitlines() if "decimal" not in line)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 12),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.sampled_from(
        ["", "abc", "abcdef", "1.50", "2026-01-31", "x", "2026-02-30", "0a1b2c3d-0000-4000-8000-00000000abcd"]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["qty", "at", "x", "z"]), inner, max_size=4),
    ),
    max_leaves=6,
)
good = st.fixed_dictionaries(
    {"name": st.sampled_from(["abc", "a"])},
    optional={
        "n": st.integers(1, 5),
        "price": st.sampled_from([None, 1.5, "2.50", 3]),
        "day": st.just("2026-01-31"),
        "free": values,
        "lines": st.lists(
            st.fixed_dictionaries({"x": st.integers(0, 3)}, optional={"qty": st.integers(), "z": scalars}), max_size=2
        ),
    },
)
wild = st.one_of(
    good,
    st.dictionaries(st.sampled_from(["name", "n", "price", "day", "free", "lines", "z"]), values, max_size=7),
    values,
)
texts = st.sampled_from(["", "1", "true", "x", "1.5", "[1,2]", "[", "0.1", "%2B1", "%zz", "9" * 50, "NaN"])
queries = st.lists(st.tuples(st.sampled_from(["q", "s", "d", "z"]), texts), max_size=4).map(
    lambda pairs: "&".join(f"{name}={text}" for name, text in pairs)
)
stamps = st.sampled_from([None, "2026-01-31T12:00:00Z", "2026-01-31", "é", "\udcff"])


def ways(text: str, *, strict: bool) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The fast and the thorough check of the same declarations."""
    parameters, faults = read(text, "POST", {"id": "str"})
    assert not faults
    body = [item for item in parameters if item.location == "body"]
    exact = any(has_decimals(item) for item in body)
    fields = tuple(
        field(item, item.location, strict=strict, exact=exact if item.location == "body" else has_decimals(item))
        for item in parameters
    )
    thorough = Request(fields, strict, {}, exact, frozenset())
    return compiled(fields, thorough.check, strict=strict, exact=exact), thorough.check


WAYS = {(text, strict): ways(text, strict=strict) for text in (DECLARED, PLAIN) for strict in (False, True)}


def outcome(check: Callable[..., Any], asked: Asked, path: dict[str, str]) -> Any:
    """What a check gives or how it fails."""
    try:
        params, given = check(asked, path)
    except Failure as failure:
        assert failure.code in ("invalid_params", "malformed"), failure.code
        return failure.code, failure.message, list(failure.errors)
    return repr(sorted(params.items())), repr(sorted(given.items()))


@given(st.sampled_from(sorted(WAYS)), wild, queries, stamps, st.sampled_from(["1", "-1", "x", "007"]), st.booleans())
@settings(max_examples=1500, deadline=None)
def test_both_ways_agree(way: Any, body: Any, query: str, stamp: str | None, number: str, good_query: bool) -> None:
    fast, thorough = WAYS[way]
    headers = {} if stamp is None else {"X-H": stamp}
    asked = Asked("POST", "s=true&q=1&q=2" if good_query else query, headers, body)
    assert outcome(fast, asked, {"id": number}) == outcome(thorough, asked, {"id": number})


@given(
    st.binary(max_size=60),
    st.text(max_size=30),
    st.sampled_from(["application/json", "", "multipart/form-data; boundary=b"]),
)
@settings(max_examples=500, deadline=None)
def test_nonsense_is_refused_in_order(body: bytes, query: str, kind: str) -> None:
    fast, thorough = WAYS[DECLARED, False]
    headers = {"Content-Type": kind} if kind else {}
    head = b"--b\r\nContent-Disposition: form-data; name=" if "boundary" in kind else b""
    asked = Asked("POST", query, headers, head + body)
    assert outcome(fast, asked, {"id": "1"}) == outcome(thorough, asked, {"id": "1"})


@given(st.lists(st.tuples(st.text(min_size=1, max_size=5), st.text(max_size=5)), max_size=5))
@settings(max_examples=200, deadline=None)
def test_a_query_gives_back_what_was_written(pairs: list[tuple[str, str]]) -> None:
    parameters, _ = read("  all: {type: array, items: string, in: query, optional: true}", "GET")
    assert parameters
    for name, text in pairs:
        quoted = quote(text, safe="")
        params, _ = WAYS_OF_ONE(Asked("GET", f"{quote(name, safe='')}=x&all={quoted}&all={quoted}"), {})
        assert params["all"] == [text, text] if name != "all" else ["x", text, text]


def _one() -> Callable[..., Any]:
    parameters, _ = read("  all: {type: array, items: string, in: query, optional: true}", "GET")
    fields = tuple(field(item, item.location, strict=False, exact=False) for item in parameters)
    return compiled(fields, Request(fields, False, {}, False, frozenset()).check, strict=False, exact=False)


WAYS_OF_ONE = _one()


@given(st.sampled_from(["integer", "number", "decimal", "boolean", "date", "datetime", "uuid", "object"]), st.data())
@settings(max_examples=300, deadline=None)
def test_values_written_as_text_come_back(kind: str, data: st.DataObject) -> None:
    made: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(-(10**30), 10**30),
        "number": st.floats(allow_nan=False, allow_infinity=False),
        "decimal": st.decimals(allow_nan=False, allow_infinity=False, places=3),
        "boolean": st.booleans(),
        "date": st.dates(),
        "datetime": st.datetimes(timezones=st.timezones()).filter(lambda moment: 2 < moment.year < 9998),
        "uuid": st.uuids(),
        "object": st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3),
    }
    value = data.draw(made[kind])
    if kind == "datetime":
        offset = value.utcoffset()
        if offset.seconds % 60 or offset.microseconds:
            return
        text = value.isoformat()
        value = value.astimezone(UTC)  # a time that its zone has twice, or never, equals none of another zone (PEP 495)
    elif kind in ("object", "boolean"):
        text = json.dumps(value)
    else:
        text = str(value)
    parameters, _ = read(f"  v: {kind}", "GET")
    fields = tuple(field(item, item.location, strict=False, exact=False) for item in parameters)
    check = compiled(fields, Request(fields, False, {}, False, frozenset()).check, strict=False, exact=False)
    assert check(Asked("GET", f"v={quote(text, safe='')}"), {})[0] == {"v": value}
