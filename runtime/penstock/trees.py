"""Trees: small Python syntax trees, and the lines that they stand on."""

import ast


def name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def call(function: str, *arguments: ast.expr | str) -> ast.Call:
    return ast.Call(name(function), [name(item) if isinstance(item, str) else item for item in arguments], [])


def thunk(body: ast.expr) -> ast.Lambda:
    return ast.Lambda(ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]), body)


def awaiting(node: ast.expr) -> ast.Await:
    return ast.Await(node)


def assign(name: str, value: ast.expr) -> ast.Assign:
    return ast.Assign([ast.Name(name, ast.Store())], value)


def at(node: ast.stmt, line: int) -> ast.stmt:
    place_missing(node, line)
    return node


def place(node: ast.AST, line: int) -> None:
    """Put a whole tree on one line."""
    for inner in ast.walk(node):
        if "lineno" in inner._attributes:
            inner.lineno = inner.end_lineno = line  # type: ignore[attr-defined]
            inner.col_offset = inner.end_col_offset = 0  # type: ignore[attr-defined]


def place_outer(node: ast.Try, line: int) -> None:
    """Put a `try` and its handler on one line, its body left as it is."""
    node.lineno = node.end_lineno = line
    node.col_offset = node.end_col_offset = 0
    for handler in node.handlers:
        place(handler, line)


def place_missing(node: ast.AST, line: int) -> None:
    """Put on a line what has no place yet; expressions keep theirs."""
    for inner in ast.walk(node):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            inner.lineno = inner.end_lineno = line  # type: ignore[attr-defined]
            inner.col_offset = inner.end_col_offset = 0  # type: ignore[attr-defined]


def parse(text: str) -> list[ast.stmt]:
    """The statements of a text, without places."""
    module = ast.parse(text)
    for node in ast.walk(module):
        for attribute in node._attributes:
            delattr(node, attribute)
    return module.body
