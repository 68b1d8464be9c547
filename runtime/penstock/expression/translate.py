"""Translation: Jinja's tree of an expression as a Python tree over plain data, from a whitelist of nodes."""

import ast
from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from penstock.expression import syntax
from penstock.expression.arguments import constant_faults, refused, usage
from penstock.expression.building import Builder, is_plain
from penstock.expression.lexer import Literal, SyntaxFault
from penstock.expression.limits import MAX_DEPTH
from penstock.expression.tables import FILTERS, FUNCTIONS, IMPURE, TESTS
from penstock.model import Mark
from penstock.problem import suggest

DIRECT = frozenset({"params", "given", "steps", "vars", "middleware"})
"""Roots that are plain dicts at run time: their keys are read without a call."""

_BINARY: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Add: ("_add", "+"),
    nodes.Sub: ("_sub", "-"),
    nodes.Mul: ("_mul", "*"),
    nodes.Div: ("_div", "/"),
    nodes.FloorDiv: ("_floordiv", "//"),
    nodes.Mod: ("_mod", "%"),
}
_COMPARED = 20
_COMPARISONS = ("eq", "ne", "lt", "lteq", "gt", "gteq", "in", "notin")


class Translator(Builder):
    """One expression on its way to Python."""

    def __init__(self, text: str, mark: Mark) -> None:
        super().__init__(text, mark)
        self._depth = 0

    # -- nodes ------------------------------------------------------------------------------------

    def expression(self, node: nodes.Node, guarded: bool = False) -> ast.expr:
        """The tree of a node. `guarded`: what is missing gives MISSING instead of failing."""
        before = self.at
        self.at = self.place(node)
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                raise SyntaxFault(max(0, node.lineno - 1), "the expression is nested too deep", code=syntax.SIZE)
            return self._expression(node, guarded)
        finally:
            self.at = before
            self._depth -= 1

    def _expression(self, node: nodes.Node, guarded: bool) -> ast.expr:
        match node:
            case nodes.Const():
                return self.constant(node.value.value if isinstance(node.value, Literal) else node.value)
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                return self._chain(node, guarded)
            case nodes.Filter():
                return self._filter(node, guarded)
            case nodes.Test():
                return self._test(node)
            case nodes.Call():
                return self._function(node)
            case nodes.CondExpr():
                other = self.constant(None) if node.expr2 is None else self.expression(node.expr2, guarded)
                return self.put(ast.IfExp(self.expression(node.test), self.expression(node.expr1, guarded), other))
            case nodes.And() | nodes.Or():
                sign = ast.And() if isinstance(node, nodes.And) else ast.Or()
                parts = [self.expression(node.left, guarded), self.expression(node.right, guarded)]
                return self.put(ast.BoolOp(sign, parts))
            case nodes.Not():
                return self.put(ast.UnaryOp(ast.Not(), self.expression(node.node)))
            case nodes.Neg() | nodes.Pos():
                return self.call("_neg" if isinstance(node, nodes.Neg) else "_pos", [self.expression(node.node)])
            case nodes.Add() | nodes.Sub() | nodes.Mul() | nodes.Div() | nodes.FloorDiv() | nodes.Mod():
                return self._binary(node)
            case nodes.Concat():
                return self.call("_concat", [self.expression(part) for part in node.nodes])
            case nodes.Compare():
                return self._compare(node)
            case nodes.List() | nodes.Tuple():
                return self._list(node.items)
            case nodes.Dict():
                return self._dict(node)
            case nodes.Pow():
                return self.fault(
                    node, syntax.UNSUPPORTED, "there is no operator **", "multiply, or use a Python function"
                )
        return self.fault(node, syntax.UNSUPPORTED, f"{type(node).__name__.lower()} is not part of the dialect")

    def _list(self, items: list[nodes.Expr]) -> ast.expr:
        before, self.omits = self.omits, False
        display = self.put(ast.List([self.expression(item) for item in items], ast.Load()))
        drops, self.omits = self.omits, before
        return self.call("_drop_items", [display]) if drops else display

    def _dict(self, node: nodes.Dict) -> ast.expr:
        keys: list[ast.expr | None] = []
        for pair in node.items:
            tree = self.expression(pair.key)
            keys.append(tree if isinstance(tree, ast.Constant) else self.call("_key", [tree]))
        before, self.omits = self.omits, False
        display = self.put(ast.Dict(keys, [self.expression(pair.value) for pair in node.items]))
        drops, self.omits = self.omits, before
        return self.call("_drop", [display]) if drops else display

    def _binary(self, node: nodes.BinExpr) -> ast.expr:
        helper, sign = _BINARY[type(node)]
        left, right = self.expression(node.left), self.expression(node.right)
        was = self.heavy
        tree = self._exotic(sign, node.left, node.right, left, right) or self.call(helper, [left, right])
        for side in (node.left, node.right):
            number = side.value if isinstance(side, nodes.Const) else None
            if isinstance(number, Literal) or (type(number) is int and sign in "+-/"):
                self.heavy = was  # arithmetic with a number makes no text, unless it repeats one
        return tree

    def _exotic(
        self, sign: str, one: nodes.Node, other: nodes.Node, left: ast.expr, right: ast.expr
    ) -> ast.expr | None:
        """An operator with a float literal that has more digits than a float can hold."""
        for node, tree, operand, first in ((one, left, right, True), (other, right, left, False)):
            if isinstance(node, nodes.Const) and isinstance(node.value, Literal) and node.value.inexact:
                written = self.constant(node.value.written)
                return self.call("_literal", [self.constant(sign), operand, tree, written, self.constant(first)])
        return None

    def _compare(self, node: nodes.Compare) -> ast.expr:
        first = self.expression(node.expr)
        if any(operand.op not in _COMPARISONS for operand in node.ops):
            return self.fault(node, syntax.UNSUPPORTED, "there is no such comparison")
        if len(node.ops) > _COMPARED:
            return self.fault(node, syntax.SIZE, f"at most {_COMPARED} comparisons can be chained")
        if len(node.ops) == 1:
            operand = node.ops[0]
            right = self.expression(operand.expr)
            was = self.heavy
            exotic = self._exotic(operand.op, node.expr, operand.expr, first, right)
            tree = exotic or self.call("_" + operand.op, [first, right])
            if operand.op not in ("in", "notin") and (
                isinstance(first, ast.Constant) or isinstance(right, ast.Constant)
            ):
                self.heavy = was  # only lists and mappings take long to compare
            return tree
        rest: list[ast.expr] = []
        for operand in node.ops:
            rest += (self.constant(operand.op), self.later(self.expression(operand.expr)))
        return self.call("_chain", [first, *rest])

    # -- names, keys ------------------------------------------------------------------------------

    def _chain(self, node: nodes.Expr, guarded: bool) -> ast.expr:
        links: list[nodes.Getattr | nodes.Getitem] = []
        base: nodes.Expr = node
        while isinstance(base, nodes.Getattr | nodes.Getitem):
            links.append(base)
            base = base.node
        if len(links) > MAX_DEPTH:
            raise SyntaxFault(max(0, node.lineno - 1), "the expression is nested too deep", code=syntax.SIZE)
        links.reverse()
        keys = [_fixed(link) for link in links]
        path = "the value"
        if isinstance(base, nodes.Name):
            path = base.name
            if path == "omit" and not links:
                self.omits = True
                return self.name("_OMIT")
            if path.startswith("_"):
                return self.fault(base, syntax.UNSUPPORTED, "a name cannot begin with an underscore")
            fixed: list[str | int] = []
            for key in keys:
                if key is None:
                    break
                fixed.append(key)
            self.refer(base, fixed, guarded)
            tree = self.name(path)
        else:
            tree = self.expression(base, guarded)
        return self._links(tree, path, links, keys, guarded)

    def _links(
        self,
        tree: ast.expr,
        path: str,
        links: list[nodes.Getattr | nodes.Getitem],
        keys: list[str | int | None],
        guarded: bool,
    ) -> ast.expr:
        peeked: list[ast.expr] = []
        for index, (link, key) in enumerate(zip(links, keys, strict=True)):
            self.at = self.place(link)
            if isinstance(link, nodes.Getitem) and isinstance(link.arg, nodes.Slice):
                if peeked:
                    tree, peeked = self.call("_peek", [tree, *peeked]), []
                parts = [self._part(part) for part in (link.arg.start, link.arg.stop, link.arg.step)]
                helper = "_section" if not guarded else "_peek_section"
                tree = self.call(helper, [tree, *parts, self.constant(path)])
            elif guarded and index == 0 and isinstance(tree, ast.Name) and tree.id in DIRECT and isinstance(key, str):
                tree = self.direct(tree.id, key, self.name("_MISSING"))
            elif guarded:
                peeked.append(self._key_tree(link, key, guarded))
            elif index == 0 and isinstance(tree, ast.Name) and tree.id in DIRECT and isinstance(key, str):
                tree = self.direct(tree.id, key, self.call("_missing", [self.constant(f"{tree.id}.{key}")]))
            else:
                tree = self.call("_get", [tree, self._key_tree(link, key, guarded), self.constant(path)])
            path = _longer(path, link, key)
        return self.call("_peek", [tree, *peeked]) if peeked else tree

    def _part(self, node: nodes.Expr | None) -> ast.expr:
        return self.constant(None) if node is None else self.expression(node)

    def _key_tree(self, link: nodes.Getattr | nodes.Getitem, key: str | int | None, guarded: bool) -> ast.expr:
        if key is not None:
            return self.constant(key)
        assert isinstance(link, nodes.Getitem)
        return self.expression(link.arg, guarded)

    # -- filters, tests, functions ----------------------------------------------------------------

    def _filter(self, node: nodes.Filter, guarded: bool) -> ast.expr:
        value_of = node.node
        if value_of is None:
            return self.fault(node, syntax.UNSUPPORTED, "a filter stands after a value")
        if node.name in ("default", "d"):
            return self._default(node, value_of, guarded)
        if node.name == "coalesce":
            parts = [self.expression(part, True) for part in (value_of, *node.args)]
            if node.kwargs or node.dyn_args or node.dyn_kwargs:
                return self.fault(node, syntax.ARGUMENTS, "coalesce takes no named arguments")
            return self.call("_f_coalesce", parts)
        value = self.expression(value_of, guarded)
        if node.name not in FILTERS:
            return self.fault(
                node, syntax.UNKNOWN_FILTER, f"there is no filter {node.name}", suggest(node.name, FILTERS)
            )
        arguments = self._arguments(node, "filter", node.name, FILTERS[node.name], 1)
        if arguments is None:
            return value
        for fault in constant_faults(node):
            self.fault(*fault)
        args, named = arguments
        if guarded:
            return self.call("_through", [self.name(f"_f_{node.name}"), value, *args], named)
        return self.call(f"_f_{node.name}", [value, *args], named)

    def _default(self, node: nodes.Filter, value_of: nodes.Expr, guarded: bool) -> ast.expr:
        value = self.expression(value_of, True)
        arguments: list[nodes.Expr] = list(node.args)
        names: dict[str, nodes.Expr | None] = {str(pair.key): pair.value for pair in node.kwargs}
        fallback = arguments[0] if arguments else names.pop("default_value", None)
        falsy = arguments[1] if len(arguments) > 1 else names.pop("boolean", None)
        if names or len(arguments) > 2 or node.dyn_args or node.dyn_kwargs:
            return self.fault(node, syntax.ARGUMENTS, "default takes a value, and true to replace all that is false")
        other = self.constant("") if fallback is None else self.expression(fallback, guarded)
        also = self.constant(False) if falsy is None else self.expression(falsy)
        if is_plain(other):
            return self.call("_default", [value, other, also])
        return self.call("_default_later", [value, self.later(other), also])

    def _test(self, node: nodes.Test) -> ast.expr:
        name = node.name
        if name in ("defined", "undefined"):
            if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
                return self.fault(node, syntax.ARGUMENTS, f"{name} takes no arguments")
            return self.same(self.expression(node.node, True), "_MISSING", name == "undefined")
        if name == "given":
            return self._given(node)
        value = self.expression(node.node)
        if name not in TESTS:
            hint = suggest(name, {*TESTS, "given"})
            return self.fault(node, syntax.UNKNOWN_TEST, f"there is no test {name}", hint)
        if name == "none" and not node.args:
            return self.same(value, None, True)
        arguments = self._arguments(node, "test", name, TESTS[name], 1)
        if arguments is None:
            return value
        return self.call(f"_t_{_word(name)}", [value, *arguments[0]], arguments[1])

    def _given(self, node: nodes.Test) -> ast.expr:
        links: list[nodes.Getattr | nodes.Getitem] = []
        base: nodes.Expr = node.node
        while isinstance(base, nodes.Getattr | nodes.Getitem):
            links.append(base)
            base = base.node
        links.reverse()
        keys = [_fixed(link) for link in links]
        if node.args or not isinstance(base, nodes.Name) or base.name not in ("params", "given") or not links:
            return self.fault(
                node, syntax.ARGUMENTS, "`is given` asks about a parameter", "write `params.name is given`"
            )
        self.refer(base, [key for key in keys if key is not None], True)
        if base.name != "given":
            self.refer(nodes.Name("given", "load", lineno=base.lineno), (), True)
        trees = [self._key_tree(link, key, True) for link, key in zip(links, keys, strict=True)]
        found = self.call("_peek", [self.name("given"), *trees])
        return self.same(found, "_MISSING", False)

    def _function(self, node: nodes.Call) -> ast.expr:
        if not isinstance(node.node, nodes.Name):
            hint = ""
            if isinstance(node.node, nodes.Getattr) and node.node.attr in FILTERS:
                hint = f"use the filter: `| {node.node.attr}`"
            return self.fault(node, syntax.UNSUPPORTED, "only functions can be called, values have no methods", hint)
        name = node.node.name
        if name not in FUNCTIONS:
            hint = suggest(name, FUNCTIONS) or (f"use the filter: `| {name}`" if name in FILTERS else "")
            return self.fault(node.node, syntax.UNKNOWN_FUNCTION, f"there is no function {name}", hint)
        impure = name in IMPURE
        arguments = self._arguments(node, "function", name, FUNCTIONS[name], 1 if impure else 0)
        if arguments is None:
            return self.constant(None)
        first = [self.name("_s")] if impure else []
        return self.call(f"_c_{name}", [*first, *arguments[0]], arguments[1])

    def _arguments(
        self,
        node: nodes.Filter | nodes.Test | nodes.Call,
        what: str,
        name: str,
        called: Callable[..., Any],
        given: int,
    ) -> tuple[list[ast.expr], list[ast.keyword]] | None:
        """Positional and named arguments, checked against the function's own signature."""
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self.fault(node, syntax.UNSUPPORTED, "arguments cannot be spread with * or **")
            return None
        args = [self.expression(arg) for arg in node.args]
        named = []
        seen: set[str] = set()
        for pair in node.kwargs:
            key = str(pair.key)
            if key in seen:
                self.fault(pair, syntax.ARGUMENTS, f"the argument {key} is given twice")
                return None
            seen.add(key)
            named.append(self.put(ast.keyword(key, self.expression(pair.value))))
        if why := refused(called, given + len(args), seen):
            self.fault(node, syntax.ARGUMENTS, f"the {what} {name}: {why}", usage(name, called, given))
            return None
        return args, named


def _word(name: str) -> str:
    return {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}.get(name, name)


def _fixed(link: nodes.Getattr | nodes.Getitem) -> str | int | None:
    if isinstance(link, nodes.Getattr):
        return link.attr
    if isinstance(link.arg, nodes.Const) and type(link.arg.value) in (str, int):
        return link.arg.value  # type: ignore[no-any-return]
    if isinstance(link.arg, nodes.Neg) and isinstance(link.arg.node, nodes.Const) and type(link.arg.node.value) is int:
        return -link.arg.node.value
    return None


def _longer(path: str, link: nodes.Getattr | nodes.Getitem, key: str | int | None) -> str:
    if len(path) > 200:
        return path
    if key is None:
        return f"{path}[…]"
    return f"{path}.{key}" if isinstance(key, str) else f"{path}[{key}]"
