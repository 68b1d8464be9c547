"""`penstock init`: every template is a project without problems, and nothing is overwritten."""

from pathlib import Path

import pytest
from tests.cli.console import Run

from penstock_cli.init import TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_validates(penstock: Run, tmp_path: Path, template: str) -> None:
    made = penstock("init", "shop", "--template", template)
    assert made.returncode == 0, made.stderr
    secrets = {f"PENSTOCK_SECRET_{name}": "s" * 40 for name in TEMPLATES[template][2]}
    result = penstock("-C", "shop", "validate", **secrets)
    assert (result.returncode, result.stdout.splitlines()[1:]) == (0, []), result.stdout + result.stderr
    assert "no problems" in result.stdout
    assert (tmp_path / "shop/.gitignore").read_text().splitlines()[0] == ".penstock/"


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_file_names_its_schema(inside: Run, tmp_path: Path, template: str) -> None:
    inside("init", "--template", template)
    files = [path for path in tmp_path.rglob("*.yaml") if ".penstock" not in path.parts]
    assert files
    for path in files:
        first, second = path.read_text().splitlines()[:2]
        prefix, _, schema = first.partition("$schema=")
        assert prefix == "# yaml-language-server: "
        assert (path.parent / schema).resolve().is_file(), f"{path}: {schema} is not there"
        assert second


def test_nothing_is_overwritten(inside: Run, tmp_path: Path) -> None:
    (tmp_path / "penstock.yaml").write_text("name: mine\n")
    result = inside("init")
    assert result.returncode == 1
    assert "nothing was written: penstock.yaml" in result.stderr
    assert (tmp_path / "penstock.yaml").read_text() == "name: mine\n"
    assert not (tmp_path / "workflows.d").exists()


def test_an_old_gitignore_stays(inside: Run, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log\n")
    assert inside("init").returncode == 0
    assert (tmp_path / ".gitignore").read_text() == "*.log\n"


def test_an_unknown_template_is_wrong_use(inside: Run) -> None:
    assert inside("init", "--template", "nothing").returncode == 2


def test_every_template_is_a_folder() -> None:
    folder = Path(__file__).parent.parent.parent / "cli/penstock_cli/templates"
    assert {path.name for path in folder.iterdir()} == set(TEMPLATES)
