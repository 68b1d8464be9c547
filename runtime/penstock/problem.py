"""Problem: one fault of the files, as data, with a named code that is documented and can be silenced."""

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault: where, which, what is wrong and how to mend it. Lines and columns count from 1.

    `path` is the place in the file's data (`steps[0].then[1].values.qty`).
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    path: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.file}:{self.line}:{self.column} {self.code}: {self.message}{hint}"

    def view(self) -> dict[str, Any]:
        """The problem as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of problem: its name, weight, what it means and the cure."""

    name: str
    severity: Literal["error", "warning"]
    meaning: str
    cure: str
    example: str = ""


CODES: dict[str, Code] = {}


def code(
    name: str, meaning: str, cure: str, *, severity: Literal["error", "warning"] = "error", example: str = ""
) -> str:
    """Register a kind of problem; returns its name."""
    if name in CODES:
        raise ValueError(f"problem code {name} is registered twice")
    CODES[name] = Code(name, severity, meaning, cure, example)
    return name


def suggest(word: str, known: Iterable[str]) -> str:
    """`did you mean X?` for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""
