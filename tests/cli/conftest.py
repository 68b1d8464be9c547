"""Fixtures: real `penstock` processes in a folder of their own."""

import contextlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.console import Run, Serve, command, environment, stop

from penstock_cli.main import cli


@pytest.fixture
def penstock(tmp_path: Path) -> Run:
    """Run one command to its end, in the test's folder."""

    def run(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), cwd=tmp_path, env=environment(**env), capture_output=True, text=True, timeout=60
        )

    return run


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same within the tests' own process: for tests of many files or words, not of the process."""

    def run(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        result = CliRunner(env={**env}).invoke(cli, [*map(str, arguments)], prog_name="penstock")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return subprocess.CompletedProcess([*arguments], result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serve]:
    """Start a server and give its URL; it is stopped with SIGTERM after the test and has to exit well."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str | Path, **env: str) -> str:
            log = stack.enter_context((tmp_path / "server.log").open("wb"))
            process = subprocess.Popen(
                command(*arguments, "--port", "0"),
                cwd=tmp_path,
                env=environment(**env),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            stack.callback(stop, process)
            assert process.stdout is not None
            for line in process.stdout:
                if found := re.search(r"listening on (http://\S+)", line):
                    return found.group(1)
            raise AssertionError(f"the server did not start: {(tmp_path / 'server.log').read_text()}")

        yield start
