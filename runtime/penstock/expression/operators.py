"""Operators: arithmetic, comparison and joining of plain data, with bounds and fast ways for plain numbers."""

import decimal
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from penstock.expression.data import digits, equal, fail, kind, less, text
from penstock.expression.limits import MAX_BITS, MAX_DIGITS, charge, listed, made
from penstock.expression.percent import percent

_EXACT = decimal.Context(
    prec=MAX_DIGITS,
    Emax=100_000,
    Emin=-100_000,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.Inexact],
)
ROUNDING = decimal.Context(prec=2 * MAX_DIGITS, Emax=100_000, Emin=-100_000, traps=[decimal.InvalidOperation])
"""for rounding to a number of digits"""
_SMALL = 1 << 256
_QUICK = frozenset({int, float})
"""Types whose order is Python's own."""


def _rounding(left: Decimal, right: Decimal) -> decimal.Context:
    """Division keeps 28 digits, or as many as its operands have."""
    most = max(28, min(MAX_DIGITS, len(left.as_tuple().digits) + len(right.as_tuple().digits)))
    return decimal.Context(
        prec=most,
        Emax=100_000,
        Emin=-100_000,
        traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
    )


def add(left: Any, right: Any) -> Any:
    """`left + right`: numbers, texts, bytes, lists."""
    one, other = type(left), type(right)
    if one is float or other is float:
        if one is other or one is int or other is int:
            try:
                return left + right
            except OverflowError:
                raise fail("the number is too large") from None
    elif one is int and other is int:
        result = left + right
        return result if -_SMALL < result < _SMALL else bounded(result)
    if one is str and other is str:
        made(len(left) + len(right), len(left) + len(right))
        return left + right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        listed(len(left) + len(right), len(left) + len(right))
        return [*left, *right]
    if one is bytes and other is bytes:
        made(len(left) + len(right), len(left) + len(right))
        return left + right
    return _calculate(left, right, "+")


def sub(left: Any, right: Any) -> Any:
    """`left - right`: numbers, and the seconds between two datetimes or dates."""
    one, other = type(left), type(right)
    if one is float or other is float:
        if one is other or one is int or other is int:
            try:
                return left - right
            except OverflowError:
                raise fail("the number is too large") from None
    elif one is int and other is int:
        result = left - right
        return result if -_SMALL < result < _SMALL else bounded(result)
    if isinstance(left, date) and isinstance(right, date) and isinstance(left, datetime) == isinstance(right, datetime):
        try:
            return (left - right).total_seconds()
        except TypeError:
            raise fail("a datetime with a zone and one without cannot be compared") from None
    return _calculate(left, right, "-")


def mul(left: Any, right: Any) -> Any:
    """`left * right`: numbers, and text or a list so many times."""
    one, other = type(left), type(right)
    if one is float or other is float:
        if one is other or one is int or other is int:
            try:
                return left * right
            except OverflowError:
                raise fail("the number is too large") from None
    elif one is int and other is int:
        result = left * right
        return result if -_SMALL < result < _SMALL else bounded(result)
    if isinstance(right, str | list | tuple | bytes):
        left, right = right, left
    if isinstance(left, str | list | tuple | bytes) and isinstance(right, int):
        count = max(0, right)
        if isinstance(left, list | tuple):
            listed(len(left) * count, len(left), 8)
            return list(left) * count
        made(len(left) * count, len(left))
        return left * count
    return _calculate(left, right, "*")


def div(left: Any, right: Any) -> Any:
    """`left / right`: a number, or a decimal when one side is."""
    one, other = type(left), type(right)
    if (one is int or one is float) and (other is int or other is float):
        try:
            return left / right
        except ZeroDivisionError:
            raise fail("division by zero") from None
        except OverflowError:
            raise fail("the number is too large") from None
    return _calculate(left, right, "/")


def floordiv(left: Any, right: Any) -> Any:
    """`left // right`."""
    return _whole(left, right, "//")


def mod(left: Any, right: Any) -> Any:
    """`left % right`, or text with its `%` directives filled in."""
    if isinstance(left, str):
        if isinstance(right, list | tuple):
            return percent(left, right, {})
        return percent(left, [right], right if isinstance(right, Mapping) else {})
    return _whole(left, right, "%")


def _whole(left: Any, right: Any, sign: str) -> Any:
    one, other = type(left), type(right)
    if (one is int or one is float) and (other is int or other is float):
        try:
            return left // right if sign == "//" else left % right
        except ZeroDivisionError:
            raise fail("division by zero") from None
        except OverflowError:
            raise fail("the number is too large") from None
    return _calculate(left, right, sign)


def neg(value: Any) -> Any:
    """`-value`."""
    if type(value) is int or type(value) is float:
        return -value
    if isinstance(value, Decimal):
        return value.copy_negate() if value else value
    if isinstance(value, int):
        return -int(value)
    raise fail(f"{kind(value)} has no negative")


def pos(value: Any) -> Any:
    """`+value`."""
    if isinstance(value, int | float | Decimal):
        return +value if not isinstance(value, Decimal) else value
    raise fail(f"{kind(value)} is no number")


def _calculate(left: Any, right: Any, sign: str) -> Any:
    """Arithmetic with decimals and booleans; Failure for what is no number."""
    if not (isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal)):
        raise fail(f"{kind(left)} {sign} {kind(right)} is not possible")
    if not (isinstance(left, Decimal) or isinstance(right, Decimal)):
        one = int(left) if isinstance(left, int) else float(left)
        other = int(right) if isinstance(right, int) else float(right)
        return OPERATORS[sign](one, other)
    return exact(digits(left), digits(right), sign)


def exact(left: Decimal, right: Decimal, sign: str) -> Decimal:
    """Decimal arithmetic: exact up to `MAX_DIGITS`, quotients rounded. `%` has the sign of its right side, as for integers."""
    try:
        if sign == "+":
            return _EXACT.add(left, right)
        if sign == "-":
            return _EXACT.subtract(left, right)
        if sign == "*":
            return _EXACT.multiply(left, right)
        if sign == "/":
            return _rounding(left, right).divide(left, right)
        rest = _EXACT.remainder(left, right)
        if sign == "%":
            return _EXACT.add(rest, right) if rest and (rest < 0) != (right < 0) else rest
        whole = _EXACT.divide_int(left, right)
        return _EXACT.subtract(whole, Decimal(1)) if rest and (rest < 0) != (right < 0) else whole
    except (decimal.DivisionByZero, ZeroDivisionError, decimal.DivisionUndefined):
        raise fail("division by zero") from None
    except decimal.DecimalException:
        if not right and sign in ("/", "//", "%"):
            raise fail("division by zero") from None
        raise fail(f"a decimal may have at most {MAX_DIGITS} digits") from None


def bounded(value: int) -> int:
    """An integer of at most `MAX_BITS` bits."""
    if value.bit_length() > MAX_BITS:
        raise fail("the integer is too large")
    return value


def with_literal(sign: str, other: Any, number: float, written: str, left: bool) -> Any:
    """An operator with a float literal whose digits no float can hold: a decimal meets the digits as written."""
    literal: Any = Decimal(written) if isinstance(other, Decimal) else number
    pair = (literal, other) if left else (other, literal)
    return COMPARISONS[sign](*pair) if sign in COMPARISONS else OPERATORS[sign](*pair)


def contains(item: Any, holder: Any) -> bool:
    """`item in holder`: typed for lists, a part of a text, a key of a mapping."""
    if isinstance(holder, str):
        if not isinstance(item, str):
            raise fail(f"a text cannot contain {kind(item)}")
        charge(len(holder) >> 4)
        return item in holder
    if isinstance(holder, Mapping):
        if isinstance(item, list | tuple | Mapping):
            raise fail(f"a mapping has no key that is {kind(item)}")
        return item in holder and (type(item) is str or any(equal(item, key) for key in holder))
    if isinstance(holder, list | tuple):
        charge(len(holder))
        if type(item) in _NATIVE:
            if item not in holder:
                return False
            if type(item) is str:
                return True
        charge(len(holder) * 8)
        return any(equal(item, member) for member in holder)
    if isinstance(holder, bytes) and isinstance(item, bytes):
        return item in holder
    raise fail(f"`in` takes a list, a mapping or text, not {kind(holder)}")


_NATIVE = frozenset({str, int, type(None)})
"""Types whose native membership test never misses an equal member."""


def not_contains(item: Any, holder: Any) -> bool:
    """`item not in holder`."""
    return not contains(item, holder)


def unequal(left: Any, right: Any) -> bool:
    """`left != right`."""
    return not equal(left, right)


def at_most(left: Any, right: Any) -> bool:
    """`left <= right`."""
    if type(left) in _QUICK and type(right) in _QUICK:
        return left <= right  # type: ignore[no-any-return]
    return less(left, right) or equal(left, right)


def more(left: Any, right: Any) -> bool:
    """`left > right`."""
    if type(left) in _QUICK and type(right) in _QUICK:
        return left > right  # type: ignore[no-any-return]
    return less(right, left)


def at_least(left: Any, right: Any) -> bool:
    """`left >= right`."""
    if type(left) in _QUICK and type(right) in _QUICK:
        return left >= right  # type: ignore[no-any-return]
    return less(right, left) or equal(left, right)


def chain(first: Any, *rest: Any) -> bool:
    """`a < b < c`: signs and functions that give the operands, in turn; stops at the first that does not hold."""
    for sign, operand in zip(rest[::2], rest[1::2], strict=True):
        value = operand()
        if not COMPARISONS[sign](first, value):
            return False
        first = value
    return True


def concat(*parts: Any) -> str:
    """Parts as one text."""
    texts = [part if type(part) is str else text(part) for part in parts]
    length = sum(map(len, texts))
    made(length, length)
    if length > 1_000_000:
        raise fail("a text may have at most 1000000 characters")
    return "".join(texts)


def key(value: Any) -> Any:
    """A key of a mapping that an expression writes."""
    if isinstance(value, str | int | float | Decimal | date | UUID) or value is None:
        return value
    raise fail(f"{kind(value)} cannot be a key")


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": sub,
    "*": mul,
    "/": div,
    "//": floordiv,
    "%": mod,
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": equal,
    "ne": unequal,
    "lt": less,
    "lteq": at_most,
    "gt": more,
    "gteq": at_least,
    "in": contains,
    "notin": not_contains,
}
