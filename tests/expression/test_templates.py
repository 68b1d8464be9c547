"""Values and conditions: what is read of YAML data with bindings, and what is wrong with it."""

import ast
import traceback
from typing import Any

import pytest

from penstock.errors import Failure
from penstock.expression import NAMESPACE, OMIT, compile_template, condition, free_names, value
from penstock.model import NOWHERE, Map, Mark, Reference, Seq
from penstock.problem import CODES

HERE = Mark(4, 7, 4, 8)


def compute(raw: Any, **names: Any) -> Any:
    template = value(raw, NOWHERE)
    assert template.faults == ()
    return compile_template(template, list(names))(*names.values())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("{{ x }}", 5),
        ("  {{ x }}\n", 5),
        ("{{x}}", 5),
        ("{{ x }}!", "5!"),
        ("a {{ x }} b {{ y }}", "a 5 b "),
        ("{{ x }}{{ x }}", "55"),
        ("{{ x }} {{ x }}", "5 5"),
        ("{{ t }}/{{ [1, {'a': none}] }}", 'true/[1,{"a":null}]'),
        ("{{ {'a': 1} }}", {"a": 1}),
        ("{{ {'a': {'b': 1}} }}", {"a": {"b": 1}}),
        ("{{ {'a': {'b': 1}}}}", {"a": {"b": 1}}),
        ("{{{'a': {'b': 1}}}}", {"a": {"b": 1}}),
        ("{{ {'a': {}}.a }}", {}),
        ("{{ '}}' }}", "}}"),
        ("{{ '{{' }} {{ \"}}\" }}", "{{ }}"),
        ("{{ 'it\\'s }}' }}", "it's }}"),
        ("}} {{ x }} }}", "}} 5 }}"),
        ("{% if x %} {# no #} {{ x }}", "{% if x %} {# no #} 5"),
        ("{{ -x }}", -5),
        ("{{-x}}", -5),
        ("{ {{ x }} }", "{ 5 }"),
        ("{{\n  x\n  + 1\n}}", 6),
        (["{{ x }}", {"k": ["{{ x }}b"]}, 1, None], [5, {"k": ["5b"]}, 1, None]),
        ({"a": "{{ x }}", "b": "{{ omit }}", "c": "{{ omit if x else 1 }}"}, {"a": 5}),
        ("{{ [omit, {'a': omit, 'b': y | default(omit), 'c': x}] }}", [{"c": 5}]),
        (["{{ omit }}", "{{ y | default(omit) }}", "{{ x }}"], [5]),
    ],
)
def test_value(raw: Any, expected: Any) -> None:
    found = compute(raw, x=5, y=None, t=True)
    assert found == expected
    assert type(found) is type(expected)


def test_bytes_make_no_text() -> None:
    assert compute("{{ b }}", b=b"x") == b"x"
    with pytest.raises(Failure):
        compute("{{ b }}!", b=b"x")


def test_omit_alone_is_told() -> None:
    template = value("{{ x | default(omit) }}", NOWHERE)
    assert template.can_omit
    assert compile_template(template, ["x"])(None) is OMIT
    assert not value({"a": "{{ omit }}"}, NOWHERE).can_omit


@pytest.mark.parametrize(
    "raw", [None, True, 5, 1.5, "text", "a }} b", "{ {", [], {}, [1, {"a": [None, "x"]}], {"a": {"b": "c"}}]
)
def test_constant(raw: Any) -> None:
    template = value(raw, NOWHERE)
    assert template.constant
    assert template.value == raw
    assert not template.references and not template.faults
    compute_again = compile_template(template, [])
    assert compute_again() == raw
    if isinstance(raw, list | dict):
        assert compute_again() is not compute_again()


def test_constant_of_marked_data_is_plain() -> None:
    inner = Seq()
    inner.put(1, HERE)
    raw = Map()
    raw.put("a", inner, HERE, HERE)
    template = value(raw, NOWHERE)
    assert type(template.value) is dict and type(template.value["a"]) is list


def test_references() -> None:
    template = value("{{ params.a['b'][0].c[params.k] | default(steps.x.y) }} {{ item }}", Mark(2, 3, 2, 4))
    assert template.references == (
        Reference("params", ("a", "b", 0, "c"), 2, 7, True),
        Reference("params", ("k",), 2, 26, True),
        Reference("steps", ("x", "y"), 2, 46, False),
        Reference("item", (), 2, 63, False),
    )
    assert free_names(template.tree) == {"params", "steps", "item"}
    assert value("{{ params.a.b is given }}", NOWHERE).references == (
        Reference("params", ("a", "b"), 1, 4, True),
        Reference("given", (), 1, 4, True),
    )
    assert free_names(value("{{ now() }}", NOWHERE).tree) == {"_s"}
    assert not free_names(value("{{ min(1, 2) | abs ~ 'a' }}", NOWHERE).tree)


@pytest.mark.parametrize(
    ("raw", "column", "code", "hint"),
    [
        ("{{ a + }}", 10, "expression-syntax", ""),
        ("{{ a", 1, "expression-syntax", "write }}"),
        ("x {{ y }} {{ a", 11, "expression-syntax", "write }}"),
        ("{{}}", 3, "expression-syntax", ""),
        ("{{ 'x }}", 4, "expression-syntax", "not closed"),
        ("{{ a = 1 }}", 6, "expression-syntax", "=="),
        ("{{ a && b }}", 6, "expression-syntax", "and"),
        ("{{ !a }}", 4, "expression-syntax", "not"),
        ("{{ a ? b : c }}", 6, "expression-syntax", "if"),
        ("{{ a, b }}", 5, "expression-syntax", "[ ]"),
        ("{{ (a }}", 7, "expression-syntax", ""),
        ("{{ [a) }}", 6, "expression-syntax", ""),
        ("{{ a b }}", 6, "expression-syntax", ""),
        ("{{ {{ a }} }}", 4, "expression-syntax", "without braces"),
        ("{{ 1e999 }}", 4, "expression-syntax", ""),
        ("{{ a | uper }}", 8, "unknown-filter", "upper"),
        ("{{ a | map('uper') }}", 12, "unknown-filter", "upper"),
        ("{{ a | select('od') }}", 15, "unknown-test", "odd"),
        ("{{ a | selectattr('x', 'equals') }}", 24, "unknown-test", ""),
        ("{{ a is stringy }}", 6, "unknown-test", "string"),
        ("{{ a is gven }}", 6, "unknown-test", "given"),
        ("{{ nw() }}", 4, "unknown-function", "now"),
        ("{{ upper('a') }}", 4, "unknown-function", "| upper"),
        ("{{ a.upper() }}", 11, "expression-unsupported", "| upper"),
        ("{{ a ** 2 }}", 4, "expression-unsupported", ""),
        ("{{ min(*a) }}", 7, "expression-unsupported", ""),
        ("{{ _s }}", 4, "expression-unsupported", ""),
        ("{{ a | replace('x') }}", 8, "expression-arguments", "replace(old, new"),
        ("{{ a | upper(b=1) }}", 8, "expression-arguments", ""),
        ("{{ a | default(1, 2, 3) }}", 8, "expression-arguments", ""),
        ("{{ a is defined(1) }}", 6, "expression-arguments", ""),
        ("{{ steps.a is given }}", 12, "expression-arguments", "params"),
        ("{{ a | regex_match('(') }}", 20, "bad-pattern", ""),
        ("{{ " + "a" * 20_000 + " }}", 3, "expression-size", ""),
        ("{{ " + "(" * 60 + "a" + ")" * 60 + " }}", 28, "expression-size", ""),
    ],
)
def test_faults(raw: str, column: int, code: str, hint: str) -> None:
    template = value(raw, NOWHERE)
    fault = template.faults[0]
    assert (fault.line, fault.column, fault.code) == (1, column, code), fault
    assert hint in fault.hint
    assert code in CODES
    assert fault.message[0].islower() or not fault.message[0].isalpha()
    assert not fault.message.endswith(".")


def test_faults_stand_at_their_line() -> None:
    template = value("one\n  {{ a | uper }}\n{{ b | lowr }}", Mark(10, 5, 11, 3))
    assert [(fault.line, fault.column) for fault in template.faults] == [(12, 12), (13, 10)]


def test_all_faults_of_a_value_at_once() -> None:
    template = value({"a": "{{ x | uper }}", "b": ["{{ y( }}", "{{ nw() + a.b() }}"]}, NOWHERE)
    assert [fault.code for fault in template.faults] == [
        "unknown-filter",
        "expression-syntax",
        "unknown-function",
        "expression-unsupported",
    ]


def test_a_key_holds_no_binding() -> None:
    assert [fault.code for fault in value({"{{ x }}": 1}, NOWHERE).faults] == ["binding-in-key"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("x == 5", True),
        ("{{ x == 5 }}", True),
        (" {{ x }} ", 5),
        ("x is odd and {'a': 1}.a == 1", True),
        ("x == '{{ y }}'", False),
        ("'}}' == '}}'", True),
        ("{'a': {'b': 1}} == {}", False),
        (True, True),
        (False, False),
    ],
)
def test_condition(raw: Any, expected: Any) -> None:
    template = condition(raw, NOWHERE)
    assert template.faults == ()
    assert compile_template(template, ["x"])(5) == expected
    assert template.constant == isinstance(raw, bool)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("{{ x }} and y", "text-around-condition"),
        ("x and {{ y }}", "text-around-condition"),
        ("{{ x }}{{ y }}", "text-around-condition"),
        ("not {{ x }}", "text-around-condition"),
        ("yes! {{ x }}", "text-around-condition"),
        ("x == '{{ y }}' and", "expression-syntax"),
        ("x and", "expression-syntax"),
        ("", "expression-syntax"),
        ("omit", "bad-condition"),
        (1, "bad-condition"),
        (None, "bad-condition"),
        ([True], "bad-condition"),
        ({"a": 1}, "bad-condition"),
    ],
)
def test_condition_faults(raw: Any, code: str) -> None:
    assert [fault.code for fault in condition(raw, NOWHERE).faults] == [code]


def test_trees_speak_of_yaml_lines() -> None:
    template = value("first\n{{ 1 }}\n{{ a.b }}\n{{ c }}", Mark(20, 3, 21, 5))
    function = compile_template(template, ["a", "c"], "orders/create.yaml")
    assert function.__code__.co_filename == "orders/create.yaml"
    with pytest.raises(Failure) as failed:
        function({}, 1)
    frames = traceback.extract_tb(failed.value.__traceback__)
    assert [frame.lineno for frame in frames if frame.filename == "orders/create.yaml"] == [23]
    assert {node.lineno for node in ast.walk(template.tree) if isinstance(node, ast.expr)} <= {20, 22, 23, 24}


def test_the_namespace_has_no_builtins() -> None:
    assert NAMESPACE["__builtins__"] == {}
    assert all(name.startswith("_") for name in NAMESPACE)
