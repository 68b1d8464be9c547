"""Tables: the filters, tests and functions that expressions may use, by name."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from penstock.errors import Failure

F = TypeVar("F", bound=Callable[..., Any])

FILTERS: dict[str, Callable[..., Any]] = {}
TESTS: dict[str, Callable[..., Any]] = {}
FUNCTIONS: dict[str, Callable[..., Any]] = {}
IMPURE = frozenset({"now", "today", "uuid", "random_token", "random_int"})
"""Functions that reach the world: their first argument is the running context."""
SIGNATURES: dict[Callable[..., Any], inspect.Signature] = {}
DOCS: dict[tuple[str, str], str] = {}
"""(`filter` | `test` | `function`, name) → its one line of documentation"""


def filter_(*names: str) -> Callable[[F], F]:
    """Register a function as a filter under these names; its first argument is the filtered value."""
    return _register(FILTERS, "filter", names)


def test(*names: str) -> Callable[[F], F]:
    """Register a function as a test under these names."""
    return _register(TESTS, "test", names)


def function(*names: str) -> Callable[[F], F]:
    """Register a function under these names."""
    return _register(FUNCTIONS, "function", names)


def _register(table: dict[str, Callable[..., Any]], what: str, names: tuple[str, ...]) -> Callable[[F], F]:
    def register(made: F) -> F:
        safe = _guarded(f"{what} {names[0]}", made)
        for name in names:
            table[name] = safe
            DOCS[what, name] = (inspect.getdoc(made) or "").partition("\n")[0]
        return made

    return register


def _guarded(what: str, made: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, failing only with Failure and never with a value in its message."""

    @functools.wraps(made)
    def safe(*args: Any, **named: Any) -> Any:
        try:
            return made(*args, **named)
        except Failure:
            raise
        except RecursionError:
            raise Failure("internal", f"{what}: the value is nested too deep") from None
        except Exception as error:
            raise Failure("internal", f"{what} cannot take these values ({type(error).__name__})") from None

    SIGNATURES[safe] = inspect.signature(made)
    return safe
