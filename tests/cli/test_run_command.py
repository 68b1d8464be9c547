"""`penstock run`: one run without a server."""

import json
from pathlib import Path

from tests.cli.console import Run

WORKFLOW = """\
workflow: area
params:
  width: {type: integer, minimum: 1}
  height: {type: integer, minimum: 1}
steps:
  - set: {area: "{{ params.width * params.height }}"}
  - require: vars.area < 100
    status: 409
    code: too_big
    message: "{{ vars.area }} is too big"
  - return: {area: "{{ vars.area }}"}
"""


def write(tmp_path: Path) -> None:
    (tmp_path / "workflows.d").mkdir()
    (tmp_path / "workflows.d/area.yaml").write_text(WORKFLOW)


def test_the_answer_is_printed(penstock: Run, tmp_path: Path) -> None:
    write(tmp_path)
    result = penstock("run", "area", "width=3", "height=4")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {"area": 12}
    assert "workflows.d/area.yaml:6" in result.stderr


def test_a_failure_is_exit_code_1(inside: Run, tmp_path: Path) -> None:
    write(tmp_path)
    result = inside("run", "area", "width=30", "height=40", "--json")
    assert result.returncode == 1
    told = json.loads(result.stdout)
    assert (told["error"]["code"], told["error"]["message"]) == ("too_big", "1200 is too big")
    assert [step["status"] for step in told["steps"]] == ["ok", "failed"]


def test_wrong_parameters_are_told(inside: Run, tmp_path: Path) -> None:
    write(tmp_path)
    result = inside("run", "area", "width=x")
    assert result.returncode == 1
    assert "invalid_params" in result.stderr


def test_wrong_use(inside: Run, tmp_path: Path) -> None:
    write(tmp_path)
    assert inside("run", "area", "width").returncode == 2
    assert inside("run", "area", "width=1", "width=2").returncode == 2
    unknown = inside("run", "are")
    assert unknown.returncode != 0
    assert "did you mean area?" in unknown.stderr


def test_unknown_words_name_the_known_ones(inside: Run, tmp_path: Path) -> None:
    write(tmp_path)
    nothing = inside("run", "volume")
    assert nothing.returncode == 2
    assert "there is no workflow or endpoint volume (there are area)" in nothing.stderr
    param = inside("run", "area", "widht=3", "height=3")
    assert param.returncode == 1
    assert "widht: did you mean width?" in param.stderr
