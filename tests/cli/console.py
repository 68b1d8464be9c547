"""Console: real `penstock` processes, and requests to them."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., str]


def environment(**more: str) -> dict[str, str]:
    """The tests' own environment with the source roots on the path."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    return {**known, "PYTHONPATH": f"{ROOT / 'runtime'}:{ROOT / 'cli'}", **more}


def command(*arguments: str | Path) -> list[str]:
    """The command line of a real process."""
    return [sys.executable, "-m", "penstock_cli", *map(str, arguments)]


def stop(process: subprocess.Popen[str]) -> None:
    """Ask the server to stop; it says 0."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0


def ask(url: str, data: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON body."""
    body = None if data is None else json.dumps(data).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **sent} if body else sent)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            text = response.read()
            return response.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
