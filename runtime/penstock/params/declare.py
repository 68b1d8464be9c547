"""Declare: the `params` of a file, read into parameters."""

import re
from collections.abc import Mapping
from typing import Any, cast

import jsonschema_rs

from penstock.model import Fault, Map, Mark, Parameter, plain
from penstock.params.schema import FORMATS, TYPES, schema_of
from penstock.problem import code, suggest

BAD_PARAM = code(
    "bad-param",
    "A parameter is not declared as it should be",
    "write `name: type` or `name: {type: …, …}` with the words of JSON Schema",
    example="params: {qty: {type: integr}}",
)
PARAM_REQUIRED = code(
    "param-required",
    "JSON Schema's `required: [..]` is not how parameters say it",
    "parameters are required unless they say `optional: true` or have a `default`",
    example="params: {order: {type: object, required: [id], properties: {id: integer}}}",
)
PARAM_TYPE_LIST = code(
    "param-type-list",
    "A list as `type` is not how parameters say it",
    "write one type, and `nullable: true` if null may be sent",
    example="params: {note: {type: [string, 'null']}}",
)
BAD_DEFAULT = code(
    "bad-default",
    "A default or example does not fit its own parameter",
    "change the value or the declaration",
    example="params: {qty: {type: integer, default: many}}",
)

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
WORDS = (
    *("minLength", "maxLength", "pattern", "enum", "const", "format", "minimum", "maximum", "exclusiveMinimum"),
    *(
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
    ),
    *("minProperties", "maxProperties", "propertyNames", "patternProperties", "additionalProperties", "prefixItems"),
    *(
        "oneOf",
        "anyOf",
        "allOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "title",
        "examples",
    ),
)
BODYLESS = ("GET", "HEAD", "DELETE")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,127}")


def declare(
    raw: Any,
    mark: Mark,
    *,
    method: str | None,
    path_names: Mapping[str, str],
    data: Mapping[str, Any] | None = None,
) -> tuple[tuple[Parameter, ...], list[Fault]]:
    """The parameters of a file's `params`, and what is wrong with them.

    `path_names` are the path's parameters and their converters; those that are not declared are strings (or what their converter says).
    `method` is None (or empty) for workflows and middleware: their parameters have no place of their own unless they say so.
    """
    reader = _Reader(method or None, path_names, data)
    found: list[Parameter] = []
    if isinstance(raw, Map):
        for name, value in raw.items():
            parameter = reader.parameter(name, value, raw.keys_at[name], raw.values_at[name], depth=0)
            if parameter is not None:
                found.append(parameter)
    elif raw is not None:
        reader.fault(mark, BAD_PARAM, "params is a mapping of names to types", "params: {qty: integer}")
    declared = {parameter.wire for parameter in found if parameter.location == "path"}
    for name, converter in path_names.items():
        if name not in declared:
            kind = {"int": "integer", "uuid": "uuid"}.get(converter, "string")
            found.append(Parameter(name, name, "path", kind, True, False, False, None, schema_of(kind, {}), mark=mark))
    wholes = [parameter for parameter in found if parameter.whole]
    bodies = [
        parameter for parameter in found if parameter.location in ("body", "form", "file") and not parameter.whole
    ]
    if len(wholes) > 1 or (wholes and bodies):
        reader.fault(
            wholes[-1].mark, BAD_PARAM, f"{wholes[-1].name} takes the whole body: nothing else can be read from it"
        )
    return tuple(found), reader.faults


class _Reader:
    def __init__(self, method: str | None, path_names: Mapping[str, str], data: Mapping[str, Any] | None) -> None:
        self.method = method
        self.path_names = path_names
        self.data = data
        self.faults: list[Fault] = []

    def fault(self, mark: Mark, name: str, message: str, hint: str = "") -> None:
        self.faults.append(Fault(mark.line, mark.column, name, message, hint))

    def parameter(self, name: str, raw: Any, key: Mark, mark: Mark, *, depth: int) -> Parameter | None:
        """One declaration; None when it cannot be made sense of."""
        if not _NAME.fullmatch(name):
            self.fault(key, BAD_PARAM, f"{name!r} is no name of a parameter", "letters, digits, _ . and -")
            return None
        if isinstance(raw, str):
            spec = Map(mark)
            spec.put("type", raw, mark, mark)
        elif isinstance(raw, Map):
            spec = raw
        else:
            self.fault(mark, BAD_PARAM, f"{name} needs a type or a mapping", f"{name}: string")
            return None
        for word in spec:
            if word == "required":
                if isinstance(spec[word], list):
                    hint = "give the properties that may be absent `optional: true`"
                    self.fault(
                        spec.keys_at[word],
                        PARAM_REQUIRED,
                        f"{name}: properties are required unless they are optional",
                        hint,
                    )
                else:
                    self.fault(
                        spec.keys_at[word],
                        PARAM_REQUIRED,
                        f"{name} is required unless it is optional",
                        "optional: true",
                    )
            elif word not in OWN and word not in WORDS:
                self.fault(spec.keys_at[word], BAD_PARAM, f"{name}: {word} is not known", suggest(word, (*OWN, *WORDS)))
        kind = self._type(name, spec, mark)
        if kind is None:
            return None
        return self._made(name, kind, spec, key, mark, depth)

    def _type(self, name: str, spec: Map, mark: Mark) -> str | None:
        at = spec.values_at.get("type", mark)
        kind = spec.get("type", "object" if "properties" in spec else "array" if "items" in spec else "string")
        if isinstance(kind, list):
            hint = "nullable: true" if "null" in kind else "or `any` with oneOf"
            self.fault(at, PARAM_TYPE_LIST, f"{name}: type is one word", hint)
            return None
        if not isinstance(kind, str) or kind not in TYPES:
            self.fault(
                at, BAD_PARAM, f"{name}: {kind} is no type", suggest(str(kind), TYPES) or f"one of {', '.join(TYPES)}"
            )
            return None
        return cast(str, kind)

    def _made(self, name: str, kind: str, spec: Map, key: Mark, mark: Mark, depth: int) -> Parameter | None:
        before = len(self.faults)
        location = self._location(name, kind, spec, key, depth)
        flags = {word: self._flag(name, spec, word) for word in ("optional", "nullable", "secret", "whole")}
        properties = self._properties(name, kind, spec, depth)
        items = self._items(name, kind, spec, depth)
        messages = spec.get("messages", {})
        if not isinstance(messages, dict) or not all(isinstance(text, str) for text in messages.values()):
            self.fault(spec.values_at["messages"], BAD_PARAM, f"{name}: messages is a mapping of rules to texts")
            messages = {}
        split = spec.get("split")
        if split is not None and (not isinstance(split, str) or kind != "array" or not split):
            self.fault(
                spec.values_at["split"],
                BAD_PARAM,
                f"{name}: split is the text between the items of an array",
                'split: ","',
            )
            split = None
        wire = spec.get("name", name)
        if not isinstance(wire, str):
            self.fault(spec.values_at["name"], BAD_PARAM, f"{name}: name is the name on the wire")
            wire = name
        if kind == "record" and not isinstance(spec.get("table"), str):
            self.fault(mark, BAD_PARAM, f"{name}: a record needs its table", "{type: record, table: orders}")
        extra = spec.get("extra")
        if extra is not None and extra not in ("keep", "drop"):
            self.fault(
                spec.values_at["extra"],
                BAD_PARAM,
                f"{name}: extra is keep or drop",
                suggest(str(extra), ("keep", "drop")),
            )
        schema = self._schema(name, kind, spec, properties, items, flags["nullable"], mark)
        has_default = "default" in spec
        default = plain(spec.get("default"))
        if has_default and schema is not None and len(self.faults) == before:
            self._fits(name, kind, schema, default, spec.values_at["default"], "default")
        if (
            "example" in spec
            and schema is not None
            and len(self.faults) == before
            and kind not in ("file", "record", "bytes")
        ):
            self._fits(name, kind, schema, plain(spec["example"]), spec.values_at["example"], "example")
        if schema is None:
            return None
        return Parameter(
            name=name,
            wire=wire,
            location=cast(Any, location),
            type=kind,
            required=not has_default and not flags["optional"],
            nullable=flags["nullable"],
            has_default=has_default,
            default=default,
            schema=schema,
            properties=properties,
            items=items,
            keep_extra=extra == "keep" or (extra is None and flags["whole"] and kind == "object"),
            whole=flags["whole"],
            split=split,
            secret=flags["secret"],
            messages=plain(messages),
            example=plain(spec.get("example")),
            has_example="example" in spec,
            description=str(spec.get("description", spec.get("summary", ""))),
            table=spec.get("table") if isinstance(spec.get("table"), str) else None,
            mark=key,
        )

    def _flag(self, name: str, spec: Map, word: str) -> bool:
        value = spec.get(word, False)
        if not isinstance(value, bool):
            self.fault(spec.values_at[word], BAD_PARAM, f"{name}: {word} is true or false")
            return False
        return value

    def _location(self, name: str, kind: str, spec: Map, key: Mark, depth: int) -> str:
        given = spec.get("in")
        wire = spec.get("name", name)
        if depth:
            if given is not None:
                self.fault(
                    spec.keys_at["in"], BAD_PARAM, f"{name}: only a parameter itself has `in`, not what is inside of it"
                )
            return ""
        if given is not None:
            if given not in LOCATIONS:
                self.fault(
                    spec.values_at["in"],
                    BAD_PARAM,
                    f"{name}: {given} is no place of a parameter",
                    suggest(str(given), LOCATIONS) or ", ".join(LOCATIONS),
                )
                return "body"
            if given == "path" and self.method is not None and wire not in self.path_names:
                self.fault(
                    spec.values_at["in"],
                    BAD_PARAM,
                    f"{name}: the path has no {{{wire}}}",
                    suggest(str(wire), self.path_names),
                )
            return cast(str, given)
        if wire in self.path_names:
            return "path"
        if kind == "file":
            return "file"
        if self.method is None:
            return ""
        if spec.get("whole") is True:
            return "body"
        return "query" if self.method in BODYLESS else "body"

    def _properties(self, name: str, kind: str, spec: Map, depth: int) -> tuple[Parameter, ...] | None:
        if "properties" not in spec:
            return None
        raw = spec["properties"]
        if kind != "object" or not isinstance(raw, Map):
            self.fault(
                spec.keys_at["properties"],
                BAD_PARAM,
                f"{name}: properties is a mapping, and an object's",
                "type: object",
            )
            return None
        made = [
            self.parameter(key, value, raw.keys_at[key], raw.values_at[key], depth=depth + 1)
            for key, value in raw.items()
        ]
        return tuple(item for item in made if item is not None)

    def _items(self, name: str, kind: str, spec: Map, depth: int) -> Parameter | None:
        if "items" not in spec:
            return None
        if kind != "array":
            self.fault(spec.keys_at["items"], BAD_PARAM, f"{name}: items is an array's", "type: array")
            return None
        return self.parameter("items", spec["items"], spec.keys_at["items"], spec.values_at["items"], depth=depth + 1)

    def _schema(
        self,
        name: str,
        kind: str,
        spec: Map,
        properties: tuple[Parameter, ...] | None,
        items: Parameter | None,
        nullable: bool,
        mark: Mark,
    ) -> Mapping[str, Any] | None:
        words = {word: plain(spec[word]) for word in WORDS if word in spec and word not in ("title", "examples")}
        whole = spec.get("schema")
        if whole is not None:
            named = whole.removeprefix("data.") if isinstance(whole, str) and whole.startswith("data.") else None
            if named is None:
                self.fault(
                    spec.values_at["schema"],
                    BAD_PARAM,
                    f"{name}: schema names a JSON Schema of data/",
                    "schema: data.order",
                )
            elif self.data is not None and named not in self.data:
                self.fault(
                    spec.values_at["schema"], BAD_PARAM, f"{name}: there is no data/{named}", suggest(named, self.data)
                )
            elif self.data is not None:
                words = {"allOf": [self.data[named], *([words] if words else [])]}
        schema = schema_of(kind, words, properties=properties, items=items, nullable=nullable)
        for word in ("format",):
            if word in words and words[word] not in FORMATS:
                self.fault(
                    spec.values_at[word],
                    BAD_PARAM,
                    f"{name}: {words[word]} is no format",
                    suggest(str(words[word]), FORMATS),
                )
        try:
            jsonschema_rs.Draft202012Validator(
                dict(schema), validate_formats=True, offline=True, pattern_options=jsonschema_rs.RegexOptions()
            )
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            self._bad_schema(name, spec, mark, error)
            return None
        return schema

    def _bad_schema(self, name: str, spec: Map, mark: Mark, error: Exception) -> None:
        """Put a fault of a JSON Schema at the word that it is about."""
        path = getattr(error, "instance_path", None) or []
        word = next((str(part) for part in path if str(part) in spec), None)
        if word is None:
            word = next(
                (key for key in ("pattern", *WORDS) if key in spec and str(plain(spec[key])) in str(error)), None
            )
        at = spec.values_at[word] if word else mark
        reason = str(error).splitlines()[0]
        hint = "patterns take no look-around and no back references" if word == "pattern" else ""
        self.fault(at, BAD_PARAM, f"{name}: {word or 'this'} is no valid JSON Schema: {reason[:200]}", hint)

    def _fits(self, name: str, kind: str, schema: Mapping[str, Any], value: Any, at: Mark, what: str) -> None:
        validator = jsonschema_rs.Draft202012Validator(
            dict(schema), validate_formats=True, offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
        if kind == "decimal" and isinstance(value, str):
            return
        if kind in ("date", "datetime") and what == "default" and value == "now":
            return
        if not validator.is_valid(value):
            self.fault(at, BAD_DEFAULT, f"{name}: the {what} does not fit the declaration")
