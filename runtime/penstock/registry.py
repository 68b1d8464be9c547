"""Registry: every action, with the spec that is read off its own function."""

import importlib
import inspect
import pkgutil
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

Kind = Literal["value", "expr", "block", "blocks", "records", "static"]


@dataclass(frozen=True, slots=True)
class Flow:
    """How a block runs, for the checks: `names` are what it can see in addition."""

    mode: Literal["branch", "loop", "guarded", "handler", "once", "parallel", "always"]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Static:
    """A parameter that takes no bindings. `of` says what it names: a workflow, a function of functions/, a table, or just text."""

    of: Literal["text", "workflow", "function", "table", "name", "duration", "bool"] = "text"


@dataclass(frozen=True, slots=True)
class Check:
    """What a value must pass besides its type: `function` raises Failure. Constants are held to it before anything runs."""

    function: Callable[[Any], Any]


class Block(typing.Protocol):
    """Nested steps, compiled: call it with a context; await what it gives if that is a coroutine.

    It gives None at its end, or the Signal that ended it. `ids` are the steps inside that have one.
    """

    ids: tuple[str, ...]

    def __call__(self, ctx: Any, /) -> Any: ...


class Expr(typing.Protocol):
    """An expression, compiled: call it with a context for its value."""

    def __call__(self, ctx: Any, /) -> Any: ...


class Duration(float):
    """Seconds; written `250ms 5s 15m 2h 7d 1h30m` in a file."""


class Size(int):
    """Bytes; written `512`, `10kB`, `10MB`, `1GB` in a file."""


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an action.

    `name` is the key in YAML, `python` the function's own. `type` is the annotation without `None`; `nullable` says that null is taken.
    """

    name: str
    python: str
    kind: Kind
    type: Any
    nullable: bool
    required: bool
    default: Any
    doc: str
    flow: Flow | None = None
    static: Static | None = None
    check: Callable[[Any], Any] | None = None
    fields: "tuple[Param, ...]" = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One use of an action: steps as YAML, the parameters it is run with, and what the run must answer."""

    title: str
    steps: str
    answer: Any = None
    params: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """An action: its function and everything that is known of it.

    `signals`: it may end the block that it stands in. `ends`: it always does (so steps after it are unreachable), unless one of the
    keys in `unless` is given. `awaits`: with one of these keys it gives an awaitable though its function is not async.
    `quiet`: its value is not recorded with the step, because the run's own record shows it.
    `effect`: what it touches (`flow`, `table`, `http`, `wait`, `python`, …), for what a transaction refuses.
    """

    name: str
    family: str
    function: Callable[..., Any]
    asynchronous: bool
    takes_context: bool
    value: Param | None
    params: Mapping[str, Param]
    summary: str
    description: str
    result: str
    examples: tuple[Example, ...]
    signals: bool
    ends: bool
    unless: tuple[str, ...]
    awaits: tuple[str, ...]
    effect: str
    quiet: bool

    def param(self, name: str) -> Param | None:
        """The parameter of that YAML key (the action's own name is its value)."""
        return self.value if name == self.name else self.params.get(name)


ACTIONS: dict[str, Action] = {}


def action(
    name: str,
    *,
    examples: tuple[Example, ...],
    signals: bool = False,
    ends: bool = False,
    unless: tuple[str, ...] = (),
    awaits: tuple[str, ...] = (),
    effect: str | None = None,
    quiet: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as an action; its signature, annotations and docstring are its spec.

    A first parameter named `ctx` takes the context. The next positional one is the value of the action's own key; keyword-only ones are
    the keys beside it (a trailing underscore is dropped: `else_` is `else`). The docstring: a summary line, prose, then lines
    `key: text` for the parameters (the value's under the action's name or its Python name), and a last `Result: text`.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        if name in ACTIONS:
            raise ValueError(f"action {name} is registered twice")
        family = getattr(sys.modules[function.__module__], "FAMILY", function.__module__.rsplit(".", 1)[-1])
        summary, description, docs, result = _docstring(inspect.getdoc(function) or "")
        hints = typing.get_type_hints(function, include_extras=True)
        takes_context = False
        value: Param | None = None
        params: dict[str, Param] = {}
        for python, spec in inspect.signature(function).parameters.items():
            if python == "ctx":
                takes_context = True
            elif spec.kind is inspect.Parameter.KEYWORD_ONLY:
                key = python.rstrip("_")
                params[key] = _param(key, python, hints[python], spec.default, docs.get(key, ""))
            else:
                doc = docs.get(name, docs.get(python.rstrip("_"), ""))
                value = _param(name, python, hints[python], spec.default, doc)
        blocks = any(param.kind in ("block", "blocks", "records") for param in params.values()) or (
            value is not None and value.kind in ("block", "blocks")
        )
        ACTIONS[name] = Action(
            name=name,
            family=family,
            function=function,
            asynchronous=inspect.iscoroutinefunction(function),
            takes_context=takes_context,
            value=value,
            params=params,
            summary=summary,
            description=description,
            result=result,
            examples=examples,
            signals=signals or ends or blocks,
            ends=ends,
            unless=unless,
            awaits=awaits,
            effect=effect or family,
            quiet=quiet,
        )
        return function

    return register


def load() -> Mapping[str, Action]:
    """Import every family in `penstock.actions` and give the registry."""
    package = importlib.import_module("penstock.actions")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"penstock.actions.{module.name}")
    return ACTIONS


def _docstring(text: str) -> tuple[str, str, dict[str, str], str]:
    summary, _, rest = text.partition("\n")
    docs: dict[str, str] = {}
    prose: list[str] = []
    current = ""
    for line in rest.splitlines():
        key, colon, doc = line.partition(": ")
        if colon and key and " " not in key and line[0] != " ":
            current = key
            docs[key] = doc.strip()
        elif current and line.startswith("  "):
            docs[current] += " " + line.strip()
        else:
            current = ""
            prose.append(line)
    return summary.rstrip("."), "\n".join(prose).strip(), docs, docs.pop("Result", "")


def _param(name: str, python: str, hint: Any, default: Any, doc: str) -> Param:
    flow: Flow | None = None
    static: Static | None = None
    check: Check | None = None
    nullable = False
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        flow = next((extra for extra in extras if isinstance(extra, Flow)), None)
        static = next((extra for extra in extras if isinstance(extra, Static)), None)
        check = next((extra for extra in extras if isinstance(extra, Check)), None)
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        nullable = len(members) < len(get_args(hint))
        hint = members[0] if len(members) == 1 else Union[tuple(members)]  # noqa: UP007
        if get_origin(hint) is Annotated:
            hint, *extras = get_args(hint)
            flow = flow or next((extra for extra in extras if isinstance(extra, Flow)), None)
            static = static or next((extra for extra in extras if isinstance(extra, Static)), None)
    required = default is inspect.Parameter.empty
    kind: Kind = "value"
    nested: tuple[Param, ...] = ()
    arguments = get_args(hint)
    if hint is Block:
        kind = "block"
    elif hint is Expr:
        kind = "expr"
    elif static is not None:
        kind = "static"
    elif get_origin(hint) is dict and arguments[1] is Block:
        kind = "blocks"
    elif get_origin(hint) is list and is_dataclass(arguments[0]):
        kind = "records"
        record = arguments[0]
        hints = typing.get_type_hints(record, include_extras=True)
        nested = tuple(
            _param(item.name.rstrip("_"), item.name, hints[item.name], inspect.Parameter.empty, "")
            for item in fields(record)
        )
    return Param(
        name=name,
        python=python,
        kind=kind,
        type=hint,
        nullable=nullable,
        required=required,
        default=None if required else default,
        doc=doc,
        flow=flow,
        static=static,
        check=check.function if check else None,
        fields=nested,
    )
