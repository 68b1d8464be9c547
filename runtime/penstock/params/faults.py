"""Faults: the rules that what a caller sent breaks, in words for people."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import jsonschema_rs

from penstock.model import Parameter
from penstock.params.broken import Broken
from penstock.params.schema import Validator
from penstock.params.types import TYPES

MAX_FAULTS = 100
"""faults that are reported at once"""
LARGE = 2000
"""items and keys from which on a value's first fault is reported alone"""

_WORDS: Mapping[str, str] = {
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "exclusiveMaximum": "must be less than {limit}",
    "multipleOf": "must be a multiple of {multiple_of}",
    "minProperties": "must have at least {limit} keys",
    "maxProperties": "must have at most {limit} keys",
    "uniqueItems": "must not hold the same item twice",
    "contains": "must hold an item of the kind that is asked for",
    "pattern": "does not have the form that is asked for",
    "propertyNames": "has a key that cannot stand here",
    "anyOf": "is none of the forms that are allowed",
    "oneOf": "must be exactly one of the forms that are allowed",
    "not": "is of a form that is not allowed",
    "unevaluatedItems": "has items that cannot stand here",
}
_FORMATS: Mapping[str, str] = {
    **{item.schema["format"]: f"must be {item.words}" for item in TYPES.values() if "format" in item.schema},
    "time": "must be a time, such as 12:30:00Z",
    "duration": "must be a duration of ISO 8601, such as PT5M",
    "idn-email": "must be an e-mail address",
    "hostname": "must be the name of a host",
    "idn-hostname": "must be the name of a host",
    "ipv4": "must be an IPv4 address",
    "ipv6": "must be an IPv6 address",
    "regex": "must be a regular expression",
}


def entry(
    parameter: Parameter,
    location: str,
    path: tuple[str | int, ...],
    rule: str,
    message: str,
    messages: Mapping[str, str],
) -> dict[str, Any]:
    """One fault as callers see it; the innermost parameter's `messages` win over those of the project."""
    words = at(parameter, path)
    own = messages.get(rule, message) if words is None else words.messages.get(rule, messages.get(rule, message))
    return {
        "in": location,
        "name": parameter.wire,
        "path": written((parameter.wire, *path)),
        "rule": rule,
        "message": own,
    }


def written(path: tuple[str | int, ...]) -> str:
    """A path as people write it: `lines[0].qty`."""
    text = ""
    for token in path:
        text += f"[{token}]" if isinstance(token, int) else f".{token}" if text else token
    return text


def at(parameter: Parameter, path: tuple[str | int, ...]) -> Parameter | None:
    """The parameter that is declared at a path inside of another; None when none is."""
    found: Parameter | None = parameter
    for token in path:
        if found is None:
            return None
        if isinstance(token, int):
            found = found.items
        else:
            found = next((item for item in found.properties or () if item.wire == token), None)
    return found


def broken(validator: Validator, parameter: Parameter, value: Any) -> list[Broken]:
    """The rules that a value breaks, at most `MAX_FAULTS`; none when it is valid."""
    try:
        if validator.is_valid(value):
            return []
        errors = _first(validator, value) if _large(value) else islice(validator.iter_errors(value), MAX_FAULTS)
        found = [item for error in errors for item in _broken(error, parameter)]
    except (ValueError, OverflowError, RecursionError):
        return [Broken("type", f"must be {TYPES[parameter.type].words}")]
    return _distinct(found) or [Broken("type", f"must be {TYPES[parameter.type].words}")]


def _large(value: Any) -> bool:
    """Whether finding all faults of a value would take long."""
    left = LARGE
    level = [value]
    while level:
        inner: list[Any] = []
        for holder in level:
            if isinstance(holder, dict | list):
                left -= len(holder)
                if left < 0:
                    return True
                inner += holder.values() if isinstance(holder, dict) else holder
        level = inner
    return False


def _first(validator: Validator, value: Any) -> list[Any]:
    """The first error alone."""
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        return [error]
    return []


def _distinct(found: list[Broken]) -> list[Broken]:
    """One fault for each place and rule, and none but `type` where the type is wrong."""
    wrong = {item.path for item in found if item.rule == "type"}
    kept: dict[tuple[Any, ...], Broken] = {}
    for item in found:
        if item.rule == "type" or item.path not in wrong:
            kept.setdefault((item.path, item.rule, item.message if item.rule in ("allOf", "anyOf") else ""), item)
    return list(kept.values())


def _broken(error: Any, parameter: Parameter) -> Iterator[Broken]:
    path = tuple(error.instance_path)
    rule = error.kind.name
    details = error.kind.as_dict()
    where = at(parameter, path)
    if rule == "required":
        yield Broken("required", "is required", (*path, details["property"]))
    elif rule in ("additionalProperties", "unevaluatedProperties") or (
        rule == "falseSchema" and error.schema_path[-1:] == ["additionalProperties"]
    ):
        known = {item.wire for item in (where.properties if where is not None else None) or ()}
        names = details.get("unexpected") or [key for key in error.instance if key not in known]
        for name in names[:MAX_FAULTS]:
            yield Broken("unknown", "is not known", (*path, name))
    elif rule == "type":
        yield Broken("type", _type(error.instance, where, details["types"]), path)
    elif rule == "format":
        yield Broken("format", _FORMATS.get(details["format"], f"must be of the format {details['format']}"), path)
    elif rule == "pattern" and where is not None and where.type == "url":
        yield Broken("format", f"must be {TYPES['url'].words}", path)
    else:
        yield Broken(_RULES.get(rule, rule), _words(rule, details, where), path)


_RULES: Mapping[str, str] = {
    "oneOfMultipleValid": "oneOf",
    "oneOfNotValid": "oneOf",
    "constant": "const",
    "falseSchema": "not",
}


def _type(value: Any, where: Parameter | None, kinds: list[str]) -> str:
    if value is None:
        return "must not be null"
    if where is not None and where.type != "any":
        return f"must be {TYPES[where.type].words}"
    words = [TYPES[kind].words for kind in kinds if kind in TYPES]
    return f"must be {' or '.join(words)}" if words else "must be null"


def _words(rule: str, details: Mapping[str, Any], where: Parameter | None) -> str:
    if rule in ("enum", "const", "constant"):
        options = details.get("options", [details.get("expected_value")])
        if len(options) <= 20 and not (where is not None and where.secret):
            return f"must be {'one of ' if len(options) > 1 else ''}{', '.join(_shown(item) for item in options)}"
        return "is not one of the values that are allowed"
    if rule in ("minLength", "maxLength"):
        return _length(rule, int(details["limit"]), "character", "must not be empty")
    if rule in ("minItems", "maxItems"):
        return _length(rule, int(details["limit"]), "item", "must not be empty")
    words = _WORDS.get(_RULES.get(rule, rule))
    return "is not valid" if words is None else words.format(**details)


def _length(rule: str, limit: int, unit: str, empty: str) -> str:
    if rule.startswith("min"):
        return empty if limit == 1 else f"must have at least {limit} {unit}s"
    return f"must have at most {limit} {unit}{'' if limit == 1 else 's'}"


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:80]
