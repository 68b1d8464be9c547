"""HTML filters: text for HTML and URLs."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_from_bytes

from jinja2.utils import urlize as links

from penstock.expression.data import fail, json_text, text
from penstock.expression.limits import charge, made
from penstock.expression.tables import filter_

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;"})
_IN_SCRIPTS = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"})
_NOT_IN_KEYS = re.compile(r"[\s/>=]", re.ASCII)
_SCHEME = re.compile(r"[\w.+-]{2,}:(/){0,2}")
_LINKED = 50_000
"""characters of a text whose links are marked"""
_LINKED_WORD = 2_000


@filter_("escape", "e", "forceescape")
def escape(value: Any) -> str:
    """Text with the characters that mean something in HTML written out."""
    written = text(value)
    made(len(written) + 5 * sum(written.count(sign) for sign in "&<>'\""), len(written) * 2)
    return written.translate(_ESCAPES)


@filter_("safe")
def safe(value: Any) -> str:
    """The text as it is."""
    return text(value)


@filter_("striptags")
def striptags(value: Any) -> str:
    """Text without HTML tags and comments, with single spaces and its entities resolved."""
    written = text(value)
    charge(len(written) * 8)
    kept: list[str] = []
    at = 0
    while (start := written.find("<", at)) >= 0:
        comment = written.startswith("<!--", start)
        end = written.find("-->" if comment else ">", start)
        if end < 0:
            break
        kept.append(written[at:start])
        charge(60)
        at = end + (3 if comment else 1)
    kept.append(written[at:])
    return html.unescape(" ".join("".join(kept).split()))


@filter_("tojson")
def tojson(value: Any, indent: int | None = None) -> str:
    """The value as JSON with sorted keys, safe within HTML."""
    if indent is not None and (type(indent) is not int or not 0 <= indent <= 8):
        raise fail("an indent is 0 to 8")
    written = json_text(value)
    charge(len(written) * 8)
    shown = json.dumps(json.loads(written), sort_keys=True, indent=indent)
    made(len(shown), len(written) * 6)
    return shown.translate(_IN_SCRIPTS)


@filter_("urlencode")
def urlencode(value: Any) -> str:
    """Text for a URL's path, or the pairs of a mapping or list for its query."""
    if isinstance(value, Mapping):
        pairs: Any = value.items()
    elif isinstance(value, list | tuple):
        pairs = value
    else:
        return _quoted(value, b"/")
    parts = []
    for key, item in pairs:
        charge(100)
        parts.append(f"{_quoted(key, b'')}={_quoted(item, b'')}".replace("%20", "+"))
    joined = "&".join(parts)
    made(len(joined), len(joined))
    return joined


def _quoted(value: Any, safe_: bytes) -> str:
    raw = value if isinstance(value, bytes) else text(value).encode("utf-8", "surrogatepass")
    charge(len(raw) * 10)
    shown = quote_from_bytes(raw, safe_)
    made(len(shown), len(raw) * 3)
    return shown


@filter_("xmlattr")
def xmlattr(value: Any, autospace: bool = True) -> str:
    """The attributes of an HTML tag from a mapping; null ones are left out."""
    if not isinstance(value, Mapping):
        raise fail("xmlattr takes a mapping")
    parts = []
    for key, item in value.items():
        if item is None:
            continue
        if not isinstance(key, str) or _NOT_IN_KEYS.search(key):
            raise fail("an attribute's name holds a character that it cannot")
        charge(100)
        parts.append(f'{escape(key)}="{escape(item)}"')
    joined = " ".join(parts)
    made(len(joined), len(joined))
    return " " + joined if autospace and joined else joined


@filter_("urlize")
def urlize(
    value: Any,
    trim_url_limit: int | None = None,
    nofollow: bool = False,
    target: str | None = None,
    rel: str | None = None,
    extra_schemes: Any = None,
) -> str:
    """Text with its links marked up as HTML."""
    written = text(value)
    if len(written) > _LINKED or any(len(word) > _LINKED_WORD for word in written.split()):
        raise fail(f"urlize takes at most {_LINKED} characters, {_LINKED_WORD} a word")
    charge(len(written) * 100)
    schemes = extra_schemes or ()
    if not isinstance(schemes, list | tuple) or len(schemes) > 20 or len(rel or "") + len(target or "") > 200:
        raise fail("urlize takes a short target and rel, and a list of at most 20 schemes")
    for scheme in schemes:
        if not isinstance(scheme, str) or not _SCHEME.fullmatch(scheme[:50]):
            raise fail("a scheme looks like `ftp:` or `ftp://`")
    words = {*(rel or "").split(), "noopener", *(["nofollow"] if nofollow else [])}
    return links(written, trim_url_limit, " ".join(sorted(words)), target, schemes)
