"""Patterns: regular expressions on RE2, whose time is linear in the text."""

import functools
from typing import Any

import re2

from penstock.expression.data import fail
from penstock.expression.limits import charge, made

MAX_PATTERN = 1_000
"""characters of a pattern"""
MAX_MATCHES = 50_000


@functools.lru_cache(maxsize=512)
def compiled(pattern: str, ignore_case: bool) -> Any:
    """A pattern, compiled. Raises re2.error, Failure for one that is too long."""
    if len(pattern) > MAX_PATTERN:
        raise fail(f"a pattern may have at most {MAX_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    options.case_sensitive = not ignore_case
    return re2.compile(pattern, options=options)


def _pattern(pattern: Any, ignore_case: bool) -> Any:
    if not isinstance(pattern, str):
        raise fail("a pattern is text")
    charge(100 + len(pattern) * 10)
    try:
        return compiled(pattern, bool(ignore_case))
    except re2.error:
        raise fail("the pattern does not parse") from None


def matches(text: str, pattern: Any, ignore_case: bool) -> bool:
    """Whether the pattern is found anywhere in the text."""
    program = _pattern(pattern, ignore_case)
    charge(len(text))
    return program.search(text) is not None


def replaced(text: str, pattern: Any, replacement: str, ignore_case: bool) -> str:
    """The text with every match replaced; `\\1` in the replacement is the first group, `\\0` the whole match."""
    program = _pattern(pattern, ignore_case)
    pieces = _pieces(replacement, program.groups)
    charge(len(text))
    parts: list[str] = []
    end = length = 0
    for count, found in enumerate(program.finditer(text), 1):
        charge(200)
        if count > MAX_MATCHES:
            raise fail(f"a pattern may match at most {MAX_MATCHES} times")
        filled = [piece if isinstance(piece, str) else found.group(piece) or "" for piece in pieces]
        start = found.start()
        parts.append(text[end:start])
        parts += filled
        length += start - end + sum(map(len, filled))
        if length > len(text):
            made(0, 0)
            if length > 2 * len(text) + 1_000_000:
                raise fail("a text may have at most 1000000 characters")
        end = found.end()
    parts.append(text[end:])
    length += len(text) - end
    made(length, len(text))
    return "".join(parts)


def _pieces(replacement: str, groups: int) -> list[str | int]:
    pieces: list[str | int] = []
    at = 0
    while (slash := replacement.find("\\", at)) >= 0 and slash + 1 < len(replacement):
        pieces.append(replacement[at:slash])
        following = replacement[slash + 1]
        if following.isdecimal() and following.isascii():
            if int(following) > groups:
                raise fail(f"the pattern has no group {following}")
            pieces.append(int(following))
        else:
            pieces.append("\\" if following == "\\" else "\\" + following)
        at = slash + 2
    pieces.append(replacement[at:])
    return [piece for piece in pieces if piece != ""]
