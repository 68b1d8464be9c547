"""Syntax: an expression read by Jinja's own parser, and the codes of what can be wrong with one."""

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from penstock import problem
from penstock.expression.lexer import SyntaxFault, Words

SYNTAX = problem.code(
    "expression-syntax",
    "An expression does not parse.",
    "Mend it at the column that the message names. Expressions are Jinja's, without statements.",
    example='"{{ params.qty + }}"',
)
SIZE = problem.code(
    "expression-size",
    "An expression is longer or nested deeper than any person would write.",
    "Split it: compute parts with `set`, or call a Python function.",
)
UNSUPPORTED = problem.code(
    "expression-unsupported",
    "An expression uses something of Jinja's that the dialect does not have, such as `**`, `*args` or a call of a method.",
    "Use a filter or one of the functions.",
    example='"{{ params.name.upper() }}"',
)
UNKNOWN_FILTER = problem.code(
    "unknown-filter",
    "An expression uses a filter that does not exist.",
    "Use one of the filters that the expressions page lists.",
    example='"{{ params.name | uper }}"',
)
UNKNOWN_TEST = problem.code(
    "unknown-test",
    "An expression uses a test (`x is …`) that does not exist.",
    "Use one of the tests that the expressions page lists.",
    example='"{{ params.name is strange }}"',
)
UNKNOWN_FUNCTION = problem.code(
    "unknown-function",
    "An expression calls a function that does not exist.",
    "Use one of the functions that the expressions page lists, or the `python` action.",
    example='"{{ nowish() }}"',
)
ARGUMENTS = problem.code(
    "expression-arguments",
    "A filter, test or function is given arguments that it does not take.",
    "Give it the arguments that the expressions page shows.",
    example="\"{{ params.name | replace('a') }}\"",
)
PATTERN = problem.code(
    "bad-pattern",
    "A regular expression does not parse (syntax: RE2, which has no look-around and no back-references).",
    "Mend the pattern.",
    example="\"{{ params.name | regex_match('(') }}\"",
)
AROUND = problem.code(
    "text-around-condition",
    "A condition has text around its binding, which would always be true.",
    "Write the bare expression, without braces.",
    example='when: "{{ params.express }} and true"',
)
CONDITION = problem.code(
    "bad-condition",
    "A condition is not an expression.",
    "Write an expression, or true or false.",
    example="when: [1, 2]",
)
KEY = problem.code(
    "binding-in-key",
    "A mapping's key holds a binding; keys are taken as they are written.",
    "Build the mapping in one binding: `{{ dict([[key, value]]) }}`.",
    example='{"{{ params.name }}": 1}',
)

_ENVIRONMENT = Environment()  # serves its parser alone: nothing is rendered


def parse(words: Words) -> nodes.Expr:
    """The tree of one expression; `lineno` of a node is its offset plus one. Raises SyntaxFault."""
    parser = Parser(_ENVIRONMENT, "", state="variable")
    parser.stream = TokenStream(iter(words.tokens), None, None)
    if parser.stream.eos:
        raise SyntaxFault(words.start, "the expression is empty")
    try:
        tree = parser.parse_expression()
        if parser.stream.eos:
            return tree
        token = parser.stream.current
    except TemplateSyntaxError as error:
        at = error.lineno - 1 if words.tokens else words.end
        if "end of" in (error.message or "") and "got" not in (error.message or ""):
            at = words.end
        raise SyntaxFault(max(0, at), _reworded(error.message or "")) from None
    except RecursionError:
        raise SyntaxFault(words.tokens[0].lineno - 1, "the expression is nested too deep", code=SIZE) from None
    raise SyntaxFault(
        token.lineno - 1, f"unexpected {str(token.value)!r} after the expression", _hint(str(token.value))
    )


def _hint(word: str) -> str:
    if word == "=":
        return "== compares"
    if word == ",":
        return "a list stands in [ ]"
    return ""


def _reworded(message: str) -> str:
    message = message.replace("end of template", "end of the expression").replace("end of print statement", "end of it")
    message = message.rstrip(".")
    return message[:1].lower() + message[1:]
