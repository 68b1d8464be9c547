"""Templates: YAML values with `{{ … }}` bindings at any depth, read into one tree."""

import ast
from typing import Any

from penstock.expression import syntax
from penstock.expression.lexer import SyntaxFault, Words, read
from penstock.expression.syntax import parse
from penstock.expression.translate import Translator
from penstock.model import Fault, Map, Mark, Reference, Seq, Template, plain


class _Reader:
    """Collects what the bindings of one value refer to and what is wrong with them."""

    def __init__(self) -> None:
        self.references: list[Reference] = []
        self.faults: list[Fault] = []
        self.heavy = False
        self.bindings = 0

    def value(self, raw: Any, mark: Mark) -> tuple[ast.expr, bool]:
        """The tree of a value, and whether it may be omit."""
        if isinstance(raw, str):
            return self.text(raw, mark) if "{{" in raw else (_at(ast.Constant(raw), mark), False)
        if isinstance(raw, dict):
            return self.mapping(raw, mark), False
        if isinstance(raw, list):
            return self.sequence(raw, mark), False
        return _at(ast.Constant(raw), mark), False

    def mapping(self, raw: dict[Any, Any], mark: Mark) -> ast.expr:
        """A mapping's tree; keys are taken as they are."""
        keys: list[ast.expr | None] = []
        values: list[ast.expr] = []
        omits = False
        for key, item in raw.items():
            key_at = raw.keys_at.get(key, mark) if isinstance(raw, Map) else mark
            if isinstance(key, str) and "{{" in key:
                self.faults.append(Fault(key_at.line, key_at.column, syntax.KEY, "a key cannot hold a binding"))
            tree, omit = self.value(item, raw.values_at.get(key, mark) if isinstance(raw, Map) else mark)
            keys.append(_at(ast.Constant(key), key_at))
            values.append(tree)
            omits |= omit
        display = _at(ast.Dict(keys, values), mark)
        return _call("_drop", [display], mark) if omits else display

    def sequence(self, raw: list[Any], mark: Mark) -> ast.expr:
        """A list's tree."""
        marks = raw.items_at if isinstance(raw, Seq) and len(raw.items_at) == len(raw) else [mark] * len(raw)
        parts = [self.value(item, at) for item, at in zip(raw, marks, strict=True)]
        display = _at(ast.List([tree for tree, _ in parts], ast.Load()), mark)
        return _call("_drop_items", [display], mark) if any(omit for _, omit in parts) else display

    def text(self, raw: str, mark: Mark) -> tuple[ast.expr, bool]:
        """A text with bindings: one alone gives its value, others make text."""
        parts: list[ast.expr] = []
        literals: list[str] = []
        omit = False
        at = 0
        try:
            while (start := raw.find("{{", at)) >= 0:
                literals.append(raw[at:start])
                if raw[at:start]:
                    parts.append(_at(ast.Constant(raw[at:start]), mark))
                words = read(raw, start + 2, braces=True)
                tree, omits = self.binding(raw, mark, parse(words))
                omit |= omits
                parts.append(tree)
                at = words.end
        except SyntaxFault as fault:
            self._fault(fault, raw, mark)
            return _at(ast.Constant(None), mark), False
        literals.append(raw[at:])
        if len(literals) == 2 and not "".join(literals).strip():
            return parts[-1] if literals[0] == "" else parts[1], omit
        if raw[at:]:
            parts.append(_at(ast.Constant(raw[at:]), mark))
        self.heavy = True
        return _call("_concat", parts, mark), False

    def binding(self, raw: str, mark: Mark, node: Any) -> tuple[ast.expr, bool]:
        """One binding's tree. Raises SyntaxFault."""
        self.bindings += 1
        translator = Translator(raw, mark)
        tree = translator.expression(node)
        self.references += translator.references
        self.faults += translator.faults
        self.heavy |= translator.heavy
        return tree, translator.omits

    def _fault(self, fault: SyntaxFault, raw: str, mark: Mark) -> None:
        line, column = mark.at(raw, min(fault.offset, len(raw)))
        self.faults.append(Fault(line, column, fault.code, fault.message, fault.hint))

    def condition(self, raw: str, mark: Mark) -> ast.expr:
        """A bare expression, braces allowed around the whole of it."""
        try:
            lead = next((at for at, sign in enumerate(raw) if not sign.isspace()), len(raw))
            if raw.startswith("{{", lead):
                words = read(raw, lead + 2, braces=True)
                if not raw[words.end :].isspace() and words.end < len(raw):
                    raise SyntaxFault(words.end, "text around a condition's binding", _BARE, syntax.AROUND)
            else:
                words = self._bare(raw, lead)
            tree, omits = self.binding(raw, mark, parse(words))
            if omits:
                raise SyntaxFault(lead, "a condition cannot be omit", code=syntax.CONDITION)
        except SyntaxFault as fault:
            self._fault(fault, raw, mark)
            tree = _at(ast.Constant(False), mark)
        return tree

    def _bare(self, raw: str, lead: int) -> Words:
        try:
            return read(raw, lead, braces=False)
        except SyntaxFault as fault:
            brace = raw.find("{{")
            if brace >= 0 and fault.offset <= brace:
                raise SyntaxFault(brace, "text around a condition's binding", _BARE, syntax.AROUND) from None
            raise

    def template(self, tree: ast.expr, mark: Mark, can_omit: bool) -> Template:
        """The tree with all that was found; it begins a tally when it makes more than numbers."""
        if self.heavy:
            tree = _at(ast.BoolOp(ast.And(), [_call("_fresh", [], mark), tree]), mark)
        return Template(
            tree=tree,
            constant=False,
            value=None,
            references=tuple(self.references),
            faults=tuple(self.faults),
            line=mark.line,
            column=mark.column,
            can_omit=can_omit,
        )


_BARE = "write the bare expression, without braces; strings stand in quotes"


def value(raw: Any, mark: Mark) -> Template:
    """Read any YAML value with its bindings. Never raises: what is wrong is in `faults`."""
    reader = _Reader()
    tree, omit = reader.value(raw, mark)
    if not reader.bindings and not reader.faults:
        return Template(tree=tree, constant=True, value=plain(raw), line=mark.line, column=mark.column)
    return reader.template(tree, mark, omit)


def condition(raw: Any, mark: Mark) -> Template:
    """Read a bare expression (`when`, `if`, …). The tree gives the value, its truth is the caller's to take."""
    if isinstance(raw, bool):
        tree = _at(ast.Constant(raw), mark)
        return Template(tree=tree, constant=True, value=raw, line=mark.line, column=mark.column)
    reader = _Reader()
    if isinstance(raw, str):
        return reader.template(reader.condition(raw, mark), mark, False)
    message = "a condition is an expression, or true or false"
    reader.faults.append(Fault(mark.line, mark.column, syntax.CONDITION, message))
    return reader.template(_at(ast.Constant(False), mark), mark, False)


def _at(tree: Any, mark: Mark) -> Any:
    tree.lineno = tree.end_lineno = mark.line
    tree.col_offset = mark.column - 1
    tree.end_col_offset = mark.column
    return tree


def _call(helper: str, args: list[ast.expr], mark: Mark) -> ast.expr:
    tree: ast.expr = _at(ast.Call(_at(ast.Name(helper, ast.Load()), mark), args, []), mark)
    return tree
