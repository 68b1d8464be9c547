"""Params: the schema of a file's parameters."""

from penstock.spec.values import Schema

TYPES = [
    *("string", "integer", "number", "decimal", "boolean", "date", "datetime", "uuid", "email", "url"),
    *("object", "array", "file", "bytes", "any", "record"),
]
LOCATIONS = ["path", "query", "header", "cookie", "body", "form", "file"]
PARAMETERS: Schema = {"type": "object", "additionalProperties": {"$ref": "#/definitions/parameter"}}

_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": ["number", "string"]}
_FLAG: Schema = {"type": "boolean"}
_ANY: Schema = {}
_TEXT: Schema = {"type": "string"}
_MAPPING: Schema = {"type": "object"}
_SCHEMAS: Schema = {"type": "array", "minItems": 1}

OWN: dict[str, Schema] = {
    "type": {"description": "Its type; left out: string", "enum": TYPES},
    "in": {"description": "Where the caller puts it", "enum": LOCATIONS},
    "name": {"description": "Its name on the wire", "type": "string"},
    "default": {"description": "The value when it is not given"},
    "optional": {"description": "It may be left out, and is null then", **_FLAG},
    "nullable": {"description": "Null is taken", **_FLAG},
    "example": {"description": "A value for tests, the console and the documentation"},
    "secret": {"description": "Masked everywhere", **_FLAG},
    "description": {"description": "What it is", "type": "string"},
    "messages": {
        "description": "Texts of broken rules",
        "type": "object",
        "additionalProperties": {"type": "string"},
    },
    "whole": {"description": "It is the whole body", **_FLAG},
    "split": {"description": "What separates the items of a list in one value", "type": "string", "minLength": 1},
    "table": {"description": "The table of a record", "type": "string"},
    "schema": {"description": "A whole JSON Schema: data.NAME", "type": ["string", "object"]},
    "properties": {
        "description": "The parameters inside of an object",
        "allOf": [{"$ref": "#/definitions/parameters"}],
    },
    "items": {"description": "The parameter that each item is", "allOf": [{"$ref": "#/definitions/parameter"}]},
    "extra": {"description": "Keep undeclared keys", "enum": ["keep", "drop"]},
}
"""The dialect's own words for a parameter."""

SCHEMA: dict[str, Schema] = {
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _COUNT),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _NUMBER),
    **dict.fromkeys(("pattern", "format", "title", "contentEncoding", "contentMediaType", "$comment"), _TEXT),
    "enum": {"type": "array", "minItems": 1},
    "const": _ANY,
    "examples": {"type": "array"},
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _FLAG),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _SCHEMAS),
    **dict.fromkeys(("not", "if", "then", "else", "contains", "propertyNames", "additionalProperties"), _ANY),
    **dict.fromkeys(("patternProperties", "dependentRequired", "dependentSchemas"), _MAPPING),
    **dict.fromkeys(("minContains", "maxContains"), _COUNT),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), _ANY),
}
"""The words of JSON Schema that a parameter may use."""


def parameter() -> Schema:
    """A parameter: its type alone, or a mapping."""
    return {
        "anyOf": [
            {"enum": TYPES},
            {"type": "object", "properties": {**OWN, **SCHEMA}, "additionalProperties": False},
        ]
    }
