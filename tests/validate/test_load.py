"""Loading again: only what has changed is read, and nothing that has not."""

import time
from pathlib import Path
from typing import Any

import pytest

from penstock.validate import document, project
from tests.validate.folder import lines, load, write

OK = "endpoint: GET /{0}\nsecurity: {{access: public}}\nparams: {{q: string}}\nsteps: [{{respond: '{{{{ params.q }}}}'}}]\n"


def test_an_unchanged_file_keeps_its_document(tmp_path: Path) -> None:
    first = load(tmp_path, {"a.yaml": OK.format("a"), "b.yaml": OK.format("b")})
    second = load(tmp_path, {"b.yaml": OK.format("c")}, first)
    assert second.documents[0] is first.documents[0]
    assert second.documents[1] is not first.documents[1]


def test_only_the_changed_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(tmp_path, {"a.yaml": OK.format("a"), "b.yaml": OK.format("b")})
    read: list[str] = []

    def spy(file: str, data: bytes, actions: Any, constants: Any) -> document.Reading:
        read.append(file)
        return document.reading(file, data, actions, constants)

    monkeypatch.setattr(project, "reading", spy)
    load(tmp_path, {"b.yaml": OK.format("c")}, first)
    assert read == ["workflows.d/b.yaml"]


def test_a_changed_defaults_file_makes_new_documents_of_those_below(tmp_path: Path) -> None:
    files = {"x/defaults.yaml": "defaults: x\ntags: [a]\n", "x/a.yaml": OK.format("a"), "b.yaml": OK.format("b")}
    first = load(tmp_path, {f"workflows.d/{name}": text for name, text in files.items()})
    second = load(tmp_path, {"workflows.d/x/defaults.yaml": "defaults: x\ntags: [b]\n"}, first)
    by_file = {item.file: item for item in second.documents}
    old = {item.file: item for item in first.documents}
    assert by_file["workflows.d/b.yaml"] is old["workflows.d/b.yaml"]
    assert by_file["workflows.d/x/a.yaml"].tags == ("b",)
    assert by_file["workflows.d/x/a.yaml"].digest != old["workflows.d/x/a.yaml"].digest


def test_what_depends_on_another_file_is_checked_again(tmp_path: Path) -> None:
    caller = "workflow: a\nsteps: [{call: b}]\n"
    first = load(tmp_path, {"a.yaml": caller, "b.yaml": "workflow: b\nsteps: []\n"})
    assert lines(first) == []
    second = load(tmp_path, {"b.yaml": "workflow: c\nsteps: []\n"}, first)
    assert lines(second) == ["workflows.d/a.yaml:2:16 unknown-workflow: there is no workflow b"]
    (tmp_path / "workflows.d" / "b.yaml").unlink()
    third = project.load(tmp_path, {}, second)
    assert [item.name for item in third.documents] == ["a"]


def test_a_file_with_an_error_is_not_among_the_documents(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"a.yaml": OK.format("a"), "b.yaml": "endpoint: GET /b\nsteps: [{responds: ok}]\n"})
    assert [item.file for item in loaded.documents] == ["workflows.d/a.yaml"]
    assert loaded.faulty == {"workflows.d/b.yaml"}


def test_the_secrets_that_files_name_are_known(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        {
            "a.yaml": "endpoint: GET /a\nsteps:\n  - log: '{{ secrets.KEY }}'\n  - respond: '{{ secrets.KEY }}'\n",
            "b.yaml": "endpoint: POST /b\nsecurity:\n  signature: {scheme: github, secret: [NEW, OLD]}\nsteps: [{respond: ok}]\n",
        },
    )
    assert lines(loaded) == []
    assert loaded.secrets == {
        "KEY": ("workflows.d/a.yaml", 3, 14),
        "NEW": ("workflows.d/b.yaml", 3, 39),
        "OLD": ("workflows.d/b.yaml", 3, 39),
    }


def big(count: int) -> dict[str, str]:
    """A project of many files that use each other."""
    files: dict[str, str] = {"workflows.d/defaults.yaml": "defaults: all\nheaders: {X-Api: '2'}\n"}
    for number in range(count // 3):
        files[f"workflows.d/g{number % 20}/e{number}.yaml"] = (
            f"endpoint: POST /things{number}/{{id:int}}\nsecurity: {{access: public, middleware: [m{number}]}}\n"
            "params:\n  customer: {type: string, minLength: 1, maxLength: 80}\n  qty: {type: integer, minimum: 1}\n"
            "  express: {type: boolean, default: false}\nsteps:\n"
            "  - set: {price: '{{ params.qty * 9.5 }}'}\n"
            "  - if: params.express\n    then: [{set: {price: '{{ vars.price + 15 }}'}}]\n"
            f"  - id: sent\n    call: w{number}\n    with: {{customer: '{{{{ params.customer }}}}'}}\n"
            f"  - respond: {{price: '{{{{ vars.price | round(2) }}}}', sent: '{{{{ steps.sent }}}}', "
            f"by: '{{{{ middleware.m{number} }}}}'}}\n    status: 201\n"
        )
        files[f"workflows.d/g{number % 20}/w{number}.yaml"] = (
            f"workflow: w{number}\nparams: {{customer: string}}\nsteps:\n"
            "  - foreach: [1, 2, 3]\n    do: [{id: line, log: '{{ item }} {{ params.customer }}'}]\n"
            "  - try: [{fail: no, when: params.customer == 'x'}]\n    catch: [{log: '{{ error.message }}'}]\n"
            "  - return: {ok: true}\n"
        )
        files[f"workflows.d/m{number}.yaml"] = (
            f"middleware: m{number}\nparams: {{id: {{type: integer, in: path}}}}\nsteps:\n"
            "  - require: params.id > 0 and request.method == 'POST'\n  - return: '{{ params.id }}'\n"
        )
    return files


def test_three_hundred_files_are_quick(tmp_path: Path) -> None:
    write(tmp_path, big(300))
    project.load(tmp_path / "nothing", {})
    start = time.perf_counter()
    first = project.load(tmp_path, {})
    whole = time.perf_counter() - start
    assert lines(first) == []
    assert len(first.documents) == 301
    write(tmp_path, {"workflows.d/m7.yaml": "middleware: m7\nsteps: [{return: 7}]\n"})
    start = time.perf_counter()
    second = project.load(tmp_path, {}, first)
    again = time.perf_counter() - start
    assert lines(second) == []
    assert whole < 3.0, whole
    assert again < 0.25, again
