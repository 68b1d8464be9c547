"""Check: what a caller sent, checked against the declared parameters and turned into their values."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from penstock import jsontext
from penstock.errors import Failure
from penstock.model import Parameter
from penstock.params import form, read
from penstock.params.broken import Broken
from penstock.params.fast import compiled
from penstock.params.faults import MAX_FAULTS, entry
from penstock.params.field import MISSING, Faulty, Field, field
from penstock.params.incoming import Incoming
from penstock.params.secrets import Secrets
from penstock.params.text import from_texts
from penstock.params.value import has_decimals

Values = tuple[dict[str, Any], dict[str, Any]]
Check = Callable[[Incoming, Mapping[str, str]], Values]

BODYLESS = frozenset({"GET", "HEAD", "DELETE"})
IN_BODY = frozenset({"body", "form", "file"})


class Checker:
    """The parameters of one file, compiled.

    `check(incoming, path_values)` gives `(params, given)` of a request, or raises Failure `invalid_params` with all faults at once,
    `malformed`, or `unsupported_media_type`. `messages` are the project's texts by rule. `also`: parameters that others read from the
    same request, which `strict` does not refuse.
    """

    check: Check

    def __init__(
        self,
        parameters: Iterable[Parameter],
        *,
        strict: bool = False,
        messages: Mapping[str, str] | None = None,
        also: Iterable[Parameter] = (),
    ) -> None:
        self.parameters = tuple(parameters)
        self.strict = strict
        self.messages: Mapping[str, str] = messages or {}
        self._also = tuple(also)
        self._secrets = Secrets(self.parameters)
        self.has_secrets = self._secrets.any
        self._taken: tuple[Field, ...] | None = None
        self._variants: dict[tuple[bool, tuple[str, ...]], Check] = {}
        if any(not item.location for item in self.parameters):
            self.check = self._any_method
        else:
            self.check = self._compile(self.parameters)

    def secrets(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """The texts of secret parameters, nested ones too."""
        return self._secrets.of(params) if self.has_secrets else ()

    def take(self, values: Mapping[str, Any], *, text: bool = False) -> Values:
        """Check values that come from within, by name: typed ones or their JSON forms. `text`: they are texts, converted as from a query.

        A null for a parameter that may be left out and is not nullable counts as not given.
        """
        fields = self._taken
        if fields is None:
            fields = self._taken = tuple(
                field(item, item.location, strict=self.strict, exact=False) for item in self.parameters
            )
        stage = Stage(self.messages)
        names = {item.name for item in fields}
        if text or self.strict:
            stage.unknown("", (name for name in values if name not in names))
        for item in fields:
            value = values.get(item.name, MISSING)
            if value is None and not item.parameter.required and not item.parameter.nullable:
                value = MISSING
            if value is not MISSING and text:
                value = stage.convert(item, value if isinstance(value, list) else [value])
            stage.put(item, value, typed=not text)
        return stage.done()

    def _any_method(self, incoming: Incoming, path_values: Mapping[str, str]) -> Values:
        """Check parameters whose places depend on the endpoint that they are read for (a middleware's)."""
        bodyless = incoming.method in BODYLESS
        key = bodyless, tuple(item.name for item in self.parameters if item.wire in path_values)
        found = self._variants.get(key)
        if found is None:
            usual: Any = "query" if bodyless else "body"
            placed = (
                item if item.location else replace(item, location="path" if item.wire in path_values else usual)
                for item in self.parameters
            )
            found = self._variants[key] = self._compile(tuple(placed))
        return found(incoming, path_values)

    def _compile(self, parameters: tuple[Parameter, ...]) -> Check:
        in_body = [item for item in parameters if item.location in IN_BODY]
        exact = any(has_decimals(item) for item in in_body)
        fields = tuple(
            field(
                item, item.location, strict=self.strict, exact=exact if item.location in IN_BODY else has_decimals(item)
            )
            for item in parameters
        )
        request = Request(
            fields, self.strict, self.messages, exact, frozenset((item.location, item.wire) for item in self._also)
        )
        return compiled(fields, request.check, strict=self.strict, exact=exact)


class Stage:
    """Collects values and faults of one check."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        self.messages = messages
        self.params: dict[str, Any] = {}
        self.given: dict[str, Any] = {}
        self.errors: list[dict[str, Any]] = []

    def fault(self, item: Field, path: tuple[str | int, ...], rule: str, message: str) -> None:
        """Note one fault of a parameter."""
        self.errors.append(entry(item.parameter, item.location, path, rule, message, self.messages))

    def unknown(self, location: str, names: Iterable[str]) -> None:
        """Note names that nobody declares."""
        message = self.messages.get("unknown", "is not known")
        for name in sorted(names):
            self.errors.append({"in": location, "name": name, "path": name, "rule": "unknown", "message": message})

    def convert(self, item: Field, texts: Any) -> Any:
        """The JSON form of texts; FAULTY when they have none."""
        try:
            return item.texts(texts)
        except Broken as broken:
            self.fault(item, broken.path, broken.rule, broken.message)
            return FAULTY

    def put(self, item: Field, value: Any, *, typed: bool = False) -> None:
        """Check one value and keep it."""
        if value is FAULTY:
            return
        if value is MISSING:
            if item.parameter.required:
                self.fault(item, (), "required", "is required")
            else:
                self.params[item.name] = item.default(None)
            return
        try:
            self.params[item.name], self.given[item.name] = _typed(item, value) if typed else item.finish(value)
        except Faulty as faulty:
            for broken in faulty.found:
                self.fault(item, broken.path, broken.rule, broken.message)
        except Broken as broken:
            self.fault(item, broken.path, broken.rule, broken.message)

    def done(self) -> Values:
        """The values, or Failure with all faults."""
        if not self.errors:
            return self.params, self.given
        errors = self.errors[:MAX_FAULTS]
        first = errors[0]
        message = (
            f"{first['name'] or 'the body'} {first['message']}"
            if len(errors) == 1
            else f"{len({error['path'] for error in errors})} parameters are not valid"
        )
        raise Failure("invalid_params", message[:500], errors=errors)


TEXTS = frozenset({"string", "email", "url"})
"""Types whose values are text, whatever they were made of."""

FAULTY: Any = object()
"""Stands for a value that broke a rule already."""


def _typed(item: Field, value: Any) -> tuple[Any, Any]:
    """As `Field.finish`, for a value that may have its type already: its JSON form is checked, the value itself converted."""
    form = as_json(value)
    item.finish(form)
    if item.parameter.type in TEXTS:
        return form, form
    prepared = value if item.prepare is None else item.prepare(value)
    made = prepared if item.full is None else item.full(prepared)
    return (made, made) if item.same else (made, prepared if item.sent is None else item.sent(prepared))


def as_json(value: Any, depth: int = 0) -> Any:
    """The JSON form of a typed value, decimals and bytes left as they are."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise Broken("type", "must be a finite number")
    if isinstance(value, datetime):
        return jsontext.stamp(value)
    if isinstance(value, date | UUID):
        return str(value)
    if depth > jsontext.MAX_DEPTH:
        raise Broken("type", f"must not be nested more than {jsontext.MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        return {str(key): as_json(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(entry, depth + 1) for entry in value]
    if isinstance(value, str | int | float | bool | Decimal | bytes) or kind is bytearray:
        return value
    return str(value)


@dataclass(frozen=True, slots=True)
class Request:
    """Checks requests the thorough way: forms, and all faults of what the fast way refused."""

    fields: tuple[Field, ...]
    strict: bool
    messages: Mapping[str, str]
    exact: bool
    also: frozenset[tuple[str, str]]

    def check(self, incoming: Incoming, path_values: Mapping[str, str]) -> Values:
        """All parameters of a request."""
        stage = Stage(self.messages)
        locations = {item.location for item in self.fields}
        query: Mapping[str, list[Any]] = {}
        if "query" in locations or self.strict:
            query = form.pairs(incoming.query)
            self._unknown(stage, "query", query)
        sources: dict[str, Callable[[str], list[Any] | None]] = {
            "path": lambda wire: [path_values[wire]] if wire in path_values else None,
            "query": query.get,
            "header": lambda wire: header(incoming, wire),
        }
        if "cookie" in locations:
            sources["cookie"] = form.cookies("; ".join(header(incoming, "Cookie") or ())).get
        body = self._body(stage, incoming) if locations & IN_BODY else None
        for item in self.fields:
            if item.location in IN_BODY:
                assert body is not None
                stage.put(item, body(item))
                continue
            texts = sources[item.location](item.wire)
            stage.put(item, MISSING if texts is None else stage.convert(item, texts))
        return stage.done()

    def _unknown(self, stage: Stage, location: str, names: Iterable[str]) -> None:
        if self.strict:
            places = ("query",) if location == "query" else ("body", "form", "file")
            known = {item.wire for item in self.fields if item.location in places}
            known |= {wire for place, wire in self.also if place in places}
            stage.unknown(location, (name for name in names if name not in known))

    def _body(self, stage: Stage, incoming: Incoming) -> Callable[[Field], Any]:
        """A function that gives what the body holds for a field."""
        fields = [item for item in self.fields if item.location in IN_BODY]
        whole = next((item for item in fields if item.parameter.whole), None)
        raw = incoming.body
        if whole is not None and whole.parameter.type == "bytes":
            return lambda item: bytes(raw) if raw or item.parameter.required else MISSING
        if not raw:
            return lambda _: MISSING
        content_type = incoming.headers.get("Content-Type", "")
        media = content_type.split(";", 1)[0].strip().lower()
        if (not media or media == "application/json" or media.endswith("+json")) and any(
            item.location == "body" for item in fields
        ):
            return self._json(stage, read.exact(raw) if self.exact else read.plain(raw), whole)
        if media == "application/x-www-form-urlencoded":
            return self._form(stage, form.urlencoded(raw), whole)
        if media == "multipart/form-data":
            return self._form(stage, form.multiparts(raw, content_type), whole)
        wanted = "JSON or a form" if any(item.location == "body" for item in fields) else "a form"
        raise Failure(
            "unsupported_media_type", f"the body must be {wanted}, not {media[:100] or 'without a Content-Type'}"
        )

    def _json(self, stage: Stage, data: Any, whole: Field | None) -> Callable[[Field], Any]:
        if whole is not None:
            return lambda _: data
        if not isinstance(data, dict):
            message = self.messages.get("type", "must be a JSON object")
            stage.errors.append({"in": "body", "name": "", "path": "", "rule": "type", "message": message})
            return lambda _: FAULTY
        self._unknown(stage, "body", data)
        return lambda item: data.get(item.wire, MISSING) if item.location == "body" else MISSING

    def _form(self, stage: Stage, data: Mapping[str, list[Any]], whole: Field | None) -> Callable[[Field], Any]:
        if whole is not None:
            return lambda item: _whole_form(stage, item, data)
        self._unknown(stage, "form", data)

        def value(item: Field) -> Any:
            texts = data.get(item.wire)
            if texts is None:
                return MISSING
            return stage.convert(item, texts)

        return value


def _whole_form(stage: Stage, item: Field, data: Mapping[str, list[Any]]) -> Any:
    """A form as one object: each declared property converted by its type, the others as texts."""
    inner = {nested.wire: nested for nested in item.parameter.properties or ()}
    found: dict[str, Any] = {}
    faulty = False
    for name, texts in data.items():
        nested = inner.get(name)
        if nested is None:
            found[name] = texts[0] if len(texts) == 1 else list(texts)
            continue
        try:
            found[name] = from_texts(nested)(texts)
        except Broken as broken:
            stage.fault(item, (name, *broken.path), broken.rule, broken.message)
            faulty = True
    return FAULTY if faulty else found


def header(incoming: Incoming, name: str) -> list[str] | None:
    """All values of a header; None when there is none. Raises Failure `malformed` for one that is not UTF-8."""
    headers: Any = incoming.headers
    getall = getattr(headers, "getall", None)
    if getall is not None:
        found: list[str] = getall(name, [])
    else:
        value = headers.get(name)
        found = [] if value is None else [value]
    for value in found:
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise Failure("malformed", f"the header {name} is not UTF-8") from None
    return found or None
