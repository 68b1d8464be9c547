"""JSON text: what the dialect's values look like in JSON, and JSON read strictly."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Literal
from uuid import UUID

import msgspec

from penstock.errors import Failure

MAX_DEPTH = 100
"""levels of lists and mappings"""

_QUICK = frozenset({str, int, bool, type(None)})
"""Types that msgspec always writes as we do."""

_PLAIN = 100
"""Decimals with exponents beyond this keep the exponent."""

_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z`; a datetime without a zone is taken as UTC."""
    if moment.tzinfo is None:
        return moment.isoformat(timespec="microseconds") + "Z"
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def encoder(decimals: Literal["text", "number"] = "text") -> Callable[[Any], bytes]:
    """A function that gives a value's JSON: datetimes with `stamp`, decimals with all their digits.

    It raises Failure `internal` for what JSON has no form for: bytes, sets, NaN, infinity, values nested deeper than `MAX_DEPTH`.
    """
    encode = msgspec.json.Encoder(decimal_format="number" if decimals == "number" else "string").encode

    def to_json(value: Any) -> bytes:
        try:
            if not _ready(value, 0):
                value = _prepared(value, decimals == "text", 0)
            return encode(value)
        except (TypeError, ValueError, OverflowError, RecursionError, NotImplementedError):
            raise Failure("internal", "the value has no JSON form") from None

    return to_json


def _ready(value: Any, depth: int) -> bool:
    """Whether msgspec writes the value as it should be; raises Failure for what has no JSON form."""
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                return False
            if type(item) not in _QUICK and not _ready(item, depth + 1):
                return False
    elif kind is list:
        for item in value:
            if type(item) not in _QUICK and not _ready(item, depth + 1):
                return False
    elif kind is float:
        return isfinite(value)
    else:
        return _leaf(value, kind)
    if depth >= MAX_DEPTH:
        raise Failure("internal", f"a value may be nested at most {MAX_DEPTH} levels deep")
    return True


def _leaf(value: Any, kind: type) -> bool:
    if kind is datetime:
        return value.microsecond != 0 and value.tzinfo is UTC
    if kind is Decimal:
        shown = str(value)
        return shown[-1].isdigit() and "E" not in shown
    return kind is UUID or kind is date


def _prepared(value: Any, texts: bool, depth: int) -> Any:
    """The same value of types that msgspec writes as it should."""
    kind = type(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise Failure("internal", "JSON has no infinite number and no NaN")
        return value
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise Failure("internal", "JSON has no infinite number and no NaN")
        return format(value, "f") if texts and -_PLAIN < value.adjusted() < _PLAIN else value
    if depth > MAX_DEPTH:
        raise Failure("internal", f"a value may be nested at most {MAX_DEPTH} levels deep")
    if kind is dict or isinstance(value, Mapping):
        return {
            key if type(key) is str else _key(key): item if type(item) in _QUICK else _prepared(item, texts, depth + 1)
            for key, item in value.items()
        }
    if kind is list or isinstance(value, list | tuple):
        return [item if type(item) in _QUICK else _prepared(item, texts, depth + 1) for item in value]
    if value is None or isinstance(value, str | int | date | UUID):
        return value
    raise Failure("internal", f"a value of type {kind.__name__} has no JSON form")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, datetime):
        return stamp(key)
    if isinstance(key, int | float | Decimal | date | UUID):
        return str(key)
    raise Failure("internal", f"a key of type {type(key).__name__} has no JSON form")


_decode = msgspec.json.Decoder().decode
_decode_exact = msgspec.json.Decoder(float_hook=Decimal).decode


def decode(data: bytes | str) -> Any:
    """Read JSON (RFC 8259) strictly. Raises Failure `malformed`, also for nesting deeper than `MAX_DEPTH`."""
    return _read(_decode, data)


def decode_exact(data: bytes | str) -> Any:
    """Read JSON strictly, with numbers that are not integers as decimals. Raises Failure `malformed`."""
    return _read(_decode_exact, data)


def _read(read: Callable[[bytes | str], Any], data: bytes | str) -> Any:
    try:
        value = read(data)
    except RecursionError:
        raise Failure("malformed", f"the JSON is nested more than {MAX_DEPTH} levels deep") from None
    except (ValueError, ArithmeticError, msgspec.MsgspecError) as error:
        raise Failure("malformed", f"the JSON does not parse: {_reason(error)}") from None
    if type(value) in (dict, list):
        _bound(value, data)
    return value


def _reason(error: Exception) -> str:
    words = str(error).rstrip(".")
    return (words[:1].lower() + words[1:])[:200]


def _bound(value: Any, data: bytes | str) -> None:
    """Refuse deep nesting: strip one or two levels of brackets a pass, and walk the value only when texts hold brackets too."""
    raw = data.encode() if isinstance(data, str) else bytes(data)
    brackets = raw.translate(None, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH // 2):
        if not brackets:
            return
        shorter = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for holder in level
            for item in (holder.values() if type(holder) is dict else holder)
            if type(item) in (dict, list)
        ]
        if not level:
            return
    raise Failure("malformed", f"the JSON is nested more than {MAX_DEPTH} levels deep")
