"""Incoming: the parts of a request that parameters are read from."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

import multipart

from penstock.errors import Failure

MAX_FIELDS = 1000
MAX_PARTS = 100


class Incoming(Protocol):
    """A request: raw query string, headers (case ignored), the whole body."""

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def pairs(text: str, what: str) -> dict[str, list[str]]:
    """Names and values of `a=1&b=2` (WHATWG URL, section 5.1). Raises Failure `malformed`."""
    found: dict[str, list[str]] = {}
    if not text:
        return found
    parts = text.split("&", MAX_FIELDS + 1)
    if len(parts) > MAX_FIELDS:
        raise Failure("malformed", f"the {what} has more than {MAX_FIELDS} fields")
    for part in parts:
        if part:
            name, _, value = part.partition("=")
            found.setdefault(_text(name, what), []).append(_text(value, what))
    return found


def _text(text: str, what: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise Failure("malformed", f"the {what} is not UTF-8") from None


def cookies(headers: Mapping[str, str]) -> dict[str, str]:
    """Names and values of the Cookie header (RFC 6265, section 4.2)."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("Cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def form(content_type: str, body: bytes) -> tuple[dict[str, list[str]], dict[str, list[dict[str, Any]]]]:
    """Fields and files of a form body. Raises Failure `malformed`."""
    media, options = multipart.parse_options_header(content_type)
    if media == "application/x-www-form-urlencoded":
        try:
            return pairs(body.decode(), "form"), {}
        except UnicodeDecodeError:
            raise Failure("malformed", "the form is not UTF-8") from None
    boundary = options.get("boundary")
    if not boundary:
        raise Failure("malformed", "multipart/form-data needs a boundary")
    fields: dict[str, list[str]] = {}
    files: dict[str, list[dict[str, Any]]] = {}
    try:
        parser = multipart.MultipartParser(
            BytesIO(body),
            boundary,
            part_limit=MAX_PARTS,
            memory_limit=len(body) + 2**16,
            spool_limit=len(body) + 1,
            strict=True,
        )
        for part in parser:
            if part.filename is None:
                fields.setdefault(part.name, []).append(part.raw.decode())
            else:
                content = part.raw
                kind = part.content_type or "application/octet-stream"
                file = {"name": part.filename, "content_type": kind, "size": len(content), "content": content}
                files.setdefault(part.name, []).append(file)
    except (multipart.MultipartError, UnicodeDecodeError) as error:
        raise Failure("malformed", f"the form cannot be read: {error}"[:200]) from None
    return fields, files
