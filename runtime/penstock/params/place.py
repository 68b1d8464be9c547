"""Place: where in a request each parameter comes from, and whether it can."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, cast

from penstock.model import Map, Mark, Parameter
from penstock.params import codes
from penstock.params.types import LOCATIONS, a, shown
from penstock.problem import suggest

Location = Literal["path", "query", "header", "cookie", "body", "form", "file", ""]
Note = Callable[[Mark, str, str, str], None]

BODYLESS = frozenset({"GET", "HEAD", "DELETE"})
"""Methods whose parameters come from the query when nothing is said."""

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")


def location_of(item: Parameter, words: Map, method: str, path_names: Mapping[str, str], note: Note) -> Location:
    """Where a parameter comes from: what `in` says, else by the dialect's rule. Empty when only the request can tell."""
    given = words.get("in")
    if given is not None:
        if given in LOCATIONS:
            return cast(Location, given)
        hint = (suggest(given, LOCATIONS) if isinstance(given, str) else "") or f"one of {', '.join(LOCATIONS)}"
        note(words.values_at["in"], "bad-value", f"in cannot be {shown(given)}", hint)
    if item.wire in path_names:
        return "path"
    if item.whole:
        return "body"
    if not method:
        return ""
    if _kind(item) == "file":
        return "file"
    return "query" if method in BODYLESS else "body"


def _kind(item: Parameter) -> str:
    return item.items.type if item.type == "array" and item.items is not None else item.type


def check_place(item: Parameter, words: Map, method: str, path_names: Mapping[str, str], note: Note) -> None:
    """Note what keeps a parameter from coming from where it is said to."""
    if item.location == "path" and method and item.wire not in path_names:
        hint = suggest(item.wire, path_names) or f"write {{{item.wire}}} into the path, or say in: query"
        note(words.values_at.get("in", item.mark), codes.BAD_PARAM, f"{item.wire} does not stand in the path", hint)
    for message, hint in _against(item):
        note(item.mark, codes.BAD_PARAM, message, hint)


def _against(item: Parameter) -> Iterator[tuple[str, str]]:
    name, location, kind = item.name, item.location, _kind(item)
    if kind == "file" and location not in ("file", "form", "body", ""):
        yield f"{name} is a file, which cannot come from the {location}", "in: file"
    if location == "file" and kind not in ("file", "bytes"):
        yield f"{name} comes as a file, so it cannot be {a(kind)}", "type: file, or in: form"
    if location == "path" and item.type in ("object", "bytes"):
        yield f"{name} stands in the path, so it cannot be {a(item.type)}", "type: string"
    if location == "header" and not _HEADER.fullmatch(item.wire):
        yield f"{shown(item.wire)} cannot be the name of a header", "name: X-Delivery"
    if item.whole and location != "body":
        yield f"{name} is the whole body, so it comes from the body", "leave in out"
    if item.whole and item.type == "file":
        yield f"{name} is the whole body, which has no name as files have", "type: bytes"


def check_together(found: Sequence[Parameter], note: Note) -> None:
    """Note what parameters of one file may not do together."""
    wholes = [item for item in found if item.whole]
    for item in wholes[1:]:
        message = f"{item.name} cannot be the whole body: {wholes[0].name} is it already"
        note(item.mark, codes.BAD_PARAM, message, "leave whole out")
    if wholes:
        for item in found:
            if not item.whole and item.location in ("body", "form", "file"):
                message = f"{item.name} cannot come from the body: {wholes[0].name} is the whole of it"
                note(item.mark, codes.BAD_PARAM, message, f"put it into the properties of {wholes[0].name}")
    seen: dict[tuple[str, str], Parameter] = {}
    for item in found:
        place = "body" if item.location in ("form", "file") else item.location
        wire = item.wire.lower() if place == "header" else item.wire
        first = seen.setdefault((place, wire), item)
        if first is not item and not item.whole:
            message = f"{first.name} and {item.name} have the same name {item.wire} on the wire"
            note(item.mark, codes.BAD_PARAM, message, "give one of them another name:")
