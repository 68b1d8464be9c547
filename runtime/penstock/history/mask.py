"""Mask: secret values found and covered in whatever form they are written."""

import base64
import html
import json
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import re2

COVER = "•••"
SHORTEST = 6
"""Values of fewer characters are not masked: they would be found everywhere."""

_MEMORY = 64 << 20


class Mask:
    """Finds secrets in JSON text, and covers them in plain text.

    Forms: plain, JSON-escaped (once and twice), HTML-escaped, base64 and base64url at each alignment, URL-encoded, hex.
    """

    __slots__ = ("_in_json", "_in_text", "_raw", "values")

    def __init__(self, values: Iterable[str]) -> None:
        self.values = frozenset(value for value in values if len(value) >= SHORTEST)
        forms = sorted({form for value in self.values for form in _forms(value)}, key=len, reverse=True)
        self._raw = tuple(value.encode("utf-8", "surrogatepass") for value in self.values)
        self._in_text = _pattern(forms)
        self._in_json = _pattern(_escape(form) for form in forms)

    def __bool__(self) -> bool:
        return bool(self.values)

    def found(self, text: bytes) -> bool:
        """Whether JSON text holds a secret somewhere."""
        return self._in_json.search(text) is not None

    def found_raw(self, data: bytes) -> bool:
        """Whether bytes hold a secret as it is."""
        return any(value in data for value in self._raw)

    def cover(self, text: str) -> str:
        """The text with `•••` in place of each secret."""
        if not self.values:
            return text
        data = text.encode("utf-8", "replace")
        covered: bytes = self._in_text.sub(COVER.encode(), data)
        return covered.decode("utf-8", "replace")

    def joined(self, more: Iterable[str]) -> "Mask":
        """A mask for these values too."""
        return Mask((*self.values, *more))


def _forms(value: str) -> Iterator[str]:
    value = value.encode("utf-8", "replace").decode()
    data = value.encode()
    yield value
    yield html.escape(value)
    for form in (value, json.dumps(value)[1:-1]):
        yield _escape(form)
        yield _escape(form.replace("/", "\\/"))
        yield _escape(_escape(form))
        yield json.dumps(form)[1:-1]
    for quoted in (
        urllib.parse.quote(value),
        urllib.parse.quote(value, safe=""),
        urllib.parse.quote(value, safe="~!*'()"),
        urllib.parse.quote_plus(value),
    ):
        yield quoted
        yield _lower_escapes(quoted)
    yield data.hex()
    yield data.hex().upper()
    for shift in range(3):
        coded = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        whole = (shift + len(data)) % 3 == 0
        core = coded[(0, 2, 3)[shift] : None if whole else -1]
        yield core
        yield core.replace("+", "-").replace("/", "_")


def _lower_escapes(quoted: str) -> str:
    head, *rest = quoted.split("%")
    return head + "".join("%" + part[:2].lower() + part[2:] for part in rest)


def _escape(text: str) -> str:
    return msgspec.json.encode(text)[1:-1].decode()


def _pattern(forms: Iterable[str]) -> Any:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.never_capture = True
    options.log_errors = False
    joined = "|".join(re2.escape(form) for form in forms)
    return re2.compile(joined.encode() or rb"[^\x00-\x{10FFFF}]", options)
