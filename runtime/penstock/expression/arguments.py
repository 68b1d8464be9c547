"""Arguments: what filters, tests and functions are told, checked when a file is read."""

from collections.abc import Callable, Iterator
from typing import Any

import re2
from jinja2 import nodes

from penstock.errors import Failure
from penstock.expression import syntax
from penstock.expression.patterns import compiled
from penstock.expression.tables import FILTERS, SIGNATURES, TESTS
from penstock.problem import suggest

_CHOOSING = {"map": 0, "select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
"""Filters that are told the name of a filter or test, and in which place."""


def refused(called: Callable[..., Any], positional: int, named: set[str]) -> str:
    """Why a function does not take so many arguments and these named ones; empty when it does."""
    try:
        SIGNATURES[called].bind(*([None] * positional), **dict.fromkeys(named))
    except TypeError as error:
        return str(error)
    return ""


def usage(name: str, called: Callable[..., Any], hidden: int) -> str:
    """How a filter, test or function is called: `it is replace(old, new, count=None)`."""
    shown = []
    for param in list(SIGNATURES[called].parameters.values())[hidden:]:
        text = param.name
        if param.kind is param.VAR_POSITIONAL:
            text = "*" + text
        elif param.kind is param.VAR_KEYWORD:
            text = "**" + text
        elif param.default is not param.empty:
            text += f"={param.default!r}" if isinstance(param.default, str | int | float | None) else "=…"
        shown.append(text)
    return f"it is {name}({', '.join(shown)})"


def constant_faults(node: nodes.Filter) -> Iterator[tuple[nodes.Node, str, str, str]]:
    """What is wrong with a filter's constant patterns and names: node, code, message, hint."""
    args = node.args
    if node.name in ("regex_match", "regex_replace") and args and isinstance(args[0], nodes.Const):
        try:
            compiled(str(args[0].value), False)
        except re2.error as error:
            yield args[0], syntax.PATTERN, f"the pattern does not parse: {_said(error)}", ""
        except Failure as failure:
            yield args[0], syntax.PATTERN, failure.message, ""
    place = _CHOOSING.get(node.name, len(args))
    if place >= len(args):
        return
    chosen = args[place]
    if not isinstance(chosen, nodes.Const):
        return
    if node.name == "map" and chosen.value not in FILTERS:
        yield chosen, syntax.UNKNOWN_FILTER, f"there is no filter {chosen.value}", suggest(str(chosen.value), FILTERS)
    if node.name != "map" and chosen.value not in TESTS:
        yield chosen, syntax.UNKNOWN_TEST, f"there is no test {chosen.value}", suggest(str(chosen.value), TESTS)


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))[:200]
