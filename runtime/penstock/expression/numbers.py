"""Numbers: conversions and rounding, as filters that take a default and functions that fail."""

import math
from decimal import Decimal, InvalidOperation
from typing import Any

from penstock.expression import operators
from penstock.expression.data import MISSING, decimal_text, digits, fail, kind
from penstock.expression.limits import MAX_DIGITS
from penstock.expression.tables import filter_, function

_LONGEST = 1_200
"""characters of a text that becomes a number"""


def to_int(value: Any, base: int = 10) -> int:
    """An integer of a number (cut off towards zero) or of text. Raises ValueError, TypeError."""
    if isinstance(value, str):
        if len(value) > _LONGEST:
            raise ValueError("too long")
        return operators.bounded(int(value, base))
    if isinstance(value, Decimal):
        if not value.is_finite() or value.adjusted() > MAX_DIGITS:
            raise ValueError("too large")
        return int(value)
    if isinstance(value, int | float):
        return int(value)
    raise TypeError(kind(value))


def to_decimal(value: Any) -> Decimal:
    """A decimal of a number by its digits, or of text. Raises ValueError, TypeError."""
    if isinstance(value, str):
        if len(value) > _LONGEST:
            raise ValueError("too long")
        try:
            value = Decimal(value.strip())
        except InvalidOperation:
            raise ValueError("no decimal") from None
    elif not isinstance(value, int | float | Decimal):
        raise TypeError(kind(value))
    made = digits(value)
    if not made.is_finite() or abs(made.adjusted()) > MAX_DIGITS:
        raise ValueError("no decimal")
    return made


def to_number(value: Any) -> int | float | Decimal:
    """A number of text: an integer when it is written as one. Raises ValueError, TypeError."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise TypeError(kind(value))
    written = value.strip()
    try:
        return operators.bounded(int(written, 10))
    except ValueError:
        made = float(written)
        if not math.isfinite(made):
            raise ValueError("no number") from None
        return made


@filter_("int")
def int_filter(value: Any, default: Any = 0, base: int = 10) -> Any:
    """An integer of a number or text; `default` for what is none. `'42.9'` gives 42."""
    if type(base) is not int or not (base == 0 or 2 <= base <= 36):
        raise fail("the base of int is from 2 to 36")
    try:
        return to_int(value, base)
    except (TypeError, ValueError, OverflowError):
        try:
            return int(to_float(value))
        except (TypeError, ValueError, OverflowError):
            return default


def to_float(value: Any) -> float:
    """A float of a number or text. Raises ValueError, TypeError, OverflowError."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        return float(value)
    if isinstance(value, int | float | Decimal):
        return float(value)
    raise TypeError(kind(value))


@filter_("float")
def float_filter(value: Any, default: Any = 0.0) -> Any:
    """A floating-point number of a number or text; `default` for what is none."""
    try:
        return to_float(value)
    except (TypeError, ValueError, OverflowError):
        return default


@filter_("decimal")
def decimal_filter(value: Any, default: Any = MISSING) -> Any:
    """An exact decimal of a number (by its digits) or text; `default` for what is none."""
    try:
        return to_decimal(value)
    except (TypeError, ValueError):
        return _or(default, value, "a decimal")


@filter_("number")
def number_filter(value: Any, default: Any = MISSING) -> Any:
    """A number of text: an integer when it is written as one; `default` for what is none."""
    try:
        return to_number(value)
    except (TypeError, ValueError):
        return _or(default, value, "a number")


def _or(default: Any, value: Any, wanted: str) -> Any:
    if default is MISSING:
        raise fail(f"{kind(value)} is not {wanted}" if not isinstance(value, str) else f"the text is not {wanted}")
    return default


@function("int")
def int_function(value: Any, base: int = 10) -> int:
    """An integer of a number (cut off) or text."""
    try:
        return to_int(value, base)
    except (TypeError, ValueError, OverflowError):
        raise fail(_not(value, "an integer")) from None


@function("float")
def float_function(value: Any) -> float:
    """A floating-point number of a number or text."""
    try:
        return to_float(value)
    except (TypeError, ValueError, OverflowError):
        raise fail(_not(value, "a number")) from None


@function("decimal")
def decimal_function(value: Any) -> Decimal:
    """An exact decimal of a number (by its digits) or text."""
    try:
        return to_decimal(value)
    except (TypeError, ValueError):
        raise fail(_not(value, "a decimal")) from None


@function("bool")
def bool_function(value: Any) -> bool:
    """A boolean of `true`/`false` (also as text), 1/0 or null."""
    if isinstance(value, bool):
        return value
    if value is None:
        return False
    if isinstance(value, int | float | Decimal) and value in (0, 1):
        return bool(value)
    if isinstance(value, str):
        word = value.strip().lower()[:10]
        if word in ("true", "1"):
            return True
        if word in ("false", "0"):
            return False
    raise fail(_not(value, "a boolean"))


def _not(value: Any, wanted: str) -> str:
    return f"the text is not {wanted}" if isinstance(value, str) else f"{kind(value)} is not {wanted}"


def rounded(value: Any, precision: Any, method: str) -> Any:
    """Round to `precision` digits: `common` (half to even), `ceil` or `floor`."""
    if (
        type(value) is float
        and method == "common"
        and type(precision) is int
        and -MAX_DIGITS <= precision <= MAX_DIGITS
    ):
        return round(value, precision)
    if method not in ("common", "ceil", "floor"):
        raise fail("the method of round is common, ceil or floor")
    if type(precision) is not int or abs(precision) > MAX_DIGITS:
        raise fail(f"the precision of round is an integer up to {MAX_DIGITS}")
    if not isinstance(value, int | float | Decimal):
        raise fail(f"{kind(value)} cannot be rounded")
    if isinstance(value, Decimal):
        return _rounded_decimal(value, precision, method)
    if method == "common":
        return round(value, precision)
    cut = math.ceil if method == "ceil" else math.floor
    return cut(value * 10**precision) / 10**precision


def _rounded_decimal(value: Decimal, precision: int, method: str) -> Decimal:
    if not value.is_finite() or value.adjusted() + precision > MAX_DIGITS:
        raise fail("the decimal has too many digits to round")
    mode = {"common": "ROUND_HALF_EVEN", "ceil": "ROUND_CEILING", "floor": "ROUND_FLOOR"}[method]
    made = value.quantize(Decimal((0, (1,), -precision)), rounding=mode, context=operators.ROUNDING)
    return Decimal(decimal_text(made)) if precision < 0 else made


@filter_("round")
def round_filter(value: Any, precision: int = 0, method: str = "common") -> Any:
    """Round to `precision` digits; the method is common (half to even), ceil or floor."""
    return rounded(value, precision, method)


@function("round")
def round_function(value: Any, precision: Any = None) -> Any:
    """Round half to even: to an integer, or to `precision` digits."""
    if precision is None:
        if isinstance(value, float) and not math.isfinite(value):
            raise fail("an infinite number cannot be rounded")
        return to_int(rounded(value, 0, "common"))
    return rounded(value, precision, "common")


@filter_("abs")
@function("abs")
def absolute(value: Any) -> Any:
    """The number without its sign."""
    if not isinstance(value, int | float | Decimal):
        raise fail(f"{kind(value)} is not a number")
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


_BINARY_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
_DECIMAL_UNITS = ("kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


@filter_("filesizeformat")
def filesizeformat(value: Any, binary: bool = False) -> str:
    """A number of bytes as people read it: `13 kB`, `4.1 MB`."""
    size = to_float(value)
    base = 1024 if binary else 1000
    if size == 1:
        return "1 Byte"
    if size < base:
        return f"{int(size)} Bytes"
    for power, unit in enumerate(_BINARY_UNITS if binary else _DECIMAL_UNITS, 2):
        if size < base**power:
            return f"{base * size / base**power:.1f} {unit}"
    return f"{base * size / base**9:.1f} {unit}"
