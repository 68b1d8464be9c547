"""Functions: what the Python modules of `functions/` define, read off their text; nothing is imported."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Takes:
    """The arguments of a function. `anything`: it takes any name, or cannot be read off the text."""

    names: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    anything: bool = False


def read(file: str, data: bytes) -> dict[str, Takes]:
    """The functions of one module as `module.function`; empty if it is not Python."""
    module = file.removeprefix("functions/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    try:
        tree = ast.parse(data, file)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {f"{module}.{name}": takes for name, takes in _defined(tree.body) if not name.startswith("_")}


def _defined(body: list[ast.stmt]) -> Iterator[tuple[str, Takes]]:
    """The names that a module binds at its top."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, Takes(anything=True) if node.decorator_list else _takes(node.args)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    yield (alias.asname or alias.name).split(".")[0], Takes(anything=True)
            case ast.Assign(targets=targets):
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, Takes(anything=True)
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name, Takes(anything=True)
            case ast.ClassDef(name=name):
                yield name, Takes(anything=True)
            case ast.If(body=then, orelse=other):
                yield from _defined(then)
                yield from _defined(other)
            case ast.Try(body=then, handlers=handlers, orelse=other):
                yield from _defined(then)
                yield from _defined(other)
                for handler in handlers:
                    yield from _defined(handler.body)


def _takes(args: ast.arguments) -> Takes:
    positional = [arg.arg for arg in args.args]
    first = len(positional) - len(args.defaults)
    keyword = [arg.arg for arg in args.kwonlyargs]
    required = [name for name, default in zip(keyword, args.kw_defaults, strict=True) if default is None]
    return Takes((*positional, *keyword), (*positional[: max(first, 0)], *required), args.kwarg is not None)
