"""Schema: the JSON Schema that a parameter's JSON form has to fit."""

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.model import Parameter

TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "decimal": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "uuid": {"type": "string", "format": "uuid"},
    "email": {"type": "string", "format": "email"},
    "url": {"type": "string", "format": "uri"},
    "object": {"type": "object"},
    "array": {"type": "array"},
    "file": {},
    "bytes": {},
    "any": {},
    "record": {},
}
"""What each type is in JSON. A decimal is turned into a number before it is checked."""

FORMATS = (
    *("date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6"),
    *(
        "uri",
        "uri-reference",
        "iri",
        "iri-reference",
        "uuid",
        "uri-template",
        "json-pointer",
        "relative-json-pointer",
        "regex",
    ),
)


def schema_of(
    kind: str,
    words: Mapping[str, Any],
    *,
    properties: Sequence[Parameter] | None = None,
    items: Parameter | None = None,
    nullable: bool = False,
) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a type with further words of JSON Schema."""
    schema: dict[str, Any] = {**TYPES[kind], **words}
    if properties is not None:
        schema["properties"] = {item.wire: item.schema for item in properties}
        needed = [item.wire for item in properties if item.required]
        if needed:
            schema["required"] = needed
    if items is not None:
        schema["items"] = items.schema
    if not nullable:
        if kind in ("any", "record") and not words:
            schema["not"] = {"type": "null"}
        return schema
    if set(schema) == {"type"}:
        return {"type": [schema["type"], "null"]}
    return schema if not schema else {"anyOf": [{"type": "null"}, schema]}
