"""Patterns: regular expressions on RE2, whose time is linear in the text."""

import functools
from typing import Any

import re2

from penstock.expression.data import fail
from penstock.expression.limits import MAX_TEXT, charge, grow, made

MAX_PATTERN = 1_000
"""characters of a pattern"""
MAX_PROGRAM = 2_000
"""instructions of a compiled pattern; a step may look at each of them"""
MAX_MATCHES = 50_000


@functools.lru_cache(maxsize=512)
def compiled(pattern: str, ignore_case: bool) -> Any:
    """A pattern, compiled. Raises re2.error, Failure for one that is too long."""
    if len(pattern) > MAX_PATTERN:
        raise fail(f"a pattern may have at most {MAX_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 2 << 20
    options.case_sensitive = not ignore_case
    program = re2.compile(pattern, options=options)
    if program.programsize > MAX_PROGRAM:
        raise fail("the pattern is too large")
    return program


def _pattern(text: str, pattern: Any, ignore_case: bool) -> Any:
    if not isinstance(pattern, str):
        raise fail("a pattern is text")
    charge(100 + len(pattern) * 10)
    try:
        program = compiled(pattern, bool(ignore_case))
    except re2.error:
        raise fail("the pattern does not parse") from None
    charge(len(text) + (len(text) * program.programsize >> 4))
    return program


def matches(text: str, pattern: Any, ignore_case: bool) -> bool:
    """Whether the pattern is found anywhere in the text."""
    program = _pattern(text, pattern, ignore_case)
    return program.search(text) is not None


def replaced(text: str, pattern: Any, replacement: str, ignore_case: bool) -> str:
    """The text with every match replaced; `\\1` in the replacement is the first group, `\\0` the whole match."""
    program = _pattern(text, pattern, ignore_case)
    pieces = _pieces(replacement, program.groups)
    each = 200 + 40 * len(pieces)
    parts: list[str] = []
    end = length = 0
    for count, found in enumerate(program.finditer(text), 1):
        start = found.start()
        charge(each + (len(text) - start >> 5))  # the search may have looked at all the rest
        if count > MAX_MATCHES:
            raise fail(f"a pattern may match at most {MAX_MATCHES} times")
        filled = [piece if isinstance(piece, str) else found.group(piece) or "" for piece in pieces]
        size = sum(map(len, filled))
        if size > found.end() - start:
            grow(size - (found.end() - start))
        parts.append(text[end:start])
        parts += filled
        length += start - end + size
        if length > len(text) + MAX_TEXT:
            raise fail(f"a text may have at most {MAX_TEXT} characters")
        end = found.end()
    parts.append(text[end:])
    made(length + len(text) - end, max(length, len(text)))
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
