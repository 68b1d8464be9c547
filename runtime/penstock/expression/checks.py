"""Checks: the tests of `x is …`."""

import functools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import jsonschema_rs
import msgspec

from penstock.expression import operators
from penstock.expression.data import MISSING, equal, fail, kind, less, text
from penstock.expression.limits import charge
from penstock.expression.tables import FILTERS, TESTS, test
from penstock.jsontext import encoder


@test("defined")
def defined(value: Any) -> bool:
    """A name or key that exists, though it may be null; takes a whole chain."""
    return value is not MISSING


@test("undefined")
def undefined(value: Any) -> bool:
    """A name or key that does not exist; takes a whole chain."""
    return value is MISSING


@test("boolean")
def boolean(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


@test("true")
def true(value: Any) -> bool:
    """True itself."""
    return value is True


@test("false")
def false(value: Any) -> bool:
    """False itself."""
    return value is False


@test("none")
def none(value: Any) -> bool:
    """Null."""
    return value is None


@test("callable")
def callable_(value: Any) -> bool:
    """Never: data cannot be called."""
    return False


@test("escaped")
def escaped(value: Any) -> bool:
    """Never: text is just text."""
    return False


@test("number")
def number(value: Any) -> bool:
    """A number of any kind."""
    return isinstance(value, int | float | Decimal)


@test("integer")
def integer(value: Any) -> bool:
    """An integer."""
    return isinstance(value, int) and not isinstance(value, bool)


@test("float")
def float_(value: Any) -> bool:
    """A floating-point number."""
    return isinstance(value, float)


@test("string")
def string(value: Any) -> bool:
    """Text."""
    return isinstance(value, str)


@test("mapping")
def mapping(value: Any) -> bool:
    """A mapping."""
    return isinstance(value, Mapping)


@test("sequence")
def sequence(value: Any) -> bool:
    """A list, a mapping or text: what has a length and items."""
    return isinstance(value, list | tuple | str | bytes | Mapping)


@test("iterable")
def iterable(value: Any) -> bool:
    """A list, a mapping or text."""
    return isinstance(value, list | tuple | str | bytes | Mapping)


@test("odd")
def odd(value: Any) -> bool:
    """An odd number."""
    return bool(operators.mod(_numeric(value), 2) == 1)


@test("even")
def even(value: Any) -> bool:
    """An even number."""
    return bool(operators.mod(_numeric(value), 2) == 0)


@test("divisibleby")
def divisibleby(value: Any, num: Any) -> bool:
    """A multiple of a number."""
    return bool(operators.mod(_numeric(value), _numeric(num)) == 0)


def _numeric(value: Any) -> Any:
    if not isinstance(value, int | float | Decimal):
        raise fail(f"{kind(value)} is not a number")
    return value


@test("lower")
def lower(value: Any) -> bool:
    """Text in lower case."""
    return text(value).islower()


@test("upper")
def upper(value: Any) -> bool:
    """Text in upper case."""
    return text(value).isupper()


@test("in")
def in_(value: Any, seq: Any) -> bool:
    """A part of a list, a mapping's keys or text."""
    return operators.contains(value, seq)


@test("eq", "equalto", "==")
def eq(value: Any, other: Any) -> bool:
    """Equal."""
    return equal(value, other)


@test("ne", "!=")
def ne(value: Any, other: Any) -> bool:
    """Not equal."""
    return not equal(value, other)


@test("lt", "lessthan", "<")
def lt(value: Any, other: Any) -> bool:
    """Less."""
    return less(value, other)


@test("le", "<=")
def le(value: Any, other: Any) -> bool:
    """Less or equal."""
    return operators.at_most(value, other)


@test("gt", "greaterthan", ">")
def gt(value: Any, other: Any) -> bool:
    """Greater."""
    return less(other, value)


@test("ge", ">=")
def ge(value: Any, other: Any) -> bool:
    """Greater or equal."""
    return operators.at_least(value, other)


@test("sameas")
def sameas(value: Any, other: Any) -> bool:
    """Equal and of the same kind: 1 is not the same as 1.0."""
    return kind(value) == kind(other) and equal(value, other)


@test("filter")
def filter_(value: Any) -> bool:
    """The name of a filter."""
    return isinstance(value, str) and value in FILTERS


@test("test")
def test_(value: Any) -> bool:
    """The name of a test."""
    return isinstance(value, str) and (value in TESTS or value in ("defined", "undefined", "given"))


_to_json = encoder("number")


@test("valid")
def valid(value: Any, schema: Any) -> bool:
    """Data that a JSON Schema (draft 2020-12) allows."""
    if not isinstance(schema, Mapping | bool):
        raise fail(f"a JSON Schema is a mapping, not {kind(schema)}")
    written = _to_json(schema)
    charge(len(written) * 4)
    try:
        validator = _validator(written)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        raise fail("the JSON Schema is not valid") from None
    data = _to_json(value)
    charge(len(data) * 2)
    return bool(validator.is_valid(msgspec.json.decode(data)))


@functools.lru_cache(maxsize=128)
def _validator(written: bytes) -> Any:
    return jsonschema_rs.validator_for(
        msgspec.json.decode(written),
        offline=True,
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),
    )
