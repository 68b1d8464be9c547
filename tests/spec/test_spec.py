"""Spec: the schemas are fresh, say what the checks say, and their faults read well."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from penstock import registry, settings, source, spec
from penstock.model import Map, plain
from penstock.problem import CODES
from penstock.registry import Action, Block, Duration, Example, Expr, Size, Static
from penstock.settings import SETTINGS
from penstock.validate.document import KEYS, reading

ROOT = Path(__file__).parents[2]
CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.yaml"))
SCHEMAS = {kind: spec.file_schema(kind) for kind in spec.KINDS}
VALIDATORS = {kind: Draft7Validator(schema) for kind, schema in SCHEMAS.items()}


def data(text: str) -> Map:
    result, problems = source.read(text.encode(), "f.yaml")
    assert result is not None
    assert problems == []
    return result


def faults(text: str, action: str) -> list[tuple[int, int, str, str]]:
    found = spec.check_step(data(text), registry.load()[action])
    assert all(fault.code in CODES for fault in found)
    return [(fault.line, fault.column, fault.code, fault.message) for fault in found]


def test_what_is_committed_is_fresh() -> None:
    assert spec.fresh(ROOT / "schema") == []
    assert spec.stale(ROOT / "docs", spec.pages()) == []


def test_the_order_of_imports_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    before = spec.schemas(), spec.actions_page()
    monkeypatch.setattr(
        registry, "ACTIONS", dict(sorted(registry.load().items(), key=lambda item: item[1].family, reverse=True))
    )
    assert (spec.schemas(), spec.actions_page()) == before


def test_only_what_is_generated_is_in_the_folder() -> None:
    assert sorted(path.name for path in (ROOT / "schema").iterdir()) == sorted(spec.schemas())


def test_write(tmp_path: Path) -> None:
    names = spec.write(tmp_path / "a" / "schema")
    assert sorted(names) == sorted(spec.schemas())
    assert spec.write(tmp_path / "a" / "schema") == []
    (tmp_path / "a" / "schema" / "endpoint.json").write_text("{}")
    assert spec.fresh(tmp_path / "a" / "schema") == ["endpoint.json"]


@pytest.mark.parametrize("kind", spec.KINDS)
def test_schemas_are_schemas(kind: str) -> None:
    schema = spec.file_schema(kind)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(schema)
    text = json.dumps(schema)
    assert "oneOf" not in text.replace(json.dumps(schema["definitions"].get("parameter", {})), "")
    for reference in set(_references(schema)):
        assert reference.removeprefix("#/definitions/") in schema["definitions"]


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in _references(item)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for item in value.values() for found in _references(item)]


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_schemas_agree_with_the_checks(path: Path, tmp_path: Path) -> None:
    good = path.stem.startswith("good_")
    raw = data(path.read_text())
    if "settings" in path.stem:
        kind = "settings"
        (tmp_path / "penstock.yaml").write_text(path.read_text())
        problems = settings.load(tmp_path, {})[1]
    else:
        kind = next(iter(raw))
        read = reading(f"workflows.d/{path.name}", path.read_bytes(), registry.load())
        problems = [problem for problem in read.problems if problem.severity == "error"]
    errors = [error.message for error in VALIDATORS[kind].iter_errors(plain(raw))]
    assert (not errors) is good, errors
    assert (not problems) is good, [str(problem) for problem in problems]


def test_the_corpus_is_large_enough() -> None:
    assert len([path for path in CORPUS if path.stem.startswith("good_")]) >= 10
    assert len([path for path in CORPUS if path.stem.startswith("bad_")]) >= 50


@pytest.mark.parametrize("kind", [kind for kind in spec.KINDS if kind != "settings"])
def test_schemas_know_the_keys_that_the_checks_know(kind: Any) -> None:
    assert set(spec.file_schema(kind)["properties"]) == set(KEYS[kind])


@pytest.mark.parametrize("name", registry.load())
def test_examples_of_actions_are_valid(name: str) -> None:
    action = registry.load()[name]
    for example in action.examples:
        text = "workflow: a\nsteps:\n" + "\n".join(f"  {line}" for line in example.steps.splitlines())
        errors = [error.message for error in VALIDATORS["workflow"].iter_errors(plain(data(text)))]
        assert errors == [], example.title


@pytest.mark.parametrize("folder", ["workflows.d", "examples"])
def test_files_of_the_repository_are_valid(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*.yaml")):
        if path.name == "penstock.yaml" or "workflows.d" in path.parts:
            raw = data(path.read_text())
            kind = "settings" if path.name == "penstock.yaml" else next(iter(raw))
            assert [error.message for error in VALIDATORS[kind].iter_errors(plain(raw))] == [], path


SAID: list[tuple[str, str, list[tuple[int, int, str, str]]]] = [
    ("wait: soon", "wait", [(1, 7, "bad-value", "wait must be a duration (250ms, 5s, 1h30m) or a binding")]),
    ("fail: x\nstatus: many", "fail", [(2, 9, "wrong-type", "status must be an integer or a binding or empty")]),
    ("set: 3", "set", [(1, 6, "wrong-type", "set must be a mapping or a binding")]),
    ("if: 3\nthen: []", "if", [(1, 5, "wrong-type", "if must be an expression")]),
    ("if: x", "if", [(1, 1, "missing-field", "the step needs then")]),
    ("break: 1", "break", [(1, 8, "wrong-type", "break must be empty")]),
    ("log: x\nlevle: a", "log", [(2, 1, "unknown-key", "levle is not a key here")]),
    (
        "log: x\nlevel: loud",
        "log",
        [(2, 8, "bad-value", "level must be one of debug, info, warning, error or a binding")],
    ),
    ("parallel: {a: 3}", "parallel", [(1, 15, "wrong-type", "parallel.a must be a list of steps")]),
    ("if: x\nthen: []\nelif: [{if: y}]", "if", [(3, 8, "missing-field", "elif[0] needs then")]),
    ("call: '{{ x }}'", "call", [(1, 7, "bad-value", "call must be text without a binding")]),
    (
        "transaction: []\nread_only: '{{ x }}'",
        "transaction",
        [(2, 12, "wrong-type", "read_only must be true or false")],
    ),
    ("log: x\nid: A\nretry: x\nundo: 3\nwhen: []", "log", []),
]


@pytest.mark.parametrize(("text", "action", "found"), SAID)
def test_faults_of_steps(text: str, action: str, found: list[tuple[int, int, str, str]]) -> None:
    assert faults(text, action) == found


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("endpoint: orders\nsteps: []", "endpoint", "endpoint must be METHOD /path, the method one of GET, HEAD"),
        ("endpoint: GET /\nsteps: []\nlimits: {body: x}", "endpoint", "limits.body must be a size (512, 10kB, 1GB)"),
        ("endpoint: GET /", "endpoint", "the file needs steps"),
        ("test: a\ncases: [{expect: {status: x}}]", "test", "cases[0].expect.status must be an integer"),
        ("limits: {rate: 10}", "settings", "limits.rate must be a rate (10/s, 100/m, 5/15m) or a binding or empty"),
        ("table: a\ncolumns: {b: strin}", "table", "columns.b must be one of string, text, integer"),
    ],
)
def test_faults_of_files(text: str, kind: str, message: str) -> None:
    found = spec.check_file(kind, data(text))
    assert len(found) == 1
    assert found[0].message.startswith(message)


def test_bindings_stand_for_every_value_but_a_static_one() -> None:
    assert (
        faults("respond: '{{ x }}'\nstatus: '{{ x }}'\nheaders: '{{ x }}'\nlast_modified: '{{ x }}'", "respond") == []
    )
    assert faults("foreach: '{{ x }}'\nconcurrency: '{{ x }}'\ndo: []", "foreach") == []
    assert faults("foreach: []\ndo: '{{ x }}'", "foreach") != []


def kept(
    value: bytes,
    *,
    pause: Duration,
    room: Size | None = None,
    kind: Literal["a", 1] = "a",
    names: list[str | int] | None = None,
    static: Annotated[str, Static("name")] = "x",
    rows: dict[str, int] | None = None,
    test: Expr | None = None,
    then_: Block | None = None,
) -> None:
    """Keep something.

    pause: how long
    """


def test_a_new_action_has_a_schema_and_a_page() -> None:
    try:
        registry.action("keep.it", examples=(Example("Keep", "- keep.it: x"),))(kept)
        action: Action = registry.ACTIONS["keep.it"]
        good = "keep.it: '{{ x }}'\npause: 5s\nroom: 1MB\nkind: 1\nnames: [a, 1]\nstatic: y\nrows: {a: 1}\ntest: a\nthen: []"
        assert spec.check_step(data(good), action) == []
        bad = "keep.it: x\npause: 5x\nroom: 1x\nkind: b\nnames: [{}]\nstatic: a-b\nrows: {a: b}\ntest: []\nthen: 1"
        assert len(spec.check_step(data(bad), action)) == 9
        assert "### keep.it" in spec.actions_page()
        assert "action.keep.it" in spec.file_schema("workflow")["definitions"]
    finally:
        registry.ACTIONS.pop("keep.it", None)


def test_pages_name_everything() -> None:
    pages = spec.pages()
    for name in registry.load():
        assert f"\n### {name}\n" in pages["actions.md"]
    for code in CODES.values():
        assert f"\n## {code.name}\n" in pages["problems.md"]
        assert code.meaning
        assert code.cure
    for setting in SETTINGS:
        assert f"\n## {setting.name}\n" in pages["settings.md"]


nonsense = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "x", "{{ x }}", "5s", "durable", "info"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "if", "then", "times"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@bounded(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(registry.load())), st.data())
def test_nonsense_is_a_fault_and_never_an_exception(name: str, drawn: st.DataObject) -> None:
    action = registry.load()[name]
    keys = st.sampled_from([name, *action.params, "id", "nonsense"])
    raw = drawn.draw(st.dictionaries(keys, nonsense, max_size=4))
    for fault in spec.check_step(data(json.dumps(raw)), action):
        assert fault.message
        assert fault.code in CODES
    kind = drawn.draw(st.sampled_from(spec.KINDS))
    keys = st.sampled_from(sorted(SCHEMAS[kind]["properties"]))
    for fault in spec.check_file(kind, data(json.dumps(drawn.draw(st.dictionaries(keys, nonsense, max_size=3))))):
        assert fault.message
