"""Convert: what a binding gave, checked and turned into what an action's parameter takes."""

import math
import types
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal, Union, get_args, get_origin

from penstock import units
from penstock.errors import Failure
from penstock.registry import Duration, Size

Check = Callable[[Any], Any]


def converter(hint: Any, nullable: bool, name: str) -> Check | None:
    """A function that checks a value for a parameter's type; None when the type takes anything. It raises Failure `internal`."""
    check = _check(hint, name)
    if check is None or not nullable:
        return check

    def with_null(value: Any) -> Any:
        return None if value is None else check(value)

    return with_null


def duration(value: Any, name: str) -> float:
    """Seconds of a duration. Raises Failure `internal`."""
    try:
        seconds = units.duration(value)
    except (ValueError, TypeError):
        raise Failure("internal", f"{name} must be a duration such as 250ms, 5s or 1h30m") from None
    return float(seconds)


def _check(hint: Any, name: str) -> Check | None:
    if hint is Any or hint is object:
        return None
    if hint is Duration:
        return lambda value: duration(value, name)
    if hint is Size:
        return lambda value: _size(value, name)
    origin = get_origin(hint)
    if origin is Literal:
        return _literal(get_args(hint), name)
    if origin in (Union, types.UnionType):
        return _union([member for member in get_args(hint) if member is not type(None)], name)
    kind = origin or hint
    words = _WORDS.get(kind)
    if words is None:
        return None
    if kind is int:
        return lambda value: _int(value, name)
    if kind is float:
        return lambda value: _float(value, name)
    if kind is datetime:
        return lambda value: _datetime(value, name)

    def check(value: Any) -> Any:
        if isinstance(value, kind) and not isinstance(value, bool):
            return value
        raise Failure("internal", f"{name} must be {words}, not {_kind(value)}")

    if kind is bool:
        return lambda value: value if isinstance(value, bool) else _refuse(name, words, value)
    return check


_WORDS: dict[Any, str] = {
    str: "text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
    bytes: "bytes",
    datetime: "a datetime",
    date: "a date",
    type(None): "nothing",
}


def _refuse(name: str, words: str, value: Any) -> Any:
    raise Failure("internal", f"{name} must be {words}, not {_kind(value)}")


def _int(value: Any, name: str) -> int:
    if type(value) is int:
        return value
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        return int(value)
    raise Failure("internal", f"{name} must be an integer, not {_kind(value)}")


def _float(value: Any, name: str) -> float:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return float(value)
    raise Failure("internal", f"{name} must be a number, not {_kind(value)}")


def _datetime(value: Any, name: str) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise Failure("internal", f"{name} must be a datetime, not text") from None
    if not isinstance(value, datetime):
        raise Failure("internal", f"{name} must be a datetime, not {_kind(value)}")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _size(value: Any, name: str) -> int:
    try:
        return int(units.size(value))
    except (ValueError, TypeError):
        raise Failure("internal", f"{name} must be a size such as 512 or 10MB") from None


def _literal(choices: tuple[Any, ...], name: str) -> Check:
    def check(value: Any) -> Any:
        for choice in choices:
            if value == choice and type(value) is type(choice):
                return value
        raise Failure("internal", f"{name} must be one of {', '.join(str(choice) for choice in choices)}")

    return check


def _union(members: list[Any], name: str) -> Check:
    checks = [_check(member, name) for member in members]
    words = " or ".join(_WORDS.get(get_origin(member) or member, str(member)) for member in members)

    def check(value: Any) -> Any:
        for candidate in checks:
            if candidate is None:
                return value
            try:
                return candidate(value)
            except Failure:
                continue
        raise Failure("internal", f"{name} must be {words}, not {_kind(value)}")

    return check


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    for kind, words in (
        (bool, "a boolean"),
        (int, "an integer"),
        (float, "a number"),
        (str, "text"),
        (dict, "a mapping"),
        (list, "a list"),
    ):
        if isinstance(value, kind):
            return words
    return type(value).__name__
