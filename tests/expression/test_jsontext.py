"""JSON text: the dialect's values written exactly, and JSON read strictly."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.errors import Failure
from penstock.jsontext import decode, decode_exact, encoder

TEXT = encoder()
NUMBER = encoder("number")
NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        ([True, 1, -1.5, "é\n"], '[true,1,-1.5,"é\\n"]'),
        (2**100, str(2**100)),
        (Decimal("0.10"), '"0.10"'),
        (Decimal("1E+3"), '"1000"'),
        (Decimal("1E-7"), '"0.0000001"'),
        ({"a": Decimal("1.20")}, '{"a":"1.20"}'),
        (NOON, '"2026-01-02T12:00:00.000000Z"'),
        ([NOON.replace(microsecond=5)], '["2026-01-02T12:00:00.000005Z"]'),
        ({"a": [{"b": NOON}]}, '{"a":[{"b":"2026-01-02T12:00:00.000000Z"}]}'),
        (NOON.astimezone(timezone(timedelta(hours=2))), '"2026-01-02T12:00:00.000000Z"'),
        (NOON.replace(tzinfo=None), '"2026-01-02T12:00:00.000000Z"'),
        (date(2026, 1, 2), '"2026-01-02"'),
        (UUID("12345678-1234-4678-9234-567812345678"), '"12345678-1234-4678-9234-567812345678"'),
        ({2: 2, None: 3, True: 4, 1.5: 5}, '{"2":2,"null":3,"true":4,"1.5":5}'),
        ({NOON: 1, Decimal("1.0"): 2}, '{"2026-01-02T12:00:00.000000Z":1,"1.0":2}'),
        ((1, (2,)), "[1,[2]]"),
        (MappingProxyType({"a": (1,)}), '{"a":[1]}'),
        ("12:30:00Z", '"12:30:00Z"'),
    ],
)
def test_written(value: Any, expected: str) -> None:
    assert TEXT(value).decode() == expected


def test_decimals_as_numbers() -> None:
    assert NUMBER({"a": Decimal("0.10"), "b": [Decimal("1E+3")]}) == b'{"a":0.10,"b":[1E+3]}'


NESTED: Any = 1
for _ in range(101):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    "value",
    [
        b"x",
        [b"x"],
        {"a": {1, 2}},
        float("nan"),
        [float("inf")],
        {"a": -float("inf")},
        [[float("nan"), "x"]],
        Decimal("NaN"),
        [Decimal("Infinity")],
        object(),
        [object()],
        {"a": timedelta(1)},
        "\ud800",
        NESTED,
        [{"a": NESTED}],
        {(1,): 2},
    ],
    ids=lambda value: type(value).__name__,
)
def test_refused(value: Any) -> None:
    for write in (TEXT, NUMBER):
        with pytest.raises(Failure) as failed:
            write(value)
        assert failed.value.code == "internal"


def test_nesting_at_the_bound() -> None:
    assert TEXT(NESTED[0]) == b"[" * 100 + b"1" + b"]" * 100
    assert decode(TEXT(NESTED[0])) == NESTED[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1,]",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e400",
        "'a'",
        '{"a":1}x',
        "1 2",
        '"\\ud800"',
        "9" * 5_000,
        "[" * 101 + "]" * 101,
        "[" * 1_000_000,
        '{"a":' * 101 + "1" + "}" * 101,
        '["[",' * 101 + "1" + "]" * 101,
        "[{}," * 101 + "1" + "]" * 101,
    ],
    ids=lambda text: text[:12],
)
def test_malformed(text: str) -> None:
    for read in (decode, decode_exact):
        if text == "1e400" and read is decode_exact:
            continue
        with pytest.raises(Failure) as failed:
            read(text.encode())
        assert failed.value.code == "malformed"
        assert len(failed.value.message) < 300


def test_bytes_that_are_no_utf_8() -> None:
    with pytest.raises(Failure):
        decode(b'"\xff"')


def test_read() -> None:
    assert decode(b'{"a": [1, 2.5, "x", null, 123456789012345678901234567890]}') == {
        "a": [1, 2.5, "x", None, 123456789012345678901234567890]
    }
    exact = decode_exact(b"[0.10, 1, 1e2]")
    assert repr(exact) == "[Decimal('0.10'), 1, Decimal('1E+2')]"
    assert decode('["[[[["]') == ["[[[["]
    assert decode("[" * 100 + "]" * 100)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet='a[]{}"é:Z1'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_what_is_written_is_read(value: Any) -> None:
    assert decode(TEXT(value)) == value
    assert json.loads(TEXT(value)) == value
