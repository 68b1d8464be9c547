"""What the dialect decides of expressions, where it differs from Jinja or Jinja says nothing."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

from penstock.errors import Failure
from penstock.expression import equal, evaluate

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
NAMES: dict[str, Any] = {
    "params": {"qty": 3, "note": None, "a": {"b": 1}},
    "given": {"qty": 3, "a": {"b": 1}},
    "steps": {"order": {"id": 7, "items": "mine", "keys": [1, 2]}, "skipped": None},
    "env": MappingProxyType({"NAME": "x"}),
    "price": Decimal("0.1"),
    "third": Decimal("10") / 3,
    "noon": NOON,
    "later": NOON + timedelta(hours=2),
    "day": date(2026, 1, 2),
    "id": UUID("12345678-1234-4678-9234-567812345678"),
    "f": 0.1,
    "raw": b"ab",
    "list": [1, 2, 3],
}
FAILS: Any = object()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # equality is deep and typed
        ("true == 1", False),
        ("false == 0", False),
        ("1 == 1.0", True),
        ("1 == decimal(1)", True),
        ("price == 0.1", True),
        ("price == f", True),
        ("price == 0.10000000000000000001", False),
        ("[1, true] == [1.0, true]", True),
        ("[1] == [true]", False),
        ("{'a': 1} == {'a': true}", False),
        ("{'a': [1, {'b': 2}]} == {'a': [1.0, {'b': 2}]}", True),
        ("[] == {}", False),
        ("'1' == 1", False),
        ("nul == none", True),
        ("noon == day", False),
        ("id == '12345678-1234-4678-9234-567812345678'", False),
        ("1 in [true]", False),
        ("true in [1, true]", True),
        ("1 in [1.0]", True),
        ("price in [0.1]", True),
        ("0.1 in [price]", True),
        ("[1] in [[true]]", False),
        ("[1] not in [[true]]", True),
        ("1 != true", True),
        # decimals
        ("price + 1", Decimal("1.1")),
        ("price * 3", Decimal("0.3")),
        ("price + 0.2", Decimal("0.3")),
        ("0.2 + price", Decimal("0.3")),
        ("price + f", Decimal("0.2")),
        ("price - 0.3", Decimal("-0.2")),
        ("price * 0.10000000000000000001", Decimal("0.010000000000000000001")),
        ("0.10000000000000000001 - price", Decimal("1E-20")),
        ("decimal(10) / 4", Decimal("2.5")),
        ("decimal(1) / 3", Decimal("0.3333333333333333333333333333")),
        ("decimal(-7) // 2", Decimal("-4")),
        ("decimal(-7) % 2", Decimal("1")),
        ("-decimal(7)", Decimal("-7")),
        ("price < 0.11", True),
        ("0.05 < price <= 0.1", True),
        ("decimal('99999999999999999999999999999999999.01') + 1", Decimal("100000000000000000000000000000000000.01")),
        ("max(price, 0.05, 0)", Decimal("0.1")),
        ("price ~ ''", "0.1"),
        ("decimal('1e5') ~ ''", "100000"),
        ("decimal('0.0000001') ~ ''", "0.0000001"),
        # keys, never attributes
        ("steps.order.items", "mine"),
        ("steps.order['keys'][1]", 2),
        ("steps.order.keys.0", 1),
        ("list[-1]", 3),
        ("list[1:]", [2, 3]),
        ("'héllo'[1:3]", "él"),
        ("raw[1:]", b"b"),
        ("env.NAME", "x"),
        ("steps.order.zz", FAILS),
        ("list[3]", FAILS),
        ("list.first", FAILS),
        ("'a'.upper", FAILS),
        ("params.note.x", FAILS),
        ("steps.skipped.id", FAILS),
        ("list['a':]", FAILS),
        ("list[::0]", FAILS),
        ("params[list]", FAILS),
        ("params[true]", FAILS),
        ("5[0]", FAILS),
        # missing and null
        ("steps.zz.id | default('n')", "n"),
        ("params.note | default('n')", "n"),
        ("params.note.x.y | default('n')", "n"),
        ("steps.zz.id is defined", False),
        ("params.note is defined", True),
        ("zz.y is defined", False),
        ("zz | default(1)", 1),
        ("params.qty is given", True),
        ("params.note is given", False),
        ("params.a.b is given", True),
        ("params.a.c is given", False),
        ("params.a['b'] is given", True),
        ("params.zz is not given", True),
        ("given.qty is given", True),
        ("params.note is none", True),
        ("params.a.b.c | coalesce(params.note, steps.zz.q, 5)", 5),
        ("params.note ~ 'x'", "x"),
        ("zz", FAILS),
        ("steps.zz", FAILS),
        ("1 if false", None),
        # text
        ("true ~ '-' ~ false ~ '-' ~ none", "true-false-"),
        ("[1, 'é', none] ~ ''", '[1,"é",null]'),
        ("{'a': noon} ~ ''", '{"a":"2026-01-02T12:00:00.000000Z"}'),
        ("noon ~ ''", "2026-01-02T12:00:00.000000Z"),
        ("day ~ ' ' ~ id", "2026-01-02 12345678-1234-4678-9234-567812345678"),
        ("1.0 ~ 1e16", "1.01e+16"),
        ("raw ~ ''", FAILS),
        # strings
        (r"'a\n\t\\\'\"'", "a\n\t\\'\""),
        (r"'\d\w\x41\u0041\r'", r"\d\w\x41\u0041\r"),
        ("'a' 'b'", "ab"),
        ("'{{ x }} {% y %}'", "{{ x }} {% y %}"),
        # times
        ("later - noon", 7200.0),
        ("noon - later < 0", True),
        ("day - day", 0.0),
        ("later > noon", True),
        ("noon + 5", FAILS),
        ("noon < day", FAILS),
        # operators
        ("1 < 2 < 3", True),
        ("1 < 2 > 5", False),
        ("3 < 2 < (1 / 0)", False),
        ("'a' < 1", FAILS),
        ("none < 1", FAILS),
        ("[1, 2] < [1, 3]", True),
        ("'a' + 1", FAILS),
        ("[1] + 'a'", FAILS),
        ("{} + {}", FAILS),
        ("'a' * 3", "aaa"),
        ("3 * [0]", [0, 0, 0]),
        ("'a' * -1", ""),
        ("1 / 0", FAILS),
        ("1 // 0", FAILS),
        ("1 % 0", FAILS),
        ("decimal(1) / 0", FAILS),
        ("-'a'", FAILS),
        ("+5", 5),
        ("true + 1", 2),
        ("7 // 2 ~ 7 % 2", "31"),
        ("2 + 3 * 4", 14),
        ("-1|abs", 1),
        ("(1, 2)", [1, 2]),
        ("()", []),
        ("(1)", 1),
        ("[]", []),
        ("{}", {}),
        ("{'a': 1, 2: 'b'}", {"a": 1, 2: "b"}),
        ("{params.qty: 1}", {3: 1}),
        ("{list: 1}", FAILS),
        ("1 and 0 or 'x'", "x"),
        ("not none", True),
        ("5 if params.qty is odd else 6", 5),
        ("5 if params.qty is defined if true else 0", 5),
        ("'x' if params.note is none else 'y'", "x"),
        ("'x' if params.note is not none else 'y'", "y"),
        ("0x1F + 0b11 + 0o7 + 1_000", 1041),
        ("none is none", True),
        ("5 is not none", True),
    ],
)
def test_decided(text: str, expected: Any) -> None:
    names = {**NAMES, "nul": None}
    if expected is FAILS:
        with pytest.raises(Failure):
            evaluate(text, names)
    else:
        assert repr(evaluate(text, names)) == repr(expected)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("params.zz", "undefined", "params.zz does not exist"),
        ("params.a.zz", "undefined", "params.a.zz does not exist"),
        ("env.ZZ", "undefined", "env.ZZ does not exist"),
        ("params.note.x", "undefined", "params.note is null and has no key x"),
        ("params.qty.x", "undefined", "params.qty is an integer and has no key x"),
        ("steps.order.keys[5]", "undefined", "steps.order.keys[5] does not exist: it has 2"),
        ("zz.y", "undefined", "zz does not exist"),
        ("'a' + 1", "internal", "text + an integer is not possible"),
        ("1 / 0", "internal", "division by zero"),
        ("none < 1", "internal", "null cannot be compared with an integer"),
        ("list | map(attribute='x')", "undefined", "an item has no key x"),
        ("'x' | decimal", "internal", "the text is not a decimal"),
    ],
)
def test_messages(text: str, code: str, message: str) -> None:
    with pytest.raises(Failure) as failed:
        evaluate(text, NAMES)
    assert (failed.value.code, failed.value.message) == (code, message)


def test_messages_show_no_values() -> None:
    secret = "hunter2" * 10
    for text in ("s + 1", "s | decimal", "s < 1", "s | from_json", "1 in s", "s | datetime", "s.x", "[s] | sum"):
        with pytest.raises(Failure) as failed:
            evaluate(text, {"s": secret})
        assert "hunter2" not in failed.value.message


def test_equality_of_other_mappings_and_zones() -> None:
    assert equal(MappingProxyType({"a": 1}), {"a": 1.0})
    assert equal(NOON, NOON.astimezone(timezone(timedelta(hours=3))))
    assert not equal(NOON, NOON.replace(tzinfo=None))
    assert not equal(float("nan"), float("nan"))


def test_displays_are_fresh() -> None:
    first = evaluate("[{'a': []}]", {})
    first[0]["a"].append(1)
    assert evaluate("[{'a': []}]", {}) == [{"a": []}]


def test_data_is_left_alone() -> None:
    data = {"list": [3, 1, 2], "m": {"a": {"b": 1}}}
    for text in ("list|sort", "list|reverse", "m|merge({'x': 1})", "m|set_path('a.b', 2)", "m|omit('a')", "list + [1]"):
        evaluate(text, data)
    assert data == {"list": [3, 1, 2], "m": {"a": {"b": 1}}}
