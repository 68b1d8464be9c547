"""Notes: the problems of one file, as they are found."""

import re
from collections.abc import Iterable

from penstock.model import Fault, Map, Mark
from penstock.problem import CODES, Problem, suggest
from penstock.validate import codes

ALIAS = "alias"
MINOR = frozenset({codes.UNKNOWN_KEY})
"""Errors in spite of which a file can be used: what they name is passed over."""
EMPTY = "the empty text"
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Notes:
    """Collects the problems of one file; `fatal` are those that keep it from being used."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.fatal: set[Problem] = set()

    @property
    def whole(self) -> bool:
        """Whether the file can be used in spite of its problems."""
        return not self.fatal

    def add(self, code: str, mark: Mark, message: str, hint: str = "", path: str = "") -> None:
        """Note a problem; most keep the file from being used."""
        place = mark.line, mark.column
        if any(told.code == ALIAS and (told.line, told.column) == place for told in self.problems):
            return  # what it would have stood for is not known
        self.take([Problem(self.file, *place, code, message, hint, path, CODES[code].severity)])

    def faults(self, faults: Iterable[Fault], path: str) -> None:
        """Note what a reader of values found."""
        for fault in faults:
            severity = CODES[fault.code].severity if fault.code in CODES else "error"
            place = fault.line, fault.column
            self.take([Problem(self.file, *place, fault.code, fault.message, fault.hint, path, severity)])

    def schema(self, faults: Iterable[Fault], whole: Mark, path: str) -> None:
        """Note what a schema found and no reader has told yet; `whole` is the place of what the schema is about."""
        told = {(problem.line, problem.column) for problem in self.problems}
        self.faults(
            (
                fault
                for fault in faults
                if (fault.line, fault.column) not in told
                and (fault.code != codes.MISSING_FIELD or (fault.line, fault.column) != (whole.line, whole.column))
            ),
            path,
        )

    def take(self, problems: Iterable[Problem]) -> None:
        """Take over problems that a reader found in this file."""
        for problem in problems:
            self.problems.append(problem)
            if problem.severity == "error" and problem.code not in MINOR:
                self.fatal.add(problem)

    def keys(self, raw: Map, known: Iterable[str], of: str, path: str) -> None:
        """Note each key that is not known here."""
        allowed = tuple(known)
        for key in raw:
            if key not in allowed:
                hint = suggest(key, allowed)
                where = f"{path}.{key}" if path else key
                self.add(codes.UNKNOWN_KEY, raw.keys_at[key], f"{key or EMPTY} is not a key of {of}", hint, where)

    def name(self, text: str, mark: Mark, what: str, path: str) -> bool:
        """Whether a name is well-formed; notes it if not."""
        if NAME.fullmatch(text):
            return True
        message = f"{text or EMPTY} cannot be the name of {what}"
        self.add(codes.BAD_NAME, mark, message, "a-z, 0-9 and _, a letter first, at most 63 characters", path)
        return False
