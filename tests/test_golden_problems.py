"""Golden problems: folders of files, and exactly what checking says of them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from penstock.problem import CODES
from penstock.validate import codes, project

GOLDEN = Path(__file__).parent / "golden"


def golden() -> dict[str, dict[str, Any]]:
    """The golden files that say which problems they have."""
    read = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(GOLDEN.glob("*.yaml"))}
    return {name: case for name, case in read.items() if "problems" in case}


CASES = golden()


@pytest.mark.parametrize("name", CASES)
def test_problems_are_exactly_these(name: str, tmp_path: Path) -> None:
    for file, text in CASES[name]["files"].items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = [str(problem) for problem in project.load(tmp_path, {}).problems]
    listed = "\n".join(f"  - {json.dumps(line, ensure_ascii=False)}" for line in found)
    assert found == CASES[name]["problems"], f"the problems of {name} are:\n{listed}"


def test_every_code_of_validate_has_a_golden_file() -> None:
    own = {value for name, value in vars(codes).items() if name.isupper()}
    shown = {line.split(" ")[1].rstrip(":") for case in CASES.values() for line in case["problems"]}
    assert own - shown == {codes.UNREADABLE_FILE}, "unreadable files are tested in tests/validate/test_files.py"


def test_every_code_is_documented() -> None:
    for name in (value for key, value in vars(codes).items() if key.isupper()):
        code = CODES[name]
        assert code.meaning.endswith("."), code.name
        assert code.cure.endswith("."), code.name


def test_there_are_enough() -> None:
    assert len(CASES) >= 60
