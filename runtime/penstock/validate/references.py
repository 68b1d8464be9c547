"""References: the names that bindings use, each looked for where it may stand."""

from collections.abc import Iterable, Mapping

from penstock.model import Document, Mark, Parameter, Reference, Template
from penstock.problem import suggest
from penstock.validate import codes
from penstock.validate.facts import Outside
from penstock.validate.notes import Notes
from penstock.validate.scope import State

COMMON = ("params", "given", "steps", "vars", "user", "request", "env", "secrets", "data", "run")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "request": ("method", "path", "url", "base_url", "headers", "query", "body", "raw", "ip", "id", "token"),
    "run": ("id", "started_at", "attempt"),
    "loop": ("index", "index0", "first", "last", "length"),
    "error": ("code", "status", "message", "step", "details", "errors", "run_id", "fields"),
}
"""The parts of the names that have fixed ones."""
WORDS = {"null": "none", "nil": "none", "undefined": "none", "yes": "true", "no": "false"}
"""What other languages call the constants of expressions."""
OUTSIDE = ("env", "data", "middleware", "user")
"""The names that the file alone cannot settle."""


class References:
    """Checks the references of one file.

    `ids` are its steps with their lines, `assigned` all variables it sets anywhere; `lenient` if some step of it could not be read.
    """

    def __init__(
        self, notes: Notes, document: Document, ids: Mapping[str, int], assigned: frozenset[str], *, lenient: bool
    ) -> None:
        self.notes = notes
        self.document = document
        self.ids = ids
        self.assigned = assigned
        self.lenient = lenient
        self.params = {param.name: param for param in document.params}
        declared = document.raw.get("params")
        self.declared = frozenset(declared) if isinstance(declared, dict) else frozenset()
        self.outside: list[Outside] = []
        self.secrets: list[tuple[str, int, int]] = []
        self.done: set[str] = set()
        """Steps whose place the walk has passed: one that is not in a state all the same sits in another branch."""
        roots = list(COMMON)
        if document.kind != "workflow":
            roots.append("middleware")
        if "watch" in document.raw:
            roots += ["row", "before"]
        self.roots = frozenset(roots)

    def template(self, template: Template | None, state: State, names: Iterable[str], path: str) -> None:
        """Check all that a value refers to."""
        if template is None:
            return
        for reference in template.references:
            self.reference(reference, state, names, path)

    def reference(self, reference: Reference, state: State, names: Iterable[str], path: str) -> None:
        """Check one reference."""
        root = reference.root
        known = frozenset(names)
        if root not in known and root not in self.roots:
            self._root(reference, known, state, path)
            return
        if root in FIELDS and (root in self.roots or root in ("loop", "error")):
            self._field(reference, FIELDS[root], root, path)
        if root in known:
            return
        if root in OUTSIDE:
            self.outside.append(Outside(reference, path))
            return
        first = reference.path[0] if reference.path else None
        if not isinstance(first, str):
            return
        if root in ("params", "given"):
            self._param(reference, path)
        elif root == "steps":
            self._step(reference, first, state, path)
        elif root == "secrets":
            self.secrets.append((first, reference.line, reference.column))
        elif root == "vars":
            self._var(reference, first, state, path)

    def _add(self, code: str, reference: Reference, message: str, hint: str, path: str) -> None:
        self.notes.add(code, mark_of(reference), message, hint, path)

    def _root(self, reference: Reference, names: frozenset[str], state: State, path: str) -> None:
        root = reference.root
        if root == "error" and self.document.kind == "workflow":
            self.outside.append(Outside(reference, path))
            return
        hint = ""
        message = f"{root} is not a name that bindings know"
        if root in self.params:
            hint = f"did you mean params.{root}?"
        elif root in state.steps:
            hint = f"did you mean steps.{root}?"
        elif root in state.vars:
            hint = f"did you mean vars.{root}?"
        elif root == "error":
            message, hint = "error is known in catch only", ""
        elif root == "loop":
            message = "loop is known in loops only"
        elif root == "item":
            message = "item is known in loops only"
        elif root == "middleware":
            message = "a workflow has no middleware"
        elif root in ("row", "before"):
            message = f"{root} is known in a workflow with watch only"
        elif root in WORDS:
            hint = f"write {WORDS[root]}"
        else:
            hint = suggest(root, sorted(self.roots | names))
        self._add(codes.UNKNOWN_NAME, reference, message, hint, path)

    def _field(self, reference: Reference, known: tuple[str, ...], of: str, path: str) -> None:
        first = reference.path[0] if reference.path else None
        if isinstance(first, str) and first not in known:
            hint = suggest(first, known) or f"one of {', '.join(known)}"
            self._add(codes.UNKNOWN_FIELD, reference, f"{of} has no {first}", hint, path)

    def _param(self, reference: Reference, path: str) -> None:
        known: Mapping[str, Parameter] = self.params
        shown = reference.root
        for part in reference.path:
            if isinstance(part, int):
                return
            param = known.get(part)
            if param is None and known is self.params and part in self.declared:
                return
            if param is None:
                foreign = known is self.params and {f":{part}", f"<{part}>"} & {*self.document.path.split("/")}
                hint = f"write {{{part}}} into the path" if foreign else suggest(part, known)
                self._add(codes.UNKNOWN_PARAM, reference, f"{shown}.{part} is not declared", hint, path)
                return
            shown = f"{shown}.{part}"
            if param.properties is None or param.keep_extra:
                return
            known = {inner.name: inner for inner in param.properties}

    def _step(self, reference: Reference, first: str, state: State, path: str) -> None:
        if first in state.steps:
            return
        if first not in self.ids:
            hint = suggest(first, self.ids)
            self._add(codes.UNKNOWN_STEP, reference, f"no step of this file has the id {first}", hint, path)
        elif reference.guarded:
            return
        elif first in self.done:
            message = f"steps.{first} (line {self.ids[first]}) cannot have a result when this is reached"
            self._add(codes.UNREACHED_STEP, reference, message, "it sits in another branch, or is what failed", path)
        else:
            message = f"steps.{first} (line {self.ids[first]}) has not run yet when this is reached"
            self._add(codes.LATER_STEP, reference, message, "move it before", path)

    def _var(self, reference: Reference, first: str, state: State, path: str) -> None:
        if first in state.vars or (reference.guarded and first in self.assigned):
            return
        if self.lenient and first not in self.assigned:
            return
        if first in self.assigned:
            message, hint = f"vars.{first} is not set before this is reached", "set it before"
        else:
            message, hint = f"vars.{first} is set nowhere in this file", suggest(first, self.assigned)
        self._add(codes.UNKNOWN_VAR, reference, message, hint, path)


def mark_of(reference: Reference) -> Mark:
    """The place of a reference as a mark."""
    return Mark(reference.line, reference.column, reference.line, reference.column)
