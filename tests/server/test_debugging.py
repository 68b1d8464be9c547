"""Debugging: Python's own tools speak of the lines of the YAML files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.app import run_once
from tests.support import write

FILE = """endpoint: GET /quote
name: quote
security: {access: public}
params: {qty: integer}
steps:
  - set:
      price: "{{ params.qty * 9.5 }}"
  - if: params.qty > 100
    then:
      - set: {price: "{{ vars.price / (params.qty - 200) }}"}
  - respond:
      price: "{{ vars.price }}"
"""


def test_a_failure_names_the_line_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, {"workflows.d/quote.yaml": FILE})
    result = run_once(tmp_path, "quote", {"qty": "200"})
    assert result["status"] == "failed"
    assert result["error"]["where"] == "workflows.d/quote.yaml:10"
    assert result["error"]["step"] == "steps[1].then[0]"


def test_a_traceback_shows_the_yaml_line(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "workflows.d/boom.yaml": "workflow: boom\nsteps:\n  - log: first\n  - python: shop.boom\n",
            "functions/shop.py": "def boom():\n    raise ValueError('no')\n",
        },
    )
    code = (
        "import traceback, sys, asyncio\n"
        "from pathlib import Path\n"
        "from penstock.app import opened\n"
        "from penstock.engine import Run\n"
        "from penstock.history.record import RunRecord\n"
        "async def main():\n"
        "    async with opened(Path('.'), environ={}) as app:\n"
        "        record = RunRecord(1, 'boom', 'workflow', '', 0.0, 0.0)\n"
        "        run = Run(app.snapshot.world, app.snapshot, record, None, None)\n"
        "        program = app.snapshot.programs['boom']\n"
        "        await run.perform(program, run.enter(program, {}, {}))\n"
        "try:\n"
        "    asyncio.run(main())\n"
        "except Exception:\n"
        "    traceback.print_exc(file=sys.stdout)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=_environ(), capture_output=True, text=True, check=True
    )
    assert 'workflows.d/boom.yaml", line 4, in boom' in done.stdout
    assert "- python: shop.boom" in done.stdout
    assert 'functions/shop.py", line 2, in boom' in done.stdout


def test_coverage_measures_yaml_lines(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "workflows.d/quote.yaml": FILE,
            ".coveragerc": "[run]\nplugins = penstock.coverage_plugin\ninclude = */workflows.d/*\n",
            "one.py": (
                "import asyncio\nfrom pathlib import Path\nfrom tests.support import read_reply, request\n"
                "from penstock.app import opened, serving\n"
                "async def main():\n"
                "    async with opened(Path('.'), environ={}) as app, serving(app, host='127.0.0.1', port=0) as server:\n"
                "        reader, writer = await asyncio.open_connection('127.0.0.1', server.port)\n"
                "        writer.write(request('GET', '/quote?qty=3'))\n"
                "        print((await read_reply(reader)).json)\n"
                "        writer.close()\n"
                "asyncio.run(main())\n"
            ),
        },
    )
    coverage = [sys.executable, "-m", "coverage"]
    served = subprocess.run(
        [*coverage, "run", "one.py"], cwd=tmp_path, env=_environ(), capture_output=True, text=True, check=True
    )
    assert "28.5" in served.stdout
    report = subprocess.run(
        [*coverage, "report", "-m"], cwd=tmp_path, env=_environ(), capture_output=True, text=True, check=True
    )
    line = next(line for line in report.stdout.splitlines() if "quote.yaml" in line)
    assert line.split()[-1] == "10"


@pytest.mark.parametrize("module", ["penstock.debugger"] + ["pdb"] * (sys.version_info < (3, 13)))
def test_pdb_stops_at_a_yaml_line(tmp_path: Path, module: str) -> None:
    write(
        tmp_path,
        {
            "workflows.d/quote.yaml": FILE,
            "one.py": "from pathlib import Path\nfrom penstock.app import run_once\nprint(run_once(Path('.'), 'quote', {'qty': '3'})['answer'])\n",
        },
    )
    commands = f"break {tmp_path / 'workflows.d' / 'quote.yaml'}:8\ncontinue\np params\np vars\nnext\ncontinue\nquit\n"
    done = subprocess.run(
        [sys.executable, "-m", module, "one.py"],
        cwd=tmp_path,
        env=_environ(),
        input=commands,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "quote.yaml(8)quote()" in done.stdout, done.stdout
    assert "-> - if: params.qty > 100" in done.stdout
    assert "{'qty': 3}" in done.stdout
    assert "{'price': 28.5}" in done.stdout


def _environ() -> dict[str, str]:
    root = Path(__file__).parents[2]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "runtime"), str(root / "cli"), str(root)])}
