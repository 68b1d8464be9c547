"""Lexer: the words of one expression, for Jinja's parser, each with its offset in place of a line.

A lexer of our own because a binding ends where its braces balance, strings know five escapes only, and faults need columns.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from jinja2.lexer import Token

from penstock.expression.limits import MAX_EXPRESSION, MAX_TOKENS

MAX_NESTING = 24
"""brackets within brackets, and operators that open a level without one"""
MAX_NUMBER = 1_000
"""characters of a number"""

_WORDS = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<name>[^\W\d]\w*)
  | (?P<float>(?<!\.)(?:\d++_)*+\d++(?:(?:\.(?:\d++_)*+\d++)?[eE][+-]?(?:\d++_)*+\d++|\.(?:\d++_)*+\d++))
  | (?P<integer>0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0[xX](?:_?[\da-fA-F])++|[1-9](?:_?\d)*+|0(?:_?0)*+)
  | (?P<string>'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")
  | (?P<operator>\*\*|//|==|!=|>=|<=|[-+/*%~\[\](){}><=.:|,;])
    """,
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = {
    "+": "add",
    "-": "sub",
    "/": "div",
    "//": "floordiv",
    "*": "mul",
    "%": "mod",
    "**": "pow",
    "~": "tilde",
    "[": "lbracket",
    "]": "rbracket",
    "(": "lparen",
    ")": "rparen",
    "{": "lbrace",
    "}": "rbrace",
    "==": "eq",
    "!=": "ne",
    ">": "gt",
    ">=": "gteq",
    "<": "lt",
    "<=": "lteq",
    "=": "assign",
    ".": "dot",
    ":": "colon",
    "|": "pipe",
    ",": "comma",
    ";": "semicolon",
}
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t"}
_HINTS = {
    "&": "write `and`",
    "!": "write `not`",
    "?": "write `x if c else y`",
    "^": "there is no such operator",
    "`": "strings stand in quotes",
    "$": "names have no sign before them",
    "'": "the string is not closed",
    '"': "the string is not closed",
}


class Literal(NamedTuple):
    """A float literal: its value and its digits as written."""

    value: float
    written: str

    @property
    def inexact(self) -> bool:
        """Whether the digits say more than the float."""
        return len(self.written) > 15 and Decimal(self.written) != Decimal(repr(self.value))


class SyntaxFault(Exception):
    """An expression that does not parse: offset, message and hint."""

    def __init__(self, offset: int, message: str, hint: str = "", code: str = "expression-syntax") -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint
        self.code = code


@dataclass(frozen=True, slots=True)
class Words:
    """The tokens of one expression and the offset after it. `lineno` of a token is its offset in the text plus one."""

    tokens: list[Token]
    start: int
    end: int


def read(text: str, start: int, braces: bool) -> Words:
    """The tokens of the expression at `start`; with `braces` it ends at the `}}` that balances. Raises SyntaxFault."""
    tokens: list[Token] = []
    open_: list[tuple[str, int]] = []
    unary = 0
    at = start
    length = len(text)
    last = start + MAX_EXPRESSION + 2
    while at < length:
        if braces and not open_ and text.startswith("}}", at):
            return Words(_mend(tokens), start, at + 2)
        found = _WORDS.match(text, at, last)
        if at >= last or (found is None and length > last and text[at] in "'\"") or len(tokens) > MAX_TOKENS:
            raise SyntaxFault(
                start, f"an expression may have at most {MAX_EXPRESSION} characters", code="expression-size"
            )
        if found is None:
            raise SyntaxFault(at, f"unexpected {text[at]!r}", _HINTS.get(text[at], ""))
        word = found.group()
        sort = found.lastgroup or ""
        if sort == "space":
            at = found.end()
            continue
        if word == "{" and text.startswith("{{", at):
            raise SyntaxFault(at, "a binding cannot stand within another", "write the name without braces")
        if sort == "operator":
            _brackets(word, at, open_)
            if len(open_) > MAX_NESTING:
                raise SyntaxFault(at, "the expression is nested too deep", code="expression-size")
        unary = unary + 1 if word in ("-", "+", "not", "if", "else") and sort in ("operator", "name") else unary
        if unary > 200:
            raise SyntaxFault(at, "the expression is nested too deep", code="expression-size")
        tokens.append(_token(sort, word, at))
        at = found.end()
    if open_:
        raise SyntaxFault(open_[-1][1], f"{open_[-1][0]!r} is not closed")
    if braces:
        raise SyntaxFault(
            start - 2, "the binding is not closed", "write }} after it, or '{{' in quotes within a binding"
        )
    return Words(_mend(tokens), start, at)


def _brackets(word: str, at: int, open_: list[tuple[str, int]]) -> None:
    if word in _CLOSES:
        open_.append((word, at))
    elif word in (")", "]", "}"):
        if not open_:
            raise SyntaxFault(at, f"unexpected {word!r}")
        opener, _ = open_.pop()
        if _CLOSES[opener] != word:
            raise SyntaxFault(at, f"expected {_CLOSES[opener]!r}, got {word!r}")


def _token(sort: str, word: str, at: int) -> Token:
    if sort == "operator":
        return Token(at + 1, _OPERATORS[word], word)
    if sort == "string":
        return Token(at + 1, "string", _ESCAPE.sub(_escape, word[1:-1]))
    if sort in ("integer", "float"):
        if len(word) > MAX_NUMBER:
            raise SyntaxFault(at, f"a number may have at most {MAX_NUMBER} characters", code="expression-size")
        bare = word.replace("_", "")
        if sort == "integer":
            return Token(at + 1, "integer", int(bare, 0))  # type: ignore[arg-type]
        number = float(bare)
        if number in (float("inf"), float("-inf")):
            raise SyntaxFault(at, "the number is too large")
        return Token(at + 1, "float", Literal(number, bare))  # type: ignore[arg-type]
    return Token(at + 1, "name", word)


def _escape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[0])


def _mend(tokens: list[Token]) -> list[Token]:
    """Close `x is TEST` before `if`, which Jinja's parser would take for the test's argument."""
    mended: list[Token] = []
    for index, token in enumerate(tokens):
        if token.type == "name" and token.value == "if" and _ends_test(tokens, index):
            mended += (Token(token.lineno, "lparen", "("), Token(token.lineno, "rparen", ")"))
        mended.append(token)
    return mended


def _ends_test(tokens: list[Token], index: int) -> bool:
    before = [token.value if token.type == "name" else "" for token in tokens[max(0, index - 3) : index]]
    return (
        len(before) >= 2
        and before[-1] != ""
        and (before[-2] == "is" or before[-3:-1] == ["is", "not"])
        and (before[-1] != "not")
    )
