"""Syntax: what the YAML parser stumbled over, in the words of people who write files."""

import re
from typing import Any

from penstock.source import codes

MAX_EXPRESSION = 10_000
EXPRESSIONS = frozenset({"when", "if", "while", "require", "checks"})
"""Keys that hold a bare expression."""


def place(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def binding_end(text: str, start: int) -> int:
    """Where the binding ends that begins with `{{` at `start`: behind its braces; -1 if it never does."""
    depth = 0
    quote = ""
    at = start
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return -1


def quote(word: str, binding: bool) -> tuple[str, str]:
    if binding:
        return "quote the binding", 'write "{{ … }}", the quotes around the whole value'
    return "quote the expression", f'without quotes YAML reads something else; write {word}: "…"'


def is_open(text: str) -> bool:
    """Whether a quote or bracket of an expression is left open."""
    quote = ""
    depth = 0
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
    return bool(quote) or depth > 0


def explain(error: Any, at: tuple[int, int], lines: list[str]) -> tuple[str, tuple[int, int], str, str]:
    """Code, place, message and hint for an error of the parser, in the words of people who write files."""
    line = lines[at[0] - 1][:MAX_EXPRESSION] if at[0] <= len(lines) else ""
    problem, context = error.problem or "", error.context or ""
    opened = at if error.context_mark is None else place(error.context_mark)
    for number in _suspects(context, opened[0], at[0], len(lines)):
        column = _bare_binding(lines[number - 1][:MAX_EXPRESSION])
        if column:
            return codes.UNQUOTED_BINDING, (number, column), *quote("", True)
    found = _bare_expression(line, at[1] - 1)
    if found is not None:
        return codes.UNQUOTED_BINDING, (at[0], found[1]), *quote(found[0], False)
    if "tab character" in problem or "\t" in line[: len(line) - len(line.lstrip())] or line[at[1] - 1 : at[1]] == "\t":
        column = line.find("\t") + 1
        return codes.TAB, (at[0], column or at[1]), "a tab cannot indent", "use spaces"
    if "nesting depth" in problem:
        return codes.TOO_DEEP, at, "mappings and lists are nested deeper than 32", "call a workflow for the inner part"
    if "alias" in context or "anchor" in context:
        char = "*" if "alias" in context else "&"
        return (
            (codes.ALIAS if char == "*" else codes.ANCHOR),
            opened,
            f"a value cannot begin with {char}",
            "quote the text",
        )
    if "tag" in context or "tag" in problem:
        return codes.TAG, opened, "a value cannot begin with !", "quote the text"
    if "cannot start any token" in problem:
        char = line[at[1] - 1 : at[1]]
        return codes.SYNTAX, at, f"a value cannot begin with {char}", "quote the text"
    for words, message, hint, where_opened in _MESSAGES:
        if words in problem:
            return codes.SYNTAX, opened if where_opened else at, message.format(line=opened[0]), hint
    return codes.SYNTAX, at, problem.lower() or "this is not YAML", ""


_MESSAGES = (
    (
        "mapping values are not allowed",
        "a second `: ` in one line, or a key that is indented too far",
        "quote a value that holds `: `",
        False,
    ),
    ("found unexpected end of stream", "the quote that opens here is never closed", "close it", True),
    ("found unexpected document indicator", "the quote that opens here is never closed", "close it", True),
    (
        "expected ',' or ']'",
        "the list that opens in line {line} goes on with neither a comma nor `]`",
        "close it",
        False,
    ),
    (
        "expected ',' or '}'",
        "the mapping that opens in line {line} goes on with neither a comma nor `}}`",
        "close it",
        False,
    ),
    (
        "did not find expected key",
        "a key was expected here",
        "check the indentation; a value that begins with a quote or bracket must end with it",
        False,
    ),
    ("expected '-' indicator", "the list goes on with something else than an item", "check the indentation", False),
    ("block sequence entries are not allowed", "a list cannot begin here", "begin it in a line of its own", False),
    (
        "unknown escape character",
        "this escape does not exist in double quotes",
        "write \\\\ for a backslash, or use single quotes",
        False,
    ),
    (
        "invalid Unicode character escape",
        "this escape is no character of its own",
        "write the character itself, or one escape such as \\U0001F600",
        False,
    ),
    ("could not find expected ':'", "a key needs a colon behind it", "write key: value", True),
    ("expected <document start>", "the document has ended before this", "check the indentation", False),
    (
        "expected comment or line break",
        "nothing but a comment can follow here",
        "begin the text in the next line",
        False,
    ),
)
"""Words of the parser → message, hint, and whether the place is where the construct was opened."""


def _suspects(context: str, opened: int, at: int, last: int) -> list[int]:
    """The lines in which a binding without quotes may have led to the error."""
    first = opened if "flow" in context or "quoted" in context else at
    return [number for number in range(max(first, at - 50, 1), at + 1) if number <= last]


def _bare_binding(line: str) -> int:
    """Column of a `{{` that stands outside of quotes and comments; 0 if there is none."""
    at = 0
    fresh = True
    while at < len(line):
        char = line[at]
        if char in "'\"" and fresh:
            end = line.find(char, at + 1)
            while end > 0 and char == '"' and line[end - 1] == "\\":
                end = line.find(char, end + 1)
            if end < 0:
                return 0
            at = end
        elif line.startswith("{{", at):
            return at + 1
        elif char == "#" and line[at - 1 : at] in ("", " "):
            return 0
        fresh = char in "[{," or (char in " -:" and (fresh or char != " "))
        at += 1
    return 0


_KEY = re.compile(rf"(?:^|[\s{{,-])({'|'.join(sorted(EXPRESSIONS))}):[ ]+")


def _bare_expression(line: str, stop: int) -> tuple[str, int] | None:
    """Key and column of an expression that the parser broke off at `stop`."""
    found: tuple[str, int] | None = None
    for match in _KEY.finditer(line, 0, stop):
        segment = re.sub(r"'[^']*'|\"[^\"]*\"|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}", "", line[match.end() : stop])
        if not set(segment) & set(",}]#") and line[stop : stop + 1] not in ("", "'", '"', "#"):
            found = match[1], match.end() + 1
    return found
