"""Error shape: the `errors:` mapping of settings, defaults and endpoints."""

from collections.abc import Iterable
from typing import Any

from penstock import expression
from penstock.model import NOWHERE, ErrorShape, Map, Mark, Template
from penstock.problem import Problem, suggest
from penstock.settings import codes
from penstock.settings.table import BY_NAME

FIELDS = ("code", "status", "message", "run_id", "details", "errors", "fields")
"""What a binding sees in `error`."""


def error_shape(raw: Any, mark: Mark, file: str) -> tuple[ErrorShape, list[Problem]]:
    """Read an `errors:` mapping: the parts that are sound, and all that is wrong with the others."""
    reader = _Reader(file)
    if not isinstance(raw, Map):
        reader.add(mark, codes.WRONG_TYPE, "errors must be a mapping", "{status: {invalid_params: 400}}", "errors")
        return ErrorShape(), reader.problems
    known = BY_NAME["errors"].words
    for key in raw:
        if key not in known:
            message = f"{key} is not a key of errors"
            reader.add(raw.keys_at[key], codes.UNKNOWN_KEY, message, suggest(key, known), f"errors.{key}")
    body = reader.template(raw["body"], raw.values_at["body"], "errors.body") if "body" in raw else None
    content_type = None
    if "content_type" in raw:
        at = raw.values_at["content_type"]
        if isinstance(raw["content_type"], str):
            content_type = reader.template(raw["content_type"], at, "errors.content_type")
        else:
            reader.add(at, codes.WRONG_TYPE, "errors.content_type must be text", "", "errors.content_type")
    headers: dict[str, Template] = {}
    for name, value, at, path in reader.entries(raw, "headers", "names to values"):
        template = reader.template(value, at, path)
        if template is not None:
            headers[name] = template
    status: dict[str, int] = {}
    for name, value, at, path in reader.entries(raw, "status", "codes to statuses"):
        if type(value) is int and 400 <= value <= 599:
            status[name] = value
        else:
            reader.add(at, codes.BAD_VALUE, f"{path} must be a status from 400 to 599", "", path)
    messages: dict[str, str] = {}
    for name, value, at, path in reader.entries(raw, "messages", "rules to texts"):
        if isinstance(value, str):
            messages[name] = value
        else:
            reader.add(at, codes.WRONG_TYPE, f"{path} must be text", "", path)
    return ErrorShape(body, content_type, headers, status, messages), reader.problems


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(self, at: Mark, code: str, message: str, hint: str, path: str) -> None:
        self.problems.append(Problem(self.file, at.line, at.column, code, message, hint, path))

    def entries(self, raw: Map, key: str, what: str) -> Iterable[tuple[str, Any, Mark, str]]:
        """The entries of one of the inner mappings, each with its place and path."""
        value = raw.get(key, {})
        if isinstance(value, dict):
            marks = value.values_at if isinstance(value, Map) else {}
            return [(name, item, marks.get(name, NOWHERE), f"errors.{key}.{name}") for name, item in value.items()]
        message = f"errors.{key} must be a mapping of {what}"
        self.add(raw.values_at[key], codes.WRONG_TYPE, message, "", f"errors.{key}")
        return []

    def template(self, raw: Any, mark: Mark, path: str) -> Template | None:
        """A value that is rendered for each error; None when it cannot be."""
        template = expression.value(raw, mark)
        before = len(self.problems)
        for fault in template.faults:
            at = Mark(fault.line, fault.column, fault.line, fault.column)
            self.add(at, fault.code, fault.message, fault.hint, path)
        for reference in template.references:
            at = Mark(reference.line, reference.column, reference.line, reference.column)
            if reference.root != "error":
                hint = "the form of errors sees error alone"
                self.add(at, codes.UNKNOWN_NAME, f"{reference.root} cannot be read here", hint, path)
            elif reference.path and reference.path[0] not in FIELDS:
                name = str(reference.path[0])
                hint = suggest(name, FIELDS) or f"one of {', '.join(FIELDS)}"
                self.add(at, codes.UNKNOWN_FIELD, f"error.{name} does not exist", hint, path)
        return template if len(self.problems) == before else None
