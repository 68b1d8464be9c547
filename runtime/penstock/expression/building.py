"""Building: Python nodes at YAML places, and what is found on the way to them."""

import ast
from collections.abc import Sequence
from typing import Any, TypeVar

from jinja2 import nodes

from penstock.model import Fault, Mark, Reference

T = TypeVar("T", bound=ast.expr | ast.keyword)

_CHEAP = frozenset(
    {
        "_get",
        "_peek",
        "_missing",
        "_neg",
        "_pos",
        "_default",
        "_default_later",
        "_drop",
        "_drop_items",
        "_key",
        "_sub",
        "_div",
        "_floordiv",
        "_c_now",
        "_c_today",
        "_c_uuid",
    }
)
"""Helpers that charge nothing: an expression of these alone needs no tally."""


class Builder:
    """Makes Python nodes for one expression: knows where each offset stands, collects references and faults.

    `heavy`: the expression calls helpers that charge, so its evaluation begins a tally. `omits`: it may give omit.
    """

    def __init__(self, text: str, mark: Mark) -> None:
        self.text = text
        self.mark = mark
        self.references: list[Reference] = []
        self.faults: list[Fault] = []
        self.omits = False
        self.heavy = False
        self.at = (mark.line, mark.column)

    def place(self, node: nodes.Node) -> tuple[int, int]:
        """Line and column of a node."""
        return self.mark.at(self.text, max(0, node.lineno - 1))

    def fault(self, node: nodes.Node, code: str, message: str, hint: str = "") -> ast.expr:
        """Note a fault; gives a tree to go on with."""
        line, column = self.place(node)
        self.faults.append(Fault(line, column, code, message, hint))
        return self.constant(None)

    def refer(self, node: nodes.Name, path: Sequence[str | int], guarded: bool) -> None:
        """Note a reference to a name."""
        line, column = self.place(node)
        self.references.append(Reference(node.name, tuple(path), line, column, guarded))

    def put(self, tree: T) -> T:
        """Give a node its place."""
        line, column = self.at
        tree.lineno = tree.end_lineno = line
        tree.col_offset = column - 1
        tree.end_col_offset = column
        return tree

    def constant(self, value: Any) -> ast.expr:
        """A constant."""
        return self.put(ast.Constant(value))

    def name(self, name: str) -> ast.expr:
        """A name that is read."""
        return self.put(ast.Name(name, ast.Load()))

    def call(self, helper: str, args: Sequence[ast.expr], named: Sequence[ast.keyword] = ()) -> ast.expr:
        """A call of a helper."""
        if helper not in _CHEAP:
            self.heavy = True
        return self.put(ast.Call(self.name(helper), list(args), list(named)))

    def later(self, tree: ast.expr) -> ast.expr:
        """A function that gives the tree's value when it is asked."""
        empty = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        return self.put(ast.Lambda(empty, tree))

    def same(self, tree: ast.expr, other: str | None, wanted: bool) -> ast.expr:
        """`tree is other` (`is not`, unless wanted); of a constant it is known now (Python would warn of `is` with one)."""
        if isinstance(tree, ast.Constant):
            return self.constant((tree.value is None and other is None) == wanted)
        right = self.constant(None) if other is None else self.name(other)
        return self.put(ast.Compare(tree, [ast.Is() if wanted else ast.IsNot()], [right]))

    def direct(self, root: str, key: str, other: ast.expr) -> ast.expr:
        """`root[key] if key in root else other`, inline."""
        there = self.put(ast.Compare(self.constant(key), [ast.In()], [self.name(root)]))
        found = self.put(ast.Subscript(self.name(root), self.constant(key), ast.Load()))
        return self.put(ast.IfExp(there, found, other))


def is_plain(tree: ast.expr) -> bool:
    """Whether computing a tree costs nothing and cannot fail."""
    if isinstance(tree, ast.Constant):
        return True
    if isinstance(tree, ast.Name):
        return tree.id.startswith("_")
    if isinstance(tree, ast.List):
        return all(is_plain(item) for item in tree.elts)
    return isinstance(tree, ast.Dict) and all(is_plain(item) for item in tree.values)
