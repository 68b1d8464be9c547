"""Values: what a key takes, as JSON Schema in the words of draft-07."""

import types
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, Union, get_args, get_origin

from penstock.registry import Block, Duration, Param, Size

Schema = dict[str, Any]

BINDING: Schema = {"$ref": "#/definitions/binding"}
STEPS: Schema = {"$ref": "#/definitions/steps"}
DURATION: Schema = {"$ref": "#/definitions/duration"}
SIZE: Schema = {"$ref": "#/definitions/size"}
IDENTIFIER = "^[A-Za-z_][A-Za-z0-9_]*$"
NAME = "^[a-z][a-z0-9_]{0,62}$"

SHARED: Mapping[str, Schema] = {
    "binding": {"type": "string", "pattern": r"\{\{", "description": "A binding: {{ expression }}"},
    "duration": {
        "description": "A duration: 250ms, 5s, 15m, 2h, 7d or 1h30m; a number is seconds",
        "anyOf": [
            {"type": "string", "pattern": r"^ *([0-9]+(\.[0-9]+)?(ms|[smhd]))+ *$"},
            {"type": "number", "minimum": 0},
        ],
    },
    "size": {
        "description": "A size: 512, 10kB, 10MB or 1GB",
        "anyOf": [
            {"type": "string", "pattern": r"^ *[0-9]+(\.[0-9]+)? ?([kMGT]?B)? *$"},
            {"type": "integer", "minimum": 0},
        ],
    },
}
"""Definitions that all schemas share."""

_PLAIN: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string"},
    date: {"type": "string"},
    type(None): {"type": "null"},
    Duration: DURATION,
    Size: SIZE,
}


def param(spec: Param) -> Schema:
    """The schema of one parameter of an action, with what editors show of it."""
    schema = _param(spec)
    if not spec.doc and spec.required:
        return schema
    shown: Schema = {"description": _sentence(spec.doc)} if spec.doc else {}
    if not spec.required and isinstance(spec.default, bool | int | float | str):
        shown["default"] = spec.default
    # Draft-07 reads nothing beside a `$ref`.
    return {**shown, "allOf": [schema]} if "$ref" in schema else {**shown, **schema}


def any_of(schemas: list[Schema]) -> Schema:
    """The schema of a choice; one alone is itself, and one that takes anything is all of it."""
    unique = [schema for index, schema in enumerate(schemas) if schema not in schemas[:index]]
    if {} in unique:
        return {}
    return unique[0] if len(unique) == 1 else {"anyOf": unique}


def bound(*schemas: Schema) -> Schema:
    """A choice, or a binding for it."""
    return any_of([*schemas, BINDING])


def _param(spec: Param) -> Schema:
    match spec.kind:
        case "block":
            return _null(spec, STEPS)
        case "blocks":
            return _null(spec, {"type": "object", "additionalProperties": STEPS})
        case "records":
            return _null(spec, {"type": "array", "items": _record(spec)})
        case "expr":
            # One that a loop computes for each round is a value, not a condition.
            return {} if spec.flow is not None else {"type": ["string", "boolean"]}
        case "static":
            return _null(spec, _static(spec))
    if spec.type is Any or spec.type is object:
        return {}
    found = [_type(member, binding=True) for member in _members(spec.type)]
    if found == [{"type": "null"}]:
        return found[0]
    if str not in _members(spec.type):
        found.append(BINDING)
    return any_of([*found, {"type": "null"}] if spec.nullable else found)


def _null(spec: Param, schema: Schema) -> Schema:
    return any_of([schema, {"type": "null"}]) if spec.nullable else schema


def _record(spec: Param) -> Schema:
    return {
        "type": "object",
        "properties": {item.name: param(item) for item in spec.fields},
        "required": [item.name for item in spec.fields],
        "additionalProperties": False,
    }


def _static(spec: Param) -> Schema:
    assert spec.static is not None
    if spec.static.of == "duration":
        return DURATION
    found = any_of([_type(member, binding=False) for member in _members(spec.type)])
    if found != {"type": "string"}:
        return found
    if spec.static.of == "name":
        return {"type": "string", "pattern": IDENTIFIER}
    return {"type": "string", "not": {"pattern": r"\{\{"}}


def _members(hint: Any) -> list[Any]:
    if get_origin(hint) in (Union, types.UnionType):
        return list(get_args(hint))
    return [hint]


def _type(hint: Any, *, binding: bool) -> Schema:
    """The schema of a written value of a type; `binding`: what is in it may be bound."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list or hint is list:
        items = _inner(arguments[0], binding) if arguments else {}
        return {"type": "array", **({"items": items} if items else {})}
    if origin is dict or hint is dict or origin is Mapping:
        values = _inner(arguments[1], binding) if arguments else {}
        return {"type": "object", **({"additionalProperties": values} if values else {})}
    return BINDING if hint is bytes else {}


def _inner(hint: Any, binding: bool) -> Schema:
    if hint is Any or hint is object or hint is Block:
        return {}
    found = [_type(member, binding=binding) for member in _members(hint)]
    return any_of([*found, BINDING] if binding and str not in _members(hint) else found)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
