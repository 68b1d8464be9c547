"""Document: one file of `workflows.d`, read by its kind into the model, with all that is wrong with it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from penstock import expression, route, settings, source, spec
from penstock.model import Document, ErrorShape, Map, Mark, Parameter, Security, Segment, Step, Template
from penstock.params.declare import declare
from penstock.problem import Problem, suggest
from penstock.registry import Action
from penstock.validate import codes
from penstock.validate.notes import EMPTY, Notes
from penstock.validate.shapes import Shape, retry
from penstock.validate.steps import Reader

Kind = Literal["endpoint", "workflow", "middleware", "table", "defaults", "test"]
KINDS: tuple[Kind, ...] = get_args(Kind)
ACCESS = ("public", "authenticated", "admin")
LEVELS = ("off", "runs", "steps", "full")

ABOUT = ("summary", "description")
SHARED = ("security", "timeout", "strict", "idempotency", "limits", "history", "errors", "headers", "content_type")
KEYS: Mapping[Kind, tuple[str, ...]] = {
    "endpoint": ("endpoint", "name", *ABOUT, "tags", "params", "steps", "responses", *SHARED),
    "workflow": (
        *("workflow", *ABOUT, "tags", "params", "steps", "schedule", "watch", "retry", "timeout", "on_failure", "mode"),
        "history",
    ),
    "middleware": ("middleware", *ABOUT, "params", "steps", "headers", "content_type"),
    "table": (
        *("table", *ABOUT, "columns", "primary", "unique", "checks", "indexes", "rows", "views", "renamed_from"),
        "row_rules",
    ),
    "defaults": ("defaults", *ABOUT, "tags", *SHARED),
    "test": ("test", *ABOUT, "cases"),
}
"""The keys that each kind of file may have."""


@dataclass(frozen=True, slots=True)
class Extra:
    """A value that stands outside of the steps: `names` are what it can see in addition, `late` if it is computed after them."""

    template: Template
    path: str
    names: tuple[str, ...] = ()
    late: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one file gave: a document as good as it could be made, and the problems that keep it from being used (`fatal`)."""

    document: Document | None
    problems: tuple[Problem, ...]
    fatal: frozenset[Problem]
    extras: tuple[Extra, ...] = ()
    ids: Mapping[str, int] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    """Ids of steps that could not be read."""
    dropped: bool = False
    """Whether some step could not be read."""
    hint: tuple[str, str] | None = None
    """Kind and name of a file that could not be read, so that those who name it are not told that it does not exist."""

    @property
    def whole(self) -> bool:
        """Whether the document may be used."""
        return self.document is not None and not self.fatal


def read_document(
    file: str, data: bytes, actions: Mapping[str, Action], constants: Mapping[str, Any] | None = None
) -> tuple[Document | None, list[Problem]]:
    """Read one file: its document, unless it has an error, and its problems.

    `file` is its path within the project, `constants` what `data/` holds (None: not known), for parameters that name a schema there.
    """
    read = reading(file, data, actions, constants)
    return (read.document if read.whole else None), list(read.problems)


def reading(
    file: str, data: bytes, actions: Mapping[str, Action], constants: Mapping[str, Any] | None = None
) -> Reading:
    """Read one file as far as it can be read."""
    raw, problems = source.read(data, file)
    notes = Notes(file)
    notes.take(problems)
    if raw is None:
        return Reading(None, tuple(notes.problems), frozenset(notes.fatal), hint=_hint(data))
    kind = _kind(notes, raw, file)
    if kind is None:
        return Reading(None, tuple(notes.problems), frozenset(notes.fatal))
    reader = _Reader(notes, raw, kind, file, hashlib.sha256(data).hexdigest()[:12], actions, constants)
    document = reader.document()
    steps = reader.steps
    return Reading(
        document=document,
        problems=tuple(notes.problems),
        fatal=frozenset(notes.fatal),
        extras=tuple(reader.extras),
        ids=steps.ids,
        lost=frozenset(steps.lost),
        dropped=steps.dropped,
    )


def _hint(data: bytes) -> tuple[str, str] | None:
    found = re.search(rb"^(workflow|middleware|endpoint|table):[ ]*([a-z][a-z0-9_]*)", data, re.MULTILINE)
    return (found[1].decode(), found[2].decode()) if found else None


def _kind(notes: Notes, raw: Map, file: str) -> Kind | None:
    order = list(raw)
    found = sorted((kind for kind in KINDS if kind in raw), key=order.index)
    listed = ", ".join(KINDS)
    if not found:
        first = next(iter(raw), None)
        if first is None:
            notes.add(codes.UNKNOWN_KIND, raw.mark, "the file is empty", f"its first key is one of {listed}")
            return None
        near = next((word for word in raw if suggest(word, KINDS)), first)
        hint = suggest(near, KINDS)
        message = f"{near or EMPTY} is not a kind of file: the first key is one of {listed}"
        notes.add(codes.UNKNOWN_KIND, raw.keys_at[near], message, hint)
        return None
    if len(found) > 1:
        message = f"a file holds one thing, and this one has {' and '.join(found)}"
        notes.add(codes.SEVERAL_KINDS, raw.keys_at[found[1]], message, "make two files of it")
        return None
    kind: Kind = found[0]
    if file.endswith(".test.yaml") and kind != "test":
        message = f"a file whose name ends in .test.yaml holds tests, and this one holds {_a(kind)}"
        notes.add(codes.MISPLACED_TEST, raw.keys_at[kind], message, "begin it with test:, or rename it")
    return kind


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else word if word == "defaults" else f"a {word}"


class _Reader:
    """Reads one file whose kind is known."""

    def __init__(
        self,
        notes: Notes,
        raw: Map,
        kind: Kind,
        file: str,
        digest: str,
        actions: Mapping[str, Action],
        data: Mapping[str, Any] | None,
    ) -> None:
        self.notes = notes
        self.raw = raw
        self.kind = kind
        self.file = file
        self.digest = digest
        self.data = data
        self.shape = Shape(notes, raw)
        self.steps = Reader(notes, actions)
        self.extras: list[Extra] = []

    def document(self) -> Document:
        """The file as a document."""
        shape = self.shape
        self.notes.keys(self.raw, KEYS[self.kind], _a(self.kind), "")
        name, method, path, segments = self._name()
        limits = shape.shape("limits", ("rate", "body")) if "limits" in KEYS[self.kind] else None
        history = shape.shape("history", ("level",)) if "history" in KEYS[self.kind] else None
        if self.kind in ("endpoint", "defaults"):
            if shape.flag("idempotency"):
                self._idle(self.raw.keys_at["idempotency"], "idempotency")
            if limits is not None and "rate" in limits.raw:
                self._idle(limits.raw.keys_at["rate"], "limits.rate")
        if self.kind == "endpoint":
            shape.mapping("responses")
        if self.kind == "workflow":
            self._triggers()
        document = Document(
            kind=self.kind,
            name=name,
            file=self.file,
            raw=self.raw,
            digest=self.digest,
            params=self._params(method, segments),
            steps=self._steps(),
            method=method,
            path=path,
            segments=segments,
            security=self._security(),
            timeout=shape.duration("timeout"),
            strict=shape.flag("strict"),
            body_limit=limits.size("body") if limits else None,
            history_level=history.choice("level", LEVELS) if history else None,
            headers=self._headers(),
            content_type=self._content_type(),
            errors=self._errors(),
            retry=retry(shape, workflow=True) if self.kind == "workflow" else None,
            summary=shape.text("summary") or "",
            description=shape.text("description") or "",
            tags=tuple(text for text, _ in shape.texts("tags", "[orders]")) if "tags" in KEYS[self.kind] else (),
        )
        faults = spec.check_file(self.kind, self.raw)
        if any(problem.path == "endpoint" for problem in self.notes.problems):
            head = self.shape.at("endpoint")  # of which more is told than the schema can
            faults = [fault for fault in faults if (fault.line, fault.column) != (head.line, head.column)]
        self.notes.schema(faults, self.raw.mark, "")
        return document

    def _idle(self, mark: Mark, path: str) -> None:
        """Warn of a key that a reader would rely on and that does nothing yet."""
        self.notes.add(
            codes.NO_EFFECT, mark, f"{path} has no effect in this version", "do it in front of the server", path
        )

    def _name(self) -> tuple[str, str, str, tuple[Segment, ...]]:
        """Name, method, path and segments."""
        head = self.shape.text(self.kind)
        mark = self.shape.at(self.kind)
        if self.kind == "endpoint":
            return self._endpoint(head, mark)
        if head is not None and self.kind != "test":
            self.notes.name(head, mark, _a(self.kind), self.kind)
        return head or "", "", "", ()

    def _endpoint(self, head: str | None, mark: Mark) -> tuple[str, str, str, tuple[Segment, ...]]:
        name = self.shape.text("name")
        if name is not None:
            self.notes.name(name, self.shape.at("name"), "an endpoint", "name")
        if head is None:
            return name or "", "", "", ()
        method, path, segments, faults = route.parse_endpoint(head, mark)
        if head.startswith("/") and " " not in head:
            self.notes.add(route.BAD_ROUTE, mark, "the method stands before the path", f"GET {head}", "endpoint")
        else:
            self.notes.faults(faults, "endpoint")
        return name or default_name(method, segments), method, path, segments

    def _params(self, method: str, segments: tuple[Segment, ...]) -> tuple[Parameter, ...]:
        if self.kind not in ("endpoint", "workflow", "middleware"):
            return ()
        raw: Any = self.raw.get("params")
        mark = self.raw.values_at.get("params", self.raw.mark)
        if "params" in self.raw and not isinstance(raw, Map):
            self.shape.wrong("params", "a mapping", "{customer: string}")
            raw = None
        names = {segment.text: segment.converter for segment in segments if segment.converter != "literal"}
        params, faults = declare(raw, mark, method=method or None, path_names=names, data=self.data)
        self.notes.faults(faults, "params")
        return params

    def _steps(self) -> tuple[Step, ...]:
        if self.kind not in ("endpoint", "workflow", "middleware"):
            return ()
        if "steps" not in self.raw:
            if self.kind != "middleware":
                self.notes.add(codes.MISSING_FIELD, self.raw.keys_at[self.kind], f"{_a(self.kind)} needs steps")
                self.steps.dropped = True
            return ()
        return self.steps.block(self.raw["steps"], self.shape.at("steps"), "steps")

    def _security(self) -> Security:
        if "security" not in KEYS[self.kind]:
            return Security()
        hint = "access: public" if isinstance(self.raw.get("security"), str) else ""
        shape = self.shape.shape("security", ("access", "roles", "signature", "middleware"), hint)
        if shape is None:
            return Security()
        access = shape.choice("access", ACCESS)
        roles = shape.shape("roles", ("any", "all"), "{any: [staff]}")
        signature = shape.mapping("signature")
        if signature is not None:
            known = ("scheme", "secret", "tolerance", "header", "prefix", "encoding", "algorithm")
            self.notes.keys(signature, known, "security.signature", "security.signature")
        return Security(
            access=cast(Any, access or "authenticated"),
            roles_any=tuple(text for text, _ in roles.texts("any")) if roles else (),
            roles_all=tuple(text for text, _ in roles.texts("all")) if roles else (),
            middleware=tuple(shape.texts("middleware", "[owns_project]")),
        )

    def _value(self, raw: Any, mark: Mark, path: str, *, late: bool, names: tuple[str, ...] = ()) -> Template:
        template = expression.value(raw, mark)
        return self._template(template, path, late=late, names=names)

    def _template(self, template: Template, path: str, *, late: bool, names: tuple[str, ...] = ()) -> Template:
        self.notes.faults(template.faults, path)
        self.extras.append(Extra(template, path, names, late))
        return template

    def _headers(self) -> dict[str, Template]:
        if "headers" not in KEYS[self.kind]:
            return {}
        raw = self.shape.mapping("headers", '{X-Api: "2"}')
        if raw is None:
            return {}
        return {
            name: self._value(value, raw.values_at[name], f"headers.{name}", late=True) for name, value in raw.items()
        }

    def _content_type(self) -> Template | None:
        if "content_type" not in KEYS[self.kind] or self.shape.text("content_type") is None:
            return None
        return self._value(self.raw["content_type"], self.shape.at("content_type"), "content_type", late=True)

    def _errors(self) -> ErrorShape | None:
        if "errors" not in KEYS[self.kind] or "errors" not in self.raw:
            return None
        shape, problems = settings.error_shape(self.raw["errors"], self.shape.at("errors"), self.file)
        self.notes.take(problems)
        return shape

    def _triggers(self) -> None:
        """The keys that say when a workflow runs; their values are read where jobs and watches are."""
        shape = self.shape
        self._schedule()
        watch = shape.shape("watch", ("table", "change", "when"))
        if watch is not None:
            self._needs(watch, "table")
            watch.text("table")
            for word, mark in watch.texts("change", "[insert]"):
                if word not in ("insert", "update", "delete"):
                    hint = suggest(word, ("insert", "update", "delete")) or "insert, update or delete"
                    self.notes.add(codes.BAD_VALUE, mark, f"watch.change cannot be {word}", hint, "watch.change")
            if "when" in watch.raw:
                template = expression.condition(watch.raw["when"], watch.at("when"))
                self._template(template, "watch.when", late=False, names=("row", "before"))
        target = shape.text("on_failure")
        if target is not None:
            self.notes.name(target, shape.at("on_failure"), "a workflow", "on_failure")
        mode = shape.shape("mode", ("kind", "key", "max"))
        if mode is not None:
            self._needs(mode, "kind")
            mode.choice("kind", ("parallel", "single", "restart", "queued"))
            mode.whole("max", least=1)
            if "key" in mode.raw:
                self._value(mode.raw["key"], mode.at("key"), "mode.key", late=False)

    def _schedule(self) -> None:
        schedule = self.shape.shape("schedule", ("cron", "every", "timezone", "catch_up", "with"))
        if schedule is None:
            return
        if ("cron" in schedule.raw) == ("every" in schedule.raw):
            message = "schedule needs cron or every, and not both"
            self.notes.add(codes.MISSING_FIELD, schedule.raw.mark, message, "", "schedule")
        schedule.text("cron")
        schedule.duration("every")
        schedule.text("timezone")
        schedule.choice("catch_up", ("none", "last", "all"))
        values = schedule.mapping("with")
        if values is not None:
            self._value(values, schedule.at("with"), "schedule.with", late=False)

    def _needs(self, shape: Shape, key: str) -> None:
        if key not in shape.raw:
            self.notes.add(codes.MISSING_FIELD, shape.raw.mark, f"{shape.path} needs {key}", "", shape.path)


def default_name(method: str, segments: tuple[Segment, ...]) -> str:
    """The name of an endpoint that gives itself none: `POST /orders` is `post_orders`, `GET /orders/{id}` `get_orders_id`."""
    words = [method, *(segment.text for segment in segments if segment.text)]
    if len(words) == 1:
        words.append("root")
    return re.sub(r"[^a-z0-9]+", "_", "_".join(words).lower()).strip("_")[:63].rstrip("_")
