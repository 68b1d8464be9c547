"""Schema: the JSON Schema of a parameter, for documents and for the checks."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import jsonschema_rs

from penstock.model import Parameter
from penstock.params.types import ANY, TYPES

__all__ = ["TYPES", "Validator", "body_schema", "full", "strict_schema", "validator"]

_EMAIL = jsonschema_rs.EmailOptions(allow_display_text=False, allow_domain_literal=False)
_PATTERNS = jsonschema_rs.RegexOptions(size_limit=2**20, dfa_size_limit=2**20)
_PLAIN = frozenset({"type", "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "multipleOf"})
OPAQUE = ("file", "bytes")
"""Types that are checked when they are converted."""


class Validator(Protocol):
    """What jsonschema-rs gives for a schema."""

    def is_valid(self, instance: Any, /) -> bool: ...

    def validate(self, instance: Any, /) -> None: ...

    def iter_errors(self, instance: Any, /) -> Any: ...


def validator(schema: Mapping[str, Any]) -> Validator:
    """Compile a schema. Nothing is ever fetched, formats are checked, patterns run in linear time. Raises ValueError."""
    made: Validator = jsonschema_rs.Draft202012Validator(
        dict(schema),
        offline=True,
        validate_formats=True,
        ignore_unknown_formats=True,
        pattern_options=_PATTERNS,
        email_options=_EMAIL,
    )
    return made


def full(parameter: Parameter) -> dict[str, Any]:
    """The whole JSON Schema of a parameter's JSON form, nested ones included: what OpenAPI shows."""
    schema = _nested(parameter, dict(parameter.schema), full)
    if parameter.description:
        schema["description"] = parameter.description
    if parameter.has_default:
        schema["default"] = parameter.default
    if parameter.has_example:
        schema["examples"] = [parameter.example]
    return _nullable(schema) if parameter.nullable else schema


def strict_schema(parameter: Parameter, *, strict: bool) -> dict[str, Any]:
    """The schema that values are checked against: decimals are numbers here, and `strict` refuses undeclared keys at each depth.

    Files and bytes are checked when they are converted, so anything fits them here.
    """
    schema = dict(parameter.schema)
    if parameter.type == "decimal":
        schema["type"] = "number"
        schema.pop("format", None)
    elif parameter.type == "any" and "type" not in schema and not parameter.nullable:
        schema = {"type": list(ANY), **schema}
    elif parameter.type in OPAQUE:
        return {}
    schema = _nested(parameter, schema, lambda inner: strict_schema(inner, strict=strict))
    if strict and parameter.properties is not None and not parameter.keep_extra:
        schema.setdefault("additionalProperties", False)
    return _nullable(schema) if parameter.nullable else schema


def body_schema(parameters: Iterable[Parameter], *, strict: bool) -> dict[str, Any]:
    """The schema of a JSON body that holds these parameters."""
    found = tuple(parameters)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {item.wire: strict_schema(item, strict=strict) for item in found},
        "required": [item.wire for item in found if item.required],
    }
    if strict:
        schema["additionalProperties"] = False
    return schema


def _nested(parameter: Parameter, schema: dict[str, Any], of: Any) -> dict[str, Any]:
    if parameter.properties is not None:
        schema["properties"] = {item.wire: of(item) for item in parameter.properties}
        required = [item.wire for item in parameter.properties if item.required]
        if required:
            schema["required"] = required
    if parameter.items is not None:
        schema["items"] = of(parameter.items)
    return schema


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if kind is not None and _PLAIN.issuperset(schema):
        kinds = [kind] if isinstance(kind, str) else list(kind)
        return {**schema, "type": [*kinds, "null"]}
    return {"if": {"type": "null"}, "else": schema} if schema else schema
