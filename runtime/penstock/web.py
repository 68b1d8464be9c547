"""Web: the small rules of HTTP that answers and conditions share."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

from penstock.errors import Failure

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_COOKIE_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_ETAG = re.compile(r'[\s,]*(?:(W/)?"([\x20\x21\x23-\x7e\x80-\xff]*)"|(\*))\s*(?:,|$)')
MAX_HEADER = 8190

RESERVED = frozenset({"content-length", "transfer-encoding", "connection", "date", "server", "content-type"})
"""Headers that the server itself writes; `content-type` is set by `content_type`."""

REASONS: dict[int, str] = {status.value: status.phrase for status in HTTPStatus}
REASONS[413] = "Content Too Large"
REASONS[422] = "Unprocessable Content"


def header(name: str, value: Any) -> tuple[str, str]:
    """A header that is safe to send (RFC 9110, section 5.5): text, a number, a boolean or a time. Raises Failure `internal`."""
    if not isinstance(value, str | int | float | Decimal | date | UUID):
        raise Failure("internal", f"the value of header {name[:40]} is neither text nor a number")
    text = value if isinstance(value, str) else ("true" if value is True else "false" if value is False else str(value))
    if not _TOKEN.fullmatch(name):
        raise Failure("internal", f"{name[:40]!r} is no header name")
    if isinstance(value, datetime):
        text = http_date(value)
    if len(text) > MAX_HEADER or not _VALUE.fullmatch(text):
        raise Failure("internal", f"the value of header {name} has a line break, control character or is too long")
    return name, text


def headers(values: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Headers of a mapping; null ones are left out, a list gives the header once for each item."""
    pairs: list[tuple[str, str]] = []
    for name, value in (values or {}).items():
        if value is None:
            continue
        if name.lower() in RESERVED - {"content-type"}:
            raise Failure("internal", f"header {name} is written by the server itself")
        for item in value if isinstance(value, list) else (value,):
            pairs.append(header(name, item))
    return pairs


def set_cookie(name: str, spec: Any) -> tuple[str, str]:
    """A Set-Cookie header (RFC 6265, section 4.1). A null value deletes the cookie."""
    if not isinstance(spec, Mapping):
        spec = {"value": spec}
    unknown = set(spec) - {"value", "max_age", "path", "domain", "http_only", "secure", "same_site"}
    if unknown:
        raise Failure("internal", f"cookie {name}: unknown key {min(unknown)}")
    value = spec.get("value")
    text = "" if value is None else str(value)
    if not _TOKEN.fullmatch(name) or not _COOKIE_VALUE.fullmatch(text):
        raise Failure("internal", f"cookie {name[:40]}: its name or value has characters that cookies cannot hold")
    parts = [f"{name}={text}"]
    max_age = 0 if value is None else spec.get("max_age")
    if max_age is not None:
        parts.append(f"Max-Age={int(max_age)}")
    path = str(spec.get("path") or "/")
    if ";" in path:
        raise Failure("internal", f"cookie {name}: its path has a semicolon")
    parts.append(f"Path={path}")
    if spec.get("domain"):
        parts.append(f"Domain={str(spec['domain']).split(';')[0]}")
    if spec.get("http_only", True):
        parts.append("HttpOnly")
    same_site = str(spec.get("same_site") or "lax").capitalize()
    if same_site not in ("Lax", "Strict", "None"):
        raise Failure("internal", f"cookie {name}: same_site is lax, strict or none")
    if spec.get("secure", True):
        parts.append("Secure")
    parts.append(f"SameSite={same_site}")
    return header("Set-Cookie", "; ".join(parts))


def http_date(value: datetime) -> str:
    """An HTTP date (RFC 9110, section 5.6.7)."""
    return format_datetime(value.astimezone(UTC), usegmt=True)


def parse_date(text: str) -> datetime | None:
    """The time of an HTTP date, or None if it is none."""
    try:
        value = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def quoted(tag: str) -> str:
    """An entity tag as it is sent; a bare text is quoted, a quoted or weak one is left."""
    if tag.startswith('W/"') or (tag.startswith('"') and tag.endswith('"') and len(tag) > 1):
        return tag
    return '"' + tag.replace('"', "") + '"'


def field(headers: Mapping[str, str], name: str) -> str | None:
    """A header that is a list: all its lines as one (RFC 9110, section 5.3), or None."""
    if name not in headers:
        return None
    every = getattr(headers, "getall", None)
    return headers[name] if every is None else ", ".join(every(name))


def location(url: str) -> str:
    """A URL as a header can carry it: what is not ASCII is percent-encoded (RFC 3987, section 3.1)."""
    return url if url.isascii() else "".join(sign if sign.isascii() else quote(sign) for sign in url)


def etags(text: str) -> list[str]:
    """The entity tags of If-Match or If-None-Match: `*`, or quoted ones, weak ones with `W/` (RFC 9110, section 8.8.3)."""
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _ETAG.match(text, at)
        if match is None:
            break
        found.append("*" if match[3] else f'{match[1] or ""}"{match[2]}"')
        at = match.end()
    return found


def matches(header_value: str, tag: str | None, *, weak: bool) -> bool:
    """Whether an entity tag is among those of a header. `tag` None: there is no representation."""
    if tag is None:
        return False
    mine = quoted(tag)
    if not weak and mine.startswith("W/"):
        return "*" in etags(header_value)
    bare = mine.removeprefix("W/")
    for other in etags(header_value):
        if other == "*" or (other.removeprefix("W/") == bare if weak else other == bare):
            return True
    return False


def is_json(content_type: str) -> bool:
    """Whether a media type is JSON (RFC 6839, section 3.1: any `+json`)."""
    media = content_type.split(";", 1)[0].strip().lower()
    return media == "application/json" or media.endswith("+json")
