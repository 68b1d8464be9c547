"""Route: paths of endpoints, and which of them a request's path is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast
from urllib.parse import unquote_to_bytes

from penstock.model import Document, Fault, Mark, Segment
from penstock.problem import Problem, code, suggest

BAD_ROUTE = code(
    "bad-route",
    "The route of an endpoint cannot be read",
    "write a method and a path: `GET /orders/{id:int}`",
    example="endpoint: FETCH /orders",
)
DUPLICATE_ROUTE = code(
    "duplicate-route",
    "Two endpoints have the same method and a path of the same form: the second could never be reached",
    "change one of the paths or methods",
    example="endpoint: GET /orders/{id}  # beside GET /orders/{number}",
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
CONVERTERS = ("str", "int", "uuid", "path")
_ORDER = {"int": 0, "uuid": 0, "str": 1, "path": 2}
_SEGMENT = re.compile(r"\{([^{}:]*)(?::([^{}:]*))?\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_LITERAL = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%-]+")
_INT = re.compile(r"-?[0-9]{1,19}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_BROKEN = re.compile(r"%(?![0-9a-fA-F]{2})")
MAX_SEGMENTS = 64

Target = TypeVar("Target")


def parse_endpoint(text: str, mark: Mark) -> tuple[str, str, tuple[Segment, ...], list[Fault]]:
    """Method, path, segments and faults of `METHOD /path/{name:type}`."""
    faults: list[Fault] = []

    def fault(offset: int, message: str, hint: str = "") -> None:
        faults.append(Fault(*mark.at(text, offset), BAD_ROUTE, message, hint))

    method, _, path = text.partition(" ")
    path = path.strip()
    if method not in METHODS:
        fault(
            0, f"{method or 'nothing'} is no method", suggest(method.upper(), METHODS) or f"one of {', '.join(METHODS)}"
        )
    start = text.find(path) if path else len(text)
    if not path.startswith("/"):
        fault(start, "a path begins with a slash", "GET /orders")
        return method, path, (), faults
    if path == "/-" or path.startswith("/-/"):
        fault(start, "paths below /-/ are the server's own")
    segments: list[Segment] = []
    names: set[str] = set()
    offset = start + 1
    parts = path[1:].split("/")
    for index, part in enumerate(parts):
        match = _SEGMENT.fullmatch(part)
        if match:
            name, converter = match[1], match[2] if match[2] is not None else "str"
            if not _NAME.fullmatch(name):
                fault(offset, f"{name or 'nothing'} is no name of a parameter")
            if name in names:
                fault(offset, f"the parameter {name} stands in the path twice")
            if converter not in CONVERTERS:
                fault(
                    offset,
                    f"{converter or 'nothing'} is no type of a path parameter",
                    suggest(converter, CONVERTERS) or "int, uuid or path",
                )
                converter = "str"
            if converter == "path" and index != len(parts) - 1:
                fault(offset, f"{{{name}:path}} takes the rest of the path, so it stands last")
            names.add(name)
            segments.append(Segment(name, cast(Any, converter)))
        elif "{" in part or "}" in part:
            fault(offset, "a parameter fills a whole part of the path", "/orders/{id}")
        elif part in (".", ".."):
            fault(offset, f"{part} cannot stand in a path")
        elif part and not (_LITERAL.fullmatch(part) or (not part.isascii() and part.isprintable() and " " not in part)):
            fault(offset, f"{part} has characters that cannot stand in a path")
        else:
            segments.append(Segment(_decoded(part) or ""))
        offset += len(part) + 1
    if len(parts) > MAX_SEGMENTS:
        fault(start, f"a path has at most {MAX_SEGMENTS} parts")
    return method, path, tuple(segments), faults


def conflicts(endpoints: Iterable[Document]) -> list[Problem]:
    """Endpoints that can never be reached because another has the same method and form of path."""
    first: dict[tuple[str, tuple[str, ...]], Document] = {}
    problems: list[Problem] = []
    for document in sorted(endpoints, key=lambda item: item.file):
        form = tuple(
            item.text if item.converter == "literal" else f"{{{item.converter}}}" for item in document.segments
        )
        known = first.setdefault((document.method, form), document)
        if known is not document:
            mark = document.raw.values_at.get("endpoint", document.raw.mark)
            message = (
                f"{document.method} {document.path} is the same route as {known.method} {known.path} of {known.file}"
            )
            problems.append(
                Problem(
                    document.file, mark.line, mark.column, DUPLICATE_ROUTE, message, "change one of them", "endpoint"
                )
            )
    return problems


@dataclass(slots=True)
class Match(Generic[Target]):
    """Where a request goes: `target` and the path's values; no target: `allowed` methods of the path, none if there is no such path."""

    target: Target | None
    values: Mapping[str, str]
    allowed: tuple[str, ...] = ()


@dataclass(slots=True)
class _Node(Generic[Target]):
    literals: "dict[str, _Node[Target]]" = field(default_factory=dict)
    params: "list[tuple[str, _Node[Target]]]" = field(default_factory=list)
    methods: dict[str, tuple[Target, tuple[str, ...]]] = field(default_factory=dict)


_NOTHING: Mapping[str, str] = {}


class Routes(Generic[Target]):
    """The routes of a snapshot: a tree of path parts. A literal part wins over a typed parameter, that over a plain one."""

    def __init__(self, endpoints: Iterable[tuple[str, tuple[Segment, ...], Target]]) -> None:
        self._root: _Node[Target] = _Node()
        self._static: dict[tuple[str, str], Match[Target]] = {}
        self._one: dict[tuple[str, str], tuple[Target, str]] = {}
        for method, segments, target in endpoints:
            node = self._root
            for segment in segments:
                if segment.converter == "literal":
                    node = node.literals.setdefault(segment.text, _Node())
                else:
                    node = _param(node, segment.converter)
            names = tuple(segment.text for segment in segments if segment.converter != "literal")
            node.methods.setdefault(method, (target, names))
        self._index(self._root, "")

    def _index(self, node: _Node[Target], path: str) -> None:
        """Put the routes below a literal path, with no parameter or one plain one at their end, where one look finds them."""
        if len(node.params) == 1 and node.params[0][0] == "str":
            for method, (target, names) in node.params[0][1].methods.items():
                self._one[method, path] = target, names[0]
        for text, child in node.literals.items():
            if not text.isascii() or "/" in text or "%" in text:
                continue
            for method, (target, _) in child.methods.items():
                self._static[method, f"{path}/{text}"] = Match(target, _NOTHING)
            self._index(child, f"{path}/{text}")

    def match(self, method: str, path: str) -> Match[Target]:
        """Where a request goes. `path` is raw: its parts are percent-decoded once, so `%2F` stays within one."""
        static = self._static.get((method, path))
        if static is not None:
            return static
        if path[:1] != "/":
            return Match(None, _NOTHING)
        encoded = "%" in path
        if not encoded and path.isascii():
            head, _, last = path.rpartition("/")
            one = self._one.get((method, head))
            if one is not None and last:
                return Match(one[0], {one[1]: last})
        parts = path[1:].split("/", MAX_SEGMENTS)
        if encoded or not path.isascii():
            decoded = [_decoded(part) for part in parts]
            if None in decoded:
                return Match(None, _NOTHING)
            parts = cast(list[str], decoded)
        return self._straight(method, parts) or self._search(method, parts)

    def _straight(self, method: str, parts: list[str]) -> Match[Target] | None:
        """The usual case: the best way at each part leads to an endpoint."""
        node = self._root
        values: list[str] = []
        for index, part in enumerate(parts):
            child = node.literals.get(part)
            if child is None:
                converter, child = _best(node, part)
                if child is None:
                    return None
                values.append("/".join(parts[index:]) if converter == "path" else part)
                if converter == "path":
                    node = child
                    break
            node = child
        found = node.methods.get(method)
        return None if found is None else Match(found[0], dict(zip(found[1], values, strict=True)))

    def _search(self, method: str, parts: list[str]) -> Match[Target]:
        allowed: set[str] = set()
        for node, values in _walk(self._root, parts, 0, ()):
            found = node.methods.get(method)
            if found is None and method == "HEAD":
                found = node.methods.get("GET")
            if found is not None:
                return Match(found[0], dict(zip(found[1], values, strict=True)) if values else _NOTHING)
            allowed.update(node.methods)
        if not allowed:
            return Match(None, _NOTHING)
        if "GET" in allowed:
            allowed.add("HEAD")
        allowed.add("OPTIONS")
        return Match(None, _NOTHING, tuple(sorted(allowed)))


def _param(node: _Node[Target], converter: str) -> _Node[Target]:
    for known, other in node.params:
        if known == converter:
            return other
    child: _Node[Target] = _Node()
    node.params.append((converter, child))
    node.params.sort(key=lambda item: _ORDER[item[0]])
    return child


def _walk(
    node: _Node[Target], parts: list[str], index: int, values: tuple[str, ...]
) -> Iterator[tuple[_Node[Target], tuple[str, ...]]]:
    """All nodes that a path can be, the best first."""
    if index == len(parts):
        if node.methods:
            yield node, values
        return
    part = parts[index]
    literal = node.literals.get(part)
    if literal is not None:
        yield from _walk(literal, parts, index + 1, values)
    for converter, child in node.params:
        if not _fits(converter, part):
            continue
        if converter == "path":
            yield child, (*values, "/".join(parts[index:]))
        else:
            yield from _walk(child, parts, index + 1, (*values, part))


def _best(node: _Node[Target], part: str) -> tuple[str, _Node[Target] | None]:
    """The converter and node of the first parameter that a part fits."""
    for converter, child in node.params:
        if _fits(converter, part):
            return converter, child
    return "", None


def _fits(converter: str, part: str) -> bool:
    if converter == "int":
        return _INT.fullmatch(part) is not None
    if converter == "uuid":
        return _UUID.fullmatch(part) is not None
    return part != ""


def _decoded(part: str) -> str | None:
    """A part of a path, percent-decoded; None if it is no UTF-8 or badly encoded."""
    if "%" not in part and part.isascii():
        return part
    if _BROKEN.search(part):
        return None
    try:
        text = unquote_to_bytes(part).decode()
    except UnicodeError:
        return None
    return None if "\x00" in text else text
