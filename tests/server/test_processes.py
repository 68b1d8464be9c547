"""Processes: real `penstock` servers under signals, and what they leave behind."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import write

SOURCE = Path(__file__).parent.parent.parent
PUBLIC = "security: {access: public}\n"
SLOW = f"endpoint: GET /slow\n{PUBLIC}steps:\n  - wait: 400ms\n  - respond: slow\n"
LONG = f"endpoint: GET /long\n{PUBLIC}steps:\n  - wait: 20s\n  - respond: long\n"
PID = f'endpoint: GET /pid\n{PUBLIC}steps:\n  - id: pid\n    python: where.pid\n  - respond: "{{{{ steps.pid }}}}"\n'
FILES = {
    "workflows.d/slow.yaml": SLOW,
    "workflows.d/long.yaml": LONG,
    "workflows.d/pid.yaml": PID,
    "functions/where.py": "import os\n\n\ndef pid() -> int:\n    return os.getpid()\n",
}


class Process:
    """A server of its own process."""

    def __init__(self, root: Path, *arguments: str, port: str = "0") -> None:
        self.root = root
        self.log = root / "log.txt"
        known = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
        self.environ = {**known, "PYTHONPATH": f"{SOURCE / 'runtime'}:{SOURCE / 'cli'}"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "penstock_cli", *arguments, "--port", port],
                cwd=root,
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127.0.0.1:(\d+)", line)
        self.port = int(found.group(1)) if found else 0

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def send(self, path: str) -> socket.socket:
        connection = self.connect()
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".encode())
        return connection

    def ask(self, path: str) -> tuple[int, str]:
        return read(self.send(path))

    def command(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "penstock_cli", *arguments],
            cwd=self.root,
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


def read(connection: socket.socket) -> tuple[int, str]:
    with connection, connection.makefile("rb") as stream:
        answer = stream.read()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]) if head else 0, body.decode()


def eventually(check: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.02)


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    write(tmp_path, FILES)
    with contextlib.ExitStack() as stack:

        def begin(*arguments: str, port: str = "0") -> Process:
            one = Process(tmp_path, *arguments, port=port)

            def finish() -> None:
                if one.process.poll() is None:
                    one.process.kill()
                one.process.communicate()

            stack.callback(finish)
            return one

        yield begin


def test_a_signal_lets_the_run_finish_and_the_exit_code_is_0(start: Start) -> None:
    server = start("serve")
    assert server.ask("/-/ready")[0] == 200
    with server.connect() as idle:
        asked = server.send("/slow")
        time.sleep(0.1)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert read(asked) == (200, '"slow"')
        assert idle.recv(1) == b""
    assert server.process.wait(5) == 0
    assert time.monotonic() - began < 3
    with pytest.raises(OSError):
        server.connect()
    runs = json.loads(server.command("runs", "list", "--json"))
    assert [run["status"] for run in runs] == ["ok"]


def test_a_second_signal_ends_it_at_once(start: Start) -> None:
    server = start("serve")
    asked = server.send("/long")
    time.sleep(0.2)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert server.process.poll() is None
    began = time.monotonic()
    assert server.end(signal.SIGINT) != 0
    assert time.monotonic() - began < 1
    asked.close()


def test_a_killed_server_leaves_interrupted_runs(start: Start) -> None:
    server = start("serve")
    asked = server.send("/long")
    assert server.ask("/slow")[0] == 200
    time.sleep(0.8)
    server.end(signal.SIGKILL)
    asked.close()
    again = start("serve")
    assert again.ask("/-/ready")[0] == 200
    runs = json.loads(again.command("runs", "list", "--json"))
    assert sorted(run["status"] for run in runs) == ["interrupted", "ok"]
    assert again.end() == 0


def test_workers_share_the_socket_and_are_replaced(start: Start) -> None:
    server = start("serve", "--workers", "2")
    pids: set[str] = set()

    def both() -> bool:
        pids.add(server.ask("/pid")[1])
        return len(pids) == 2

    eventually(both)
    time.sleep(2.1)
    dead = pids.pop()
    os.kill(int(dead), signal.SIGKILL)
    others: set[str] = set()

    def replaced() -> bool:
        status, pid = server.ask("/pid")
        if status == 200:
            others.add(pid)
        return len(others - {dead}) == 2

    eventually(replaced)
    asked = [server.send("/slow") for _ in range(6)]
    time.sleep(0.15)
    assert server.end() == 0
    assert [read(one) for one in asked] == [(200, '"slow"')] * 6
    for pid in others - {dead}:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_serve_refuses_problems_with_workers_too(start: Start, tmp_path: Path) -> None:
    (tmp_path / "workflows.d/bad.yaml").write_text("endpoint: GET /bad\nstep: []\n")
    for more in ([], ["--workers", "2"]):
        server = start("serve", *more)
        assert server.process.wait(20) == 1
        assert "workflows.d/bad.yaml:2" in server.log.read_text()


def test_a_taken_port_is_said_in_one_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for more in ([], ["--workers", "2"]):
            server = start("serve", *more, port=port)
            assert server.process.wait(20) == 1
            said = server.log.read_text()
            assert f"cannot listen on 127.0.0.1:{port}" in said
            assert "Traceback" not in said


def test_workers_end_with_their_supervisor(start: Start) -> None:
    server = start("serve", "--workers", "2")
    pid = int(server.ask("/pid")[1])
    server.end(signal.SIGKILL)

    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"

    eventually(gone)


@pytest.mark.parametrize("more", [[], ["--poll"], ["--workers", "2"]])
def test_dev_starts_with_problems_and_mends_on_save(start: Start, tmp_path: Path, more: list[str]) -> None:
    bad = tmp_path / "workflows.d/bad.yaml"
    bad.write_text("endpoint: GET /bad\nstep: []\n")
    server = start("dev", *more)
    assert server.ask("/pid")[0] == 200
    assert server.ask("/bad")[0] == 404
    assert "workflows.d/bad.yaml:2" in server.log.read_text()
    bad.write_text(f"endpoint: GET /bad\n{PUBLIC}steps:\n  - respond: mended\n")
    eventually(lambda: [server.ask("/bad") for _ in range(4)] == [(200, '"mended"')] * 4)
    bad.write_text("endpoint: GET /b")
    eventually(lambda: "keeps serving" in server.log.read_text())
    assert server.ask("/bad") == (200, '"mended"')
    assert server.end() == 0
