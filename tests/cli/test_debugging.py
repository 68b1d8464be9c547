"""Debugging: pdb stops at a line of a YAML file, as docs/debugging.md shows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.console import ROOT, environment


@pytest.fixture
def invoice(tmp_path: Path) -> Path:
    """The project of the page."""
    found = re.search(r"^```yaml\n(.*?)^```", (ROOT / "docs/debugging.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    (tmp_path / "workflows.d").mkdir()
    (tmp_path / "workflows.d/invoice.yaml").write_text(found.group(1))
    return tmp_path


def python(root: Path, *arguments: str, text: str = "") -> str:
    """What a Python of ours prints in that folder."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=environment(),
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout


def test_pdb_stops_at_a_yaml_line(invoice: Path) -> None:
    commands = "break workflows.d/invoice.yaml:6\ncontinue\np _s.vars\nclear 1\ncontinue\nquit\n"
    shown = python(
        invoice, "-m", "penstock.debugger", "-m", "penstock_cli", "run", "get_invoice_qty", "qty=2", text=commands
    )
    assert re.search(r"workflows\.d/invoice\.yaml\(6\)get_invoice_qty\(\)\n-> each: ", shown)
    assert "{'net': 19.0}" in shown
    assert '"each": 19.0' in shown


def test_coverage_counts_yaml_lines(invoice: Path) -> None:
    (invoice / ".coveragerc").write_text("[run]\nplugins = penstock.coverage_plugin\nsource = .\n")
    python(invoice, "-m", "coverage", "run", "-m", "penstock_cli", "run", "get_invoice_qty", "qty=2")
    report = python(invoice, "-m", "coverage", "report", "-m", "--include=workflows.d/*")
    assert re.search(r"^workflows\.d/invoice\.yaml +4 +0 +100%", report, re.MULTILINE)
