"""Response: an answer as the bytes of HTTP/1.1."""

import re
from email.utils import formatdate

from penstock import web
from penstock.context import Answer

LINES: dict[int, bytes] = {
    status: f"HTTP/1.1 {status} {web.REASONS.get(status, 'Unknown')}\r\nServer: penstock\r\n".encode()
    for status in range(200, 600)
}
JSON_TYPE = b"Content-Type: application/json\r\n"
NO_LENGTH = (204, 304)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def date_line(seconds: float) -> bytes:
    """The Date header for a Unix time (RFC 9110, section 6.6.1)."""
    return f"Date: {formatdate(seconds, usegmt=True)}\r\n".encode()


def field(name: str, value: str) -> bytes:
    """A header line, whatever is in the value: line breaks and control characters become spaces (RFC 9110, section 5.5)."""
    return f"{name}: {_CONTROL.sub(' ', value)}\r\n".encode("latin-1", "replace")


def head(answer: Answer, date: bytes, length: int | None, *, close: bool, chunked: bool = True) -> bytes:
    """Status line and headers. `length` None: the body comes in chunks, or, not `chunked`, ends with the connection."""
    parts = [LINES[answer.status], date]
    content_type = answer.content_type
    if content_type is not None:
        parts.append(JSON_TYPE if content_type == "application/json" else field("Content-Type", content_type))
    for name, value in answer.headers:
        parts.append(field(name, value))
    if length is None:
        if chunked:
            parts.append(b"Transfer-Encoding: chunked\r\n")
    elif answer.status not in NO_LENGTH:
        parts.append(b"Content-Length: %d\r\n" % length)
    parts.append(b"Connection: close\r\n\r\n" if close else b"\r\n")
    return b"".join(parts)


def whole(answer: Answer, date: bytes, *, close: bool, bodyless: bool) -> bytes:
    """An answer whose body is at hand. `bodyless`: the answer to HEAD."""
    body = answer.body
    if (
        not answer.headers
        and not close
        and not bodyless
        and answer.content_type == "application/json"
        and answer.status != 204
    ):
        return b"%b%bContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
            LINES[answer.status],
            date,
            len(body),
            body,
        )
    start = head(answer, date, len(body), close=close)
    return start if bodyless or answer.status in NO_LENGTH else start + body
