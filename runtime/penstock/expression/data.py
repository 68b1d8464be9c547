"""Data: the plain values that flow through expressions: their names, text, equality and order."""

import decimal
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from penstock.errors import Failure
from penstock.expression.limits import MAX_TEXT, charge
from penstock.jsontext import encoder, stamp


class _Sentinel:
    """A value that is no data: false, and only itself."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Sentinel("MISSING")
"""What a guarded chain gives when a name or key does not exist."""
OMIT: Any = _Sentinel("OMIT")
"""What `{{ omit }}` gives: the key that holds it is left out."""

_to_json = encoder()

_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    Decimal: "a decimal",
    str: "text",
    bytes: "bytes",
    list: "a list",
    tuple: "a list",
    dict: "a mapping",
    datetime: "a datetime",
    date: "a date",
    UUID: "a uuid",
}

_SAME = frozenset({str, int, bool, type(None), float, Decimal, UUID, date, datetime, bytes})
_NUMBERS = frozenset({int, float, Decimal})
_ORDERED = frozenset({str, int, float, bool, Decimal, UUID, date, datetime, bytes})


def kind(value: Any) -> str:
    """What a value is, as messages say it."""
    if value is MISSING:
        return "missing"
    if value is OMIT:
        return "omit"
    name = _KINDS.get(type(value))
    if name is None:
        name = next((word for known, word in _KINDS.items() if isinstance(value, known)), None)
    if name is None:
        name = "a mapping" if isinstance(value, Mapping) else "a value of another kind"
    return name


def fail(message: str) -> Failure:
    """The failure of an operation that data does not allow."""
    return Failure("internal", message)


def brief(value: Any) -> str:
    """A short form of a key for messages."""
    shown = value if isinstance(value, str) else repr(value) if isinstance(value, int | float) else kind(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"


def digits(value: Any) -> Decimal:
    """An integer exactly, a float by its digits, a decimal as it is."""
    if type(value) is float:
        return Decimal(repr(value))
    return value if isinstance(value, Decimal) else Decimal(value)


def text(value: Any) -> str:
    """A value as text: null empty, `true`/`false`, lists and mappings JSON. Raises Failure for bytes."""
    kind_of = type(value)
    if kind_of is str:
        return value  # type: ignore[no-any-return]
    if kind_of is int:
        return _integer(value)
    if value is None:
        return ""
    if kind_of is bool:
        return "true" if value else "false"
    if kind_of is float:
        return repr(value)
    if kind_of is Decimal:
        return decimal_text(value)
    if kind_of is datetime:
        return stamp(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date):
        return stamp(value) if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple | Mapping):
        return json_text(value)
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return repr(float(value))
    raise fail(f"{kind(value)} cannot become text" + (" (use | decode or | base64)" if kind_of is bytes else ""))


def json_text(value: Any) -> str:
    """A value as JSON text."""
    encoded = _to_json(value)
    if len(encoded) > 4 * MAX_TEXT:
        raise fail(f"a text may have at most {MAX_TEXT} characters")
    return encoded.decode()


def decimal_text(value: Decimal) -> str:
    """Every digit of a decimal; in plain form unless its exponent is absurd."""
    if value.is_finite() and -100 < value.adjusted() < 100:
        return format(value, "f")
    return str(value)


def _integer(value: int) -> str:
    try:
        return str(value)
    except ValueError:
        raise fail("an integer with that many digits cannot become text") from None


def equal(left: Any, right: Any) -> bool:
    """Deep, typed equality: numbers by value, a float meets a decimal by its digits, true is never 1."""
    one, other = type(left), type(right)
    if one is other and one in _SAME:
        return left == right  # type: ignore[no-any-return]
    return _equal(left, right)


def _equal(left: Any, right: Any) -> bool:
    one, other = type(left), type(right)
    if one in _NUMBERS and other in _NUMBERS:
        if (one is Decimal) != (other is Decimal) and float in (one, other):
            return digits(left) == digits(right)
        return left == right  # type: ignore[no-any-return]
    if one is bool or other is bool:
        return left is right
    if isinstance(left, list | tuple):
        if not isinstance(right, list | tuple) or len(left) != len(right):
            return False
        charge(len(left))
        return all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, Mapping):
        if not isinstance(right, Mapping) or len(left) != len(right):
            return False
        charge(len(left))
        return all(key in right and equal(item, right[key]) for key, item in left.items())
    if one is not other and not isinstance(left, other) and not isinstance(right, one):
        return False
    if isinstance(left, date) and isinstance(left, datetime) != isinstance(right, datetime):
        return False
    return bool(left == right)


def less(left: Any, right: Any) -> bool:
    """Order of numbers, texts, bytes, dates, datetimes and lists of them. Raises Failure for what has none."""
    one, other = type(left), type(right)
    if (one is int or one is float) and (other is int or other is float):
        return left < right  # type: ignore[no-any-return]
    if one is other and one in _ORDERED:
        return _ordered(left, right)
    if isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal):
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            return _ordered(digits(left), digits(right))
        return left < right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        charge(min(len(left), len(right)))
        for a, b in zip(left, right, strict=False):
            if not equal(a, b):
                return less(a, b)
        return len(left) < len(right)
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    raise fail(f"{kind(left)} cannot be compared with {kind(right)}")


def _ordered(left: Any, right: Any) -> bool:
    try:
        return left < right  # type: ignore[no-any-return]
    except (TypeError, decimal.InvalidOperation):
        raise fail(f"{kind(left)} cannot be compared with {kind(right)}") from None


def weigh(value: Any) -> int:
    """Bytes that a fresh value takes, its members not counted."""
    kind_of = type(value)
    if kind_of is str or kind_of is bytes:
        return 49 + len(value)
    if kind_of is list:
        return 56 + 8 * len(value)
    if kind_of is dict:
        return 64 + 100 * len(value)
    return 32
