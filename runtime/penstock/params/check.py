"""Check: a request's parameters, all faults at once, converted by their declared types."""

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs

from penstock import jsontext
from penstock.errors import Failure
from penstock.model import Parameter
from penstock.params import convert
from penstock.params.faults import entries, entry
from penstock.params.incoming import Incoming, cookies, form, pairs

BODY = ("body", "form", "file")
BODYLESS = ("GET", "HEAD", "DELETE")
MISSING: Any = object()
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class _Group:
    """Parameters that are checked together: one compiled JSON Schema for an object of their wire names."""

    __slots__ = ("decimals", "fields", "parameters", "validator")

    def __init__(self, parameters: Sequence[Parameter], *, strict: bool) -> None:
        self.parameters = tuple(parameters)
        self.fields = tuple(
            (item.wire, item.name, convert.shape(item), item, item.has_default or not item.required)
            for item in self.parameters
        )
        self.decimals = tuple(item for item in self.parameters if convert.has_decimal(item))
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {item.wire: _strict(item) if strict else item.schema for item in self.parameters},
            "required": [item.wire for item in self.parameters if item.required],
        }
        if strict:
            schema["additionalProperties"] = False
        self.validator = jsonschema_rs.Draft202012Validator(
            schema, validate_formats=True, offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )


class Checker:
    """The parameters of one file, compiled. `messages` are texts for rules, from the files' `errors.messages`."""

    def __init__(
        self, parameters: Sequence[Parameter], *, strict: bool = False, messages: Mapping[str, str] | None = None
    ) -> None:
        self.parameters = tuple(parameters)
        self.strict = strict
        self.messages = messages or {}
        self.has_secrets = any(_secret(item) for item in self.parameters)
        self._text = tuple(item for item in self.parameters if item.location in ("path", "query", "header", "cookie"))
        self._body = tuple(item for item in self.parameters if item.location in BODY and not item.whole)
        self._whole = next((item for item in self.parameters if item.whole), None)
        self._loose = tuple(item for item in self.parameters if item.location == "" and not item.whole)
        self._all = _Group(self.parameters, strict=False)
        self._text_group = _Group(self._text, strict=False)
        self._body_group = _Group(self._body, strict=strict)
        self._plain_path = tuple(item.wire for item in self._text) if all(_plain(item) for item in self._text) else None
        self._has_body = bool(self._body or self._whole is not None)
        self._files = any(item.location in ("form", "file") for item in self._body)
        self._only_json = (
            bool(self._body)
            and not self._text
            and not self._loose
            and self._whole is None
            and not self._files
            and not self._body_group.decimals
        )
        self._order = tuple(item.name for item in self.parameters)
        self._query = any(item.location == "query" for item in self._text) or strict
        self._cookies = any(item.location == "cookie" for item in self._text)

    def check(self, incoming: Incoming, path_values: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """`params` and `given` of a request.

        Raises Failure `invalid_params` with all faults, `malformed`, `unsupported_media_type`.
        """
        if not self.parameters and not self.strict:
            return {}, {}
        if self._plain_path is not None and not self._has_body and not self._loose and not self.strict:
            found = {name: path_values[name] for name in self._plain_path}
            return found, dict(found)
        if self._only_json and incoming.headers.get("Content-Type") == "application/json" and not self.strict:
            body = jsontext.decode(incoming.body) if incoming.body else {}
            group = self._body_group
            if group.validator.is_valid(body):
                faults: list[dict[str, Any]] = []
                params: dict[str, Any] = {}
                given: dict[str, Any] = {}
                self._take(group, body, params, given, faults)
                if not faults:
                    return params, given
                raise _failure(faults)
        return self._check(incoming, path_values)

    def take(self, values: Mapping[str, Any], *, text: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same for values that are at hand: those of `with`, or texts of a command line (`text`). Faults as in `check`."""
        candidate: dict[str, Any] = {}
        raw: dict[str, Any] = {}
        faults: list[dict[str, Any]] = []
        for item in self.parameters:
            if item.name not in values:
                continue
            value = values[item.name]
            if value is None and not item.nullable and not item.required:
                continue
            if text and isinstance(value, str):
                value = convert.from_text(value, item)
            raw[item.wire] = value
            checked = convert.json_form(value)
            candidate[item.wire] = convert.with_decimals(checked, item) if item in self._all.decimals else checked
        unknown = [name for name in values if name not in self._order]
        if unknown and text:
            faults += [entry("", name, name, "unknown", "is not a parameter", self.messages) for name in unknown]
        params: dict[str, Any] = {}
        given: dict[str, Any] = {}
        self._judge(self._all, candidate, raw, params, given, faults, "")
        if faults:
            raise _failure(faults)
        return params, given

    def secrets(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """The texts of secret parameters, nested ones too."""
        found: list[str] = []
        if self.has_secrets:
            for item in self.parameters:
                _leaves(item, params.get(item.name), False, found)
        return tuple(found)

    # -- the general way

    def _check(self, incoming: Incoming, path_values: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
        faults: list[dict[str, Any]] = []
        params: dict[str, Any] = {}
        given: dict[str, Any] = {}
        text, body = list(self._text), list(self._body)
        for item in self._loose:
            if item.wire in path_values or incoming.method in BODYLESS:
                text.append(item)
            else:
                body.append(item)
        candidate = self._texts(text, incoming, path_values, faults)
        group = self._text_group if not self._loose else _Group(text, strict=False)
        self._judge(group, candidate, candidate, params, given, faults, "query")
        if self._whole is not None:
            self._whole_body(self._whole, incoming, params, given, faults)
        elif body:
            found, texts = self._bodies(body, incoming, faults)
            group = self._body_group if not self._loose else _Group(body, strict=self.strict)
            if isinstance(found, dict):
                if group.decimals:
                    known = {item.wire: item for item in group.decimals}
                    found = {
                        key: convert.with_decimals(value, known[key]) if key in known else value
                        for key, value in found.items()
                    }
                self._judge(group, found, found, params, given, faults, "form" if texts else "body")
            else:
                faults.append(entry("body", "", "", "type", "the body must be an object", self.messages))
        if faults:
            raise _failure(faults)
        ordered = {name: params[name] for name in self._order}
        return ordered, given

    def _texts(
        self,
        parameters: Sequence[Parameter],
        incoming: Incoming,
        path_values: Mapping[str, str],
        faults: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """The JSON forms of what path, query, headers and cookies hold."""
        query = pairs(incoming.query, "query") if self._query or self._loose else {}
        jar = cookies(incoming.headers) if self._cookies else {}
        candidate: dict[str, Any] = {}
        for item in parameters:
            texts = _given(item, path_values, query, jar, incoming)
            if texts is None:
                continue
            try:
                candidate[item.wire] = convert.from_texts(texts, item)
            except ValueError as error:
                faults.append(
                    entry(item.location or "query", item.wire, item.wire, "type", str(error), self.messages, item)
                )
                if item.required:
                    candidate[item.wire] = MISSING
        if self.strict:
            known = {item.wire for item in parameters}
            for name in query:
                if name not in known:
                    faults.append(entry("query", name, name, "unknown", "is not a parameter", self.messages))
        return candidate

    def _bodies(self, body: Sequence[Parameter], incoming: Incoming, faults: list[dict[str, Any]]) -> tuple[Any, bool]:
        """The body as JSON, and whether it came as texts."""
        content_type = incoming.headers.get("Content-Type", "")
        media = content_type.split(";", 1)[0].strip().lower()
        if not incoming.body and media not in FORMS:
            return {}, False
        if media in FORMS:
            fields, files = form(content_type, incoming.body)
            known = {item.wire: item for item in body}
            found: dict[str, Any] = {}
            for name, texts in fields.items():
                item = known.get(name)
                if item is None:
                    found[name] = texts[-1]
                    continue
                try:
                    found[name] = convert.from_texts(texts, item)
                except ValueError as error:
                    faults.append(entry("form", name, name, "type", str(error), self.messages, item))
            for name, uploads in files.items():
                item = known.get(name)
                if item is not None and item.type == "array":
                    found[name] = uploads
                else:
                    found[name] = uploads[0]["content"] if item is not None and item.type == "bytes" else uploads[0]
            return found, True
        if all(item.location in ("form", "file") for item in body):
            raise Failure("unsupported_media_type", "send a form", headers={"Accept": ", ".join(FORMS)})
        return self._json(
            media, content_type, incoming.body, bool(self._body_group.decimals) or bool(self._loose)
        ), False

    def _json(self, media: str, content_type: str, body: bytes, exact: bool) -> Any:
        if media and media != "application/json" and not media.endswith("+json"):
            raise Failure(
                "unsupported_media_type",
                f"{media[:80]} is not taken here: send JSON or a form",
                headers={"Accept": "application/json"},
            )
        charset = content_type.lower().partition("charset=")[2].split(";")[0].strip(' "')
        if charset not in ("", "utf-8", "utf8"):
            raise Failure("malformed", "JSON is sent as UTF-8")
        return jsontext.decode_exact(body) if exact else jsontext.decode(body)

    def _whole_body(
        self,
        item: Parameter,
        incoming: Incoming,
        params: dict[str, Any],
        given: dict[str, Any],
        faults: list[dict[str, Any]],
    ) -> None:
        content_type = incoming.headers.get("Content-Type", "")
        media = content_type.split(";", 1)[0].strip().lower()
        if item.type == "bytes":
            params[item.name] = given[item.name] = incoming.body
            return
        if not incoming.body and media not in FORMS:
            value: Any = MISSING
        elif media in FORMS:
            fields, files = form(content_type, incoming.body)
            value = {name: texts[0] if len(texts) == 1 else texts for name, texts in fields.items()}
            value.update({name: uploads[0] for name, uploads in files.items()})
        elif item.type == "string" and media.startswith("text/"):
            try:
                value = incoming.body.decode()
            except UnicodeDecodeError:
                raise Failure("malformed", "the body is not UTF-8") from None
        else:
            value = self._json(media, content_type, incoming.body, convert.has_decimal(item))
        group = _Group([item], strict=self.strict)
        candidate = {} if value is MISSING else {item.wire: convert.with_decimals(value, item)}
        self._judge(group, candidate, candidate, params, given, faults, "body")

    def _judge(
        self,
        group: _Group,
        candidate: dict[str, Any],
        raw: Mapping[str, Any],
        params: dict[str, Any],
        given: dict[str, Any],
        faults: list[dict[str, Any]],
        location: str,
    ) -> None:
        """Check one group, and take its values if it is sound."""
        broken = {name for name, value in candidate.items() if value is MISSING}
        checked = {name: value for name, value in candidate.items() if name not in broken} if broken else candidate
        if not group.validator.is_valid(_checkable(checked)):
            known = {item.wire: item for item in group.parameters}
            found = entries(group.validator.iter_errors(_checkable(checked)), known, location, self.messages)
            faults += [item for item in found if item["name"] not in broken]
            return
        if not broken:
            self._take(group, raw, params, given, faults)

    def _take(
        self,
        group: _Group,
        raw: Mapping[str, Any],
        params: dict[str, Any],
        given: dict[str, Any],
        faults: list[dict[str, Any]],
    ) -> None:
        for wire, name, shape, item, _ in group.fields:
            if wire in raw:
                value = raw[wire]
                if shape is None:
                    params[name] = given[name] = value
                    continue
                try:
                    params[name] = shape(value, True)
                    given[name] = shape(value, False)
                except (ValueError, ArithmeticError, TypeError) as error:
                    rule = "format" if item.type in ("date", "datetime", "uuid", "bytes") else "type"
                    faults.append(
                        entry(item.location or "body", item.wire, item.wire, rule, str(error), self.messages, item)
                    )
            else:
                params[name] = item.default if item.default is None else convert.default(item)


def _checkable(candidate: Any) -> Any:
    """The candidate without what JSON Schema cannot look at: the bytes of files."""
    if not isinstance(candidate, dict):
        return candidate
    if any(
        (isinstance(value, dict) and isinstance(value.get("content"), bytes)) or isinstance(value, bytes)
        for value in candidate.values()
    ):
        return {key: _bare(value) for key, value in candidate.items()}
    if any(
        isinstance(value, list) and value and isinstance(value[0], dict) and "content" in value[0]
        for value in candidate.values()
    ):
        return {key: _bare(value) for key, value in candidate.items()}
    return candidate


def _bare(value: Any) -> Any:
    if isinstance(value, bytes):
        return ""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items()}
    return value


def _given(
    item: Parameter,
    path_values: Mapping[str, str],
    query: Mapping[str, list[str]],
    jar: Mapping[str, str],
    incoming: Incoming,
) -> list[str] | None:
    location = item.location
    if location == "path" or (location == "" and item.wire in path_values):
        value = path_values.get(item.wire)
        return None if value is None else [value]
    if location in ("query", ""):
        return query.get(item.wire)
    if location == "cookie":
        value = jar.get(item.wire)
        return None if value is None else [value]
    headers = incoming.headers
    if item.wire not in headers:
        return None
    getall = getattr(headers, "getall", None)
    values: list[str] = list(getall(item.wire)) if getall is not None else [headers[item.wire]]
    return values if item.type == "array" else [", ".join(values)]


def _strict(item: Parameter) -> Mapping[str, Any]:
    """The schema of a parameter that refuses undeclared keys at every depth."""
    return _closed(item.schema) if not item.keep_extra else item.schema


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _closed(value) if key in ("anyOf", "items") else value for key, value in schema.items()}
    if "properties" in schema:
        made["properties"] = {key: _closed(value) for key, value in schema["properties"].items()}
        made.setdefault("additionalProperties", False)
    return made


def _plain(item: Parameter) -> bool:
    return (
        item.location == "path" and item.type == "string" and dict(item.schema) == {"type": "string"} and item.required
    )


def _secret(item: Parameter) -> bool:
    return (
        item.secret
        or any(_secret(inner) for inner in item.properties or ())
        or (item.items is not None and _secret(item.items))
    )


def _leaves(item: Parameter, value: Any, secret: bool, found: list[str]) -> None:
    secret = secret or item.secret
    if isinstance(value, dict) and item.properties is not None:
        for inner in item.properties:
            _leaves(inner, value.get(inner.name), secret, found)
    elif isinstance(value, list) and item.items is not None:
        for inner_value in value:
            _leaves(item.items, inner_value, secret, found)
    elif secret:
        _texts_of(value, found)


def _texts_of(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        for inner in value.values():
            _texts_of(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _texts_of(inner, found)
    elif isinstance(value, bytes):
        found.append(value.decode("utf-8", "replace"))
    elif value is not None and not isinstance(value, bool):
        found.append(str(value))


def _failure(faults: Sequence[Mapping[str, Any]]) -> Failure:
    count = len(faults)
    return Failure(
        "invalid_params", f"{count} parameter{'s are' if count != 1 else ' is'} not as declared", errors=faults
    )
