"""Calls: the workflows and functions that steps name, what they are given, and where calls lead."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from penstock.model import Document, Mark, Parameter, plain
from penstock.problem import Problem, suggest
from penstock.validate import codes
from penstock.validate.facts import Facts, Use
from penstock.validate.functions import Takes


@dataclass(frozen=True, slots=True)
class Targets:
    """What steps can name. `kinds` tell what else bears a name; `lost` are workflows whose files cannot be read."""

    workflows: Mapping[str, Document]
    kinds: Mapping[str, str]
    lost: frozenset[str]
    functions: Mapping[str, Takes]
    facts: Mapping[str, Facts]


def check(document: Document, targets: Targets) -> list[Problem]:
    """The names that one file's steps and triggers use, and the arguments they give."""
    found: list[Problem] = []
    for use in targets.facts[document.file].uses:
        if use.of == "workflow":
            found += _workflow(document, use, targets)
        elif use.of == "function":
            found += _function(document, use, targets)
    failure = document.raw.get("on_failure")
    if document.kind == "workflow" and isinstance(failure, str):
        missing = _missing(failure, targets)
        if missing is not None:
            mark = document.raw.values_at["on_failure"]
            found.append(_problem(document, mark, codes.UNKNOWN_WORKFLOW, *missing, "on_failure"))
    return found


def _problem(document: Document, mark: Mark, code: str, message: str, hint: str, path: str) -> Problem:
    return Problem(document.file, mark.line, mark.column, code, message, hint, path)


def _missing(name: str, targets: Targets) -> tuple[str, str] | None:
    """Message and hint if there is no such workflow."""
    if name in targets.workflows or name in targets.lost:
        return None
    kind = targets.kinds.get(name)
    if kind is not None:
        return f"{name} is {kind}, and only workflows can be called", ""
    return f"there is no workflow {name}", suggest(name, targets.workflows)


def _workflow(document: Document, use: Use, targets: Targets) -> Iterator[Problem]:
    missing = _missing(use.name, targets)
    if missing is not None:
        yield _problem(document, use.mark, codes.UNKNOWN_WORKFLOW, *missing, use.path)
        return
    target = targets.workflows.get(use.name)
    if target is None or use.given is None:
        return
    params = {param.name: param for param in target.params}
    declared = target.raw.get("params")
    known = [*params, *(declared if isinstance(declared, dict) else ())]
    yield from _unknown(document, use, known)
    for param in target.params:
        if param.name not in use.given:
            if param.required:
                message = f"{use.name} requires {param.name}"
                yield _problem(
                    document, use.mark, codes.MISSING_ARGUMENT, message, "add it to with", f"{use.path}.with"
                )
            continue
        value = use.given[param.name]
        wrong = None if _bound(value) else _wrong(param, plain(value))
        if wrong:
            mark = use.given_at[param.name]
            message = f"{param.name} of {use.name} {wrong}"
            yield _problem(document, mark, codes.WRONG_ARGUMENT, message, "", f"{use.path}.with.{param.name}")


def _unknown(document: Document, use: Use, known: Iterable[str]) -> Iterator[Problem]:
    names = list(known)
    for name in use.given or ():
        if name not in names:
            mark = use.given_at[name]
            message = f"{use.name} takes no {name}"
            path = f"{use.path}.with.{name}"
            yield _problem(document, mark, codes.UNKNOWN_ARGUMENT, message, suggest(name, names), path)


def _function(document: Document, use: Use, targets: Targets) -> Iterator[Problem]:
    takes = targets.functions.get(use.name) or targets.functions.get(f"{use.name.rpartition('.')[0]}.*")
    if takes is None:
        module, _, name = use.name.partition(".")
        hint = (
            suggest(use.name, [known for known in targets.functions if known[-1] != "*"])
            or f"def {name or 'quote'}(…) in functions/{module}.py"
        )
        message = f"there is no function {use.name}"
        yield _problem(document, use.mark, codes.UNKNOWN_FUNCTION, message, hint, use.path)
        return
    if use.given is None:
        return
    if not takes.anything:
        yield from _unknown(document, use, takes.names)
    for name in takes.required:
        if name not in use.given:
            message = f"{use.name} requires {name}"
            yield _problem(document, use.mark, codes.MISSING_ARGUMENT, message, "add it to with", f"{use.path}.with")


def _bound(value: Any) -> bool:
    """Whether a value holds a binding."""
    if isinstance(value, str):
        return "{{" in value
    if isinstance(value, dict):
        return any(_bound(item) for item in value.values())
    return isinstance(value, list) and any(_bound(item) for item in value)


TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "decimal": (int, float, str),
    "boolean": (bool,),
    "date": (str,),
    "datetime": (str,),
    "uuid": (str,),
    "email": (str,),
    "url": (str,),
    "object": (dict,),
    "array": (list,),
}
"""What constants a parameter of each type takes; those that are not here take anything."""


def _wrong(param: Parameter, value: Any) -> str:
    """What is wrong with a constant for a parameter; empty if nothing."""
    if value is None:
        return "" if param.nullable or not param.required else "cannot be null"
    types = TYPES.get(param.type)
    if types is None:
        return ""
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        return f"must be {param.type}, not {_shown(value)}"
    allowed = param.schema.get("enum")
    if isinstance(allowed, list) and value not in allowed:
        hint = suggest(str(value), [str(item) for item in allowed])
        return f"cannot be {_shown(value)}" + (f", {hint}" if hint else "")
    return ""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f'"{value[:40]}"' if isinstance(value, str) else str(value)


# -- where calls lead


def cycles(targets: Targets) -> list[Problem]:
    """Workflows that call each other in a circle: one problem for each circle, at the call that closes it."""
    edges = {name: _called(document, targets) for name, document in targets.workflows.items()}
    found: list[Problem] = []
    done: set[str] = set()
    for start in sorted(edges):
        if start in done:
            continue
        trail: list[tuple[str, Iterator[Use]]] = [(start, iter(edges[start]))]
        while trail:
            name, rest = trail[-1]
            use = next(rest, None)
            if use is None:
                done.add(name)
                trail.pop()
                continue
            names = [item for item, _ in trail]
            if use.name in names:
                circle = [*names[names.index(use.name) :], use.name]
                message = f"the call never ends: {' → '.join(circle)}"
                document = targets.workflows[name]
                hint = "repeat with while, or let one of them return instead"
                found.append(_problem(document, use.mark, codes.CALL_CYCLE, message, hint, use.path))
            elif use.name not in done:
                trail.append((use.name, iter(edges[use.name])))
    return found


def _called(document: Document, targets: Targets) -> list[Use]:
    uses = targets.facts[document.file].uses
    return [use for use in uses if use.effect == "call" and use.of == "workflow" and use.name in targets.workflows]


def transactions(documents: Iterable[Document], targets: Targets) -> list[Problem]:
    """Calls in a transaction of workflows that do, however deep, what a transaction cannot hold."""
    known: dict[str, tuple[str, ...] | None] = {}

    def way(name: str) -> tuple[str, ...] | None:
        """The workflows from this one to the action that is refused, and the action."""
        if name in known:
            return known[name]
        known[name] = None
        document = targets.workflows[name]
        refused = targets.facts[document.file].refused
        if refused:
            known[name] = (name, refused[0])
        else:
            for use in _called(document, targets):
                further = way(use.name)
                if further is not None:
                    known[name] = (name, *further)
                    break
        return known[name]

    found: list[Problem] = []
    for document in documents:
        for use in targets.facts[document.file].uses:
            if not use.transaction or use.effect != "call" or use.name not in targets.workflows:
                continue
            refused = way(use.name)
            if refused is not None:
                message = f"{refused[-1]} cannot stand in a transaction, and {' → '.join(refused[:-1])} has it"
                hint = "its effect cannot be rolled back; do it before or after"
                found.append(_problem(document, use.mark, codes.IN_TRANSACTION, message, hint, use.path))
    return found
