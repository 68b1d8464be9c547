"""Access: keys, indexes and slices of plain data. There are no attributes."""

from collections.abc import Mapping
from typing import Any

from penstock.errors import Failure
from penstock.expression.data import MISSING, OMIT, brief, fail, kind
from penstock.expression.limits import charge


def get(base: Any, key: Any, path: str) -> Any:
    """`base[key]`. `path` names the base in the Failure `undefined` for what does not exist."""
    if type(base) is dict:
        try:
            return base[key]
        except (KeyError, TypeError):
            raise undefined(base, key, path) from None
    found = find(base, key)
    if found is MISSING:
        raise undefined(base, key, path)
    return found


def find(base: Any, key: Any) -> Any:
    """`base[key]`, or MISSING."""
    if isinstance(base, Mapping):
        try:
            return base[key]
        except (KeyError, TypeError):
            return MISSING
    if isinstance(base, list | tuple | str) and type(key) is int:
        try:
            return base[key]
        except IndexError:
            return MISSING
    return MISSING


def peek(base: Any, *keys: Any) -> Any:
    """The value at the end of a chain, or MISSING, whatever is missing."""
    for key in keys:
        if type(base) is dict:
            try:
                base = base[key]
            except (KeyError, TypeError):
                return MISSING
        elif (base := find(base, key)) is MISSING:
            return MISSING
    return base


def missing(path: str) -> Any:
    """Raise the Failure for a root's key that does not exist."""
    raise Failure("undefined", f"{path} does not exist")


def undefined(base: Any, key: Any, path: str) -> Failure:
    """The Failure for a key that a value does not have."""
    name = brief(key)
    if base is MISSING:
        return Failure("undefined", f"{path} does not exist")
    if isinstance(base, Mapping):
        whole = f"{path}.{name}" if isinstance(key, str) else f"{path}[{name}]"
        return Failure("undefined", f"{whole} does not exist")
    if isinstance(base, list | tuple | str) and isinstance(key, int):
        return Failure("undefined", f"{path}[{name}] does not exist: it has {len(base)}")
    return Failure("undefined", f"{path} is {kind(base)} and has no key {name}")


def section(base: Any, start: Any, stop: Any, step: Any, path: str) -> Any:
    """`base[start:stop:step]` of text, bytes or a list."""
    if not isinstance(base, list | tuple | str | bytes):
        raise fail(f"{path} is {kind(base)}, which has no slices")
    for part in (start, stop, step):
        if part is not None and type(part) is not int:
            raise fail(f"a slice takes integers, not {kind(part)}")
    if step == 0:
        raise fail("a slice's step cannot be 0")
    found = base[start:stop:step]
    charge(len(found))
    return list(found) if isinstance(found, tuple) else found


def drop(mapping: dict[Any, Any]) -> dict[Any, Any]:
    """A mapping without the keys whose value is omit."""
    return {key: value for key, value in mapping.items() if value is not OMIT}


def drop_items(items: list[Any]) -> list[Any]:
    """A list without the items that are omit."""
    return [item for item in items if item is not OMIT]


def follow(value: Any, path: str | int) -> Any:
    """Follow `a.b.0`, as filters take it in `attribute`; MISSING when a part does not exist."""
    if type(path) is int:
        return peek(value, path)
    if not isinstance(path, str):
        raise fail(f"a key is text or an integer, not {kind(path)}")
    if "." not in path:
        found = find(value, path)
        return found if found is not MISSING or not path.isdecimal() else find(value, int(path[:9]))
    for part in path.split(".", 100):
        found = find(value, part)
        if found is MISSING and part.isdecimal():
            found = find(value, int(part[:9]))
        if found is MISSING:
            return MISSING
        value = found
    return value
