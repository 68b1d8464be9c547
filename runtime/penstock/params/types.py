"""Types: the types of parameters, and the words of JSON Schema that go with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANY = ("string", "number", "boolean", "object", "array")
URL_PATTERN = "^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]"
FILE_KEYS = frozenset({"name", "content_type", "size", "content"})


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `schema` is that of its JSON form, `rules` the families of keywords that say something about it."""

    name: str
    words: str
    schema: Mapping[str, Any]
    rules: frozenset[str]


def _type(name: str, words: str, rules: str, **schema: Any) -> Type:
    return Type(name, words, schema, frozenset(rules.split()))


TYPES: Mapping[str, Type] = {
    item.name: item
    for item in (
        _type("string", "text", "text", type="string"),
        _type("integer", "an integer", "number", type="integer"),
        _type("number", "a number", "number", type="number"),
        _type("decimal", "a decimal number, such as 12.50", "number", type=["string", "number"], format="decimal"),
        _type("boolean", "true or false", "", type="boolean"),
        _type("date", "a date, such as 2026-01-31", "text", type="string", format="date"),
        _type(
            "datetime", "a time with its zone, such as 2026-01-31T12:00:00Z", "text", type="string", format="date-time"
        ),
        _type("uuid", "a UUID", "text", type="string", format="uuid"),
        _type("email", "an e-mail address", "text", type="string", format="email"),
        _type(
            "url",
            "a URL that begins with http:// or https://",
            "text",
            type="string",
            format="uri",
            pattern=URL_PATTERN,
        ),
        _type("object", "an object", "object", type="object"),
        _type("array", "a list", "array", type="array"),
        _type("file", "a file", "size", type="string", contentMediaType="application/octet-stream"),
        _type("bytes", "bytes, written in base64", "size", type="string", contentEncoding="base64"),
        _type("any", "a value", "text number object array"),
        _type("record", "a key", "text number", type=["string", "integer"]),
    )
}

ALIASES: Mapping[str, str] = {
    **{"str": "string", "text": "string", "varchar": "string", "char": "string"},
    **{"int": "integer", "int32": "integer", "int64": "integer", "long": "integer"},
    **{"float": "number", "double": "number", "real": "number", "numeric": "decimal", "money": "decimal"},
    **{"bool": "boolean", "list": "array", "tuple": "array", "set": "array"},
    **{"dict": "object", "map": "object", "mapping": "object", "json": "any", "struct": "object"},
    **{"timestamp": "datetime", "time": "datetime", "date-time": "datetime", "guid": "uuid"},
    **{"uri": "url", "mail": "email", "binary": "bytes", "upload": "file", "ref": "record", "row": "record"},
}
"""Words that other tools use for our types."""

LOCATIONS = ("path", "query", "header", "cookie", "body", "form", "file")

OWN = (
    *(
        "type",
        "in",
        "name",
        "default",
        "optional",
        "nullable",
        "example",
        "description",
        "summary",
        "secret",
        "messages",
    ),
    *("properties", "items", "extra", "whole", "split", "table", "schema"),
)
"""The dialect's own words."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "text": ("minLength", "maxLength", "pattern"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "array": (
        *(
            "minItems",
            "maxItems",
            "uniqueItems",
            "prefixItems",
            "contains",
            "minContains",
            "maxContains",
            "unevaluatedItems",
        ),
    ),
    "object": (
        *("minProperties", "maxProperties", "propertyNames", "additionalProperties", "patternProperties"),
        *("dependentRequired", "dependentSchemas", "unevaluatedProperties"),
    ),
    "size": ("minLength", "maxLength"),
    "all": ("enum", "const", "format", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    "notes": (
        *(
            "title",
            "$comment",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "contentEncoding",
            "contentMediaType",
        ),
    ),
}
"""The words of JSON Schema, by what they are about."""

WORDS = tuple(word for family, words in FAMILIES.items() if family != "size" for word in words)
KEYWORDS = frozenset(WORDS)

FORMATS = (
    *("date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri"),
    *(
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
"""Formats that are checked."""

NOTED_FORMATS = ("password", "byte", "binary", "int32", "int64", "float", "double", "decimal")
"""Formats that OpenAPI knows and nobody checks."""


def a(word: str) -> str:
    """A type's name with its article."""
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}" if word not in ("bytes", "any") else word


def described(value: Any) -> str:
    """What a value of a file is, in words."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a mapping"


def shown(value: Any) -> str:
    """A short text as it is; other values in words."""
    if value == "":
        return "the empty text"
    return value[:60] if isinstance(value, str) else described(value)
