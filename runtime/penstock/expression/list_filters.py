"""List filters: choosing, ordering, grouping and counting the items of lists."""

import functools
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from penstock.errors import Failure
from penstock.expression import operators
from penstock.expression.access import follow
from penstock.expression.data import MISSING, brief, digits, equal, fail, kind, less, weigh
from penstock.expression.functions import items, largest, smallest
from penstock.expression.limits import charge, listed
from penstock.expression.tables import FILTERS, TESTS, filter_

_NATIVE = ({str}, {int}, {float}, {int, float}, {bool})
"""Kinds of keys that Python orders as we do."""


def known(item: Any, attribute: Any) -> Any:
    """The value of an attribute (`a.b`). Raises Failure `undefined` when an item has none."""
    found = follow(item, attribute)
    if found is MISSING:
        raise Failure("undefined", f"an item has no key {brief(attribute)}")
    return found


def _key(attribute: Any, case_sensitive: bool) -> Callable[[Any], Any]:
    def key(item: Any) -> Any:
        found = item if attribute is None else known(item, attribute)
        return found if case_sensitive or not isinstance(found, str) else found.lower()

    return key


def _compare(one: Any, other: Any) -> int:
    return 0 if equal(one, other) else -1 if less(one, other) else 1


def ordered(members: list[Any], keys: list[Any], reverse: bool = False) -> list[Any]:
    """The members in the order of their keys; equal keys keep their order."""
    count = len(members)
    listed(count, count, 16)
    places: Iterable[int]
    if set(map(type, keys)) in _NATIVE:
        places = sorted(range(count), key=keys.__getitem__, reverse=reverse)
    else:
        charge(count * 20)
        by = functools.cmp_to_key(_compare)
        places = sorted(range(count), key=lambda place: by(keys[place]), reverse=reverse)
    return [members[place] for place in places]


def identity(value: Any) -> Any:
    """Something hashable that equal values share."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, float):
        return int(value) if value.is_integer() else digits(value)
    if isinstance(value, int | Decimal):
        return value
    if isinstance(value, list | tuple):
        charge(len(value) * 8)
        return ("list", tuple([identity(item) for item in value]))
    if isinstance(value, Mapping):
        charge(len(value) * 16)
        return ("mapping", frozenset((key, identity(item)) for key, item in value.items()))
    return value


@filter_("first")
def first(value: Any) -> Any:
    """The first item; null when there is none."""
    for item in value if isinstance(value, str | list | tuple | Mapping) else items(value):
        return item
    return None


@filter_("last")
def last(value: Any) -> Any:
    """The last item; null when there is none."""
    members = value if isinstance(value, str | list | tuple) else items(value)
    return members[-1] if members else None


@filter_("min")
def min_(value: Any, case_sensitive: bool = False, attribute: Any = None) -> Any:
    """The smallest item; null when there is none."""
    return _extreme(value, case_sensitive, attribute, smallest)


@filter_("max")
def max_(value: Any, case_sensitive: bool = False, attribute: Any = None) -> Any:
    """The largest item; null when there is none."""
    return _extreme(value, case_sensitive, attribute, largest)


def _extreme(value: Any, case_sensitive: bool, attribute: Any, choose: Callable[[Iterable[Any]], Any]) -> Any:
    members = items(value)
    if not members:
        return None
    charge(16 * len(members))
    keys = [*map(_key(attribute, case_sensitive), members)]
    best = choose(keys)
    return next(item for item, key in zip(members, keys, strict=True) if key is best)


@filter_("sum")
def sum_(value: Any, attribute: Any = None, start: Any = 0) -> Any:
    """The sum of the items, or of a key of theirs."""
    total = start
    members = items(value)
    charge(8 * len(members))
    for item in members:
        total = operators.add(total, item if attribute is None else known(item, attribute))
    return total


@filter_("sort")
def sort(value: Any, reverse: bool = False, case_sensitive: bool = False, attribute: Any = None) -> list[Any]:
    """The items in order; `attribute` may name several keys, with commas."""
    members = items(value)
    names = attribute.split(",", 20) if isinstance(attribute, str) else [attribute]
    keys = [_key(name, case_sensitive) for name in names]
    if len(keys) == 1:
        return ordered(members, [*map(keys[0], members)], bool(reverse))
    return ordered(members, [[key(item) for key in keys] for item in members], bool(reverse))


@filter_("sort_by")
def sort_by(value: Any, *keys: Any, reverse: bool = False) -> list[Any]:
    """The items in the order of their keys; `-key` turns one round; null comes last."""
    members = list(items(value))
    if not keys or len(keys) > 20:
        raise fail("sort_by takes the names of keys")
    for key in reversed(keys):
        backwards = isinstance(key, str) and key.startswith("-")
        name = key[1:] if backwards else key
        found = [known(item, name) for item in members]
        there = [place for place, each in enumerate(found) if each is not None]
        placed = ordered([members[place] for place in there], [found[place] for place in there], backwards != reverse)
        members = placed + [members[place] for place, each in enumerate(found) if each is None]
    return members


@filter_("dictsort")
def dictsort(value: Any, case_sensitive: bool = False, by: str = "key", reverse: bool = False) -> list[Any]:
    """The `[key, value]` pairs of a mapping in order."""
    if by not in ("key", "value"):
        raise fail("dictsort is by key or value")
    pairs = pairs_of(value)
    return ordered(pairs, [*map(_key(0 if by == "key" else 1, case_sensitive), pairs)], bool(reverse))


@filter_("items")
def pairs_of(value: Any) -> list[list[Any]]:
    """The `[key, value]` pairs of a mapping."""
    if not isinstance(value, Mapping):
        raise fail(f"{kind(value)} is not a mapping")
    listed(len(value), 0, 72)
    return [[key, item] for key, item in value.items()]


@filter_("unique")
def unique(value: Any, case_sensitive: bool = False, attribute: Any = None) -> list[Any]:
    """The items without repetitions, in the order in which they come first."""
    members = items(value)
    charge(40 * len(members))
    key = _key(attribute, case_sensitive)
    seen: set[Any] = set()
    kept = []
    for item in members:
        mark = identity(key(item))
        if mark not in seen:
            seen.add(mark)
            kept.append(item)
    return kept


@filter_("groupby")
def groupby(value: Any, attribute: Any, default: Any = None, case_sensitive: bool = False) -> list[dict[str, Any]]:
    """The items in groups of the same key, in the order of the keys: `[{grouper, list}, …]`."""
    members = items(value)
    listed(len(members), 0, 100)
    found = [
        default if key is MISSING and default is not None else key for key in (follow(i, attribute) for i in members)
    ]
    if any(key is MISSING for key in found):
        raise Failure("undefined", f"an item has no key {brief(attribute)}")
    keys = [key.lower() if isinstance(key, str) and not case_sensitive else key for key in found]
    groups: list[dict[str, Any]] = []
    last_key: Any = MISSING
    for place in ordered(list(range(len(members))), keys):
        if last_key is MISSING or identity(keys[place]) != identity(last_key):
            groups.append({"grouper": found[place], "list": []})
            last_key = keys[place]
        groups[-1]["list"].append(members[place])
    return groups


@filter_("group_by")
def group_by(value: Any, key: Any, only: Any = None) -> dict[Any, list[Any]]:
    """A mapping of each key to the list of its items, or of one value of theirs."""
    members = items(value)
    listed(len(members), 0, 100)
    groups: dict[Any, list[Any]] = {}
    for item in members:
        groups.setdefault(operators.key(known(item, key)), []).append(item if only is None else known(item, only))
    return groups


@filter_("index_by")
def index_by(value: Any, key: Any) -> dict[Any, Any]:
    """A mapping of each key to its item; of several items with the same key the last one stays."""
    members = items(value)
    listed(len(members), 0, 100)
    return {operators.key(known(item, key)): item for item in members}


@filter_("batch")
def batch(value: Any, linecount: int, fill_with: Any = None) -> list[list[Any]]:
    """The items in lists of `linecount`, the last one filled up with `fill_with`."""
    members = items(value)
    if type(linecount) is not int or linecount < 1:
        raise fail("batch takes a positive integer")
    rows = -(-len(members) // linecount)
    listed(rows, 0, 80)
    listed(len(members), len(members), 8)
    made = [members[start : start + linecount] for start in range(0, len(members), linecount)]
    if made and fill_with is not None:
        short = linecount - len(made[-1])
        listed(short, 0, 8)
        made[-1] = made[-1] + [fill_with] * short
    return made


@filter_("slice")
def slice_(value: Any, slices: int, fill_with: Any = None) -> list[list[Any]]:
    """The items in so many lists of about the same length."""
    members = items(value)
    if type(slices) is not int or slices < 1:
        raise fail("slice takes a positive integer")
    listed(slices, 0, 80)
    listed(len(members), len(members), 8)
    each, extra = divmod(len(members), slices)
    made: list[list[Any]] = []
    start = 0
    for number in range(slices):
        stop = start + each + (number < extra)
        part = members[start:stop]
        if fill_with is not None and number >= extra:
            part = [*part, fill_with]
        made.append(part)
        start = stop
    return made


@filter_("map")
def map_(value: Any, *args: Any, **named: Any) -> list[Any]:
    """The items, each through a filter, or a key of each: `map('upper')`, `map(attribute='id')`."""
    members = items(value)
    charge(16 * len(members))
    if not args:
        if "attribute" not in named or named.keys() - {"attribute", "default"}:
            raise fail("map takes a filter's name, or attribute and default")
        fallback = named.get("default", MISSING)
        attribute = named["attribute"]
        if fallback is MISSING:
            return [known(item, attribute) for item in members]
        return [fallback if found is MISSING else found for found in (follow(item, attribute) for item in members)]
    name = args[0]
    if not isinstance(name, str) or name not in FILTERS:
        raise fail(f"there is no filter {brief(name)}")
    call = FILTERS[name]
    made = []
    for item in members:
        result = call(item, *args[1:], **named)
        if result is not item:
            charge(weigh(result))
        made.append(result)
    return made


def _chooser(tested: tuple[Any, ...], named: Mapping[str, Any]) -> Callable[[Any], bool]:
    if not tested:
        return bool
    name, *args = tested
    if not isinstance(name, str) or name not in TESTS:
        raise fail(f"there is no test {brief(name)}")
    call = TESTS[name]
    about_missing = name in ("defined", "undefined")

    def choose(item: Any) -> bool:
        if item is MISSING and not about_missing:
            raise Failure("undefined", "an item has no such key")
        return bool(call(item, *args, **named))

    return choose


@filter_("select")
def select(value: Any, *tested: Any, **named: Any) -> list[Any]:
    """The items that pass a test, or are true: `select('even')`."""
    members = items(value)
    charge(16 * len(members))
    choose = _chooser(tested, named)
    return [item for item in members if choose(item)]


@filter_("reject")
def reject(value: Any, *tested: Any, **named: Any) -> list[Any]:
    """The items that do not pass a test, or are false."""
    members = items(value)
    charge(16 * len(members))
    choose = _chooser(tested, named)
    return [item for item in members if not choose(item)]


@filter_("selectattr")
def selectattr(value: Any, attribute: Any, *tested: Any, **named: Any) -> list[Any]:
    """The items a key of which passes a test, or is true: `selectattr('qty', 'gt', 5)`."""
    members = items(value)
    charge(16 * len(members))
    choose = _chooser(tested, named)
    return [item for item in members if choose(follow(item, attribute))]


@filter_("rejectattr")
def rejectattr(value: Any, attribute: Any, *tested: Any, **named: Any) -> list[Any]:
    """The items a key of which does not pass a test, or is false."""
    members = items(value)
    charge(16 * len(members))
    choose = _chooser(tested, named)
    return [item for item in members if not choose(follow(item, attribute))]
