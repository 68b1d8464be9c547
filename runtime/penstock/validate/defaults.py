"""Defaults: the files that say what holds for every endpoint of a folder, merged into the endpoints."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from penstock.model import Document, ErrorShape, Map, Mark, Security, Seq
from penstock.problem import CODES, Problem
from penstock.validate import codes

RANK = {"public": 0, "authenticated": 1, "admin": 2}
MERGED = (
    *("security", "timeout", "strict", "idempotency", "limits", "history", "errors", "headers", "content_type"),
    "tags",
)


def resolve(
    documents: Iterable[Document], known: Mapping[str, tuple[tuple[Document, ...], Document]] | None = None
) -> tuple[dict[str, tuple[tuple[Document, ...], Document]], list[Problem]]:
    """Merge `defaults` files into the endpoints below them.

    Gives for each file the documents it was made of (the outermost first, itself last) and the merged one, and the problems. What is
    `known` and made of the same documents is kept as it is, so that an unchanged file stays the same object.
    """
    every = list(documents)
    folders, problems = _folders(every)
    resolved: dict[str, tuple[tuple[Document, ...], Document]] = {}
    for document in every:
        above = _above(document.file, folders) if document.kind in ("endpoint", "defaults") else ()
        above = tuple(item for item in above if item is not document)
        problems += _widened((*above, document))
        above = above if document.kind == "endpoint" else ()
        made_of = (*above, document)
        old = (known or {}).get(document.file)
        if (
            old is not None
            and len(old[0]) == len(made_of)
            and all(a is b for a, b in zip(old[0], made_of, strict=True))
        ):
            resolved[document.file] = old
        else:
            resolved[document.file] = (made_of, _merge(made_of) if above or _narrowed(document) else document)
    return resolved, problems


def _folders(documents: list[Document]) -> tuple[dict[str, Document], list[Problem]]:
    folders: dict[str, Document] = {}
    problems: list[Problem] = []
    for document in documents:
        if document.kind != "defaults":
            continue
        folder = document.file.rpartition("/")[0]
        if folder in folders:
            message = f"the folder has defaults already, in {folders[folder].file}"
            problems.append(_problem(codes.DUPLICATE_DEFAULTS, document, document.raw.keys_at["defaults"], message))
        else:
            folders[folder] = document
        if _access(document) == "public":
            message = "access: public opens nothing here"
            hint = "an endpoint is public only when its own file says so"
            problems.append(_problem(codes.PUBLIC_DEFAULT, document, _access_at(document), message, hint))
    return folders, problems


def _above(file: str, folders: Mapping[str, Document]) -> tuple[Document, ...]:
    """The defaults that hold for a file, the outermost first."""
    parts = file.split("/")[:-1]
    paths = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return tuple(folders[path] for path in paths if path in folders)


def _problem(code: str, document: Document, mark: Mark, message: str, hint: str = "") -> Problem:
    path = "defaults" if code == codes.DUPLICATE_DEFAULTS else "security"
    return Problem(document.file, mark.line, mark.column, code, message, hint, path, CODES[code].severity)


# -- access


def _section(document: Document, *keys: str) -> Any:
    value: Any = document.raw
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _access(document: Document) -> str | None:
    value = _section(document, "security", "access")
    return value if isinstance(value, str) and value in RANK else None


def _access_at(document: Document) -> Mark:
    security = document.raw["security"]
    return security.values_at["access"]  # type: ignore[no-any-return]


def _widened(made_of: tuple[Document, ...]) -> list[Problem]:
    """What the last document opens that those above it have closed."""
    *above, document = made_of
    problems: list[Problem] = []
    own = _access(document)
    for outer in above:
        limit = _access(outer)
        if own is not None and limit is not None and RANK[own] < RANK[limit]:
            message = f"access: {own} is wider than {limit}, which {outer.file} asks of this folder"
            hint = f"{limit} or narrower"
            problems.append(_problem(codes.WIDENED_ACCESS, document, _access_at(document), message, hint))
            break
    allowed = next((outer.security.roles_any for outer in reversed(above) if outer.security.roles_any), ())
    wider = [role for role in document.security.roles_any if allowed and role not in allowed]
    if wider:
        mark = document.raw["security"].values_at["roles"]
        message = f"the role {wider[0]} is not among those that the defaults above let in"
        problems.append(_problem(codes.WIDENED_ACCESS, document, mark, message, f"one of {', '.join(allowed)}"))
    return problems


def _security(made_of: tuple[Document, ...]) -> Security:
    access = max((_access(document) or "public" for document in made_of), key=RANK.__getitem__)
    if access == "public" and _access(made_of[-1]) != "public":
        access = "authenticated"
    if access == "public" and any(map(_narrowed, made_of)):
        access = "authenticated"
    any_of = next((item.security.roles_any for item in reversed(made_of) if item.security.roles_any), ())
    return Security(
        access=access,  # type: ignore[arg-type]
        roles_any=any_of,
        roles_all=_joined(item.security.roles_all for item in made_of),
        middleware=_chain(made_of),
    )


def _narrowed(document: Document) -> bool:
    """Whether a file asks for roles or a signature. Who has them cannot be told yet, so nobody is let in."""
    return document.kind in ("endpoint", "defaults") and any(
        _section(document, "security", key) for key in ("roles", "signature")
    )


def _joined(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))


def _chain(made_of: tuple[Document, ...]) -> tuple[tuple[str, Mark], ...]:
    """The middleware in their order, each once."""
    chain: dict[str, Mark] = {}
    for document in made_of:
        for name, mark in document.security.middleware:
            chain.setdefault(name, mark)
    return tuple(chain.items())


# -- merging


def _merge(made_of: tuple[Document, ...]) -> Document:
    document = made_of[-1]
    digest = hashlib.sha256("".join(item.digest for item in made_of).encode()).hexdigest()[:12]
    strict = [item.strict for item in made_of if "strict" in item.raw]
    return replace(
        document,
        raw=_merged_raw(made_of),
        digest=digest,
        security=_security(made_of),
        timeout=_nearest(item.timeout for item in made_of),
        strict=strict[-1] if strict else False,
        body_limit=_nearest(item.body_limit for item in made_of),
        history_level=_nearest(item.history_level for item in made_of),
        headers={name: value for item in made_of for name, value in item.headers.items()},
        content_type=_nearest(item.content_type for item in made_of),
        errors=_errors(made_of),
        tags=_joined(item.tags for item in made_of),
    )


def _nearest(values: Iterable[Any]) -> Any:
    found = None
    for value in values:
        found = value if value is not None else found
    return found


def _errors(made_of: tuple[Document, ...]) -> ErrorShape | None:
    shapes = [item.errors for item in made_of if item.errors is not None]
    if not shapes:
        return None
    return ErrorShape(
        body=_nearest(shape.body for shape in shapes),
        content_type=_nearest(shape.content_type for shape in shapes),
        headers={name: value for shape in shapes for name, value in shape.headers.items()},
        status={name: value for shape in shapes for name, value in shape.status.items()},
        messages={name: value for shape in shapes for name, value in shape.messages.items()},
    )


def _merged_raw(made_of: tuple[Document, ...]) -> Map:
    """The data of an endpoint with what it inherits; places are those of the file that says it."""
    *above, document = made_of
    outer = Map(document.raw.mark)
    for item in above:
        part = Map(item.raw.mark)
        for key in MERGED:
            if key in item.raw:
                part.put(key, item.raw[key], item.raw.keys_at[key], item.raw.values_at[key])
        outer = _merge_maps(outer, part)
    return _merge_maps(outer, document.raw)


def _merge_maps(outer: Map, inner: Map) -> Map:
    merged = Map(inner.mark)
    for source in (outer, inner):
        for key, value in source.items():
            merged.put(key, value, source.keys_at[key], source.values_at[key])
    for key in outer:
        if key not in inner:
            continue
        first, second = outer[key], inner[key]
        if isinstance(first, Map) and isinstance(second, Map):
            merged[key] = _merge_maps(first, second)
        elif isinstance(first, Seq) and isinstance(second, Seq):
            merged[key] = _merge_lists(first, second)
    return merged


def _merge_lists(outer: Seq, inner: Seq) -> Seq:
    merged = Seq(inner.mark)
    for source in (outer, inner):
        for item, mark in zip(source, source.items_at, strict=True):
            merged.put(item, mark)
    return merged
