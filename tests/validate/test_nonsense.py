"""Nonsense in any place of any file is a problem, never an exception."""

import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.validate import project

FILES: dict[str, dict[str, Any]] = {
    "workflows.d/a.yaml": {
        "endpoint": "POST /orders/{id:int}",
        "name": "create_order",
        "tags": ["orders"],
        "security": {"access": "public", "roles": {"any": ["a"], "all": ["b"]}, "middleware": ["owns"]},
        "params": {"qty": {"type": "integer", "default": 1}, "note": "string", "all": {"type": "object"}},
        "timeout": "30s",
        "limits": {"body": "1MB"},
        "history": {"level": "steps"},
        "headers": {"X-A": "{{ steps.sent }}"},
        "errors": {"body": {"e": "{{ error.code }}"}, "status": {"invalid_params": 400}},
        "steps": [
            {"set": {"n": "{{ params.qty }}"}, "when": "params.qty > 1", "retry": {"times": 2, "codes": ["timeout"]}},
            {"if": "vars.n > 1", "then": [{"log": "a"}], "elif": [{"if": "vars.n", "then": []}], "else": []},
            {"switch": "{{ params.note }}", "cases": {"x": [{"log": "b"}]}, "default": [{"log": "c"}]},
            {"foreach": [1], "as": "one", "do": [{"break": None}], "collect": "{{ one }}", "concurrency": 2},
            {"try": [{"fail": "no"}], "catch": [{"log": "{{ error.code }}"}], "undo": [{"log": "d"}]},
            {"parallel": {"x": [{"return": 1}]}, "timeout": "5s", "once": True, "note": "text"},
            {"id": "sent", "call": "send", "with": {"to": "{{ user.email }}", "n": 3}},
            {"respond": {"ok": "{{ steps.sent }}"}, "status": 201, "continues": True},
        ],
    },
    "workflows.d/b.yaml": {
        "workflow": "send",
        "params": {"to": "string", "n": {"type": "integer", "optional": True}},
        "schedule": {"every": "1h", "with": {"to": "x"}},
        "watch": {"table": "orders", "change": ["insert"], "when": "row.id"},
        "mode": {"kind": "queued", "key": "{{ params.to }}", "max": 1},
        "retry": {"times": "forever", "delay": "2s"},
        "on_failure": "send",
        "steps": [{"return": {"ok": True}}],
    },
    "workflows.d/c.yaml": {"middleware": "owns", "params": {"id": {"in": "path"}}, "steps": [{"return": 1}]},
    "workflows.d/d.yaml": {"defaults": "all", "security": {"access": "public"}, "tags": ["x"], "headers": {"X": "1"}},
    "workflows.d/e.yaml": {"table": "users", "columns": {"nick": "string"}},
    "workflows.d/f.test.yaml": {"test": "create_order", "cases": [{"name": "x"}]},
    "penstock.yaml": {"name": "shop", "env": {"A": "b"}, "limits": {"body": "1MB"}},
    "data/plans.yaml": {"gold": {"price": 9}},
}

nonsense = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [
            0,
            -1,
            1.5,
            10**30,
            "",
            " ",
            "{{",
            "{{ x }}",
            "a: b",
            "x" * 700,
            "a\nb\x07",
            [],
            {},
            [[]],
            [None],
            {"": None},
            {"a\n": 1},
        ]
    ),
    st.sampled_from(
        [{"id": []}, {"respond": {}}, [{"set": []}], {"when": {}}, {"type": []}, "{{ steps.a.b[0] }}", "é"]
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of some data."""
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*path, key))
    return found


PLACES = [(file, path) for file, data in FILES.items() for path in places(data)]


def test_the_files_are_sound() -> None:
    with TemporaryDirectory() as folder:
        write(Path(folder), FILES)
        codes = {problem.code for problem in project.load(Path(folder), {}).errors}
        assert codes <= {"route-conflict"}


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), nonsense), min_size=1, max_size=3))
def test_nonsense_is_a_problem(changes: list[tuple[tuple[str, tuple[Any, ...]], Any]]) -> None:
    files = copy.deepcopy(FILES)
    for (file, path), value in changes:
        put(files, (file, *path), value)
    with TemporaryDirectory() as folder:
        write(Path(folder), files)
        loaded = project.load(Path(folder), {})
        for problem in loaded.problems:
            assert problem.line >= 1
            assert problem.column >= 1
            assert str(problem).isprintable(), problem
            assert len(problem.message) <= project.LONGEST, problem


def put(data: Any, path: tuple[Any, ...], value: Any) -> None:
    """Replace what stands at a place, if it is still there."""
    for key in path[:-1]:
        if not isinstance(data, dict | list) or not has(data, key):
            return
        data = data[key]
    if has(data, path[-1]):
        data[path[-1]] = value


def has(data: Any, key: Any) -> bool:
    return (
        key in data if isinstance(data, dict) else isinstance(data, list) and isinstance(key, int) and key < len(data)
    )


def write(root: Path, files: dict[str, Any]) -> None:
    for file, data in files.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.dump(data, sort_keys=False, Dumper=Plain))


class Plain(yaml.SafeDumper):
    """Writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
