"""Declare: the parameters that a file declares, read with all that is wrong with them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from penstock.model import Fault, Map, Mark, Parameter, Seq, plain
from penstock.params import codes
from penstock.params.place import check_place, check_together, location_of
from penstock.params.rules import own_schema, type_of_schema
from penstock.params.sample import check_samples
from penstock.params.types import ALIASES, KEYWORDS, LOCATIONS, OWN, TYPES, WORDS, a, described, shown
from penstock.problem import suggest

__all__ = ["LOCATIONS", "OWN", "WORDS", "declare"]

MAX_PARAMETERS = 500
"""parameters of one file, nested ones included"""

_CONVERTED = {"int": "integer", "uuid": "uuid"}
_FLAGS = ("optional", "nullable", "secret", "whole")


def declare(
    raw: Any,
    mark: Mark,
    *,
    method: str | None,
    path_names: Mapping[str, str] | Iterable[str],
    data: Mapping[str, Any] | None = None,
) -> tuple[tuple[Parameter, ...], list[Fault]]:
    """The parameters of a file's `params:` and all faults of their declaration.

    `method` is an endpoint's; None (or empty) for files that have no request of their own: then a parameter that does not say where it
    comes from has no location. `path_names`: the parameters of the path and their converters (`str int uuid path`); those that are not
    declared become strings, integers or UUIDs. `data`: the constants that `schema: data.NAME` names.
    """
    converters = path_names if isinstance(path_names, Mapping) else dict.fromkeys(path_names, "str")
    reader = _Reader(method or "", converters, data)
    return reader.all(raw, mark), reader.faults


class _Reader:
    """Reads the parameters of one file."""

    def __init__(self, method: str, converters: Mapping[str, str], data: Mapping[str, Any] | None) -> None:
        self.method = method
        self.converters = converters
        self.data = data
        self.faults: list[Fault] = []
        self.count = 0

    def fault(self, mark: Mark, code: str, message: str, hint: str = "", /) -> None:
        """Note a fault."""
        self.faults.append(Fault(mark.line, mark.column, code, message, hint))

    def all(self, raw: Any, mark: Mark) -> tuple[Parameter, ...]:
        """All parameters of the file, those of the path that are not declared last."""
        found: list[Parameter] = []
        if isinstance(raw, Map):
            found = [item for name in raw if (item := self.top(name, raw[name], raw)) is not None]
        elif raw is not None:
            self.fault(mark, "wrong-type", "params must be a mapping of names to types", "{customer: string}")
        taken = {item.wire for item in found if item.location == "path"}
        for name, converter in self.converters.items():
            if name not in taken:
                clash = next((item for item in found if item.name == name), None)
                if clash is not None:
                    hint = "leave in out, or give one of them another name"
                    message = f"{name} stands in the path, so it cannot come from the {clash.location}"
                    self.fault(clash.mark, codes.BAD_PARAM, message, hint)
                    continue
                found.append(_of_path(name, converter, mark))
        check_together(found, self.fault)
        return tuple(found)

    def top(self, name: str, raw: Any, holder: Map) -> Parameter | None:
        """One parameter of the file itself."""
        mark = holder.keys_at[name]
        item = self.parameter(name, raw, mark, holder.values_at[name], name, nested=False)
        if item is None:
            return None
        words = raw if isinstance(raw, Map) else Map()
        location = location_of(item, words, self.method, self.converters, self.fault)
        wire = item.wire.replace("_", "-") if location == "header" and "name" not in words else item.wire
        item = replace(item, location=location, wire=wire)
        if location == "file" and not {"type", "items"} & set(words):
            item = replace(item, type="file", schema=dict(TYPES["file"].schema))
        check_place(item, words, self.method, self.converters, self.fault)
        return self._sampled(item, words)

    def parameter(
        self, name: str, raw: Any, key_mark: Mark, mark: Mark, path: str, *, nested: bool = True
    ) -> Parameter | None:
        """One parameter at any depth; None when it cannot be read."""
        self.count += 1
        if self.count > MAX_PARAMETERS:
            if self.count == MAX_PARAMETERS + 1:
                self.fault(key_mark, codes.BAD_PARAM, f"a file declares at most {MAX_PARAMETERS} parameters")
            return None
        if isinstance(raw, str):
            kind = self._type(raw, mark)
            return Parameter(name, name, "", kind, True, False, False, None, dict(TYPES[kind].schema), mark=key_mark)
        if not isinstance(raw, Map):
            self.fault(
                mark,
                "wrong-type",
                f"{path} must be a type or a mapping, not {described(raw)}",
                "string, or {type: string}",
            )
            return None
        return self._mapping(name, raw, key_mark, path, nested=nested)

    def _mapping(self, name: str, raw: Map, key_mark: Mark, path: str, *, nested: bool) -> Parameter:
        self._keys(raw, path, nested=nested)
        flags = {word: self._flag(raw, word) for word in _FLAGS}
        properties = self._properties(raw, path)
        items = self._items(raw, path)
        kind = self._kind(raw, properties, items, path)
        has_default = "default" in raw
        schema, faults = own_schema(kind, raw, key_mark, self.data)
        self.faults += faults
        table = self._text(raw, "table")
        if kind == "record" and table is None:
            self.fault(key_mark, codes.BAD_PARAM, f"{path} is a record, but of no table", "table: orders")
        return Parameter(
            name=name,
            wire=self._text(raw, "name") or name,
            location="",
            type=kind,
            required=not (flags["optional"] or has_default),
            nullable=flags["nullable"],
            has_default=has_default,
            default=plain(raw.get("default")),
            schema=schema,
            properties=properties,
            items=items,
            keep_extra=self._extra(raw, kind),
            whole=flags["whole"],
            split=self._text(raw, "split"),
            secret=flags["secret"],
            messages=self._messages(raw),
            example=plain(raw.get("example")),
            has_example="example" in raw,
            description=self._text(raw, "description") or self._text(raw, "summary") or "",
            table=table,
            mark=key_mark,
        )

    def _keys(self, raw: Map, path: str, *, nested: bool) -> None:
        for key in raw:
            mark = raw.keys_at[key]
            if key == "required":
                listed = isinstance(raw[key], list)
                hint = "mark the others optional: true" if listed else "optional: true says the opposite"
                message = "required says nothing: parameters are required, unless they are optional or have a default"
                self.fault(mark, codes.PARAM_REQUIRED, message, hint)
            elif key not in OWN and key not in KEYWORDS:
                hint = suggest(key, (*OWN, *WORDS)) or suggest(key.lower(), {"in", "enum", "type"})
                self.fault(mark, "unknown-key", f"{key or 'the empty text'} is not a key of a parameter", hint)
            elif nested and key in ("in", "whole", "split"):
                self.fault(
                    mark,
                    codes.BAD_PARAM,
                    f"{path} is nested, so {key} says nothing there",
                    "it belongs to the parameter outside",
                )

    def _type(self, word: str, mark: Mark) -> str:
        if word in TYPES:
            return word
        near = ALIASES.get(word.lower())
        hint = f"did you mean {near}?" if near else suggest(word, TYPES)
        self.fault(
            mark, codes.UNKNOWN_TYPE, f"{word or 'the empty text'} is no type", hint or f"one of {', '.join(TYPES)}"
        )
        return "any"

    def _kind(self, raw: Map, properties: Any, items: Any, path: str) -> str:
        given = raw.get("type")
        if isinstance(given, Seq):
            hint = "nullable: true takes null" if "null" in given or None in given else "type: any with oneOf"
            message = f"{path} has a list of types, and a parameter has one"
            self.fault(raw.values_at["type"], codes.PARAM_TYPE_LIST, message, hint)
            first = next((word for word in given if isinstance(word, str) and word in TYPES), "any")
            kind = str(first)
        elif isinstance(given, str):
            kind = self._type(given, raw.values_at["type"])
        elif "type" in raw:
            self.fault(
                raw.values_at["type"],
                "wrong-type",
                f"type must be the name of a type, not {described(given)}",
                "type: string",
            )
            kind = "any"
        else:
            kind = self._unsaid(raw)
        self._goes(raw, kind, path)
        return kind

    def _unsaid(self, raw: Map) -> str:
        """The type of a parameter that names none."""
        if "properties" in raw:
            return "object"
        if "items" in raw:
            return "array"
        return type_of_schema(raw, self.data) if "schema" in raw else "string"

    def _goes(self, raw: Map, kind: str, path: str) -> None:
        """Check that the dialect's own words go with the type."""
        for word, wanted in (
            ("properties", "object"),
            ("extra", "object"),
            ("items", "array"),
            ("split", "array"),
            ("table", "record"),
        ):
            if word in raw and kind != wanted:
                self.fault(
                    raw.keys_at[word],
                    codes.BAD_PARAM,
                    f"{path} is {a(kind)}, so {word} says nothing",
                    f"type: {wanted}",
                )

    def _properties(self, raw: Map, path: str) -> tuple[Parameter, ...] | None:
        if "properties" not in raw:
            return None
        inner = raw["properties"]
        if not isinstance(inner, Map):
            self.fault(
                raw.values_at["properties"],
                "wrong-type",
                f"{path}.properties must be a mapping, not {described(inner)}",
                "{city: string}",
            )
            return None
        found: list[Parameter] = []
        wires: set[str] = set()
        for name in inner:
            item = self.parameter(name, inner[name], inner.keys_at[name], inner.values_at[name], f"{path}.{name}")
            if item is None:
                continue
            if item.type == "file":
                self.fault(
                    item.mark,
                    codes.BAD_PARAM,
                    f"{path}.{name} is a file, and files stand beside the other parameters",
                    "in: file",
                )
            if item.wire in wires:
                self.fault(item.mark, codes.BAD_PARAM, f"{path} has two properties named {item.wire} on the wire")
            wires.add(item.wire)
            found.append(self._sampled(item, inner[name]))
        return tuple(found)

    def _items(self, raw: Map, path: str) -> Parameter | None:
        if "items" not in raw:
            return None
        item = self.parameter("items", raw["items"], raw.keys_at["items"], raw.values_at["items"], f"{path}[]")
        if item is not None and not item.required:
            hint = "nullable: true takes null"
            self.fault(
                item.mark,
                codes.BAD_PARAM,
                f"{path}.items cannot be optional or have a default: an item is there or it is not",
                hint,
            )
        return None if item is None else self._sampled(item, raw["items"])

    def _sampled(self, item: Parameter, raw: Any) -> Parameter:
        if isinstance(raw, Map):
            faults = check_samples(item, raw, item.mark)
            self.faults += faults
            if any(fault.code == codes.BAD_DEFAULT for fault in faults):
                return replace(item, has_default=False, default=None)
        return item

    def _flag(self, raw: Map, word: str) -> bool:
        value = raw.get(word, False)
        if not isinstance(value, bool):
            self.fault(raw.values_at[word], "wrong-type", f"{word} must be true or false, not {described(value)}")
            return False
        return value

    def _text(self, raw: Map, word: str) -> str | None:
        value = raw.get(word)
        if word in raw and (not isinstance(value, str) or not value):
            self.fault(
                raw.values_at[word],
                "wrong-type",
                f"{word} must be text, not {'empty' if value == '' else described(value)}",
            )
            return None
        return value

    def _extra(self, raw: Map, kind: str) -> bool:
        value = raw.get("extra")
        if "extra" in raw and value not in ("keep", "drop"):
            self.fault(raw.values_at["extra"], "bad-value", f"extra cannot be {shown(value)}", "keep or drop")
        return value == "keep" or (kind == "object" and "properties" not in raw and value != "drop")

    def _messages(self, raw: Map) -> dict[str, str]:
        given = raw.get("messages")
        if "messages" not in raw:
            return {}
        if not isinstance(given, Map):
            self.fault(
                raw.values_at["messages"],
                "wrong-type",
                f"messages must be a mapping, not {described(given)}",
                "{minLength: too short}",
            )
            return {}
        found: dict[str, str] = {}
        rules = KEYWORDS | {"required", "type", "unknown"}
        for rule, text in given.items():
            if rule not in rules:
                self.fault(
                    given.keys_at[rule], "unknown-key", f"{rule or 'the empty text'} is no rule", suggest(rule, rules)
                )
            elif not isinstance(text, str):
                self.fault(given.values_at[rule], "wrong-type", f"messages.{rule} must be text, not {described(text)}")
            else:
                found[rule] = text
        return found


def _of_path(name: str, converter: str, mark: Mark) -> Parameter:
    """The parameter of the path that is not declared."""
    kind = _CONVERTED.get(converter, "string")
    return Parameter(name, name, "path", kind, True, False, False, None, dict(TYPES[kind].schema), mark=mark)
