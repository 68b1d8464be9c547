"""Routes against a matcher that tries every endpoint."""

import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.model import Segment
from penstock.route import Routes

RANK = {"literal": 0, "int": 1, "uuid": 1, "str": 2, "path": 3}
UUID = "0a1b2c3d-0000-4000-8000-00000000abcd"


def fits(segment: Segment, part: str) -> bool:
    if segment.converter == "literal":
        return segment.text == part
    if segment.converter == "int":
        return re.fullmatch(r"-?[0-9]{1,19}", part) is not None
    if segment.converter == "uuid":
        return re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", part) is not None
    return part != ""


def naive(endpoints: list[tuple[str, tuple[Segment, ...], int]], method: str, path: str) -> Any:
    """The target, values, or the methods that the path has."""
    try:
        parts = [unquote_to_bytes(part).decode() for part in path[1:].split("/")]
    except UnicodeDecodeError:
        return None
    if re.search(r"%(?![0-9a-fA-F]{2})", path) or "\0" in "".join(parts):
        return None
    found: list[tuple[Any, ...]] = []
    for order, (verb, segments, target) in enumerate(endpoints):
        last = segments[-1].converter == "path"
        if len(parts) < len(segments) or (len(parts) > len(segments) and not last):
            continue
        mine = [*parts[: len(segments) - 1], "/".join(parts[len(segments) - 1 :])]
        if last and parts[len(segments) - 1] == "":
            continue
        if all(fits(segment, part) for segment, part in zip(segments, mine, strict=True)):
            values = {s.text: p for s, p in zip(segments, mine, strict=True) if s.converter != "literal"}
            found.append((tuple(RANK[s.converter] for s in segments), order, verb, target, values))
    found.sort(key=lambda item: item[:2])
    places: dict[Any, dict[str, Any]] = {}
    for place, _, verb, target, values in found:
        places.setdefault(place, {}).setdefault(verb, (target, values))
    for verbs in places.values():
        answer = verbs.get(method) or (verbs.get("GET") if method == "HEAD" else None)
        if answer is not None:
            return answer
    return {verb for _, _, verb, _, _ in found}


words = st.sampled_from(["a", "b", "new", "42", "-7", UUID, "é", "a b", "{", "..", "x%y"])
segment = st.one_of(
    st.builds(Segment, st.sampled_from(["a", "b", "new", "42", "é", ""])),
    st.builds(Segment, st.just("p"), st.sampled_from(["int", "uuid", "str"])),
)


@st.composite
def endpoint(draw: Any) -> tuple[str, tuple[Segment, ...]]:
    raw = draw(st.lists(segment, min_size=1, max_size=4))
    if draw(st.booleans()):
        raw.append(Segment("rest", "path"))
    named = tuple(Segment(f"{s.text}{i}", s.converter) if s.converter != "literal" else s for i, s in enumerate(raw))
    return draw(st.sampled_from(["GET", "POST", "PUT", "HEAD"])), named


@given(
    st.lists(endpoint(), max_size=8),
    st.sampled_from(["GET", "POST", "HEAD", "DELETE"]),
    st.lists(st.one_of(words, st.just("")), min_size=1, max_size=5),
)
@settings(max_examples=400, deadline=None)
def test_routes_are_what_trying_every_endpoint_gives(raw: Any, method: str, parts: list[str]) -> None:
    forms = set()
    endpoints = []
    for index, (verb, segments) in enumerate(raw):
        form = verb, tuple(s.text if s.converter == "literal" else s.converter for s in segments)
        if form not in forms:
            forms.add(form)
            endpoints.append((verb, segments, index + 1))
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    match = Routes(endpoints).match(method, path)
    expected = naive(endpoints, method, path)
    if isinstance(expected, tuple):
        assert (match.target, dict(match.values)) == expected
    else:
        assert match.target is None
        assert set(match.allowed) - {"OPTIONS", "HEAD"} == (expected or set()) - {"HEAD"}
