"""Packaging: what the wheel holds, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of a wheel that is built from a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "runtime", "cli"):
        (folder / name).symlink_to(ROOT / name)
    subprocess.run(
        [sys.executable, "-c", "from setuptools.build_meta import build_wheel; build_wheel('dist')"],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_module_is_in_the_wheel(names: set[str]) -> None:
    wanted = {
        str(path.relative_to(ROOT / source))
        for source in ("runtime", "cli")
        for path in (ROOT / source).rglob("*.py")
        if "templates" not in path.parts
    }
    assert wanted - names == set(), "a package is missing from setup.cfg"


def test_data_is_in_the_wheel(names: set[str]) -> None:
    templates = ROOT / "cli/penstock_cli/templates"
    wanted = {
        f"penstock_cli/templates/{path.relative_to(templates)}"
        for path in templates.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted
    assert wanted | {"penstock/py.typed", "penstock_cli/py.typed"} <= names


def test_only_two_packages(names: set[str]) -> None:
    top = {name.partition("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"penstock", "penstock_cli"}
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in names)


def test_the_command_is_installed(names: set[str]) -> None:
    assert any(name.endswith(".dist-info/entry_points.txt") for name in names)
    assert any(name.endswith("LICENSE") for name in names)
