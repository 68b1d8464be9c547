"""The sample app and the examples: without problems, and they answer what they promise."""

import json
import shutil
import urllib.request
from pathlib import Path

import pytest
from tests.cli.console import ROOT, Run, Serve, ask

PROJECTS = [ROOT, ROOT / "benchmarks/project", *sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample app."""
    folder = tmp_path / "sample"
    folder.mkdir()
    shutil.copy(ROOT / "penstock.yaml", folder)
    for name in ("workflows.d", "functions"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("root", PROJECTS, ids=lambda path: path.name)
def test_no_problems(inside: Run, root: Path) -> None:
    result = inside("-C", root, "validate")
    assert (result.returncode, result.stdout.count("\n")) == (0, 1), result.stdout + result.stderr


@pytest.mark.parametrize("root", PROJECTS, ids=lambda path: path.name)
def test_every_file_names_a_schema_that_is_there(root: Path) -> None:
    for path in [root / "penstock.yaml", *(root / "workflows.d").rglob("*.yaml")]:
        schema = path.read_text("utf-8").splitlines()[0].partition("$schema=")[2]
        assert (path.parent / schema).resolve().is_relative_to(ROOT / "schema")
        assert (path.parent / schema).is_file(), schema


def test_the_sample_app(serving: Serve, sample: Path) -> None:
    url = serving("-C", sample, "serve")
    assert ask(f"{url}/hello/Ada") == (200, {"message": "Hello, Ada!"})
    order = {"customer": "Ada", "qty": 120, "express": True}
    assert ask(f"{url}/quote", order) == (200, {"customer": "Ada", "price": 1039.5, "tier": "gold"})
    assert ask(f"{url}/quote", {**order, "qty": 0})[0] == 422
    assert ask(f"{url}/basket", {"orders": [{"qty": 3}, {"qty": 100}]}) == (
        200,
        {"lines": [{"line": 1, "price": 28.5}, {"line": 2, "price": 855.0}], "total": 883.5},
    )
    status, body = ask(f"{url}/words", {"text": "the cat and the dog", "top": 1}, X_Api_Key="demo-key")
    assert (status, body["words"], body["top"]) == (200, 5, [{"word": "the", "times": 2}])
    assert len(body["sha256"]) == 64
    assert ask(f"{url}/words", {"text": "x"})[0] == 401
    with urllib.request.urlopen(f"{url}/countdown/1", timeout=10) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        lines = response.read().decode().split("\n")
    assert [json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")] == [
        {"left": 1},
        {"left": 0},
    ]
    assert "event: liftoff" in lines


def test_the_hello_example(serving: Serve, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples/hello", tmp_path / "hello", ignore=shutil.ignore_patterns(".penstock"))
    url = serving("-C", "hello", "serve")
    assert ask(f"{url}/hello/Ada?language=fr") == (200, {"message": "Bonjour, Ada!"})
    assert ask(f"{url}/hello/Ada") == (200, {"message": "Hello, Ada!"})
    assert ask(f"{url}/hello/Ada?language=it")[0] == 422
