"""Functions: what the Python modules of `functions/` define, read off their text; nothing is imported."""

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from penstock.problem import Problem
from penstock.validate import codes


@dataclass(frozen=True, slots=True)
class Takes:
    """The arguments of a function. `anything`: it takes any name, or cannot be read off the text."""

    names: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    anything: bool = False


@dataclass(frozen=True, slots=True)
class Module:
    """What one module defines, as `module.function`; under `module.*` what it may define besides."""

    digest: str
    functions: Mapping[str, Takes]
    problems: tuple[Problem, ...] = ()


def read(file: str, digest: str, data: bytes) -> Module:
    """The functions of one module."""
    module = file.removeprefix("functions/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    anything = {f"{module}.*": Takes(anything=True)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data, file)
    except SyntaxError as error:
        place = error.lineno or 1, max(error.offset or 1, 1)
        return Module(digest, anything, (Problem(file, *place, codes.BAD_PYTHON, f"not Python: {error.msg}"),))
    except (ValueError, RecursionError, MemoryError):
        problem = Problem(file, 1, 1, codes.BAD_PYTHON, "not Python: it holds null bytes, or is nested too deep")
        return Module(digest, anything, (problem,))
    return Module(digest, {f"{module}.{name}": takes for name, takes in _defined(tree.body) if name[0] != "_"})


def _defined(body: list[ast.stmt]) -> Iterator[tuple[str, Takes]]:
    """The names that a module binds at its top."""
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, Takes(anything=True) if node.decorator_list else _takes(node.args)
            case ast.Import() | ast.ImportFrom():
                # `import *` binds names that only running it would tell: they come out as `module.*`.
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
