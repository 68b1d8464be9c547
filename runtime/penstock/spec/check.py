"""Check: data held against the schema of its kind or action, with faults in plain words."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from jsonschema import Draft7Validator

from penstock.model import Fault, Map, Mark, Seq
from penstock.problem import suggest
from penstock.registry import Action
from penstock.spec import kinds, steps
from penstock.spec.values import IDENTIFIER, NAME, Schema

_actions: dict[str, tuple[Action, Draft7Validator]] = {}
_files: dict[str, Draft7Validator] = {}


def check_step(data: Map, action: Action) -> list[Fault]:
    """What is wrong with a step of this action; its modifiers and nested steps are the caller's to check."""
    known = _actions.get(action.name)
    if known is None or known[0] is not action:
        definitions = {**steps.shared(), **{f"modifier.{name}": {} for name in steps.MODIFIERS}}
        known = action, Draft7Validator({**steps.action_schema(action), "definitions": definitions})
        _actions[action.name] = known
    return faults(known[1], data, "the step")


def check_file(kind: str, data: Map) -> list[Fault]:
    """What is wrong with a file of this kind; its steps and parameters are the caller's to check."""
    validator = _files.get(kind)
    if validator is None:
        validator = _files[kind] = Draft7Validator(kinds.outline(kind))
    return faults(validator, data)


def faults(validator: Draft7Validator, data: Any, whole: str = "the file") -> list[Fault]:
    """Every fault that a schema finds in data, in the order of their places."""
    definitions = cast(Any, validator.schema)["definitions"]
    found = [fault for error in validator.iter_errors(data) for fault in _faults(error, data, definitions, whole)]
    return sorted(set(found), key=lambda fault: (fault.line, fault.column, fault.message))


def _faults(error: Any, data: Any, definitions: Mapping[str, Schema], whole: str) -> Iterable[Fault]:
    inner = _nearest(error)
    if inner is not None:
        for nested in inner:
            yield from _faults(nested, data, definitions, whole)
        return
    path = list(error.absolute_path)
    name = _name(path)
    value: Any = error.instance
    rule = error.validator
    if rule == "additionalProperties" and isinstance(value, dict):
        known = tuple(error.schema.get("properties", {}))
        for key in value:
            if key not in known:
                line, column = _place(data, [*path, key], key=True)
                yield Fault(
                    line, column, "unknown-key", f"{_name([*path, key])} is not a key here", suggest(key, known)
                )
        return
    line, column = _place(data, path)
    if rule == "required" and isinstance(value, dict):
        missing = [key for key in error.validator_value if key not in value]
        yield Fault(line, column, "missing-field", f"{name or whole} needs {' and '.join(missing)}")
        return
    wrong_type = rule == "type" or (rule == "anyOf" and not _fits(error.schema, value, definitions))
    hint = suggest(value, map(_shown, error.validator_value)) if rule == "enum" and isinstance(value, str) else ""
    said = words(error.schema, definitions)
    yield Fault(line, column, "wrong-type" if wrong_type else "bad-value", f"{name or whole} must be {said}", hint)


def _nearest(error: Any) -> list[Any] | None:
    """The errors of the one choice that has the value's type, which say more than the choice does."""
    if error.validator != "anyOf" or not isinstance(error.instance, dict | list):
        return None
    choices: dict[Any, list[Any]] = {}
    for inner in error.context or ():
        choices.setdefault(inner.relative_schema_path[0], []).append(inner)
    near = [found for found in choices.values() if not any(_own_type(item) for item in found)]
    return near[0] if len(near) == 1 else None


def _own_type(error: Any) -> bool:
    return error.validator in ("type", "enum", "anyOf") and not error.relative_path


def _fits(schema: Schema, value: Any, definitions: Mapping[str, Schema]) -> bool:
    """Whether a value has the type, if not the form, of one of a schema's choices."""
    schema = _resolved(schema, definitions)
    if "anyOf" in schema:
        return any(
            _fits(item, value, definitions) for item in schema["anyOf"] if item != {"$ref": "#/definitions/binding"}
        )
    if "enum" in schema:
        return any(type(item) is type(value) for item in schema["enum"])
    kinds_ = schema.get("type", [])
    return any(_IS[kind](value) for kind in ([kinds_] if isinstance(kinds_, str) else kinds_))


_IS: Mapping[str, Any] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}
_WORDS: Mapping[str, str] = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
    "object": "a mapping",
    "array": "a list",
}
_REFERENCES: Mapping[str, str] = {
    "binding": "a binding",
    "steps": "a list of steps",
    "step": "a step",
    "duration": "a duration (250ms, 5s, 1h30m)",
    "size": "a size (512, 10kB, 1GB)",
    "retry": "a number of tries or a mapping",
}


_PATTERNS: Mapping[str, str] = {
    NAME: "a name (a-z, 0-9 and _, a letter first, at most 63 characters)",
    IDENTIFIER: "a name (letters, digits and _)",
    kinds.ROUTE: f"METHOD /path, the method one of {', '.join(kinds.METHODS)}",
    kinds.RATE: "a rate (10/s, 100/m, 5/15m)",
}


def words(schema: Schema, definitions: Mapping[str, Schema]) -> str:
    """What a schema takes, in words: `an integer or a binding`."""
    return " or ".join(dict.fromkeys(_parts(schema, definitions)))


def _parts(schema: Schema, definitions: Mapping[str, Schema]) -> list[str]:
    reference = schema.get("$ref", "").rpartition("/")[2]
    if not reference:
        reference = next((name for name in _REFERENCES if definitions.get(name) is schema), "")
    if reference in _REFERENCES:
        return [_REFERENCES[reference]]
    if reference:
        return _parts(definitions[reference], definitions)
    if "anyOf" in schema:
        return [part for item in schema["anyOf"] for part in _parts(item, definitions)]
    if "allOf" in schema and "type" not in schema:
        return _parts(schema["allOf"][0], definitions)
    if "enum" in schema:
        return (
            [", ".join(_shown(item) for item in schema["enum"])]
            if len(schema["enum"]) < 2
            else [_listed(schema["enum"])]
        )
    kinds_ = schema.get("type", [])
    if kinds_ == ["string", "boolean"]:
        return ["an expression"]
    said = [_WORDS[kind] for kind in ([kinds_] if isinstance(kinds_, str) else kinds_)]
    if "not" in schema and said:
        said[-1] += " without a binding"
    if "minimum" in schema and said:
        most = f" and at most {schema['maximum']}" if "maximum" in schema else ""
        said[-1] += f" of at least {schema['minimum']}{most}"
    elif "pattern" in schema and said:
        said[-1] = _PATTERNS.get(schema["pattern"], f"text like {schema['pattern']}")
    return said or ["something else"]


def _listed(items: list[Any]) -> str:
    return f"one of {', '.join(_shown(item) for item in items)}"


def _shown(item: Any) -> str:
    return str(item).lower() if isinstance(item, bool) else str(item)


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    while "$ref" in schema or (set(schema) & {"allOf"} and "type" not in schema):
        reference = schema["$ref"].rpartition("/")[2] if "$ref" in schema else ""
        schema = definitions[reference] if reference else schema["allOf"][0]
    return schema


def _name(path: list[Any]) -> str:
    """A path as messages write it: `cases[0].expect.status`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _place(data: Any, path: list[Any], *, key: bool = False) -> tuple[int, int]:
    """Line and column of a value (or of its key); of the nearest thing around it that has a place."""
    mark: Mark = getattr(data, "mark", Mark(1, 1, 1, 1))
    for index, part in enumerate(path):
        if isinstance(data, Map):
            marks = data.keys_at if key and index == len(path) - 1 else data.values_at
            mark = marks.get(part, mark)
        elif isinstance(data, Seq) and isinstance(part, int) and part < len(data.items_at):
            mark = data.items_at[part]
        data = data[part]
    return mark.line, mark.column
