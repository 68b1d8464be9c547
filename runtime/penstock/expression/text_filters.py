"""Text filters: case, padding, cutting, replacing, wrapping, patterns."""

import re
import textwrap
import unicodedata
from datetime import date
from typing import Any

from penstock.expression import dates, patterns
from penstock.expression.access import follow
from penstock.expression.data import MISSING, fail, kind, text
from penstock.expression.functions import items
from penstock.expression.limits import MAX_TEXT, MAX_WIDTH, charge, listed, made
from penstock.expression.percent import percent
from penstock.expression.tables import filter_

_WORD_START = re.compile(r"([-\s({\[<]+)")
_WORD = re.compile(r"\w+")
_WRAPPED = 100_000
"""characters of a text that is wrapped; textwrap takes some 100 ns a character"""
_WRAPPED_LINE = 10_000
_SLUG = 10_000


def _text(value: Any) -> str:
    written = text(value)
    if len(written) > 256:
        charge(len(written))
    return written


@filter_("upper")
def upper(value: Any) -> str:
    """Text in upper case."""
    return _text(value).upper()


@filter_("lower")
def lower(value: Any) -> str:
    """Text in lower case."""
    return _text(value).lower()


@filter_("capitalize")
def capitalize(value: Any) -> str:
    """Text with its first character in upper and the rest in lower case."""
    return _text(value).capitalize()


@filter_("title")
def title(value: Any) -> str:
    """Text with every word's first letter in upper case."""
    written = _text(value)
    charge(20 * len(written))
    words = _WORD_START.split(written)
    return "".join([word[0].upper() + word[1:].lower() for word in words if word])


@filter_("trim")
def trim(value: Any, chars: str | None = None) -> str:
    """Text without white space (or `chars`) at its ends."""
    return _text(value).strip(chars)


@filter_("center")
def center(value: Any, width: int = 80) -> str:
    """Text in the middle of so many characters."""
    written = _text(value)
    return written.center(_width(width, len(written)))


def _width(width: Any, free: int = 0) -> int:
    if type(width) is not int:
        raise fail(f"a width is an integer, not {kind(width)}")
    if width > max(MAX_WIDTH, free):
        raise fail(f"a width is at most {MAX_WIDTH}")
    made(max(width, 0), free)
    return width


@filter_("indent")
def indent(value: Any, width: Any = 4, first: bool = False, blank: bool = False) -> str:
    """Text with every line but the first (and blank ones) moved in by so many spaces, or by a text."""
    written = _text(value)
    space = width if isinstance(width, str) else " " * max(0, _width(width))
    lines = (written + "\n").splitlines()
    made(len(written) + len(space) * (len(lines) + 1) + 1, len(written))
    charge(60 * len(lines))
    if blank:
        done = ("\n" + space).join(lines)
    else:
        head, *rest = lines
        done = "\n".join([head, *[space + line if line else line for line in rest]])
    return space + done if first else done


@filter_("join")
def join(value: Any, d: Any = "", attribute: Any = None) -> str:
    """The items of a list as one text, with `d` between them."""
    members = items(value)
    charge(60 * len(members))
    if attribute is not None:
        members = [_known(follow(item, attribute), attribute) for item in members]
    parts = [item if type(item) is str else text(item) for item in members]
    between = text(d)
    whole = sum(map(len, parts))
    made(whole + len(between) * max(0, len(parts) - 1), whole + 2 * len(parts))
    if whole > MAX_TEXT:
        raise fail(f"a text may have at most {MAX_TEXT} characters")
    return between.join(parts)


def _known(value: Any, attribute: Any) -> Any:
    if value is MISSING:
        raise fail(f"an item has no key {str(attribute)[:40]}")
    return value


@filter_("replace")
def replace(value: Any, old: Any, new: Any, count: int | None = None) -> str:
    """Text with `old` replaced by `new`, everywhere or the first `count` times."""
    written, old, new = _text(value), text(old), text(new)
    if count is not None and type(count) is not int:
        raise fail(f"a count is an integer, not {kind(count)}")
    limit = -1 if count is None else count
    times = len(written) + 1 if old == "" else written.count(old)
    if limit >= 0:
        times = min(times, limit)
    made(max(0, len(written) + times * (len(new) - len(old))), len(written))
    return written.replace(old, new, limit)


@filter_("reverse")
def reverse(value: Any) -> Any:
    """Text or a list backwards."""
    if isinstance(value, str | bytes):
        charge(len(value))
        return value[::-1]
    members = items(value)
    listed(len(members), len(members), 8)
    return members[::-1]


@filter_("truncate")
def truncate(
    value: Any, length: Any = 255, killwords: bool = False, end: str = "...", leeway: int | None = None
) -> Any:
    """Text cut to a length, with `end` after it; a datetime cut to `ms s m h d month year`."""
    if isinstance(value, date):
        return dates.cut(value, length)
    written, end = _text(value), text(end)
    leeway = 5 if leeway is None else leeway
    if type(length) is not int or length < len(end) or leeway < 0:
        raise fail("truncate takes a length that the end fits in")
    if len(written) <= length + leeway:
        return written
    head = written[: length - len(end)]
    return (head if killwords else head.rsplit(" ", 1)[0]) + end


@filter_("wordcount")
def wordcount(value: Any) -> int:
    """How many words a text has."""
    written = _text(value)
    charge(len(written) * 4)
    return sum(1 for _ in _WORD.finditer(written))


@filter_("wordwrap")
def wordwrap(
    value: Any,
    width: int = 79,
    break_long_words: bool = True,
    wrapstring: str | None = None,
    break_on_hyphens: bool = True,
) -> str:
    """Text with no line longer than `width`."""
    written = _text(value)
    between = "\n" if wrapstring is None else text(wrapstring)
    lines = written.splitlines()
    if len(written) > _WRAPPED or any(len(line) > _WRAPPED_LINE for line in lines):
        raise fail(f"wordwrap takes at most {_WRAPPED} characters, {_WRAPPED_LINE} a line")
    if type(width) is not int or width < 1:
        raise fail("a width is a positive integer")
    charge(len(written) * 16)
    wrapped = [
        part
        for line in lines
        for part in (
            textwrap.wrap(
                line,
                width=width,
                expand_tabs=False,
                replace_whitespace=False,
                break_long_words=break_long_words,
                break_on_hyphens=break_on_hyphens,
            )
            or [""]
        )
    ]
    made(sum(map(len, wrapped)) + len(between) * len(wrapped), len(written) + len(wrapped))
    return between.join(wrapped)


@filter_("format")
def format_(value: Any, *args: Any, **named: Any) -> str:
    """Text with its `%` directives filled in: `'%s: %.2f' | format(name, price)`."""
    if args and named:
        raise fail("format takes positional or named arguments, not both")
    return percent(_text(value), [named] if named else args, named)


@filter_("startswith")
def startswith(value: Any, prefix: Any) -> bool:
    """Whether a text begins with another."""
    return text(value).startswith(text(prefix))


@filter_("endswith")
def endswith(value: Any, suffix: Any) -> bool:
    """Whether a text ends with another."""
    return text(value).endswith(text(suffix))


@filter_("split")
def split(value: Any, separator: str | None = None, limit: int = -1) -> list[str]:
    """The parts of a text between separators (left out: white space); at most `limit` cuts."""
    if not isinstance(value, str):
        raise fail(f"split takes text, not {kind(value)}")
    if separator == "" or (separator is not None and not isinstance(separator, str)):
        raise fail("a separator is text that is not empty")
    pieces = len(value) // 2 + 1 if separator is None else value.count(separator) + 1
    if limit >= 0:
        pieces = min(pieces, limit + 1)
    listed(pieces, 100_000, 60)
    charge(len(value))
    return value.split(separator, limit)


@filter_("slug")
def slug(value: Any) -> str:
    """Text for a URL: lower-case ASCII letters and digits with single hyphens."""
    written = _text(value)
    if len(written) > _SLUG:
        raise fail(f"slug takes at most {_SLUG} characters")
    charge(len(written) * 20)
    plain = unicodedata.normalize("NFKD", written).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@filter_("regex_match")
def regex_match(value: Any, pattern: str, ignore_case: bool = False) -> bool:
    """Whether a pattern (RE2) is found anywhere in the text."""
    return patterns.matches(_text(value), pattern, ignore_case)


@filter_("regex_replace")
def regex_replace(value: Any, pattern: str, replacement: str = "", ignore_case: bool = False) -> str:
    r"""Text with every match of a pattern (RE2) replaced; `\1` is the first group."""
    return patterns.replaced(_text(value), pattern, text(replacement), ignore_case)
