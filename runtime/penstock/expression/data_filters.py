"""Data filters: defaults, mappings, JSON, bytes and hashes."""

import base64 as codec
import binascii
import hashlib
import pprint as printer
from collections.abc import Mapping
from typing import Any

import msgspec

from penstock.errors import Failure
from penstock.expression.access import find, follow
from penstock.expression.data import MISSING, fail, json_text, kind, text
from penstock.expression.limits import charge, grow, listed, made
from penstock.expression.tables import filter_
from penstock.jsontext import decode as read_json

MAX_PATH = 32
"""keys of a path"""
ALGORITHMS = ("sha256", "sha1", "sha512", "md5", "sha224", "sha384")


@filter_("default", "d")
def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    """The value, or another for what is missing or null; with `true` also for what is false."""
    if value is None or value is MISSING or (boolean and not value):
        return default_value
    return value


@filter_("coalesce")
def coalesce(*values: Any) -> Any:
    """The first of the values that is neither missing nor null."""
    for value in values:
        if value is not None and value is not MISSING:
            return value
    return None


def _mapping(value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise fail(f"{kind(value)} is not a mapping")
    return value


def _names(names: tuple[Any, ...]) -> list[Any]:
    found: list[Any] = []
    for name in names:
        found += name if isinstance(name, list | tuple) else [name]
    charge(60 * len(found))
    return found


@filter_("pick")
def pick(value: Any, *names: Any) -> dict[Any, Any]:
    """A mapping of these keys only; absent ones are passed over."""
    mapping = _mapping(value)
    wanted = _names(names)
    listed(min(len(wanted), len(mapping)), len(mapping), 100)
    return {name: mapping[name] for name in wanted if name in mapping}


@filter_("omit")
def omit(value: Any, *names: Any) -> dict[Any, Any]:
    """A mapping without these keys; absent ones are passed over."""
    mapping = _mapping(value)
    listed(len(mapping), len(mapping), 100)
    left_out = set(_names(names))
    return {key: item for key, item in mapping.items() if key not in left_out}


@filter_("merge")
def merge(value: Any, *others: Any) -> dict[Any, Any]:
    """The keys of several mappings; of the same key the right side's value."""
    merged: dict[Any, Any] = {}
    for mapping in (value, *others):
        _mapping(mapping)
        listed(len(mapping), len(mapping), 100)
        merged.update(mapping)
    return merged


def _path(path: Any) -> list[Any]:
    parts = path.split(".", MAX_PATH) if isinstance(path, str) else path if isinstance(path, list) else [path]
    if not parts or len(parts) > MAX_PATH:
        raise fail(f"a path has 1 to {MAX_PATH} keys")
    return parts


@filter_("get_path")
def get_path(value: Any, path: Any, default: Any = None) -> Any:
    """The value at `a.b.0` (or a list of keys), or `default` (null) when a part is missing."""
    for part in _path(path):
        value = follow(value, part)
        if value is MISSING:
            return default
    return value


@filter_("set_path")
def set_path(value: Any, path: Any, new: Any) -> Any:
    """A copy in which the value at `a.b.0` (or a list of keys) is another; mappings on the way are made."""
    return _set(value, _path(path), new)


def _set(value: Any, parts: list[Any], new: Any) -> Any:
    if not parts:
        return new
    part, rest = parts[0], parts[1:]
    if isinstance(value, list):
        listed(len(value), len(value), 8)
        place = int(part[:9]) if isinstance(part, str) and part.isdecimal() else part
        if type(place) is not int or not -len(value) <= place <= len(value):
            raise fail("a list has no such index to set")
        copy = list(value)
        if place == len(copy):
            copy.append(None)
        copy[place] = _set(copy[place], rest, new)
        return copy
    if value is None or value is MISSING:
        value = {}
    mapping = _mapping(value)
    listed(len(mapping) + 1, len(mapping), 100)
    if isinstance(part, list | dict):
        raise fail(f"{kind(part)} cannot be a key")
    return {**mapping, part: _set(find(mapping, part), rest, new)}


@filter_("json")
def json(value: Any, indent: int | None = None) -> str:
    """The value as JSON text."""
    written = json_text(value)
    if indent is None:
        return written
    if type(indent) is not int or not 0 <= indent <= 8:
        raise fail("an indent is 0 to 8")
    charge(len(written))
    lines = written.count(",") + 2 * (written.count("[") + written.count("{"))
    made(len(written) + lines * (1 + indent * 4), len(written) * 3)
    shown = msgspec.json.format(written, indent=indent)
    made(len(shown), len(written) * 4)
    return shown


@filter_("from_json")
def from_json(value: Any, default: Any = MISSING) -> Any:
    """The data of JSON text; `default` for what is none."""
    if not isinstance(value, str | bytes):
        if default is not MISSING:
            return default
        raise fail(f"from_json takes text, not {kind(value)}")
    charge(len(value) * 12)
    try:
        return read_json(value)
    except Failure:
        if default is not MISSING:
            return default
        raise fail("the text is not JSON") from None


@filter_("pprint")
def pprint(value: Any) -> str:
    """The value as Python writes it, over several lines."""
    size = len(json_text(value))
    if size > 20_000:
        raise fail("pprint takes small values only")
    grow(size * 2)
    shown = printer.pformat(value)
    made(len(shown), size)
    return shown


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        charge(len(value))
        return value.encode()
    if isinstance(value, bytes):
        charge(len(value))
        return value
    raise fail(f"{kind(value)} is neither text nor bytes")


@filter_("encode")
def encode(value: Any) -> bytes:
    """Text as bytes (UTF-8)."""
    return _bytes(text(value) if not isinstance(value, bytes) else value)


@filter_("decode")
def decode(value: Any) -> str:
    """Bytes (UTF-8) as text."""
    if isinstance(value, str):
        return value
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError:
        raise fail("the bytes are not UTF-8") from None


@filter_("base64")
def base64(value: Any) -> str:
    """Text (UTF-8) or bytes in Base64 (RFC 4648, section 4)."""
    raw = _bytes(value)
    made(len(raw) * 4 // 3 + 4, len(raw) * 2)
    return codec.b64encode(raw).decode()


@filter_("from_base64")
def from_base64(value: Any) -> bytes:
    """The bytes of Base64 text, in the plain or the URL alphabet, padded or not; `| decode` makes text of them."""
    raw = _bytes(value).translate(bytes.maketrans(b"-_", b"+/"), b"\r\n")
    try:
        return codec.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except binascii.Error:
        raise fail("the text is not Base64") from None


@filter_("hash")
def hash_(value: Any, algorithm: str = "sha256", encoding: str = "hex") -> Any:
    """The digest of text or bytes; sha256, sha1, sha512 or md5; as hex, base64 or bytes."""
    if algorithm not in ALGORITHMS:
        raise fail(f"the algorithm is one of {', '.join(ALGORITHMS)}")
    digest = hashlib.new(algorithm, _bytes(value), usedforsecurity=False)
    if encoding == "hex":
        return digest.hexdigest()
    if encoding == "base64":
        return codec.b64encode(digest.digest()).decode()
    if encoding == "bytes":
        return digest.digest()
    raise fail("the encoding is hex, base64 or bytes")
