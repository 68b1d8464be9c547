"""The documentation: its YAML validates, its links lead somewhere, its generated page is fresh."""

import configparser
import re
from pathlib import Path

import pytest
from tests.cli.console import ROOT, Run

from penstock_cli.place import kind
from penstock_cli.reference import page

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_commands_page_is_fresh() -> None:
    assert (ROOT / "docs/commands.md").read_text("utf-8") == page(), "run `make generate`"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text("utf-8")):
        if not re.match(r"https?:|mailto:", target):
            assert (path.parent / target).exists(), target


WRITTEN = [
    ROOT / "README.md",
    ROOT / "docs/start.md",
    ROOT / "docs/debugging.md",
    *(ROOT / "docs/dialect").glob("*.md"),
]


@pytest.mark.parametrize("path", sorted(WRITTEN), ids=lambda path: path.name)
def test_the_yaml_of_a_page_validates(inside: Run, tmp_path: Path, path: Path) -> None:
    """A page's whole files make one project together; blocks without a kind are its settings."""
    (tmp_path / "workflows.d").mkdir()
    (tmp_path / "penstock.yaml").write_text("env: {API_KEY: demo}\n")
    for number, text in enumerate(FENCE.findall(path.read_text("utf-8"))):
        if kind(text) == "defaults":
            (tmp_path / f"workflows.d/{number}").mkdir()
            (tmp_path / f"workflows.d/{number}/defaults.yaml").write_text(text)
        elif kind(text):
            (tmp_path / f"workflows.d/{number}.yaml").write_text(text)
        else:
            (tmp_path / "penstock.yaml").write_text(text)
    result = inside("validate")
    assert (result.returncode, result.stdout.count("\n")) == (0, 1), result.stdout + result.stderr


@pytest.mark.parametrize("path", [*sorted(WRITTEN), ROOT / "docs/commands.md"], ids=lambda path: path.name)
def test_codes_that_are_silenced_exist(path: Path) -> None:
    for code in re.findall(r"(?:--ignore|penstock: ignore) ([a-z-]+)", path.read_text("utf-8")):
        assert f"## {code}\n" in (ROOT / "docs/problems.md").read_text("utf-8")


def test_every_dependency_is_explained() -> None:
    known = configparser.ConfigParser()
    known.read(ROOT / "setup.cfg")
    rows = set(re.findall(r"^\| ([a-z0-9-]+) \|", (ROOT / "docs/dependencies.md").read_text("utf-8"), re.MULTILINE))
    needed = re.findall(r"^[a-z0-9-]+", known["options"]["install_requires"], re.MULTILINE)
    assert {*needed} == rows - {"package"}
