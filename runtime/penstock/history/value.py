"""Values: whatever a run held, as bounded JSON text; never fails."""

from collections.abc import Mapping
from typing import Any

import msgspec

from penstock.history.mask import Mask

Json = msgspec.Raw

NOTHING = Mask(())
SHORT = 200
"""A Python object whose text form is longer is named by its type only."""
SMALL_BYTES = 1024
"""Bytes up to this length are kept, as base64."""

_DEPTH = 24
_NODES = 20_000
_COUNTED = 8
"""A value too large is counted up to this many times its limit."""
_NULL = Json(b"null")


def foreign(value: Any) -> Any:
    """JSON data in place of a Python object that has no JSON form."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, Mapping):
        return dict(value)
    return _short(value)


ENCODER = msgspec.json.Encoder(enc_hook=foreign)


def weight(value: Any, most: int) -> int:
    """About how many bytes of JSON the value takes, never too many; counts on to a little above `most` only."""
    total = 0
    waiting = [value]
    while waiting and total <= most:
        value = waiting.pop()
        if isinstance(value, str):
            total += len(value) + 2
        elif isinstance(value, dict):
            total += 1 + 4 * len(value)
            if total <= most:
                for key in value:
                    total += len(key) if isinstance(key, str) else 1
                waiting.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            total += 1 + len(value)
            if total <= most:
                waiting.extend(value)
        elif isinstance(value, bytes | bytearray):
            total += len(value)
        else:
            total += 1
    return total


def bounded(value: Any, most: int, mask: Mask = NOTHING, *, weigh: bool = True) -> Json:
    """The value's JSON text; `{"truncated": N}` (at least N bytes) when it takes more than `most` bytes."""
    if value is None:
        return _NULL
    if weigh:
        size = weight(value, most * _COUNTED)
        if size > most * 2:
            return _size("bytes" if isinstance(value, bytes | bytearray) else "truncated", size)
    text = _encode(value, mask)
    if len(text) > most:
        return _size("truncated", len(text))
    return Json(text)


def plain(value: Any, mask: Mask = NOTHING) -> Any:
    """The value as JSON data with secrets covered; what is too deep, too much or has no JSON form becomes a short text."""
    return _Walk(mask).walk(value, 0)


def _encode(value: Any, mask: Mask) -> bytes:
    if not isinstance(value, bytes | bytearray):
        try:
            text = ENCODER.encode(value)
        except Exception:  # a Python object may raise anything while it is read
            pass
        else:
            if not mask or not mask.found(text):
                return text
    try:
        return ENCODER.encode(plain(value, mask))
    except Exception:
        return ENCODER.encode(f"<{type(value).__name__}>")


def _size(name: str, size: int) -> Json:
    return Json(ENCODER.encode({name: size}))


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= SHORT else f"<{type(value).__name__} …>"  # a cut could leave half a secret


class _Walk:
    __slots__ = ("left", "mask")

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self.left = _NODES

    def walk(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(str.__str__(value))
        if isinstance(value, int | float):
            return self.number(value)
        if isinstance(value, bytes | bytearray):
            return self.raw(bytes(value))
        if depth >= _DEPTH or self.left <= 0:
            return "…"
        if isinstance(value, Mapping):
            return {self.key(key): self.walk(item, depth + 1) for key, item in self.items(value)}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.walk(item, depth + 1) for item in self.items_of(value)]
        return self.other(value, depth)

    def items(self, value: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
        return [pair for pair, _ in zip(value.items(), range(max(self.left, 1)), strict=False)]

    def items_of(self, value: Any) -> list[Any]:
        return [item for item, _ in zip(value, range(max(self.left, 1)), strict=False)]

    def key(self, key: Any) -> str:
        return self.text(key if isinstance(key, str) else _short(key))

    def text(self, text: str) -> str:
        return self.mask.cover(text.encode("utf-8", "replace").decode())

    def number(self, value: float) -> Any:
        if not self.mask:
            return value
        written = ENCODER.encode(value).decode()
        return value if self.mask.cover(written) == written else self.mask.cover(written)

    def raw(self, value: bytes) -> Any:
        if len(value) > SMALL_BYTES or (self.mask and self.mask.found_raw(value)):
            return {"bytes": len(value)}
        return self.text(ENCODER.encode(value)[1:-1].decode())

    def other(self, value: Any, depth: int) -> Any:
        try:
            data = msgspec.json.decode(ENCODER.encode(value))
        except Exception:
            return self.text(_short(value))
        return self.walk(data, depth + 1)
