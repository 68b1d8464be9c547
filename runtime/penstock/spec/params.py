"""Params: the schema of a file's parameters, of the words that their declarations know."""

from collections.abc import Mapping

from penstock.params.declare import LOCATIONS, OWN, WORDS
from penstock.params.schema import TYPES
from penstock.spec.values import Schema

PARAMETERS: Schema = {"type": "object", "additionalProperties": {"$ref": "#/definitions/parameter"}}

_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": ["number", "string"]}
_FLAG: Schema = {"type": "boolean"}
_TEXT: Schema = {"type": "string"}
_MAPPING: Schema = {"type": "object"}
_SCHEMAS: Schema = {"type": "array", "minItems": 1}

_TYPED: Mapping[str, Schema] = {
    "type": {"description": "Its type; left out: string", "enum": list(TYPES)},
    "in": {"description": "Where the caller puts it", "enum": list(LOCATIONS)},
    "name": {"description": "Its name on the wire", **_TEXT},
    "default": {"description": "The value when it is not given"},
    "optional": {"description": "It may be left out, and is null then", **_FLAG},
    "nullable": {"description": "Null is taken", **_FLAG},
    "example": {"description": "A value for tests, the console and the documentation"},
    "secret": {"description": "Masked everywhere", **_FLAG},
    "summary": {"description": "One line on what it is", **_TEXT},
    "description": {"description": "What it is", **_TEXT},
    "messages": {"description": "Texts of broken rules", "type": "object", "additionalProperties": _TEXT},
    "whole": {"description": "It is the whole body", **_FLAG},
    "split": {"description": "What separates the items of a list in one value", "type": "string", "minLength": 1},
    "table": {"description": "The table of a record", **_TEXT},
    "schema": {"description": "A whole JSON Schema: data.NAME", "type": ["string", "object"]},
    "properties": {"description": "The parameters in an object", "allOf": [{"$ref": "#/definitions/parameters"}]},
    "items": {"description": "The parameter that each item is", "allOf": [{"$ref": "#/definitions/parameter"}]},
    "extra": {"description": "What becomes of undeclared keys", "enum": ["keep", "drop"]},
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _COUNT),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _NUMBER),
    **dict.fromkeys(("minContains", "maxContains"), _COUNT),
    **dict.fromkeys(("pattern", "format", "title"), _TEXT),
    **dict.fromkeys(("enum", "oneOf", "anyOf", "allOf", "prefixItems"), _SCHEMAS),
    **dict.fromkeys(("patternProperties", "dependentRequired", "dependentSchemas"), _MAPPING),
    "uniqueItems": _FLAG,
    "examples": {"type": "array"},
}


def parameter() -> Schema:
    """A parameter: its type alone, or a mapping."""
    properties = {word: _TYPED.get(word, {}) for word in (*OWN, *WORDS)}
    return {
        "anyOf": [
            {"enum": list(TYPES)},
            {"type": "object", "properties": properties, "additionalProperties": False},
        ]
    }
