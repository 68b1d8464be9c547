"""Rules: the words of JSON Schema in a parameter's declaration, checked and put together."""

from collections.abc import Mapping
from typing import Any

from penstock.model import Fault, Map, Mark, plain
from penstock.params import codes
from penstock.params.schema import validator
from penstock.params.types import FAMILIES, FORMATS, NOTED_FORMATS, TYPES
from penstock.problem import suggest

_UNIVERSAL = frozenset(FAMILIES["all"]) | frozenset(FAMILIES["notes"])
_INFERRED = ("string", "integer", "number", "boolean", "object", "array")


def own_schema(kind: str, raw: Map, mark: Mark, data: Mapping[str, Any] | None) -> tuple[dict[str, Any], list[Fault]]:
    """A parameter's own JSON Schema, without what is nested and without null, and the faults of its words."""
    faults: list[Fault] = []

    def fault(at: Mark, code: str, message: str, hint: str = "") -> None:
        faults.append(Fault(at.line, at.column, code, message, hint))

    about = _UNIVERSAL.union(*(FAMILIES[family] for family in TYPES[kind].rules))
    schema: dict[str, Any] = dict(TYPES[kind].schema)
    words: dict[str, Any] = {}
    for word, value in raw.items():
        if word not in _KNOWN:
            continue
        if word not in about and "schema" not in raw:
            hint = _instead(word, kind)
            fault(raw.keys_at[word], codes.IDLE_RULE, f"{word} says nothing about {TYPES[kind].words}", hint)
        if _sound(word, value, raw.values_at[word], fault):
            words[word] = _bound(word, plain(value), kind)
    if kind == "url" and "pattern" in words:
        schema["allOf"] = [{"pattern": schema.pop("pattern")}, *words.pop("allOf", [])]
    if kind not in ("string", "any") and "format" in words:
        fault(
            raw.keys_at["format"],
            codes.IDLE_RULE,
            f"the format of {TYPES[kind].words} is decided by its type",
            "leave format out",
        )
        words.pop("format")
    if kind == "record":
        schema.update(words)
    elif "schema" in raw:
        words["allOf"] = [*words.get("allOf", []), _referred(raw, data, fault)]
    schema.update(words)
    if not faults or all(item.code == codes.IDLE_RULE for item in faults):
        try:
            validator(schema)
        except ValueError as error:
            fault(
                raw.values_at.get("schema", mark), codes.BAD_SCHEMA, f"the rules are no JSON Schema: {_reason(error)}"
            )
            schema = dict(TYPES[kind].schema)
    return schema, faults


_KNOWN = frozenset(word for family in FAMILIES.values() for word in family)


def _instead(word: str, kind: str) -> str:
    pairs = {
        ("minLength", "number"): "minimum",
        ("maxLength", "number"): "maximum",
        ("minLength", "array"): "minItems",
        ("maxLength", "array"): "maxItems",
        ("minimum", "text"): "minLength",
        ("maximum", "text"): "maxLength",
        ("minItems", "text"): "minLength",
        ("maxItems", "text"): "maxLength",
        ("minimum", "array"): "minItems",
        ("maximum", "array"): "maxItems",
    }
    found = next((pairs[word, family] for family in sorted(TYPES[kind].rules) if (word, family) in pairs), "")
    return f"did you mean {found}?" if found else "leave it out"


def _sound(word: str, value: Any, mark: Mark, fault: Any) -> bool:
    """Whether one word and its value are valid by themselves; notes it if not."""
    if word == "pattern" and isinstance(value, str):
        try:
            validator({"pattern": value})
        except ValueError:
            fault(
                mark, codes.BAD_SCHEMA, "the pattern does not compile", "look-around and back-references are not taken"
            )
            return False
        return True
    if word == "format" and isinstance(value, str):
        if value in FORMATS or value in NOTED_FORMATS:
            return True
        fault(
            mark,
            "bad-value",
            f"format cannot be {value or 'the empty text'}",
            suggest(value, FORMATS) or "pattern says it by an expression",
        )
        return False
    if word == "enum" and value == []:
        fault(mark, codes.BAD_SCHEMA, "enum lists no value, so nothing would fit")
        return False
    try:
        validator({word: plain(value)})
    except ValueError as error:
        fault(mark, codes.BAD_SCHEMA, f"{word} is no JSON Schema: {_reason(error)}")
        return False
    return True


def _bound(word: str, value: Any, kind: str) -> Any:
    """Choices of decimals are numbers, also when they are written as text."""
    if kind == "decimal" and word in ("enum", "const"):
        return [_number(item) for item in value] if isinstance(value, list) else _number(value)
    return value


def _number(value: Any) -> Any:
    from_text = value if isinstance(value, str) else None
    if from_text is None:
        return value
    try:
        return float(from_text) if "." in from_text or "e" in from_text.lower() else int(from_text)
    except ValueError:
        return value


def type_of_schema(raw: Map, data: Mapping[str, Any] | None) -> str:
    """The type that `schema:` itself names, so that text is converted to it; `any` if it names none or several."""
    given = raw["schema"]
    found = _constant(given[5:], data) if isinstance(given, str) and given.startswith("data.") else given
    kind = found.get("type") if isinstance(found, Mapping) else None
    return kind if isinstance(kind, str) and kind in _INFERRED else "any"


def _constant(name: str, data: Mapping[str, Any] | None) -> Any:
    found: Any = data
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _referred(raw: Map, data: Mapping[str, Any] | None, fault: Any) -> dict[str, Any]:
    """The schema that `schema:` gives: `data.NAME`, or one written in place. It is a resource of its own: its `#/…` stay inside of it."""
    given = raw["schema"]
    mark = raw.values_at["schema"]
    if isinstance(given, Map):
        found: Any = plain(given)
        name = f"{mark.line}.{mark.column}"
    elif isinstance(given, str) and given.startswith("data.") and len(given) > 5:
        name = given[5:]
        found = _constant(name, data)
        if found is None:
            near = suggest(name, data or ())
            fault(
                mark,
                codes.BAD_SCHEMA,
                f"there is no {given}",
                near.replace("mean ", "mean data.") if near else f"write data/{name}.yaml",
            )
            return {}
    else:
        fault(mark, "bad-value", "schema must be data.NAME or a mapping", "schema: data.order")
        return {}
    if not isinstance(found, Mapping):
        fault(
            mark,
            codes.BAD_SCHEMA,
            f"{given if isinstance(given, str) else 'the schema'} is no JSON Schema: it is no mapping",
        )
        return {}
    return {"$id": f"urn:penstock:{name}", **found}


def _reason(error: ValueError) -> str:
    first = str(getattr(error, "message", None) or error).split("\n", 1)[0]
    return first[:160]
