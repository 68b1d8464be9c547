"""Expressions: `{{ … }}` in YAML values, read once into Python trees over plain data.

`value` and `condition` read (they never raise; faults are in the Template), `NAMESPACE` holds the globals that their trees need,
`free_names` says which other names a tree needs, `compile_template` and `evaluate` serve expressions that stand alone, `OMIT` is what
`{{ omit }}` gives.
"""

from penstock.expression.data import MISSING, OMIT, text
from penstock.expression.namespace import NAMESPACE, compile_template, equal, evaluate, free_names, less
from penstock.expression.tables import DOCS, FILTERS, FUNCTIONS, TESTS
from penstock.expression.templates import condition, value

__all__ = [
    "DOCS",
    "FILTERS",
    "FUNCTIONS",
    "MISSING",
    "NAMESPACE",
    "OMIT",
    "TESTS",
    "compile_template",
    "condition",
    "equal",
    "evaluate",
    "free_names",
    "less",
    "text",
    "value",
]
