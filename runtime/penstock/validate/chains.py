"""Chains: the middleware of each endpoint: that it exists, its order, and the parameters that it takes."""

from collections.abc import Mapping

from penstock.model import Document, Mark
from penstock.problem import Problem, suggest
from penstock.validate import codes
from penstock.validate.facts import Facts


def unknown(document: Document, middleware: Mapping[str, Document], lost: frozenset[str]) -> list[Problem]:
    """The middleware that a file names and nobody has written. `lost` are those whose files cannot be read."""
    found: list[Problem] = []
    for index, (name, mark) in enumerate(document.security.middleware):
        if name not in middleware and name not in lost:
            message = f"there is no middleware {name}"
            hint = suggest(name, middleware)
            path = f"security.middleware[{index}]"
            found.append(_problem(document, mark, codes.UNKNOWN_MIDDLEWARE, message, hint, path))
    return found


def check(
    made_of: tuple[Document, ...], middleware: Mapping[str, Document], facts: Mapping[str, Facts]
) -> list[Problem]:
    """The order of an endpoint's chain, and its path parameters."""
    endpoint = made_of[-1]
    segments = {segment.text for segment in endpoint.segments if segment.converter != "literal"}
    found: list[Problem] = []
    before: set[str] = set()
    for origin in made_of:
        for index, (name, mark) in enumerate(origin.security.middleware):
            document = middleware.get(name)
            if document is None or name in before:
                continue
            place = (origin, mark) if origin is endpoint else (endpoint, endpoint.raw.values_at["endpoint"])
            path = f"security.middleware[{index}]" if origin is endpoint else "endpoint"
            missing = [need for need in _needs(facts.get(document.file)) if need not in before and need in middleware]
            for need in missing:
                message = f"{name} reads middleware.{need}, which does not run before it here"
                found.append(_problem(*place, codes.MIDDLEWARE_ORDER, message, f"name {need} before {name}", path))
            for param in document.params:
                if param.location == "path" and param.name not in segments and endpoint.segments:
                    message = f"{name} takes the path parameter {param.name}, which {endpoint.path} does not have"
                    hint = suggest(param.name, segments)
                    found.append(_problem(*place, codes.MIDDLEWARE_PARAM, message, hint, path))
            before.add(name)
    return found


def _needs(facts: Facts | None) -> list[str]:
    """The middleware whose results a middleware reads, each once."""
    if facts is None:
        return []
    names = [
        item.reference.path[0]
        for item in facts.outside
        if item.reference.root == "middleware" and item.reference.path and not item.reference.guarded
    ]
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _problem(document: Document, mark: Mark, code: str, message: str, hint: str, path: str) -> Problem:
    return Problem(document.file, mark.line, mark.column, code, message, hint, path)
