"""Writer: the Python module that is written for one file, and compiled under the file's name."""

import ast
from collections.abc import Iterable
from types import CodeType
from typing import Any

from penstock import expression, trees
from penstock.model import Template

ROOTS = frozenset({"params", "given", "steps", "vars", "user", "middleware", "env", "secrets", "data", "request"})


class Writer:
    """The module being written for one file."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.body: list[ast.stmt] = []
        self.count = 0
        self.lines: set[int] = set()

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"_{stem}_{self.count}"

    def function(self, template: Template, *, truth: bool = False) -> str:
        """Write a function `(_s) -> value` for an expression; gives its name."""
        name = self.fresh("expr")
        tree: ast.expr = template.tree
        if truth:
            tree = trees.call("_truth", tree)
        self.define(name, [trees.at(ast.Return(tree), template.line)], template.line, [template])
        return name

    def define(
        self, name: str, body: list[ast.stmt], line: int, templates: Iterable[Template], *, asynchronous: bool = False
    ) -> None:
        kind: type[ast.FunctionDef] | type[ast.AsyncFunctionDef] = (
            ast.AsyncFunctionDef if asynchronous else ast.FunctionDef
        )
        arguments = ast.arguments(posonlyargs=[], args=[ast.arg("_s")], kwonlyargs=[], kw_defaults=[], defaults=[])
        prologue = _prologue(templates)
        node = kind(name=name, args=arguments, body=[*prologue, *body], decorator_list=[], returns=None)
        for statement in prologue:
            trees.place(statement, line)
        node.lineno = node.end_lineno = line
        node.col_offset = node.end_col_offset = 0
        trees.place(node.args, line)
        self.body.append(node)

    def run(self, space: dict[str, Any]) -> dict[str, Any]:
        module = ast.Module(body=self.body, type_ignores=[])
        trees.place_missing(module, 1)
        names: dict[str, Any] = {
            **expression.NAMESPACE,
            **space,
            "__name__": "penstock.file",
            "__file__": self.filename,
        }
        code = compile(module, self.filename, "exec", dont_inherit=True)
        self.lines = {line for inner in code.co_consts if isinstance(inner, CodeType) for line in _lines(inner)}
        # The definitions themselves run once, at load: they are no lines of the file.
        exec(code.replace(co_filename="<penstock>"), names)  # noqa: S102
        return names


def _prologue(templates: Iterable[Template]) -> list[ast.stmt]:
    """Bring the names that expressions use into local variables."""
    used: set[str] = set()
    for template in templates:
        for node in ast.walk(template.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and not node.id.startswith("_"):
                used.add(node.id)
        used -= {
            argument.arg
            for node in ast.walk(template.tree)
            if isinstance(node, ast.Lambda)
            for argument in node.args.args
        }
    text: list[ast.stmt] = []
    for name in sorted(used):
        if name in ROOTS:
            source = ast.Attribute(trees.name("_s"), name, ast.Load())
            text.append(trees.assign(name, source))
        elif name == "run":
            text.append(
                trees.assign(
                    name, ast.Attribute(ast.Attribute(trees.name("_s"), "run", ast.Load()), "view", ast.Load())
                )
            )
        else:
            text.append(
                trees.assign(
                    name,
                    ast.Subscript(ast.Attribute(trees.name("_s"), "names", ast.Load()), ast.Constant(name), ast.Load()),
                )
            )
    return text


def _lines(code: CodeType) -> set[int]:
    """The lines that a code object and those inside of it can run."""
    found = {line for _, _, line in code.co_lines() if line is not None}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            found |= _lines(inner)
    return found
