"""Faults: what is wrong with a parameter, in words for its sender."""

from collections.abc import Iterable, Mapping
from typing import Any

from penstock.model import Parameter

MOST = 100
"""Faults that are reported at once."""

_KINDS = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "decimal": "a decimal number",
    "boolean": "true or false",
    "date": "a date",
    "datetime": "a datetime",
    "uuid": "a UUID",
    "email": "an email address",
    "url": "a URL",
    "object": "an object",
    "array": "a list",
}
_FORMATS = {
    "date-time": "a datetime such as 2026-01-31T12:00:00Z",
    "date": "a date such as 2026-01-31",
    "uri": "a URL",
    "uuid": "a UUID",
    "email": "an email address",
}


def entry(
    location: str,
    name: str,
    path: str,
    rule: str,
    message: str,
    messages: Mapping[str, str],
    parameter: Parameter | None = None,
) -> dict[str, Any]:
    """One entry of `errors`; a parameter's own message wins over the files', that over ours."""
    own = parameter.messages.get(rule) if parameter is not None else None
    return {"in": location, "name": name, "path": path, "rule": rule, "message": own or messages.get(rule) or message}


def entries(
    errors: Iterable[Any], known: Mapping[str, Parameter], location: str, messages: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The entries for errors of JSON Schema."""
    found: list[dict[str, Any]] = []
    for error in errors:
        if len(found) == MOST:
            break
        rule = error.kind.name
        path: list[str | int] = list(error.instance_path)
        extra: list[str] = []
        if rule == "required":
            path.append(error.kind.property)
        elif rule in ("additionalProperties", "unevaluatedProperties"):
            rule = "unknown"
            extra = list(error.kind.unexpected)
        for last in extra or [""]:
            whole = [*path, last] if last else path
            found.append(_entry(error, rule, whole, known, location, messages))
    return found


def _entry(
    error: Any,
    rule: str,
    path: list[str | int],
    known: Mapping[str, Parameter],
    location: str,
    messages: Mapping[str, str],
) -> dict[str, Any]:
    name = str(path[0]) if path else ""
    top = known.get(name)
    parameter = _at(top, path[1:])
    if rule == "anyOf" and parameter is not None and parameter.nullable:
        rule = _inner_rule(error)
    if rule == "not":
        rule = "type"
    message = _message(rule, error, parameter)
    where = (top.location if top is not None else "") or location
    return entry(where, name, _written(path), rule, message, messages, parameter)


def _at(parameter: Parameter | None, path: list[str | int]) -> Parameter | None:
    for part in path:
        if parameter is None:
            return None
        if isinstance(part, int):
            parameter = parameter.items
        else:
            parameter = next((item for item in parameter.properties or () if item.wire == part), None)
    return parameter


def _written(path: list[str | int]) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _inner_rule(error: Any) -> str:
    """The rule that a nullable value broke, behind the `anyOf` that lets null in."""
    try:
        for branch in error.kind.context:
            for inner in branch:
                if inner.kind.name != "type" or "null" not in str(inner.kind.types):
                    return str(inner.kind.name)
    except AttributeError:
        pass
    return "type"


def _message(rule: str, error: Any, parameter: Parameter | None) -> str:
    schema = _schema(parameter)
    kind = parameter.type if parameter is not None else ""
    if rule == "required":
        return "is required"
    if rule == "unknown":
        return "is not a parameter"
    if rule == "type":
        return f"must be {_KINDS.get(kind, 'of another type')}" if kind not in ("any", "record") else "must not be null"
    if rule == "format":
        return f"must be {_FORMATS.get(str(schema.get('format')), str(schema.get('format', 'of its format')))}"
    if rule == "enum":
        return "must be one of " + ", ".join(str(value) for value in schema.get("enum", ()))[:300]
    limit = schema.get(rule)
    if limit is None:
        return f"does not fit the rule {rule}"
    words = _LIMITS.get(rule)
    return words.format(limit) if words else f"does not fit the rule {rule}"


_LIMITS = {
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "pattern": "must match {}",
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "multipleOf": "must be a multiple of {}",
    "minItems": "must have at least {} items",
    "maxItems": "must have at most {} items",
    "uniqueItems": "must have no item twice",
    "minProperties": "must have at least {} keys",
    "maxProperties": "must have at most {} keys",
    "const": "must be {}",
}


def _schema(parameter: Parameter | None) -> Mapping[str, Any]:
    if parameter is None:
        return {}
    schema = parameter.schema
    for branch in schema.get("anyOf", ()):
        if branch.get("type") != "null" and "type" in branch:
            return {**schema, **branch}
    return schema
