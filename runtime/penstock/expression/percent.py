"""Percent: text with `%` directives, as `format` and the `%` operator fill them in, with bounded widths."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from penstock.expression.data import fail, kind, text
from penstock.expression.limits import MAX_WIDTH, charge, made

_DIRECTIVE = re.compile(
    r"%(?:\((?P<name>[^()]{0,200})\))?(?P<flags>[-+ #0]{0,5})(?P<width>\*|\d{0,6})(?:\.(?P<precision>\*|\d{0,6}))?[hlL]?(?P<type>.)?",
    re.S,
)
_NUMBER = frozenset("diouxXeEfFgG")


def percent(template: str, arguments: Sequence[Any], names: Mapping[Any, Any]) -> str:
    """Fill in `%s %d %5.2f %(name)s …`. Raises Failure for too few or too many arguments and for other types."""
    parts: list[str] = []
    end = taken = length = 0
    named = False

    def take() -> Any:
        nonlocal taken
        if taken >= len(arguments):
            raise fail("there are fewer arguments than % directives")
        taken += 1
        return arguments[taken - 1]

    def size(written: str | None) -> str:
        if written == "*":
            value = take()
            if type(value) is not int:
                raise fail(f"a width is an integer, not {kind(value)}")
            written = str(value) if abs(value) <= MAX_WIDTH else "9" * 9
        if written and abs(int(written)) > MAX_WIDTH:
            raise fail(f"a width or precision is at most {MAX_WIDTH}")
        return written or ""

    for found in _DIRECTIVE.finditer(template):
        parts.append(template[end : found.start()])
        end = found.end()
        letter = found["type"]
        if letter == "%" and end - found.start() == 2:
            parts.append("%")
            continue
        if letter is None:
            raise fail("a % directive is not complete (write %% for a percent sign)")
        width = size(found["width"])
        precision = size(found["precision"])
        if found["name"] is not None:
            named = True
            if found["name"] not in names:
                raise fail(f"there is no argument named {found['name'][:40]}")
            value = names[found["name"]]
        else:
            value = take()
        point = "" if found["precision"] is None else "." + precision
        part = _one(found["flags"] + width + point, letter, value)
        length += len(part)
        charge(64)
        made(length, len(text(value)) if isinstance(value, str) else 64)
        parts.append(part)
    parts.append(template[end:])
    if taken < len(arguments) and not named and not (len(arguments) == 1 and isinstance(arguments[0], Mapping)):
        raise fail("there are more arguments than % directives")
    result = "".join(parts)
    made(len(result), len(result))
    return result


def _one(form: str, letter: str, value: Any) -> str:
    if letter in "sra":
        return f"%{form}s" % text(value)
    if letter == "c":
        if (isinstance(value, str) and len(value) == 1) or (type(value) is int and 0 <= value < 0x110000):
            return f"%{form}c" % value
        raise fail("%c takes one character")
    if letter not in _NUMBER:
        raise fail(f"%{letter} is no directive")
    if not isinstance(value, int | float | Decimal):
        raise fail(f"%{letter} takes a number, not {kind(value)}")
    if isinstance(value, Decimal) and not -400 < value.adjusted() < 400:
        raise fail("the decimal is too large")
    try:
        return f"%{form}{letter}" % value
    except (TypeError, ValueError, OverflowError):
        raise fail(f"%{letter} does not take {kind(value)}") from None
