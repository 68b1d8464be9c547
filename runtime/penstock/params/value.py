"""Value: a checked JSON form turned into the value that steps see."""

import base64
import copy
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from penstock.model import Parameter
from penstock.params.broken import Broken
from penstock.params.types import FILE_KEYS, TYPES

MAX_DIGITS = 400
"""digits of a number, before and after its point"""

_DECIMAL = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}(?:\.[0-9]{{1,{MAX_DIGITS}}})?(?:[eE][+-]?[0-9]{{1,4}})?")

Convert = Callable[[Any], Any]


def _refuse(kind: str, rule: str = "type") -> Broken:
    return Broken(rule, f"must be {TYPES[kind].words}")


def _small(value: Decimal) -> bool:
    """Whether a decimal has a bounded number of digits when it is written out."""
    return (
        value.is_finite()
        and -MAX_DIGITS <= value.adjusted() <= MAX_DIGITS
        and len(value.as_tuple().digits) <= 2 * MAX_DIGITS
    )


def to_decimal(value: Any) -> Decimal:
    """A decimal of text, a number or a decimal; raises Broken."""
    if type(value) is str:
        if not _DECIMAL.fullmatch(value):
            raise _refuse("decimal")
        value = Decimal(value)
    elif type(value) is int:
        value = Decimal(value)
    elif type(value) is float and math.isfinite(value):
        value = Decimal(repr(value))
    if not isinstance(value, Decimal) or not _small(value):
        raise _refuse("decimal")
    return value


def to_integer(value: Any) -> int:
    """An integer of a number without a fraction."""
    if type(value) is int:
        return value
    if isinstance(value, Decimal) and not _small(value):
        raise _refuse("integer")
    return int(value)


def to_number(value: Any) -> Any:
    """A number; a decimal becomes a float."""
    if isinstance(value, Decimal):
        value = float(value)
        if math.isinf(value):
            raise _refuse("number")
    return value


def to_date(value: Any) -> date:
    """A date of `YYYY-MM-DD`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _refuse("date", "format") from None


def to_datetime(value: Any) -> datetime:
    """A time in UTC of RFC 3339 text; a datetime without a zone is taken as UTC."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value.upper())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refuse("datetime", "format") from None


def to_uuid(value: Any) -> UUID:
    """A UUID of its text."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value)
    except ValueError:
        raise _refuse("uuid", "format") from None


def to_bytes(value: Any) -> bytes:
    """Bytes of base64 text."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Mapping) and isinstance(value.get("content"), bytes):
        content: bytes = value["content"]
        return content
    if type(value) is str:
        try:
            return base64.b64decode(value, validate=True)
        except ValueError:
            raise _refuse("bytes", "format") from None
    raise _refuse("bytes")


def to_file(value: Any) -> dict[str, Any]:
    """A file: `{name, content_type, size, content}`."""
    if isinstance(value, Mapping) and isinstance(value.get("content"), bytes) and FILE_KEYS.issuperset(value):
        content = value["content"]
        return {
            "name": str(value.get("name") or ""),
            "content_type": str(value.get("content_type") or "application/octet-stream"),
            "size": len(content),
            "content": content,
        }
    raise _refuse("file")


def loose(value: Any) -> Any:
    """The same value with floats for decimals, at every depth."""
    if type(value) is Decimal:
        return to_number(value)
    if type(value) is dict:
        return {key: loose(item) for key, item in value.items()}
    if type(value) is list:
        return [loose(item) for item in value]
    return value


_SCALARS: dict[str, Convert] = {
    "integer": to_integer,
    "number": to_number,
    "decimal": to_decimal,
    "date": to_date,
    "datetime": to_datetime,
    "uuid": to_uuid,
    "bytes": to_bytes,
    "file": to_file,
}


def converter(parameter: Parameter, *, fill: bool, exact: bool = False) -> Convert | None:
    """How a checked value becomes what steps see; None when it is that already. It raises Broken.

    `fill`: defaults and nulls of nested properties that were not given are put in (`params`), else they are not (`given`).
    `exact`: the JSON was read with decimals for its floats, so what is not declared a decimal becomes a float again.
    """
    convert = _converter(parameter, fill, exact)
    if convert is None or not parameter.nullable:
        return convert
    inner = convert
    return lambda value: None if value is None else inner(value)


def _converter(parameter: Parameter, fill: bool, exact: bool) -> Convert | None:
    kind = parameter.type
    if kind in ("bytes", "file"):
        return _sized(_SCALARS[kind], parameter)
    if kind == "array":
        item = None if parameter.items is None else converter(parameter.items, fill=fill, exact=exact)
        if item is not None:
            return _list(item)
        return loose if exact and parameter.items is None else None
    if kind == "object" and parameter.properties is not None:
        return _object(parameter, parameter.properties, fill, exact)
    if kind in ("object", "any", "record"):
        return loose if exact else None
    return _SCALARS.get(kind)


def default_of(parameter: Parameter) -> Convert:
    """A function (its argument is ignored) that gives the value of a parameter that was not given."""
    if not parameter.has_default:
        return lambda _: None
    convert = converter(parameter, fill=True)
    value = parameter.default if convert is None else convert(parameter.default)
    if isinstance(value, dict | list):
        return lambda _: copy.deepcopy(value)
    return lambda _: value


def _list(item: Convert) -> Convert:
    def convert(values: Any) -> list[Any]:
        found: list[Any] = []
        for index, value in enumerate(values):
            try:
                found.append(item(value))
            except Broken as broken:
                raise Broken(broken.rule, broken.message, (index, *broken.path)) from None
        return found

    return convert


def _object(parameter: Parameter, properties: tuple[Parameter, ...], fill: bool, exact: bool) -> Convert:
    fields = tuple(
        (item.wire, item.name, converter(item, fill=fill, exact=exact), default_of(item)) for item in properties
    )
    known = frozenset(item.wire for item in properties)
    keep = parameter.keep_extra or parameter.whole

    def convert(value: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for wire, name, inner, default in fields:
            if wire in value:
                item = value[wire]
                try:
                    found[name] = item if inner is None else inner(item)
                except Broken as broken:
                    raise Broken(broken.rule, broken.message, (wire, *broken.path)) from None
            elif fill:
                found[name] = default(None)
        if keep:
            for key in value:
                if key not in known:
                    found[key] = loose(value[key]) if exact else value[key]
        return found

    return convert


def _sized(convert: Convert, parameter: Parameter) -> Convert:
    """Hold the size of bytes and files to `minLength` and `maxLength`."""
    least = int(parameter.schema.get("minLength", 0))
    most = parameter.schema.get("maxLength")

    def sized(value: Any) -> Any:
        made = convert(value)
        size = len(made) if isinstance(made, bytes) else made["size"]
        if size < least:
            raise Broken("minLength", f"must have at least {least} bytes")
        if most is not None and size > most:
            raise Broken("maxLength", f"must have at most {most} bytes")
        return made

    return sized


def fills(parameter: Parameter) -> bool:
    """Whether nested properties may be filled in, so that `params` and `given` can differ inside of the value."""
    if parameter.items is not None and fills(parameter.items):
        return True
    return any(not item.required or fills(item) for item in parameter.properties or ())


def has_decimals(parameter: Parameter) -> bool:
    """Whether a decimal is declared somewhere in a parameter."""
    inner = (*(parameter.properties or ()), *((parameter.items,) if parameter.items is not None else ()))
    return parameter.type == "decimal" or any(has_decimals(item) for item in inner)


def preparer(parameter: Parameter) -> Convert | None:
    """How decimals written as text become decimals before a value is checked; None when none is declared. What is none is left."""
    if not has_decimals(parameter):
        return None
    if parameter.type == "decimal":
        return _prepared
    item = None if parameter.items is None else preparer(parameter.items)
    fields = {inner.wire: found for inner in parameter.properties or () if (found := preparer(inner)) is not None}

    def prepare(value: Any) -> Any:
        if item is not None and type(value) is list:
            return [item(entry) for entry in value]
        if fields and isinstance(value, dict):
            return {key: fields[key](entry) if key in fields else entry for key, entry in value.items()}
        return value

    return prepare


def _prepared(value: Any) -> Any:
    if value is None or value is True or value is False:
        return value
    try:
        return to_decimal(value)
    except Broken:
        return "no decimal"
