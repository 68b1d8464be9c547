"""Fixtures: real `penstock` processes in a folder of their own."""

import contextlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.console import Run, Serve, command, environment, stop


@pytest.fixture
def penstock(tmp_path: Path) -> Run:
    """Run one command to its end, in the test's folder."""

    def run(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), cwd=tmp_path, env=environment(**env), capture_output=True, text=True, timeout=60
        )

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
