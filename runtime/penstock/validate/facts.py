"""Facts: what one file needs of the others, kept for the checks of the whole project."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from penstock.model import Mark, Reference
from penstock.problem import Problem


@dataclass(frozen=True, slots=True)
class Outside:
    """A name of a binding that the file alone cannot settle. `path` is where the binding stands."""

    reference: Reference
    path: str


@dataclass(frozen=True, slots=True)
class Use:
    """A step that names a workflow or a Python function. `given` is its `with` (None: a binding gives it)."""

    of: Literal["workflow", "function", "table"]
    name: str
    mark: Mark
    action: str
    effect: str
    path: str
    given: Mapping[str, Any] | None
    given_at: Mapping[str, Mark]
    transaction: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks of the whole project need of one file. `refused` are the steps that a transaction cannot hold."""

    problems: tuple[Problem, ...] = ()
    outside: tuple[Outside, ...] = ()
    uses: tuple[Use, ...] = ()
    refused: tuple[str, ...] = ()
    secrets: tuple[tuple[str, int, int], ...] = ()
    """Secrets that the file names, each with line and column."""
