"""Fast: the usual request checked by a function written for just these parameters; all else is left to the thorough way."""

from collections.abc import Callable, Mapping
from typing import Any

from penstock.params import form, read
from penstock.params.field import MISSING, Field
from penstock.params.incoming import Incoming
from penstock.params.schema import body_schema, strict_schema, validator

Values = tuple[dict[str, Any], dict[str, Any]]
Check = Callable[[Incoming, Mapping[str, str]], Values]

JSON_TYPES = frozenset({None, "application/json", "application/json; charset=utf-8", "application/json;charset=utf-8"})


def compiled(fields: tuple[Field, ...], thorough: Check, *, strict: bool, exact: bool) -> Check:
    """A function that checks JSON, path, query, headers without faults; `thorough` is called for forms and for what is not valid."""
    locations = {item.location for item in fields}
    if locations & {"form", "file", "cookie"}:
        return thorough
    writer = _Writer(thorough, exact)
    if "query" in locations:
        if strict:
            return thorough
        writer.line("q = _pairs(request.query)")
    elif strict:
        writer.line("if request.query: return _thorough(request, path)")
    in_body = tuple(item for item in fields if item.location == "body")
    if in_body:
        writer.body(in_body, strict=strict)
    writer.line("params = {}; given = {}")
    for index, item in enumerate(fields):
        writer.field(index, item)
    return writer.function()


class _Writer:
    """Writes the function. Names of parameters and their functions are passed in by variables: no text of a file becomes code."""

    def __init__(self, thorough: Check, exact: bool) -> None:
        self._lines: list[str] = []
        self._names: dict[str, Any] = {
            "_thorough": thorough,
            "_pairs": form.pairs,
            "_JSON": JSON_TYPES,
            "_decode": read.exact if exact else read.plain,
            "_MISSING": MISSING,
            "_NONE": {},
        }

    def line(self, text: str) -> None:
        """Add a line to the function."""
        self._lines.append(f"  {text}")

    def body(self, fields: tuple[Field, ...], *, strict: bool) -> None:
        """Write how the body is read and checked."""
        whole = fields[0] if fields[0].parameter.whole else None
        if whole is not None and whole.parameter.type == "bytes":
            self.line("body = request.body")
            if not whole.parameter.required:
                self.line("if not body: body = _MISSING")
            return
        self.line("if request.headers.get('Content-Type') not in _JSON: return _thorough(request, path)")
        self.line("body = request.body")
        if whole is not None:
            self.line("if not body: return _thorough(request, path)")
            self.line("body = _decode(body)")
            self._prepare("body", "whole", whole)
            self._names["_valid"] = validator(strict_schema(whole.parameter, strict=strict)).is_valid
        else:
            self.line("body = _decode(body) if body else _NONE")
            prepared = [(index, item) for index, item in enumerate(fields) if item.prepare is not None]
            if prepared:
                self.line("if body.__class__ is dict:")
                for index, item in prepared:
                    self._names[f"_p{index}"], self._names[f"_w{index}"] = item.prepare, item.wire
                    self.line(f" if _w{index} in body: body[_w{index}] = _p{index}(body[_w{index}])")
            self._names["_valid"] = validator(body_schema((item.parameter for item in fields), strict=strict)).is_valid
        self.line("if not _valid(body): return _thorough(request, path)")

    def _prepare(self, variable: str, key: str, item: Field) -> None:
        if item.prepare is not None:
            self._names[f"_p{key}"] = item.prepare
            self.line(f"{variable} = _p{key}({variable})")

    def field(self, index: int, item: Field) -> None:
        """Write how one parameter is read, converted and kept."""
        self._names |= {f"n{index}": item.name, f"k{index}": item.wire, f"d{index}": item.default}
        place, parameter = item.location, item.parameter
        if place == "body":
            self._from_json(index, item)
            return
        if place == "path":
            self.line(f"v = path[k{index}]")
            self._from_text(index, item, "")
            return
        source = f"q.get(k{index})" if place == "query" else f"_header(request, k{index})"
        if place == "header":
            self._names["_header"] = _header
        self.line(f"v = {source}")
        self.line("if v is None:")
        if parameter.required:
            self.line(" return _thorough(request, path)")
        else:
            self.line(f" params[n{index}] = d{index}(None)")
        self.line("else:")
        self._from_text(index, item, " ")

    def _from_json(self, index: int, item: Field) -> None:
        parameter = item.parameter
        pad = ""
        if parameter.whole:
            self.line("v = body")
        elif parameter.required:
            self.line(f"v = body[k{index}]")
        else:
            self.line(f"v = body.get(k{index}, _MISSING)")
        if not parameter.required:
            default = "None" if not parameter.has_default else f"d{index}(None)"
            if not isinstance(parameter.default, dict | list) and parameter.has_default:
                self._names[f"c{index}"] = item.default(None)
                default = f"c{index}"
            self.line(f"if v is _MISSING: params[n{index}] = {default}")
            self.line("else:")
            pad = " "
        self._keep(index, item, pad)

    def _from_text(self, index: int, item: Field, pad: str) -> None:
        if item.parameter.type == "array":
            self._names[f"t{index}"] = item.texts
            self.line(f"{pad}v = t{index}({'[v]' if item.location == 'path' else 'v'})")
        else:
            if item.location != "path":
                self.line(f"{pad}if len(v) != 1: return _thorough(request, path)")
                self.line(f"{pad}v = v[0]")
            if item.text is not None:
                self._names[f"t{index}"] = item.text
                self.line(f"{pad}v = t{index}(v)")
        if item.prepare is not None and item.text is None:
            self._names[f"p{index}"] = item.prepare
            self.line(f"{pad}v = p{index}(v)")
        if not item.free:
            self._names[f"v{index}"] = item.validator.is_valid
            self.line(f"{pad}if not v{index}(v): return _thorough(request, path)")
        self._keep(index, item, pad)

    def _keep(self, index: int, item: Field, pad: str) -> None:
        if item.full is None:
            self.line(f"{pad}params[n{index}] = given[n{index}] = v")
            return
        self._names[f"f{index}"] = item.full
        if item.same and item.parameter.type == "integer":
            self.line(f"{pad}params[n{index}] = given[n{index}] = v if v.__class__ is int else f{index}(v)")
        elif item.same:
            self.line(f"{pad}params[n{index}] = given[n{index}] = f{index}(v)")
        else:
            self._names[f"g{index}"] = item.sent
            self.line(f"{pad}params[n{index}] = f{index}(v)")
            self.line(f"{pad}given[n{index}] = g{index}(v)")

    def function(self) -> Check:
        """Compile what was written."""
        lines = "\n".join(self._lines)
        text = (
            f"def check(request, path):\n try:\n{lines}\n  return params, given\n"
            " except (KeyError, ValueError):\n  return _thorough(request, path)\n"
        )
        exec(compile(text, "<params>", "exec"), self._names)  # noqa: S102
        check: Check = self._names["check"]
        return check


def _header(request: Incoming, name: str) -> list[str] | None:
    headers: Any = request.headers
    getall = getattr(headers, "getall", None)
    found = getall(name, None) if getall is not None else headers.get(name)
    if found is None:
        return None
    values: list[str] = found if isinstance(found, list) else [found]
    if not all(value.isascii() for value in values):
        raise ValueError(name)
    return values
