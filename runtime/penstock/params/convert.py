"""Convert: texts to values by their declared type, and checked JSON to values of the dialect."""

import base64
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from penstock import jsontext
from penstock.errors import Failure
from penstock.model import Parameter

Shape = Callable[[Any, bool], Any]
"""(checked value, whether defaults are filled in) → value. Raises ValueError when it cannot be."""

_INT = re.compile(r"[+-]?[0-9]{1,1000}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:]{8}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def from_text(text: str, parameter: Parameter) -> Any:
    """The JSON form of a text from a path, query, header, cookie or form. What does not convert is left as text: the check names it."""
    kind = parameter.type
    if kind == "integer":
        return int(text) if _INT.fullmatch(text) else text
    if kind == "number":
        return float(text) if _NUMBER.fullmatch(text) else text
    if kind == "decimal":
        return decimal(text)
    if kind == "boolean":
        return BOOLEANS.get(text.lower(), text)
    if kind in ("object", "array"):
        if kind == "array" and parameter.split is not None:
            items = text.split(parameter.split) if text else []
            return [item if parameter.items is None else from_text(item, parameter.items) for item in items]
        try:
            return jsontext.decode(text.encode())
        except Failure:
            return text
    return text


def from_texts(texts: list[str], parameter: Parameter) -> Any:
    """The JSON form of a repeated key: a list for an array. Raises ValueError for any other type."""
    if parameter.type != "array":
        if len(texts) == 1:
            return from_text(texts[0], parameter)
        raise ValueError("given more than once")
    if len(texts) == 1:
        text = texts[0]
        if parameter.split is not None or text.lstrip()[:1] == "[":
            return from_text(text, parameter)
    items = parameter.items
    return [text if items is None else from_text(text, items) for text in texts]


def decimal(value: Any) -> Any:
    """A decimal of a text, or the text if it is none."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


def has_decimal(parameter: Parameter) -> bool:
    """Whether a decimal is somewhere in it."""
    if parameter.type == "decimal":
        return True
    if parameter.items is not None and has_decimal(parameter.items):
        return True
    return any(has_decimal(item) for item in parameter.properties or ())


def with_decimals(value: Any, parameter: Parameter) -> Any:
    """The same JSON with the texts of decimals made numbers."""
    if parameter.type == "decimal":
        return Decimal(value) if type(value) is int else decimal(value)
    if parameter.items is not None and isinstance(value, list):
        return [with_decimals(item, parameter.items) for item in value]
    if parameter.properties is not None and isinstance(value, dict):
        known = {item.wire: item for item in parameter.properties}
        return {key: with_decimals(item, known[key]) if key in known else item for key, item in value.items()}
    return value


def json_form(value: Any) -> Any:
    """A value of the dialect as JSON: what `call` gives, ready to be checked."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {key: json_form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [json_form(item) for item in value]
    return value


def shape(parameter: Parameter) -> Shape | None:
    """How a checked value becomes a value of the dialect; None when it stays as it is."""
    kind = parameter.type
    if kind == "object" and parameter.properties is not None:
        return _object(parameter)
    if kind == "array" and parameter.items is not None:
        inner = shape(parameter.items)
        return None if inner is None else _array(inner)
    simple = _SIMPLE.get(kind)
    if simple is None:
        return None
    return lambda value, _: None if value is None else simple(value)


def _array(inner: Shape) -> Shape:
    return lambda value, fill: value if value is None else [inner(item, fill) for item in value]


def _object(parameter: Parameter) -> Shape:
    fields = [(item, shape(item)) for item in parameter.properties or ()]
    wires = {item.wire for item, _ in fields}
    keep = parameter.keep_extra

    def convert(value: Any, fill: bool) -> Any:
        if value is None:
            return None
        made: dict[str, Any] = {}
        for item, inner in fields:
            if item.wire in value:
                given = value[item.wire]
                made[item.name] = given if inner is None else inner(given, fill)
            elif fill:
                made[item.name] = default(item)
        if keep:
            for key, given in value.items():
                if key not in wires:
                    made[key] = given
        return made

    return convert


def default(parameter: Parameter) -> Any:
    """The value of a parameter that was not given; a fresh one each time."""
    value = parameter.default
    if value is None or isinstance(value, str | int | float):
        if value is None or parameter.type in ("string", "integer", "number", "boolean", "any", "email", "url"):
            return value
        inner = shape(parameter)
        return value if inner is None else inner(decimal(value) if parameter.type == "decimal" else value, True)
    inner = shape(parameter)
    copy = _copy(value)
    return copy if inner is None else inner(copy, True)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _integer(value: Any) -> Any:
    return value if type(value) is int else int(value)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def _decimal(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _datetime(value: Any) -> datetime:
    if isinstance(value, datetime):
        made = value
    else:
        if not _DATETIME.fullmatch(value):
            raise ValueError("a datetime is written 2026-01-31T12:00:00Z")
        made = datetime.fromisoformat(value.upper().replace(" ", "T"))
    try:
        return made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)
    except OverflowError:
        raise ValueError("the datetime is out of range") from None


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        raise ValueError("a date has no time")
    return value if isinstance(value, date) else date.fromisoformat(value)


def _uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise ValueError("bytes are sent as base64 text")
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise ValueError("bytes are sent as base64 text") from None


_SIMPLE: dict[str, Callable[[Any], Any]] = {
    "integer": _integer,
    "number": _number,
    "decimal": _decimal,
    "date": _date,
    "datetime": _datetime,
    "uuid": _uuid,
    "bytes": _bytes,
}
