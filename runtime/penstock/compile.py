"""Compile: a file's steps become Python functions whose code carries the file's name and lines.

Each block of steps is one function `(_s: Context) -> None | Signal` (async where a step of it may wait). All of a file's functions are
one code object, compiled once: tracebacks, pdb and coverage speak of the YAML file.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CoroutineType
from typing import Any, get_args, get_origin

from penstock import convert, expression, trees
from penstock.context import Signal, push_undo
from penstock.errors import Failure
from penstock.history.record import Level, StepMeta
from penstock.model import Argument, Document, Step, Template
from penstock.params import Checker
from penstock.registry import Action, Param
from penstock.shape import PLAIN, Shape
from penstock.steps import attempt, failed
from penstock.writer import Writer


@dataclass(slots=True)
class Program:
    """A compiled file: its entry block and what a run needs to know of it."""

    document: Document
    block: Callable[[Any], Any]
    asynchronous: bool
    checker: Checker
    level: Level
    ids: tuple[str, ...]
    has_undo: bool
    timeout: float
    headers: tuple[tuple[str, Callable[[Any], Any]], ...]
    content_type: Callable[[Any], Any] | None
    lines: frozenset[int]
    metas: tuple[StepMeta, ...]
    chain: "tuple[Program, ...]" = ()
    waits: bool = False
    shape: Shape = PLAIN
    body_limit: int = 1_000_000

    @property
    def name(self) -> str:
        return self.document.name


def compile_document(
    document: Document,
    actions: Mapping[str, Action],
    *,
    root: Path,
    level: Level,
    timeout: float,
    messages: Mapping[str, str] | None = None,
) -> Program:
    """Compile one file. `level` is the history level, `timeout` seconds for a run."""
    return _Compiler(document, actions, root, record=level in ("steps", "full")).program(level, timeout, messages or {})


def compile_templates(templates: Mapping[str, Template], filename: str) -> dict[str, Callable[[Any], Any]]:
    """Functions of the context for templates that stand outside of steps (headers, error bodies)."""
    writer = Writer(filename)
    names = {key: writer.function(template) for key, template in templates.items()}
    space = writer.run({})
    return {key: space[name] for key, name in names.items()}


class _Compiler:
    def __init__(self, document: Document, actions: Mapping[str, Action], root: Path, *, record: bool) -> None:
        self.document = document
        self.actions = actions
        self.record = record
        self.writer = Writer(str((root / document.file).resolve()))
        self.space: dict[str, Any] = {
            "_Signal": Signal,
            "_Coroutine": CoroutineType,
            "_failed": failed,
            "_attempt": attempt,
            "_push_undo": push_undo,
            "_truth": bool,
            "_type": type,
            "_BaseException": BaseException,
        }
        self.metas: list[StepMeta] = []
        self.ids: dict[str, tuple[str, ...]] = {}
        self.has_undo = False

    def program(self, level: Level, timeout: float, messages: Mapping[str, str]) -> Program:
        document = self.document
        entry, asynchronous, ids = self.block(document.steps, document.name, first=1)
        headers = {
            name: self.writer.function(template)
            for name, template in document.headers.items()
            if name.lower() != "content-type"
        }
        media = next((value for name, value in document.headers.items() if name.lower() == "content-type"), None)
        media = document.content_type or media
        content_type = None if media is None else self.writer.function(media)
        self.space["_metas"] = tuple(self.metas)
        names = self.writer.run(self.space)
        for block, inner in self.ids.items():
            names[block].ids = inner
        return Program(
            document=document,
            block=names[entry],
            asynchronous=asynchronous or self.has_undo,
            checker=Checker(document.params, strict=document.strict, messages=messages),
            level=level,
            ids=ids,
            has_undo=self.has_undo,
            timeout=document.timeout or timeout,
            headers=tuple((name, names[function]) for name, function in headers.items()),
            content_type=None if content_type is None else names[content_type],
            lines=frozenset(self.writer.lines),
            metas=tuple(self.metas),
        )

    # -- blocks

    def block(self, steps: tuple[Step, ...], name: str, *, first: int) -> tuple[str, bool, tuple[str, ...]]:
        """Write a block's function; gives its name, whether it may wait, and the ids of the steps inside."""
        function = re.sub(r"\W+", "_", name).strip("_")
        if function in self.ids:
            function = self.writer.fresh(function)
        self.ids[function] = ()
        body: list[ast.stmt] = []
        templates: list[Template] = []
        ids: list[str] = []
        asynchronous = False
        for step in steps:
            waits = self.step(step, body, templates, ids)
            asynchronous = asynchronous or waits
        line = steps[0].mark.line if steps else first
        if body:
            body = self._guarded(body, line)
        else:
            body = [trees.at(ast.Pass(), line)]
        self.writer.define(function, body, line, templates, asynchronous=asynchronous)
        self.ids[function] = tuple(ids)
        return function, asynchronous, tuple(ids)

    def _guarded(self, body: list[ast.stmt], line: int) -> list[ast.stmt]:
        prologue = (
            "_now = _s.world.clock.monotonic\n_r = _s.record\n" if self.record else "_now = _s.world.clock.monotonic\n"
        )
        start = trees.parse(prologue + "_t = _now()\n_at = 0")
        handler = trees.parse("try: pass\nexcept _BaseException as _e:\n raise _failed(_s, _metas[_at], _t, _e)")[0]
        assert isinstance(handler, ast.Try)
        handler.body = body
        for statement in start:
            trees.place(statement, line)
        trees.place_outer(handler, line)
        return [*start, handler]

    # -- steps

    def step(self, step: Step, out: list[ast.stmt], templates: list[Template], ids: list[str]) -> bool:
        action = self.actions[step.action]
        line = step.mark.line
        index = len(self.metas)
        asynchronous = action.asynchronous or any(key in step.arguments for key in action.awaits)
        maybe = False
        values: list[str] = []
        names: list[str] = []
        assigns: list[ast.stmt] = []
        positional: list[ast.expr] = [ast.Name("_s", ast.Load())] if action.takes_context else []
        keywords: list[ast.keyword] = []
        self.metas.append(StepMeta("", None, "", "", 0, ()))
        for key, argument in step.arguments.items():
            param = action.param(key)
            assert param is not None
            node, waits, recorded = self.argument(step, param, argument, assigns, templates, ids, index)
            maybe = maybe or waits
            if node is None:
                continue
            if recorded is not None and not (action.quiet and param is action.value):
                names.append(key)
                values.append(recorded)
            if param is action.value:
                positional.append(node)
            else:
                keywords.append(ast.keyword(param.python, node))
        self.metas[index] = StepMeta(
            path=step.path,
            id=step.id,
            action=step.action,
            file=self.document.file,
            line=line,
            names=tuple(names),
            note=step.note,
        )
        if step.id is not None:
            ids.append(step.id)
        self.space[f"_do_{index}"] = action.function
        call: ast.expr = ast.Call(ast.Name(f"_do_{index}", ast.Load()), positional, keywords)
        body: list[ast.stmt] = [*assigns]
        if step.retry is not None or step.timeout is not None:
            self.space[f"_retry_{index}"] = (step.retry, step.timeout)
            body.append(
                trees.assign(
                    "_x",
                    trees.awaiting(trees.call("_attempt", "_s", _meta(index), f"_retry_{index}", trees.thunk(call))),
                )
            )
            asynchronous = True
        elif asynchronous:
            body.append(trees.assign("_x", trees.awaiting(call)))
        else:
            body.append(trees.assign("_x", call))
            if maybe:
                body += trees.parse("if _type(_x) is _Coroutine: _x = await _x")
                asynchronous = True
        body += self._after(step, action, index, values)
        for statement in body:
            trees.place_missing(statement, line)
        out.append(trees.at(trees.assign("_at", ast.Constant(index)), line))
        if step.when is not None:
            templates.append(step.when)
            skipped = self._skipped(step, index)
            node_if = ast.If(trees.call("_truth", step.when.tree), body, skipped)
            trees.place_missing(node_if, line)
            out.append(node_if)
        else:
            out += body
        return asynchronous

    def _after(self, step: Step, action: Action, index: int, values: list[str]) -> list[ast.stmt]:
        """What follows the call: result, record, undo, signal."""
        text: list[str] = []
        if step.id is not None:
            value = "None if _type(_x) is _Signal else _x" if action.signals else "_x"
            text.append(f"_s.steps[{step.id!r}] = {value}")
        number = self.metas[index].number
        inputs = f"({', '.join(values)},)" if values else "None"
        record = f"_r(({number}, 'ok', _t, _t := _now(), {inputs}, {{}}))" if self.record else "pass"
        undo = self._undo(step)
        if action.signals:
            text.append(f"if _type(_x) is _Signal: {record.format('None')}; {undo}; return _x")
            text.append(f"{record.format('_x')}; {undo}")
        else:
            text.append(f"{record.format('_x')}; {undo}")
        return trees.parse("\n".join(text))

    def _undo(self, step: Step) -> str:
        """What remembers how the step is undone."""
        if not step.undo:
            return "pass"
        self.has_undo = True
        block, _, _ = self.block(step.undo, f"{step.path}.undo", first=step.mark.line)
        return f"_push_undo(_s, {block})"

    def _skipped(self, step: Step, index: int) -> list[ast.stmt]:
        text = [] if step.id is None else [f"_s.steps[{step.id!r}] = None"]
        if self.record:
            text.append(f"_r(({self.metas[index].number}, 'skipped', _t, _t := _now(), None, None))")
        return trees.parse("\n".join(text) or "pass")

    # -- arguments

    def argument(
        self,
        step: Step,
        param: Param,
        argument: Argument,
        assigns: list[ast.stmt],
        templates: list[Template],
        ids: list[str],
        index: int,
    ) -> tuple[ast.expr | None, bool, str | None]:
        """The node that passes an argument, whether a block of it may wait, and the variable to record."""
        parsed = argument.parsed
        if param.kind == "value":
            return self._value(param, argument, assigns, templates, index)
        if param.kind == "expr":
            return trees.name(self.writer.function(parsed, truth=param.name in TRUTH)), False, None
        if param.kind == "static":
            value = argument.raw
            if param.type is float or (param.static is not None and param.static.of == "duration"):
                value = convert.duration(value, param.name)
            return ast.Constant(value), False, None
        if param.kind == "block":
            name, waits, inner = self.block(parsed, f"{step.path}.{param.name}", first=argument.key_mark.line)
            ids += inner
            return trees.name(name), waits, None
        if param.kind == "blocks":
            keys: list[ast.expr | None] = []
            nodes: list[ast.expr] = []
            waits = False
            for key, steps in parsed.items():
                name, inner_waits, inner = self.block(
                    steps, f"{step.path}.{param.name}.{key}", first=argument.key_mark.line
                )
                ids += inner
                waits = waits or inner_waits
                keys.append(ast.Constant(key))
                nodes.append(trees.name(name))
            return ast.Dict(keys, nodes), waits, None
        return self._records(step, param, argument, templates, ids, index)

    def _records(
        self, step: Step, param: Param, argument: Argument, templates: list[Template], ids: list[str], index: int
    ) -> tuple[ast.expr, bool, None]:
        record = get_args(param.type)[0]
        maker = f"_make_{index}_{param.python}"
        self.space[maker] = record
        waits = False
        items: list[ast.expr] = []
        for position, fields in enumerate(argument.parsed):
            keywords: list[ast.keyword] = []
            for nested in param.fields:
                inner = fields.get(nested.name)
                if inner is None:
                    continue
                at = _Nested(step, f"{step.path}.{param.name}[{position}]")
                node, inner_waits, _ = self.argument(at.step, nested, inner, [], templates, ids, index)
                waits = waits or inner_waits
                if node is not None:
                    keywords.append(ast.keyword(nested.python, node))
            items.append(ast.Call(trees.name(maker), [], keywords))
        return ast.List(items, ast.Load()), waits, None

    def _value(
        self, param: Param, argument: Argument, assigns: list[ast.stmt], templates: list[Template], index: int
    ) -> tuple[ast.expr | None, bool, str | None]:
        template: Template = argument.parsed
        if template.constant and template.value is None and not param.required:
            return None, False, None
        templates.append(template)
        tree = template.tree
        check = convert.converter(
            param.type, param.nullable or (not param.required and param.default is None), param.name
        )
        if template.can_omit:
            name = f"_given_{index}_{param.python}"
            self.space[name] = _given(check, param)
            tree = trees.call(name, tree)
        elif check is not None:
            if template.constant and not isinstance(template.value, dict | list):
                tree = self._constant(check(template.value), f"_value_{index}_{param.python}")
            elif not _already(param, template):
                name = f"_check_{index}_{param.python}"
                self.space[name] = check
                tree = trees.call(name, tree)
        variable = f"_v{len(assigns)}"
        assign = trees.assign(variable, tree)
        trees.place_missing(assign, template.line)
        assigns.append(assign)
        return trees.name(variable), False, variable

    def _constant(self, value: Any, name: str) -> ast.expr:
        """A converted constant; one that Python cannot write, a time, is a name."""
        if value is None or isinstance(value, str | int | float | bytes):
            return ast.Constant(value)
        self.space[name] = value
        return trees.name(name)


TRUTH = frozenset({"if", "while", "require"})
"""Expression parameters that ask for true or false."""


class _Nested:
    """A step as its nested records see it: the same, with a longer path."""

    def __init__(self, step: Step, path: str) -> None:
        self.step = Step(step.action, path, step.mark, step.arguments)


def _given(check: convert.Check | None, param: Param) -> Callable[[Any], Any]:
    """What takes a value that may be omitted: then the parameter is as if it were not written."""

    def given(value: Any) -> Any:
        if value is expression.OMIT:
            if param.required:
                raise Failure("internal", f"{param.name} is omitted, and the step needs it")
            return param.default
        return value if check is None else check(value)

    return given


def _already(param: Param, template: Template) -> bool:
    """Whether a tree has the parameter's type by its shape: a mapping or list written out."""
    shape = get_origin(param.type) or param.type
    return (shape is dict and isinstance(template.tree, ast.Dict)) or (
        shape is list and isinstance(template.tree, ast.List)
    )


def _meta(index: int) -> ast.expr:
    return ast.Subscript(trees.name("_metas"), ast.Constant(index), ast.Load())
