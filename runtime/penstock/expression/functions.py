"""Functions: what expressions can call. Those of the world take the running context first."""

import base64
import hmac
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from penstock.expression import operators
from penstock.expression.data import fail, kind, less, text
from penstock.expression.limits import MAX_RANGE, charge, grow, listed
from penstock.expression.numbers import absolute
from penstock.expression.tables import filter_, function

MAX_TOKEN = 1_024
"""bytes of a random token"""


@function("now")
def now(context: Any) -> datetime:
    """The current time in UTC, with microseconds."""
    moment: datetime = context.world.clock.now()
    return moment


@function("today")
def today(context: Any) -> date:
    """The current date in UTC."""
    return now(context).date()


@function("uuid")
def uuid(context: Any) -> UUID:
    """A new random UUID."""
    made: UUID = context.world.entropy.uuid()
    return made


@function("random_token")
def random_token(context: Any, bytes: int = 32) -> str:
    """Random bytes as text that is safe in a URL."""
    if type(bytes) is not int or not 1 <= bytes <= MAX_TOKEN:
        raise fail(f"random_token takes 1 to {MAX_TOKEN} bytes")
    return base64.urlsafe_b64encode(context.world.entropy.token(bytes)).rstrip(b"=").decode()


@function("random_int")
def random_int(context: Any, a: int, b: int) -> int:
    """A random integer from `a` to `b`, both included."""
    if type(a) is not int or type(b) is not int or a > b:
        raise fail("random_int takes two integers, the smaller first")
    number: int = context.world.entropy.integer(a, b)
    return number


@function("range")
def range_(start: int, stop: Any = None, step: int = 1) -> list[int]:
    """The integers from `start` (or 0) up to `stop`, which is left out."""
    if stop is None:
        start, stop = 0, start
    if type(start) is not int or type(stop) is not int or type(step) is not int or step == 0:
        raise fail("range takes integers, and a step that is not 0")
    numbers = range(start, stop, step)
    try:
        count = len(numbers)
    except OverflowError:
        count = MAX_RANGE + 1
    if count > MAX_RANGE:
        raise fail(f"range gives at most {MAX_RANGE} numbers")
    grow(40 * count)
    return list(numbers)


def items(value: Any) -> list[Any]:
    """The items of a list, the keys of a mapping, the characters of a text."""
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        listed(len(value), 0, 8)
        return list(value)
    if isinstance(value, Mapping | tuple):
        listed(len(value), len(value), 8)
        return list(value)
    raise fail(f"{kind(value)} is not a list")


def smallest(values: Iterable[Any]) -> Any:
    """The smallest of at least one value."""
    iterator = iter(values)
    best = next(iterator)
    for value in iterator:
        if less(value, best):
            best = value
    return best


def largest(values: Iterable[Any]) -> Any:
    """The largest of at least one value."""
    iterator = iter(values)
    best = next(iterator)
    for value in iterator:
        if less(best, value):
            best = value
    return best


def _several(values: tuple[Any, ...], name: str) -> list[Any]:
    found = items(values[0]) if len(values) == 1 else list(values)
    if not found:
        raise fail(f"{name} of an empty list")
    charge(len(found) * 4)
    return found


@function("min")
def min_(*values: Any) -> Any:
    """The smallest of the values, or of a list."""
    return smallest(_several(values, "min"))


@function("max")
def max_(*values: Any) -> Any:
    """The largest of the values, or of a list."""
    return largest(_several(values, "max"))


@function("sum")
def sum_(values: Any, start: Any = 0) -> Any:
    """The sum of a list of numbers."""
    total = start
    found = items(values)
    charge(len(found) * 4)
    for value in found:
        total = operators.add(total, value)
    return total


@function("len")
@filter_("length", "count")
def length(value: Any) -> int:
    """How many items, keys, characters or bytes."""
    if isinstance(value, str | list | tuple | Mapping | bytes):
        return len(value)
    raise fail(f"{kind(value)} has no length")


@function("str")
@filter_("string")
def string(value: Any) -> str:
    """The value as text."""
    return text(value)


@function("list")
@filter_("list")
def list_(value: Any = ()) -> list[Any]:
    """A list of a list's items, a mapping's keys or a text's characters."""
    found = items(value)
    listed(len(found), len(found), 8)
    return list(found)


@function("dict")
def dict_(pairs: Any = (), /, **named: Any) -> dict[Any, Any]:
    """A mapping of a list of `[key, value]` pairs, or of another mapping, and of named arguments."""
    if isinstance(pairs, Mapping):
        listed(len(pairs), len(pairs), 100)
        return {**pairs, **named}
    made: dict[Any, Any] = {}
    found = items(pairs)
    listed(len(found), 0, 100)
    for pair in found:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise fail("dict takes a list of [key, value] pairs")
        made[operators.key(pair[0])] = pair[1]
    return {**made, **named}


@function("zip")
def zip_(*lists: Any) -> list[list[Any]]:
    """The first items together, the second ones, and so on, as long as every list has one."""
    if not lists:
        return []
    found = [items(value) for value in lists]
    shortest = min(map(len, found))
    listed(shortest, 0, 64 + 8 * len(found))
    return [list(group) for group in zip(*found, strict=False)]


@function("same")
def same(a: Any, b: Any) -> bool:
    """Whether two texts (or bytes) are the same, in a time that does not tell how much of them is."""
    if not isinstance(a, str | bytes) or not isinstance(b, str | bytes):
        if a is None or b is None:
            return False
        raise fail("same compares texts or bytes")
    one = a.encode("utf-8", "surrogatepass") if isinstance(a, str) else a
    other = b.encode("utf-8", "surrogatepass") if isinstance(b, str) else b
    return hmac.compare_digest(one, other)


__all__ = ["absolute", "items", "largest", "length", "list_", "smallest", "string"]
