"""Namespace: the helpers that compiled expressions call, and running one that stands alone."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from penstock.errors import Failure
from penstock.expression import (
    access,
    checks,
    data,
    data_filters,
    dates,
    functions,
    html_filters,
    list_filters,
    numbers,
    operators,
    text_filters,
)
from penstock.expression.data import MISSING, OMIT
from penstock.expression.limits import fresh
from penstock.expression.tables import FILTERS, FUNCTIONS, TESTS
from penstock.expression.templates import condition
from penstock.model import Mark, Template


def default(value: Any, fallback: Any, falsy: Any) -> Any:
    """The value, or the fallback for what is missing or null (or, if `falsy`, false)."""
    if value is None or value is MISSING or (falsy and not value):
        return fallback
    return value


def default_later(value: Any, fallback: Callable[[], Any], falsy: Any) -> Any:
    """`default` with a fallback that is computed only when it is needed."""
    if value is None or value is MISSING or (falsy and not value):
        return fallback()
    return value


def through(function: Callable[..., Any], value: Any, *args: Any, **named: Any) -> Any:
    """A filter of a guarded value: what is missing stays missing."""
    return MISSING if value is MISSING else function(value, *args, **named)


def peek_section(base: Any, start: Any, stop: Any, step: Any, path: str) -> Any:
    """A slice of a guarded value."""
    return MISSING if base is MISSING or base is None else access.section(base, start, stop, step, path)


def equal(left: Any, right: Any) -> bool:
    """`left == right` as expressions have it: deep and typed. Begins a tally of its own."""
    fresh()
    return data.equal(left, right)


def less(left: Any, right: Any) -> bool:
    """`left < right` as expressions have it. Begins a tally of its own. Raises Failure for what has no order."""
    fresh()
    return data.less(left, right)


_FAMILIES = (checks, data_filters, dates, functions, html_filters, list_filters, numbers, text_filters)
"""The modules that fill the tables; importing them is what matters."""

NAMESPACE: dict[str, Any] = {
    "__builtins__": {},
    "_MISSING": MISSING,
    "_OMIT": OMIT,
    "_fresh": fresh,
    "_get": access.get,
    "_peek": access.peek,
    "_missing": access.missing,
    "_section": access.section,
    "_peek_section": peek_section,
    "_drop": access.drop,
    "_drop_items": access.drop_items,
    "_add": operators.add,
    "_sub": operators.sub,
    "_mul": operators.mul,
    "_div": operators.div,
    "_floordiv": operators.floordiv,
    "_mod": operators.mod,
    "_neg": operators.neg,
    "_pos": operators.pos,
    "_concat": operators.concat,
    "_key": operators.key,
    "_chain": operators.chain,
    "_literal": operators.with_literal,
    "_default": default,
    "_default_later": default_later,
    "_through": through,
    **{f"_{name}": made for name, made in operators.COMPARISONS.items()},
    **{f"_f_{name}": made for name, made in FILTERS.items()},
    **{f"_t_{name}": made for name, made in TESTS.items() if name.isidentifier()},
    **{f"_c_{name}": made for name, made in FUNCTIONS.items()},
}
"""The globals of compiled expressions. It has no builtins: an unknown name is a NameError, never Python's own."""


def free_names(tree: ast.expr) -> frozenset[str]:
    """The names that a tree needs besides the helpers: roots, and `_s` for the running context."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return frozenset(found - NAMESPACE.keys())


def compile_template(template: Template, names: Sequence[str], filename: str = "<expression>") -> Callable[..., Any]:
    """A function of these names, in this order, that computes the template."""
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(name) for name in names],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    made = ast.Lambda(arguments, template.tree)
    made.lineno, made.col_offset, made.end_lineno, made.end_col_offset = template.line, 0, template.line, 1
    code = compile(ast.fix_missing_locations(ast.Expression(made)), filename, "eval")
    function: Callable[..., Any] = eval(code, NAMESPACE)  # noqa: S307 - the tree comes from the whitelist
    return function


def evaluate(text: str, names: Mapping[str, Any], context: Any = None) -> Any:
    """Compute one expression over these names; `context` serves functions that need the clock or randomness.

    Raises ValueError for an expression with faults, Failure where it fails.
    """
    template = condition(text, Mark(1, 1, 1, 1))
    if template.faults:
        raise ValueError("; ".join(f"{fault.column}: {fault.message}" for fault in template.faults))
    needed = sorted(free_names(template.tree))
    for reference in template.references:
        if reference.root not in names and not reference.guarded:
            raise Failure("undefined", f"{reference.root} does not exist")
    values = [context if name == "_s" else names.get(name, MISSING) for name in needed]
    return compile_template(template, needed)(*values)
