"""Model: what the files say, as plain data with the place of every word."""

import ast
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple


class Mark(NamedTuple):
    """Where a key or value stands: its token, and where its text begins (after a quote, or on a block scalar's line).

    Lines and columns count from 1.
    """

    line: int
    column: int
    text_line: int
    text_column: int

    def at(self, text: str, offset: int) -> tuple[int, int]:
        """Line and column of `text[offset]`."""
        before = text.count("\n", 0, offset)
        if before == 0:
            return self.text_line, self.text_column + offset
        return self.text_line + before, self.text_column + offset - text.rfind("\n", 0, offset) - 1


NOWHERE = Mark(1, 1, 1, 1)


class Map(dict[str, Any]):
    """A YAML mapping that knows where its keys and values stand."""

    __slots__ = ("keys_at", "mark", "values_at")

    def __init__(self, mark: Mark = NOWHERE) -> None:
        super().__init__()
        self.mark = mark
        self.keys_at: dict[str, Mark] = {}
        self.values_at: dict[str, Mark] = {}

    def put(self, key: str, value: Any, key_at: Mark, value_at: Mark) -> None:
        """Add one entry with its places."""
        self[key] = value
        self.keys_at[key] = key_at
        self.values_at[key] = value_at


class Seq(list[Any]):
    """A YAML sequence that knows where its items stand."""

    __slots__ = ("items_at", "mark")

    def __init__(self, mark: Mark = NOWHERE) -> None:
        super().__init__()
        self.mark = mark
        self.items_at: list[Mark] = []

    def put(self, value: Any, at: Mark) -> None:
        """Add one item with its place."""
        self.append(value)
        self.items_at.append(at)


def plain(value: Any) -> Any:
    """The same data without places: dicts, lists and scalars."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Reference:
    """A name used by an expression: `steps.order.id` is root `steps`, path `("order", "id")`.

    `guarded`: under `default(…)`, `is defined` or `is given`, so that a missing key is no failure.
    """

    root: str
    path: tuple[str | int, ...]
    line: int
    column: int
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a value or expression, at its place. `code` is a problem code."""

    line: int
    column: int
    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A value of a file, read: a constant, or a Python expression tree that computes it.

    `tree` uses the dialect's root names (`params`, `steps`, …) and helpers that begin with `_` as free names; its nodes carry the
    YAML file's lines. `_s` is the running context.
    """

    tree: ast.expr
    constant: bool
    value: Any
    references: tuple[Reference, ...] = ()
    faults: tuple[Fault, ...] = ()
    line: int = 1
    column: int = 1
    can_omit: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of a step's action as the file gives it.

    `parsed` depends on the parameter's kind: value and expr → Template; block → tuple[Step, ...]; blocks → dict[str, tuple[Step, ...]];
    records → tuple[dict[str, Argument], ...]; static → the plain value.
    """

    name: str
    kind: Literal["value", "expr", "block", "blocks", "records", "static"]
    raw: Any
    mark: Mark
    key_mark: Mark
    parsed: Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an action, its arguments (the action's own value first) and its modifiers."""

    action: str
    path: str
    mark: Mark
    arguments: AnyMapping[str, Argument]
    id: str | None = None
    when: Template | None = None
    retry: "Retry | None" = None
    timeout: float | None = None
    undo: "tuple[Step, ...]" = ()
    once: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Further tries: how often, how long apart (seconds), and for which codes or statuses (none named: all)."""

    times: int | None
    delay: float = 1.0
    backoff: Literal["constant", "linear", "exponential"] = "constant"
    max_delay: float = 600.0
    codes: tuple[str | int, ...] = ()
    start: Literal["step", "start"] = "step"


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a path: a literal, or a parameter with its converter (`str`, `int`, `uuid`, `path`)."""

    text: str
    converter: Literal["literal", "str", "int", "uuid", "path"] = "literal"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter.

    `schema` is the JSON Schema (draft 2020-12) of its JSON form without the dialect's own words; `properties` and `items` are the
    nested declarations. `default` is the plain value, `required` is already decided.
    """

    name: str
    wire: str
    location: Literal["path", "query", "header", "cookie", "body", "form", "file", ""]
    type: str
    required: bool
    nullable: bool
    has_default: bool
    default: Any
    schema: AnyMapping[str, Any]
    properties: "tuple[Parameter, ...] | None" = None
    items: "Parameter | None" = None
    keep_extra: bool = False
    whole: bool = False
    split: str | None = None
    secret: bool = False
    messages: AnyMapping[str, str] = field(default_factory=dict)
    example: Any = None
    has_example: bool = False
    description: str = ""
    table: str | None = None
    mark: Mark = NOWHERE


@dataclass(frozen=True, slots=True)
class Security:
    """Who may call: access level, roles, the middleware chain."""

    access: Literal["public", "authenticated", "admin"] = "authenticated"
    roles_any: tuple[str, ...] = ()
    roles_all: tuple[str, ...] = ()
    middleware: tuple[tuple[str, Mark], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One file of `workflows.d`, read: `kind` says what it is, `raw` is all it says.

    `method` and `segments` are an endpoint's; `steps` are empty for kinds without steps.
    """

    kind: Literal["endpoint", "workflow", "middleware", "table", "defaults", "test"]
    name: str
    file: str
    raw: Map
    digest: str
    params: tuple[Parameter, ...] = ()
    steps: tuple[Step, ...] = ()
    method: str = ""
    path: str = ""
    segments: tuple[Segment, ...] = ()
    security: Security = Security()
    timeout: float | None = None
    strict: bool = False
    body_limit: int | None = None
    history_level: str | None = None
    headers: AnyMapping[str, Template] = field(default_factory=dict)
    content_type: Template | None = None
    errors: "ErrorShape | None" = None
    retry: Retry | None = None
    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ErrorShape:
    """How error answers are reshaped (`errors:` of settings, defaults and endpoints)."""

    body: Template | None = None
    content_type: Template | None = None
    headers: AnyMapping[str, Template] = field(default_factory=dict)
    status: AnyMapping[str, int] = field(default_factory=dict)
    messages: AnyMapping[str, str] = field(default_factory=dict)
