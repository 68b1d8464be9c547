"""Ignores: `# penstock: ignore CODE` at the end of a line silences that problem there."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from penstock.problem import CODES, Problem, suggest
from penstock.validate import codes

COMMENT = re.compile(r"(?:^|\s)#\s*penstock:\s*ignore\b[ \t]*(.*)$")
WORD = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class Ignores:
    """The codes that a file silences, by line; `unknown` are the comments that name none."""

    lines: Mapping[int, frozenset[str]]
    unknown: tuple[Problem, ...] = ()


NONE = Ignores({})


def read(file: str, data: bytes) -> Ignores:
    """The comments of one file."""
    if b"penstock:" not in data:
        return NONE
    lines: dict[int, frozenset[str]] = {}
    unknown: list[Problem] = []
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        found = COMMENT.search(line)
        if found is None:
            continue
        words = list(WORD.finditer(found[1]))
        lines[number] = frozenset(word[0] for word in words)
        if not words:
            column = found.start(1) + 1
            problem = Problem(file, number, column, codes.UNKNOWN_CODE, "ignore names no code", "", "", "warning")
            unknown.append(problem)
        for word in words:
            if word[0] not in CODES:
                column = found.start(1) + word.start() + 1
                message = f"{word[0]} is not the code of a problem"
                hint = suggest(word[0], CODES)
                unknown.append(Problem(file, number, column, codes.UNKNOWN_CODE, message, hint, "", "warning"))
    return Ignores(lines, tuple(unknown))


def kept(problems: Iterable[Problem], ignores: Mapping[str, Ignores], fatal: frozenset[Problem]) -> list[Problem]:
    """The problems that are not silenced. Those in `fatal` keep a file from being used at all, and cannot be."""
    return [
        problem
        for problem in problems
        if problem in fatal or problem.code not in ignores.get(problem.file, NONE).lines.get(problem.line, frozenset())
    ]
