"""Outside: the names of bindings that other files settle: env, data, middleware, user, error."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.model import Document, Reference
from penstock.problem import Problem, suggest
from penstock.validate import codes
from penstock.validate.facts import Facts

USER = ("id", "email", "roles", "verified_at", "disabled", "created_at")
"""What `user` has before a `table: users` file adds to it."""


@dataclass(frozen=True, slots=True)
class World:
    """What the project has, by name."""

    env: frozenset[str]
    data: Mapping[str, Any]
    user: frozenset[str]
    middleware: frozenset[str]
    failure_targets: frozenset[str]


def world(documents: list[Document], env: Iterable[str], data: Mapping[str, Any], lost: Iterable[str]) -> World:
    """What the project has. `lost` are the names of middleware whose files cannot be read."""
    user = set(USER)
    middleware = set(lost)
    targets: set[str] = set()
    for document in documents:
        if document.kind == "middleware":
            middleware.add(document.name)
        elif document.kind == "table" and document.name == "users" and isinstance(document.raw.get("columns"), dict):
            user.update(document.raw["columns"])
        elif document.kind == "workflow" and isinstance(document.raw.get("on_failure"), str):
            targets.add(document.raw["on_failure"])
    workflows = {document.name for document in documents if document.kind == "workflow"}
    if not targets <= workflows:
        targets = workflows
    return World(frozenset(env), data, frozenset(user), frozenset(middleware), frozenset(targets))


def check(document: Document, resolved: Document, facts: Facts, known: World) -> list[Problem]:
    """The names of one file that the project does not have. `resolved` is the file with its defaults."""
    found: list[Problem] = []
    chain = {name for name, _ in resolved.security.middleware}
    for item in facts.outside:
        reference = item.reference
        first = reference.path[0] if reference.path else None
        if reference.root == "error":
            problem = _error(document, known)
        elif not isinstance(first, str):
            problem = None
        elif reference.root == "env":
            problem = _env(first, known)
        elif reference.root == "data":
            problem = _data(reference, known)
        elif reference.root == "user":
            problem = _user(first, known)
        else:
            problem = _middleware(first, document, chain, known)
        if problem is not None:
            code, message, hint = problem
            place = reference.line, reference.column
            found.append(Problem(document.file, *place, code, message, hint, item.path))
    return found


Found = tuple[str, str, str] | None


def _error(document: Document, known: World) -> Found:
    if document.name in known.failure_targets:
        return None
    return codes.UNKNOWN_NAME, "error is known in catch only, and in a workflow that another names as on_failure", ""


def _env(name: str, known: World) -> Found:
    if name in known.env:
        return None
    hint = suggest(name, known.env) or "declare it under env in penstock.yaml"
    return codes.UNKNOWN_ENV, f"env.{name} is not declared in the settings", hint


def _user(name: str, known: World) -> Found:
    if name in known.user:
        return None
    return codes.UNKNOWN_FIELD, f"user has no {name}", suggest(name, known.user) or "a `table: users` file adds columns"


def _data(reference: Reference, known: World) -> Found:
    value: Any = known.data
    shown = "data"
    for part in reference.path:
        if not isinstance(value, dict | Mapping) or not isinstance(part, str):
            return None
        if part not in value:
            if reference.guarded and shown != "data":
                return None
            message = f"there is no file data/{part}.yaml" if shown == "data" else f"{shown} has no {part}"
            return codes.UNKNOWN_DATA, message, suggest(part, [str(key) for key in value])
        value = value[part]
        shown = f"{shown}.{part}"
    return None


def _middleware(name: str, document: Document, chain: set[str], known: World) -> Found:
    if name not in known.middleware:
        return codes.UNKNOWN_MIDDLEWARE, f"there is no middleware {name}", suggest(name, known.middleware)
    if document.kind == "endpoint" and name not in chain:
        if suggest(name, chain - known.middleware):
            return None
        hint = suggest(name, chain) or "name it in security.middleware"
        return codes.UNKNOWN_MIDDLEWARE, f"the middleware {name} does not run before this endpoint", hint
    return None
