"""Names: each is given once, and no two routes are the same."""

from collections.abc import Iterable

from penstock.model import Document, Mark
from penstock.problem import Problem
from penstock.validate import codes

SHARED = ("endpoint", "workflow", "middleware")


def duplicates(documents: Iterable[Document]) -> list[Problem]:
    """The files that take a name which an earlier one (in the order of paths) has."""
    taken: dict[tuple[str, str], Document] = {}
    found: list[Problem] = []
    for document in documents:
        if document.kind not in (*SHARED, "table") or not document.name:
            continue
        key = ("table" if document.kind == "table" else "", document.name)
        first = taken.setdefault(key, document)
        if first is document or _same_route(first, document):
            continue
        hint = (
            "give it a name: of its own" if document.kind == "endpoint" and "name" not in document.raw else "rename one"
        )
        message = f"the name {document.name} is taken by {first.kind} {first.file}:{_at(first).line}"
        mark = _at(document)
        found.append(Problem(document.file, mark.line, mark.column, codes.DUPLICATE_NAME, message, hint, document.kind))
    return found


def _same_route(first: Document, second: Document) -> bool:
    """Whether two endpoints share their name only because they share their route, which is told by itself."""
    named = "name" in first.raw or "name" in second.raw
    return not named and bool(first.method) and (first.method, first.path) == (second.method, second.path)


def _at(document: Document) -> Mark:
    key = "name" if document.kind == "endpoint" and "name" in document.raw else document.kind
    return document.raw.values_at[key]
