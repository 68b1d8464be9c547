"""Form: names and values of query strings, cookies, urlencoded and multipart forms, read strictly."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import multipart

from penstock.errors import Failure

MAX_FIELDS = 1000
"""names of a query string or form, repeated ones counted each"""
MAX_PARTS = 100
"""parts of a multipart form"""

EMPTY: Mapping[str, list[Any]] = {}


def _decoded(text: str, what: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        if text.isascii():
            return text
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Failure("malformed", f"{what} is not UTF-8") from None
        return text
    pieces = text.split("%")
    for piece in pieces[1:]:
        if len(piece) < 2 or not all(digit in "0123456789abcdefABCDEF" for digit in piece[:2]):
            raise Failure("malformed", f"{what} has a % that is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError:
        raise Failure("malformed", f"{what} is not UTF-8") from None


def pairs(text: str, what: str = "the query") -> Mapping[str, list[Any]]:
    """Names and their values of `a=1&b=2`, percent-decoded (WHATWG URL, section 5.1, but strict). Raises Failure `malformed`."""
    if not text:
        return EMPTY
    if text.count("&") >= MAX_FIELDS:
        raise Failure("malformed", f"{what} has more than {MAX_FIELDS} fields")
    found: dict[str, list[Any]] = {}
    for field in text.split("&"):
        if not field:
            continue
        name, _, value = field.partition("=")
        if "%" in field or "+" in field or not field.isascii():
            name, value = _decoded(name, what), _decoded(value, what)
        if name in found:
            found[name].append(value)
        else:
            found[name] = [value]
    return found


def cookies(text: str) -> Mapping[str, list[Any]]:
    """Names and values of a Cookie header (RFC 6265, section 4.2); the first of a name counts."""
    found: dict[str, list[Any]] = {}
    for field in text.split(";"):
        name, equals, value = field.strip().partition("=")
        if not equals or not name:
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == '"' == value[-1]:
            value = value[1:-1]
        found.setdefault(name.strip(), [value])
    return found


def urlencoded(body: bytes) -> Mapping[str, list[Any]]:
    """Names and values of an urlencoded form."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Failure("malformed", "the form is not UTF-8") from None
    return pairs(text, "the form")


def multiparts(body: bytes, content_type: str) -> Mapping[str, list[Any]]:
    """Names and values of a multipart form (RFC 7578): text, or a file as `{name, content_type, size, content}`."""
    _, options = multipart.parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if not boundary or len(boundary) > 200:
        raise Failure("malformed", "the multipart form names no boundary")
    found: dict[str, list[Any]] = {}
    content = bytearray()
    part: Any = None
    try:
        with multipart.PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
            for event in (*parser.parse(body), *parser.parse(b"")):
                if isinstance(event, multipart.MultipartSegment):
                    part, content = event, bytearray()
                elif event:
                    content += event
                else:
                    found.setdefault(part.name, []).append(_part(part, bytes(content)))
    except multipart.ParserLimitReached:
        raise Failure("malformed", f"the multipart form has more than {MAX_PARTS} parts or too long headers") from None
    except (multipart.MultipartError, UnicodeError, ValueError, LookupError):
        raise Failure("malformed", "the multipart form does not parse") from None
    return found


def _part(part: Any, content: bytes) -> Any:
    if part.filename is not None:
        return {
            "name": part.filename,
            "content_type": part.content_type or "application/octet-stream",
            "size": len(content),
            "content": content,
        }
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Failure("malformed", f"the field {part.name} of the form is not UTF-8") from None
