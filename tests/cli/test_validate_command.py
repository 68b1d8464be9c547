"""`penstock validate`: problems as text and JSON, and its exit codes."""

import contextlib
import json
import os
import pty
import re
import subprocess
from pathlib import Path

from tests.cli.console import Run, command, environment

BAD = """\
endpoint: GET /orders/{id}
security: {access: public}
steps:
  - respond: {id: "{{ params.idd }}"}
"""


def write(tmp_path: Path, text: str) -> None:
    (tmp_path / "workflows.d").mkdir(exist_ok=True)
    (tmp_path / "workflows.d/orders.yaml").write_text(text)


def test_a_problem_has_its_place_and_hint(penstock: Run, tmp_path: Path) -> None:
    write(tmp_path, BAD)
    result = penstock("validate")
    assert result.returncode == 1
    place, *rest = result.stdout.splitlines()
    assert place.startswith("workflows.d/orders.yaml:4:")
    assert "did you mean id?" in place
    assert rest == ["1 file: 1 error"]


def test_json_is_one_array(inside: Run, tmp_path: Path) -> None:
    write(tmp_path, BAD)
    result = inside("validate", "--json")
    assert result.returncode == 1
    (problem,) = json.loads(result.stdout)
    assert (problem["file"], problem["line"], problem["severity"]) == ("workflows.d/orders.yaml", 4, "error")


def test_ignore_silences_one_code(inside: Run, tmp_path: Path) -> None:
    write(tmp_path, BAD)
    (problem,) = json.loads(inside("validate", "--json").stdout)
    result = inside("validate", "--json", "--ignore", problem["code"])
    assert (result.returncode, json.loads(result.stdout)) == (0, [])


def test_an_unknown_code_is_wrong_use(inside: Run, tmp_path: Path) -> None:
    write(tmp_path, BAD)
    assert inside("validate", "--ignore", "no-such-code").returncode == 2


def test_an_empty_project_is_well(inside: Run, tmp_path: Path) -> None:
    (tmp_path / "workflows.d").mkdir()
    result = inside("validate")
    assert (result.returncode, result.stdout) == (0, "0 files: no problems\n")


def test_a_terminal_shows_the_line(tmp_path: Path) -> None:
    write(tmp_path, BAD)
    main, side = pty.openpty()
    process = subprocess.Popen(
        command("validate"),
        cwd=tmp_path,
        env=environment(TERM="xterm-256color", COLUMNS="120"),
        stdout=side,
        stderr=side,
    )
    os.close(side)
    shown = b""
    with contextlib.suppress(OSError):  # Linux ends a terminal whose other side is closed with EIO
        while piece := os.read(main, 65536):
            shown += piece
    os.close(main)
    assert process.wait(30) == 1
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r", "")
    assert "\x1b[" in shown.decode()
    place, source, caret, message = text.splitlines()[:4]
    column = int(place.split()[0].rpartition(":")[2])
    assert place.startswith("workflows.d/orders.yaml:4:")
    assert source == '  4 │   - respond: {id: "{{ params.idd }}"}'
    assert caret.index("^") == source.index("│") + 2 + column - 1
    assert "did you mean id?" in message
