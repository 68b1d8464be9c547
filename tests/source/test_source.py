"""Source: what is read, where it stands, and what is refused."""

import json
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock import source
from penstock.model import Map, Mark, Seq, plain
from penstock.problem import CODES


def read(text: str) -> Any:
    data, problems = source.read(text.encode(), "f.yaml")
    assert problems == []
    assert data is not None
    return data


def wrong(text: str | bytes) -> list[tuple[str, int, int]]:
    data = text if isinstance(text, bytes) else text.encode()
    _, problems = source.read(data, "f.yaml")
    assert all(problem.code in CODES and problem.message for problem in problems)
    return [(problem.code, problem.line, problem.column) for problem in problems]


CORE: list[tuple[str, Any]] = [
    *[(word, word) for word in ("on", "off", "yes", "no", "y", "n", "On", "tRUE", "nUll", "None")],
    *[(word, True) for word in ("true", "True", "TRUE")],
    *[(word, False) for word in ("false", "False", "FALSE")],
    *[(word, None) for word in ("", "~", "null", "Null", "NULL")],
    *[("010", 10), ("0", 0), ("-7", -7), ("+7", 7), ("0x1F", 31), ("0o17", 15), ("9" * 40, int("9" * 40))],
    *[("1e3", 1000.0), ("1.5", 1.5), (".5", 0.5), ("5.", 5.0), ("-1.5E-2", -0.015)],
    *[
        (word, word)
        for word in ("12:30", "1:30:15", "2026-01-01", "2026-01-01T00:00:00Z", "1_000", "0b1", "-0x1", "1e")
    ],
    *[(word, word) for word in (".", "+", "-.", "1.2.3", "=", "a<<b", "C:\\x", "٣", "a#b", "a:b", "http://a.b/?c=d&e")],
    *[("'1'", "1"), ('"true"', "true"), ("''", ""), ('"\\u00e9\\n\\/"', "é\n/"), ("'it''s'", "it's")],
]


@pytest.mark.parametrize(("text", "value"), CORE)
def test_core_schema(text: str, value: Any) -> None:
    result = read(f"a: {text}")["a"]
    assert (result, type(result)) == (value, type(value))


def test_collections() -> None:
    data = read('a: [1, {b: 2}, []]\nc:\n  - d\n  -\n  - e: {}\n"f g": |\n  x\n\n  y\n')
    assert plain(data) == {"a": [1, {"b": 2}, []], "c": ["d", None, {"e": {}}], "f g": "x\n\ny\n"}
    assert isinstance(data["a"], Seq)
    assert isinstance(data["a"][1], Map)


def test_keys_are_text() -> None:
    assert read("200: a\n404: b\ntrue: c\n1.5: d\n'<<': e\n\"\": f") == {
        **{"200": "a", "404": "b", "true": "c", "1.5": "d"},
        **{"<<": "e", "": "f"},
    }
    assert read("{a: 1, ? b : 2}") == {"a": 1, "b": 2}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n# x\n...\n", "\ufeff", "null"])
def test_empty_file(text: str) -> None:
    assert read(text) == {}


def test_line_ends_and_byte_order_mark() -> None:
    for end in ("\n", "\r\n", "\r"):
        data = read(f"\ufeffa: 1{end}b:{end}  - x{end}")
        assert plain(data) == {"a": 1, "b": ["x"]}
        assert data["b"].items_at[0][:2] == (3, 5)


def test_marks() -> None:
    data = read("a: x\n'b':   \"é y\"\nc:\n  - 1\n  -   two\nd: {e: f}\n")
    assert data.keys_at["b"] == (2, 1, 2, 2)
    assert data.values_at["a"] == (1, 4, 1, 4)
    assert data.values_at["b"] == Mark(2, 8, 2, 9)
    assert data["c"].mark[:2] == (4, 3)
    assert data["c"].items_at == [(4, 5, 4, 5), (5, 7, 5, 7)]
    assert data["d"].values_at["e"] == (6, 8, 6, 8)


@pytest.mark.parametrize(
    ("text", "value", "mark"),
    [
        ("a: |\n  x\n   y\n", "x\n y\n", (1, 4, 2, 3)),
        ("a: |\n\n\n     x\n", "\n\nx\n", (1, 4, 2, 6)),
        ("a: >-  # why\n    x\n    y\n", "x y", (1, 4, 2, 5)),
        ("a: |2\n    x\n   y\n", "  x\n y\n", (1, 4, 2, 3)),
        ("a: |\n", "", (1, 4, 2, 1)),
    ],
)
def test_marks_of_block_scalars(text: str, value: str, mark: tuple[int, ...]) -> None:
    data = read(text)
    assert data["a"] == value
    assert data.values_at["a"] == mark


def test_mark_within_a_block_scalar() -> None:
    data = read("a:\n  b: |\n    one\n    two {{ x }}\n")
    text = data["a"]["b"]
    assert data["a"].values_at["b"].at(text, text.index("x")) == (4, 12)


REFUSED: list[tuple[str | bytes, list[tuple[str, int, int]]]] = [
    ("a: 1\nb: 2\na: 3", [("duplicate-key", 3, 1)]),
    ("a: {b: 1, 'b': 2}", [("duplicate-key", 1, 11)]),
    ("200: a\n'200': b", [("duplicate-key", 2, 1)]),
    ("a: &x 1", [("anchor", 1, 4)]),
    ("&k a: 1", [("anchor", 1, 1)]),
    ("a: &x {b: 1}\nc: *x", [("anchor", 1, 4), ("alias", 2, 4)]),
    ("a: *.example.com", [("alias", 1, 4)]),
    ("a: [*x, *y]", [("alias", 1, 5), ("alias", 1, 9)]),
    ("*a : 1", [("alias", 1, 1)]),
    ("<<: {a: 1}\nb: 1", [("merge-key", 1, 1)]),
    ("a:\n  <<: *x", [("merge-key", 2, 3), ("alias", 2, 7)]),
    ("a: !!str 1", [("tag", 1, 4)]),
    ("a: !x {b: 1}", [("tag", 1, 4)]),
    ("a: !!python/object:os.system [x]", [("tag", 1, 4)]),
    ("%TAG ! tag:x,2000:\n---\na: 1", [("tag", 1, 1)]),
    ("[a]: 1", [("non-text-key", 1, 1)]),
    ("? {a: 1}\n: 2", [("non-text-key", 1, 3)]),
    ("~: 1", [("non-text-key", 1, 1)]),
    ("{? , a: 1}", [("non-text-key", 1, 4)]),
    ("a: 1\n---\nb: 2", [("several-documents", 2, 1)]),
    ("- a", [("not-a-mapping", 1, 1)]),
    ("text", [("not-a-mapping", 1, 1)]),
    ("a: .inf", [("bad-number", 1, 4)]),
    ("a: -.INF\nb: .NaN\nc: 1e999", [("bad-number", 1, 4), ("bad-number", 2, 4), ("bad-number", 3, 4)]),
    ("a: " + "9" * 5000, [("bad-number", 1, 4)]),
    ("a: 0x" + "f" * 5000, [("bad-number", 1, 4)]),
    (b"a: 1\nb: \xc3\xa9\xff", [("bad-encoding", 2, 5)]),
    ("a: 1".encode("utf-16"), [("bad-encoding", 1, 1)]),
    (b"a: \xed\xa0\x80", [("bad-encoding", 1, 4)]),
    ("a: 1\nb: x\0", [("control-character", 2, 5)]),
    ("a: '\x1b[31m'", [("control-character", 1, 5)]),
    ("a: x\u2028y", [("control-character", 1, 5)]),
    ("a: \ufeffx", [("control-character", 1, 4)]),
    ("\ta: 1", [("tab", 1, 1)]),
    ("a:\n\t- b", [("tab", 2, 1)]),
    ("a:\n  b: 1\n\tc: 2", [("tab", 3, 1)]),
    ("a: |\n\tb", [("tab", 2, 1)]),
    ("a: b: c", [("syntax", 1, 5)]),
    ("a: 'x\nb: 1", [("syntax", 1, 4)]),
    ("a: [1\nb: 2", [("syntax", 2, 2)]),
    ("a: {b: 1\nc: 2", [("syntax", 2, 2)]),
    ("a: @x", [("syntax", 1, 4)]),
    ('a: "\\q"', [("syntax", 1, 5)]),
    ('a: "\\ud83d\\ude00"', [("syntax", 1, 7)]),
    ("a: 1\n  b: 2", [("syntax", 2, 4)]),
    ("a: 1\n- b", [("syntax", 2, 1)]),
    ('a: "x" + y', [("syntax", 1, 8)]),
    ("a\nb: 1", [("syntax", 2, 2)]),
    ("a" * 5000 + ": 1", [("syntax", 1, 5001)]),
    ("a: " + "[" * 31 + "]" * 31, []),
    ("a: " + "[" * 32 + "]" * 32, [("too-deep", 1, 35)]),
    ("a: " + "{a: " * 32 + "}" * 32, [("too-deep", 1, 128)]),
]


@pytest.mark.parametrize(("text", "found"), REFUSED)
def test_refused(text: str | bytes, found: list[tuple[str, int, int]]) -> None:
    assert wrong(text) == found


UNQUOTED: list[tuple[str, list[tuple[int, int]]]] = [
    ("a: {{ x }}", [(1, 4)]),
    ("a: {{ x }}\nb: [{{ y }}, {{ f(1, 2) }}]\nc: {d: {{ z }}}", [(1, 4), (2, 5), (2, 14), (3, 8)]),
    ("a: {{ x }} and {{ y }}", [(1, 4)]),
    ("a: {{ x | default('a: b') }}", [(1, 4)]),
    ("a: {{ x[0] }}", [(1, 4)]),
    ("a: {{ {'k': 1} }}", [(1, 4)]),
    ("a: {{ x", [(1, 4)]),
    ("a: {{ x\nb: 1", [(1, 4)]),
    ("- {{ x }}", [(1, 3)]),
    ("{{ x }}: 1", [(1, 1)]),
    ("a: {{ 'x' ~ \"b }}\nc: 1", [(1, 4)]),
    ("a: Hi {{ x }}: you", [(1, 7)]),
    ("a: Hi {{ x | default(' #') }}", [(1, 4)]),
    ("a: [Hi {{ x }}]", [(1, 8)]),
    ("a: {b: Hi {{ x }}}", [(1, 11)]),
    ("when: 'a' in params.x", [(1, 7)]),
    ("steps:\n  - if: [1, 2] == x\n    then: []", [(2, 9)]),
    ("- {if: x in [1, 2], then: []}", [(1, 8)]),
    ("- {if: f(1, 2) > 3, then: []}", [(1, 8)]),
    ("- {when: 'a, b' in x, log: y}", [(1, 10)]),
    ("if: params.x == ' #1'", [(1, 5)]),
    ("while: x[1: 2]", [(1, 8)]),
    ("require: x == 'a: b'", [(1, 10)]),
]


@pytest.mark.parametrize(("text", "found"), UNQUOTED)
def test_unquoted(text: str, found: list[tuple[int, int]]) -> None:
    assert wrong(text) == [("unquoted-binding", line, column) for line, column in found]
    _, problems = source.read(text.encode(), "f.yaml")
    assert all(problem.message in ("quote the binding", "quote the expression") for problem in problems)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Hi {{ x }}", "Hi {{ x }}"),
        ("Hi {{ x }} # remark", "Hi {{ x }}"),
        ("it's {{ x['a'] }} # remark", "it's {{ x['a'] }}"),
        ("'{{ x }}'", "{{ x }}"),
        ("|\n  {{ x }}: [\n", "{{ x }}: [\n"),
        ("[a, '{{ b }}']", ["a", "{{ b }}"]),
    ],
)
def test_bindings_that_yaml_can_hold(text: str, value: Any) -> None:
    assert read(f"a: {text}")["a"] == value


@pytest.mark.parametrize(
    "text", ["params.a > 1 # remark", "x['a'] == \"it's\" # remark", "not f(a, b)", "a.b is defined and c"]
)
def test_expressions_that_yaml_can_hold(text: str) -> None:
    assert read(f"when: {text}")["when"] == text.removesuffix(" # remark")


def test_an_unquoted_binding_is_read_as_if_quoted() -> None:
    data, problems = source.read(b"a: {{ x.y }}\nb: 1", "f.yaml")
    assert data == {"a": "{{ x.y }}", "b": 1}
    assert str(problems[0]).startswith("f.yaml:1:4 unquoted-binding: quote the binding (")


@pytest.mark.parametrize(
    ("text", "value"), [("- a\n- {b: 1}", ["a", {"b": 1}]), ("5", 5), ("", None), ("a: 1", {"a": 1}), ("|\n  x", "x")]
)
def test_constants_may_be_anything(text: str, value: Any) -> None:
    assert source.read_value(text.encode(), "data/f.yaml") == (value, [])


def test_constants_have_limits_and_places_too() -> None:
    _, problems = source.read_value(b"- a\n- b: 1\n  b: 2", "data/f.yaml")
    assert [(problem.code, problem.line, problem.column) for problem in problems] == [("duplicate-key", 3, 3)]
    assert source.read_value(b"[" * 100_000, "data/f.yaml")[1][0].code == "too-deep"


HOSTILE: dict[str, tuple[bytes, str]] = {
    "lists in a line": (b"[" * 100_000, "too-deep"),
    "lists in lines": (b"[\n" * 100_000, "too-deep"),
    "mappings": (b"a: " + b"{a: " * 100_000, "too-deep"),
    "braces": (b"{" * 100_000, "unquoted-binding"),
    "dashes": (b"- " * 100_000, "too-deep"),
    "question marks": (b"? " * 100_000, "non-text-key"),
    "items": (b"- a\n" * 249_999, "too-many-nodes"),
    "empty entries": (b"a: [" + b"a," * 400_000 + b"]", "too-many-nodes"),
    "aliases": (b"a: &a [x]\nb:\n" + b"- *a\n" * 150_000, "too-many-nodes"),
    "duplicates": (b"a: 1\n" * 5_000, "duplicate-key"),
    "too large": (b"a: '" + b"x" * 1_000_000 + b"'", "file-too-large"),
    "an open quote": (b'a: "' + b"\\\\" * 400_000, "syntax"),
    "a long key": (b"a" * 900_000 + b": 1", "syntax"),
    "tabs": (b"\t" * 900_000, "tab"),
    "colons": (b"a: " * 300_000, "syntax"),
    "an open binding": (b"a: " + b"{{x " * 200_000, "unquoted-binding"),
    "open brackets": (b"if: 'x' " + b"[(" * 400_000, "unquoted-binding"),
    "NUL": (b"\0" * 900_000, "control-character"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_cost_little(name: str) -> None:
    data, code = HOSTILE[name]
    began = time.process_time()
    result, problems = source.read(data, "f.yaml")
    spent = time.process_time() - began
    assert problems[0].code == code
    assert len(problems) <= source.MAX_PROBLEMS
    assert result is None or problems
    assert spent < 0.2, f"{spent * 1000:.0f} ms"


def test_hostile_files_never_end_the_process() -> None:
    program = (
        "import json, sys\nfrom penstock import source\n"
        "found = [source.read(part.encode() * count, 'f')[1] for part, count in json.load(sys.stdin)]\n"
        "print([problems[0].code for problems in found])"
    )
    parts = [("[", 1_000_000), ("{", 1_000_000), ("- ", 500_000), ("[\n", 500_000), ("a: ", 300_000)]
    result = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(parts), capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "['too-deep', 'unquoted-binding', 'too-deep', 'too-deep', 'syntax']"


def test_every_limit_is_a_limit() -> None:
    data, problems = source.read(b"a: '" + b"x" * (source.MAX_BYTES - 5) + b"'", "f.yaml")
    assert data is not None
    assert problems == []
    data, problems = source.read(b"a: [" + b"1," * (source.MAX_NODES - 3) + b"]", "f.yaml")
    assert data is not None
    assert problems == []
    assert wrong(b"a: [" + b"1," * (source.MAX_NODES - 2) + b"]")[0][0] == "too-many-nodes"


texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=8)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(texts, values, max_size=5))
def test_json_is_yaml(value: dict[str, Any]) -> None:
    assert plain(read(json.dumps(value, ensure_ascii=False))) == value


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from(list("ab1 \n\t:-,?[]{}'\"#|>&*!%@\\.~é")), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    data, problems = source.read(text.encode(), "f.yaml")
    assert data is not None or problems
    for problem in problems:
        assert problem.code in CODES
        assert 1 <= problem.line <= text.count("\n") + 2
        assert problem.column >= 1
        assert problem.message


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    result, problems = source.read(data, "f.yaml")
    assert result is not None or problems
